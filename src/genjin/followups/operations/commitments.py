"""Promises to customers, with an owner and a date, and the follow-up that reminds of them (FU9)."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_noop

from genjin.customers import timeline
from genjin.customers.models import Customer
from genjin.followups.models import Commitment, FollowUp, Interaction
from genjin.followups.operations.planning import plan_followup
from genjin.followups.operations.queues import cancel_waiting, ensure_queue
from genjin.followups.states import COMMITMENT_STATES, CommitmentState
from genjin.foundation.models import User
from genjin.foundation.transitions import transition
from genjin.kernel.errors import BadInput
from genjin.kernel.problems import Reason

QUEUE_NAME = gettext_noop("Promises to customers")


@transaction.atomic
def make_commitment(
    customer: Customer,
    *,
    text: str,
    owner: User,
    due_at: datetime,
    by: User | None,
    now: datetime,
    interaction: Interaction | None = None,
) -> Commitment:
    """Records a promise and plans the follow-up that keeps it, waiting for its owner.

    The follow-up comes when the promise is due, as service: the customer expects it. Past its
    time it goes up to the supervisor. Raises BadInput (empty, in the past), WithheldError when
    the customer may not be contacted at all.
    """
    problems: dict[str | int, list[Reason | str]] = {}
    if not text.strip():
        problems["text"] = ["required"]
    if len(text.strip()) > 300:
        problems["text"] = ["too_long"]
    if due_at <= now:
        problems["due_at"] = ["in_the_past"]
    if problems:
        raise BadInput(problems)
    commitment = Commitment.objects.create(customer=customer, text=text.strip(), owner=owner,
                                           due_at=due_at, interaction=interaction, made_at=now,
                                           made_by=by)  # fmt: skip
    queue = ensure_queue(name=str(QUEUE_NAME), source=("commitment", ""), purpose="service")
    plan_followup(
        customer, queue=queue, purpose="service", cause_key=f"commitment:{commitment.pk}",
        source=("commitment", str(commitment.pk)), subject=commitment.text[:200],
        not_before=due_at, due_at=due_at, assigned_to=owner, by=by, now=now,
    )  # fmt: skip
    _remember(commitment, "commitment_made", by=by, now=now)
    return commitment


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
