"""What customers asked for and we did not have: telling them when it comes in (CU12)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Min, Q, QuerySet
from django.db.models.functions import Lower
from django.utils import timezone

from genjin.customers.events import EventRow, emit_many
from genjin.customers.models import WantedItem
from genjin.foundation import audit
from genjin.foundation.access import require_right
from genjin.foundation.models import User
from genjin.sales.models import Product
from genjin.sales.operations import RIGHT


@dataclass(frozen=True)
class Demand:
    """How many customers ask for one thing: a product of ours, or words nobody has placed yet."""

    text: str
    product: Product | None
    count: int
    since: datetime
    told: int


def _open() -> QuerySet[WantedItem]:
    return WantedItem.objects.filter(closed_at=None, customer__merged_into=None)


def _of_product(product: Product) -> Q:
    named = Q(text__iexact=product.name) | Q(text__iexact=product.code)
    return Q(product_code=product.code) | Q(named, product_code="")


def demand(customers: QuerySet | None = None) -> list[Demand]:
    """What is asked for, the most wanted first; of `customers` alone where given."""
    rows = _open() if customers is None else _open().filter(customer__in=customers)
    found = (
        rows.annotate(words=Lower("text"))
        .values("product_code", "words")
        .annotate(text=Min("text"), count=Count("pk"), since=Min("asked_at"),
                  told=Count("pk", filter=Q(in_stock_at__isnull=False)))
    )  # fmt: skip
    products = list(Product.objects.filter(is_active=True))
    by_code = {product.code: product for product in products}
    by_words = {name.lower(): product for product in products
                for name in (product.code, product.name)}  # fmt: skip
    merged: dict[str, list[Demand]] = {}
    for row in found:
        product = by_code.get(row["product_code"]) or by_words.get(row["words"])
        key = f"p{product.pk}" if product else f"t{row['words']}"
        one = Demand(row["text"], product, row["count"], row["since"], row["told"])
        merged.setdefault(key, []).append(one)
    return sorted(map(_sum, merged.values()), key=lambda one: (-one.count, one.since))


def _sum(parts: Sequence[Demand]) -> Demand:
    first = max(parts, key=lambda one: one.count)
    return Demand(
        text=first.product.name if first.product else first.text,
        product=first.product,
        count=sum(one.count for one in parts),
        since=min(one.since for one in parts),
        told=sum(one.told for one in parts),
    )


def asking_for(product: Product) -> QuerySet[WantedItem]:
    """Who waits for a product, the first to ask first."""
    return _open().filter(_of_product(product)).select_related("customer").order_by("asked_at")


def asking_for_text(text: str) -> QuerySet[WantedItem]:
    """Who waits for something that is no product of ours yet."""
    rows = _open().filter(product_code="", text__iexact=text)
    return rows.select_related("customer").order_by("asked_at")


@transaction.atomic
def name_product(text: str, product: Product, *, by: User, now: datetime) -> int:
    """Says which product is meant by what customers asked for; returns how many wishes."""
    require_right(by, RIGHT)
    count = asking_for_text(text).update(product_code=product.code, category=product.kind)
    if count:
        audit.record("change", product, by=by, now=now, changes={"wanted": [text, count]})
    return count


def _tell(items: QuerySet[WantedItem], product: Product | None, now: datetime) -> int:
    """Tells that each of these wishes can be met, once for each time it comes in."""
    day = timezone.localtime(now, timezone.get_default_timezone()).date()
    waiting = list(items.filter(in_stock_at=None).select_for_update(of=("self",)))
    emit_many(
        [
            EventRow(
                code="wanted_in_stock", customer_id=item.customer_id,
                key=f"wanted:{item.pk}:{day}", on=day, source=("wanteditem", str(item.pk)),
                data={
                    "item": item.text, "product": product.name if product else None,
                    "category": product.kind.code if product and product.kind else None,
                    "days_waiting": (now - item.asked_at).days, "by": item.by_id,
                },
            )
            for item in waiting
        ],
        now=now,
    )  # fmt: skip
    WantedItem.objects.filter(pk__in=[item.pk for item in waiting]).update(in_stock_at=now)
    return len(waiting)


@transaction.atomic
def came_into_stock(product: Product, *, by: User, now: datetime) -> int:
    """The product is there: every open wish for it becomes an event, however old it is.

    Returns how many. Said twice it tells nobody twice.
    """
    require_right(by, RIGHT)
    row = Product.objects.select_for_update().get(pk=product.pk)
    audit.change(row, {"in_stock": True}, by=by, now=now)
    product.in_stock = True
    return _tell(asking_for(row), row, now)


@transaction.atomic
def went_out_of_stock(product: Product, *, by: User, now: datetime) -> None:
    """The product is gone; who still waits is told anew when it comes in again."""
    require_right(by, RIGHT)
    row = Product.objects.select_for_update().get(pk=product.pk)
    audit.change(row, {"in_stock": False}, by=by, now=now)
    product.in_stock = False
    asking_for(row).update(in_stock_at=None)


@transaction.atomic
def text_came_in(text: str, *, by: User, now: datetime) -> int:
    """What was asked for in words came in without being a product of the catalogue."""
    require_right(by, RIGHT)
    count = _tell(asking_for_text(text), None, now)
    if count:
        audit.record("change", ("wanted", text[:60]), by=by, now=now, label=text[:200],
                     changes={"in_stock": [False, True], "count": [None, count]})  # fmt: skip
    return count
