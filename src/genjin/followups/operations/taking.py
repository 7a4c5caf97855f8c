"""Takes follow-ups into a person's hands and lets go of them again (FU1, FU6)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import models, transaction

from genjin.followups import claims, lanes, profiles
from genjin.followups.claims import CALLED_BACK, OUTCOME_UNKNOWN, Taken, is_called_back
from genjin.followups.gate import WithheldError, ask
from genjin.followups.models import Contact, FollowUp, Queue
from genjin.followups.operations.planning import lane_for
from genjin.followups.operations.redeciding import redecide
from genjin.followups.rules import Allowed, Withheld
from genjin.followups.states import FOLLOWUP_STATES, ContactState, State
from genjin.foundation import policy
from genjin.foundation.compiled import Compiled
from genjin.foundation.models import User
from genjin.foundation.transitions import transition
from genjin.kernel.errors import Conflict, NotAllowed
from genjin.kernel.problems import Reason

_LET_GO: dict[str, Any] = {"taken_by": None, "taken_at": None, "lease_until": None}


def _move(followup: FollowUp, to: str, *, by: User | None, now: datetime, **values: Any) -> None:
    transition(followup, field="state", table=FOLLOWUP_STATES, to=to, by=by, now=now, **values)


def _lease(seconds: int | None) -> timedelta:
    """How long a follow-up stays in hand without a sign of life: as asked, else as set."""
    return timedelta(seconds=seconds or int(policy.value("contact.lease.seconds")))


def take_next(
    by: User,
    *,
    queues: Sequence[Queue],
    now: datetime,
    lease_seconds: int | None = None,
    channels: Sequence[str] = ("call",),
) -> Taken | None:
    """Hands `by` the next follow-up: own callbacks and commitments first, then the queues by band.

    One conditional statement, one round trip; two people never get the same row. What the gate
    withholds at this moment goes to its next allowed moment and the next one is taken. None when
    there is nothing for this person now.
    """
    return claims.take_first(
        by, queues=queues, channels=channels, now=now, lease=_lease(lease_seconds)
    )


def _is_unknown(followup: FollowUp) -> bool:
    return any(reason.get("code") == OUTCOME_UNKNOWN for reason in followup.withheld)


@transaction.atomic
def take(followup: FollowUp, *, by: User, now: datetime, lease_seconds: int | None = None) -> Taken:
    """Takes one chosen follow-up, if the gate allows it now.

    A row whose contact has an unknown outcome is taken to record that outcome: no gate is asked,
    the contact lies behind us. Raises WithheldError; NotAllowed when it waits for someone else;
    Conflict when its queue is closed; LostRace when it is not waiting any more.
    """
    if followup.assigned_to_id not in (None, by.pk):
        raise NotAllowed("assigned_to_someone_else", id=str(followup.pk))
    if not followup.queue.is_open:
        raise Conflict("queue_closed", queue=followup.queue.name)
    answer: Allowed | Withheld = Allowed(profiles.current_code(), now)
    if not _is_unknown(followup):
        answer = ask(followup.customer, purpose=followup.purpose, channel=followup.channel,
                     now=now, followup=followup)  # fmt: skip
    if isinstance(answer, Withheld):
        raise WithheldError(answer)
    _move(followup, State.TAKEN, by=by, now=now, taken_by=by, taken_at=now,
          lease_until=now + _lease(lease_seconds))  # fmt: skip
    reason = claims.why(followup, by=by, profile=profiles.profile(), now=now)
    return Taken(followup, answer, reason)


@transaction.atomic
def open_called_back(
    followup: FollowUp, *, by: User, now: datetime, lease_seconds: int | None = None
) -> None:
    """Opens the follow-up of a message that the customer answers by ringing us (FU5).

    No gate is asked: they called. It comes into hand although it was done, or waits for somebody
    else. Raises Conflict `in_other_hands`, LostRace when somebody else opened it first.
    """
    if followup.state == State.TAKEN:
        if followup.taken_by_id == by.pk:
            return
        raise Conflict("in_other_hands", id=str(followup.pk))
    reason = Reason(CALLED_BACK, {"at": now, "was": followup.state}).to_json()
    _move(followup, State.TAKEN, by=by, now=now, reason=CALLED_BACK, taken_by=by, taken_at=now,
          lease_until=now + _lease(lease_seconds), ended_at=None, end_reason="",
          withheld=[reason])  # fmt: skip


def renew_lease(
    followup: FollowUp, *, by: User, now: datetime, lease_seconds: int | None = None
) -> datetime:
    """Keeps a follow-up in hand for another while; returns until when.

    Raises Conflict `not_in_hand` when it is no longer in this person's hands.
    """
    until = now + _lease(lease_seconds)
    mine = FollowUp.objects.filter(pk=followup.pk, state=State.TAKEN, taken_by=by)
    if not mine.update(lease_until=until):
        raise Conflict("not_in_hand", id=str(followup.pk))
    followup.lease_until = until
    return until


def _require_in_hand(followup: FollowUp, by: User) -> None:
    if followup.state != State.TAKEN or followup.taken_by_id != by.pk:
        raise Conflict("not_in_hand", id=str(followup.pk))


_UNDER_WAY = Compiled(
    lambda followup: Contact.objects.filter(
        followup=followup, state=ContactState.STARTED
    ).values_list("pk")[:1],
    followup=UUID,
)


def _require_no_open_contact(followup: FollowUp) -> None:
    if _UNDER_WAY.first(followup=followup.pk):
        raise Conflict("contact_not_closed", id=str(followup.pk))


def _mine(by: User) -> models.Q:
    return models.Q(taken_by=by)


@transaction.atomic
def release(followup: FollowUp, *, by: User, now: datetime, reason: str = "") -> None:
    """Gives a follow-up back untouched. Raises Conflict when a contact was begun on it.

    One that a call back had opened is done again.
    """
    _require_in_hand(followup, by)
    _require_no_open_contact(followup)
    if is_called_back(followup) and followup.withheld[0]["data"]["was"] == State.DONE:
        _move(followup, State.DONE, by=by, now=now, reason=reason, where=_mine(by), withheld=[],
              ended_at=now, end_reason=reason[:300], lease_until=None)  # fmt: skip
        return
    withheld = [] if is_called_back(followup) else followup.withheld
    _move(followup, State.READY, by=by, now=now, reason=reason, where=_mine(by),
          **_LET_GO, withheld=withheld)  # fmt: skip


@transaction.atomic
def finish(followup: FollowUp, *, outcome: str, by: User, now: datetime, reason: str = "") -> None:
    """Ends a follow-up that is in hand as done, with its outcome.

    Raises Conflict when it is not in this person's hands or a contact is not closed, LostRace
    when someone was faster.
    """
    _require_in_hand(followup, by)
    _require_no_open_contact(followup)
    _move(followup, State.DONE, by=by, now=now, reason=reason, where=_mine(by),
          last_outcome=outcome, ended_at=now, end_reason=reason[:300], lease_until=None,
          withheld=[])  # fmt: skip


@transaction.atomic
def put_back(
    followup: FollowUp,
    *,
    not_before: datetime,
    outcome: str,
    by: User,
    now: datetime,
    assigned_to: User | None = None,
    asked_at: datetime | None = None,
    due_at: datetime | None = None,
    reason: str = "",
) -> None:
    """Plans the next try or the callback that the customer asked for (`asked_at`).

    A callback escalates when it was not made by the end of its grace. The gate is asked for that
    time: a hold or cap moves the row on. Raises as `finish`.
    """
    _require_in_hand(followup, by)
    _require_no_open_contact(followup)
    earliest = max(now, asked_at or not_before)
    if asked_at is not None:
        due_at = due_at or asked_at + profiles.profile().callback_grace
    lane = lane_for(followup.customer, purpose=followup.purpose, channel=followup.channel,
                    person=followup.person, is_asked=asked_at is not None,
                    skills=lanes.by_id(followup.lane_id).skills)  # fmt: skip
    values: dict[str, Any] = {
        **_LET_GO, "lane_id": lane, "not_before": earliest, "asked_at": asked_at,
        "assigned_to": assigned_to, "last_outcome": outcome, "withheld": [],
        "due_at": due_at or followup.due_at, "escalated_at": None,
    }  # fmt: skip
    to = State.PLANNED if earliest > now else State.READY
    _move(followup, to, by=by, now=now, reason=reason, where=_mine(by), **values)
    if redecide(followup.customer, now=now):
        followup.refresh_from_db(fields=["state", "not_before", "withheld"])
