"""Placeholders that cannot lie: `{name}` or `{name|what to say where it is not known}`.

A value comes from the card, from the person who calls, or is computed from a product's price
fields, never from a typed total. Where an input is missing the placeholder has no value: its own
fallback is said, else the text is reported as incomplete and is not read out with a gap.

Prices: `price.<code>` is the amount of that field. `price.year` is what twelve months cost by the
regular price (the field `year`, else `month` × 12). `saving` is `price.year` − twelve months by
`now`; without monthly fields, `list` − `now`. A saving that is not above zero is no saving.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from genjin.kernel.money import format_money

PATTERN = re.compile(r"\{([a-z_]+(?:\.[A-Za-z0-9_-]+)*)(?:\|([^{}]*))?\}")
KNOWN = frozenset(
    {
        "customer.name",
        "customer.address",
        "customer.region",
        "agent.name",
        "agent.staff_number",
        "organisation",
        "product.name",
        "price.year",
        "price.now_year",
        "saving",
        "saving.percent",
        "saving.month",
        "last.contact",
        "introduction",
        "usp",
    }
)
FAMILIES = ("customer.field.", "price.")


@dataclass(frozen=True)
class PriceField:
    """An amount of a product: `months` is how many months it pays for (None: once for all)."""

    amount: Decimal
    currency: str
    months: int | None = None

    @property
    def per_year(self) -> Decimal | None:
        return self.amount * 12 / self.months if self.months else None


@dataclass(frozen=True)
class Saving:
    """What the customer pays by the regular price, by the price now, and the difference."""

    regular: Decimal
    now: Decimal
    currency: str
    is_yearly: bool

    @property
    def amount(self) -> Decimal:
        return self.regular - self.now

    @property
    def percent(self) -> Decimal:
        return self.amount * 100 / self.regular


def regular_year(prices: Mapping[str, PriceField]) -> PriceField | None:
    """Twelve months by the regular price."""
    for code in ("year", "month"):
        field = prices.get(code)
        if field is not None and field.per_year is not None:
            return PriceField(field.per_year, field.currency, 12)
    return None


def saving(prices: Mapping[str, PriceField]) -> Saving | None:
    """The saving that the price fields prove, or None where they prove none.

    Like is compared with like: a year with a year, once with once, one currency.
    """
    now = prices.get("now")
    if now is None:
        return None
    if now.per_year is not None:
        regular, today, is_yearly = regular_year(prices), now.per_year, True
    else:
        regular, today, is_yearly = prices.get("list"), now.amount, False
        if regular is not None and regular.months:
            return None
    if regular is None or regular.currency != now.currency or regular.amount <= today:
        return None
    return Saving(regular.amount, today, now.currency, is_yearly)


def names_in(text: str) -> set[str]:
    """The placeholders of a text."""
    return {match[1] for match in PATTERN.finditer(text)}


def unknown_in(text: str) -> list[str]:
    """The placeholders of a text that nothing could ever fill, and braces that are none."""
    unknown = {
        name
        for name in names_in(text)
        if name not in KNOWN and not any(name.startswith(family) for family in FAMILIES)
    }
    rest = PATTERN.sub("", text)
    unknown.update(re.findall(r"\{[^{}]{0,40}\}?", rest))
    return sorted(unknown)


def price_values(prices: Mapping[str, PriceField], language: str) -> dict[str, str]:
    """What the price fields let a script say, by placeholder."""

    def money(amount: Decimal, currency: str) -> str:
        return format_money(amount, currency, language)

    values = {f"price.{code}": money(p.amount, p.currency) for code, p in prices.items()}
    if year := regular_year(prices):
        values["price.year"] = money(year.amount, year.currency)
    now = prices.get("now")
    if now is not None and now.per_year is not None:
        values["price.now_year"] = money(now.per_year, now.currency)
    if found := saving(prices):
        values["saving"] = money(found.amount, found.currency)
        values["saving.percent"] = f"{found.percent.quantize(Decimal(1))}%"
        if found.is_yearly:
            values["saving.month"] = money(found.amount / 12, found.currency)
    return values


@dataclass(frozen=True)
class Filled:
    """A text ready to be read out; `missing` names the placeholders that had no value."""

    text: str
    missing: tuple[str, ...] = ()


def fill(text: str, values: Mapping[str, str]) -> Filled:
    """Puts the values in. A placeholder without value and without fallback is left as a visible
    mark (…) and named in `missing`: it is never shown as if nothing were wrong.
    """
    missing: list[str] = []

    def put(match: re.Match[str]) -> str:
        name, fallback = match[1], match[2]
        if value := values.get(name, ""):
            return value
        if fallback is not None:
            return fallback
        missing.append(name)
        return "…"

    return Filled(PATTERN.sub(put, text), tuple(missing))
