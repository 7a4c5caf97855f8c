"""Begins contacts through the gate and remembers what came of them (FU3, FU5, FU7)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from genjin.customers import timeline
from genjin.customers.models import ContactPerson, ContactPoint, Customer
from genjin.followups.gate import WithheldError, ask
from genjin.followups.models import Contact, FollowUp, Interaction
from genjin.followups.operations.redeciding import redecide
from genjin.followups.rules import Withheld
from genjin.followups.states import CONTACT_STATES, ContactState, State
from genjin.foundation import audit
from genjin.foundation.models import User
from genjin.foundation.transitions import transition
from genjin.kernel.errors import BadInput, Conflict


@transaction.atomic
def begin_contact(followup: FollowUp, *, point: ContactPoint, by: User, now: datetime) -> Contact:
    """Begins a contact to one number: the row is written before the number is used.

    The gate is asked again, for this number. Raises WithheldError (with `number_not_in_order`
    for a number that nobody may dial), Conflict `not_in_hand` when the lease was lost,
    `contact_not_closed` when one is under way, `not_their_number` for somebody else's.
    """
    row = (
        FollowUp.objects.select_for_update(of=("self",))
        .select_related("queue", "customer")
        .get(pk=followup.pk)
    )
    if row.state != State.TAKEN or row.taken_by_id != by.pk:
        raise Conflict("not_in_hand", id=str(row.pk))
    if point.customer_id != row.customer_id or not point.is_active:
        raise Conflict("not_their_number", point=str(point.pk))
    if Contact.objects.filter(followup=row, state=ContactState.STARTED).exists():
        raise Conflict("contact_not_closed", id=str(row.pk))
    _lock_for_caps(row, point)
    answer = ask(row.customer, purpose=row.purpose, channel=row.channel, now=now, point=point,
                 followup=row)  # fmt: skip
    if isinstance(answer, Withheld):
        raise WithheldError(answer)
    contact = Contact.objects.create(
        followup=row, customer=row.customer, point=point, channel=row.channel,
        purpose=row.purpose, address=point.value, decision=answer.to_json(), by=by,
        started_at=now,
    )  # fmt: skip
    FollowUp.objects.filter(pk=row.pk).update(tries=row.tries + 1)
    followup.tries = row.tries + 1
    return contact


def _lock_for_caps(followup: FollowUp, point: ContactPoint) -> None:
    """One contact begins at a time for a customer and for a number, so that each counts.

    Without it two people could both find room for the last call that a cap allows. Holds and
    refusals lock the customer as well, so one of them is either seen here or comes afterwards.
    """
    cards = Customer.objects.select_for_update(of=("self",), no_key=True)
    list(cards.filter(pk=followup.customer_id).values_list("pk"))
    points = ContactPoint.objects.select_for_update(of=("self",), no_key=True)
    list(points.filter(value=point.value).order_by("pk").values_list("pk"))


def _close(contact: Contact, *, is_conversation: bool, by: User | None, now: datetime) -> None:
    transition(contact, field="state", table=CONTACT_STATES, to=ContactState.CLOSED, by=by,
               now=now, is_audited=False, is_conversation=is_conversation,
               closed_at=now)  # fmt: skip


def _contact_without_dialling(
    customer: Customer, followup: FollowUp | None, values: Mapping[str, Any], *,
    by: User | None, now: datetime,
) -> Contact:  # fmt: skip
    """The row that the caps count, for a contact that was made outside the system's own dialling.

    Its number is not known, so it counts for the customer alone.
    """
    return Contact.objects.create(
        followup=followup, customer=customer, point=None, address="", by=by, started_at=now,
        closed_at=now, state=ContactState.CLOSED, **values,
    )  # fmt: skip


@transaction.atomic
def record_interaction(
    *,
    customer: Customer,
    by: User | None,
    now: datetime,
    outcome: str,
    is_connected: bool,
    is_reached: bool,
    is_success: bool,
    talk_seconds: int,
    purpose: str,
    followup: FollowUp | None = None,
    contact: Contact | None = None,
    wrap_seconds: int = 0,
    note: str = "",
    next_step: str = "",
    detail: Mapping[str, Any] | None = None,
    script_version: int | None = None,
    channel: str = "call",
    person: ContactPerson | None = None,
    is_inbound: bool = False,
    corrects: Interaction | None = None,
) -> Interaction:
    """Appends what took place to the customer's memory and closes its contact.

    Without a `contact` an outbound one made elsewhere counts for the caps of the customer all the
    same. The message left and the number given (FU5) are kept in `detail["message"]`
    {"text", "number"}. `corrects` names the row this one puts right; then `detail["reason"]` says
    why (FU7). Raises BadInput, LostRace when the contact was closed before, Conflict
    `already_corrected`.
    """
    _check(talk_seconds, wrap_seconds, corrects, detail)
    if contact is not None and contact.state != ContactState.CLOSED:
        _close(contact, is_conversation=is_reached, by=by, now=now)
    elif contact is None and not is_inbound and corrects is None:
        contact = _contact_without_dialling(
            customer, followup,
            {"channel": channel, "purpose": purpose, "is_conversation": is_reached},
            by=by, now=now,
        )  # fmt: skip
    local = now.astimezone(ZoneInfo(settings.TIME_ZONE))
    interaction = Interaction.objects.create(
        customer=customer, person=person, followup=followup, contact=contact,
        queue_id=followup.queue_id if followup else None, channel=channel,
        is_inbound=is_inbound, purpose=purpose, address=contact.address if contact else "",
        outcome=outcome, is_connected=is_connected, is_reached=is_reached,
        is_success=is_success, at=now, local_day=local.date(), local_hour=local.hour,
        talk_seconds=talk_seconds, wrap_seconds=wrap_seconds, note=note.strip(),
        next_step=next_step.strip(), detail=audit.plain(detail or {}),
        decision=contact.decision if contact else {}, script_version=script_version, by=by,
        staff_number=by.staff_number if by else "", corrects=corrects,
    )  # fmt: skip
    _remember(interaction, by=by, now=now)
    redecide(customer, now=now, by=by)
    return interaction


def _check(
    talk_seconds: int, wrap_seconds: int, corrects: Interaction | None,
    detail: Mapping[str, Any] | None,
) -> None:  # fmt: skip
    if talk_seconds < 0 or wrap_seconds < 0:
        raise BadInput("negative_duration")
    if corrects is None:
        return
    if not str((detail or {}).get("reason", "")).strip():
        raise BadInput("correction_needs_reason")
    if Interaction.objects.filter(corrects=corrects).exists():
        raise Conflict("already_corrected", id=str(corrects.pk))


def _remember(interaction: Interaction, *, by: User | None, now: datetime) -> None:
    code = "corrected" if interaction.corrects_id else interaction.channel
    timeline.append(
        interaction.customer_id, kind="interaction", code=code, by=by, at=now,
        data={
            "outcome": interaction.outcome, "purpose": interaction.purpose,
            "is_inbound": interaction.is_inbound, "is_reached": interaction.is_reached,
            "is_success": interaction.is_success, "talk_seconds": interaction.talk_seconds,
            "note": interaction.note, "next_step": interaction.next_step,
            "reason": interaction.detail.get("reason", ""),
            "message": interaction.detail.get("message", {}).get("text", ""),
        },
        source=("interaction", str(interaction.pk)),
    )  # fmt: skip
    Customer.objects.filter(pk=interaction.customer_id).update(last_contact_at=now)


_CORRECTABLE = frozenset(
    {"outcome", "is_connected", "is_reached", "is_success", "talk_seconds", "wrap_seconds",
     "note", "next_step", "purpose"}
)  # fmt: skip


@transaction.atomic
def correct_interaction(
    interaction: Interaction, values: Mapping[str, Any], *, by: User, now: datetime, reason: str
) -> Interaction:
    """Appends the whole corrected content of an interaction with the reason; the old row stays.

    `at` and the person who made the contact stay those of the first row, so that the figures of
    that day and person become right. Raises BadInput, Conflict `already_corrected`.
    """
    if not reason.strip():
        raise BadInput("correction_needs_reason")
    if unknown := set(values) - _CORRECTABLE:
        raise BadInput("not_correctable", fields=sorted(unknown))
    if Interaction.objects.filter(corrects=interaction).exists():
        raise Conflict("already_corrected", id=str(interaction.pk))
    kept = {
        field.attname: getattr(interaction, field.attname)
        for field in Interaction._meta.concrete_fields
        if not field.primary_key
    }
    detail = {
        **interaction.detail,
        "reason": reason.strip(),
        "corrected_by": str(by.pk),
        "corrected_at": now.isoformat(),
    }
    fresh = Interaction.objects.create(
        **{**kept, **values, "detail": detail, "corrects_id": interaction.pk}
    )
    changes = audit.differences(interaction, values)
    audit.record("correct", fresh, by=by, now=now, changes=changes, reason=reason,
                 label=str(interaction.pk))  # fmt: skip
    _remember_correction(fresh, reason, by=by, now=now)
    redecide(fresh.customer, now=now, by=by)
    return fresh


def _remember_correction(interaction: Interaction, reason: str, *, by: User, now: datetime) -> None:
    timeline.append(
        interaction.customer_id, kind="interaction", code="corrected", by=by, at=now,
        data={"outcome": interaction.outcome, "purpose": interaction.purpose,
              "is_success": interaction.is_success, "note": interaction.note,
              "reason": reason.strip()},
        source=("interaction", str(interaction.pk)),
    )  # fmt: skip


@transaction.atomic
def close_unknown(
    contact: Contact, *, outcome: str, is_connected: bool, is_reached: bool, is_success: bool,
    by: User, now: datetime, note: str = "", detail: Mapping[str, Any] | None = None,
) -> Interaction:  # fmt: skip
    """A supervisor says what became of a contact whose outcome was unknown.

    The follow-up stays on the list until it is taken, finished or put back. Raises Conflict when
    the contact is not unknown.
    """
    if contact.state != ContactState.UNKNOWN:
        raise Conflict("contact_not_unknown", id=str(contact.pk))
    return record_interaction(
        customer=contact.customer, by=by, now=now, followup=contact.followup, contact=contact,
        outcome=outcome, is_connected=is_connected, is_reached=is_reached,
        is_success=is_success, talk_seconds=0, note=note, detail=detail,
        channel=contact.channel, purpose=contact.purpose,
    )  # fmt: skip
