"""The only writers of invoicing details and invoice requests."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, Sum
from django.utils import timezone

from genjin.customers import timeline
from genjin.customers.models import Customer
from genjin.foundation import audit
from genjin.foundation.models import User
from genjin.foundation.transitions import transition
from genjin.kernel.errors import BadInput, Conflict
from genjin.kernel.problems import Reason
from genjin.sales.invoices import rules
from genjin.sales.models import InvoiceRequest, InvoicingDetails
from genjin.sales.states import INVOICE_STATES, InvoiceKind, InvoiceState

DETAILS = ("title", "tax_number", "address_phone", "bank_account", "email")
_NOTE = 300


@dataclass(frozen=True)
class Source:
    """What an invoice is for: "order" and its id. A source has one open or issued request."""

    kind: str
    id: str


def _clean(values: Mapping[str, str]) -> dict[str, str]:
    details = {name: str(values.get(name, "")).strip() for name in DETAILS}
    details["tax_number"] = rules.plain_tax_number(details["tax_number"])
    return details


@transaction.atomic
def save_details(
    customer: Customer,
    values: Mapping[str, str],
    *,
    by: User | None,
    now: datetime,
    details: InvoicingDetails | None = None,
) -> InvoicingDetails:
    """Adds what invoices to a customer must say, or changes `details`; requests keep their copy.

    Raises BadInput by field: `required`, `not_a_tax_number`; Conflict `details_retired`.
    """
    clean = _clean(values)
    if problems := rules.details_problems(clean):
        raise BadInput(problems)
    if details is None:
        row = InvoicingDetails.objects.create(customer=customer, made_by=by, made_at=now, **clean)
        audit.record("add", row, by=by, now=now, changes={"title": ["", row.title]})
        return row
    row = InvoicingDetails.objects.select_for_update().get(pk=details.pk, customer=customer)
    if row.retired_at is not None:
        raise Conflict("details_retired")
    audit.change(row, clean, by=by, now=now)
    return row


@transaction.atomic
def retire_details(details: InvoicingDetails, *, by: User | None, now: datetime) -> None:
    """Takes details off the card; what was requested with them stays. Twice is as once."""
    if InvoicingDetails.objects.filter(pk=details.pk, retired_at=None).update(retired_at=now):
        audit.record("retire", details, by=by, now=now)


@transaction.atomic
def request_invoice(
    customer: Customer,
    *,
    details: InvoicingDetails,
    kind: str,
    amount: Decimal,
    currency: str,
    content: str,
    by: User | None,
    now: datetime,
    order_reference: str = "",
    note: str = "",
    source: Source | None = None,
) -> InvoiceRequest:
    """Asks finance for an invoice over `amount` (with tax), with a copy of the details.

    Raises BadInput by field: `special_needs` (with the fields that lack) on kind, `required`,
    `amount_not_positive`, `too_many_decimals`; Conflict `invoice_asked_already` for a source that
    has an open or issued one, `details_retired`.
    """
    copied = {name: getattr(details, name) for name in DETAILS}
    content, note = content.strip(), note.strip()
    problems = rules.request_problems(
        kind, copied, amount=amount, currency=currency, content=content
    )
    if len(note) > _NOTE:
        problems["note"] = [Reason("too_long")]
    if problems:
        raise BadInput(problems)
    if details.retired_at is not None or details.customer_id != customer.pk:
        raise Conflict("details_retired")
    values = {
        **copied,
        "kind": kind,
        "content": content,
        "amount": amount,
        "currency": currency,
        "order_reference": order_reference.strip(),
        "note": note,
    }
    return _requested(customer, values, source, by=by, now=now)


@transaction.atomic
def request_red(
    invoice: InvoiceRequest, *, amount: Decimal, reason: str, by: User | None, now: datetime
) -> InvoiceRequest:
    """Asks for a red invoice that takes `amount` of an issued one back.

    Raises BadInput: `required` on reason, `amount_not_positive`, `more_than_is_left` (with what is
    left of it) on amount; Conflict `not_issued`.
    """
    row = InvoiceRequest.objects.select_for_update().get(pk=invoice.pk)
    if row.state != InvoiceState.ISSUED or row.kind == InvoiceKind.RED:
        raise Conflict("not_issued")
    problems: dict[str | int, list[Reason]] = {}
    if not reason.strip():
        problems["reason"] = [Reason("required")]
    elif len(reason.strip()) > _NOTE:
        problems["reason"] = [Reason("too_long")]
    if problem := rules.amount_problem(amount, row.currency):
        problems["amount"] = [problem]
    elif amount > (left := left_of(row)):
        values = {"left": str(left), "currency": row.currency}
        problems["amount"] = [Reason("more_than_is_left", values)]
    if problems:
        raise BadInput(problems)
    copied: dict[str, Any] = {
        **{name: getattr(row, name) for name in (*DETAILS, "content", "currency")},
        "kind": InvoiceKind.RED,
        "amount": amount,
        "order_reference": row.order_reference,
        "reverses": row,
        "note": reason.strip(),
    }
    return _requested(row.customer, copied, None, by=by, now=now)


def left_of(invoice: InvoiceRequest) -> Decimal:
    """What no red one, issued or asked for, takes back of an invoice."""
    open_or_issued = Q(state__in=[InvoiceState.REQUESTED, InvoiceState.ISSUED])
    taken = invoice.red_ones.filter(open_or_issued).aggregate(sum=Sum("amount"))["sum"]
    return invoice.amount - (taken or 0)


def _requested(
    customer: Customer,
    values: dict[str, Any],
    source: Source | None,
    *,
    by: User | None,
    now: datetime,
) -> InvoiceRequest:
    try:
        with transaction.atomic():
            row = InvoiceRequest.objects.create(
                customer=customer,
                source_kind=source.kind if source else "",
                source_id=source.id if source else "",
                requested_by=by,
                requested_at=now,
                **values,
            )
    except IntegrityError:
        if (
            source
            and InvoiceRequest.objects.filter(
                source_kind=source.kind,
                source_id=source.id,
                state__in=[InvoiceState.REQUESTED, InvoiceState.ISSUED],
            ).exists()
        ):
            raise Conflict("invoice_asked_already") from None
        raise
    told = {"kind": row.kind, "amount": row.amount, "currency": row.currency}
    audit.record("ask", row, by=by, now=now, changes=told)
    _tell(row, "invoice_requested", by=by, now=now)
    return row


@transaction.atomic
def record_issued(
    invoice: InvoiceRequest, *, number: str, issued_on: date, by: User | None, now: datetime
) -> None:
    """Keeps the number and day of an invoice that the platform made.

    A red one takes its amount off the invoice it reverses; that is `red` when nothing is left.
    Raises BadInput: `not_an_invoice_number`, `number_is_taken` on number, `day_to_come` and
    `before_the_first` on issued_on; LostRace when somebody settled it first.
    """
    number = number.strip().upper()
    problems: dict[str | int, list[Reason]] = {}
    if not rules.is_invoice_number(number):
        problems["number"] = [Reason("not_an_invoice_number")]
    elif InvoiceRequest.objects.filter(number=number).exists():
        problems["number"] = [Reason("number_is_taken")]
    if issued_on > timezone.localdate(now):
        problems["issued_on"] = [Reason("day_to_come")]
    first = _locked_first(invoice)
    if first and first.issued_on and issued_on < first.issued_on:
        problems["issued_on"] = [Reason("before_the_first", {"day": first.issued_on})]
    if problems:
        raise BadInput(problems)
    try:
        with transaction.atomic():
            _settle(invoice, InvoiceState.ISSUED, by=by, now=now,
                    number=number, issued_on=issued_on)  # fmt: skip
    except IntegrityError:
        raise BadInput({"number": "number_is_taken"}) from None
    _tell(invoice, "invoice_issued", by=by, now=now)
    if first is not None:
        _take_back(first, by=by, now=now)


def _locked_first(invoice: InvoiceRequest) -> InvoiceRequest | None:
    """The invoice that a red one reverses, locked: two red ones are counted one after the other."""
    if invoice.reverses_id is None:
        return None
    return InvoiceRequest.objects.select_for_update().get(pk=invoice.reverses_id)


def _take_back(first: InvoiceRequest, *, by: User | None, now: datetime) -> None:
    red = first.red_ones.filter(state=InvoiceState.ISSUED).aggregate(sum=Sum("amount"))["sum"]
    if first.state == InvoiceState.ISSUED and (red or 0) >= first.amount:
        transition(first, field="state", table=INVOICE_STATES, to=InvoiceState.RED, by=by, now=now)
        _tell(first, "invoice_red", by=by, now=now)


@transaction.atomic
def reject(invoice: InvoiceRequest, *, reason: str, by: User | None, now: datetime) -> None:
    """Says why an invoice is not issued; the same thing may then be asked for anew."""
    reason = reason.strip()
    if not reason:
        raise BadInput({"reason": "required"})
    if len(reason) > _NOTE:
        raise BadInput({"reason": "too_long"})
    _settle(invoice, InvoiceState.REJECTED, by=by, now=now, reason=reason, refusal=reason)
    _tell(invoice, "invoice_rejected", by=by, now=now)


def _settle(
    invoice: InvoiceRequest, to: str, *, by: User | None, now: datetime, reason: str = "",
    **values: Any,
) -> None:  # fmt: skip
    transition(invoice, field="state", table=INVOICE_STATES, to=to, by=by, now=now, reason=reason,
               settled_by=by, settled_at=now, **values)  # fmt: skip


def _tell(invoice: InvoiceRequest, code: str, *, by: User | None, now: datetime) -> None:
    data = {
        "kind": invoice.kind,
        "number": invoice.number,
        "amount": str(invoice.amount),
        "currency": invoice.currency,
        "reason": invoice.refusal,
    }
    timeline.append(invoice.customer_id, kind="invoice", code=code, data=data,
                    source=("invoicerequest", str(invoice.pk)), by=by, at=now)  # fmt: skip
