"""Plans follow-ups: one by one, or for a whole selection of customers in set-based steps (FU1)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, models, transaction

from genjin.customers.models import ContactPerson, Customer
from genjin.followups import lanes, profiles
from genjin.followups.gate import (
    WithheldError,
    facts_for,
    picked_sql,
    standing,
    stated_hours,
)
from genjin.followups.lanes import LaneKey
from genjin.followups.models import FollowUp, Queue
from genjin.followups.rules import HOURS_CODES, Withheld, decide
from genjin.followups.states import State
from genjin.foundation import audit
from genjin.foundation.models import User

_CHUNK = 20_000


@dataclass(frozen=True)
class PlanResult:
    """What planning for a selection did.

    `planned` new follow-ups (those that a hold or a cap keeps for later included), `already`
    there from before, and `held_back` customers without one, by the code of the reason.
    """

    planned: int
    already: int
    held_back: dict[str, int] = field(default_factory=dict)


def lane_for(
    customer: Customer,
    *,
    purpose: str,
    channel: str,
    person: ContactPerson | None = None,
    is_asked: bool = False,
    skills: Sequence[str] = (),
) -> int:
    """The lane in which a contact with this customer waits."""
    stated = stated_hours(customer, channel=channel, person=person.pk if person else None)
    language = (person.language if person else "") or customer.language
    return lanes.lane_id(
        LaneKey(
            purpose=purpose,
            time_zone=lanes.zone_of(customer.time_zone),
            weekly=lanes.weekly_of(channel, stated=stated, is_asked=is_asked),
            language=lanes.language_of(language),
            skills=tuple(sorted(set(skills))),
            is_important=customer.is_key,
        )
    )


def standing_of(answer: Any, not_before: datetime, now: datetime) -> dict[str, Any]:
    """State, earliest moment and reasons of a waiting row, by the gate's answer for `not_before`.

    Hours alone leave the row where it is: its lane keeps it closed. Raises WithheldError when
    waiting does not help.
    """
    if isinstance(answer, Withheld):
        if answer.next_allowed_at is None:
            raise WithheldError(answer)
        if any(reason.code not in HOURS_CODES for reason in answer.reasons):
            return {
                "state": State.PLANNED,
                "not_before": answer.next_allowed_at,
                "withheld": [reason.to_json() for reason in answer.reasons],
            }
    state = State.PLANNED if not_before > now else State.READY
    return {"state": state, "not_before": not_before, "withheld": []}


@transaction.atomic
def plan_followup(
    customer: Customer,
    *,
    queue: Queue,
    purpose: str,
    cause_key: str,
    by: User | None,
    now: datetime,
    channel: str = "call",
    source: tuple[str, str] = ("", ""),
    subject: str = "",
    rank: int = 0,
    not_before: datetime | None = None,
    due_at: datetime | None = None,
    expires_at: datetime | None = None,
    assigned_to: User | None = None,
    asked_at: datetime | None = None,
    person: ContactPerson | None = None,
    skills: Sequence[str] = (),
) -> FollowUp:
    """Plans one contact, once for each `cause_key`: asked again it gives the one that is there.

    The gate is asked for the earliest moment; what a hold or cap stops waits until it passes.
    Raises WithheldError when the gate would never say yes (refused, consent missing).
    """
    if existing := FollowUp.objects.filter(cause_key=cause_key).first():
        return existing
    earliest = max(now, not_before or now, asked_at or now)
    facts = facts_for(customer, purpose=purpose, channel=channel, now=now, person=person,
                      queue=queue, asked_at=asked_at)  # fmt: skip
    values = standing_of(decide(facts, earliest), earliest, now)
    lane = lane_for(customer, purpose=purpose, channel=channel, person=person,
                    is_asked=asked_at is not None, skills=skills)  # fmt: skip
    made, is_new = FollowUp.objects.get_or_create(
        cause_key=cause_key,
        defaults={
            "customer": customer, "person": person, "queue": queue, "lane_id": lane,
            "channel": channel, "purpose": purpose, "source_kind": source[0],
            "source_id": source[1], "subject": subject, "rank": rank, "due_at": due_at,
            "expires_at": expires_at, "asked_at": asked_at, "assigned_to": assigned_to,
            "created_at": now, "created_by": by, **values,
        },
    )  # fmt: skip
    if is_new and by is not None:
        audit.record("plan", made, by=by, now=now, changes={"queue": [None, queue.name]})
    return made


_MILLISECONDS = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
# A UUIDv7 made by the server (its own uuidv7() came with PostgreSQL 18).
NEW_ID = f"""(lpad(to_hex({_MILLISECONDS}), 12, '0') || '7' ||
  substr(random_hex, 1, 3) || '8' || substr(random_hex, 18, 15))::uuid"""

# Why a row waits, as the gate's reasons; `p` is a row of what the gate knows of a customer.
REASONS = """CASE WHEN p.held_until IS NOT NULL THEN jsonb_build_array(jsonb_build_object(
       'code', 'held', 'severity', 'blocker', 'data', jsonb_build_object(
         'reason', p.held_reason, 'until', p.held_until)))
     WHEN p.cooling_until IS NOT NULL THEN jsonb_build_array(jsonb_build_object(
       'code', 'cooling_off', 'severity', 'blocker',
       'data', jsonb_build_object('until', p.cooling_until)))
     WHEN p.capped_until IS NOT NULL THEN jsonb_build_array(jsonb_build_object(
       'code', 'cap_reached', 'severity', 'blocker',
       'data', jsonb_build_object('until', p.capped_until)))
     ELSE '[]'::jsonb END"""

_INSERT = """
WITH picked AS MATERIALIZED (
  SELECT id, position FROM genjin_plan WHERE number > %(after)s AND number <= %(until)s
), stood AS MATERIALIZED ({standing}), placed AS (
  SELECT s.*, l.lane_id, GREATEST(held_until, cooling_until, capped_until) AS blocked_until
  FROM stood s LEFT JOIN unnest(%(zones)s::text[], %(weeklies)s::text[], %(languages)s::text[],
    %(importances)s::bool[], %(lane_ids)s::bigint[])
    AS l(time_zone, weekly, language, is_important, lane_id)
    USING (time_zone, weekly, language, is_important)
), added AS (
  INSERT INTO followups_followup (
    id, customer_id, queue_id, lane_id, channel, purpose, cause_key, source_kind, source_id,
    subject, state, rank, not_before, due_at, tries, last_outcome, withheld, created_at,
    created_by_id, end_reason)
  SELECT {new_id}, p.id, %(queue)s, p.lane_id, %(channel)s, %(purpose)s,
    %(prefix)s || ':' || p.id, %(source_kind)s, %(source_id)s, %(subject)s,
    CASE WHEN p.blocked_until IS NULL THEN 'ready' ELSE 'planned' END,
    %(base)s + p.position, COALESCE(p.blocked_until, %(now)s::timestamptz), %(due_at)s, 0, '',
    {reasons},
    %(now)s, %(by)s, ''
  FROM placed p CROSS JOIN LATERAL (
    SELECT replace(gen_random_uuid()::text, '-', '') AS random_hex, p.id AS for_row) r
  WHERE p.forbidden = ''
  ORDER BY p.position
  ON CONFLICT (cause_key) DO NOTHING RETURNING 1
)
SELECT forbidden, count(*), (SELECT count(*) FROM added) FROM placed GROUP BY forbidden
"""
_GROUPS = """
WITH picked AS MATERIALIZED (
  SELECT id, position FROM genjin_plan WHERE number > %(after)s AND number <= %(until)s
), stood AS ({standing})
SELECT DISTINCT time_zone, weekly, language, is_important FROM stood WHERE forbidden = ''
"""


def lane_columns(
    groups: Sequence[tuple[str, str, str, bool]], purpose: str, channel: str
) -> dict[str, Any]:
    """The lanes of groups of customers, as columns for the statement."""
    return {
        "zones": [zone for zone, _, _, _ in groups],
        "weeklies": [weekly for _, weekly, _, _ in groups],
        "languages": [language for _, _, language, _ in groups],
        "importances": [is_important for _, _, _, is_important in groups],
        "lane_ids": [
            lanes.lane_id(
                LaneKey(
                    purpose=purpose,
                    time_zone=zone,
                    weekly=lanes.weekly_of(channel, stated=weekly, is_asked=False),
                    language=lanes.language_of(language),
                    is_important=is_important,
                )
            )
            for zone, weekly, language, is_important in groups
        ],
    }


def plan_for_customers(
    customers: models.QuerySet[Customer],
    *,
    queue: Queue,
    cause_prefix: str,
    by: User | None,
    now: datetime,
    subject: str = "",
    order_by: Sequence[str] = (),
    due_at: datetime | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> PlanResult:
    """Plans one contact with every customer of a selection, in their order, through the gate.

    Set-based, in chunks of 20,000, each a transaction of its own (unless the caller holds one):
    stopped in the middle and repeated it plans each customer once. Customers that refused or
    have not agreed get none and are counted in `held_back`; a hold, a cool-off or a cap keeps the
    row planned until it ends. `on_progress` gets (done, total) after each chunk.
    """
    total = _keep_selection(customers, tuple(order_by))
    base = FollowUp.objects.filter(queue=queue).aggregate(last=models.Max("rank"))["last"] or 0
    statement, values = standing(
        profiles.profile(), purpose=queue.purpose, channel=queue.channel, now=now
    )
    values |= {
        "queue": queue.pk, "prefix": cause_prefix, "source_kind": queue.source_kind,
        "source_id": queue.source_id, "subject": subject, "base": base, "due_at": due_at,
        "by": by.pk if by else None,
    }  # fmt: skip
    planned, allowed, held_back = 0, 0, dict[str, int]()
    for after in range(0, total, _CHUNK):
        chunk = {**values, "after": after, "until": after + _CHUNK}
        for forbidden, count, added in _plan_chunk(statement, chunk):
            if forbidden:
                held_back[forbidden] = held_back.get(forbidden, 0) + count
            else:
                allowed += count
                planned += added
        if on_progress:
            on_progress(min(total, after + _CHUNK), total)
    _audit_plan(queue, PlanResult(planned, allowed - planned, held_back), by=by, now=now)
    return PlanResult(planned, allowed - planned, held_back)


def _keep_selection(customers: models.QuerySet[Customer], order_by: tuple[str, ...]) -> int:
    """Writes the selection down in its order, so that every chunk sees the same one."""
    picked, parameters = picked_sql(customers, order_by)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.genjin_plan")
        cursor.execute(
            "CREATE TEMPORARY TABLE genjin_plan AS SELECT id, position, "  # noqa: S608
            f"row_number() OVER (ORDER BY position, id) AS number FROM ({picked}) picked",
            parameters,
        )
        cursor.execute("CREATE INDEX ON genjin_plan (number)")
        cursor.execute("ANALYZE genjin_plan")
        cursor.execute("SELECT count(*) FROM genjin_plan")
        return int(cursor.fetchone()[0])


@transaction.atomic
def _plan_chunk(statement: str, values: dict[str, Any]) -> list[tuple[str, int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(_GROUPS.format(standing=statement), values)
        groups = cursor.fetchall()
        columns = lane_columns(groups, values["purpose"], values["channel"])
        cursor.execute(
            _INSERT.format(standing=statement, new_id=NEW_ID, reasons=REASONS),
            {**values, **columns},
        )
        return list(cursor.fetchall())


def _audit_plan(queue: Queue, result: PlanResult, *, by: User | None, now: datetime) -> None:
    if result.planned:
        audit.record("plan", queue, by=by, now=now,
                     changes={"followups": [None, result.planned]})  # fmt: skip
