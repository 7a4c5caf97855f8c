"""What an opportunity's fields may hold: everything is checked before anything is written."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from genjin.kernel.money import quantise
from genjin.kernel.problems import Reason
from genjin.sales.models import Opportunity
from genjin.sales.orders import amount_problem, currency_problem, home_currency, rate_on

Problems = dict[str | int, list[Reason]]
LENGTHS = {"title": 120, "next_step": 300, "rival": 80, "end_words": 500}
GRADES = ("A", "B", "C", "D", "E")
FACT_LENGTH = 500


def text_problem(text: str, limit: int, *, is_needed: bool = False) -> Reason | None:
    """Why a text cannot stand; None when it can."""
    if "\x00" in text:
        return Reason("bad_character")
    if len(text) > limit:
        return Reason("too_long", {"limit": limit})
    return Reason("required") if is_needed and not text.strip() else None


def _money(
    values: Mapping[str, Any], now: datetime, problems: Problems, kept: Mapping[str, Any]
) -> dict[str, Any]:
    """Amount, currency, rate of the day and amount in home currency."""
    amount: Decimal | None = values["amount"]
    currency = (values["currency"] or home_currency()).strip().upper()
    if amount is None:
        if wrong := currency_problem(currency, None):
            problems["currency"] = [wrong]
        return {"amount": None, "currency": currency, "rate": Decimal(1), "home_amount": None}
    day = timezone.localdate(now)
    if wrong := currency_problem(currency, day):
        problems["currency"] = [wrong]
        return {}
    if wrong := amount_problem(amount, currency):
        problems["amount"] = [wrong]
        return {}
    if (amount, currency) == (kept.get("amount"), kept.get("currency")):
        return {}  # what was said stands at the rate of its day
    rate = rate_on(currency, day)
    assert rate is not None
    return {"amount": amount, "currency": currency, "rate": rate,
            "home_amount": quantise(amount * rate, home_currency())}  # fmt: skip


def checked(
    values: Mapping[str, Any], *, row: Opportunity | None, now: datetime
) -> tuple[dict[str, Any], Problems]:
    """The columns of what was entered, and what is wrong with it, by field.

    `row` is the opportunity as it stands, None for a new one; fields that `values` leaves out
    stay as they are. Problems: required (a title, or a product or category to name it by),
    too_long, bad_character, category_retired, in_the_past, amount_not_positive,
    too_many_decimals, currency_not_understood, no_rate.
    """
    problems: Problems = {}
    columns = {
        name: values[name]
        for name in ("product", "category", "expected_on", "next_on", "owner")
        if name in values
    }
    for name in ("title", "next_step", "rival"):
        if name in values:
            columns[name] = " ".join(str(values[name]).split())
            if wrong := text_problem(columns[name], LENGTHS[name]):
                problems[name] = [wrong]
    kept = {"amount": row.amount, "currency": row.currency} if row else {}
    if "amount" in values or "currency" in values:
        asked = {"amount": None, "currency": "", **kept, **values}
        columns |= _money(asked, now, problems, kept)
    today = timezone.localdate(now)
    for name in ("expected_on", "next_on"):
        day: date | None = columns.get(name)
        if day is not None and day < today and (row is None or day != getattr(row, name)):
            problems[name] = [Reason("in_the_past")]
    if "product" in columns and columns["product"] is not None:
        columns["category"] = columns["product"].kind or columns.get("category")
    category = columns.get("category")
    kept_category = row.category_id if row else None
    if category is not None and not category.is_active and category.pk != kept_category:
        problems["category"] = [Reason("category_retired")]
    if "title" in columns and not columns["title"]:
        columns["title"] = _named(columns, row)
    if (row is None or "title" in columns) and not columns.get("title"):
        problems.setdefault("title", [Reason("required")])
    return columns, problems


def _named(columns: Mapping[str, Any], row: Opportunity | None) -> str:
    """What an opportunity is called when nobody named it: its product."""
    product = columns.get("product", row.product if row else None)
    return product.name[:120] if product else ""
