"""Brings orders in from a list (CSV or XLSX): good rows are written, bad ones told with reasons.

Columns are known by their names (policy/order_columns.toml). Each row has a key: the other
system's, or one made of the row itself and of how often it stood in the file before; so the same
file twice, or a longer one after it, writes nothing twice. A part of a few hundred rows is one
transaction: an import that was interrupted is started again.
"""

import hashlib
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from genjin.customers import events
from genjin.customers.importing.values import BadCell, day, money, shown
from genjin.customers.models import ContactPoint, Customer, ProductCategory, TimelineEntry
from genjin.customers.queries import visible_to
from genjin.foundation import audit, policy
from genjin.foundation.models import User
from genjin.foundation.tabular.layout import find_layout
from genjin.foundation.tabular.table import Row, Table, open_table
from genjin.kernel.errors import BadInput
from genjin.kernel.phone import parse_phone
from genjin.kernel.problems import Reason
from genjin.sales import orders
from genjin.sales.models import OrderLine, Product

_PART = 500
_NEEDED = ("category", "ordered_on", "amount")
_WHO = ("number", "phone", "tax_number")
Progress = Callable[[int], None]


@dataclass(frozen=True)
class Fault:
    """A row that did not come in: its number in the file, its cells, and why."""

    row: int
    cells: Sequence[str]
    reasons: tuple[Reason, ...]


@dataclass
class OrdersBroughtIn:
    """What became of a file: orders written, rows that were known, rows with faults."""

    columns: tuple[str, ...] = ()
    written: int = 0
    known: int = 0
    faults: list[Fault] = field(default_factory=list)


class MissingColumns(BadInput):
    """The file lacks columns without which no order can be read."""


def plain(text: str) -> str:
    """A word as it is compared."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in folded if char.isalnum())


@lru_cache
def _columns() -> dict[str, str]:
    named = policy.shipped("order_columns")["columns"]
    return {plain(word): target for target, words in named.items() for word in (target, *words)}


@lru_cache
def _words(target: str) -> dict[str, str]:
    listed = policy.shipped("order_columns")["values"][target]
    return {plain(word): code for code, words in listed.items() for word in words}


def places(columns: Sequence[str]) -> dict[str, int]:
    """Which column holds what. MissingColumns when an order cannot be read from them."""
    found: dict[str, int] = {}
    for place, name in enumerate(columns):
        if target := _columns().get(plain(name)):
            found.setdefault(target, place)
    missing = [name for name in _NEEDED if name not in found]
    if not any(name in found for name in _WHO):
        missing.append("number")
    if missing:
        raise MissingColumns({"file": [Reason("missing_columns", {"columns": missing})]})
    return found


@dataclass
class _Read:
    """The cells of a row by what they hold, and what is wrong with them."""

    row: Row
    cells: Mapping[str, str]
    reasons: list[Reason] = field(default_factory=list)
    customer_id: UUID | None = None
    values: dict[str, Any] = field(default_factory=dict)
    draft: orders.Draft | None = None

    def fault(self, code: str, **data: Any) -> None:
        self.reasons.append(Reason(code, data))


class _Lists:
    """Categories and products by the words that a file calls them."""

    def __init__(self) -> None:
        self.categories = {
            plain(str(word)): one
            for one in ProductCategory.objects.order_by("-is_active", "pk")
            for word in (one.code, *one.labels.values())
        }
        self.products = {
            plain(word): one
            for one in Product.objects.order_by("-is_active", "pk")
            for word in (one.code, one.name)
        }
        self._rates: dict[tuple[str, date], Decimal | None] = {}

    def rate_on(self, currency: str, on: date) -> Decimal | None:
        key = (currency, on)
        if key not in self._rates:
            self._rates[key] = orders.rate_on(currency, on)
        return self._rates[key]


def _amount(cell: str) -> Decimal | None:
    try:
        return money(cell)
    except BadCell:
        return None


def _values(read: _Read, lists: _Lists) -> None:
    """Reads the cells that need no look at customers."""
    cells, values = read.cells, read.values
    category = lists.categories.get(plain(cells.get("category", "")))
    if category is None:
        read.fault("unknown_category", value=shown(cells.get("category", "")))
    values["category"] = category
    try:
        values["ordered_on"] = date.fromisoformat(day(cells.get("ordered_on", "")))
    except BadCell as bad:
        read.fault(bad.code, **bad.data)
    amount = _amount(cells.get("amount", ""))
    if amount is None:
        read.fault("not_an_amount_cell", value=shown(cells.get("amount", "")))
    values["amount"] = amount
    values["currency"] = cells.get("currency", "").strip().upper()
    kind = _words("kind").get(plain(cells["kind"])) if cells.get("kind") else "order"
    if kind is None:
        read.fault("unknown_order_kind", value=shown(cells["kind"]))
    elif amount is not None and amount < 0:
        # Other systems write a return as an order below nought.
        kind, values["amount"] = "return", -amount
    values["kind"] = kind
    if word := plain(cells.get("product", "")):
        values["product"] = lists.products.get(word)
    values["is_trial"] = _words("is_trial").get(plain(cells.get("is_trial", ""))) == "yes"
    values["external_key"] = cells.get("external_key", "").strip()
    values["note"] = cells.get("note", "").strip()


def _find_customers(reads: Sequence[_Read], by: User | None) -> None:
    """Puts each row to its customer: by card number, tax number or phone, in this order."""
    seen = visible_to(by) if by else Customer.objects.filter(merged_into=None)
    numbers = {int(text) for one in reads if (text := one.cells.get("number", "").strip())
               and text.isascii() and text.isdigit() and len(text) < 16}  # fmt: skip
    taxes = {text.upper() for one in reads if (text := one.cells.get("tax_number", "").strip())}
    phones = {one.row.number: parse_phone(text).e164 for one in reads
              if (text := one.cells.get("phone", "").strip())}  # fmt: skip
    by_number = dict(seen.filter(number__in=numbers).values_list("number", "pk"))
    by_tax: dict[str, set[UUID]] = {}
    for tax, pk in seen.filter(tax_number__in=taxes).values_list("tax_number", "pk"):
        by_tax.setdefault(tax, set()).add(pk)
    by_phone: dict[str, set[UUID]] = {}
    points = ContactPoint.objects.filter(
        kind="phone", is_active=True, value__in={one for one in phones.values() if one},
        customer__in=seen.order_by(),
    )  # fmt: skip
    for value, pk in points.values_list("value", "customer_id"):
        by_phone.setdefault(value, set()).add(pk)
    for read in reads:
        _place(read, by_number, by_tax, by_phone, phones.get(read.row.number, ""))


def _place(
    read: _Read,
    by_number: Mapping[int, UUID],
    by_tax: Mapping[str, set[UUID]],
    by_phone: Mapping[str, set[UUID]],
    phone: str,
) -> None:
    number = read.cells.get("number", "").strip()
    if number:
        found = (
            {by_number[int(number)]} if number.isdecimal() and int(number) in by_number else set()
        )
    elif tax := read.cells.get("tax_number", "").strip().upper():
        found = by_tax.get(tax, set())
    else:
        found = by_phone.get(phone, set())
    if len(found) == 1:
        read.customer_id = next(iter(found))
        return
    named = next((text for name in _WHO if (text := read.cells.get(name, "").strip())), "")
    read.fault("several_customers" if found else "unknown_customer", value=shown(named))


def _draft(read: _Read, lists: _Lists, now: datetime) -> None:
    assert read.customer_id is not None
    try:
        read.draft = orders.checked(read.customer_id, now=now, rate_of=lists.rate_on, **read.values)
    except BadInput as bad:
        read.reasons += [reason for found in bad.problems.values() for reason in found]


def _key(read: _Read, seen: dict[str, int]) -> str:
    """The name of a row that has no key of another system: what it says, and which of its like."""
    values = read.values
    told = "|".join(
        str(part)
        for part in (read.customer_id, values["category"].code, values["ordered_on"],
                     values["amount"].normalize(), values["currency"] or orders.home_currency(),
                     values["kind"], read.cells.get("product", "").strip())
    )  # fmt: skip
    seen[told] = seen.get(told, 0) + 1
    digest = hashlib.sha256(f"{told}|{seen[told]}".encode()).hexdigest()
    return f"row:{digest[:48]}"


def bring_in(
    path: Path,
    *,
    by: User | None,
    now: datetime,
    encoding: str = "",
    delimiter: str = "",
    sheet: str = "",
    on_progress: Progress | None = None,
) -> OrdersBroughtIn:
    """Writes the orders of a file; `by` None is the command line, which sees every card.

    Raises UnreadableTable and MissingColumns. A row is refused with every reason.
    """
    table: Table = open_table(path, find_layout(path, encoding=encoding, delimiter=delimiter,
                                                sheet=sheet))  # fmt: skip
    where = places(table.columns)
    done, lists = OrdersBroughtIn(columns=table.columns), _Lists()
    seen: dict[str, int] = {}
    rows = (row for row in table.rows() if any(cell.strip() for cell in row.cells))
    for part in _parts(rows):
        reads = [_Read(row, _cells(row, where)) for row in part]
        for read in reads:
            _values(read, lists)
        _find_customers(reads, by)
        for read in reads:
            if not read.reasons:
                read.values["external_key"] = read.values["external_key"] or _key(read, seen)
                _draft(read, lists, now)
        _write_part(reads, done, by=by, now=now)
        if on_progress:
            on_progress(part[-1].number)
    audit.record("import", ("orders", path.name[:60]), by=by, now=now,
                 changes={"written": done.written, "known": done.known,
                          "faults": len(done.faults)})  # fmt: skip
    return done


def _parts(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while part := list(islice(rows, _PART)):
        yield part


def _cells(row: Row, where: Mapping[str, int]) -> dict[str, str]:
    return {
        target: row.cells[place].replace("\x00", "")
        for target, place in where.items()
        if place < len(row.cells)
    }


@transaction.atomic
def _write_part(reads: Sequence[_Read], done: OrdersBroughtIn, *, by: User | None, now: datetime
                ) -> None:  # fmt: skip
    drafts = [read for read in reads if read.draft is not None]
    ids = sorted({read.draft.customer_id for read in drafts if read.draft})
    # The order of locks is the same in every import; two of one file come one after the other.
    list(Customer.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk")
         .values_list("pk"))  # fmt: skip
    keys = [read.values["external_key"] for read in drafts]
    known = dict(OrderLine.objects.filter(external_key__in=keys)
                 .values_list("external_key", "customer_id"))  # fmt: skip
    had_order = set(
        OrderLine.objects.filter(customer__in=ids, kind="order", state="concluded").values_list(
            "customer_id", flat=True
        )
    )
    new: list[OrderLine] = []
    for read in drafts:
        assert read.draft is not None
        key = read.values["external_key"]
        if key not in known:
            known[key] = read.draft.customer_id
            new.append(orders.order_of(read.draft, "imported", by, now))
        elif known[key] == read.draft.customer_id:
            done.known += 1
        else:
            read.fault("key_of_another", key=key)
    _write_orders(new, had_order, by=by, now=now)
    done.written += len(new)
    done.faults += [
        Fault(read.row.number, read.row.cells, tuple(read.reasons))
        for read in reads
        if read.reasons
    ]


def _write_orders(
    new: Sequence[OrderLine], had_order: set[UUID], *, by: User | None, now: datetime
) -> None:
    OrderLine.objects.bulk_create(new)
    TimelineEntry.objects.bulk_create(orders.timeline_entry(order, by=by, now=now) for order in new)
    young = timezone.localdate(now) - timedelta(days=int(policy.value("order_columns.events.days")))
    deals = []
    for order in new:
        if order.kind != OrderLine.Kind.ORDER:
            continue
        is_first = order.customer_id not in had_order
        had_order.add(order.customer_id)
        if order.ordered_on >= young:
            deals.append(orders.deal_event(order, is_first=is_first, by=by))
    events.emit_many(deals, now=now)
    orders.follow_orders(sorted({order.customer_id for order in new}), by=by, now=now)
