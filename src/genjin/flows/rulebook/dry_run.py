"""What a rule would plan in the coming days, worked out without writing anything (FU2).

The events that wait and those that the clock will tell are put through the very functions that
plan: the rules, their caps, and the gate.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import connection
from django.utils import timezone

from genjin.customers.models import Customer
from genjin.flows.rulebook import clock
from genjin.followups.models import FollowUpRule
from genjin.followups.rulebook import engine
from genjin.followups.rulebook.engine import Earlier, Placed
from genjin.followups.rulebook.rules import Happening, Missed, Plan, Rule, all_hold
from genjin.followups.rulebook.sentences import Subjects, language

# A rule that would plan more is not counted to its end.
MOST = 20_000
PAST_DAYS = 30
_PAST_MOST = 5_000


@dataclass(frozen=True)
class Line:
    """One contact that would be planned: with whom, when it may begin, what it is about."""

    customer_id: UUID
    customer: str
    number: int
    starts_on: date
    subject: str
    is_waiting: bool


@dataclass
class DryRun:
    """What a rule would plan. `by_day` counts contacts by the day on which they may begin.

    `withheld` are customers whom the gate would never allow, by its reason; `missed` what the
    rule itself leaves out. `is_cut`: there is more than was counted. `past_events` of the last 30
    days were of the rule's kind, `past_matching` of them fit its conditions.
    """

    first_day: date
    days: int
    by_day: dict[date, int] = field(default_factory=dict)
    withheld: dict[str, int] = field(default_factory=dict)
    missed: dict[str, int] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    waiting: int = 0
    foreseen: int = 0
    is_cut: bool = False
    past_events: int = 0
    past_matching: int = 0

    @property
    def total(self) -> int:
        return sum(self.by_day.values())

    @property
    def tomorrow(self) -> int:
        return self.by_day.get(self.first_day, 0)


def dry_run(row: FollowUpRule, *, now: datetime, days: int = 14, lines: int = 50) -> DryRun:
    """What the rule would plan from tomorrow on, over `days` days; the first `lines` by name."""
    rule = engine.rule_of(row)
    here = engine.zone()
    today = timezone.localtime(now, here).date()
    found = DryRun(first_day=today + timedelta(days=1), days=days)
    earlier = Earlier()
    placed = _of_waiting(rule, found, earlier, now=now)
    placed += _of_foreseen(rule, found, earlier, now=now)
    last = today + timedelta(days=days)
    kept = []
    for one in placed:
        if one.forbidden:
            found.withheld[one.forbidden] = found.withheld.get(one.forbidden, 0) + 1
            continue
        begins = timezone.localtime(one.starts_at, here).date()
        if begins <= last:
            day = max(begins, found.first_day)
            found.by_day[day] = found.by_day.get(day, 0) + 1
            kept.append((day, one))
    found.by_day = dict(sorted(found.by_day.items()))
    kept.sort(key=lambda pair: (pair[0], pair[1].plan.event.at))
    found.lines = _lines(row, kept[:lines])
    _look_back(rule, found, today)
    return found


def placed_plans(rule: Rule, plans: list[Plan], now: datetime) -> list[Placed]:
    """What the gate would say to plans of one rule; nothing is written."""
    if not plans:
        return []
    subjects = Subjects([], language())
    return engine.place(plans, purpose=rule.purpose, channel=rule.channel, queue=None,
                        subjects=subjects, now=now)  # fmt: skip


def _count_missed(found: DryRun, missed: Iterable[Missed]) -> None:
    for one in missed:
        found.missed[one.result] = found.missed.get(one.result, 0) + 1


def _of_waiting(rule: Rule, found: DryRun, earlier: Earlier, *, now: datetime) -> list[Placed]:
    """Of the events that nobody looked at yet."""
    rows = engine.rows_of(
        "e.handled_at IS NULL AND e.code = %(code)s ORDER BY e.id LIMIT %(limit)s",
        {"code": rule.event, "limit": MOST},
    )
    active = engine.active_people()
    happened = [engine.happening(row, active) for row in rows]
    plans, missed = engine.apply([rule], happened, now=now, earlier=earlier)
    _count_missed(found, missed)
    found.waiting = len(happened)
    found.is_cut = len(rows) == MOST
    return placed_plans(rule, plans, now)


_FACTS = """
SELECT c.id, c.is_key, c.kind, c.custodian_id, s.value_class, s.customer_list
FROM customers_customer c LEFT JOIN customers_standing s ON s.customer_id = c.id
WHERE c.id = ANY(%s)
"""


def _of_foreseen(rule: Rule, found: DryRun, earlier: Earlier, *, now: datetime) -> list[Placed]:
    """Of the events that the timetable will tell on the days of the dry run."""
    source = clock.SOURCES.get(rule.event)
    if source is None:
        return []
    told = _told(source, rule, found)
    known = _facts({customer for rows in told.values() for customer, *_rest in rows})
    active = engine.active_people()
    placed: list[Placed] = []
    for day, rows in sorted(told.items()):
        at = datetime.combine(day, time(clock.TOLD_AT), tzinfo=engine.zone())
        happened = [
            engine.happening(
                (uuid4(), rule.event, on, at, data, customer, *known[customer]), active
            )
            for customer, on, data in rows
        ]
        found.foreseen += len(happened)
        plans, missed = engine.apply([rule], happened, now=at, earlier=earlier)
        _count_missed(found, missed)
        placed += placed_plans(rule, plans, now)
    return placed


def _facts(customers: Iterable[UUID]) -> dict[UUID, tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(_FACTS, [list(customers)])
        return {
            pk: (is_key, kind, custodian, value_class, customer_list)
            for pk, is_key, kind, custodian, value_class, customer_list in cursor.fetchall()
        }


def _told(
    source: clock.Source, rule: Rule, found: DryRun
) -> dict[date, list[tuple[UUID, date, dict[str, Any]]]]:
    """(customer, day of the event, facts) by the day on which it will be told."""
    last_day = found.first_day + timedelta(days=found.days - 1)
    first, _last = clock.span(source, [rule], found.first_day)
    _first, last = clock.span(source, [rule], last_day)
    most = MOST if source.is_dated else min(MOST, clock.portion() * found.days)
    statement, values = clock.select(source, [rule], first=first, last=last)
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} LIMIT {most}", values)
        rows = cursor.fetchall()
    found.is_cut = found.is_cut or len(rows) == most
    if source.is_dated:
        lead = timedelta(days=clock.lead_of([rule]))
        told: dict[date, list[Any]] = {}
        for customer, _key, day, data in rows:
            on_day = max(found.first_day, day - lead)
            told.setdefault(on_day, []).append((customer, day, json.loads(data)))
        return told
    return _in_portions(source, rows, found)


def _in_portions(
    source: clock.Source, rows: list[tuple[Any, ...]], found: DryRun
) -> dict[date, list[tuple[UUID, date, dict[str, Any]]]]:
    """What is due since long, oldest first, so many on each day."""
    told: dict[date, list[Any]] = {}
    most, place = clock.portion(), 0
    for step in range(found.days):
        day = found.first_day + timedelta(days=step)
        while place < len(rows) and rows[place][2] <= day and len(told.get(day, ())) < most:
            customer, _key, since, data = rows[place]
            content = json.loads(data)
            if source.has_days:
                content["days"] += (day - since).days
            told.setdefault(day, []).append((customer, day, content))
            place += 1
    return told


def _lines(row: FollowUpRule, kept: list[tuple[date, Placed]]) -> list[Line]:
    subjects = Subjects([row], language())
    ids = [one.plan.event.customer_id for _day, one in kept]
    people = {one.pk: one for one in Customer.objects.filter(pk__in=ids).only("name", "number")}
    return [
        Line(
            customer_id=one.plan.event.customer_id,
            customer=people[one.plan.event.customer_id].name,
            number=people[one.plan.event.customer_id].number,
            starts_on=day,
            subject=subjects.of(row.code, one.plan.event.facts),
            is_waiting=one.starts_at > one.plan.times.not_before,
        )
        for day, one in kept
    ]


def _look_back(rule: Rule, found: DryRun, today: date) -> None:
    """How many events of the last days were of the rule's kind, and how many of them fit it."""
    rows = engine.rows_of(
        'e.code = %(code)s AND e."on" >= %(since)s AND e.handled_at IS NOT NULL '
        "ORDER BY e.id DESC LIMIT %(limit)s",
        {"code": rule.event, "since": today - timedelta(days=PAST_DAYS), "limit": _PAST_MOST},
    )
    happened: list[Happening] = [engine.happening(row, frozenset()) for row in rows]
    found.past_events = len(happened)
    found.past_matching = sum(all_hold(rule.conditions, one.facts) for one in happened)
