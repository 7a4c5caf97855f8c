"""Invoices asked for, as finance works through them: issue, refuse, take back (SA12)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods

from genjin.customers.operations.access_log import log_access
from genjin.customers.states import AccessAction
from genjin.foundation import audit, policy
from genjin.foundation.access import access
from genjin.foundation.tabular.sheet import SheetColumn, sheet_bytes
from genjin.kernel.errors import BadInput, GenjinError
from genjin.sales.invoices import operations
from genjin.sales.invoices.queries import PAGE, asked, counts, page_after
from genjin.sales.models import InvoiceRequest
from genjin.sales.states import InvoiceKind, InvoiceState
from genjin.web.customers.common import user_of
from genjin.web.invoices.forms import IssuedForm, RedForm, RejectForm
from genjin.web.invoices.panels import invoice_row
from genjin.web.invoices.words import of_error, sentence
from genjin.web.problems import add_problems

RIGHT = "invoices.manage"
FORM = require_http_methods(["GET", "POST"])
MOST_IN_SHEET = 5_000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@access(RIGHT)
@require_GET
def invoices(request: HttpRequest) -> HttpResponse:
    """What is asked for, by state; what waits comes first, the oldest on top."""
    user = user_of(request)
    state, words = _state(request), request.GET.get("q", "").strip()[:80]
    rows = asked(user, state=state, words=words)
    found = page_after(rows, state, _uuid(request.GET.get("after", "")))
    number = counts(user)
    context = {
        "rows": [invoice_row(row) for row in found[:PAGE]],
        "after": found[PAGE - 1].pk if len(found) > PAGE else "",
        "state": state,
        "words": words,
        "states": [
            {"code": code, "label": label, "count": number.get(code, 0)}
            for code, label in InvoiceState.choices
        ],
    }
    return render(request, "invoices/list.html", context)


@access(RIGHT)
@require_GET
def sheet(request: HttpRequest) -> HttpResponse:
    """What waits as a sheet, for whoever types it into the tax platform; noted as taken out."""
    user, now = user_of(request), timezone.now()
    rows = list(asked(user, state=InvoiceState.REQUESTED)[:MOST_IN_SHEET])
    content = sheet_bytes(
        name=_("Invoices asked for"),
        currency=str(policy.value("organisation.currency")),
        columns=_columns(),
        rows=[_sheet_row(row) for row in rows],
    )
    log_access(
        {row.customer_id for row in rows},
        action=AccessAction.EXPORTED,
        by=user,
        now=now,
        detail={"mark": _("Invoices asked for")},
    )
    audit.record("fetch", ("invoicerequest", "sheet"), by=user, now=now,
                 changes={"rows": len(rows)})  # fmt: skip
    name = f"invoices-{timezone.localdate(now):%Y%m%d}.xlsx"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=XLSX, headers=headers)


def _columns() -> list[SheetColumn]:
    return [
        SheetColumn(_("Asked at"), "moment"),
        SheetColumn(pgettext("invoice", "Kind")),
        SheetColumn(_("Invoice title"), width=30),
        SheetColumn(_("Tax number"), width=24),
        SheetColumn(_("Registered address and phone"), width=36),
        SheetColumn(_("Bank and account"), width=36),
        SheetColumn(_("E-mail for the invoice")),
        SheetColumn(_("Goods or service"), width=30),
        SheetColumn(_("Amount with tax"), "amount"),
        SheetColumn(_("Currency"), width=8),
        SheetColumn(pgettext("invoice", "Order")),
        SheetColumn(_("Takes back"), width=24),
        SheetColumn(_("Note")),
    ]


def _sheet_row(row: InvoiceRequest) -> list[Any]:
    is_red = row.kind == InvoiceKind.RED
    return [
        row.requested_at, row.get_kind_display(), row.title, row.tax_number, row.address_phone,
        row.bank_account, row.email, row.content, -row.amount if is_red else row.amount,
        row.currency, row.order_reference, row.reverses.number if row.reverses else "", row.note,
    ]  # fmt: skip


@access(RIGHT)
@FORM
def invoice(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One request with what the invoice must say; its number and day are entered here."""
    row, user = _row(request, pk), user_of(request)
    form = IssuedForm(request.POST or None, initial={"issued_on": timezone.localdate()})
    if request.method == "POST" and form.is_valid():

        def save(now: datetime) -> None:
            operations.record_issued(row, **form.cleaned_data, by=user, now=now)

        if _done(request, form, save, _("The number is kept.")):
            return redirect("invoices")
    row = _row(request, pk)
    context = {
        **invoice_row(row),
        "form": form,
        "red_ones": [invoice_row(one) for one in row.red_ones.order_by("pk")],
        "left": operations.left_of(row) if row.state == InvoiceState.ISSUED else 0,
        "is_open": row.state == InvoiceState.REQUESTED,
        "may_take_back": row.state == InvoiceState.ISSUED and row.kind != InvoiceKind.RED,
    }
    return render(request, "invoices/invoice.html", context, status=422 if form.errors else 200)


@access(RIGHT)
@FORM
def reject_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Says why an invoice is not issued."""
    row, user = _row(request, pk), user_of(request)
    form = RejectForm(request.POST or None)
    if request.method == "POST" and form.is_valid():

        def save(now: datetime) -> None:
            operations.reject(row, reason=form.cleaned_data["reason"], by=user, now=now)

        if _done(request, form, save, _("Whoever asked sees why.")):
            return redirect("invoices")
    return _step(request, row, form, title=_("Not issued"), button=_("Do not issue"))


@access(RIGHT)
@FORM
def red(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Asks for a red invoice that takes an issued one back."""
    row, user = _row(request, pk), user_of(request)
    form = RedForm(request.POST or None, initial={"amount": operations.left_of(row)})
    if request.method == "POST" and form.is_valid():

        def save(now: datetime) -> None:
            entered = form.cleaned_data
            if entered["amount"] is None:
                raise BadInput({"amount": "required"})
            operations.request_red(row, **entered, by=user, now=now)

        if _done(request, form, save, _("The red invoice is asked for.")):
            return redirect("invoices")
    title = _("Take back %(number)s") % {"number": row.number}
    return _step(request, row, form, title=title, button=_("Ask for a red invoice"))


def _done(request: HttpRequest, form: Any, save: Any, said: str) -> bool:
    """Carries out what a form asks; problems go beside its fields."""
    try:
        save(timezone.now())
    except BadInput as error:
        add_problems(form, error, sentence)
    except GenjinError as error:
        form.add_error(None, of_error(error))
    else:
        messages.success(request, said)
        return True
    return False


def _step(
    request: HttpRequest, row: InvoiceRequest, form: Any, *, title: str, button: str
) -> HttpResponse:
    context = {"row": row, "form": form, "title": title, "button": button}
    return render(request, "invoices/step.html", context, status=422 if form.errors else 200)


def _row(request: HttpRequest, pk: UUID) -> InvoiceRequest:
    return get_object_or_404(asked(user_of(request)), pk=pk)


def _state(request: HttpRequest) -> str:
    """The state asked for: what waits unless another is named; "" is all of them."""
    state = request.GET.get("state", InvoiceState.REQUESTED)
    return state if state in InvoiceState.values else ""


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
