"""The ledger a second time, in plain dictionaries: what the property test and the bench compare.

It knows RE1's formulas and nothing of the product: customers, debts and credits are dictionaries,
every step is written straight down, and what is not allowed returns None and changes nothing.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

D0 = Decimal(0)


@dataclass
class Plain:
    """One customer's account in one currency."""

    debts: dict[str, dict[str, Any]] = field(default_factory=dict)
    credits: dict[str, dict[str, Any]] = field(default_factory=dict)
    uses: dict[str, dict[str, Any]] = field(default_factory=dict)
    rows: int = 0
    _count: int = 0

    def _key(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}{self._count}"

    # Formulas.
    def paid(self, debt: str) -> Decimal:
        return sum((u["amount"] for u in self.uses.values()
                    if u["on"] and u["debt"] == debt), D0)  # fmt: skip

    def open(self, debt: str) -> Decimal:
        one = self.debts[debt]
        if not one["on"]:
            return D0
        return one["amount"] - self.paid(debt) - one["off"]

    def left(self, credit: str) -> Decimal:
        one = self.credits[credit]
        used = sum((u["amount"] for u in self.uses.values()
                    if u["on"] and u["credit"] == credit), D0)  # fmt: skip
        return one["amount"] - used if one["on"] else D0

    def totals(self) -> tuple[Decimal, Decimal]:
        """(open, advance)."""
        return (sum((self.open(one) for one in self.debts), D0),
                sum((self.left(one) for one in self.credits), D0))  # fmt: skip

    # Steps.
    def _order(self) -> list[str]:
        def place(key: str) -> tuple[Any, ...]:
            one = self.debts[key]
            due = one["due"]
            return (not one["charge"], due is None, due or date.max, one["issued"], one["id"])

        return sorted((key for key in self.debts if self.open(key) > 0), key=place)

    def _use(self, credit: str, debt: str | None, amount: Decimal) -> str:
        key = self._key("u")
        self.uses[key] = {"credit": credit, "debt": debt, "amount": amount, "on": True}
        self.rows += 1
        return key

    def bill(self, amount: Decimal, issued: date, due: date | None, *, charge: bool = False) -> str:
        key = self._key("d")
        # Ids grow with time, so the order of coming stands for the id.
        self.debts[key] = {"amount": amount, "issued": issued, "due": due, "charge": charge,
                           "off": D0, "on": True, "id": self._count}  # fmt: skip
        self.rows += 1
        for credit in sorted(self.credits, key=lambda one: self.credits[one]["order"]):
            if part := min(self.left(credit), self.open(key)):
                self._use(credit, key, part)
        return key

    def credit(self, amount: Decimal, on: date, *, named: tuple[str, Decimal] | None = None) -> str:
        key = self._key("c")
        self.credits[key] = {"amount": amount, "on": True, "order": (on, self._count)}
        self.rows += 1
        self._spread(key, named)
        return key

    def _spread(self, credit: str, named: tuple[str, Decimal] | None) -> None:
        if named is not None:
            self._use(credit, *named)
            return
        for debt in self._order():
            if part := min(self.left(credit), self.open(debt)):
                self._use(credit, debt, part)

    def allocate(self, credit: str) -> bool:
        if not self.left(credit) or not self._order():
            return False
        self._spread(credit, None)
        return True

    def refund(self, credit: str, amount: Decimal) -> bool:
        if not 0 < amount <= self.left(credit):
            return False
        self._use(credit, None, amount)
        return True

    def write_off(self, debt: str, amount: Decimal) -> bool:
        if not 0 < amount <= self.open(debt):
            return False
        self.debts[debt]["off"] += amount
        self.rows += 1
        return True

    def recover(self, debt: str, amount: Decimal) -> bool:
        if not 0 < amount <= self.debts[debt]["off"]:
            return False
        self.debts[debt]["off"] -= amount
        self.rows += 1
        return True

    def reverse_use(self, use: str) -> bool:
        if not self.uses[use]["on"]:
            return False
        self.uses[use]["on"] = False
        self.rows += 1
        return True

    def reverse_credit(self, credit: str) -> bool:
        mine = [u for u in self.uses.values() if u["on"] and u["credit"] == credit]
        if not self.credits[credit]["on"] or any(u["debt"] is None for u in mine):
            return False
        for use in mine:
            use["on"] = False
        self.credits[credit]["on"] = False
        self.rows += 1 + len(mine)
        return True

    def reverse_bill(self, debt: str) -> bool:
        one = self.debts[debt]
        if not one["on"] or self.open(debt) != one["amount"]:
            return False
        one["on"] = False
        self.rows += 1
        return True
