"""Orders as far as classes, lists and sets need them (CU3, CU4): entered, imported, cancelled.

Each order carries its amount in the home currency at the rate of its day; a currency without a
rate for that day is refused. What an order changes is written with it: the customer's standing,
what they own of us, the timeline, and the event that a deal is done.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, Max, Q, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from genjin.customers import events, timeline
from genjin.customers.models import Customer, ProductCategory, TimelineEntry
from genjin.customers.operations.changes import lock, touch
from genjin.customers.operations.owned import OLDEST, Bought, own_by_orders
from genjin.foundation import audit, policy
from genjin.foundation.models import User
from genjin.foundation.transitions import transition
from genjin.kernel.errors import BadInput, Conflict
from genjin.kernel.money import decimals_of, quantise
from genjin.kernel.problems import Reason
from genjin.sales.models import ExchangeRate, OrderLine, Product
from genjin.sales.standing import refresh_standings
from genjin.sales.states import LINE_STATES

LARGEST = Decimal(10) ** 13
RateOf = Callable[[str, date], Decimal | None]


def home_currency() -> str:
    """The currency that deal amounts are in."""
    return str(policy.value("organisation.currency"))


def rate_on(currency: str, day: date) -> Decimal | None:
    """What one unit was worth in home currency on a day: the newest rate from that day or before.

    None where no rate was entered that counts for the day.
    """
    if currency == home_currency():
        return Decimal(1)
    rows = ExchangeRate.objects.filter(currency=currency, from_day__lte=day)
    return rows.order_by("-from_day").values_list("rate", flat=True).first()


@dataclass
class Draft:
    """An order before it is written, checked and with its amount in home currency."""

    customer_id: UUID
    category: ProductCategory
    ordered_on: date
    amount: Decimal
    currency: str
    kind: str
    rate: Decimal
    home_amount: Decimal
    product: Product | None = None
    is_trial: bool = False
    external_key: str = ""
    note: str = ""
    problems: dict[str | int, list[Reason]] = field(default_factory=dict)


def amount_problem(amount: Decimal, currency: str) -> Reason | None:
    """Why an amount cannot be an order's; None when it can."""
    if not amount.is_finite() or not 0 < amount < LARGEST:
        return Reason("amount_not_positive")
    if quantise(amount, currency) != amount:
        return Reason("too_many_decimals", {"most": decimals_of(currency), "currency": currency})
    return None


def currency_problem(
    currency: str, day: date | None, rate_of: RateOf | None = None
) -> Reason | None:
    """Why an order cannot be in a currency on a day; None when it can."""
    if len(currency) != 3 or not (currency.isascii() and currency.isupper()):
        return Reason("currency_not_understood")
    if day is not None and (rate_of or rate_on)(currency, day) is None:
        return Reason("no_rate", {"currency": currency, "day": day, "home": home_currency()})
    return None


def checked(
    customer_id: UUID,
    *,
    category: ProductCategory,
    ordered_on: date,
    amount: Decimal,
    currency: str,
    kind: str,
    now: datetime,
    product: Product | None = None,
    is_trial: bool = False,
    external_key: str = "",
    note: str = "",
    rate_of: RateOf | None = None,
) -> Draft:
    """An order that can be written; `rate_of` stands in for `rate_on`.

    BadInput by field: amount_not_positive, too_many_decimals, currency_not_understood, no_rate,
    day_to_come, day_too_old, not_a_choice, category_retired, too_long, bad_character.
    """
    problems: dict[str | int, list[Reason]] = {}
    currency = (currency or home_currency()).strip().upper()
    if ordered_on > timezone.localdate(now):
        problems["ordered_on"] = [Reason("day_to_come")]
    elif ordered_on < OLDEST:
        problems["ordered_on"] = [Reason("day_too_old", {"year": OLDEST.year})]
    if wrong := currency_problem(currency, ordered_on, rate_of):
        problems["currency"] = [wrong]
    elif wrong := amount_problem(amount, currency):
        problems["amount"] = [wrong]
    if kind not in OrderLine.Kind.values:
        problems["kind"] = [Reason("not_a_choice", {"value": kind[:10]})]
    if not category.is_active:
        problems["category"] = [Reason("category_retired")]
    for name, text, limit in (("external_key", external_key, 80), ("note", note, 300)):
        if len(text) > limit:
            problems[name] = [Reason("too_long", {"limit": limit})]
        elif "\x00" in text:
            problems[name] = [Reason("bad_character")]
    if problems:
        raise BadInput(problems)
    rate = (rate_of or rate_on)(currency, ordered_on)
    assert rate is not None
    return Draft(
        customer_id, category, ordered_on, amount, currency, kind, rate,
        quantise(amount * rate, home_currency()), product, is_trial, external_key.strip(),
        note.strip(),
    )  # fmt: skip


def order_of(draft: Draft, source: str, by: User | None, now: datetime) -> OrderLine:
    """The row of a checked order."""
    return OrderLine(
        customer_id=draft.customer_id, kind=draft.kind, category=draft.category,
        product=draft.product, ordered_on=draft.ordered_on, amount=draft.amount,
        currency=draft.currency, rate=draft.rate, home_amount=draft.home_amount,
        is_trial=draft.is_trial, note=draft.note, source=source, external_key=draft.external_key,
        created_at=now, by=by,
    )  # fmt: skip


def _told(order: OrderLine) -> dict[str, Any]:
    """What the timeline says of an order."""
    return {
        "category": order.category.code, "product": order.product.name if order.product else "",
        "amount": order.amount, "currency": order.currency, "ordered_on": order.ordered_on,
        "home_amount": order.home_amount, "is_trial": order.is_trial,
    }  # fmt: skip


def _entry_code(order: OrderLine) -> str:
    return "order_entered" if order.kind == OrderLine.Kind.ORDER else "return_entered"


def timeline_entry(order: OrderLine, *, by: User | None, now: datetime) -> TimelineEntry:
    """What an order leaves on the timeline."""
    return TimelineEntry(
        customer_id=order.customer_id, kind="order", code=_entry_code(order), at=now, by=by,
        data=audit.plain(_told(order)), source_kind="order", source_id=str(order.pk),
    )  # fmt: skip


def deal_event(order: OrderLine, *, is_first: bool, by: User | None) -> events.EventRow:
    """The fact that a deal was done, for the rulebook."""
    product = order.product
    data: dict[str, Any] = {
        "category": order.category.code, "amount": order.home_amount, "order": str(order.pk),
        "is_trial": order.is_trial, "is_first": is_first, "by": by.pk if by else None,
    }  # fmt: skip
    if product is not None:
        data |= {
            "product": product.name, "is_dear": product.is_dear, "is_fragile": product.is_fragile,
            "needs_installation": product.needs_installation,
        }  # fmt: skip
    return events.EventRow(
        code="deal_done", customer_id=order.customer_id, key=f"deal_done:{order.pk}",
        on=order.ordered_on, data=data, source=("order", str(order.pk)),
    )  # fmt: skip


@transaction.atomic
def enter_order(
    customer: Customer,
    *,
    category: ProductCategory,
    ordered_on: date,
    amount: Decimal,
    currency: str = "",
    kind: str = OrderLine.Kind.ORDER,
    product: Product | None = None,
    is_trial: bool = False,
    external_key: str = "",
    note: str = "",
    by: User | None,
    now: datetime,
) -> OrderLine:
    """Writes a concluded order or a return, with everything that follows from it.

    `currency` empty is the home currency. An `external_key` that stands already gives that order
    back and writes nothing; Conflict `key_of_another` where it is another customer's. BadInput as
    `checked` says.
    """
    row = lock(customer)
    draft = checked(
        row.pk, category=category, ordered_on=ordered_on, amount=amount, currency=currency,
        kind=kind, product=product, is_trial=is_trial, external_key=external_key, note=note,
        now=now,
    )  # fmt: skip
    if known := _known(draft):
        return known
    is_first = not OrderLine.objects.filter(
        customer=row, kind=OrderLine.Kind.ORDER, state=OrderLine.State.CONCLUDED
    ).exists()
    order = order_of(draft, "entered", by, now)
    order.save(force_insert=True)
    audit.record("add", order, by=by, now=now, label=f"{row.name}: {order.amount} {order.currency}",
                 changes=_told(order))  # fmt: skip
    timeline_entry(order, by=by, now=now).save(force_insert=True)
    touch(row, now)
    follow_orders([row.pk], by=by, now=now)
    if order.kind == OrderLine.Kind.ORDER:
        events.emit_many([deal_event(order, is_first=is_first, by=by)], now=now)
    return order


def _known(draft: Draft) -> OrderLine | None:
    """The order that stands under the draft's external key. Conflict `key_of_another`."""
    if not draft.external_key:
        return None
    with connection.cursor() as cursor:
        # Two callers with one key for two customers: the second looks when the first is done.
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"genjin.order_key:{draft.external_key}"],
        )
    known = OrderLine.objects.filter(external_key=draft.external_key).first()
    if known is not None and known.customer_id != draft.customer_id:
        raise Conflict("key_of_another", key=draft.external_key)
    return known


@transaction.atomic
def cancel_order(order: OrderLine, *, reason: str, by: User | None, now: datetime) -> None:
    """Takes an order out of every figure, with a reason; LostRace when it was cancelled before."""
    if not reason.strip():
        raise BadInput({"reason": [Reason("required")]})
    row = lock(order.customer)
    transition(
        order, field="state", table=LINE_STATES, to=OrderLine.State.CANCELLED, by=by, now=now,
        reason=reason,
    )  # fmt: skip
    timeline.append(row.pk, kind="order", code="order_cancelled", by=by, at=now,
                    data={**_told(order), "reason": reason},
                    source=("order", str(order.pk)))  # fmt: skip
    touch(row, now)
    follow_orders([row.pk], by=by, now=now)


@transaction.atomic
def follow_orders(customer_ids: Iterable[UUID], *, by: User | None, now: datetime) -> None:
    """Brings standing and owned products of customers up to their orders.

    The caller holds the locks of the cards.
    """
    ids = list(customer_ids)
    refresh_standings(ids, now=now, by=by)
    own_by_orders(bought(ids), brand=str(policy.value("organisation.name")), by=by, now=now)


def bought(customer_ids: Sequence[UUID]) -> list[Bought]:
    """What the orders of customers come to for each product, less what they gave back."""
    is_order = Q(kind=OrderLine.Kind.ORDER)
    rows = (
        OrderLine.objects.filter(customer__in=customer_ids, state=OrderLine.State.CONCLUDED)
        .order_by()
        .values("customer_id", "category_id", "product__name")
        .annotate(
            orders=Count("pk", filter=is_order), returns=Count("pk", filter=~is_order),
            last_on=Max("ordered_on", filter=is_order),
            last_id=Max(Cast("pk", TextField()), filter=is_order),
            returned_on=Max("ordered_on", filter=~is_order),
        )
    )  # fmt: skip
    found = [
        Bought(
            customer_id=row["customer_id"], category_id=row["category_id"],
            model=(row["product__name"] or "")[:80], left=row["orders"] - row["returns"],
            last_on=row["last_on"], order_id=row["last_id"], returned_on=row["returned_on"],
        )
        for row in rows
        if row["orders"]
    ]  # fmt: skip
    return found + _all_cancelled(customer_ids, found)


def _all_cancelled(customer_ids: Sequence[UUID], found: Sequence[Bought]) -> list[Bought]:
    """Products of which every order was cancelled: nothing is left of them."""
    known = {(one.customer_id, one.category_id, one.model) for one in found}
    rows = (
        OrderLine.objects.filter(customer__in=customer_ids, state=OrderLine.State.CANCELLED)
        .order_by()
        .values_list("customer_id", "category_id", "product__name")
        .annotate(last_on=Max("ordered_on"))
    )
    return [
        Bought(customer_id=customer, category_id=category, model=(name or "")[:80], left=0,
               last_on=last_on, order_id="")
        for customer, category, name, last_on in rows
        if (customer, category, (name or "")[:80]) not in known
    ]  # fmt: skip


@transaction.atomic
def set_rate(
    *, currency: str, from_day: date, rate: Decimal, by: User, now: datetime
) -> ExchangeRate:
    """Enters what a currency is worth in home currency from a day on; orders on record keep theirs.

    The same currency and day again corrects the rate. BadInput: currency_not_understood,
    rate_of_home, not_a_rate.
    """
    currency = currency.strip().upper()
    problems: dict[str | int, list[Reason]] = {}
    if wrong := currency_problem(currency, None):
        problems["currency"] = [wrong]
    elif currency == home_currency():
        problems["currency"] = [Reason("rate_of_home")]
    if not rate.is_finite() or not 0 < rate < Decimal(10) ** 9:
        problems["rate"] = [Reason("not_a_rate")]
    if problems:
        raise BadInput(problems)
    rate = rate.quantize(Decimal("0.00000001"))
    if rate <= 0:
        raise BadInput({"rate": [Reason("not_a_rate")]})
    before = ExchangeRate.objects.filter(currency=currency, from_day=from_day).first()
    row, _ = ExchangeRate.objects.update_or_create(
        currency=currency, from_day=from_day, defaults={"rate": rate, "by": by}
    )
    audit.record("set", row, by=by, now=now, label=f"{currency} {from_day}",
                 changes={"rate": [before.rate if before else None, rate]})  # fmt: skip
    return row
