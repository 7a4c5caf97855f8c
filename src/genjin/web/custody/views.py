"""Who looked at a card, lending, and bringing old cards up to date."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from genjin.customers import freshness
from genjin.customers.models import CardAccess, CardLoan
from genjin.customers.operations.confirming import confirm_card, record_occasion
from genjin.customers.operations.loans import end_loan, lend, may_lend
from genjin.customers.states import AccessAction
from genjin.customers.visibility import visible_to
from genjin.foundation.access import access, has_right
from genjin.foundation.models import User
from genjin.kernel import address
from genjin.kernel.errors import BadInput, GenjinError
from genjin.kernel.problems import Reason
from genjin.web.custody import words
from genjin.web.customers.common import back_to, customer_of, user_of
from genjin.web.problems import Needing, add_problems

SHOWN = 100
_DAY = forms.DateInput({"type": "date"})


class LogForm(forms.Form):
    """What to look for in the log of looks."""

    by = forms.ModelChoiceField(
        label=gettext_lazy("Who looked"), queryset=User.objects.order_by("name", "pk"),
        required=False,
    )  # fmt: skip
    action = forms.ChoiceField(
        label=gettext_lazy("Did"), required=False,
        choices=[("", gettext_lazy("Anything")), *AccessAction.choices],
    )  # fmt: skip
    number = forms.IntegerField(label=gettext_lazy("Customer number"), required=False, min_value=0,
                                max_value=10**15)  # fmt: skip
    since = forms.DateField(label=gettext_lazy("Since"), required=False, widget=_DAY)
    until = forms.DateField(label=gettext_lazy("Until"), required=False, widget=_DAY)


def _found(form: LogForm) -> Q:
    """The filter; a field that cannot be read filters nothing and says so."""
    form.is_valid()
    asked = form.cleaned_data
    found = Q()
    if asked.get("by"):
        found &= Q(by=asked["by"])
    if asked.get("action"):
        found &= Q(action=asked["action"])
    if asked.get("number") is not None:
        found &= Q(customer__number=asked["number"])
    zone = timezone.get_current_timezone()
    if asked.get("since"):
        found &= Q(at__gte=datetime.combine(asked["since"], time.min, zone))
    if asked.get("until"):
        found &= Q(at__lt=datetime.combine(asked["until"] + timedelta(days=1), time.min, zone))
    return found


def _lines(rows: Any) -> list[dict[str, Any]]:
    return [{"row": row, "detail": words.detail(row)} for row in rows]


@require_safe
@access("audit.view")
def log(request: HttpRequest) -> HttpResponse:
    """Who looked at, lent or took out which card; newest first, searchable."""
    form = LogForm(request.GET)
    rows = CardAccess.objects.filter(_found(form)).select_related("customer", "by")
    lines = _lines(rows.order_by("-at", "-pk")[: SHOWN + 1])
    context = {"form": form, "lines": lines[:SHOWN], "has_more": len(lines) > SHOWN,
               "limit": SHOWN}  # fmt: skip
    return render(request, "custody/log.html", context)


@require_safe
@access("customers.view")
def looks(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Who looked at this card lately: for its custodian and whoever assigns cards."""
    customer, user = customer_of(request, pk), user_of(request)
    if not (may_lend(user, customer) or has_right(user, "audit.view")):
        raise Http404
    rows = CardAccess.objects.filter(customer=customer).select_related("by")
    context = {"customer": customer, "lines": _lines(rows.order_by("-at", "-pk")[:SHOWN])}
    return render(request, "custody/looks.html", context)


@require_safe
@access("customers.view")
def loans(request: HttpRequest) -> HttpResponse:
    """Cards lent to me, and those I lent or keep that are lent."""
    user, now = user_of(request), timezone.now()
    rows = CardLoan.objects.filter(ended_at=None, until__gt=now).select_related(
        "customer", "to", "by"
    )
    context = {
        "to_me": rows.filter(to=user).order_by("until"),
        "from_me": rows.filter(Q(by=user) | Q(customer__custodian=user)).order_by("until"),
    }
    return render(request, "custody/loans.html", context)


class LoanForm(Needing):
    needed = ("reason",)

    to = forms.ModelChoiceField(label=gettext_lazy("Lend to"), queryset=User.objects.none())
    until = forms.DateField(label=gettext_lazy("Until the end of"), widget=_DAY)
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300, required=False)

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = User.objects.filter(is_active=True).exclude(pk=by.pk).order_by("name", "pk")
        self.fields["to"].queryset = others  # type: ignore[attr-defined]


@require_http_methods(["GET", "POST"])
@access("customers.view")
def lend_card(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Lends the card to somebody for a while."""
    customer, user = customer_of(request, pk), user_of(request)
    if not may_lend(user, customer):
        raise PermissionDenied("not the custodian")
    form = LoanForm(request.POST or None, by=user)
    if request.method == "POST" and form.is_valid():
        zone = timezone.get_current_timezone()
        chosen = form.cleaned_data
        until = datetime.combine(chosen["until"] + timedelta(days=1), time.min, zone)
        try:
            lend(customer, to=chosen["to"], until=until, reason=chosen["reason"], by=user,
                 now=timezone.now())  # fmt: skip
        except BadInput as error:
            add_problems(form, error, words.sentence)
        else:
            messages.success(request, _("The card is lent."))
            return redirect(back_to(customer))
    context = {"customer": customer, "form": form, "back": back_to(customer)}
    return render(request, "custody/lend.html", context, status=422 if form.errors else 200)


@require_POST
@access("customers.view")
def loan_end(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Takes a card back before its day."""
    loan = get_object_or_404(CardLoan.objects.select_related("customer", "to"), pk=pk)
    try:
        end_loan(loan, by=user_of(request), now=timezone.now())
    except GenjinError as error:
        messages.error(request, words.sentence(Reason(error.code, error.data)))
    else:
        messages.success(request, _("The loan has ended."))
    return redirect("custody-loans")


def _where(query: Mapping[str, str]) -> Q:
    """The custodian, team and province that a figure of the card count asks for; "none": without.

    What cannot be read filters nothing.
    """
    found = Q()
    for name in ("custodian", "team"):
        text = query.get(name, "")
        if text == "none":
            found &= Q(**{name: None})
        elif text.isascii() and text.isdecimal() and len(text) < 10:
            found &= Q(**{name: int(text)})
    region = query.get("region", "")
    if region == "none":
        found &= Q(region="")
    elif address.division(region):
        found &= Q(region__in=address.within(region))
    return found


@require_safe
@access("customers.view")
def review(request: HttpRequest) -> HttpResponse:
    """The cards of one's scope that nobody confirmed for long, the oldest first."""
    user, now = user_of(request), timezone.now()
    mine = request.GET.get("whose") != "all"
    rows = visible_to(user).filter(_where(request.GET))
    if mine:
        rows = rows.filter(custodian=user)
    found = list(freshness.stale(rows.select_related("custodian", "standing"), now)[: SHOWN + 1])
    context = {
        "rows": [{"customer": row, "at": freshness.of_card(row, now).at} for row in found[:SHOWN]],
        "has_more": len(found) > SHOWN,
        "limit": SHOWN,
        "days": freshness.stale_after().days,
        "mine": mine,
        "may_change": has_right(user, "customers.change"),
    }
    return render(request, "custody/review.html", context)


@require_POST
@access("customers.change")
def confirm(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The whole card is right as of now."""
    customer = customer_of(request, pk)
    confirm_card(customer, by=user_of(request), now=timezone.now())
    if request.POST.get("from") == "review":
        messages.success(request, _("Confirmed: %(name)s") % {"name": customer.name})
        return redirect("customers-review")
    messages.success(request, _("The card is confirmed as of today."))
    return redirect(back_to(customer))


class OccasionForm(forms.Form):
    occasion = forms.ChoiceField(
        label=gettext_lazy("What came in"), choices=list(words.OCCASIONS.items())
    )
    reference = forms.CharField(
        label=gettext_lazy("Its number"), max_length=60, required=False,
        help_text=gettext_lazy("Of the delivery note, stub, record …"),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@access("customers.change")
def occasion(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One of the ten occasions to bring the card up to date, entered by hand."""
    customer = customer_of(request, pk)
    form = OccasionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        record_occasion(customer, chosen["occasion"], by=user_of(request), now=timezone.now(),
                        data={"reference": chosen["reference"]})  # fmt: skip
        messages.success(request, _("Noted on the card."))
        return redirect(back_to(customer))
    context = {"customer": customer, "form": form, "back": back_to(customer)}
    return render(request, "custody/occasion.html", context, status=422 if form.errors else 200)
