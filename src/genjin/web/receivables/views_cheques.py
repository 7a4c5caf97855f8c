"""Cheques and acceptance bills: taken in, presented, cleared, dishonoured, given back."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from genjin.customers.family import family_of
from genjin.foundation.access import access
from genjin.receivables.models import Instrument
from genjin.receivables.operations import instruments
from genjin.web.customers.common import customer_of, user_of
from genjin.web.receivables import forms, words
from genjin.web.receivables.views import FORM, first_values, form_page, today

STEPS = ("present", "clear", "dishonour", "return")


@access("ledger.post")
@FORM
def cheque(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Takes a cheque or acceptance bill in."""
    customer, user = customer_of(request, pk), user_of(request)
    initial = {**first_values(customer), "received_on": today()}
    form = forms.ChequeForm(request.POST or None, initial=initial)

    def save(form: forms.ChequeForm, now: datetime) -> str:
        row = instruments.receive_instrument(customer, by=user, now=now, **form.cleaned_data)
        told = _("Received; it secures what is open until %(day)s and counts when it is cleared.")
        return told % {"day": words.day(row.matures_on)}

    return form_page(request, customer, form, title=_("Cheque or acceptance bill"), save=save,
                     lead=_("It secures the oldest debts first."))  # fmt: skip


def _titles() -> dict[str, tuple[str, str]]:
    return {
        "present": (_("Present to the bank"), _("Presented.")),
        "clear": (_("Cleared: the bank has paid"), _("Cleared; what it covered is paid.")),
        "dishonour": (_("Dishonoured: the bank refused"), _("Recorded; the debts are open again.")),
        "return": (_("Give back to the customer"), _("Given back.")),
    }


@access("ledger.post")
@FORM
def cheque_step(request: HttpRequest, pk: UUID, cheque_pk: UUID, step: str) -> HttpResponse:
    """Takes a cheque one step further."""
    customer, user = customer_of(request, pk), user_of(request)
    if step not in STEPS:
        raise Http404
    row = get_object_or_404(Instrument.objects.select_related("account"), pk=cheque_pk,
                            customer_id__in=family_of(customer.pk))  # fmt: skip
    title, said = _titles()[step]
    make = forms.ChequeStepForm if step in ("present", "clear") else forms.ChequeEndForm
    form = make(request.POST or None, initial={"on": today()})

    def save(form: Any, now: datetime) -> str:
        acts: dict[str, Callable[..., object]] = {
            "present": instruments.present, "clear": instruments.clear,
            "dishonour": instruments.dishonour, "return": instruments.give_back,
        }  # fmt: skip
        acts[step](row, by=user, now=now, **form.cleaned_data)
        return said

    lead = _("%(what)s %(number)s, %(amount)s") % {
        "what": row.get_kind_display(), "number": row.number,
        "amount": words.money(row.amount, row.account.currency)}  # fmt: skip
    return form_page(request, customer, form, title=title, lead=lead, save=save,
                     currency=row.account.currency)  # fmt: skip
