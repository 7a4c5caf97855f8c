"""Settings: the rules in sentences, what is refused, what is shown as changed, and who did it."""

from datetime import date, timedelta

import pytest
from django.utils import timezone
from tests.factories import NOW, PASSWORD, make_customer, make_followup, make_user

from genjin.calling.operations.campaigns import create_campaign
from genjin.followups import profiles
from genjin.followups.operations.taking import renew_lease
from genjin.foundation import calendar, policy
from genjin.foundation.models import AuditEntry, LongTask, PolicySetting, User
from genjin.foundation.operations.settings import PLAIN, enter_official_year
from genjin.web.settings import contact
from genjin.web.settings.calendar import written
from genjin.web.settings.forms import days_in

pytestmark = pytest.mark.django_db
BASE = "contact.profiles.cn-mainland"


@pytest.fixture
def admin(client) -> User:
    user = make_user(
        role="administrator", username="admin", name="李管理", password=PASSWORD, language="en"
    )
    client.post("/sign-in", {"username": "admin", "password": PASSWORD})
    return user


def posted(key: str, *values, **more) -> dict:
    """The form of the sentence that begins with `key`, as the page has it."""
    line = next(line for line in contact.lines("cn-mainland") if line.key == key)
    prefix = line.form.prefix
    entered = {f"{prefix}-v{place}": value for place, value in enumerate(values)}
    return {"key": key, **entered, **{f"{prefix}-{name}": v for name, v in more.items()}}


def test_every_rule_of_every_profile_stands_on_the_page_as_a_sentence(client, admin):
    for code in profiles.codes():
        lines = contact.lines(code)
        keys = [rule.key for line in lines for rule in line.rules]
        assert keys == [rule.key for rule in profiles.editable_rules(code)]
        assert all(line.sentence and line.sentence == line.shipped for line in lines)
    page = client.get("/settings/contact").content.decode()
    assert "every day 08:00–21:00" in page


def test_a_cap_is_changed_by_its_number_and_its_span_together(client, admin):
    key = f"{BASE}.caps.calls_24_hours.limit"
    answer = client.post("/settings/contact", posted(key, "4", "2", v1_unit="days"))
    assert answer.status_code == 302
    cap = {cap.code: cap for cap in profiles.profile("cn-mainland").caps}["calls_24_hours"]
    assert (cap.limit, cap.seconds) == (4, 2 * 86400)
    page = client.get("/settings/contact").content.decode()
    assert "At most 4 times to one customer or number within 2 days" in page
    assert "At most 5 times to one customer or number within 24 hours" in page
    assert "李管理" in page
    entry = AuditEntry.objects.get(object_id=key)
    assert entry.changes == {key: [5, 4]}


def test_the_hours_of_the_law_are_narrowed_and_never_widened(client, admin):
    key = f"{BASE}.outer"
    answer = client.post("/settings/contact", posted(key, "mon-sun 07:00-22:00"))
    assert answer.status_code == 422
    (line,) = [line for group in answer.context["groups"] for line in group["lines"]
               if line.key == key]  # fmt: skip
    assert line.form.errors["v0"] == [
        "The hours of the law can be narrowed, never widened: every day 08:00–21:00."
    ]
    assert line.is_open
    assert not PolicySetting.objects.exists()
    assert client.post("/settings/contact", posted(key, "daily 09:00-20:00")).status_code == 302
    assert str(profiles.profile("cn-mainland").outer) == "mon-sun 09:00-20:00"


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        (f"{BASE}.hours.sell", "whenever", "These hours cannot be read: whenever"),
        (f"{BASE}.cool_off.days", "4000", "Between 0 and 3650."),
    ],
)
def test_a_value_that_cannot_be_is_told_beside_its_field(client, admin, key, value, sentence):
    answer = client.post("/settings/contact", posted(key, value))
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not PolicySetting.objects.exists()


def test_the_second_value_being_wrong_stores_neither(client, admin):
    key = f"{BASE}.caps.calls_24_hours.limit"
    answer = client.post("/settings/contact", posted(key, "4", "500", v1_unit="days"))
    assert answer.status_code == 422
    assert not PolicySetting.objects.exists()


def test_a_rule_goes_back_to_what_is_shipped(client, admin):
    key = f"{BASE}.consent.sell"
    client.post("/settings/contact", posted(key, ["call", "email"]))
    assert profiles.profile("cn-mainland").consent_needed["sell"] == {"call", "email"}
    client.post("/settings/contact/reset", {"key": key})
    assert profiles.profile("cn-mainland").consent_needed["sell"] == {"message", "email", "fax"}
    assert not PolicySetting.objects.exists()
    assert AuditEntry.objects.filter(action="policy").count() == 2


def test_another_legal_profile_brings_its_own_rules(client, admin):
    client.post("/settings/contact", {"key": "contact.profile", "profile": "uk"})
    assert client.get("/settings/contact").context["profile"] == "uk"
    client.post("/settings/contact", {"key": "contact.profile", "profile": "mars"})
    assert policy.value("contact.profile") == "uk"


def test_what_waits_is_decided_anew_once_after_each_change_of_the_policy(client, admin):
    tasks = LongTask.objects.filter(kind="redecide")
    key = f"{BASE}.caps.calls_24_hours.limit"
    client.post("/settings/contact", posted(key, "5", "24", v1_unit="hours"))
    assert not tasks.exists()  # as it was
    client.post("/settings/contact", posted(key, "4", "24", v1_unit="hours"))
    client.post("/settings/contact/reset", {"key": key})
    assert tasks.count() == 1  # both before it begins: one run is enough
    tasks.update(state="running")
    client.post("/settings/contact/reset", {"key": key})
    assert tasks.count() == 1
    client.post("/settings/contact", {"key": "contact.profile", "profile": "uk"})
    assert tasks.count() == 2


def test_an_unknown_rule_is_not_stored(client, admin):
    client.post("/settings/contact", {"key": "security.lockout.tries", "value": "99"})
    assert not PolicySetting.objects.exists()


def test_the_gate_says_whether_a_customer_may_be_called_now(client, admin):
    customer = make_customer(name="张小红", phone="+8613800138000")
    key = f"{BASE}.hours.sell"
    client.post("/settings/contact", posted(key, ""))
    ask = {"purpose": "sell", "channel": "call"}
    for words in ("张小红", str(customer.number)):
        verdict = client.get("/settings/contact", {"customer": words, **ask}).context["verdict"]
        assert (verdict["customer"], verdict["is_allowed"]) == (customer, False)
        assert verdict["reasons"]
    nobody = client.get("/settings/contact", {"customer": "没有这个人", **ask})
    assert nobody.context["verdict"] == {"customer": None}


def test_plain_settings_are_stored_all_or_none(client, admin):
    entered = {"tries": "1", "minutes": "30", "lease": "600", "wrap_up": "45"}
    refused = client.post("/settings/work", entered)
    assert refused.status_code == 422
    assert refused.context["form"].errors == {"tries": ["Between 3 and 20."]}
    assert not PolicySetting.objects.exists()
    client.post("/settings/work", {**entered, "tries": "4"})
    assert {key: policy.value(key) for key in PLAIN if key.startswith(("security", "contact"))} == {
        "security.lockout.tries": 4,
        "security.lockout.minutes": 30,
        "contact.lease.seconds": 600,
    }
    client.post("/settings/work", {"tries": "5", "minutes": "15", "lease": "900", "wrap_up": "60"})
    assert not PolicySetting.objects.exists()


def test_the_organisation_has_a_name_and_a_clock_that_exists(client, admin):
    entered = {"name": "和风保险", "currency": "TWD", "time_zone": "Asia/Taipei", "language": "en"}
    refused = client.post("/settings/organisation", {**entered, "time_zone": "Asia/Nowhere"})
    assert list(refused.context["form"].errors) == ["time_zone"]
    client.post("/settings/organisation", entered)
    assert policy.value("organisation.name") == "和风保险"
    assert policy.value("organisation.currency") == "TWD"
    assert client.get("/users/add").context["form"]["language"].value() == "en"


def test_every_plain_setting_has_a_shipped_value():
    assert all(policy.shipped_value(key) is not None for key in PLAIN)


def test_a_year_that_nobody_knows_is_said_and_entered(client, admin):
    year = timezone.localdate().year + 5
    assert not calendar.is_known("CN", year)
    saturday = next(day for day in (date(year, 3, n) for n in range(1, 8)) if day.weekday() == 5)
    entered = {
        "year": str(year),
        "off": f"{year}-01-01\n{year}-05-01 – {year}-05-05",
        "worked": saturday.isoformat(),
    }
    assert client.post("/settings/calendar", entered).status_code == 302
    days = calendar.work_calendar("CN")
    assert days.is_workday(saturday)
    assert not days.is_workday(date(year, 5, 4))
    page = client.get(f"/settings/calendar?year={year}")
    assert page.context["form"]["off"].value() == entered["off"]
    client.post("/settings/calendar/remove", {"year": str(year)})
    assert not calendar.is_known("CN", year)


@pytest.mark.parametrize(
    ("off", "worked", "field"),
    [
        ("2027-02-30", "", "off"),
        ("1 May", "", "off"),
        ("2028-01-01", "", "off"),
        ("2027-01-01 – 2027-12-31", "", "off"),
        ("2027-01-01", "2027-01-04", "worked"),
        ("2027-01-02", "2027-01-02", "worked"),
    ],
)
def test_days_that_cannot_be_are_told_beside_the_field(client, admin, off, worked, field):
    answer = client.post("/settings/calendar", {"year": "2027", "off": off, "worked": worked})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert not PolicySetting.objects.exists()


def test_days_are_written_as_they_are_read():
    text = "2027-01-01\n2027-02-05 – 2027-02-11\n2027-04-05"
    assert written(days_in(text)) == text
    assert days_in("2027/1/1, 2027.1.2~2027.1.3") == [date(2027, 1, day) for day in (1, 2, 3)]


def test_a_setting_acts_without_a_restart(client, admin):
    policy.set_value("security.lockout.tries", 3, by=admin, now=NOW)
    client.post("/sign-out")
    for _ in range(3):
        client.post("/sign-in", {"username": "admin", "password": "wrong"})
    assert client.post("/sign-in", {"username": "admin", "password": PASSWORD}).status_code == 422


def test_what_is_set_for_the_desk_acts_at_the_desk(admin):
    policy.set_value("contact.lease.seconds", 120, by=admin, now=NOW)
    policy.set_value("organisation.desk.wrap_up_seconds", 45, by=admin, now=NOW)
    followup = make_followup(state="taken", taken_by=admin)
    assert renew_lease(followup, by=admin, now=NOW) == NOW + timedelta(seconds=120)
    campaign = create_campaign(name="春季", kind="selling", by=admin, now=NOW)
    assert campaign.wrap_up_seconds == 45


def test_the_gate_rests_on_the_official_days_that_were_entered(admin):
    day = date(2031, 7, 2)
    assert day not in profiles.closed_dates("CN", 2031)
    enter_official_year("CN", 2031, off=[day], worked=[], by=admin, now=NOW)
    assert day in profiles.closed_dates("CN", 2031)
    policy.reset_value("calendar.CN.2031", by=admin, now=NOW)
    assert day not in profiles.closed_dates("CN", 2031)


def test_what_was_changed_last_is_told_in_words(client, admin):
    now = timezone.now()
    policy.set_value("organisation.name", "Jade Bay", by=admin, now=now)
    policy.set_value(f"{BASE}.caps.calls_24_hours.limit", 4, by=admin, now=now)
    text = client.get("/settings").content.decode()
    assert "Name of the organisation" in text
    for key in ("organisation.name", "contact.profiles"):
        assert key not in text
