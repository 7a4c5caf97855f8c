"""The sample organisation: whenever it is tried, there is someone to call."""

import tomllib
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from genjin.calling.scripts.content import Content, problems
from genjin.calling.scripts.hints import hints
from genjin.conf.sample import customers
from genjin.foundation import policy
from genjin.kernel.phone import parse_phone
from genjin.kernel.worktime import WeeklyHours

DATA = tomllib.loads(
    (settings.BASE_DIR / "examples" / "demo" / "organisation.toml").read_text("utf-8")
)


def test_at_any_hour_of_any_day_it_is_a_good_hour_to_call_somewhere():
    profile = policy.shipped("contact")["profiles"]["cn-mainland"]
    chosen = WeeklyHours.parse(DATA["policy"]["contact.profiles.cn-mainland.hours.sell"])
    meals = WeeklyHours.parse(profile["meals"])
    hours = chosen.subtract(meals).intersection(WeeklyHours.parse(profile["outer"]))
    zones = [ZoneInfo("Asia/Shanghai"), *(ZoneInfo(place["time_zone"]) for place in DATA["abroad"])]
    begin = datetime(2026, 11, 23, tzinfo=UTC)
    for half_hour in range(7 * 48):
        at = begin + timedelta(minutes=30 * half_hour + 5)
        assert any(hours.is_open(at, zone) for zone in zones), at


def test_nobody_in_the_sample_can_be_dialled():
    phone = customers.COLUMNS.index("phone")
    numbers = [row[phone] for row in customers.rows(DATA, 500)]
    assert len(set(numbers)) == 500
    assert {parse_phone(number).status for number in numbers} == {"unassigned"}


def test_the_sample_is_the_same_each_time():
    assert list(customers.rows(DATA, 50)) == list(customers.rows(DATA, 50))


def test_the_scripts_of_the_sample_can_be_published_and_sound_well():
    words = policy.shipped("speech")["hints"]["zh-hans"]
    for script in DATA["scripts"]:
        content = Content.from_json(
            {
                "parts": script["parts"],
                "cards": DATA["objections"],
                "usp": {"text": script["usp"], "neutral": script["neutral"]},
            }
        )
        assert problems(content) == []
        assert hints(content, words) == []
