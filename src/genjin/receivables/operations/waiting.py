"""A person decides about the lines of a statement that nothing certain was known of (RE15)."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from genjin.customers.models import Customer
from genjin.foundation.access import require_right
from genjin.foundation.models import User
from genjin.foundation.transitions import transition
from genjin.kernel.errors import BadInput, Conflict
from genjin.kernel.problems import Reason
from genjin.receivables.models import WAITING_STATES, WaitingPayment, WaitingState
from genjin.receivables.operations.ledger import receive_payment
from genjin.receivables.operations.posting import Paid

RIGHT = "ledger.post"


@transaction.atomic
def book_waiting(
    line: WaitingPayment,
    *,
    customer: Customer,
    parts: Iterable[tuple[UUID, Decimal]] | None,
    by: User,
    now: datetime,
    note: str = "",
    after_collection: bool | None = None,
) -> Paid:
    """Books a line as a customer's payment; `parts` None spreads it over what is due first.

    Raises what `receive_payment` raises; Conflict `decided_before` when somebody was faster.
    """
    require_right(by, RIGHT)
    row = _locked(line)
    paid = receive_payment(
        customer, amount=row.amount, currency=row.currency, means=row.means,
        received_on=row.received_on, reference=row.reference, allocate=parts,
        external_key=row.key, note=note.strip() or row.note,
        detail={"match": "by_person", **({"payer": row.payer} if row.payer else {})},
        after_collection=after_collection, by=by, now=now,
    )  # fmt: skip
    transition(row, field="state", table=WAITING_STATES, to=WaitingState.BOOKED, by=by, now=now,
               entry=paid.entry, customer=customer, decided_at=now, decided_by=by,
               decision_note=note.strip()[:300])  # fmt: skip
    return paid


@transaction.atomic
def dismiss_waiting(line: WaitingPayment, *, reason: str, by: User, now: datetime) -> None:
    """Says that a line is no customer's payment, with the reason; it is never asked about again."""
    require_right(by, RIGHT)
    if not reason.strip():
        raise BadInput({"reason": [Reason("required")]})
    row = _locked(line)
    transition(row, field="state", table=WAITING_STATES, to=WaitingState.DISMISSED, by=by, now=now,
               reason=reason.strip()[:300], decided_at=now, decided_by=by,
               decision_note=reason.strip()[:300])  # fmt: skip


def _locked(line: WaitingPayment) -> WaitingPayment:
    row = WaitingPayment.objects.select_for_update(of=("self",)).get(pk=line.pk)
    if row.state != WaitingState.WAITING:
        raise Conflict("decided_before", state=row.state)
    return row
