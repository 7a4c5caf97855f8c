"""Which rule applies to which event, and when its contact is to be made."""

from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from genjin.followups.rulebook import rules
from genjin.followups.rulebook.rules import Happening, Missed, Plan, Rule, match

HERE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=HERE)
DAY = date(2026, 11, 23)
EVENT_ID = UUID("01936000-0000-7000-8000-000000000001")


def event(code="goods_delivered", on=DAY, at=NOW, custodian=None, **facts) -> Happening:
    return Happening(EVENT_ID, code, EVENT_ID, on, at, facts, custodian)


def rule(**values) -> Rule:
    return Rule(**{"pk": 1, "code": "arrival", "event": "goods_delivered", **values})


def moment(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=HERE)


DEAR = {"field": "is_dear", "op": "is", "value": True}
FRAGILE = {"field": "is_fragile", "op": "is", "value": True}
CHEAP = {"field": "is_dear", "op": "is", "value": False}
LARGE = {"field": "amount", "op": "at_least", "value": 5000}
SMALL = {"field": "amount", "op": "at_most", "value": 5000}
NAMED = {"field": "product", "op": "contains", "value": "冰箱"}
LISTED = {"field": "customer.value_class", "op": "one_of", "value": ["A", "B"]}


@pytest.mark.parametrize(
    ("conditions", "facts", "expected"),
    [
        ([], {}, True),
        ([DEAR], {"is_dear": True}, True),
        ([DEAR], {"is_dear": False}, False),
        ([DEAR], {}, False),
        ([CHEAP], {"is_dear": False}, True),
        ([CHEAP], {}, False),
        ([DEAR, FRAGILE], {"is_dear": True, "is_fragile": False}, False),
        ([{"any": [DEAR, FRAGILE]}], {"is_dear": False, "is_fragile": True}, True),
        ([{"any": [DEAR, FRAGILE]}], {"is_dear": False, "is_fragile": False}, False),
        ([{"any": [DEAR, FRAGILE]}, LARGE], {"is_dear": True, "amount": 100}, False),
        ([LARGE], {"amount": 5000}, True),
        ([LARGE], {"amount": 4999.99}, False),
        ([LARGE], {}, False),
        ([SMALL], {"amount": 5000}, True),
        ([SMALL], {"amount": 5001}, False),
        ([NAMED], {"product": "双门冰箱"}, True),
        ([NAMED], {"product": "空调"}, False),
        ([LISTED], {"customer.value_class": "B"}, True),
        ([LISTED], {"customer.value_class": "C"}, False),
        ([LISTED], {"customer.value_class": None}, False),
    ],
)
def test_conditions(conditions, facts, expected):
    found = match(rule(conditions=conditions), event(**facts), now=NOW, zone=HERE)
    assert (found is not None) is expected


def test_a_rule_looks_at_its_own_event_alone():
    assert match(rule(), event(code="deal_done"), now=NOW, zone=HERE) is None


@pytest.mark.parametrize(
    ("values", "on", "not_before", "due", "expires"),
    [
        # Two days after, within three days: Wednesday to the end of Friday.
        ({"delay_days": 2, "window_days": 3}, DAY, moment(25), moment(28), None),
        ({"delay_days": 0, "window_days": 1}, DAY, NOW, moment(24), None),
        ({"delay_days": 1, "at_hour": 9}, DAY, moment(24, 9), moment(27), None),
        # What is late already begins now and has its whole window.
        ({"delay_days": 2, "window_days": 3}, date(2026, 11, 1), NOW, moment(26), None),
        ({"delay_days": -3, "at_hour": 9}, date(2026, 11, 30), moment(27, 9), moment(30), None),
        ({"delay_days": 0, "delay_hours": 4}, DAY, moment(23, 14), moment(26), None),
        # Hours give way to the hour of the day.
        ({"delay_days": 1, "delay_hours": 4, "at_hour": 9}, DAY, moment(24, 9), moment(27), None),
        ({"expires_days": 3}, DAY, NOW, moment(26), moment(27)),
        ({"expires_days": 0}, DAY, NOW, moment(26), moment(24)),
    ],
)
def test_times(values, on, not_before, due, expires):
    plan = match(rule(**values), event(on=on), now=NOW, zone=HERE)
    assert isinstance(plan, Plan)
    assert (plan.times.not_before, plan.times.due_at, plan.times.expires_at) == (
        not_before, due, expires,
    )  # fmt: skip


def test_a_greeting_that_comes_too_late_is_not_planned():
    found = match(rule(expires_days=3), event(on=date(2026, 11, 19)), now=NOW, zone=HERE)
    assert isinstance(found, Missed)
    assert found.result == "expired"


@pytest.mark.parametrize(
    ("assign_to", "custodian", "by", "expected"),
    [("queue", 7, 9, None), ("custodian", 7, 9, 7), ("custodian", None, 9, None),
     ("creator", 7, 9, 9), ("creator", 7, None, None)],
)  # fmt: skip
def test_who_gets_it(assign_to, custodian, by, expected):
    facts = {} if by is None else {"by": by}
    plan = match(rule(assign_to=assign_to), event(custodian=custodian, **facts), now=NOW, zone=HERE)
    assert isinstance(plan, Plan)
    assert plan.assigned_to == expected


@pytest.mark.parametrize(
    ("cap", "others", "expected"),
    [(None, [DAY], False), (30, [], False), (30, [date(2026, 10, 25)], True),
     (30, [date(2026, 10, 24)], False), (30, [date(2026, 12, 22)], True), (1, [DAY], True)],
)  # fmt: skip
def test_a_cap_counts_days_in_both_directions(cap, others, expected):
    plan = match(rule(once_per_days=cap), event(), now=NOW, zone=HERE)
    assert isinstance(plan, Plan)
    assert rules.is_too_soon(plan, others) is expected


def test_the_priority_comes_before_the_day_in_the_queue():
    early = match(rule(rank=20, delay_days=9), event(), now=NOW, zone=HERE)
    late = match(rule(rank=30, delay_days=0), event(), now=NOW, zone=HERE)
    later = match(rule(rank=30, delay_days=1), event(), now=NOW, zone=HERE)
    assert isinstance(early, Plan)
    assert isinstance(late, Plan)
    assert isinstance(later, Plan)
    assert rules.rank(early) < rules.rank(late) < rules.rank(later)
