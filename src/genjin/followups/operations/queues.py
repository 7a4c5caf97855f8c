"""Opens and closes queues, moves follow-ups between people, ends those without sense."""

from collections.abc import Iterable
from datetime import datetime

from django.db import models, transaction

from genjin.followups import profiles
from genjin.followups.models import FollowUp, Queue
from genjin.followups.states import FOLLOWUP_STATES, WAITING, State
from genjin.foundation import audit
from genjin.foundation.models import Team, User
from genjin.foundation.transitions import transition
from genjin.kernel.errors import BadInput, Conflict


def ensure_queue(
    *, name: str, source: tuple[str, str], purpose: str, channel: str = "call",
    team: Team | None = None, weekly: str = "", is_open: bool = True, band: int | None = None,
) -> Queue:  # fmt: skip
    """The queue of a source, made when it is not there yet; its band is that of the purpose."""
    queue, _ = Queue.objects.get_or_create(
        source_kind=source[0],
        source_id=source[1],
        defaults={
            "name": name, "purpose": purpose, "channel": channel, "team": team,
            "weekly": weekly, "is_open": is_open,
            "band": profiles.band_of(purpose) if band is None else band,
        },
    )  # fmt: skip
    return queue


@transaction.atomic
def open_queue(queue: Queue, *, by: User | None, now: datetime) -> None:
    """Lets follow-ups of this queue be taken."""
    audit.change(queue, {"is_open": True}, by=by, now=now, action="open")


@transaction.atomic
def close_queue(queue: Queue, *, by: User | None, now: datetime) -> None:
    """Stops taking at once. What is in hand may be finished; nothing new is handed out."""
    audit.change(queue, {"is_open": False}, by=by, now=now, action="close")


@transaction.atomic
def cancel(followup: FollowUp, *, by: User | None, now: datetime, reason: str) -> None:
    """Ends a waiting follow-up without a contact, with a reason.

    Raises BadInput without a reason, LostRace when it is not waiting any more.
    """
    if not reason.strip():
        raise BadInput({"reason": ["required"]})
    transition(followup, field="state", table=FOLLOWUP_STATES, to=State.CANCELLED, by=by,
               now=now, reason=reason, ended_at=now, end_reason=reason.strip()[:300],
               lease_until=None)  # fmt: skip


@transaction.atomic
def cancel_waiting(
    followups: models.QuerySet[FollowUp], *, by: User | None, now: datetime, reason: str
) -> int:
    """Ends every waiting follow-up of a selection in one statement; rows in hand are left alone.

    One audit entry says how many.
    """
    if not reason.strip():
        raise BadInput({"reason": ["required"]})
    for old in WAITING:
        FOLLOWUP_STATES.check(old, State.CANCELLED)
    count = followups.filter(state__in=WAITING).update(
        state=State.CANCELLED, ended_at=now, end_reason=reason.strip()[:300]
    )
    if count:
        audit.record("cancel", ("followup", "*"), by=by, now=now, reason=reason,
                     changes={"count": [None, count]})  # fmt: skip
    return count


@transaction.atomic
def reassign(
    followups: Iterable[FollowUp] | models.QuerySet[FollowUp],
    *,
    to: User | None,
    by: User,
    now: datetime,
    reason: str,
) -> int:
    """Gives waiting follow-ups to another person, or back to the queue (`to` None).

    Rows that are in hand or ended meanwhile stay as they are; returns how many moved, each with
    its audit entry. Raises BadInput without a reason, Conflict for a person who left.
    """
    if not reason.strip():
        raise BadInput({"reason": ["required"]})
    if to is not None and not to.is_active:
        raise Conflict("person_not_active", name=to.name)
    wanted = [followup.pk for followup in followups]
    rows = (
        FollowUp.objects.select_for_update(of=("self",))
        .filter(pk__in=wanted, state__in=WAITING)
        .order_by("pk")
    )
    moved = 0
    for row in rows:
        changes = audit.change(row, {"assigned_to": to}, by=by, now=now, action="reassign",
                               reason=reason)  # fmt: skip
        moved += bool(changes)
    return moved
