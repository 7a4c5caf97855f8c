"""Runs a statement that is asked hundreds of times a second, with hardly a cost of its own.

The server plans it once for each connection, and the driver's library is called directly: making
a cursor, adapting the values and waiting through Python would cost several times what the rest of
a take does. Everything else goes through Django's cursors.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from weakref import WeakSet

import psycopg
from django.db import connection, models
from psycopg import pq
from psycopg.errors import error_from_result

Reader = Callable[[bytes], Any]


def read_text(cell: bytes) -> str:
    return cell.decode()


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
    models.JSONField: json.loads,
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
        self._name, self._text = name.encode(), text.encode()
        self._readers = tuple(readers)
        self._known_to: WeakSet[psycopg.Connection[Any]] = WeakSet()

    def bind(self, values: Mapping[str, Any]) -> list[bytes | None]:
        """The values in the order and form of the statement, for `first`."""
        return [as_text(values[name]) for name in self._names]

    def first(self, bound: Sequence[bytes | None]) -> list[Any] | None:
        """The first row of the answer on Django's connection, in the transaction it is in."""
        connection.ensure_connection()
        connection.validate_no_broken_transaction()
        raw = connection.connection
        with connection.wrap_database_errors:
            server = self._ready(raw)
            result = server.exec_prepared(self._name, bound)
            if result.status != pq.ExecStatus.TUPLES_OK:
                raise error_from_result(result)
            if not result.ntuples:
                return None
            cells = (result.get_value(0, at) for at in range(len(self._readers)))
            return [
                None if cell is None else read(cell)
                for cell, read in zip(cells, self._readers, strict=True)
            ]

    def _ready(self, raw: "psycopg.Connection[Any]") -> Any:
        """The driver's connection, inside the caller's transaction, with the statement planned."""
        server = raw.pgconn
        if not raw.autocommit and server.transaction_status == pq.TransactionStatus.IDLE:
            # The driver begins a transaction with its own first statement only.
            raw.execute("SELECT 1")
        if raw not in self._known_to:
            # Left alone the server would plan for the values of each of the first five calls as
            # well, and planning takes ten times as long as running.
            _require_done(server.exec_(b"SET plan_cache_mode = force_generic_plan"))
            _require_done(server.prepare(self._name, self._text))
            self._known_to.add(raw)
        return server


def _require_done(result: pq.abc.PGresult) -> None:
    if result.status != pq.ExecStatus.COMMAND_OK:
        raise error_from_result(result)
