"""Deliveries: what leaves when, why not, how it arrived (SA5, SA6)."""

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

from genjin.customers.queries import visible_to
from genjin.flows import selling
from genjin.foundation.access import access, has_right, scope_of
from genjin.foundation.models import User
from genjin.kernel.errors import GenjinError
from genjin.sales import delivering
from genjin.sales.deal_sentences import of_error, sentences
from genjin.sales.models import Delivery
from genjin.sales.states import DeliveryState, PaymentTerm
from genjin.web.customers.common import user_of
from genjin.web.deals import page
from genjin.web.deals.forms import ArrivalForm, DeliveryForm, ReasonForm, ShipForm
from genjin.web.deals.views_deals import _step, _uuid, order_or_404

PAGE = 50
FORM = require_http_methods(["GET", "POST"])


def deliveries_of(user: User) -> QuerySet[Delivery]:
    """The deliveries to the cards in a person's scope."""
    rows = Delivery.objects.select_related("customer", "order")
    if scope_of(user) == "all":
        return rows
    return rows.filter(customer__in=visible_to(user).order_by().values("pk"))


def _delivery(request: HttpRequest, pk: UUID) -> Delivery:
    return get_object_or_404(deliveries_of(user_of(request)), pk=pk)


@access("deliveries.manage")
@require_GET
def deliveries(request: HttpRequest) -> HttpResponse:
    """The deliveries by state, the newest first; those kept back say why."""
    user = user_of(request)
    state = request.GET.get("state", "")
    rows = deliveries_of(user)
    if state in DeliveryState.values:
        rows = rows.filter(state=state)
    if last := _uuid(request.GET.get("after", "")):
        rows = rows.filter(pk__lt=last)
    found = list(rows.order_by("-pk")[: PAGE + 1])
    context = {
        "rows": [page.delivery_row(one) for one in found[:PAGE]],
        "after": found[PAGE - 1].pk if len(found) > PAGE else "",
        "tabs": page.deal_tabs(user, "deliveries"),
        "states": [("", _("All"))] + [(one.value, one.label) for one in DeliveryState],
        "state": state if state in DeliveryState.values else "",
    }
    return render(request, "deals/deliveries.html", context)


@access("deliveries.manage")
@FORM
def delivery_new(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Plans a delivery of an order, whole or in part."""
    order, user = order_or_404(request, pk), user_of(request)
    form = DeliveryForm(request.POST or None, order=order, left=delivering.left_of(order))

    def save(form: DeliveryForm, now: datetime) -> None:
        data = form.cleaned_data
        delivering.plan_delivery(
            order, planned_on=data["planned_on"], quantities=form.quantities(),
            deliver_to=data["deliver_to"], deliverer=data["deliverer"], by=user, now=now,
        )  # fmt: skip

    return _step(request, order, form=form, title=_("Plan a delivery"), button=_("Plan"),
                 said=_("Planned. It leaves when it is released."), save=save,
                 lead=_("What is left of the order; take less for a part of it."))  # fmt: skip


@access("deliveries.manage")
@require_GET
def delivery(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One delivery: its lines, whether it may leave, what was recorded."""
    row, user = _delivery(request, pk), user_of(request)
    is_waiting = row.state == DeliveryState.PLANNED
    reasons = sentences(selling.problems_of(row, now=timezone.now())) if is_waiting else []
    lines = row.lines.select_related("order_line__product", "order_line__category").order_by("pk")
    context = {
        "row": page.delivery_row(row), "delivery": row, "order": row.order,
        "lines": [
            {**page.line_row(one.order_line), "quantity": one.quantity.normalize(),
             "amount": page.money(one.amount, row.currency)}
            for one in lines
        ],
        "reasons": reasons, "is_waiting": is_waiting,
        "collected": page.money(row.collected_amount, row.currency)
        if row.collected_amount else "",
        "may_order": has_right(user, "orders.enter"),
    }  # fmt: skip
    return render(request, "deals/delivery.html", context)


@access("deliveries.manage")
@require_POST
def delivery_release(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Lets a delivery leave, or says why it may not."""
    row, user = _delivery(request, pk), user_of(request)
    try:
        selling.release_delivery(row, by=user, now=timezone.now())
    except GenjinError as error:
        messages.error(request, of_error(error))
    else:
        messages.success(request, _("Released; it may leave."))
    return redirect("delivery", pk=row.pk)


@access("deliveries.manage")
@FORM
def delivery_ship(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The goods are on their way."""
    row, user = _delivery(request, pk), user_of(request)

    def save(form: ShipForm, now: datetime) -> None:
        selling.ship_delivery(row, by=user, now=now, **form.cleaned_data)

    form = ShipForm(request.POST or None, initial={"deliverer": row.deliverer})
    return _step(request, row.order, form=form, title=_("Goods leave"), button=_("On the way"),
                 said=_("On the way."), lead="", save=save, back=_back(row))  # fmt: skip


@access("deliveries.manage")
@FORM
def delivery_arrive(request: HttpRequest, pk: UUID) -> HttpResponse:
    """How the goods arrived; what is owed by the terms stands in the ledger then."""
    row, user = _delivery(request, pk), user_of(request)
    collects = row.order.payment_term == PaymentTerm.ON_DELIVERY
    form = ArrivalForm(request.POST or None, collect=row.amount if collects else None)

    def save(form: ArrivalForm, now: datetime) -> None:
        data: dict[str, Any] = dict(form.cleaned_data)
        data["collected_amount"] = data["collected_amount"] or Decimal(0)
        selling.record_arrival(row, by=user, now=now, **data)

    return _step(request, row.order, form=form, title=_("Goods arrived"), button=_("Record"),
                 said=_("Recorded; what is owed stands in the account."), lead="", save=save,
                 back=_back(row))  # fmt: skip


@access("deliveries.manage")
@FORM
def delivery_end(request: HttpRequest, pk: UUID, how: str) -> HttpResponse:
    """The customer did not accept it, it is dropped, or it stays after all."""
    row, user = _delivery(request, pk), user_of(request)
    operation, title = {
        "refuse": (delivering.refuse, _("Not accepted by the customer")),
        "cancel": (delivering.cancel_delivery, _("Drop the delivery")),
        "back": (delivering.take_back, _("Take the release back")),
    }[how]

    def save(form: ReasonForm, now: datetime) -> None:
        operation(row, reason=form.cleaned_data["reason"], by=user, now=now)

    return _step(request, row.order, form=ReasonForm(request.POST or None), title=title,
                 button=title, said=_("Recorded."), lead="", save=save,
                 back=_back(row))  # fmt: skip


def _back(row: Delivery) -> str:
    return reverse("delivery", args=[row.pk])
