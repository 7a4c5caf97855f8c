"""What merging two cards means for the queue (CU10)."""

from datetime import datetime
from typing import Any

from django.db import transaction

from genjin.customers.models import Customer, Merge
from genjin.followups import lanes
from genjin.followups.gate import WithheldError
from genjin.followups.models import FollowUp
from genjin.followups.operations.planning import plan_followup
from genjin.followups.operations.queues import cancel
from genjin.followups.operations.redeciding import redecide
from genjin.followups.states import WAITING, State
from genjin.foundation.models import User
from genjin.kernel.errors import Conflict

REASON = "cards_merged"


def hold_still(merged: Customer, *others: Customer) -> None:
    """Locks what waits for these cards, so that nobody takes it while they become one.

    Raises Conflict `in_hand` while somebody is speaking with `merged`: their screen shows that
    card, and what they record must land where they began.
    """
    rows = FollowUp.objects.select_for_update(of=("self",)).filter(
        customer__in=[merged, *others], state__in=(*WAITING, State.TAKEN)
    )
    for row in rows.order_by("pk"):
        in_a_hand = row.state == State.TAKEN and row.taken_by_id is not None
        if in_a_hand and row.customer_id == merged.pk:
            raise Conflict("in_hand", name=row.taken_by.name if row.taken_by else "")


def _better(row: FollowUp) -> tuple[Any, ...]:
    """Which of two follow-ups of one kind stays: what was asked for, then whose, then the older."""
    return (row.asked_at is None, row.assigned_to_id is None, row.not_before, row.rank, row.pk)


@transaction.atomic
def settle_queue(merge: Merge, *, by: User, now: datetime) -> list[str]:
    """After a merge: one follow-up of a kind is enough, and the gate is asked about each anew.

    Two that wait in one queue for the same purpose on the same channel would reach one customer
    twice; the other one is cancelled. A callback that was asked for is always kept. Returns the
    ids of the cancelled.
    """
    survivor = merge.survivor
    waiting = FollowUp.objects.filter(customer=survivor, state__in=WAITING)
    kept: dict[tuple[Any, ...], FollowUp] = {}
    ended: list[str] = []
    for row in sorted(waiting, key=_better):
        key = (row.queue_id, row.purpose, row.channel, row.source_kind, row.source_id)
        is_own = row.source_kind == "commitment" or row.asked_at is not None
        if key in kept and not is_own:
            cancel(row, by=by, now=now, reason=REASON)
            ended.append(str(row.pk))
        else:
            kept.setdefault(key, row)
    redecide(survivor, now=now, by=by, with_hours=True)
    merge.moved["cancelled"] = ended
    merge.save(update_fields=["moved"])
    return ended


@transaction.atomic
def restore_queue(merge: Merge, *, by: User, now: datetime) -> int:
    """After a split: what the merge had cancelled is planned again; returns how many.

    The gate decides anew: what may not be contacted any more is left cancelled.
    """
    count = 0
    for row in FollowUp.objects.filter(
        pk__in=merge.moved.get("cancelled", ()), state=State.CANCELLED
    ).select_related("customer", "queue", "person", "assigned_to"):
        try:
            plan_followup(
                row.customer, queue=row.queue, purpose=row.purpose, channel=row.channel,
                cause_key=f"split:{merge.pk}:{row.pk}"[:120], subject=row.subject,
                source=(row.source_kind, row.source_id), rank=row.rank,
                not_before=row.not_before, due_at=row.due_at, expires_at=row.expires_at,
                assigned_to=row.assigned_to, person=row.person,
                skills=lanes.by_id(row.lane_id).skills, by=by, now=now,
            )  # fmt: skip
        except WithheldError:
            continue
        count += 1
    for card in (merge.survivor, merge.merged):
        redecide(card, now=now, by=by, with_hours=True)
    return count
