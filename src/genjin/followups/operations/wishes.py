"""What a customer says on their own page, or by one click in a message (MA1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from genjin.customers.models import Consent, ContactPoint, Customer
from genjin.customers.operations.card import change_customer
from genjin.customers.operations.permissions import record_consent
from genjin.customers.operations.points import add_point, change_point, retire_point
from genjin.customers.states import ConsentAnswer
from genjin.customers.visibility import masked
from genjin.followups import gate, profiles
from genjin.followups.models import OutgoingMessage, PreferenceKey
from genjin.followups.operations.consents import needs_confirmation, record_yes
from genjin.followups.operations.delivering import deliver
from genjin.followups.operations.permissions import record_refusal
from genjin.followups.operations.redeciding import redecide
from genjin.followups.wishes import letters, links
from genjin.followups.wishes.links import Opened
from genjin.foundation import audit, policy
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput, Conflict
from genjin.kernel.problems import Reason

SOURCE = "wishes"
ONE_CLICK = "one_click"
Cell = tuple[str, str]
# The channel by which a link comes to a number or address.
_CHANNELS = {"email": "email", "phone": "message"}


@dataclass(frozen=True)
class Changed:
    """What a visit changed. `to_confirm`: purposes whose yes waits for the link in a message."""

    answers: int = 0
    hours: bool = False
    to_confirm: tuple[str, ...] = ()


def cells() -> list[Cell]:
    """What a customer decides about: (purpose, channel), row by row."""
    channels = policy.value("mail.preferences.channels")
    return [
        (purpose, channel)
        for purpose in policy.value("mail.preferences.purposes")
        for channel in channels
    ]


def allowed(customer: Customer, *, now: datetime) -> dict[Cell, bool]:
    """Whether we may contact for each purpose on each channel, as the law and the customer say."""
    profile = profiles.profile()
    found = gate.answers_that_count(customer, cells(), now=now)
    return {
        (purpose, channel): answer.is_given
        if answer is not None
        else channel not in profile.consent_needed.get(purpose, frozenset())
        for (purpose, channel), answer in found.items()
    }


def points_of(opened: Opened) -> list[ContactPoint]:
    """The numbers and addresses that the page shows: of the person whose link it is, and the
    customer's own; a colleague's are nobody else's business."""
    rows = ContactPoint.objects.filter(
        customer=opened.point.customer_id, is_active=True, kind__in=("phone", "email")
    ).select_related("person")
    return [
        one
        for one in rows.order_by("position", "pk")
        if one.person is None or one.person.is_self or one.person_id == opened.point.person_id
    ]


def note_opened(opened: Opened, *, now: datetime) -> None:
    """Keeps when the customer looked at the page."""
    PreferenceKey.objects.filter(point=opened.point).update(opened_at=now)


@transaction.atomic
def change_wishes(
    opened: Opened, *, wanted: Mapping[Cell, bool], hours: str | None, now: datetime
) -> Changed:
    """Writes what differs from what counts now: one answer for each purpose and channel.

    `hours` weekly, "" for none, None to leave them. A yes to a channel that has to be confirmed
    counts at once when the link was sent to that very address; else a message asks. What waits
    is decided anew at once. Raises BadInput `hours`.
    """
    customer = opened.point.customer
    Customer.objects.select_for_update(of=("self",), no_key=True).only("pk").get(pk=customer.pk)
    before = allowed(customer, now=now)
    changed = {cell: wish for cell, wish in wanted.items() if before.get(cell, wish) != wish}
    asked: list[str] = []
    for (purpose, channel), wish in changed.items():
        is_proven = opened.is_proven and _CHANNELS[opened.point.kind] == channel
        if wish and needs_confirmation(channel) and not is_proven:
            asked.append(purpose)
            continue
        record_consent(
            customer, answer=ConsentAnswer.GIVEN if wish else ConsentAnswer.REFUSED,
            channel=channel, purpose=purpose, source=SOURCE, evidence=_evidence(opened), by=None,
            now=now,
        )  # fmt: skip
    is_moved = hours is not None and _set_hours(customer, opened, hours, now=now)
    if asked:
        _ask(opened, asked, now=now)
    if changed or is_moved:
        redecide(customer, now=now, with_hours=is_moved)
    return Changed(len(changed) - len(asked), is_moved, tuple(asked))


def _evidence(opened: Opened) -> str:
    way = "mailed to" if opened.is_proven else "shown for"
    return f"link {way} {masked(opened.point)}"


def _ask(opened: Opened, purposes: Sequence[str], *, now: datetime) -> None:
    if opened.point.kind != "email":
        raise BadInput({"": ["needs_confirmation"]})
    try:
        record_yes(opened.point.customer, purposes=purposes, point=opened.point, source="web",
                   by=None, now=now)  # fmt: skip
    except Conflict as error:
        raise BadInput({"": [Reason(error.code, error.data)]}) from error


def _set_hours(customer: Customer, opened: Opened, hours: str, *, now: datetime) -> bool:
    """The card gets the hours; those of single numbers, said earlier, no longer win over them."""
    try:
        changes: dict[str, Any] = change_customer(
            customer, {"stated_hours": hours}, by=None, now=now, reason=_evidence(opened)
        )
    except BadInput as bad:
        raise BadInput({"hours": bad.problems.get("stated_hours", ["bad_hours"])}) from bad
    for point in points_of(opened):
        if point.stated_hours_id:
            changes |= change_point(point, {"stated_hours": ""}, by=None, now=now)
    return bool(changes)


@transaction.atomic
def add_own_point(opened: Opened, *, kind: str, value: str, now: datetime) -> ContactPoint:
    """The customer gives another number or address. Raises BadInput `value`."""
    if len(points_of(opened)) >= int(policy.value("mail.preferences.most_points")):
        raise BadInput({"value": ["too_many"]})
    if kind not in ("phone", "email"):
        raise BadInput({"value": ["not_a_choice"]})
    return add_point(opened.point.customer, kind=kind, value=value, person=opened.point.person,
                     by=None, now=now)  # fmt: skip


@transaction.atomic
def drop_own_point(opened: Opened, point: ContactPoint, *, now: datetime) -> None:
    """The customer no longer has this number or address. Raises Conflict `not_their_number`."""
    if point.pk not in {one.pk for one in points_of(opened)}:
        raise Conflict("not_their_number", point=str(point.pk))
    retire_point(point, by=None, now=now, reason=_evidence(opened))
    redecide(opened.point.customer, now=now)


@transaction.atomic
def refuse_everything(opened: Opened, *, now: datetime) -> Consent:
    """Never again, for anything; what waits ends at once."""
    return record_refusal(opened.point.customer, source=SOURCE, evidence=_evidence(opened),
                          by=None, now=now)  # fmt: skip


@transaction.atomic
def unsubscribe(opened: Opened, *, purpose: str, now: datetime) -> bool:
    """One click ends messages of a purpose (RFC 8058), what is queued as well. Saying it twice
    writes once. Returns whether it was news. Raises BadInput for what cannot be ended so."""
    if purpose not in policy.value("mail.preferences.purposes"):
        raise BadInput({"purpose": ["not_a_choice"]})
    customer, channel = opened.point.customer, _CHANNELS[opened.point.kind]
    Customer.objects.select_for_update(of=("self",), no_key=True).only("pk").get(pk=customer.pk)
    answer = gate.answers_that_count(customer, [(purpose, channel)], now=now)[purpose, channel]
    if answer is not None and not answer.is_given:
        return False
    record_refusal(customer, channel=channel, purpose=purpose, source=ONE_CLICK,
                   evidence=_evidence(opened), by=None, now=now)  # fmt: skip
    return True


@transaction.atomic
def send_link(point: ContactPoint, *, by: User, now: datetime) -> OutgoingMessage:
    """Sends the link to the page of wishes to the address, once a day at most.

    Raises NoAddress, WithheldError, as `deliver`.
    """
    customer = point.customer
    day = timezone.localtime(now, timezone.get_default_timezone()).date()
    return deliver(customer, purpose="service", content=letters.invitation(customer), point=point,
                   person=point.person, cause_key=f"wishes:{point.pk}:{day}",
                   source=("wishes", str(point.pk)), by=by, now=now)  # fmt: skip


@transaction.atomic
def revoke_links(point: ContactPoint, *, by: User, now: datetime, reason: str) -> None:
    """Every link to this customer's page by this address leads nowhere from now on."""
    if not reason.strip():
        raise BadInput({"reason": ["required"]})
    links.raise_number(point)
    PreferenceKey.objects.filter(point=point).update(revoked_at=now, revoked_by=by)
    audit.record("revoke", point, by=by, now=now, reason=reason.strip()[:300],
                 label=masked(point))  # fmt: skip
