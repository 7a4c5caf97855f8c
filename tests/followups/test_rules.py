"""The gate's decision: tables of plain values, and properties over generated facts."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genjin.followups.rules import (
    Allowed,
    Cap,
    ConsentFact,
    ContactFact,
    GateFacts,
    HoldFact,
    Profile,
    Waiting,
    Withheld,
    decide,
    lane_is_open,
    order_of,
    why_next,
)
from genjin.kernel.worktime import WeeklyHours

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=SHANGHAI)
WORK = WeeklyHours.parse("mon-fri 09:00-11:30 13:30-17:30")
DAY = WeeklyHours.parse("mon-sun 08:00-21:00")
CAPS = (
    Cap("calls_5_minutes", frozenset({"call"}), frozenset(), "contacts", 3, 300),
    Cap("calls_24_hours", frozenset({"call"}), frozenset(), "contacts", 5, 86400),
    Cap("sales_7_days", frozenset({"call", "visit"}), frozenset({"sell"}), "conversations", 1,
        7 * 86400),
)  # fmt: skip
PURPOSES = ("service", "collect", "sell", "survey", "care", "security")
PROFILE = Profile(
    code="cn-mainland",
    country="CN",
    outer=DAY,
    hours={purpose: DAY if purpose == "security" else WORK for purpose in PURPOSES},
    timed_channels=frozenset({"call", "visit", "message", "fax"}),
    rests_on_holidays=frozenset({"sell", "survey", "collect", "care"}),
    consent_needed={"sell": frozenset({"message", "email"})},
    caps=CAPS,
    cool_off=timedelta(days=30),
    cool_off_purposes=frozenset({"sell", "survey"}),
    callback_early=timedelta(minutes=5),
    callback_grace=timedelta(minutes=120),
)


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def facts(purpose="sell", channel="call", time_zone="Asia/Shanghai", **values) -> GateFacts:
    return GateFacts(
        purpose=purpose, channel=channel, time_zone=time_zone,
        profile=values.pop("profile", PROFILE), **values,
    )  # fmt: skip


def codes(answer) -> list[str]:
    return [] if isinstance(answer, Allowed) else [reason.code for reason in answer.reasons]


def refused(channel="", purpose="", when="2026-11-01 09:00", is_given=False) -> ConsentFact:
    return ConsentFact(channel, purpose, is_given, at(when))


def hold(*purposes, until="2026-11-26 09:00", since="2026-11-20 09:00") -> HoldFact:
    return HoldFact(frozenset(purposes), "complaint", at(since), at(until))


def naming_hold(*purposes, collect_until: str) -> HoldFact:
    return replace(hold(*purposes), collect_until=at(collect_until))


def call(when: str, purpose="sell", is_conversation=False, channel="call") -> ContactFact:
    return ContactFact(at(when), purpose, channel, is_conversation)


@pytest.mark.parametrize(
    ("now", "expected", "later"),
    [
        ("2026-11-23 09:00", [], None),
        ("2026-11-23 08:59", ["quiet_hours"], "2026-11-23 09:00"),
        ("2026-11-23 11:30", ["quiet_hours"], "2026-11-23 13:30"),
        ("2026-11-23 11:29", [], None),
        ("2026-11-23 17:30", ["quiet_hours"], "2026-11-24 09:00"),
        ("2026-11-23 07:59", ["outer_hours", "quiet_hours"], "2026-11-23 09:00"),
        ("2026-11-23 21:00", ["outer_hours", "quiet_hours"], "2026-11-24 09:00"),
        ("2026-11-27 17:30", ["quiet_hours"], "2026-11-30 09:00"),
        ("2026-11-28 10:00", ["quiet_hours"], "2026-11-30 09:00"),
    ],
)
def test_selling_calls_keep_working_hours_with_the_midday_break(now, expected, later):
    answer = decide(facts(), at(now))
    assert codes(answer) == expected
    if later:
        assert answer.next_allowed_at == at(later)


def test_public_holiday_moves_a_selling_call_to_the_next_working_day():
    closed = frozenset({date(2026, 11, 23), date(2026, 11, 24)})
    answer = decide(facts(closed_dates=closed), MONDAY)
    assert codes(answer) == ["holiday"]
    assert answer.next_allowed_at == at("2026-11-25 09:00")
    assert decide(facts("service", closed_dates=closed), MONDAY).is_allowed


@pytest.mark.parametrize(
    ("now", "purpose", "later"),
    [
        ("2026-11-23 10:00", "collect", "2026-11-25 09:00"),
        ("2026-11-25 10:00", "collect", None),
        ("2026-11-25 10:00", "sell", "2026-11-26 09:00"),
        ("2026-11-23 10:00", "service", None),
    ],
)
def test_a_hold_that_names_debts_stops_all_dunning_for_its_first_days_only(now, purpose, later):
    held = naming_hold("sell", "collect", collect_until="2026-11-25 00:00")
    answer = decide(facts(purpose, holds=(held,)), at(now))
    assert codes(answer) == (["held"] if later else [])
    if later:
        assert answer.next_allowed_at == at(later)


def test_the_dunning_of_a_short_hold_goes_on_at_its_end_at_the_latest():
    held = naming_hold("collect", collect_until="2026-12-24 00:00")
    answer = decide(facts("collect", holds=(held,)), at("2026-11-23 10:00"))
    assert answer.next_allowed_at == at("2026-11-26 09:00")


def test_do_not_contact_is_never_and_stands_before_all_other_reasons():
    everything = facts(
        consents=(refused(),),
        holds=(hold("sell"),),
        contacts=tuple(call("2026-11-23 07:00", is_conversation=True) for _ in range(5)),
    )
    answer = decide(everything, at("2026-11-23 07:30"))
    assert codes(answer) == [
        "do_not_contact", "outer_hours", "held", "quiet_hours", "cap_reached",
    ]  # fmt: skip
    assert answer.next_allowed_at is None


@pytest.mark.parametrize(
    ("consents", "purpose", "channel", "expected"),
    [
        ((refused(purpose="sell"),), "sell", "call", ["consent_refused"]),
        ((refused(purpose="sell"),), "service", "call", []),
        ((refused(channel="call"),), "sell", "letter", []),
        ((refused(channel="call"),), "service", "call", ["consent_refused"]),
        ((refused(), refused(purpose="sell", when="2026-11-05 09:00", is_given=True)),
         "sell", "call", []),
        ((refused(when="2026-11-06 09:00"),
          refused(purpose="sell", when="2026-11-05 09:00", is_given=True)),
         "sell", "call", ["do_not_contact"]),
        ((), "sell", "email", ["consent_missing"]),
        ((), "service", "email", []),
        ((refused(channel="email", is_given=True),), "sell", "email", []),
    ],
)  # fmt: skip
def test_newest_answer_that_covers_channel_and_purpose_counts(consents, purpose, channel, expected):
    assert codes(decide(facts(purpose, channel, consents=consents), MONDAY)) == expected


@pytest.mark.parametrize(
    ("consents", "expected"),
    [
        ([refused(is_given=True)], ["consent_missing"]),
        ([refused(purpose="sell", is_given=True)], ["consent_missing"]),
        ([refused("email", "sell", is_given=True)], []),
        ([refused("email", is_given=True), refused(is_given=True, when="2026-11-02 09:00")], []),
        ([refused("email", "sell", is_given=True), refused(when="2026-11-02 09:00")],
         ["do_not_contact"]),
        ([refused("email", "sell"), refused(is_given=True, when="2026-11-02 09:00")],
         ["consent_refused"]),
    ],
)  # fmt: skip
def test_a_general_yes_counts_on_no_channel_that_has_to_be_confirmed(consents, expected):
    profile = replace(PROFILE, double_opt_in=frozenset({"email"}))
    asked = facts(channel="email", profile=profile, consents=tuple(consents))
    assert codes(decide(asked, MONDAY)) == expected


def test_hold_stops_its_purposes_until_its_end_and_service_passes():
    answer = decide(facts(holds=(hold("sell", "collect"),)), MONDAY)
    assert codes(answer) == ["held"]
    assert answer.next_allowed_at == at("2026-11-26 09:00")
    assert decide(facts("service", holds=(hold("sell", "collect"),)), MONDAY).is_allowed


def test_hold_that_has_not_begun_or_has_ended_does_not_act():
    coming = hold("sell", since="2026-11-23 10:01")
    gone = hold("sell", since="2026-11-01 09:00", until="2026-11-23 10:00")
    assert decide(facts(holds=(coming, gone)), MONDAY).is_allowed


def test_hold_that_ends_into_another_hold_waits_for_both():
    holds = (hold("sell"), hold("sell", since="2026-11-25 09:00", until="2026-12-01 10:00"))
    assert decide(facts(holds=holds), MONDAY).next_allowed_at == at("2026-12-01 10:00")


def test_hours_the_customer_stated_win_over_quiet_hours_both_ways():
    evening = WeeklyHours.parse("mon-sun 19:00-20:30")
    assert decide(facts(stated=evening), at("2026-11-23 19:30")).is_allowed
    answer = decide(facts(stated=evening), MONDAY)
    assert codes(answer) == ["stated_hours"]
    assert answer.next_allowed_at == at("2026-11-23 19:00")


def test_stated_hours_cannot_pass_the_outer_hours_of_the_law():
    night = WeeklyHours.parse("mon-sun 20:30-22:00")
    assert decide(facts(stated=night), at("2026-11-23 20:45")).is_allowed
    answer = decide(facts(stated=night), at("2026-11-23 21:15"))
    assert codes(answer) == ["outer_hours"]
    assert answer.next_allowed_at == at("2026-11-24 20:30")


def test_queue_narrows_the_hours_also_of_a_customer_who_stated_some():
    mornings = WeeklyHours.parse("mon-fri 09:00-10:00")
    answer = decide(facts(queue_hours=mornings), MONDAY)
    assert codes(answer) == ["queue_hours"]
    assert answer.next_allowed_at == at("2026-11-24 09:00")
    stated = WeeklyHours.parse("mon-sun 09:00-20:00")
    assert codes(decide(facts(stated=stated, queue_hours=mornings), MONDAY)) == ["queue_hours"]


def test_callback_the_customer_asked_for_passes_quiet_hours_and_the_sales_cap():
    asked = at("2026-11-23 12:15")
    talked = (call("2026-11-23 10:00", is_conversation=True),)
    assert codes(decide(facts(contacts=talked), asked)) == ["quiet_hours", "cap_reached"]
    answer = decide(facts(contacts=talked, asked_at=asked), asked)
    assert answer == Allowed("cn-mainland", asked, ("quiet_hours", "sales_cap"))


def test_callback_passes_neither_outer_hours_nor_holds_nor_the_caps_of_the_number():
    late = at("2026-11-23 21:30")
    assert codes(decide(facts(asked_at=late), late)) == ["outer_hours"]
    asked = at("2026-11-23 12:15")
    assert codes(decide(facts(asked_at=asked, holds=(hold("sell"),)), asked)) == ["held"]
    thrice = tuple(call(f"2026-11-23 12:1{minute}") for minute in (2, 3, 4))
    assert codes(decide(facts(asked_at=asked, contacts=thrice), asked)) == ["cap_reached"]
    assert codes(decide(facts(asked_at=asked, consents=(refused(),)), asked)) == ["do_not_contact"]


def test_callback_gone_by_for_two_hours_keeps_ordinary_hours_again():
    asked = at("2026-11-23 17:45")
    assert decide(facts(asked_at=asked), at("2026-11-23 19:44")).is_allowed
    answer = decide(facts(asked_at=asked), at("2026-11-23 19:45"))
    assert codes(answer) == ["quiet_hours"]
    assert answer.next_allowed_at == at("2026-11-24 09:00")


def test_coming_callback_is_the_next_allowed_moment_at_night():
    asked = at("2026-11-23 19:30")
    answer = decide(facts(asked_at=asked), at("2026-11-23 18:00"))
    assert answer.next_allowed_at == at("2026-11-23 19:25")


@pytest.mark.parametrize(
    ("contacts", "cap", "later"),
    [
        ((call("2026-11-23 09:56"), call("2026-11-23 09:58"), call("2026-11-23 09:59")),
         "calls_5_minutes", "2026-11-23 10:01"),
        (tuple(call(f"2026-11-22 {hour}:00") for hour in ("11", "12", "13", "14", "15")),
         "calls_24_hours", "2026-11-23 11:00"),
        ((call("2026-11-18 10:00", is_conversation=True),),
         "sales_7_days", "2026-11-25 10:00"),
    ],
)  # fmt: skip
def test_caps_slide_and_name_the_moment_at_which_the_oldest_falls_out(contacts, cap, later):
    answer = decide(facts(contacts=contacts), MONDAY)
    assert codes(answer) == ["cap_reached"]
    assert answer.reasons[0].data["cap"] == cap
    assert answer.next_allowed_at == at(later)


def test_two_calls_in_five_minutes_are_not_yet_too_many():
    twice = (call("2026-11-23 09:58"), call("2026-11-23 09:59"))
    assert decide(facts(contacts=twice), MONDAY).is_allowed


def test_sales_conversation_caps_selling_and_no_other_purpose():
    talked = (call("2026-11-20 10:00", is_conversation=True),)
    assert codes(decide(facts(contacts=talked), MONDAY)) == ["cap_reached"]
    assert decide(facts("service", contacts=talked), MONDAY).is_allowed
    surveyed = (call("2026-11-20 10:00", purpose="survey", is_conversation=True),)
    assert decide(facts(contacts=surveyed), MONDAY).is_allowed


def test_cool_off_after_a_no_ends_after_its_days_or_with_a_new_agreement():
    said_no = at("2026-11-10 10:00")
    answer = decide(facts(refused_at=said_no), MONDAY)
    assert codes(answer) == ["cooling_off"]
    assert answer.next_allowed_at == at("2026-12-10 10:00")
    agreed = (refused(purpose="sell", when="2026-11-12 10:00", is_given=True),)
    assert decide(facts(refused_at=said_no, consents=agreed), MONDAY).is_allowed
    assert decide(facts("service", refused_at=said_no), MONDAY).is_allowed


@pytest.mark.parametrize("status", ["unassigned", "invalid", "dead", "wrong"])
def test_number_that_is_not_in_order_is_refused_with_its_status(status):
    answer = decide(facts(point_status=status), MONDAY)
    assert codes(answer) == ["number_not_in_order"]
    assert (answer.reasons[0].data["status"], answer.next_allowed_at) == (status, None)


def test_letters_keep_no_hours():
    assert decide(facts(channel="letter"), at("2026-11-22 03:00")).is_allowed


def test_hours_are_those_of_the_customers_own_zone():
    assert decide(facts(time_zone="Asia/Shanghai"), MONDAY).is_allowed
    assert codes(decide(facts(time_zone="Europe/London"), MONDAY)) == [
        "outer_hours", "quiet_hours",
    ]  # fmt: skip


def test_next_moment_is_right_when_the_clocks_go_forward_over_it():
    night = WeeklyHours.parse("sun 02:15-02:45 08:30-09:00")
    wide = Profile(**{**PROFILE.__dict__, "outer": WeeklyHours.always()})
    new_york = ZoneInfo("America/New_York")
    question = facts(time_zone="America/New_York", stated=night, profile=wide)
    # 2026-03-08: 02:00 becomes 03:00, the first span does not exist that day.
    answer = decide(question, datetime(2026, 3, 7, 23, 0, tzinfo=new_york))
    assert answer.next_allowed_at == datetime(2026, 3, 8, 8, 30, tzinfo=new_york)


zones = st.sampled_from(
    ["Asia/Shanghai", "Europe/London", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]
)
weeks = st.sampled_from(
    [
        None,
        WeeklyHours.parse("mon-fri 19:00-20:30"),
        WeeklyHours.parse("sat-sun 10:00-12:00; wed 08:00-09:15"),
        WeeklyHours.parse("daily 01:30-02:30 08:00-10:00"),
        WeeklyHours.parse("closed"),
    ]
)
starts = st.integers(0, 300 * 1440).map(
    lambda minutes: datetime(2026, 2, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@st.composite
def questions(draw):
    now = draw(starts)
    past = st.integers(0, 9 * 1440).map(lambda minutes: now - timedelta(minutes=minutes))
    coming = st.integers(0, 20 * 1440).map(lambda minutes: now + timedelta(minutes=minutes))
    contacts = draw(
        st.lists(
            st.builds(ContactFact, past, st.sampled_from(PURPOSES),
                      st.sampled_from(["call", "visit"]), st.booleans()),
            max_size=9,
        )
    )  # fmt: skip
    holds = draw(
        st.lists(
            st.builds(lambda start, end: HoldFact(frozenset({"sell"}), "other", start, end),
                      st.one_of(past, coming), coming),
            max_size=3,
        )
    )  # fmt: skip
    days = st.integers(0, 9).map(lambda number: (now + timedelta(days=number)).date())
    return now, facts(
        draw(st.sampled_from(["sell", "service"])),
        time_zone=draw(zones),
        stated=draw(weeks),
        queue_hours=draw(st.sampled_from([None, WeeklyHours.parse("mon-sat 09:00-20:00")])),
        asked_at=draw(st.one_of(st.none(), past, coming)),
        refused_at=draw(st.one_of(st.none(), past)),
        contacts=tuple(contacts),
        holds=tuple(one for one in holds if one.ends_at > one.starts_at),
        closed_dates=frozenset(draw(st.lists(days, max_size=4))),
    )


@settings(max_examples=80, deadline=None)
@given(questions())
def test_next_allowed_moment_is_allowed_and_no_minute_before_it_is(question):
    now, asked = question
    answer = decide(asked, now)
    if isinstance(answer, Allowed):
        return
    assert answer.reasons
    if answer.next_allowed_at is None:
        last = now + timedelta(days=10)
    else:
        assert answer.next_allowed_at > now
        assert decide(asked, answer.next_allowed_at).is_allowed
        last = min(answer.next_allowed_at, now + timedelta(days=10))
    moment = now
    while moment < last:
        assert not decide_quickly(asked, moment), moment
        moment += timedelta(minutes=7)
    moment = last - timedelta(minutes=30)
    while moment < last:
        if moment >= now:
            assert not decide_quickly(asked, moment), moment
        moment += timedelta(minutes=1)


def decide_quickly(question: GateFacts, moment: datetime) -> bool:
    """Whether every rule passes, without working out when they would."""
    from genjin.followups import rules

    return not rules._refusals(question, moment)


@settings(max_examples=60, deadline=None)
@given(questions())
def test_lane_is_open_exactly_when_no_reason_of_the_clock_stands(question):
    from genjin.followups import rules

    now, asked = question
    asked = GateFacts(**{**asked.__dict__, "asked_at": None})
    if asked.stated == WeeklyHours.parse("closed"):
        return
    is_open = lane_is_open(
        PROFILE,
        purpose=asked.purpose,
        weekly=str(asked.stated) if asked.stated else "",
        time_zone=asked.time_zone,
        queue_hours=asked.queue_hours,
        closed_dates=asked.closed_dates,
        now=now,
    )
    assert is_open == (not rules.hours_reasons(asked, now))


def waiting(**values) -> Waiting:
    plain = {
        "is_own": False, "asked_at": None, "is_commitment": False, "is_important": False,
        "is_morning": True, "band": 50, "rank": 10,
    }  # fmt: skip
    return Waiting(**{**plain, **values})


def test_order_of_work_reads_from_own_callbacks_down_to_the_campaigns_order():
    wanted = [
        waiting(is_own=True, asked_at=at("2026-11-23 09:00"), band=90),
        waiting(is_own=True, asked_at=at("2026-11-23 09:30")),
        waiting(is_own=True, is_commitment=True, band=90),
        waiting(is_own=True),
        waiting(band=20, rank=99),
        waiting(is_important=True, rank=50),
        waiting(rank=1),
        waiting(rank=2),
        waiting(is_important=True, is_morning=False, rank=3),
    ]
    assert sorted([wanted[place] for place in (8, 3, 5, 0, 7, 1, 4, 2, 6)], key=order_of) == wanted


@pytest.mark.parametrize(
    ("item", "code"),
    [
        (waiting(is_own=True, asked_at=MONDAY), "own_callback"),
        (waiting(asked_at=MONDAY), "callback"),
        (waiting(is_own=True, is_commitment=True), "commitment_due"),
        (waiting(is_own=True), "assigned_to_you"),
        (waiting(is_important=True), "important_in_the_morning"),
        (waiting(is_important=True, is_morning=False), "next_in_queue"),
        (waiting(), "next_in_queue"),
    ],
)
def test_reason_for_the_next_one_names_what_put_it_first(item, code):
    assert why_next(item, queue="秋季回访").code == code


def test_withheld_answer_keeps_every_reason_as_data():
    answer = decide(facts(holds=(hold("sell"),)), MONDAY)
    assert isinstance(answer, Withheld)
    assert answer.to_json() == {
        "answer": "withheld",
        "reasons": [
            {
                "code": "held",
                "severity": "blocker",
                "data": {"reason": "complaint", "until": "2026-11-26T09:00:00+08:00"},
            }
        ],
        "next_allowed_at": "2026-11-26T09:00:00+08:00",
    }
