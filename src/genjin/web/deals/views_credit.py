"""A customer's credit: standing, decisions, inquiries, securities, who shares it (SA4, CU15)."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from genjin.customers.models import Customer
from genjin.customers.queries import visible_to
from genjin.flows import selling
from genjin.foundation.access import access
from genjin.kernel.errors import BadInput, GenjinError
from genjin.kernel.problems import Reason
from genjin.sales import credit
from genjin.sales.deal_sentences import of_error, sentence
from genjin.sales.models import Security
from genjin.web.customers.common import customer_of, user_of
from genjin.web.deals import page
from genjin.web.deals.forms import (
    CreditForm,
    InquiryForm,
    ReasonForm,
    SecurityForm,
    ShareForm,
)
from genjin.web.problems import add_problems

FORM = require_http_methods(["GET", "POST"])


@access("credit.view")
@require_GET
def credit_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The whole of a customer's credit."""
    customer, user = customer_of(request, pk), user_of(request)
    context = page.credit_page(customer, user, today=timezone.localdate())
    return render(request, "deals/credit.html", {"customer": customer, **context})


def _form(
    request: HttpRequest, customer: Customer, form: Any, *, title: str, said: str,
    save: Callable[[Any, datetime], Any], lead: str = "",
) -> HttpResponse:  # fmt: skip
    back = reverse("customer-credit", args=[customer.pk])
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
                messages.success(request, said)
                return redirect(back)
    context = {"form": form, "title": title, "button": _("Save"), "lead": lead, "back": back,
               "customer": customer}  # fmt: skip
    return render(request, "deals/step.html", context, status=status)


@access("credit.manage")
@FORM
def decide(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Sets limit and standing."""
    customer, user = customer_of(request, pk), user_of(request)
    account = credit.account_of(customer.pk)
    initial = {"standing": account.standing, "limit": account.limit} if account else {
        "standing": "open"}  # fmt: skip

    def save(form: CreditForm, now: datetime) -> None:
        data = form.cleaned_data
        selling.set_credit(customer, limit=data["limit"] or Decimal(0), standing=data["standing"],
                           reason=data["reason"], by=user, now=now)  # fmt: skip

    return _form(request, customer, CreditForm(request.POST or None, initial=initial),
                 title=_("Set the credit"), said=_("The credit is set."), save=save,
                 lead=_("Your name and the reason stay on record."))  # fmt: skip


@access("credit.manage")
@FORM
def inquire(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Records what an inquiry found."""
    customer, user = customer_of(request, pk), user_of(request)
    account = credit.account_of(customer.pk)
    form = InquiryForm(request.POST or None, cause=account.inquiry_wanted if account else "")

    def save(form: InquiryForm, now: datetime) -> None:
        credit.record_inquiry(customer, by=user, now=now, **form.cleaned_data)

    return _form(request, customer, form, title=_("Credit inquiry"), save=save,
                 said=_("The inquiry is on record."))  # fmt: skip


@access("credit.manage")
@FORM
def secure(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Records what secures a debt."""
    customer, user = customer_of(request, pk), user_of(request)

    def save(form: SecurityForm, now: datetime) -> None:
        credit.add_security(customer, by=user, now=now, **form.cleaned_data)

    return _form(request, customer, SecurityForm(request.POST or None), title=_("Security"),
                 said=_("The security is on record."), save=save)  # fmt: skip


@access("credit.manage")
@FORM
def unsecure(request: HttpRequest, pk: UUID, security_pk: UUID) -> HttpResponse:
    """Gives a security back."""
    customer, user = customer_of(request, pk), user_of(request)
    row = get_object_or_404(Security, pk=security_pk, account__members__customer=customer,
                            released_at=None)  # fmt: skip

    def save(form: ReasonForm, now: datetime) -> None:
        credit.release_security(row, by=user, now=now, **form.cleaned_data)

    return _form(request, customer, ReasonForm(request.POST or None), save=save,
                 title=_("Give the security back"), said=_("Given back."))  # fmt: skip


@access("credit.manage")
@FORM
def share(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Lets a branch use the head office's account."""
    customer, user = customer_of(request, pk), user_of(request)

    def save(form: ShareForm, now: datetime) -> None:
        head = visible_to(user).filter(number=form.cleaned_data["head"]).first()
        if head is None or head.pk == customer.pk:
            raise BadInput({"head": [Reason("unknown_customer",
                                            {"value": form.cleaned_data["head"]})]})  # fmt: skip
        credit.share_account([customer], head=head, reason=form.cleaned_data["reason"], by=user,
                             now=now)  # fmt: skip

    return _form(request, customer, ShareForm(request.POST or None), save=save,
                 title=_("Share the head office's credit"), said=_("One limit counts for both."),
                 lead=_("The branch's own limit ends; what both owe counts together."))  # fmt: skip


@access("credit.manage")
@FORM
def leave(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A branch stands for itself again."""
    customer, user = customer_of(request, pk), user_of(request)

    def save(form: ReasonForm, now: datetime) -> None:
        credit.leave_account(customer, by=user, now=now, **form.cleaned_data)

    return _form(request, customer, ReasonForm(request.POST or None), save=save,
                 title=_("Leave the shared credit"), said=_("It stands for itself again."),
                 )  # fmt: skip
