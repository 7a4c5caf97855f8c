"""Bills and payments for tests, and where an account stands."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from genjin.customers.models import Customer
from genjin.receivables.models import Account, Receivable
from genjin.receivables.operations import ledger
from genjin.receivables.operations.posting import Paid
from tests.factories import NOW

DAY = NOW.date()


def bill(customer: Customer, amount: Any, *, due: int | None = 30, **values: Any) -> Receivable:
    """A bill issued 200 days ago, due in `due` days from today (None: condition not met)."""
    options = {
        "currency": "CNY",
        "issued_on": DAY - timedelta(days=200),
        "due_on": None if due is None else DAY + timedelta(days=due),
        "by": None,
        "now": NOW,
        **values,
    }
    return ledger.bill(customer, amount=Decimal(amount), **options)


def pay(customer: Customer, amount: Any, **values: Any) -> Paid:
    """A bank transfer that came in today."""
    options = {
        "currency": "CNY",
        "means": "transfer",
        "received_on": DAY,
        "by": None,
        "now": NOW,
        **values,
    }
    return ledger.receive_payment(customer, amount=Decimal(amount), **options)


def standing(customer: Customer, currency: str = "CNY") -> tuple[Decimal, Decimal]:
    """(open, advance) of a customer's account."""
    account = Account.objects.get(customer=customer, currency=currency)
    return account.open, account.advance
