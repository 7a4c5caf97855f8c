"""What a paper consists of, as plain values; no markup, no fonts, no formats."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal

# Written in full when the paper is set: text, a number, a day; None stands empty.
Value = Any
Kind = Literal["text", "index", "day", "quantity", "amount", "percent"]


@dataclass(frozen=True)
class Party:
    """One side of the paper: "customer", its name, its address and numbers as lines."""

    role: str
    name: str
    lines: Sequence[str] = ()


@dataclass(frozen=True)
class Column:
    """A column: what stands over it, what kind of values, and its share of the free width.

    kind: "text" · "index" (a counter, centred) · "day" (2026-11-23) · "quantity" (as many
    decimals as it has) · "amount" (the paper's currency, thousands apart) · "percent" (25 as
    25%). `width` 0 is as wide as its content; give at least one text column a share.
    """

    title: str
    kind: Kind = "text"
    width: int = 0


@dataclass(frozen=True)
class Table:
    """The rows of a paper, each with a value for every column; `strong_rows` are subtotals."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]
    strong_rows: Collection[int] = ()


@dataclass(frozen=True)
class Total:
    """An amount under the table. `in_capitals` repeats it in words of the trade (大写)."""

    label: str
    amount: Decimal
    is_strong: bool = False
    in_capitals: bool = False


@dataclass(frozen=True)
class Signature:
    """A place to sign or to seal, with a small line under it such as "date"."""

    label: str
    note: str = ""
    has_seal: bool = False


@dataclass(frozen=True)
class Paper:
    """A quotation, an order, a delivery note, a bill, a receipt, a statement …

    `meta` are lines beside the title after number and day. `shows_bank` prints our bank account
    (for papers that ask for money). `mark` stands large and pale across each page ("Copy").
    """

    title: str
    number: str
    day: date
    currency: str
    parties: Sequence[Party] = ()
    meta: Sequence[tuple[str, Value]] = ()
    opening: Sequence[str] = ()
    table: Table | None = None
    totals: Sequence[Total] = ()
    remarks: Sequence[str] = ()
    signatures: Sequence[Signature] = ()
    shows_bank: bool = False
    mark: str = ""


@dataclass(frozen=True)
class Letter:
    """A letter: to whom, about what, what it says; `table` stands after the paragraphs.

    `address` are the lines that show in the window, name first. `after` are paragraphs behind
    the table; `signed` the lines under the closing.
    """

    day: date
    address: Sequence[str]
    paragraphs: Sequence[str]
    subject: str = ""
    salutation: str = ""
    number: str = ""
    closing: str = ""
    signed: Sequence[str] = ()
    currency: str = "CNY"
    table: Table | None = None
    totals: Sequence[Total] = ()
    after: Sequence[str] = field(default=())
    shows_bank: bool = False
    mark: str = ""
