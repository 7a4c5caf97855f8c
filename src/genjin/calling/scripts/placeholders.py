"""Placeholders that cannot lie: `{name}` or `{name|what to say where it is not known}`.

A value comes from the card, from the person who calls, or is computed from a product's price
fields (`sales.pricing`), never from a typed total. Where an input is missing the placeholder has
no value: its own fallback is said, else the text is reported as incomplete.

Prices: `price.<code>` is the amount of that field, `term.<code>` how many months it pays for.
`price.year` is what twelve months cost by the regular price, `price.now_year` by the price now.
`saving` is their difference; where the price is paid once, `list` − `now`. A saving that is not
above zero is no saving.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal

from genjin.kernel.money import format_money
from genjin.sales.pricing import PriceField, regular_year, saving, year_now

PATTERN = re.compile(r"\{([a-z][a-z_]*(?:\.[A-Za-z0-9_-]+)*)(?:\|([^{}]*))?\}")
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
        "usp",
    }
)
FIELD_FAMILY = "customer.field."
FAMILIES = (FIELD_FAMILY, "price.", "term.")
# What is known of every call; everything else may be missing for a customer.
ALWAYS_KNOWN = frozenset({"customer.name", "customer.address", "agent.name", "usp"})


def names_in(text: str) -> set[str]:
    """The placeholders of a text."""
    return {match[1] for match in PATTERN.finditer(text)}


def without_fallback(text: str) -> set[str]:
    """The placeholders that leave a gap when nothing is known."""
    return {match[1] for match in PATTERN.finditer(text) if match[2] is None}


def unknown_in(text: str, field_codes: Collection[str] | None = None) -> list[str]:
    """The placeholders of a text that nothing could ever fill, and braces that are none.

    `field_codes` are the card's fields; without them every field is taken for known.
    """
    unknown = {name for name in names_in(text) if not _is_known(name, field_codes)}
    rest = PATTERN.sub("", text)
    unknown.update(re.findall(r"\{[^{}]{0,40}\}?", rest))
    return sorted(unknown)


def _is_known(name: str, field_codes: Collection[str] | None) -> bool:
    if name.startswith(FIELD_FAMILY) and field_codes is not None:
        return name.removeprefix(FIELD_FAMILY) in field_codes
    return name in KNOWN or any(name.startswith(family) for family in FAMILIES)


def price_values(
    prices: Mapping[str, PriceField], language: str, months_text: str = "{months}"
) -> dict[str, str]:
    """What the price fields let a script say, by placeholder.

    `months_text` is how a number of months is said, with {months} where the number stands.
    """

    def money(amount: Decimal, currency: str) -> str:
        return format_money(amount, currency, language)

    values = {f"price.{code}": money(p.amount, p.currency) for code, p in prices.items()}
    values |= {
        f"term.{code}": months_text.replace("{months}", str(p.months))
        for code, p in prices.items()
        if p.months
    }
    if year := regular_year(prices):
        values["price.year"] = money(year.amount, year.currency)
    if today := year_now(prices):
        values["price.now_year"] = money(today.amount, today.currency)
    if found := saving(prices):
        values["saving"] = money(found.amount, found.currency)
        if found.percent:
            values["saving.percent"] = f"{found.percent}%"
        if found.per_month:
            values["saving.month"] = money(found.per_month, found.currency)
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
