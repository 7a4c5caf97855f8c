"""Turns a row of a file into values and faults. Pure but for the policy's words."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from genjin.customers.importing.values import BadCell, day, money, shown
from genjin.foundation import policy
from genjin.foundation.tabular.table import Row
from genjin.kernel.problems import Reason
from genjin.receivables.importing.mapping import ITEMS, WHO, FileMap, plain
from genjin.receivables.rules.amounts import amount_problem, currency_problem

_KEY = 100


@dataclass
class Read:
    """A row by what it holds, and what is wrong with it; faults carry the field's name."""

    row: Row
    cells: dict[str, str]
    values: dict[str, Any] = field(default_factory=dict)
    reasons: list[Reason] = field(default_factory=list)
    customer_id: Any = None

    def fault(self, code: str, **data: Any) -> None:
        self.reasons.append(Reason(code, data))

    @property
    def who(self) -> str:
        """What the row calls its customer; "" where it does not say."""
        return next((text for name in WHO if (text := self.cells.get(name, "").strip())), "")


def read_row(row: Row, where: Mapping[str, int], chosen: FileMap) -> Read:
    """The cells of a row as values; what cannot be read is told."""
    cells = dict(chosen.fixed) | {
        name: row.cells[place].replace("\x00", "").strip()
        for name, place in where.items()
        if place < len(row.cells)
    }
    found = Read(row, cells)
    days = ("issued_on", "due_on", "paid_on") if chosen.kind == ITEMS else ("received_on",)
    for name in days:
        _day(found, name, chosen, is_needed=name != "paid_on")
    _currency(found)
    _amount(found, "amount", is_needed=True)
    if chosen.kind == ITEMS:
        _amount(found, "paid_amount", is_needed=False)
        found.values["disputed"] = plain(cells.get("disputed", "")) in _yes()
        _number(found)
    else:
        found.values["means"] = _means(cells.get("means", ""))
    for name, limit in (("note", 300), ("reference", 120), ("payer", 120), ("order", 60)):
        found.values[name] = cells.get(name, "")[:limit]
    return found


def _day(read: Read, name: str, chosen: FileMap, *, is_needed: bool) -> None:
    cell = read.cells.get(name, "")
    read.values[name] = None
    if not cell:
        if is_needed:
            read.fault("cell_needed", field=name)
        return
    try:
        read.values[name] = date.fromisoformat(day(cell, chosen.day_order))
    except BadCell as bad:
        read.fault(bad.code, **bad.data)


def _currency(read: Read) -> None:
    currency = read.cells.get("currency", "").upper() or str(policy.value("organisation.currency"))
    read.values["currency"] = currency
    if wrong := currency_problem(currency):
        read.reasons.append(wrong)


def _amount(read: Read, name: str, *, is_needed: bool) -> None:
    cell = read.cells.get(name, "")
    read.values[name] = None
    if not cell and not is_needed:
        return
    try:
        value = money(cell)
    except BadCell as bad:
        read.fault(bad.code, **bad.data)
        return
    currency = read.values["currency"]
    if currency_problem(currency) is None and (wrong := amount_problem(value, currency)):
        read.reasons.append(wrong)
    read.values[name] = value


def _number(read: Read) -> None:
    number = read.cells.get("number", "")
    read.values["number"] = number
    if not number:
        read.fault("cell_needed", field="number")
    elif len(number) > 40:
        read.fault("too_long", limit=40)


@lru_cache
def _yes() -> frozenset[str]:
    return frozenset(plain(word) for word in policy.shipped("receivable_columns")["yes"]["words"])


@lru_cache
def _means_words() -> dict[str, str]:
    listed = policy.shipped("receivable_columns")["means"]
    return {plain(word): code for code, words in listed.items() for word in (code, *words)}


def _means(cell: str) -> str:
    return _means_words().get(plain(cell), "transfer")


def key_of(read: Read, chosen: FileMap, seen: dict[str, int]) -> str:
    """The name of a row by which it is known again: the file's own, else what it says.

    Two payments that say exactly the same are two: the second of its like has a key of its own.
    """
    values = read.values
    if own := read.cells.get("key", ""):
        return f"{chosen.kind}:{own}"[:_KEY]
    if chosen.kind == ITEMS:
        told: Sequence[Any] = ("items", read.who, values["number"])
    else:
        told = ("payments", read.who, values["received_on"], values["amount"],
                values["currency"], values["reference"], values["payer"])  # fmt: skip
    text = "|".join(_said(one) for one in told)
    seen[text] = seen.get(text, 0) + 1
    if chosen.kind == ITEMS and seen[text] > 1:
        read.fault("number_twice", value=shown(values["number"]))
    digest = hashlib.sha256(f"{text}|{seen[text]}".encode()).hexdigest()
    return f"row:{digest[:48]}"


def _said(value: Any) -> str:
    return str(value.normalize()) if isinstance(value, Decimal) else str(value)
