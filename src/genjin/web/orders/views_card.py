"""What is done on a card: orders, owned products, what to do with the prospect, the key mark."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from genjin.customers.models import Customer, OwnedProduct, ProductCategory
from genjin.customers.operations import categories, owned, prospects
from genjin.flows import grades
from genjin.foundation import policy
from genjin.foundation.access import access, has_right
from genjin.kernel.errors import BadInput, GenjinError
from genjin.sales import key_customers
from genjin.sales import orders as operations
from genjin.sales.models import OrderLine
from genjin.sales.order_sentences import of_error, sentence
from genjin.sales.rules import period_start
from genjin.sales.standing import newest_run
from genjin.web.customers.common import back_to, customer_of, form_view, go, user_of
from genjin.web.orders import panels, words
from genjin.web.orders.forms import (
    CancelForm,
    GoneForm,
    KeyForm,
    NoneForm,
    OrderForm,
    OwnedForm,
    ProspectForm,
)

FORM = require_http_methods(["GET", "POST"])
PAGE = 200


@access("customers.view")
@require_GET
def orders(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The orders of a customer, those that make up the class marked (CU3)."""
    customer, user = customer_of(request, pk), user_of(request)
    months = int(policy.value("classes.months"))
    today = timezone.localdate()
    start = period_start(today, months)
    found = OrderLine.objects.filter(customer=customer).select_related("category", "product", "by")
    rows = []
    for order in found.order_by("-ordered_on", "-pk")[:PAGE]:
        is_counted = order.state == OrderLine.State.CONCLUDED and start <= order.ordered_on <= today
        rows.append(panels.order_row(order) | {"is_counted": is_counted})
    standing = panels.standing_of(customer)
    context = {
        "customer": customer,
        "rows": rows,
        "start": start,
        "today": today,
        "klass": standing.value_class if standing else "",
        "total": words.money(standing.deal_amount if standing else 0),
        "sentence": words.class_sentence(standing, newest_run(), months),
        "may_enter": has_right(user, "orders.enter"),
        "is_cut": len(rows) == PAGE,
    }
    return render(request, "orders/of_customer.html", context)


@access("orders.enter")
@FORM
def order_new(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Enters an order or a return."""
    customer, user = customer_of(request, pk), user_of(request)
    form = OrderForm(request.POST or None)

    def save(form: OrderForm, now: datetime) -> None:
        operations.enter_order(customer, **form.cleaned_data, by=user, now=now)

    return form_view(request, customer, form=form, title=_("Enter an order"), save=save,
                     part="value", said=_("The order is on the card."), say=sentence)  # fmt: skip


@access("orders.enter")
@FORM
def order_cancel(request: HttpRequest, pk: UUID, order_pk: UUID) -> HttpResponse:
    """Takes an order out of every figure."""
    customer, user = customer_of(request, pk), user_of(request)
    order = get_object_or_404(OrderLine.objects.select_related("category", "product"), pk=order_pk,
                              customer=customer, state=OrderLine.State.CONCLUDED)  # fmt: skip
    form = CancelForm(request.POST or None)

    def save(form: CancelForm, now: datetime) -> None:
        operations.cancel_order(order, reason=form.cleaned_data["reason"], by=user, now=now)

    title = _("Cancel the order of %(amount)s") % {
        "amount": words.money(order.amount, order.currency)
    }
    return form_view(request, customer, form=form, title=title, save=save, part="value",
                     said=_("The order counts no more."), say=sentence)  # fmt: skip


@access("customers.change")
@FORM
def owned_new(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Writes down something that the customer owns."""
    customer, user = customer_of(request, pk), user_of(request)
    asked = request.GET.get("category", "")
    initial = {"category": asked} if asked.isdecimal() else {}
    form = OwnedForm(request.POST or None, initial=initial)

    def save(form: OwnedForm, now: datetime) -> None:
        owned.add_owned(customer, **form.values(), source=("person", str(user.pk)), by=user,
                        now=now)  # fmt: skip

    category = form["category"].value()
    known = _category(str(category)) if category else None
    return form_view(
        request, customer, form=form, title=_("What the customer owns"), save=save, part="owned",
        say=sentence, template="orders/owned.html",
        extra={"brands": categories.brands(known) if known else []},
    )  # fmt: skip


def _category(text: str) -> ProductCategory | None:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        return None
    return ProductCategory.objects.filter(pk=int(text)).first()


@access("customers.change")
@require_GET
def brands(request: HttpRequest) -> HttpResponse:
    """The brands to suggest for a category, as options of the form's list."""
    category = _category(request.GET.get("category", ""))
    found = categories.brands(category) if category else []
    return render(request, "orders/_brands.html", {"brands": found})


@access("customers.change")
@FORM
def owned_none(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Asked: owns nothing of a category."""
    customer, user = customer_of(request, pk), user_of(request)
    asked = request.GET.get("category", "")
    form = NoneForm(request.POST or None, initial={"category": asked} if asked.isdecimal() else {})

    def save(form: NoneForm, now: datetime) -> None:
        owned.mark_owns_none(customer, category=form.cleaned_data["category"], by=user, now=now)

    return form_view(request, customer, form=form, title=_("Asked: owns none"), save=save,
                     part="owned", say=sentence)  # fmt: skip


@access("customers.change")
@require_POST
def owned_ask(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The answer to "do you own one", given while talking; the next question takes its place."""
    customer, user, now = customer_of(request, pk), user_of(request), timezone.now()
    category = _category(request.POST.get("category", ""))
    answer, brand = request.POST.get("answer", ""), request.POST.get("brand", "")
    problem = ""
    try:
        if category is None or answer not in ("ours", "theirs", "none"):
            raise BadInput("not_a_choice")
        if answer == "none":
            owned.mark_owns_none(customer, category=category, by=user, now=now)
        else:
            owned.add_owned(customer, category=category, is_ours=answer == "ours", brand=brand,
                            source=("person", str(user.pk)), by=user, now=now)  # fmt: skip
    except GenjinError as error:
        problem = of_error(error)
    back = _safe(request, request.POST.get("next", "")) or back_to(customer, "owned")
    if not request.headers.get("HX-Request"):
        if problem:
            messages.error(request, problem)
        return redirect(back)
    ask = panels.ask_box(customer, user, now=now, back=back)
    context = {"customer": customer, "ask": {**(ask or {}), "error": problem}}
    return render(request, "orders/_ask.html", context)


def _safe(request: HttpRequest, to: str) -> str:
    """An address of our own to go back to; "" for anything else."""
    return to if url_has_allowed_host_and_scheme(to, allowed_hosts={request.get_host()}) else ""


@access("customers.change")
@FORM
def owned_gone(request: HttpRequest, pk: UUID, owned_pk: UUID) -> HttpResponse:
    """Says that something is no longer at the customer."""
    customer, user = customer_of(request, pk), user_of(request)
    row = get_object_or_404(OwnedProduct.objects.select_related("category"), pk=owned_pk,
                            customer=customer, gone_on=None)  # fmt: skip
    form = GoneForm(request.POST or None)

    def save(form: GoneForm, now: datetime) -> None:
        owned.mark_gone(row, gone_on=form.cleaned_data["gone_on"], by=user, now=now)

    title = _("No longer there: %(name)s") % {"name": words.owned_name(row)}
    return form_view(request, customer, form=form, title=title, save=save, part="owned",
                     say=sentence)  # fmt: skip


@access("customers.change")
@FORM
def prospect(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What to do with a prospect: keep visiting, pause, do not give up."""
    customer, user = customer_of(request, pk), user_of(request)
    initial = {name: getattr(customer, name) for name in ProspectForm.base_fields}
    form = ProspectForm(request.POST or None, initial=initial)

    def save(form: ProspectForm, now: datetime) -> None:
        data: dict[str, Any] = dict(form.cleaned_data)
        prospects.set_prospect(customer, state=data.pop("prospect_state"), **data, by=user, now=now)

    return form_view(request, customer, form=form, title=_("Prospect"), save=save, part="prospect",
                     say=sentence)  # fmt: skip


@access("customers.change")
@require_POST
def grade_confirm(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Keeps the grade as it stands, in one key; a review of it in hand is done (CU5)."""
    customer: Customer = customer_of(request, pk)
    try:
        grades.confirm(customer, by=user_of(request), now=timezone.now())
    except GenjinError as error:
        messages.error(request, of_error(error))
    else:
        messages.success(request, _("The grade stands; its term begins anew."))
    if to := _safe(request, request.POST.get("next", "")):
        return redirect(to)
    return go(request, back_to(customer, "prospect"))


@access("classes.manage")
@FORM
def key(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Marks a key customer, or refuses the proposal, with a reason."""
    customer, user = customer_of(request, pk), user_of(request)
    form = KeyForm(request.POST or None, initial={"is_key": "yes"})

    def save(form: KeyForm, now: datetime) -> None:
        key_customers.decide_key(
            customer, is_key=form.cleaned_data["is_key"] == "yes",
            reason=form.cleaned_data["reason"], by=user, now=now,
        )  # fmt: skip

    return form_view(request, customer, form=form, title=_("Key customer"), save=save,
                     part="value", say=sentence)  # fmt: skip
