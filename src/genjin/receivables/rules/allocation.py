"""Which debts a payment pays, and how much of each (RE1). Pure.

Oldest due first, then oldest issued, then id. A debt whose condition is not met (no due day) comes
after those that have one. Charges (interest, costs) come before the principal, after it, or in
the order of their own due days: policy/receivables.toml says which.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from genjin.kernel.problems import Reason


class Charges(StrEnum):
    """Where interest and costs stand when a payment is spread."""

    FIRST = "first"
    LAST = "last"
    BY_DUE = "by_due"


@dataclass(frozen=True)
class Owed:
    """A debt as far as spreading needs it; `free` is what is open less what a cheque secures."""

    id: UUID
    open: Decimal
    due_on: date | None
    issued_on: date
    is_charge: bool = False
    secured: Decimal = Decimal(0)

    @property
    def free(self) -> Decimal:
        return max(self.open - self.secured, Decimal(0))


@dataclass(frozen=True)
class Spread:
    """How an amount is used: (debt, amount) in order, and what is left of it."""

    parts: tuple[tuple[UUID, Decimal], ...] = ()
    left: Decimal = Decimal(0)
    problems: tuple[Reason, ...] = field(default=())


def order(owed: Owed, charges: Charges) -> tuple[Any, ...]:
    """The place of a debt among those to be paid: the smallest is paid first."""
    place = {Charges.FIRST: not owed.is_charge, Charges.LAST: owed.is_charge}.get(charges, False)
    return (place, owed.due_on is None, owed.due_on or date.max, owed.issued_on, owed.id.int)


def spread(amount: Decimal, owed: Iterable[Owed], *, charges: Charges = Charges.FIRST) -> Spread:
    """Spreads an amount over debts by the rule. What a cheque secures is not paid twice."""
    parts, left = [], amount
    for one in sorted(owed, key=lambda one: order(one, charges)):
        if left <= 0:
            break
        if part := min(left, one.free):
            parts.append((one.id, part))
            left -= part
    return Spread(tuple(parts), left)


def spread_named(
    amount: Decimal, owed: Mapping[UUID, Owed], named: Sequence[tuple[UUID, Decimal]]
) -> Spread:
    """Spreads an amount as a person named it; what is not named stays an advance.

    Problems: over_allocated (more than is open of a debt, or nothing of it is), not_enough_advance
    (more named than there is), amount_not_positive.
    """
    problems: list[Reason] = []
    wanted: dict[UUID, Decimal] = {}
    for pk, part in named:
        if part <= 0:
            problems.append(Reason("amount_not_positive"))
        wanted[pk] = wanted.get(pk, Decimal(0)) + part
    for pk, part in wanted.items():
        is_open = owed[pk].open if pk in owed else Decimal(0)
        if part > is_open:
            data = {"receivable": pk, "open": is_open, "wanted": part}
            problems.append(Reason("over_allocated", data))
    total = sum(wanted.values(), Decimal(0))
    if total > amount:
        problems.append(Reason("not_enough_advance", {"left": amount, "wanted": total}))
    if problems:
        return Spread((), amount, tuple(problems))
    return Spread(tuple(wanted.items()), amount - total)
