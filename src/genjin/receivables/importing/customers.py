"""Puts rows of a file to customers: by another system's key, card number, tax number or name."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from genjin.customers.importing.values import shown
from genjin.customers.models import Customer, ExternalKey
from genjin.customers.operations.card import create_customer
from genjin.customers.operations.external_keys import claim_key, set_key
from genjin.customers.queries import visible_to
from genjin.foundation.models import User
from genjin.receivables.importing.mapping import FileMap
from genjin.receivables.importing.reading import Read


def seen_by(by: User | None) -> QuerySet[Customer]:
    """The cards that whoever brings a file in may see; the command line sees every one."""
    return visible_to(by) if by else Customer.objects.filter(merged_into=None)


def find_customers(
    reads: Sequence[Read], chosen: FileMap, *, by: User | None, now: datetime
) -> None:
    """Writes each row's `customer_id`; a row that names nobody known has a fault, unless its map
    opens customers. A payment that names nobody at all is left to the matching."""
    cards = seen_by(by)
    known = {
        "customer_key": _by_key(reads, cards), "customer_number": _by_number(reads, cards),
        "tax_number": _by_column(reads, cards, "tax_number", "tax_number"),
        "customer_name": _by_column(reads, cards, "customer_name", "name"),
    }  # fmt: skip
    opened: dict[str, UUID] = {}
    for read in reads:
        if not read.who:
            if chosen.kind == "items":
                read.fault("cell_needed", field="customer_number")
            continue
        _place(read, known)
        key = read.cells.get("customer_key", "")
        if read.customer_id is None and chosen.creates_customers and key and not read.reasons:
            if key not in opened:
                opened[key] = _open(read, key, by=by, now=now)
            read.customer_id = opened[key]
        if read.customer_id is None and not read.reasons:
            read.fault("unknown_customer", value=shown(read.who))


def _place(read: Read, known: Mapping[str, Mapping[str, set[UUID]]]) -> None:
    """The first column that names the customer decides."""
    for name, found in known.items():
        cell = read.cells.get(name, "").strip()
        if not cell:
            continue
        ids = found.get(cell.upper() if name == "tax_number" else cell, set())
        if len(ids) == 1:
            read.customer_id = next(iter(ids))
        elif len(ids) > 1:
            read.fault("several_customers", value=shown(cell))
        return


def _cells(reads: Sequence[Read], name: str) -> set[str]:
    return {text for read in reads if (text := read.cells.get(name, "").strip())}


def _by_key(reads: Sequence[Read], cards: QuerySet[Customer]) -> dict[str, set[UUID]]:
    rows = ExternalKey.objects.filter(
        key__in=_cells(reads, "customer_key"), customer__in=cards.order_by()
    )
    return {key: {pk} for key, pk in rows.values_list("key", "customer_id")}


def _by_number(reads: Sequence[Read], cards: QuerySet[Customer]) -> dict[str, set[UUID]]:
    numbers = {text: int(text) for text in _cells(reads, "customer_number")
               if text.isascii() and text.isdigit() and len(text) < 16}  # fmt: skip
    found = dict(cards.filter(number__in=set(numbers.values())).values_list("number", "pk"))
    return {text: {found[number]} for text, number in numbers.items() if number in found}


def _by_column(
    reads: Sequence[Read], cards: QuerySet[Customer], cell: str, column: str
) -> dict[str, set[UUID]]:
    wanted = _cells(reads, cell)
    if column == "tax_number":
        wanted = {one.upper() for one in wanted}
    found: dict[str, set[UUID]] = {}
    for value, pk in cards.filter(**{f"{column}__in": wanted}).values_list(column, "pk"):
        found.setdefault(value, set()).add(pk)
    return found


def _open(read: Read, key: str, *, by: User | None, now: datetime) -> UUID:
    """Opens a card for a key that is not known yet, in the caller's transaction."""
    if (known := claim_key(key)) is not None:
        return known.pk
    card = create_customer(
        kind="organisation", name=read.cells.get("customer_name", "") or key, by=by, now=now,
        source="import",
    )  # fmt: skip
    set_key(card, key, by=by, now=now)
    return card.pk
