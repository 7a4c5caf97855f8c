"""What a customer owns, ours and competitors' (CU4): added, gone, or "asked: owns none".

The sets of the card follow in the same transaction.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from genjin.customers import timeline
from genjin.customers.models import Customer, OwnedProduct, ProductCategory
from genjin.customers.operations.changes import lock, touch
from genjin.customers.operations.standing import refresh_sets
from genjin.customers.states import Condition, DatePrecision
from genjin.foundation import audit
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput
from genjin.kernel.problems import Reason

OLDEST = date(1950, 1, 1)
_LONGEST = {"brand": 80, "model": 80, "serial": 80}


def _checked(values: Mapping[str, Any], category: ProductCategory, now: datetime) -> dict[str, Any]:
    """The columns of an owned product. BadInput: required, too_long, bad_character, not_a_choice,
    day_to_come, day_too_old, category_retired."""
    problems: dict[str | int, list[Reason]] = {}
    checked: dict[str, Any] = {}
    for name, limit in _LONGEST.items():
        text = " ".join(str(values[name]).split())
        if "\x00" in text:
            problems[name] = [Reason("bad_character")]
        elif len(text) > limit:
            problems[name] = [Reason("too_long", {"limit": limit})]
        checked[name] = text
    if not category.is_active:
        problems["category"] = [Reason("category_retired")]
    if not values["is_ours"] and not checked["brand"] and "brand" not in problems:
        problems["brand"] = [Reason("required")]
    precision = values["bought_precision"] or DatePrecision.DAY
    if precision not in DatePrecision.values:
        problems["bought_precision"] = [Reason("not_a_choice", {"value": str(precision)[:10]})]
    if values["condition"] not in Condition.values:
        problems["condition"] = [Reason("not_a_choice", {"value": str(values["condition"])[:10]})]
    bought = values["bought_on"]
    if bought is not None:
        bought = rounded(bought, precision)
        if bought > timezone.localdate(now):
            problems["bought_on"] = [Reason("day_to_come")]
        elif bought < OLDEST:
            problems["bought_on"] = [Reason("day_too_old", {"year": OLDEST.year})]
    if problems:
        raise BadInput(problems)
    return checked | {"bought_on": bought, "bought_precision": precision,
                      "condition": values["condition"]}  # fmt: skip


def rounded(day: date, precision: str) -> date:
    """A day as it is stored for its precision: what is not known is 1."""
    if precision == DatePrecision.YEAR:
        return day.replace(month=1, day=1)
    return day.replace(day=1) if precision == DatePrecision.MONTH else day


def _told(row: OwnedProduct) -> dict[str, Any]:
    """What the timeline says of it."""
    return {
        "category": row.category.code, "is_ours": row.is_ours, "brand": row.brand,
        "model": row.model, "bought_on": row.bought_on, "bought_precision": row.bought_precision,
    }  # fmt: skip


def _alive(customer: Customer, category: ProductCategory) -> Any:
    return OwnedProduct.objects.filter(customer=customer, category=category, gone_on=None)


@transaction.atomic
def add_owned(
    customer: Customer,
    *,
    category: ProductCategory,
    is_ours: bool,
    brand: str = "",
    model: str = "",
    serial: str = "",
    bought_on: date | None = None,
    bought_precision: str = DatePrecision.DAY,
    condition: str = "",
    source: tuple[str, str] = ("person", ""),
    by: User | None,
    now: datetime,
) -> OwnedProduct:
    """Writes down that a customer owns something, and moves the card to its set.

    A competitor's product needs its brand. An earlier "owns none" of the category ends. BadInput
    as `required`, `day_to_come`, `category_retired` and others by field.
    """
    values = _checked(
        {"brand": brand, "model": model, "serial": serial, "is_ours": is_ours,
         "bought_on": bought_on, "bought_precision": bought_precision, "condition": condition},
        category, now,
    )  # fmt: skip
    row = lock(customer)
    _alive(row, category).filter(owns_none=True).update(gone_on=timezone.localdate(now))
    owned = OwnedProduct.objects.create(
        customer=row, category=category, is_ours=is_ours, **values, source_kind=source[0],
        source_id=str(source[1]), confirmed_at=now, created_at=now, by=by,
    )  # fmt: skip
    audit.record("add", owned, by=by, now=now, label=f"{row.name}: {brand} {model}".strip(),
                 changes=_told(owned))  # fmt: skip
    timeline.append(row.pk, kind="owned", code="owned_added", data=_told(owned), by=by, at=now,
                    source=("ownedproduct", str(owned.pk)))  # fmt: skip
    touch(row, now)
    refresh_sets([row.pk], now, by=by.pk if by else None)
    return owned


@transaction.atomic
def mark_gone(owned: OwnedProduct, *, gone_on: date | None = None, by: User | None, now: datetime
              ) -> None:  # fmt: skip
    """Says that a product is no longer at the customer; twice does nothing.

    BadInput `day_to_come`, `gone_before_bought`.
    """
    day = gone_on or timezone.localdate(now)
    if day > timezone.localdate(now):
        raise BadInput({"gone_on": [Reason("day_to_come")]})
    if owned.bought_on and day < owned.bought_on:
        raise BadInput({"gone_on": [Reason("gone_before_bought")]})
    row = lock(owned.customer)
    alive = OwnedProduct.objects.filter(pk=owned.pk, gone_on=None, owns_none=False)
    if not alive.update(gone_on=day):
        return
    owned.gone_on = day
    audit.record("change", owned, by=by, now=now, label=row.name, changes={"gone_on": [None, day]})
    timeline.append(row.pk, kind="owned", code="owned_gone", data={**_told(owned), "gone_on": day},
                    by=by, at=now, source=("ownedproduct", str(owned.pk)))  # fmt: skip
    touch(row, now)
    refresh_sets([row.pk], now, by=by.pk if by else None)


@transaction.atomic
def mark_owns_none(
    customer: Customer, *, category: ProductCategory, by: User | None, now: datetime
) -> OwnedProduct:
    """Keeps that the customer was asked and owns nothing of a category; what stood there is gone.

    Asked again, the answer is confirmed anew. BadInput `category_retired`.
    """
    if not category.is_active:
        raise BadInput({"category": [Reason("category_retired")]})
    row = lock(customer)
    for owned in _alive(row, category).filter(owns_none=False).select_related("customer"):
        mark_gone(owned, by=by, now=now)
    known = _alive(row, category).filter(owns_none=True).first()
    if known is not None:
        known.confirmed_at = now
        known.save(update_fields=["confirmed_at"])
        return known
    owned = OwnedProduct.objects.create(
        customer=row, category=category, owns_none=True, source_kind="person",
        source_id=str(by.pk) if by else "", confirmed_at=now, created_at=now, by=by,
    )  # fmt: skip
    audit.record("add", owned, by=by, now=now, label=row.name, changes={"owns_none": True})
    timeline.append(row.pk, kind="owned", code="owns_none", data={"category": category.code},
                    by=by, at=now, source=("ownedproduct", str(owned.pk)))  # fmt: skip
    touch(row, now)
    refresh_sets([row.pk], now, by=by.pk if by else None)
    return owned


@dataclass(frozen=True)
class Bought:
    """What the orders of one customer for one product come to: how many are left after returns.

    `model` is the product's name ("" where the order names none), `last_on` the day of the newest
    order, `order_id` that order, `returned_on` the day of the newest return.
    """

    customer_id: UUID
    category_id: int
    model: str
    left: int
    last_on: date
    order_id: str
    returned_on: date | None = None


@transaction.atomic
def own_by_orders(facts: Iterable[Bought], *, brand: str, by: User | None, now: datetime) -> int:
    """Puts what was ordered of us among the owned products; returns how many rows changed.

    One row stands for all orders of a product; what was given back whole is gone. A product that
    a person marked as gone comes back with a newer order only. The caller holds the cards' locks.
    """
    bought = {(one.customer_id, one.category_id, one.model): one for one in facts}
    customers = {key[0] for key in bought}
    present: dict[tuple[UUID, int, str], OwnedProduct] = {}
    rows = OwnedProduct.objects.filter(customer__in=customers, source_kind="order")
    for row in rows.order_by("created_at", "id"):
        present[(row.customer_id, row.category_id, row.model)] = row
    new, changed = [], []
    for key, fact in bought.items():
        known = present.get(key)
        if fact.left <= 0:
            if known is not None and known.gone_on is None:
                known.gone_on = fact.returned_on or timezone.localdate(now)
                changed.append(known)
        elif known is None or _came_back(known, fact):
            new.append(_ordered(fact, brand, by, now))
        elif known.gone_on is None and known.bought_on != fact.last_on:
            known.bought_on, known.source_id = fact.last_on, fact.order_id
            known.confirmed_at = now
            changed.append(known)
    OwnedProduct.objects.bulk_create(new, batch_size=2000)
    OwnedProduct.objects.bulk_update(
        changed, ["bought_on", "source_id", "confirmed_at", "gone_on"], batch_size=1000
    )
    if new:
        _close_none({(one.customer_id, one.category_id) for one in new}, now)
    refresh_sets(customers, now, by=by.pk if by else None)
    return len(new) + len(changed)


def _came_back(row: OwnedProduct, fact: Bought) -> bool:
    if row.gone_on is None or row.source_id == fact.order_id:
        return False
    return row.gone_on <= fact.last_on


def _ordered(fact: Bought, brand: str, by: User | None, now: datetime) -> OwnedProduct:
    return OwnedProduct(
        customer_id=fact.customer_id, category_id=fact.category_id, is_ours=True,
        brand=brand[:80], model=fact.model[:80], bought_on=fact.last_on, source_kind="order",
        source_id=fact.order_id, confirmed_at=now, created_at=now, by=by,
    )  # fmt: skip


def _close_none(pairs: set[tuple[UUID, int]], now: datetime) -> None:
    """Ends the "owns none" of those who bought after all."""
    rows = OwnedProduct.objects.filter(
        customer__in={one for one, _ in pairs}, owns_none=True, gone_on=None
    )
    ended = [row.pk for row in rows if (row.customer_id, row.category_id) in pairs]
    OwnedProduct.objects.filter(pk__in=ended).update(gone_on=timezone.localdate(now))
