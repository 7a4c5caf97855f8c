"""Reads invoicing details and invoice requests."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from genjin.customers.models import Customer
from genjin.customers.visibility import visible_to
from genjin.foundation.models import User
from genjin.sales.models import InvoiceRequest, InvoicingDetails
from genjin.sales.states import InvoiceState

PAGE = 50


def details_of(customer: Customer) -> QuerySet[InvoicingDetails]:
    """What invoices to a customer may say, the newest first."""
    rows = InvoicingDetails.objects.filter(customer=customer, retired_at=None)
    return rows.order_by("-made_at", "-pk")


def invoices_of(customer: Customer) -> QuerySet[InvoiceRequest]:
    """A customer's invoices and requests, the newest first."""
    rows = InvoiceRequest.objects.filter(customer=customer)
    return rows.select_related("reverses", "requested_by").order_by("-requested_at", "-pk")


def asked(user: User, *, state: str = "", words: str = "") -> QuerySet[InvoiceRequest]:
    """The requests in a person's scope: what waits from the oldest on, all else newest first."""
    rows = InvoiceRequest.objects.filter(customer__in=visible_to(user)).select_related(
        "customer", "requested_by", "reverses"
    )
    if state:
        rows = rows.filter(state=state)
    if words:
        rows = rows.filter(
            Q(title__icontains=words) | Q(number=words.upper()) | Q(order_reference=words)
        )
    return rows.order_by("pk" if state == InvoiceState.REQUESTED else "-pk")


def page_after(
    rows: QuerySet[InvoiceRequest], state: str, last: UUID | None
) -> Sequence[InvoiceRequest]:
    """One page of `asked` after the row `last`, with one more to tell whether there are others."""
    if last is not None:
        rows = rows.filter(pk__gt=last) if state == InvoiceState.REQUESTED else rows.filter(
            pk__lt=last)  # fmt: skip
    return list(rows[: PAGE + 1])


def counts(user: User) -> dict[str, int]:
    """How many requests there are in each state, within a person's scope."""
    rows = InvoiceRequest.objects.filter(customer__in=visible_to(user)).values("state")
    return {row["state"]: row["n"] for row in rows.annotate(n=Count("pk")).order_by()}
