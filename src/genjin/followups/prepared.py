"""Runs a statement that is asked hundreds of times a second, see foundation/prepared.py.

Its columns are read here, without the driver's own conversion of values.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models

from genjin.foundation.prepared import Statement

Reader = Callable[[bytes], Any]


def read_text(cell: bytes) -> str:
    return cell.decode()


def read_json(cell: bytes) -> Any:
    return json.loads(cell)


def read_moment(cell: bytes) -> datetime:
    """An aware instant; Django sets every session to UTC and ISO dates."""
    return datetime.fromisoformat(cell.decode())


def _read_uuid(cell: bytes) -> UUID:
    return UUID(cell.decode())


_READERS: "dict[type[models.Field[Any, Any]], Reader]" = {
    models.UUIDField: _read_uuid,
    models.IntegerField: int,
    models.CharField: read_text,
    models.TextField: read_text,
    models.DateTimeField: read_moment,
    models.JSONField: read_json,
}


def reader_of(field: "models.Field[Any, Any]") -> Reader:
    """How a column of a model is read from the server's text."""
    while isinstance(field, models.ForeignKey):
        field = field.target_field
    return next(read for kind, read in _READERS.items() if isinstance(field, kind))


def as_text(value: Any) -> bytes | None:
    """A value as the server reads it: text (array literals too), a number or an instant."""
    if value is None:
        return None
    return (value.isoformat() if isinstance(value, datetime) else str(value)).encode()


def _numbered(statement: str) -> tuple[str, tuple[str, ...]]:
    """A statement with $1, $2 … for its named parameters, and their names in that order."""
    names: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        return f"${names.setdefault(found[1], len(names) + 1)}"

    return re.sub(r"%\((\w+)\)s", number, statement), tuple(names)


class Prepared:
    """A statement with %(named)s parameters, each cast to its type where that is not plain.

    `readers` has how each column of the answer is read.
    """

    def __init__(self, name: str, statement: str, readers: Sequence[Reader]) -> None:
        text, self._names = _numbered(statement)
        self._statement = Statement(text, name=name)
        self._readers = tuple(readers)

    def bind(self, values: Mapping[str, Any]) -> list[bytes | None]:
        """The values in the order and form of the statement, for `first`."""
        return [as_text(values[name]) for name in self._names]

    def first(self, bound: Sequence[bytes | None]) -> list[Any] | None:
        """The first row of the answer on Django's connection, in the transaction it is in."""
        result = self._statement.run(bound)
        if not result.ntuples:
            return None
        cells = (result.get_value(0, at) for at in range(len(self._readers)))
        return [
            None if cell is None else read(cell)
            for cell, read in zip(cells, self._readers, strict=True)
        ]
