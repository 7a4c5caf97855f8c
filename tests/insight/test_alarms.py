"""When the floor raises an alarm: tables of plain values (CA9)."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from genjin.insight import alarms

LIMITS = alarms.Limits(2.0, 0.5, 0.7, 120, 20)


def code(reason):
    return reason.code if reason else None


def at(minute):
    return datetime(2026, 11, 23, 10, minute, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.mark.parametrize(
    ("seconds", "granted", "expected"),
    [(119, 60, None), (120, 60, None), (121, 60, "wrap_up_too_long"), (9999, 0, None)],
)
def test_wrap_up_is_too_long_at_twice_what_is_granted(seconds, granted, expected):
    assert code(alarms.wrap_up_too_long("李", seconds, granted, LIMITS)) == expected


@pytest.mark.parametrize(
    ("minute", "successes", "expected"),
    [
        (10, 0, None),  # too early to tell
        (30, 4, None),  # five were due, 3.5 are enough
        (30, 3, "goal_behind"),
        (45, 6, None),
        (45, 5, "goal_behind"),
        (59, 0, "goal_behind"),
    ],
)
def test_a_goal_is_behind_when_less_than_seven_tenths_of_what_was_due_is_there(
    minute, successes, expected
):
    assert code(alarms.goal_behind("甲", successes, 10, at(minute), LIMITS)) == expected


def test_without_a_goal_nothing_is_behind():
    assert alarms.goal_behind("甲", 0, None, at(59), LIMITS) is None


def test_nobody_ready_and_an_empty_queue_exclude_each_other():
    assert code(alarms.nobody_ready("甲", 0, True)) == "nobody_ready"
    assert alarms.nobody_ready("甲", 2, True) is None
    assert code(alarms.queue_dry("甲", 2, False)) == "queue_dry"
    assert alarms.queue_dry("甲", 0, False) is None
