"""Enters the open items of a file: debts, and the payments that rows of history already tell."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from genjin.foundation.models import User
from genjin.kernel.errors import GenjinError
from genjin.kernel.problems import Reason
from genjin.receivables.importing.reading import Read
from genjin.receivables.operations.many import bill_many, receive_many
from genjin.receivables.operations.posting import Billed, BillRow, CreditRow, Outcome

SOURCE = "import"


def book(
    good: Sequence[tuple[Read, str]], *, source: str, by: User | None, now: datetime
) -> list[Outcome]:
    """Books each row; an outcome for each, in their order.

    A row with a day of payment is billed and paid, whole unless it says how much. An advance of
    the customer is left alone: what a file tells of the past was settled there.
    """
    bills = [_bill(read, key) for read, key in good]
    outcomes = bill_many(bills, source=source, by=by, now=now)
    paid = [
        (place, _payment(read, key, outcome))
        for place, ((read, key), outcome) in enumerate(zip(good, outcomes, strict=True))
        if isinstance(outcome, Billed) and read.values["paid_on"]
    ]
    settled = receive_many([row for _place, row in paid], source=source, by=by, now=now)
    for (place, _row), outcome in zip(paid, settled, strict=True):
        if isinstance(outcome, GenjinError):
            # The debt stands; that its payment could not be booked is told of the row.
            good[place][0].reasons.append(Reason("payment_not_booked", {"code": outcome.code}))
    return outcomes


def _bill(read: Read, key: str) -> BillRow:
    values = read.values
    return BillRow(
        read.customer_id, values["amount"], values["currency"], values["issued_on"],
        values["due_on"], number=values["number"], source_kind=SOURCE, order_ref=values["order"],
        external_key=key, note=values["note"], use_advance=False,
    )  # fmt: skip


def _payment(read: Read, key: str, outcome: Billed) -> CreditRow:
    values = read.values
    amount: Decimal = values["paid_amount"] or values["amount"]
    part = min(amount, outcome.receivable.amount)
    return CreditRow(
        read.customer_id, amount, values["currency"], values["paid_on"], means="transfer",
        reference=values["number"], external_key=f"{key}:paid",
        allocate=((outcome.receivable.pk, part),),
    )  # fmt: skip
