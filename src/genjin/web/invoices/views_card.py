"""Invoicing on a customer's card: the details, and asking for an invoice (SA12)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from genjin.customers.models import Customer
from genjin.customers.visibility import sees_masked
from genjin.foundation import policy
from genjin.foundation.access import access, has_right
from genjin.kernel.errors import BadInput, GenjinError
from genjin.sales.invoices import operations
from genjin.sales.invoices.queries import details_of, invoices_of
from genjin.sales.models import InvoicingDetails
from genjin.web.customers.common import back_to, customer_of, user_of
from genjin.web.invoices.forms import DetailsForm, RequestForm, details_initial
from genjin.web.invoices.panels import invoice_row
from genjin.web.invoices.words import of_error, sentence
from genjin.web.problems import add_problems

FORM = require_http_methods(["GET", "POST"])
MOST = 500


@access("customers.view")
@require_GET
def of_customer(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Every invoice and request of a customer."""
    customer, user = customer_of(request, pk), user_of(request)
    context = {
        "customer": customer,
        "rows": [invoice_row(row) for row in invoices_of(customer)[:MOST]],
        "may_change": has_right(user, "customers.change"),
        "may_manage": has_right(user, "invoices.manage"),
    }
    return render(request, "invoices/of_customer.html", context)


@access("customers.change")
@FORM
def details_new(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Adds what invoices must say; leads on to the request where one was begun."""
    customer = customer_of(request, pk)
    form = DetailsForm(request.POST or None, initial=details_initial(customer))

    def save(form: DetailsForm, now: datetime) -> None:
        operations.save_details(customer, form.cleaned_data, by=user_of(request), now=now)

    to = reverse("invoice-new", args=[pk]) if request.GET.get("then") == "request" else ""
    return _form(request, customer, form, title=_("What invoices must say"), save=save, to=to)


@access("customers.change")
@FORM
def details_change(request: HttpRequest, pk: UUID, details_pk: int) -> HttpResponse:
    """Changes the details. Who sees no whole numbers adds new ones instead."""
    customer, user = customer_of(request, pk), user_of(request)
    if sees_masked(user):
        raise PermissionDenied
    details = _details(customer, details_pk)
    initial = {name: getattr(details, name) for name in operations.DETAILS}
    form = DetailsForm(request.POST or None, initial=initial)

    def save(form: DetailsForm, now: datetime) -> None:
        operations.save_details(customer, form.cleaned_data, by=user, now=now, details=details)

    lead = _("Invoices asked for already keep what they say.")
    return _form(request, customer, form, title=_("What invoices must say"), save=save, lead=lead)


@access("customers.change")
@require_POST
def details_retire(request: HttpRequest, pk: UUID, details_pk: int) -> HttpResponse:
    """Takes details off the card."""
    customer = customer_of(request, pk)
    details = _details(customer, details_pk)
    operations.retire_details(details, by=user_of(request), now=timezone.now())
    messages.success(request, _("Taken off the card."))
    return redirect(back_to(customer, "invoices"))


@access("customers.change")
@FORM
def request_new(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Asks finance for an invoice; without details they come first."""
    customer, user = customer_of(request, pk), user_of(request)
    titles = list(details_of(customer))
    if not titles:
        return redirect(reverse("invoicing-new", args=[pk]) + "?then=request")
    initial = {
        "currency": policy.value("organisation.currency"),
        "order_reference": request.GET.get("order", "")[:80],
        "amount": request.GET.get("amount", ""),
    }
    form = RequestForm(request.POST or None, titles=titles, initial=initial)

    def save(form: RequestForm, now: datetime) -> None:
        asked = dict(form.cleaned_data)
        details = next(row for row in titles if row.pk == asked.pop("details"))
        if asked["amount"] is None:
            raise BadInput({"amount": "required"})
        operations.request_invoice(customer, details=details, by=user, now=now, **asked)

    said = _("Finance has it now.")
    return _form(request, customer, form, title=_("Ask for an invoice"), save=save, said=said)


def _details(customer: Customer, pk: int) -> InvoicingDetails:
    return get_object_or_404(details_of(customer), pk=pk)


def _form(
    request: HttpRequest,
    customer: Customer,
    form: Any,
    *,
    title: str,
    save: Callable[[Any, datetime], Any],
    lead: str = "",
    said: str = "",
    to: str = "",
) -> HttpResponse:
    back = back_to(customer, "invoices")
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                save(form, timezone.now())
            except BadInput as error:
                add_problems(form, error, sentence)
            except GenjinError as error:
                form.add_error(None, of_error(error))
            else:
                messages.success(request, said or _("Saved."))
                return redirect(to or back)
    context = {"customer": customer, "form": form, "title": title, "lead": lead, "back": back,
               "button": _("Save")}  # fmt: skip
    return render(request, "deals/step.html", context, status=status)
