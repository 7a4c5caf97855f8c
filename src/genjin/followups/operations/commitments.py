"""Promises to customers, with an owner and a date: made, reminded of, kept or broken (FU9)."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from genjin.customers import events, timeline
from genjin.customers.models import Customer
from genjin.followups.models import Commitment, FollowUp, Interaction
from genjin.followups.operations.planning import plan_followup
from genjin.followups.operations.queues import cancel_waiting, ensure_queue, reassign
from genjin.followups.states import (
    COMMITMENT_STATES,
    WAITING,
    CommitmentKind,
    CommitmentState,
)
from genjin.foundation import audit, policy
from genjin.foundation.models import User
from genjin.foundation.transitions import transition
from genjin.kernel.errors import BadInput, LostRace
from genjin.kernel.problems import Reason

QUEUE_NAME = gettext_noop("Promises to customers")


def terms(kind: str) -> dict[str, Any]:
    """What policy/commitments.toml says of a kind: remind_hours, is_contact."""
    return dict(policy.value(f"commitments.kinds.{kind}"))


def default_reminder(kind: str, *, due_at: datetime, now: datetime) -> datetime:
    """When the owner is reminded unless they say otherwise; at once when that has passed."""
    return max(now, due_at - timedelta(hours=float(terms(kind)["remind_hours"])))


def _problems(
    text: str, kind: str, due_at: datetime, remind_at: datetime | None, now: datetime
) -> dict[str | int, list[Reason | str]]:
    problems: dict[str | int, list[Reason | str]] = {}
    if not text.strip():
        problems["text"] = ["required"]
    if len(text.strip()) > 300:
        problems["text"] = [Reason("too_long", {"limit": 300})]
    if kind not in CommitmentKind.values:
        problems["kind"] = ["not_a_choice"]
    if due_at <= now:
        problems["due_at"] = ["in_the_past"]
    elif remind_at is not None and remind_at > due_at:
        problems["remind_at"] = ["after_the_date"]
    return problems


@transaction.atomic
def make_commitment(
    customer: Customer,
    *,
    text: str,
    owner: User,
    due_at: datetime,
    by: User | None,
    now: datetime,
    kind: str = CommitmentKind.OTHER,
    remind_at: datetime | None = None,
    source: tuple[str, str] = ("", ""),
    interaction: Interaction | None = None,
) -> Commitment:
    """Records a promise. The owner is reminded before; past its date the supervisor is told.

    A kind that is kept by a contact (policy/commitments.toml) plans the follow-up that keeps it,
    waiting for its owner, when the promise is due: as service, the customer expects it. `source`
    names where it was made. Raises BadInput (empty, in the past, reminder after the date),
    WithheldError when a contact is needed and the customer may not be contacted at all.
    """
    if problems := _problems(text, kind, due_at, remind_at, now):
        raise BadInput(problems)
    remind_at = remind_at or default_reminder(kind, due_at=due_at, now=now)
    commitment = Commitment.objects.create(
        customer=customer, text=text.strip(), owner=owner, due_at=due_at, kind=kind,
        remind_at=remind_at, source_kind=source[0], source_id=source[1], interaction=interaction,
        made_at=now, made_by=by,
    )  # fmt: skip
    if terms(kind)["is_contact"]:
        _plan(commitment, customer, owner, by=by, now=now)
    _remember(commitment, "commitment_made", by=by, now=now)
    events.emit(
        "commitment_due", customer.pk, key=f"commitment_due:{commitment.pk}",
        on=timezone.localtime(due_at, timezone.get_default_timezone()).date(),
        data={"text": commitment.text, "kind": str(kind)}, now=now,
        source=("commitment", str(commitment.pk)),
    )  # fmt: skip
    return commitment


def _plan(
    commitment: Commitment, customer: Customer, owner: User, *, by: User | None, now: datetime
) -> None:
    queue = ensure_queue(name=str(QUEUE_NAME), source=("commitment", ""), purpose="service")
    plan_followup(
        customer, queue=queue, purpose="service", cause_key=f"commitment:{commitment.pk}",
        source=("commitment", str(commitment.pk)), subject=commitment.text[:200],
        not_before=commitment.due_at, due_at=commitment.due_at, assigned_to=owner, by=by, now=now,
    )  # fmt: skip


def _remember(
    commitment: Commitment, code: str, *, by: User | None, now: datetime, reason: str = ""
) -> None:
    timeline.append(
        commitment.customer_id, kind="commitment", code=code, by=by, at=now,
        data={"text": commitment.text, "owner": str(commitment.owner),
              "due_at": commitment.due_at.isoformat(), "reason": reason},
        source=("commitment", str(commitment.pk)),
    )  # fmt: skip


def _end(commitment: Commitment, to: str, *, by: User | None, now: datetime, reason: str) -> None:
    transition(commitment, field="state", table=COMMITMENT_STATES, to=to, by=by, now=now,
               reason=reason, ended_at=now)  # fmt: skip
    waiting = FollowUp.objects.filter(cause_key=f"commitment:{commitment.pk}")
    cancel_waiting(waiting, by=by, now=now, reason=f"commitment_{to}")
    _remember(commitment, f"commitment_{to}", by=by, now=now, reason=reason)


@transaction.atomic
def keep_commitment(commitment: Commitment, *, by: User, now: datetime, reason: str = "") -> None:
    """The promise was kept; its reminder ends. Raises LostRace when it ended before."""
    _end(commitment, CommitmentState.KEPT, by=by, now=now, reason=reason)


@transaction.atomic
def break_commitment(
    commitment: Commitment, *, by: User | None, now: datetime, reason: str
) -> None:
    """The promise was not kept: it counts against keeping the customer. Needs a reason."""
    if not reason.strip():
        raise BadInput({"reason": ["required"]})
    _end(commitment, CommitmentState.BROKEN, by=by, now=now, reason=reason)


@transaction.atomic
def withdraw_commitment(commitment: Commitment, *, by: User, now: datetime, reason: str) -> None:
    """The customer no longer wants what was promised. Needs a reason."""
    if not reason.strip():
        raise BadInput({"reason": ["required"]})
    _end(commitment, CommitmentState.WITHDRAWN, by=by, now=now, reason=reason)


@transaction.atomic
def move_commitment(
    commitment: Commitment, *, owner: User, by: User, now: datetime, reason: str = ""
) -> None:
    """Gives an open promise to somebody else, with its follow-up and its reminder.

    Raises BadInput (the owner left), LostRace when it ended before.
    """
    if not owner.is_active:
        raise BadInput({"owner": ["not_active"]})
    row = Commitment.objects.select_for_update().get(pk=commitment.pk)
    if row.state != CommitmentState.OPEN:
        raise LostRace("state_changed", kind="commitment", id=str(row.pk), state=row.state)
    if row.owner_id == owner.pk:
        return
    audit.change(row, {"owner": owner, "reminded_at": None}, by=by, now=now, reason=reason)
    waiting = FollowUp.objects.filter(cause_key=f"commitment:{row.pk}", state__in=WAITING)
    if rows := list(waiting):
        reassign(rows, to=owner, by=by, now=now, reason=reason or "commitment_moved")


def remind(now: datetime) -> int:
    """Reminds owners of what is due soon; each promise once. Returns how many; run by the clock."""
    soon = Commitment.objects.filter(
        state=CommitmentState.OPEN, reminded_at=None, remind_at__lte=now
    )
    return soon.update(reminded_at=now)


def escalate_late(now: datetime) -> int:
    """Tells supervisors of promises past their date; each once. Returns how many."""
    grace = timedelta(hours=float(policy.value("commitments.escalate_after_hours")))
    late = Commitment.objects.filter(
        state=CommitmentState.OPEN, escalated_at=None, due_at__lte=now - grace
    )
    return late.update(escalated_at=now)
