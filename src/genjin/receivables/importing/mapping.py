"""Which column of a file holds what: a TOML map, or the columns' own names (RE15)."""

import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from genjin.foundation import policy
from genjin.kernel.errors import BadInput
from genjin.kernel.problems import Reason

ITEMS, PAYMENTS = "items", "payments"
WHO = ("customer_key", "customer_number", "tax_number", "customer_name")
ITEM_FIELDS = (*WHO, "number", "issued_on", "due_on", "amount", "currency", "order", "note", "key",
               "paid_on", "paid_amount", "disputed")  # fmt: skip
PAYMENT_FIELDS = (*WHO, "received_on", "amount", "currency", "reference", "payer", "means", "note",
                  "key")  # fmt: skip
_NEEDED = {ITEMS: ("number", "issued_on", "due_on", "amount"), PAYMENTS: ("received_on", "amount")}


@dataclass(frozen=True)
class FileMap:
    """How a file is read. `columns` {field: column name}; `fixed` values that no column holds.

    `day_order` reads 5/1/2013 (mdy, dmy). `creates_customers`: who is not known by the key is
    opened as an organisation. `means` is how money came where no column says it.
    """

    kind: str
    columns: Mapping[str, str]
    fixed: Mapping[str, str] = field(default_factory=dict)
    day_order: str = ""
    creates_customers: bool = False


def from_toml(text: str, kind: str) -> FileMap:
    """The map that a file of examples/maps describes. BadInput `file`: bad_map with the reason."""
    try:
        data: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput({"map": [Reason("bad_map", {"what": str(error)[:120]})]}) from error
    if data.get("kind", kind) != kind:
        raise BadInput({"map": [Reason("map_of_another_kind", {"kind": data.get("kind")})]})
    known = set(fields_of(kind))
    columns, fixed = dict(data.get("columns", {})), dict(data.get("fixed", {}))
    if unknown := sorted((set(columns) | set(fixed)) - known):
        raise BadInput({"map": [Reason("unknown_fields", {"fields": unknown})]})
    customers = data.get("customers", {})
    return FileMap(
        kind=kind, columns={str(k): str(v) for k, v in columns.items()},
        fixed={str(k): str(v) for k, v in fixed.items()}, day_order=str(data.get("days", "")),
        creates_customers=bool(customers.get("create", False)),
    )  # fmt: skip


def fields_of(kind: str) -> Sequence[str]:
    """What a row of a kind may tell."""
    return ITEM_FIELDS if kind == ITEMS else PAYMENT_FIELDS


def plain(text: str) -> str:
    """A column's name as it is compared."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in folded if char.isalnum())


@lru_cache
def _words(kind: str) -> dict[str, str]:
    listed = policy.shipped("receivable_columns")[kind]
    return {plain(word): name for name, words in listed.items() for word in (name, *words)}


def guessed(columns: Sequence[str], kind: str) -> FileMap:
    """The map that the columns' own names make."""
    found: dict[str, str] = {}
    for column in columns:
        if name := _words(kind).get(plain(column)):
            found.setdefault(name, column)
    return FileMap(kind, found)


def places(columns: Sequence[str], chosen: FileMap) -> dict[str, int]:
    """Which place of a row holds which field. BadInput `file` missing_columns."""
    where = {plain(column): place for place, column in reversed(list(enumerate(columns)))}
    found = {
        name: where[plain(column)]
        for name, column in chosen.columns.items()
        if plain(column) in where
    }
    missing = [column for name, column in chosen.columns.items() if name not in found]
    missing += [name for name in _NEEDED[chosen.kind]
                if name not in chosen.columns and name not in chosen.fixed]  # fmt: skip
    if chosen.kind == ITEMS and not any(name in chosen.columns for name in WHO):
        missing.append("customer_number")
    if missing:
        raise BadInput({"file": [Reason("missing_columns", {"columns": missing})]})
    return found
