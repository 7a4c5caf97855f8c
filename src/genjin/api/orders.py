"""Orders: entered once under another system's number, cancelled with a reason, listed (CU3)."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_noop as _
from ninja import Query
from ninja.responses import Status
from pydantic import Field, StrictBool

from genjin.api.area import Area
from genjin.api.customers import Text, visible_customer
from genjin.api.guard import caller
from genjin.api.paging import Page, PageAsked, page_of, read_key
from genjin.api.shapes import Amount, Currency, Day, Person, Sent, Shown, example, money, person
from genjin.customers.models import Customer, ProductCategory
from genjin.customers.operations.external_keys import customer_by_key
from genjin.customers.queries import visible_to
from genjin.foundation.access import scope_of
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput, Conflict
from genjin.kernel.problems import Reason
from genjin.sales import orders as operations
from genjin.sales.models import OrderLine, Product
from genjin.sales.order_sentences import sentence

area = Area("orders", title=_("Orders"), says=sentence)


class OrderShown(Shown):
    """An order or a return."""

    id: UUID
    customer_id: UUID
    kind: str = Field(description=_("order or return."))
    state: str = Field(description=_("draft, concluded or cancelled."))
    category: str = Field(description=_("Code of the product category."))
    product: str | None = Field(description=_("Code of the product."))
    ordered_on: date
    amount: str
    currency: str
    home_amount: str = Field(description=_("In home currency, at the rate of the day."))
    home_currency: str
    is_trial: bool
    external_key: str = Field(description=_("The number in your system."))
    note: str
    created_at: datetime
    by: Person | None


class OrderNew(Sent):
    """An order or a return to enter."""

    model_config = example(
        customer_key="erp:4711", category="heater", ordered_on="2026-01-31",
        amount="1200.00", currency="CNY", external_key="SO-2026-0042",
    )  # fmt: skip

    customer: UUID | None = Field(None, description=_("Whose it is: by our id …"))
    customer_key: Text = Field(
        "", max_length=80, description=_("… or by the key that your system has for the customer.")
    )
    kind: Literal["order", "return"] = "order"
    category: Text = Field(max_length=40, description=_("Code of the product category."))
    product: Text = Field("", max_length=40, description=_("Code of the product."))
    ordered_on: Day
    amount: Amount = Field(description=_("Above nought, also for a return."))
    currency: Currency = Field("", description=_("Three letters; empty is the home currency."))
    is_trial: StrictBool = Field(False, description=_("Bought as a trial for a larger order."))
    external_key: Text = Field(
        "",
        max_length=80,
        description=_("The number in your system: sent twice, it is entered once."),
    )
    note: Text = Field("", max_length=300)


class OrdersAsked(PageAsked):
    """Which orders are asked for."""

    customer: UUID | None = Field(None, description=_("Only those of a customer."))
    external_key: str = Field("", max_length=80, description=_("Only that of your number."))
    order: Literal["newest", "oldest"] = Field(
        "newest", description=_("In the order in which they were entered.")
    )


class Cancelling(Sent):
    """Why an order is taken out of every figure."""

    reason: Text = Field(max_length=300, examples=["Withdrawn by the customer"])


def shown(one: OrderLine) -> OrderShown:
    """An order as the API tells it; numbers that an import made up are nobody's."""
    home = operations.home_currency()
    is_ours = one.external_key.startswith("row:")
    return OrderShown(
        id=one.pk, customer_id=one.customer_id, kind=one.kind, state=one.state,
        category=one.category.code, product=one.product.code if one.product else None,
        ordered_on=one.ordered_on, amount=money(one.amount, one.currency), currency=one.currency,
        home_amount=money(one.home_amount, home), home_currency=home, is_trial=one.is_trial,
        external_key="" if is_ours else one.external_key, note=one.note,
        created_at=one.created_at, by=person(one.by),
    )  # fmt: skip


def _visible(user: User) -> QuerySet[OrderLine]:
    """The orders of the cards in a person's scope."""
    rows = OrderLine.objects.select_related("customer", "category", "product", "by")
    if scope_of(user) == "all":
        return rows
    return rows.filter(customer__in=visible_to(user).order_by().values("pk"))


def _page(rows: QuerySet[OrderLine], asked: PageAsked, *, is_up: bool) -> Page[OrderShown]:
    if key := read_key(asked.after, UUID):
        rows = rows.filter(**{"pk__gt" if is_up else "pk__lt": key[0]})
    found = list(rows.order_by("pk" if is_up else "-pk")[: asked.limit + 1])
    return page_of(found, asked.limit, shown, lambda one: (one.pk,))


@area.get(
    "orders", right="orders.enter", answer=Page[OrderShown], summary=_("List orders"),
    description=_("The orders of the customers in your scope."),
)  # fmt: skip
def listed(request: HttpRequest, asked: Query[OrdersAsked]) -> Page[OrderShown]:
    rows = _visible(caller(request))
    if asked.customer:
        rows = rows.filter(customer=asked.customer)
    if asked.external_key:
        rows = rows.filter(external_key=asked.external_key)
    return _page(rows, asked, is_up=asked.order == "oldest")


@area.get(
    "orders/{uuid:pk}", right="orders.enter", answer=OrderShown, summary=_("Read an order")
)  # fmt: skip
def read(request: HttpRequest, pk: UUID) -> OrderShown:
    return shown(get_object_or_404(_visible(caller(request)), pk=pk))


@area.get(
    "customers/{uuid:pk}/orders", right="customers.view", answer=Page[OrderShown],
    summary=_("List the orders of a customer"), description=_("The newest entered first."),
)  # fmt: skip
def of_customer(request: HttpRequest, pk: UUID, asked: Query[PageAsked]) -> Page[OrderShown]:
    customer = visible_customer(caller(request), pk)
    rows = OrderLine.objects.filter(customer=customer)
    return _page(rows.select_related("category", "product", "by"), asked, is_up=False)


@area.post(
    "orders", right="orders.enter", answer={200: OrderShown, 201: OrderShown},
    summary=_("Enter an order or a return"),
    description=_("What follows from it is written with it: class, list, owned products, history. "
                  "200 gives back the order that stands under the number already."),
)  # fmt: skip
def enter(request: HttpRequest, sent: OrderNew) -> Status[OrderShown]:
    user, now = caller(request), timezone.now()
    customer, category, product = _looked_up(sent, user)
    values = sent.model_dump(exclude={"customer", "customer_key", "category", "product"})
    order = operations.enter_order(
        customer, category=category, product=product, **values, by=user, now=now
    )
    is_new = order.created_at == now
    if not is_new and not _is_same(order, category, product, values):
        raise Conflict("key_with_other_content", key=sent.external_key)
    return Status(201 if is_new else 200, shown(order))


def _is_same(
    order: OrderLine, category: ProductCategory, product: Product | None, values: dict[str, Any]
) -> bool:
    """Whether an order that stands says what was sent under its number."""
    values["currency"] = values["currency"].strip().upper() or operations.home_currency()
    return (order.category_id, order.product_id) == (
        category.pk,
        product.pk if product else None,
    ) and all(
        getattr(order, name) == values[name]
        for name in ("kind", "ordered_on", "amount", "currency", "is_trial")
    )


def _looked_up(sent: OrderNew, user: User) -> tuple[Customer, ProductCategory, Product | None]:
    """Whose order it is and of what; every wrong name is told at once. BadInput."""
    problems: dict[str | int, list[Reason]] = {}
    customer = _customer(sent, user, problems)
    category = ProductCategory.objects.filter(code=sent.category).first()
    if category is None:
        problems["category"] = [Reason("unknown_category", {"value": sent.category})]
    product = Product.objects.filter(code=sent.product, is_active=True).first()
    if sent.product and product is None:
        problems["product"] = [Reason("unknown_product", {"value": sent.product})]
    if problems or customer is None or category is None:
        raise BadInput(problems)
    return customer, category, product if sent.product else None


def _customer(
    sent: OrderNew, user: User, problems: dict[str | int, list[Reason]]
) -> Customer | None:
    """The customer by id or key, within the person's scope; what is wrong goes to `problems`."""
    place = "customer_key" if sent.customer_key else "customer"
    value = sent.customer_key or str(sent.customer or "")
    if not value:
        problems[place] = [Reason("required")]
        return None
    known = customer_by_key(sent.customer_key) if sent.customer_key else None
    wanted = known.pk if known else None if sent.customer_key else sent.customer
    found = visible_to(user).filter(pk=wanted).first() if wanted else None
    if found is None or (sent.customer and sent.customer != found.pk):
        problems[place] = [Reason("unknown_customer", {"value": value})]
        return None
    return found


@area.post(
    "orders/{uuid:pk}/cancel", right="orders.enter", answer=OrderShown,
    summary=_("Cancel an order"), description=_("It counts nowhere any more; the reason is kept."),
)  # fmt: skip
def cancel(request: HttpRequest, pk: UUID, sent: Cancelling) -> OrderShown:
    user = caller(request)
    order = get_object_or_404(_visible(user), pk=pk)
    if order.state == OrderLine.State.CANCELLED:
        raise Conflict("already_cancelled")
    if order.state != OrderLine.State.CONCLUDED:
        raise Http404
    operations.cancel_order(order, reason=sent.reason, by=user, now=timezone.now())
    return shown(order)
