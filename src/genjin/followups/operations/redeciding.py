"""Decides a customer's waiting follow-ups anew when what the customer allows has changed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from genjin.customers.models import Customer
from genjin.followups import lanes
from genjin.followups.claims import NEVER_BY_ITSELF
from genjin.followups.delivery.redeciding import redecide_messages
from genjin.followups.gate import WithheldError, facts_for
from genjin.followups.models import FollowUp
from genjin.followups.operations.planning import lane_for, standing_of
from genjin.followups.rules import decide
from genjin.followups.states import FOLLOWUP_STATES, WAITING, State
from genjin.foundation.compiled import Compiled
from genjin.foundation.models import User
from genjin.foundation.transitions import transition

_WAITING = Compiled(
    lambda customer: (
        FollowUp.objects.select_for_update(of=("self",))
        .select_related("queue", "person")
        .filter(customer=customer, state__in=WAITING, not_before__lt=NEVER_BY_ITSELF)
        .order_by("pk")
    ),
    customer=UUID,
)


@transaction.atomic
def redecide(
    customer: Customer, *, now: datetime, by: User | None = None, with_hours: bool = False
) -> int:
    """Asks the gate again for all that waits for a customer; returns how many rows changed.

    Follow-ups, and messages that no worker has begun: these a refusal ends, a hold keeps.

    Held rows leave the ready ones, so that they cost the takers nothing; rows that were held come
    back; what the customer refused is cancelled. `with_hours` finds their lanes anew too, after
    the hours the customer states have changed. Rows in hand are left alone: they are asked again
    when the contact begins.
    """
    rows = _WAITING.all(customer=customer.pk)
    messages = redecide_messages(customer, now=now)
    return messages + sum(
        redecide_row(row, customer, now=now, by=by, with_hours=with_hours) for row in rows
    )


def _wanted_at(row: FollowUp, now: datetime) -> datetime:
    """The moment the row was planned for, as far as the gate did not move it."""
    if row.asked_at is not None:
        return max(now, row.asked_at)
    return now if row.withheld else max(now, row.not_before)


def redecide_row(
    row: FollowUp, customer: Customer, *, now: datetime, by: User | None, with_hours: bool
) -> bool:
    facts = facts_for(customer, purpose=row.purpose, channel=row.channel, now=now,
                      person=row.person_id, queue=row.queue, asked_at=row.asked_at)  # fmt: skip
    wanted = _wanted_at(row, now)
    try:
        values = standing_of(decide(facts, wanted), wanted, now)
    except WithheldError as error:
        code = error.reasons[0].code
        reasons = [reason.to_json() for reason in error.reasons]
        _move(row, State.CANCELLED, by=by, now=now, reason=code, ended_at=now, end_reason=code,
              withheld=reasons)  # fmt: skip
        return True
    if with_hours:
        old = lanes.key_of(lanes.by_id(row.lane_id))
        fresh = lane_for(customer, purpose=row.purpose, channel=row.channel, person=row.person,
                         is_asked=row.asked_at is not None, skills=old.skills)  # fmt: skip
        values["lane_id"] = fresh
    return _write(row, values, by=by, now=now)


def _write(row: FollowUp, values: dict[str, Any], *, by: User | None, now: datetime) -> bool:
    if values["state"] == State.READY:
        values["not_before"] = row.not_before if row.not_before <= now else now
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    if not changed:
        return False
    if to := changed.pop("state", None):
        _move(row, to, by=by, now=now, **changed)
    else:
        FollowUp.objects.filter(pk=row.pk, state=row.state).update(**changed)
    return True


def _move(
    row: FollowUp, to: str, *, by: User | None, now: datetime, reason: str = "", **values: Any
) -> None:
    transition(row, field="state", table=FOLLOWUP_STATES, to=to, by=by, now=now, reason=reason,
               is_audited=to == State.CANCELLED, **values)  # fmt: skip
