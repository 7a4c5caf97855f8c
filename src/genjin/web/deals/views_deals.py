"""Orders with their terms: the list, the page of one, telling, agreeing, concluding (SA3)."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from genjin.customers.models import Address, Customer
from genjin.customers.queries import visible_to
from genjin.flows import selling
from genjin.foundation.access import access, scope_of
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput, GenjinError
from genjin.kernel.problems import Reason
from genjin.sales import credit, ordering
from genjin.sales.deal_sentences import of_error, sentence
from genjin.sales.models import Order, TermsAgreement
from genjin.sales.states import OrderState
from genjin.web.customers.common import customer_of, user_of
from genjin.web.deals import page
from genjin.web.deals.forms import DealForm, LineForm, ReasonForm, TermsForm
from genjin.web.problems import add_problems

PAGE = 50
FORM = require_http_methods(["GET", "POST"])


def orders_of(user: User) -> QuerySet[Order]:
    """The orders of the cards in a person's scope."""
    rows = Order.objects.select_related("customer", "seller", "exception")
    if scope_of(user) == "all":
        return rows
    return rows.filter(customer__in=visible_to(user).order_by().values("pk"))


def order_or_404(request: HttpRequest, pk: UUID) -> Order:
    return get_object_or_404(orders_of(user_of(request)), pk=pk)


@access("orders.enter")
@require_GET
def deals(request: HttpRequest) -> HttpResponse:
    """The orders in one's scope, the newest first, by state."""
    user = user_of(request)
    state = request.GET.get("state", "")
    rows = orders_of(user)
    if state in OrderState.values:
        rows = rows.filter(state=state)
    if last := _uuid(request.GET.get("after", "")):
        rows = rows.filter(pk__lt=last)
    found = list(rows.order_by("-pk")[: PAGE + 1])
    context = {
        "rows": [page.deal_row(one) for one in found[:PAGE]],
        "after": found[PAGE - 1].pk if len(found) > PAGE else "",
        "tabs": page.deal_tabs(user, "deals"),
        "states": [("", _("All"))] + [(one.value, one.label) for one in OrderState],
        "state": state if state in OrderState.values else "",
    }
    return render(request, "deals/list.html", context)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@access("orders.enter")
@require_GET
def deal(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One order: lines, terms, what stands against them, deliveries, money."""
    order, user = order_or_404(request, pk), user_of(request)
    context = page.order_page(order, user, now=timezone.now(), today=timezone.localdate())
    return render(request, "deals/deal.html", context)


@access("orders.enter")
@FORM
def deal_new(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Drafts an order on a customer's card."""
    customer, user = customer_of(request, pk), user_of(request)
    address = Address.objects.filter(customer=customer).order_by("pk").first()
    form = DealForm(request.POST or None, address=address.text if address else "")

    def save(values: dict[str, Any]) -> Order:
        return ordering.draft_order(
            customer, rules=credit.terms_rules(), by=user, now=timezone.now(),
            currency=form.cleaned_data["currency"], **values,
        )  # fmt: skip

    return _editor(request, form, customer, title=_("New order"), save=save,
                   back=reverse("customer", args=[customer.pk]))  # fmt: skip


@access("orders.enter")
@FORM
def deal_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Changes lines and terms; what was told or agreed is a draft again."""
    order, user = order_or_404(request, pk), user_of(request)
    back = reverse("deal", args=[order.pk])
    if order.state not in ordering.CHANGEABLE:
        messages.error(request, sentence(Reason("order_not_changeable", {"state": order.state})))
        return redirect(back)
    form = DealForm(request.POST or None, order=order)

    def save(values: dict[str, Any]) -> Order:
        return ordering.change_order(
            order, rules=credit.terms_rules(), by=user, now=timezone.now(), **values
        )

    return _editor(request, form, order.customer, title=_("Change the order"), save=save,
                   back=back, order=order)  # fmt: skip


def _editor(
    request: HttpRequest, form: DealForm, customer: Customer, *, title: str,
    save: Callable[[dict[str, Any]], Order], back: str, order: Order | None = None,
) -> HttpResponse:  # fmt: skip
    status = 200
    if request.method == "POST":
        status = 422
        is_more = request.POST.get("action") == "more"
        if is_more:
            status = 200
        elif form.is_valid() and (made := _saved(form, save)):
            messages.success(request, _("The order is a draft. Tell the customer its terms next."))
            return redirect("deal", pk=made.pk)
    context = {
        "form": form, "customer": customer, "title": title, "back": back, "order": order,
        "plan": [{"due": one, "amount": page.money(one.amount, order.currency)}
                 for one in form.kept_plan] if order else [],
    }  # fmt: skip
    return render(request, "deals/edit.html", context, status=status)


def _saved(form: DealForm, save: Callable[[dict[str, Any]], Order]) -> Order | None:
    """Writes the order, or puts what is wrong beside the field it belongs to."""
    drafts, sources = form.line_drafts()
    if not form.lines_are_valid:
        return None
    currency = form.cleaned_data["currency"]
    total = sum((ordering.line_amount(one, currency) or Decimal(0) for one in drafts), Decimal(0))
    data = form.cleaned_data
    try:
        return save({
            "lines": drafts, "payment": form.payment(total), "deliver_on": data["deliver_on"],
            "deliver_to": data["deliver_to"], "note": data["note"],
        })  # fmt: skip
    except BadInput as error:
        _place_problems(form, sources, error)
    except GenjinError as error:
        form.add_error(None, of_error(error))
    return None


_FIELD_OF = {"trial_for": "mark_for", "gift_for": "mark_for"}


def _place_problems(form: DealForm, sources: list[LineForm], error: BadInput) -> None:
    """Problems of `line-N-field` go to the form of that line, others to the order's."""
    rest: dict[str | int, list[Reason]] = {}
    for place, reasons in error.problems.items():
        parts = str(place).split("-", 2)
        if len(parts) == 3 and parts[0] == "line" and parts[1].isdecimal():
            name = _FIELD_OF.get(parts[2], parts[2])
            target = sources[int(parts[1])]
            for reason in reasons:
                target.add_error(name if name in target.fields else None, sentence(reason))
        else:
            rest["count" if place == "plan" else place] = list(reasons)
    add_problems(form, BadInput(rest), sentence)


def _step(
    request: HttpRequest, order: Order, *, form: Any, title: str, button: str, lead: str,
    save: Callable[[Any, datetime], Any], said: str, back: str = "",
) -> HttpResponse:  # fmt: skip
    """Shows a form about an order and does what it asks; problems stand beside their fields."""
    back = back or reverse("deal", args=[order.pk])
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
    context = {"form": form, "title": title, "button": button, "lead": lead, "back": back,
               "order": order, "customer": order.customer}  # fmt: skip
    return render(request, "deals/step.html", context, status=status)


@access("orders.conclude")
@FORM
def deal_terms(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Records that the terms were told, agreed to or not agreed to."""
    order, user = order_or_404(request, pk), user_of(request)
    was_told = order.state in (OrderState.TOLD, OrderState.AGREED)
    form = TermsForm(request.POST or None, customer=order.customer, was_told=was_told)

    def save(form: TermsForm, now: datetime) -> None:
        data = dict(form.cleaned_data)
        answer = data.pop("answer")
        answers = TermsAgreement.Answer
        steps = (answers.TOLD, answers.AGREED) if answer == "both" else (answer,)
        selling.record_terms(order, answers=steps, by=user, now=now, **data)

    return _step(request, order, form=form, title=_("Terms told and agreed"), save=save,
                 button=_("Record"), said=_("The customer's answer is on record."),
                 lead=_("Read out lines, total, payment and delivery as they stand here."),
                 )  # fmt: skip


@access("orders.conclude")
@require_POST
def deal_conclude(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Makes a deal of an agreed order."""
    order, user = order_or_404(request, pk), user_of(request)
    try:
        made = selling.conclude_order(order, by=user, now=timezone.now())
    except GenjinError as error:
        messages.error(request, of_error(error))
    else:
        messages.success(request, _("Concluded as %(number)s.") % {"number": made.number})
    return redirect("deal", pk=order.pk)


@access("orders.conclude")
@FORM
def deal_exception(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Asks a named person to let the terms stand."""
    order, user = order_or_404(request, pk), user_of(request)

    def save(form: ReasonForm, now: datetime) -> None:
        selling.ask_exception(order, reason=form.cleaned_data["reason"], by=user, now=now)

    return _step(request, order, form=ReasonForm(request.POST or None), save=save,
                 title=_("Ask for an exception"), button=_("Ask"),
                 said=_("Asked; the answer shows here and in your approvals."),
                 lead=_("A named person decides. It holds for these lines and terms alone."),
                 )  # fmt: skip


_ENDINGS: dict[str, tuple[Callable[..., Any], Any, Any, Any]] = {
    "cancel": (selling.cancel_order, lambda: _("Cancel the order"), lambda: _("Cancelled."),
               lambda: _("Nothing of it counts any more; what was billed for it is credited.")),
    "close": (selling.close_order, lambda: _("Close the order"), lambda: _("Closed."),
              lambda: _("What was not delivered will not be; what was billed ahead for it is "
                        "credited.")),
    "reopen": (selling.reopen_order, lambda: _("Reopen the order"), lambda: _("Reopened."),
               lambda: _("What is left to deliver must fit the terms as a new order would.")),
}  # fmt: skip


@access("orders.conclude")
@FORM
def deal_end(request: HttpRequest, pk: UUID, how: str) -> HttpResponse:
    """Cancels, closes or reopens an order, with the reason."""
    order, user = order_or_404(request, pk), user_of(request)
    operation, title, said, lead = _ENDINGS[how]

    def save(form: ReasonForm, now: datetime) -> None:
        operation(order, reason=form.cleaned_data["reason"], by=user, now=now)

    return _step(request, order, form=ReasonForm(request.POST or None), save=save, title=title(),
                 button=title(), said=said(), lead=lead())  # fmt: skip
