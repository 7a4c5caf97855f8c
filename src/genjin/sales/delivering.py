"""Deliveries: planned, released, on the way, arrived (SA5). `flows.selling` owes what arrived."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from genjin.customers import events, timeline
from genjin.foundation import audit
from genjin.foundation.models import User
from genjin.foundation.numbering import draw
from genjin.foundation.transitions import transition
from genjin.kernel.errors import BadInput, Conflict
from genjin.kernel.money import decimals_of
from genjin.kernel.problems import Reason
from genjin.sales import terms
from genjin.sales.models import Delivery, DeliveryLine, Order, OrderLine
from genjin.sales.ordering import locked
from genjin.sales.states import (
    ALIVE_DELIVERIES,
    DELIVERY_STATES,
    Condition,
    DeliveryState,
    OrderState,
)

RIGHT = "deliveries.manage"


@dataclass(frozen=True)
class Left:
    """What of an order line no living delivery carries."""

    line: OrderLine
    quantity: Decimal
    amount: Decimal


def left_of(order: Order) -> list[Left]:
    """Every line of an order with what is left to deliver of it; two queries."""
    lines = order.lines.exclude(state="cancelled").select_related("product", "category")
    carried = {
        row["order_line"]: (row["quantity"], row["amount"])
        for row in DeliveryLine.objects.filter(
            delivery__order=order, delivery__state__in=ALIVE_DELIVERIES
        )
        .order_by()
        .values("order_line")
        .annotate(quantity=Sum("quantity"), amount=Sum("amount"))
    }
    nothing = (Decimal(0), Decimal(0))
    return [
        Left(line, line.quantity - carried.get(line.pk, nothing)[0],
             line.amount - carried.get(line.pk, nothing)[1])
        for line in lines.order_by("position")
    ]  # fmt: skip


def _parts(
    order: Order, wanted: Mapping[Any, Decimal] | None
) -> list[tuple[OrderLine, Decimal, Decimal]]:
    """(line, quantity, amount) of a new delivery. The last part of a line takes what is left."""
    step = Decimal(1).scaleb(-decimals_of(order.currency))
    parts: list[tuple[OrderLine, Decimal, Decimal]] = []
    problems: dict[str | int, list[Reason]] = {}
    for left in left_of(order):
        quantity = left.quantity if wanted is None else wanted.get(left.line.pk, Decimal(0))
        if not quantity:
            continue
        if not 0 < quantity <= left.quantity:
            problems[f"line-{left.line.pk}"] = [
                Reason("more_than_is_left", {"left": left.quantity})
            ]
            continue
        is_rest = quantity == left.quantity
        amount = left.amount if is_rest else terms.share(
            left.line.amount, part=quantity, whole=left.line.quantity, step=step
        )  # fmt: skip
        parts.append((left.line, quantity, amount))
    if problems:
        raise BadInput(problems)
    if not parts:
        raise BadInput({"lines": [Reason("nothing_left_to_deliver")]})
    return parts


@transaction.atomic
def plan_delivery(
    order: Order,
    *,
    planned_on: date,
    by: User | None,
    now: datetime,
    quantities: Mapping[Any, Decimal] | None = None,
    deliver_to: str = "",
    deliverer: str = "",
    external_key: str = "",
) -> Delivery:
    """Plans a delivery of what is left, or of `quantities` by order line id.

    The same `external_key` gives the delivery that stands. Conflict `order_not_concluded`;
    BadInput at `line-ID`, `lines`.
    """
    row = locked(order)
    if external_key and (known := Delivery.objects.filter(external_key=external_key).first()):
        if known.order_id != row.pk:
            raise Conflict("key_of_another", key=external_key)
        return known
    if row.state != OrderState.CONCLUDED:
        raise Conflict("order_not_concluded", state=row.state)
    parts = _parts(row, quantities)
    delivery = Delivery.objects.create(
        order=row, customer_id=row.customer_id, planned_on=planned_on,
        amount=sum((amount for _line, _quantity, amount in parts), Decimal(0)),
        currency=row.currency, deliver_to=(deliver_to or row.deliver_to).strip()[:300],
        deliverer=deliverer.strip()[:120], external_key=external_key, created_at=now,
        created_by=by,
    )  # fmt: skip
    DeliveryLine.objects.bulk_create(
        DeliveryLine(delivery=delivery, order_line=line, quantity=quantity, amount=amount)
        for line, quantity, amount in parts
    )
    audit.record("plan", delivery, by=by, now=now, label=row.number,
                 changes={"planned_on": [None, planned_on], "amount": [None, delivery.amount]},
                 )  # fmt: skip
    return delivery


def _told(delivery: Delivery) -> dict[str, Any]:
    return {
        "number": delivery.number, "order": delivery.order.number, "amount": delivery.amount,
        "currency": delivery.currency,
    }  # fmt: skip


def locked_delivery(delivery: Delivery) -> Delivery:
    """The delivery's row under its order's lock."""
    locked(delivery.order)
    rows = Delivery.objects.select_for_update(of=("self",)).select_related("order", "customer")
    return rows.get(pk=delivery.pk)


@transaction.atomic
def withhold(delivery: Delivery, *, reasons: Sequence[Reason], by: User | None, now: datetime
             ) -> None:  # fmt: skip
    """Keeps on record why a delivery was refused, where everyone who looks for it sees it."""
    told = [reason.to_json() for reason in reasons]
    if audit.change(delivery, {"withheld": told}, by=by, now=now, action="withhold"):
        timeline.append(delivery.customer_id, kind="delivery", code="delivery_withheld", by=by,
                        at=now, data={**_told(delivery), "reasons": told},
                        source=("delivery", str(delivery.pk)))  # fmt: skip


@transaction.atomic
def release(delivery: Delivery, *, by: User | None, now: datetime) -> Delivery:
    """Lets a delivery leave; `flows.selling` has asked holds, credit and payment before."""
    row = locked_delivery(delivery)
    number = row.number or draw("delivery", on=timezone.localdate(now))
    transition(row, field="state", table=DELIVERY_STATES, to=DeliveryState.RELEASED, by=by,
               now=now, released_at=now, released_by=by, withheld=[], number=number)  # fmt: skip
    return row


@transaction.atomic
def take_back(delivery: Delivery, *, reason: str, by: User | None, now: datetime) -> Delivery:
    """A released delivery stays after all (a hold came up, stock ran out)."""
    row = locked_delivery(delivery)
    transition(row, field="state", table=DELIVERY_STATES, to=DeliveryState.PLANNED, by=by, now=now,
               reason=reason, released_at=None, released_by=None)  # fmt: skip
    return row


@transaction.atomic
def ship(
    delivery: Delivery, *, by: User | None, now: datetime, deliverer: str = "", tracking: str = ""
) -> Delivery:
    """The goods are on their way."""
    row = locked_delivery(delivery)
    transition(row, field="state", table=DELIVERY_STATES, to=DeliveryState.SHIPPED, by=by, now=now,
               shipped_at=now, deliverer=(deliverer.strip() or row.deliverer)[:120],
               tracking=tracking.strip()[:80])  # fmt: skip
    timeline.append(row.customer_id, kind="delivery", code="shipped", by=by, at=now,
                    data={**_told(row), "deliverer": row.deliverer},
                    source=("delivery", str(row.pk)))  # fmt: skip
    return row


@transaction.atomic
def arrive(
    delivery: Delivery,
    *,
    delivered_on: date,
    condition: str,
    by: User | None,
    now: datetime,
    receiver: str = "",
    proof: str = "",
    collected_amount: Decimal = Decimal(0),
    note: str = "",
) -> Delivery:
    """Records how and when goods arrived and tells it as an event.

    Goods that are not in good order need a note. BadInput by field; LostRace.
    """
    row = locked_delivery(delivery)
    problems: dict[str | int, list[Reason]] = {}
    today = timezone.localdate(now)
    if delivered_on > today:
        problems["delivered_on"] = [Reason("day_to_come")]
    elif row.shipped_at and delivered_on < timezone.localdate(row.shipped_at):
        problems["delivered_on"] = [Reason("before_it_left")]
    if condition not in Condition.values:
        problems["condition"] = [Reason("required" if not condition else "not_a_choice")]
    elif condition != Condition.GOOD and not note.strip():
        problems["note"] = [Reason("say_what_was_wrong")]
    if not 0 <= collected_amount <= row.amount:
        problems["collected_amount"] = [Reason("out_of_bounds", {"least": 0, "most": row.amount})]
    if problems:
        raise BadInput(problems)
    transition(
        row, field="state", table=DELIVERY_STATES, to=DeliveryState.DELIVERED, by=by, now=now,
        delivered_on=delivered_on, condition=condition, receiver=receiver.strip()[:120],
        proof=proof.strip()[:300], collected_amount=collected_amount, note=note.strip()[:300],
    )  # fmt: skip
    timeline.append(row.customer_id, kind="delivery", code="delivered", by=by, at=now,
                    data={**_told(row), "condition": condition, "receiver": row.receiver,
                          "note": row.note, "delivered_on": delivered_on.isoformat()},
                    source=("delivery", str(row.pk)))  # fmt: skip
    events.emit_many([arrived_event(row, by=by)], now=now)
    return row


def arrived_event(delivery: Delivery, *, by: User | None) -> events.EventRow:
    """The fact that goods arrived, for the rulebook: one for a delivery, told of its main line."""
    lines = [
        one.order_line
        for one in delivery.lines.select_related("order_line__product", "order_line__category")
    ]
    main = max(lines, key=lambda line: line.amount)
    products = [line.product for line in lines if line.product is not None]
    data: dict[str, Any] = {
        "category": main.category.code, "amount": delivery.amount, "order": str(main.pk),
        "is_trial": any(line.is_trial for line in lines), "by": by.pk if by else None,
        "deliverer": delivery.deliverer or None,
        "is_dear": any(one.is_dear for one in products),
        "is_fragile": any(one.is_fragile for one in products),
        "needs_installation": any(one.needs_installation for one in products),
        "product": main.product.name if main.product else None,
    }  # fmt: skip
    assert delivery.delivered_on is not None
    return events.EventRow(
        code="goods_delivered", customer_id=delivery.customer_id,
        key=f"goods_delivered:{delivery.pk}", on=delivery.delivered_on, data=data,
        source=("delivery", str(delivery.pk)),
    )  # fmt: skip


@transaction.atomic
def refuse(delivery: Delivery, *, reason: str, by: User | None, now: datetime) -> Delivery:
    """The customer did not accept the goods: they come back, nothing is owed."""
    if not reason.strip():
        raise BadInput({"reason": [Reason("required")]})
    row = locked_delivery(delivery)
    transition(row, field="state", table=DELIVERY_STATES, to=DeliveryState.REFUSED, by=by, now=now,
               reason=reason, note=reason.strip()[:300])  # fmt: skip
    timeline.append(row.customer_id, kind="delivery", code="delivery_refused", by=by, at=now,
                    data={**_told(row), "reason": reason.strip()},
                    source=("delivery", str(row.pk)))  # fmt: skip
    return row


@transaction.atomic
def cancel_delivery(delivery: Delivery, *, reason: str, by: User | None, now: datetime) -> Delivery:
    """Drops a delivery that has not left."""
    if not reason.strip():
        raise BadInput({"reason": [Reason("required")]})
    row = locked_delivery(delivery)
    transition(row, field="state", table=DELIVERY_STATES, to=DeliveryState.CANCELLED, by=by,
               now=now, reason=reason, note=reason.strip()[:300])  # fmt: skip
    return row
