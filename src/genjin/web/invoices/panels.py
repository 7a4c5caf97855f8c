"""Invoices as lines, and the card's panel: what invoices must say, and the newest of them."""

from typing import Any

from genjin.customers.models import Customer
from genjin.customers.visibility import sees_masked
from genjin.foundation.access import has_right
from genjin.foundation.models import User
from genjin.sales.invoices.queries import details_of, invoices_of
from genjin.sales.models import InvoiceRequest
from genjin.sales.states import InvoiceKind, InvoiceState
from genjin.web.invoices.words import TONES, money

NEWEST = 4


def invoice_row(row: InvoiceRequest) -> dict[str, Any]:
    """One invoice or request as a line."""
    is_red = row.kind == InvoiceKind.RED
    return {
        "row": row,
        "kind": row.get_kind_display(),
        "is_red": is_red,
        "state": row.get_state_display(),
        "tone": TONES[InvoiceState(row.state)],
        "amount": ("−" if is_red else "") + money(row.amount, row.currency),
        "of": row.reverses.number if row.reverses else "",
    }


def panel(customer: Customer, user: User) -> dict[str, Any]:
    """The details and the newest invoices of a card."""
    found = list(invoices_of(customer)[: NEWEST + 1])
    return {
        "details": list(details_of(customer)),
        "rows": [invoice_row(row) for row in found[:NEWEST]],
        "has_more": len(found) > NEWEST,
        "may_change": has_right(user, "customers.change"),
        "may_manage": has_right(user, "invoices.manage"),
        "is_masked": sees_masked(user),
    }
