"""Who is worth what (CU3): pure decisions on amounts; `standing` gives the same in SQL.

The customers stand in the order of their deal amount. The class follows from the share that those
with a *greater* amount bring together: so the customer who crosses a cut-off still takes the upper
class, and equal amounts share one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeVar

from genjin.kernel.problems import Reason

Key = TypeVar("Key")
HUNDRED = Decimal(100)


@dataclass(frozen=True)
class ClassRules:
    """The period in months and the cut-offs in per cent of the period's deal amount."""

    months: int = 12
    a_percent: Decimal = Decimal(80)
    b_percent: Decimal = Decimal(95)


@dataclass(frozen=True)
class Floors:
    """The least amount that still makes a class, in home currency; None: nobody has a deal.

    `total` is what all customers with a deal bring together.
    """

    total: Decimal
    a: Decimal | None = None
    b: Decimal | None = None

    def class_of(self, amount: Decimal) -> str:
        """A, B or C; "" for an amount that is no deal, and as long as no floors are known."""
        if amount <= 0 or self.a is None or self.b is None:
            return ""
        if amount >= self.a:
            return "A"
        return "B" if amount >= self.b else "C"

    def cut_off(self, value_class: str) -> Decimal | None:
        """The amount from which a class begins; for C what B needs."""
        return self.a if value_class == "A" else self.b


def floors(amounts: Iterable[Decimal], rules: ClassRules) -> Floors:
    """Where A and B begin among these amounts; amounts that are not above nought do not count."""
    ordered = sorted((amount for amount in amounts if amount > 0), reverse=True)
    total = sum(ordered, Decimal(0))
    found: dict[str, Decimal | None] = {"a": None, "b": None}
    above = passed = Decimal(0)
    last: Decimal | None = None
    for amount in ordered:
        if amount != last:
            above, last = passed, amount  # what those with a greater amount bring
        if above * HUNDRED < rules.a_percent * total:
            found["a"] = amount
        if above * HUNDRED < rules.b_percent * total:
            found["b"] = amount
        passed += amount
    return Floors(total, found["a"], found["b"])


def classes(amounts: Mapping[Key, Decimal], rules: ClassRules) -> dict[Key, str]:
    """The class of each customer by its deal amount of the period; "" without a deal."""
    found = floors(amounts.values(), rules)
    return {key: found.class_of(amount) for key, amount in amounts.items()}


def period_start(today: date, months: int) -> date:
    """The first day of a period of whole months that ends today; a missing day is the month's last.

    An order of that first day's date a period ago does not count any more: 2026-11-23 and twelve
    months begin on 2025-11-24.
    """
    index = today.year * 12 + today.month - 1 - months
    year, month = divmod(index, 12)
    try:
        before = date(year, month + 1, today.day)
    except ValueError:
        following = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
        return following
    return date.fromordinal(before.toordinal() + 1)


@dataclass(frozen=True)
class KeyRules:
    """Who is proposed as a key customer; see policy/classes.toml."""

    classes: Sequence[str]
    classes_with_potential: Sequence[str]
    grades: Sequence[str]
    potentials: Sequence[str]
    expected_amount: Decimal


def key_reason(
    *,
    value_class: str,
    grade: str,
    potential: str,
    expected_amount: Decimal | None,
    rules: KeyRules,
) -> Reason | None:
    """Why a customer or prospect is proposed as a key customer; None: they are not."""
    is_promising = potential in rules.potentials
    if value_class and value_class in rules.classes:
        return Reason("key_by_class", {"class": value_class})
    if value_class and value_class in rules.classes_with_potential and is_promising:
        return Reason("key_by_potential", {"class": value_class, "potential": potential})
    if value_class or grade not in rules.grades:
        return None
    if is_promising:
        return Reason("key_prospect_potential", {"grade": grade, "potential": potential})
    if expected_amount is not None and expected_amount >= rules.expected_amount:
        return Reason("key_prospect_amount", {"grade": grade, "amount": expected_amount})
    return None
