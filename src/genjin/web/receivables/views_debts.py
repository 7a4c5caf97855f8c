"""One debt: its entries, its due day, giving it up and getting it after all."""

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from genjin.customers.models import Customer
from genjin.foundation.access import access
from genjin.receivables.models import Receivable
from genjin.receivables.operations import approving, ledger
from genjin.web.customers.common import customer_of, user_of
from genjin.web.receivables import forms, page, words
from genjin.web.receivables.views import FORM, debt_of, form_page, today


@require_safe
@access("receivables.view")
def debt(request: HttpRequest, pk: UUID, debt_pk: UUID) -> HttpResponse:
    """Everything about one debt."""
    customer, user = customer_of(request, pk), user_of(request)
    one = debt_of(customer, debt_pk)
    context = page.debt_context(customer, one, user, today=today())
    context["may_ask"] = approving.needs_approval(one)
    return render(request, "receivables/debt.html", context)


def _back(customer: Customer, one: Receivable) -> str:
    return reverse("debt", args=[customer.pk, one.pk])


def _lead(one: Receivable) -> str:
    return _("%(number)s: %(open)s open of %(amount)s") % {
        "number": one.number or words.unnumbered(),
        "open": words.money(one.open_amount, one.currency),
        "amount": words.money(one.amount, one.currency),
    }  # fmt: skip


@access("ledger.post")
@FORM
def due(request: HttpRequest, pk: UUID, debt_pk: UUID) -> HttpResponse:
    """Gives a debt another due day."""
    customer, user = customer_of(request, pk), user_of(request)
    one = debt_of(customer, debt_pk)
    form = forms.DueForm(request.POST or None, initial={"due_on": one.due_on})

    def save(form: forms.DueForm, now: datetime) -> str:
        ledger.move_due_date(one, by=user, now=now, **form.cleaned_data)
        return _("The due day is moved.")

    return form_page(request, customer, form, title=_("Move the due day"), lead=_lead(one),
                     save=save, back=_back(customer, one))  # fmt: skip


@access("ledger.write_off")
@FORM
def write_off(request: HttpRequest, pk: UUID, debt_pk: UUID) -> HttpResponse:
    """Gives a debt up; of a dead one the yes is asked for."""
    customer, user = customer_of(request, pk), user_of(request)
    one = debt_of(customer, debt_pk)
    if approving.needs_approval(one):
        return _ask(request, customer, one)
    form = forms.LossForm(request.POST or None, initial={"amount": one.open_amount})

    def save(form: forms.LossForm, now: datetime) -> str:
        ledger.write_off(one, by=user, now=now, **form.cleaned_data)
        return _("Written off.")

    return form_page(request, customer, form, title=_("Write off"), lead=_lead(one), save=save,
                     back=_back(customer, one), currency=one.currency)  # fmt: skip


def _ask(request: HttpRequest, customer: Customer, one: Receivable) -> HttpResponse:
    user = user_of(request)

    def save(form: forms.ReverseForm, now: datetime) -> str:
        approving.ask_write_off(one, by=user, now=now, **form.cleaned_data)
        return _("Asked; it is written off when it is approved.")

    return form_page(request, customer, forms.ReverseForm(request.POST or None), save=save,
                     title=_("Ask to write off a dead debt"), lead=_lead(one), button=_("Ask"),
                     back=_back(customer, one), currency=one.currency)  # fmt: skip


@access("ledger.write_off")
@FORM
def recover(request: HttpRequest, pk: UUID, debt_pk: UUID) -> HttpResponse:
    """What was written off is owed again after all."""
    customer, user = customer_of(request, pk), user_of(request)
    one = debt_of(customer, debt_pk)
    form = forms.LossForm(request.POST or None, initial={"amount": one.written_off_amount})

    def save(form: forms.LossForm, now: datetime) -> str:
        ledger.recover(one, by=user, now=now, **form.cleaned_data)
        return _("It is open again; record the payment when it comes.")

    return form_page(request, customer, form, title=_("Owed again after all"), lead=_lead(one),
                     save=save, back=_back(customer, one), currency=one.currency)  # fmt: skip
