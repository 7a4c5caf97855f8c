"""The desk asks for an e-mail address and whether we may write to it (MA1)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from genjin.customers.models import ContactPerson, ContactPoint, Customer
from genjin.customers.operations.points import add_point
from genjin.customers.queries import Card
from genjin.followups.gate import WithheldError
from genjin.followups.models import Interaction
from genjin.followups.operations.consents import (
    needs_confirmation,
    open_requests,
    record_no,
    record_yes,
)
from genjin.followups.operations.delivering import NoAddress, address_of
from genjin.foundation import policy
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput, Conflict
from genjin.kernel.problems import Reason

CHANNEL = "email"


def asked_purposes() -> list[str]:
    """What the desk asks for when it asks whether we may write."""
    return [str(one) for one in policy.value("mail.consent.purposes")]


def is_answered(card: Card, now: datetime) -> bool:
    """Whether the customer said yes or no to e-mail for what we ask, or was asked to confirm it.

    Where a yes has to be confirmed a general one does not answer it.
    """
    must_confirm = needs_confirmation(CHANNEL)
    said = [
        one.purpose
        for one in card.consents
        if one.channel == CHANNEL or (not one.channel and not (must_confirm and one.is_given))
    ]
    if "" in said or all(purpose in said for purpose in asked_purposes()):
        return True
    return must_confirm and bool(open_requests(card.customer, now))


def record_email_answer(
    customer: Customer, *, email: str, answer: str, person: UUID | None,
    interaction: Interaction, by: User, now: datetime,
) -> None:  # fmt: skip
    """Keeps the address on the card and the answer with who asked; a no acts at once.

    Raises BadInput at `email` or `email_answer`.
    """
    spoken = customer.people.filter(pk=person).first() if person else None
    point = _point(customer, email, spoken, by=by, now=now)
    if not answer:
        return
    point = point or address_of(customer, person=spoken)
    about: dict[str, Any] = {
             "purposes": asked_purposes(), "point": point, "source": "desk", "by": by, "now": now,
             "evidence": f"interaction {interaction.pk}"}  # fmt: skip
    if answer == "no":
        record_no(customer, **about)
        return
    if point is None:
        raise BadInput({"email": ["required"]})
    try:
        record_yes(customer, **about)
    except (Conflict, NoAddress) as error:
        raise BadInput({"email_answer": [Reason(error.code, error.data)]}) from error
    except WithheldError as error:
        raise BadInput({"email_answer": list(error.reasons)}) from error


def _point(
    customer: Customer, email: str, person: ContactPerson | None, *, by: User, now: datetime
) -> ContactPoint | None:
    if not email:
        return None
    known = customer.points.filter(kind="email", value__iexact=email, is_active=True).first()
    if known is not None:
        return known
    try:
        return add_point(customer, kind="email", value=email, person=person, by=by, now=now)
    except BadInput as bad:
        raise BadInput({"email": bad.problems["value"]}) from bad
