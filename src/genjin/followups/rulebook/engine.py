"""Turns events into follow-ups, in batches, each exactly once (FU2).

A batch is one transaction: its events are locked, matched in Python by the pure rules, planned
through the gate in one statement for each queue, and marked as handled. A worker that is killed
leaves nothing of its batch, and the next one does it again; the cause of a follow-up is unique for
rule and event, so that nothing is ever planned twice.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.utils import timezone

from genjin.followups import profiles
from genjin.followups.gate import standing
from genjin.followups.models import FollowUpRule, Queue, RuleResult
from genjin.followups.operations.planning import NEW_ID, REASONS, lane_columns
from genjin.followups.rulebook import facts, rules
from genjin.followups.rulebook.queues import queue_for
from genjin.followups.rulebook.rules import Happening, Missed, Plan, Rule
from genjin.followups.rulebook.sentences import Subjects
from genjin.foundation.models import User

BATCH = 2000
_LOCK = 0x72756C65  # "rule": one batch at a time, so that a rule's cap is never passed twice

_TAKE = """
SELECT e.id, e.code, e."on", e.at, e.data, c.id, c.is_key, c.kind, c.custodian_id,
  s.value_class, s.customer_list
FROM customers_event e
JOIN customers_customer o ON o.id = e.customer_id
JOIN customers_customer c ON c.id = COALESCE(o.merged_into_id, o.id)
LEFT JOIN customers_standing s ON s.customer_id = c.id
WHERE {which}
"""
_WAITING = "e.handled_at IS NULL ORDER BY e.id LIMIT %(limit)s FOR UPDATE OF e SKIP LOCKED"

# `wanted` is what the rules ask for, as one JSON text: thousands of rows of ten columns would take
# the driver longer as arrays than all the rest. The gate's standing of each customer places it.
_WANTED = """
wanted AS MATERIALIZED (
  SELECT * FROM json_to_recordset(%(wanted)s::json) AS t(position int, customer_id uuid,
    cause_key text, code text, subject text, rank bigint, not_before timestamptz,
    due_at timestamptz, expires_at timestamptz, assigned_to bigint)
), picked AS MATERIALIZED (SELECT customer_id AS id, position FROM wanted),
stood AS MATERIALIZED ({standing})"""
_GROUPS = """
WITH picked AS MATERIALIZED (
  SELECT DISTINCT id, 0 AS position FROM unnest(%(customers)s::uuid[]) AS t(id)
), stood AS ({standing})
SELECT DISTINCT time_zone, weekly, language, is_important FROM stood WHERE forbidden = ''
"""
_PLACED = f"""
WITH {_WANTED}, blocked AS (
  SELECT s.*, w.cause_key, w.code, w.subject, w.rank, w.not_before, w.due_at, w.expires_at,
    w.assigned_to, l.lane_id,
    NULLIF(GREATEST(s.held_until, s.cooling_until, s.capped_until, w.not_before), w.not_before)
      AS blocked_until
  FROM stood s JOIN wanted w USING (position)
  LEFT JOIN unnest(%(zones)s::text[], %(weeklies)s::text[], %(languages)s::text[],
    %(importances)s::bool[], %(lane_ids)s::bigint[])
    AS l(time_zone, weekly, language, is_important, lane_id)
    USING (time_zone, weekly, language, is_important)
)"""  # noqa: S608
_INSERT = f"""
{_PLACED}, added AS (
  INSERT INTO followups_followup (
    id, customer_id, queue_id, lane_id, channel, purpose, cause_key, source_kind, source_id,
    subject, state, rank, not_before, due_at, expires_at, assigned_to_id, tries, last_outcome,
    withheld, created_at, end_reason)
  SELECT {{new_id}}, p.id, %(queue)s, p.lane_id, %(channel)s, %(purpose)s, p.cause_key, 'rule',
    p.code, p.subject,
    CASE WHEN COALESCE(p.blocked_until, p.not_before) <= %(now)s::timestamptz
      THEN 'ready' ELSE 'planned' END,
    p.rank, COALESCE(p.blocked_until, p.not_before), p.due_at, p.expires_at, p.assigned_to, 0, '',
    CASE WHEN p.blocked_until IS NULL THEN '[]'::jsonb ELSE {{reasons}} END, %(now)s, ''
  FROM blocked p CROSS JOIN LATERAL (
    SELECT replace(gen_random_uuid()::text, '-', '') AS random_hex, p.position AS for_row) r
  WHERE p.forbidden = ''
  ORDER BY p.position
  ON CONFLICT (cause_key) DO NOTHING RETURNING cause_key
)
SELECT b.position, b.forbidden, b.blocked_until, a.cause_key IS NOT NULL
FROM blocked b LEFT JOIN added a USING (cause_key) ORDER BY b.position
"""  # noqa: S608
_LOOK = f"""
{_PLACED} SELECT position, forbidden, blocked_until, false FROM blocked ORDER BY position
"""  # noqa: S608

# What the capped rules planned for these customers, by the day of the event.
_EARLIER = """
SELECT f.source_id, f.customer_id, e."on" FROM followups_followup f
JOIN customers_event e ON e.id = right(f.cause_key, 36)::uuid
WHERE f.customer_id = ANY(%(customers)s) AND f.source_kind = 'rule'
  AND f.source_id = ANY(%(codes)s) AND f.state <> 'cancelled'
"""


@dataclass
class Handled:
    """What became of a batch of events: counts, and results of rules that planned nothing."""

    events: int = 0
    planned: int = 0
    missed: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Placed:
    """What the gate says to a plan: `forbidden` for good, or begun at `starts_at`."""

    plan: Plan
    forbidden: str
    starts_at: datetime
    is_new: bool


def zone() -> ZoneInfo:
    """The organisation's zone, in which days begin."""
    found = timezone.get_default_timezone()
    assert isinstance(found, ZoneInfo)
    return found


def rule_of(row: FollowUpRule) -> Rule:
    """A rule as the pure part reads it."""
    return Rule(
        pk=row.pk, code=row.code, event=row.event, conditions=row.conditions, channel=row.channel,
        purpose=row.purpose, delay_days=row.delay_days, delay_hours=row.delay_hours,
        at_hour=row.at_hour, window_days=row.window_days, expires_days=row.expires_days,
        once_per_days=row.once_per_days, rank=row.rank, assign_to=row.assign_to, team=row.team_id,
    )  # fmt: skip


def rules_in_force() -> list[Rule]:
    """The rules that are switched on, in their order."""
    return [rule_of(row) for row in FollowUpRule.objects.filter(is_on=True).order_by("position")]


def happening(row: Sequence[Any], active: frozenset[int]) -> Happening:
    """An event with its customer's facts from a row of `_TAKE`. Who left is given nothing."""
    pk, code, on, at, data, customer, is_key, kind, custodian, value_class, customer_list = row
    told = json.loads(data) if isinstance(data, str) else dict(data)
    if told.get(rules.BY) not in active:
        told.pop(rules.BY, None)
    known = facts.about(
        is_key=is_key, value_class=value_class, customer_list=customer_list, kind=kind
    )
    return Happening(
        pk=pk, code=code, customer_id=customer, on=on, at=at, facts={**told, **known},
        custodian_id=custodian if custodian in active else None,
    )  # fmt: skip


def active_people() -> frozenset[int]:
    """Who may be given work."""
    return frozenset(User.objects.filter(is_active=True).values_list("pk", flat=True))


def rows_of(which: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Rows for `happening`, by a condition on `e` (the event) and `c` (its customer)."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE.format(which=which), parameters)
        return list(cursor.fetchall())


class Earlier:
    """The days of the events that capped rules planned for already, by rule and customer.

    Read from the database as they are asked for; what is planned meanwhile is added.
    """

    def __init__(self) -> None:
        self._days: dict[tuple[str, UUID], list[date]] = {}

    def read(self, plans: Iterable[Plan]) -> None:
        """Reads what is not known yet for these plans."""
        wanted = {
            (plan.rule.code, plan.event.customer_id)
            for plan in plans
            if plan.rule.once_per_days is not None
        } - self._days.keys()
        if not wanted:
            return
        self._days |= {key: [] for key in wanted}
        with connection.cursor() as cursor:
            cursor.execute(_EARLIER, {
                "customers": list({customer for _code, customer in wanted}),
                "codes": list({code for code, _customer in wanted}),
            })  # fmt: skip
            for code, customer, day in cursor.fetchall():
                if (code, customer) in wanted:
                    self._days[code, customer].append(day)

    def admit(self, plan: Plan) -> bool:
        """Whether the rule's cap has room for this plan, which then takes it."""
        if plan.rule.once_per_days is None:
            return True
        days = self._days[plan.rule.code, plan.event.customer_id]
        if rules.is_too_soon(plan, days):
            return False
        days.append(plan.event.on)
        return True


def apply(
    in_force: Iterable[Rule],
    happened: Iterable[Happening],
    *,
    now: datetime,
    earlier: Earlier | None = None,
) -> tuple[list[Plan], list[Missed]]:
    """What the rules make of events, their caps counted against earlier plans and one another."""
    by_event: dict[str, list[Rule]] = {}
    for rule in in_force:
        by_event.setdefault(rule.event, []).append(rule)
    here = zone()
    found = [
        made
        for event in happened
        for rule in by_event.get(event.code, ())
        if (made := rules.match(rule, event, now=now, zone=here)) is not None
    ]
    missed = [made for made in found if isinstance(made, Missed)]
    plans = [made for made in found if isinstance(made, Plan)]
    earlier = earlier or Earlier()
    earlier.read(plans)
    kept = []
    for plan in plans:
        if earlier.admit(plan):
            kept.append(plan)
        else:
            missed.append(Missed(plan.rule, plan.event, "capped"))
    return kept, missed


def _wanted(plans: Sequence[Plan], subjects: Subjects) -> str:
    """The plans as the JSON text that the statements read."""
    return json.dumps([
        {
            "position": position,
            "customer_id": str(plan.event.customer_id),
            "cause_key": plan.cause_key,
            "code": plan.rule.code,
            "subject": subjects.of(plan.rule.code, plan.event.facts)[:200],
            "rank": rules.rank(plan),
            "not_before": plan.times.not_before.isoformat(),
            "due_at": plan.times.due_at.isoformat(),
            "expires_at": plan.times.expires_at.isoformat() if plan.times.expires_at else None,
            "assigned_to": plan.assigned_to,
        }
        for position, plan in enumerate(plans)
    ], ensure_ascii=False)  # fmt: skip


def place(
    plans: Sequence[Plan], *, purpose: str, channel: str, queue: Queue | None, subjects: Subjects,
    now: datetime,
) -> list[Placed]:  # fmt: skip
    """Asks the gate about plans of one purpose and channel; into `queue` where one is given.

    Without a queue nothing is written: that is what a dry run sees.
    """
    statement, values = standing(profiles.profile(), purpose=purpose, channel=channel, now=now)
    values |= {
        "wanted": _wanted(plans, subjects),
        "customers": "{" + ",".join(str(plan.event.customer_id) for plan in plans) + "}",
    }
    with connection.cursor() as cursor:
        if queue is None:
            lanes: dict[str, Any] = lane_columns([], purpose, channel)
            cursor.execute(_LOOK.format(standing=statement), {**values, **lanes})
        else:
            cursor.execute(_GROUPS.format(standing=statement), values)
            lanes = lane_columns(cursor.fetchall(), purpose, channel)
            insert = _INSERT.format(standing=statement, new_id=NEW_ID, reasons=REASONS)
            cursor.execute(insert, {**values, **lanes, "queue": queue.pk})
        rows = cursor.fetchall()
    return [
        Placed(plans[position], forbidden, blocked or plans[position].times.not_before, new)
        for position, forbidden, blocked, new in rows
    ]


def groups(plans: Iterable[Plan]) -> list[list[Plan]]:
    """The plans by queue, in the order of their first."""
    found: dict[tuple[str, str, int | None], list[Plan]] = {}
    for plan in plans:
        rule = plan.rule
        found.setdefault((rule.purpose, rule.channel, rule.team), []).append(plan)
    return list(found.values())


def has_waiting() -> bool:
    """Whether there is an event that nobody looked at yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM customers_event WHERE handled_at IS NULL)")
        return bool(cursor.fetchone()[0])


@transaction.atomic
def handle_batch(now: datetime, *, limit: int = BATCH) -> Handled:
    """Handles the oldest events that wait, at most `limit`; none while another one is at it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return Handled()
    rows = rows_of(_WAITING, {"limit": limit})
    if not rows:
        return Handled()
    active = active_people()
    plans, missed = apply(rules_in_force(), [happening(row, active) for row in rows], now=now)
    subjects = Subjects.for_organisation()
    planned = 0
    for group in groups(plans):
        first = group[0].rule
        placed = place(
            group, purpose=first.purpose, channel=first.channel, queue=queue_for(first),
            subjects=subjects, now=now,
        )  # fmt: skip
        planned += sum(one.is_new for one in placed)
        missed += [Missed(one.plan.rule, one.plan.event, one.forbidden)
                   for one in placed if one.forbidden]  # fmt: skip
    _keep(missed, now)
    _mark([row[0] for row in rows], now)
    counts: dict[str, int] = {}
    for one in missed:
        counts[one.result] = counts.get(one.result, 0) + 1
    return Handled(len(rows), planned, counts)


def _keep(missed: Sequence[Missed], now: datetime) -> None:
    RuleResult.objects.bulk_create(
        [
            RuleResult(event_id=one.event.pk, rule_id=one.rule.pk, result=one.result[:20], at=now)
            for one in missed
        ],
        ignore_conflicts=True,
    )


def _mark(ids: list[UUID], now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE customers_event SET handled_at = %s WHERE id = ANY(%s)", [now, ids])


def handle_all(clock: Any = timezone.now, *, longest: timedelta = timedelta(minutes=10)) -> Handled:
    """Handles events until none waits, or for `longest`; each batch a transaction of its own."""
    total, end = Handled(), clock() + longest
    while clock() < end:
        batch = handle_batch(clock())
        if not batch.events:
            break
        total.events += batch.events
        total.planned += batch.planned
        for code, count in batch.missed.items():
            total.missed[code] = total.missed.get(code, 0) + count
    return total
