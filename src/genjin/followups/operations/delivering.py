"""Writes messages down for a machine to send, stops them, and settles those nobody knows of.

A message stands in the database before it is sent, in the transaction of its cause. How it then
leaves is in `followups/delivery`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from genjin.customers.models import ContactPerson, ContactPoint, Customer
from genjin.customers.states import PointStatus
from genjin.followups.delivery import remembering
from genjin.followups.delivery.content import Content, check
from genjin.followups.gate import POINT_KINDS, WithheldError, facts_for
from genjin.followups.models import FollowUp, OutgoingMessage
from genjin.followups.operations.redeciding import redecide
from genjin.followups.rules import Withheld, decide
from genjin.followups.states import (
    CONTACT_STATES,
    MACHINE_CHANNELS,
    MESSAGE_STATES,
    UNBEGUN,
    ContactState,
    MessageState,
)
from genjin.foundation import audit
from genjin.foundation.models import User
from genjin.foundation.transitions import transition
from genjin.kernel.errors import BadInput, Conflict
from genjin.kernel.problems import Reason


class NoAddress(Conflict):
    """The customer has no address in order on this channel."""

    code = "no_address"


@dataclass(frozen=True)
class Cancelled:
    """How many messages were stopped, and how many could not be any more: they are with the
    server or nobody knows."""

    stopped: int
    too_late: int


def address_of(
    customer: Customer, *, channel: str = "email", person: ContactPerson | None = None
) -> ContactPoint | None:
    """Where a message to this customer goes: the person's own address, else the card's first."""
    points = ContactPoint.objects.filter(
        customer=customer, kind=POINT_KINDS[channel], is_active=True, status=PointStatus.OK
    ).order_by("position", "pk")
    own = points.filter(person=person).first() if person is not None else None
    return own or points.first()


@transaction.atomic
def deliver(
    customer: Customer,
    *,
    purpose: str,
    content: Content,
    cause_key: str,
    by: User | None,
    now: datetime,
    channel: str = "email",
    source: tuple[str, str] = ("", ""),
    person: ContactPerson | None = None,
    point: ContactPoint | None = None,
    followup: FollowUp | None = None,
    not_before: datetime | None = None,
    expires_at: datetime | None = None,
) -> OutgoingMessage:
    """Writes down a message that a machine sends, once for each `cause_key`.

    The gate is asked for the earliest moment; what a hold or a cap stops waits until it passes,
    and the gate is asked again right before it goes. `source` names the thing it is about: its
    guard is asked, and `cancel_messages` finds it. Raises BadInput (empty, too long), NoAddress,
    WithheldError when the gate would never say yes.
    """
    if channel not in MACHINE_CHANNELS:
        raise BadInput({"channel": [Reason("not_a_choice", {"value": channel})]})
    if existing := OutgoingMessage.objects.filter(cause_key=cause_key).first():
        return existing
    check(content)
    point = point or address_of(customer, channel=channel, person=person)
    if point is None or point.customer_id != customer.pk:
        raise NoAddress(customer=str(customer.pk), channel=channel)
    wanted = max(now, not_before or now)
    facts = facts_for(customer, purpose=purpose, channel=channel, now=now, point=point,
                      person=person)  # fmt: skip
    answer = decide(facts, wanted)
    waits: dict[str, Any] = {"not_before": wanted, "reasons": []}
    if isinstance(answer, Withheld):
        if answer.next_allowed_at is None:
            raise WithheldError(answer)
        waits = {"not_before": answer.next_allowed_at,
                 "reasons": [reason.to_json() for reason in answer.reasons]}  # fmt: skip
    message, _is_new = OutgoingMessage.objects.get_or_create(
        cause_key=cause_key,
        defaults={
            "customer": customer, "person": person, "point": point, "followup": followup,
            "channel": channel, "purpose": purpose, "address": point.value,
            "source_kind": source[0], "source_id": source[1],
            "subject": content.subject.strip(), "text": content.text, "html": content.html,
            "headers": dict(content.headers),
            "attachments": [one.to_json() for one in content.attachments],
            "wanted_at": wanted, "expires_at": expires_at, "created_at": now, "created_by": by,
            **waits,
        },
    )  # fmt: skip
    return message


@transaction.atomic
def cancel_messages(
    source_kind: str,
    source_ids: Iterable[str],
    *,
    reason: str,
    now: datetime,
    by: User | None = None,
) -> Cancelled:
    """Stops every message about these things that was not begun, in the caller's transaction.

    What a worker has claimed is stopped as well: it begins a message by a conditional statement.
    What is with the server already, or may be, is counted and left.
    """
    about = OutgoingMessage.objects.filter(
        source_kind=source_kind, source_id__in=[str(one) for one in source_ids]
    )
    return _stop(about, reason=reason, by=by, now=now)


def _stop(messages: Any, *, reason: str, by: User | None, now: datetime) -> Cancelled:
    if not reason.strip():
        raise BadInput({"reason": ["required"]})
    for old in UNBEGUN:
        MESSAGE_STATES.check(old, MessageState.CANCELLED)
    code = [Reason("cancelled_because", {"reason": reason.strip()[:200]}).to_json()]
    rows = messages.filter(state__in=UNBEGUN).select_for_update(of=("self",)).order_by("pk")
    ids = list(rows.values_list("pk", flat=True))
    OutgoingMessage.objects.filter(pk__in=ids).update(
        state=MessageState.CANCELLED, ended_at=now, reasons=code, claim=None, lease_until=None
    )
    if ids:
        remembering.tell_unsent(ids, now=now)
        audit.record("cancel", ("outgoingmessage", "*"), by=by, now=now, reason=reason,
                     changes={"count": [None, len(ids)]})  # fmt: skip
    late = messages.filter(state__in=(MessageState.SENDING, MessageState.UNKNOWN)).count()
    return Cancelled(len(ids), late)


def _locked(message: OutgoingMessage) -> OutgoingMessage:
    return OutgoingMessage.objects.select_for_update(of=("self",)).get(pk=message.pk)


def _need(reason: str) -> str:
    if not reason.strip():
        raise BadInput({"reason": ["required"]})
    if len(reason.strip()) > 300:
        raise BadInput({"reason": [Reason("too_long", {"limit": 300})]})
    return reason.strip()


def _require(message: OutgoingMessage, *states: str) -> None:
    if message.state not in states:
        raise Conflict("message_moved_on", state=message.state)


def _close_contact(row: OutgoingMessage, *, by: User, now: datetime) -> None:
    contact = row.contact
    if contact is not None and contact.state == ContactState.UNKNOWN:
        transition(contact, field="state", table=CONTACT_STATES, to=ContactState.CLOSED, by=by,
                   now=now, is_audited=False, closed_at=now)  # fmt: skip


@transaction.atomic
def confirm_sent(message: OutgoingMessage, *, by: User, now: datetime, reason: str) -> None:
    """A person found in the server's log that it was sent: it becomes an interaction.

    Raises BadInput without a reason, Conflict `message_moved_on` when it is not unknown.
    """
    why, row = _need(reason), _locked(message)
    _require(row, MessageState.UNKNOWN)
    transition(row, field="state", table=MESSAGE_STATES, to=MessageState.SENT, by=by, now=now,
               reason=why, ended_at=row.begun_at, claim=None, lease_until=None)  # fmt: skip
    for customer in remembering.remember_sent(now):
        redecide(customer, now=now, by=by)


@transaction.atomic
def send_again(message: OutgoingMessage, *, by: User, now: datetime, reason: str) -> None:
    """A person decides that it goes again: it was not sent, or could not be. Raises as above."""
    why, row = _need(reason), _locked(message)
    _require(row, MessageState.UNKNOWN, MessageState.FAILED)
    _close_contact(row, by=by, now=now)
    transition(row, field="state", table=MESSAGE_STATES, to=MessageState.WAITING, by=by, now=now,
               reason=why, claim=None, lease_until=None, contact=None, not_before=now,
               wanted_at=now, ended_at=None, reasons=[])  # fmt: skip


@transaction.atomic
def drop_message(message: OutgoingMessage, *, by: User, now: datetime, reason: str) -> None:
    """A person decides that it is not sent, or not again. Raises as above."""
    why, row = _need(reason), _locked(message)
    _require(row, MessageState.UNKNOWN, MessageState.FAILED, *UNBEGUN)
    _close_contact(row, by=by, now=now)
    told = [Reason("cancelled_because", {"reason": why}).to_json()]
    transition(row, field="state", table=MESSAGE_STATES, to=MessageState.CANCELLED, by=by, now=now,
               reason=why, claim=None, lease_until=None, ended_at=now, reasons=told)  # fmt: skip
    remembering.tell_unsent([row.pk], now=now)
