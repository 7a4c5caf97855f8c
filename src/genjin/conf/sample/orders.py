"""What the sample's customers bought and own: orders, competitors' products, prospects."""

import csv
import random
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.utils import timezone

from genjin.customers.models import Customer, OwnedProduct, ProductCategory
from genjin.customers.operations import categories, owned, prospects
from genjin.customers.operations.card import set_grade
from genjin.customers.operations.standing import refresh_sets
from genjin.foundation.models import User
from genjin.sales import importing
from genjin.sales.key_customers import decide_key, proposals
from genjin.sales.models import Product
from genjin.sales.orders import set_rate
from genjin.sales.standing import refresh_standings

COLUMNS = ("number", "category", "product", "date", "amount", "currency", "kind", "note")
BUYERS = 0.45
OWNERS = 0.5
ABROAD = {"TWD": Decimal("4.5"), "HKD": Decimal("1.1")}


def make_categories(
    data: Mapping[str, Any], products: Mapping[str, Product], *, by: User, now: datetime
) -> dict[str, ProductCategory]:
    """Adds the categories, and the exchange rates that foreign orders need."""
    made = {}
    for entry in data["categories"]:
        made[entry["code"]] = categories.save_category(
            None, code=entry["code"], labels=entry["labels"], life_years=entry.get("life_years"),
            is_active=True, brand_names=entry["brands"], by=by, now=now,
        )  # fmt: skip
        for code in entry.get("products", []):
            Product.objects.filter(pk=products[code].pk).update(kind=made[entry["code"]])
    for currency, rate in data["rates"].items():
        set_rate(currency=currency, from_day=timezone.localdate(now) - timedelta(days=800),
                 rate=Decimal(rate), by=by, now=now)  # fmt: skip
    return made


def _rows(
    data: Mapping[str, Any], buyers: Sequence[tuple[int, str]], today: date, rng: random.Random
) -> Iterator[tuple[Any, ...]]:
    """A year and a half of orders; organisations buy more, a few give something back."""
    for number, kind in buyers:
        many = rng.choice((2, 3, 5, 9)) if kind == "organisation" else rng.choice((1, 1, 1, 2, 3))
        for _turn in range(many):
            entry = rng.choice(data["categories"])
            low, high = entry["price"]
            pieces = rng.randint(2, 12) if kind == "organisation" else 1
            amount = Decimal(rng.randint(low, high) * pieces)
            currency = rng.choices(["CNY", *ABROAD], [96, 2, 2])[0]
            day = today - timedelta(days=int(rng.random() ** 1.4 * 540))
            code = rng.choice(entry.get("products", [""]))
            shown = (amount * ABROAD.get(currency, Decimal(1))).quantize(Decimal(1))
            yield number, entry["code"], code, day, shown, currency, "order", ""
            if rng.random() < 0.03:
                yield (
                    number,
                    entry["code"],
                    code,
                    day,
                    shown,
                    currency,
                    "return",
                    data["order_words"]["returned"],
                )


def _bring_in(rows: Iterator[tuple[Any, ...]], *, by: User, now: datetime) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sample-orders.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows(rows)
        importing.bring_in(path, by=by, now=now)


def _owned(
    data: Mapping[str, Any], made: Mapping[str, ProductCategory], customers: Sequence[Any],
    today: date, rng: random.Random, *, by: User, now: datetime,
) -> Iterator[OwnedProduct]:  # fmt: skip
    """Competitors' products of all ages, and answers "owns none"."""
    kinds = [entry for entry in data["categories"] if entry["brands"]]
    for pk in customers:
        for entry in rng.sample(kinds, rng.choice((1, 1, 2, 3))):
            common = {
                "customer_id": pk, "category": made[entry["code"]], "source_kind": "person",
                "source_id": str(by.pk), "confirmed_at": now, "created_at": now, "by": by,
            }  # fmt: skip
            if rng.random() < 0.2:
                yield OwnedProduct(owns_none=True, **common)
                continue
            precision = rng.choice(("year", "year", "month", "day"))
            bought = today - timedelta(days=rng.randint(60, 14 * 365))
            yield OwnedProduct(
                brand=rng.choice(entry["brands"]), bought_precision=precision,
                bought_on=owned.rounded(bought, precision),
                condition=rng.choice(("", "good", "good", "worn", "faulty")), **common,
            )  # fmt: skip


def _prospects(rows: Sequence[Customer], rng: random.Random, *, by: User, now: datetime) -> None:
    """Grades of several ages, some of them overdue, and what to do with each prospect."""
    for row in rows:
        grade = rng.choices("ABCDE", [2, 4, 5, 3, 2])[0]
        ago = timedelta(
            days=rng.choice((1, 3, 5, 8, 9) if grade == "A" else (1, 3, 9, 20, 31)),
            hours=rng.randint(0, 9),
        )
        set_grade(
            row, grade=grade, by=row.custodian or by, now=now - ago,
            expected_close_date=timezone.localdate(now) + timedelta(days=rng.randint(3, 60)),
            expected_amount=Decimal(rng.choice((2600, 5200, 8800, 26000, 128000))),
        )  # fmt: skip
        state = rng.choice(("keep", "keep", "keep", "pause", "hold_on"))
        prospects.set_prospect(
            row, state=state, by=row.custodian or by, now=now - ago,
            paused_until=timezone.localdate(now) + timedelta(days=rng.randint(20, 90)),
            visiting_grade=rng.choice("123") if state == "keep" else "",
        )  # fmt: skip


def make_orders(
    data: Mapping[str, Any], made: Mapping[str, ProductCategory], *, by: User, now: datetime
) -> None:
    """Orders by the ordinary import, owned products, prospects; then classes and key customers."""
    rng = random.Random(20261124)  # noqa: S311 - a sample, not a secret
    today = timezone.localdate(now)
    rows = list(Customer.objects.order_by("number").values_list("pk", "number", "kind"))
    rng.shuffle(rows)
    buyers = [(number, kind) for _pk, number, kind in rows[: int(len(rows) * BUYERS)]]
    _bring_in(_rows(data, buyers, today, rng), by=by, now=now)
    some = [pk for pk, _number, _kind in rng.sample(rows, int(len(rows) * OWNERS))]
    OwnedProduct.objects.bulk_create(
        _owned(data, made, some, today, rng, by=by, now=now), batch_size=2000
    )
    refresh_sets(None, now)
    others = [pk for pk, _number, _kind in rows[int(len(rows) * BUYERS) :]][:60]
    graded = Customer.objects.filter(pk__in=others).select_related("custodian").order_by("number")
    _prospects(list(graded), rng, by=by, now=now)
    refresh_standings(now=now)
    for found in proposals(Customer.objects.all(), limit=12)[::3]:
        decide_key(found.customer, is_key=True, reason=data["order_words"]["key"], by=by,
                   now=now)  # fmt: skip
