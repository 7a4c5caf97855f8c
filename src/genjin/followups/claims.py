"""The hot claim and what the clock does to many rows: documented siblings of `transition()`.

`transition()` moves one row that was read before. The statements here move rows that nobody read
yet: each is one conditional UPDATE on the old state, whose steps are checked against the same
state table when this module is loaded. Moves by the clock leave no audit row each; what a person
takes is on record in `taken_by`, `taken_at` and the contact that follows.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models.base import ModelState

from genjin.followups import lanes, profiles, rules
from genjin.followups.fronts import Fronts
from genjin.followups.gate import fact_parameters, facts_from, stated_hours
from genjin.followups.models import FollowUp, Queue
from genjin.followups.prepared import Prepared, read_json, read_text, reader_of
from genjin.followups.rules import Allowed, Profile, Waiting, Withheld, decide, why_next
from genjin.followups.states import CONTACT_STATES, FOLLOWUP_STATES, ContactState, State
from genjin.foundation.models import User
from genjin.kernel.problems import Reason

for _old, _new in (
    (State.READY, State.TAKEN),
    (State.PLANNED, State.TAKEN),
    (State.TAKEN, State.PLANNED),
    (State.TAKEN, State.READY),
    (State.TAKEN, State.CANCELLED),
    (State.PLANNED, State.READY),
    (State.PLANNED, State.EXPIRED),
    (State.READY, State.EXPIRED),
):
    FOLLOWUP_STATES.check(_old, _new)
CONTACT_STATES.check(ContactState.STARTED, ContactState.UNKNOWN)

# A follow-up whose contact has an unknown outcome waits for a person, not for an hour.
NEVER_BY_ITSELF = datetime(9999, 1, 1, tzinfo=UTC)
OUTCOME_UNKNOWN = "outcome_unknown"
# Taken because the customer rang back to a message (FU5), kept in `withheld` while in hand.
CALLED_BACK = "called_back"
# How many rows one take may find withheld before it gives up for now.
_ROUNDS = 50
_BATCH = 5000


@dataclass(frozen=True)
class Taken:
    """What is in hand: the follow-up, the gate's yes, and why this one."""

    followup: FollowUp
    decision: Allowed
    why: Reason


_FIELDS = FollowUp._meta.concrete_fields
_NAMES = tuple(field.attname for field in _FIELDS)


def _columns() -> str:
    return ", ".join(f'(t.taken)."{field.column}"' for field in _FIELDS)


# One statement and one round trip. The function (migration 0009) finds the row and takes it: the
# person's own due rows first, else the first by rank of the first queue that has one in an open
# lane. The gate's facts come along for the row that was taken.
TAKE = f"""
SELECT {_columns()}, t.front, t.lanes, t.ranks, t.ids, t.facts
FROM genjin_take_followup(%(me)s, %(now)s, %(lease_until)s, %(channels)s, %(front)s, %(queues)s,
  %(lanes)s, %(firsts)s, %(ranks)s, %(ids)s,
  %(point_kind)s, %(contacts_since)s, %(refusals_since)s, %(refusals)s) t
WHERE (t.taken).id IS NOT NULL
"""  # noqa: S608 - put together from names of columns


_TAKE = Prepared(
    "genjin_take",
    TAKE,
    [*map(reader_of, _FIELDS), int, *(read_text,) * 3, read_json],
)


def _claim(
    bound: Sequence[bytes | None], queues: Mapping[int, Queue], known: Fronts
) -> tuple[FollowUp, dict[str, Any]] | None:
    """The claimed row and the facts for the gate."""
    row = _TAKE.first(bound)
    if row is None:
        return None
    *row, count, lane_ids, ranks, ids, data = row
    # What `from_db` does, without its signals and its walk over the fields: nobody listens to
    # those, and they took longer than all the rest that is done here with a row.
    followup = FollowUp.__new__(FollowUp)
    followup.__dict__ = dict(zip(_NAMES, row, strict=True))
    followup._state = state = ModelState()
    state.adding, state.db = False, connection.alias
    if (queue := queues.get(followup.queue_id)) is not None:
        state.fields_cache["queue"] = queue
    if lane_ids is not None:
        known.keep(followup.queue_id, count, lane_ids, ranks, ids)
    return followup, data


def is_called_back(followup: FollowUp) -> bool:
    """Whether it is in hand because the customer rang us, and not the other way round."""
    return followup.state == State.TAKEN and any(
        reason.get("code") == CALLED_BACK for reason in followup.withheld
    )


def why(followup: FollowUp, *, by: User, profile: Profile, now: datetime) -> Reason:
    """Why this follow-up is this person's next one."""
    if is_called_back(followup):
        return Reason.from_json(followup.withheld[0])
    lane = lanes.by_id(followup.lane_id)
    item = Waiting(
        is_own=followup.assigned_to_id == by.pk,
        asked_at=followup.asked_at,
        is_commitment=followup.source_kind == "commitment",
        is_important=lane.is_important and not lane.weekly,
        is_morning=lane.is_important and lanes.is_morning(profile, lane.time_zone, now),
        band=followup.queue.band,
        rank=followup.rank,
        due_at=followup.due_at,
    )
    reason = why_next(item, queue=followup.queue.name, subject=followup.subject)
    if followup.source_kind == "rule" and reason.code == "next_in_queue":
        return Reason("planned_by_rule", {"subject": followup.subject, "due_at": followup.due_at})
    return reason


def take_first(
    by: User, *, queues: Sequence[Queue], channels: Sequence[str], now: datetime, lease: timedelta
) -> Taken | None:
    """Claims the next follow-up that the gate allows; what it withholds goes to its next moment.

    One round trip where the gate agrees, which is nearly always: lanes keep the hours out, and
    held or refused rows are not ready.
    """
    profile = profiles.profile()
    slots = lanes.slots(by, queues, now, profile)
    fronts = Fronts(slots)
    values = {
        "me": by.pk,
        "channels": lanes.literal(tuple(channels)),
        "lease_until": now + lease,
        **fact_parameters(profile, now),
    }
    bound = _TAKE.bind({**values, **fronts.values})
    known = {queue.pk: queue for queue in queues}
    for _ in range(_ROUNDS):
        claimed = _claim(bound, known, fronts)
        if claimed is None:
            if not fronts.walk_from_the_beginning():
                return None
            bound = _TAKE.bind({**values, **fronts.values})
            continue
        followup, data = claimed
        facts = facts_from(
            data,
            purpose=followup.purpose,
            channel=followup.channel,
            queue_weekly=followup.queue.weekly,
            asked_at=followup.asked_at,
            profile=profile,
            now=now,
        )
        answer = decide(facts, now)
        if isinstance(answer, Allowed):
            return Taken(followup, answer, why(followup, by=by, profile=profile, now=now))
        set_aside(followup, answer, now=now)
    return None


def set_aside(followup: FollowUp, answer: Withheld, *, now: datetime) -> None:
    """Moves a claimed row that the gate withholds to its next allowed moment, or ends it.

    A callback whose time has passed goes back to its ordinary hours with it.
    """
    reasons = [reason.to_json() for reason in answer.reasons]
    values: dict[str, Any] = {
        "withheld": reasons,
        "taken_by": None,
        "taken_at": None,
        "lease_until": None,
    }
    if answer.next_allowed_at is None:
        values |= {
            "state": State.CANCELLED,
            "ended_at": now,
            "end_reason": answer.reasons[0].code,
        }
    else:
        values |= {"state": State.PLANNED, "not_before": answer.next_allowed_at}
        lane = lanes.by_id(followup.lane_id)
        if lane.weekly == rules.ASKED and followup.asked_at and followup.asked_at < now:
            weekly = stated_hours(
                followup.customer, channel=followup.channel, person=followup.person_id
            )
            values["lane_id"] = lanes.lane_id(replace(lanes.key_of(lane), weekly=weekly))
    FollowUp.objects.filter(
        pk=followup.pk, state=State.TAKEN, taken_by=followup.taken_by_id
    ).update(**values)


PROMOTE = f"""
UPDATE followups_followup SET state = 'ready'
WHERE state = 'planned' AND id IN (
  SELECT due.id FROM followups_queue q CROSS JOIN LATERAL (
    SELECT f.id FROM followups_followup f
    WHERE f.queue_id = q.id AND f.state = 'planned' AND f.not_before <= %(now)s
    ORDER BY f.not_before LIMIT {_BATCH} FOR UPDATE SKIP LOCKED) due)
"""  # noqa: S608
ESCALATE = f"""
UPDATE followups_followup SET escalated_at = %(now)s
WHERE id IN (
  SELECT f.id FROM followups_followup f
  WHERE f.due_at <= %(now)s AND f.state IN ('planned', 'ready') AND f.escalated_at IS NULL
  ORDER BY f.due_at LIMIT {_BATCH} FOR UPDATE SKIP LOCKED)
"""  # noqa: S608
EXPIRE = f"""
UPDATE followups_followup
SET state = 'expired', ended_at = %(now)s, end_reason = 'expired'
WHERE id IN (
  SELECT f.id FROM followups_followup f
  WHERE f.expires_at <= %(now)s AND f.state IN ('planned', 'ready') AND f.expires_at IS NOT NULL
  ORDER BY f.expires_at LIMIT {_BATCH} FOR UPDATE SKIP LOCKED)
"""  # noqa: S608
RUN_OUT = f"""
SELECT f.id FROM followups_followup f
WHERE f.state = 'taken' AND f.lease_until <= %(now)s
ORDER BY f.lease_until LIMIT {_BATCH} FOR UPDATE SKIP LOCKED
"""  # noqa: S608


def _execute(statement: str, values: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


def _until_done(statement: str, now: datetime) -> int:
    """Runs a batched statement until nothing is left; each batch is a transaction of its own."""
    total = 0
    while (moved := _execute(statement, {"now": now})) > 0:
        total += moved
    return total


def promote(now: datetime) -> int:
    """Planned rows whose time has come become ready."""
    return _until_done(PROMOTE, now)


def escalate(now: datetime) -> int:
    """Waiting rows past their due time go up to the supervisor's list and stay takeable."""
    return _until_done(ESCALATE, now)


def expire(now: datetime) -> int:
    """Rows that lost their sense end."""
    return _until_done(EXPIRE, now)


@transaction.atomic
def return_run_out(now: datetime) -> tuple[int, int]:
    """Rows whose lease ran out: (returned to the queue, kept for a person).

    Where a contact was begun its outcome is unknown: the customer may have been spoken to, so it
    is not done again by itself but goes up to the supervisor.
    """
    with connection.cursor() as cursor:
        cursor.execute(RUN_OUT, {"now": now})
        ids: list[UUID] = [pk for (pk,) in cursor.fetchall()]
        if not ids:
            return 0, 0
        cursor.execute(
            """UPDATE followups_contact SET state = 'unknown'
               WHERE followup_id = ANY(%(ids)s) AND state = 'started' RETURNING followup_id""",
            {"ids": ids},
        )
        unknown = list({pk for (pk,) in cursor.fetchall()})
        cursor.execute(
            """UPDATE followups_followup SET state = 'planned', not_before = %(never)s,
                 escalated_at = COALESCE(escalated_at, %(now)s), withheld = %(reason)s::jsonb,
                 lease_until = NULL
               WHERE id = ANY(%(unknown)s)""",
            {
                "unknown": unknown,
                "never": NEVER_BY_ITSELF,
                "now": now,
                "reason": json.dumps([Reason(OUTCOME_UNKNOWN).to_json()]),
            },
        )
        cursor.execute(
            """UPDATE followups_followup SET state = 'ready', taken_by_id = NULL,
                 taken_at = NULL, lease_until = NULL, withheld =
                   CASE WHEN withheld @> '[{"code": "called_back"}]' THEN '[]'::jsonb
                        ELSE withheld END
               WHERE id = ANY(%(ids)s) AND NOT id = ANY(%(unknown)s)""",
            {"ids": ids, "unknown": unknown},
        )
    return len(ids) - len(unknown), len(unknown)


def give_up_on_contacts(before: datetime) -> int:
    """Contacts begun before this moment that belong to nothing in hand become unknown."""
    return _execute(
        """UPDATE followups_contact k SET state = 'unknown'
           WHERE k.state = 'started' AND k.started_at < %(before)s AND NOT EXISTS (
             SELECT 1 FROM followups_followup f
             WHERE f.id = k.followup_id AND f.state = 'taken')""",
        {"before": before},
    )
