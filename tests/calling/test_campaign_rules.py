"""Arithmetic and preconditions of campaigns: tables of plain values (CA1)."""

from dataclasses import replace
from datetime import date

import pytest

from genjin.calling import rules

RATES = rules.Rates(0.4, 0.1, 180, 30)
TODAY = date(2026, 11, 23)
READY = rules.CampaignFacts(
    state="draft",
    has_segment=True,
    has_hours=True,
    has_published_script=True,
    has_briefing=True,
    questions=2,
    agents=3,
    agents_briefed=1,
    goals=1,
    taken=0,
    pilot_since=None,
    ends_on=None,
)


def missing(facts, to, **named):
    found = rules.missing_for(facts, to, today=TODAY, pilot_days=7, **named)
    return [reason.code for reason in found]


def test_contacts_are_computed_back_from_the_closings_wanted():
    need = rules.contacts_needed(60, RATES, days=20, hours_per_day=6)
    assert (need.contacts, need.calls) == (600, 1500)
    assert (need.contacts_per_day, need.calls_per_day) == (30, 75)
    assert (need.contacts_per_hour, need.calls_per_hour) == (5, 12.5)


def test_half_a_contact_is_a_whole_one():
    need = rules.contacts_needed(
        1, replace(RATES, success=0.3, reached=0.7), days=1, hours_per_day=1
    )
    assert (need.contacts, need.calls) == (4, 6)


@pytest.mark.parametrize(
    ("closings", "rates"),
    [(0, RATES), (5, replace(RATES, success=0)), (5, replace(RATES, reached=0))],
)
def test_without_closings_or_a_share_nothing_is_computed(closings, rates):
    assert rules.contacts_needed(closings, rates, days=5, hours_per_day=6) is None


def test_a_campaign_without_days_has_no_figures_per_day():
    need = rules.contacts_needed(6, RATES, days=0, hours_per_day=0)
    assert need.contacts == 60
    assert need.contacts_per_day is None
    assert need.calls_per_hour is None


def test_agent_hours_count_talk_wrap_up_and_every_try():
    # 0.4 × 180 + 0.6 × 30 = 90 seconds of talk, 60 of wrap-up: 150 a call.
    assert rules.seconds_per_call(RATES, 60) == 150
    assert rules.agent_hours(120, RATES, calls_per_customer=2, wrap_up_seconds=60) == 10


def test_days_follow_from_the_size_of_the_team():
    days = rules.days_needed(100, agents=4, hours_per_day=6.5, work_share=0.85)
    assert days == 5  # 22.1 hours a day
    assert rules.days_needed(100, agents=0, hours_per_day=6.5, work_share=0.85) is None


def test_working_days_are_those_with_hours():
    week = rules.hours_by_weekday("mon-fri 09:00-11:30 13:30-17:30; sat 10:00-12:00")
    assert week == [6.5] * 5 + [2, 0]
    days, hours = rules.working_days(week, TODAY, date(2026, 11, 29), today=TODAY)
    assert days == 6
    assert hours == pytest.approx(34.5 / 6)


def test_a_campaign_without_a_last_day_is_reckoned_for_four_weeks():
    week = [8.0] * 5 + [0, 0]
    assert rules.working_days(week, None, None, today=TODAY) == (20, 8)


def test_a_last_day_before_the_first_leaves_no_days():
    assert rules.working_days([8.0] * 7, TODAY, date(2026, 11, 1), today=TODAY) == (0, 0.0)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"has_segment": False}, "no_segment"),
        ({"has_hours": False}, "no_hours"),
        ({"has_published_script": False}, "script_not_published"),
        ({"has_briefing": False}, "no_briefing"),
        ({"questions": 0}, "no_questions"),
        ({"goals": 0}, "no_goals"),
    ],
)
def test_a_briefing_needs_everything_that_it_tells(change, code):
    assert missing(replace(READY, **change), "briefing") == [code]
    assert code in missing(replace(READY, **change), "pilot")


def test_everything_that_is_missing_is_said_at_once():
    bare = replace(READY, has_segment=False, has_briefing=False, questions=0, agents=0)
    assert missing(bare, "pilot") == ["no_segment", "no_briefing", "no_questions", "no_agents"]


def test_nobody_calls_before_somebody_passed_the_briefing():
    assert missing(replace(READY, agents_briefed=0), "pilot") == ["nobody_briefed"]
    assert missing(READY, "pilot") == []


def test_a_campaign_does_not_start_after_its_last_day():
    assert missing(replace(READY, ends_on=date(2026, 11, 22)), "pilot") == ["already_over"]
    assert missing(replace(READY, ends_on=TODAY), "pilot") == []


def test_the_pilot_lasts_a_week_unless_a_reason_is_stated():
    pilot = replace(READY, state="pilot", pilot_since=date(2026, 11, 17))
    assert missing(pilot, "running") == ["pilot_unfinished"]
    assert missing(pilot, "running", stated_reason="The script stands.") == []
    assert missing(replace(pilot, pilot_since=date(2026, 11, 16)), "running") == []


def test_a_review_goes_back_to_running_without_another_pilot():
    assert missing(replace(READY, state="review"), "running") == []


def test_a_campaign_closes_when_no_call_is_in_hand():
    assert missing(replace(READY, state="review", taken=2), "closed") == ["calls_in_hand"]
    assert missing(replace(READY, state="review"), "closed") == []


def test_a_pause_needs_nothing():
    bare = replace(READY, state="running", has_segment=False, agents=0, taken=5)
    assert missing(bare, "paused") == []


def test_the_wrong_answers_are_named_by_their_place():
    questions = [{"right": 0}, {"right": 2}, {"right": 1}]
    assert rules.wrong_answers(questions, [0, 1]) == [1, 2]
    assert rules.wrong_answers(questions, [0, 2, 1]) == []
    assert rules.wrong_answers(questions, [None, 2, 1]) == [0]
