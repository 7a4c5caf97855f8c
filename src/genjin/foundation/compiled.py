"""Queries of the busiest pages: put into SQL once, planned once, then only run.

Building a query, turning it into SQL and having the server plan it costs several times what
running it and reading its few rows does. A query that is asked on nearly every request is
therefore written down once, as a function of its values, and asked again with other values.
"""

import itertools
import re
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import QuerySet
from django.db.models.query import ModelIterable, get_related_populators
from psycopg import sql
from psycopg.adapt import Transformer

from genjin.foundation.prepared import Statement

T = TypeVar("T")
Row = tuple[Any, ...]
_count = itertools.count(1)
# A value of each type that no query holds by itself, for the first making of the SQL.
_STAND_INS: dict[type, Callable[[int], Any]] = {
    int: lambda number: 1_900_000_000 + number,
    str: lambda number: f"\x01{number}\x01",
    UUID: lambda number: UUID(int=number),
    date: lambda number: date(1, 1, 1) + timedelta(days=number),
    datetime: lambda number: datetime(1, 1, 1, tzinfo=UTC) + timedelta(seconds=number),
}

_TYPES = {int: "bigint", str: "text", UUID: "uuid", date: "date", datetime: "timestamptz"}


@dataclass(frozen=True)
class _Plan(Generic[T]):
    """The SQL, the names of its parameters in their order, and how its rows are read."""

    text: str
    statement: Statement
    names: tuple[str, ...]
    read: Callable[[Iterable[Row]], list[T]]

    def rows(self, parameters: Sequence[Any]) -> list[Row]:
        """As a statement that the server keeps planned; through Django where it is watched."""
        connection = connections[DEFAULT_DB_ALIAS]
        if connection.queries_logged or connection.execute_wrappers:
            with connection.cursor() as cursor:
                cursor.execute(self.text, parameters)
                return cursor.fetchall()
        result = self.statement.run([_as_text(value) for value in parameters])
        transformer = Transformer(connection.connection)
        transformer.set_pgresult(result)
        return transformer.load_rows(0, result.ntuples, tuple)


class Compiled(Generic[T]):
    """A query as a function of its values: `Compiled(lambda pk: rows.filter(pk=pk), pk=int)`.

    `kinds` gives the type of each value (int, str, UUID, date, datetime); none of them may be
    None, and a list has no place here. What is fixed stands in the SQL itself, so that partial
    indexes are found. Gives model instances, with what `select_related` names, or the tuples of
    `values_list`. A query that locks is asked inside a transaction, as ever.
    """

    def __init__(self, make: Callable[..., QuerySet[Any, T]], **kinds: type) -> None:
        self._make = make
        self._kinds = kinds
        self._making = threading.Lock()
        self._plan: _Plan[T] | None = None

    def all(self, **values: Any) -> list[T]:
        """Every row, for these values."""
        plan = self._plan or self._made()
        rows = plan.rows([values[name] for name in plan.names])
        return plan.read(rows) if rows else []

    def first(self, **values: Any) -> T | None:
        """The first row, or None. The query itself says how many rows it looks for."""
        return next(iter(self.all(**values)), None)

    def _made(self) -> _Plan[T]:
        with self._making:
            self._plan = self._plan or self._planned()
            return self._plan

    def _planned(self) -> _Plan[T]:
        stand_ins = {name: _STAND_INS[kind](next(_count)) for name, kind in self._kinds.items()}
        queryset = self._make(**stand_ins)
        compiler = queryset.query.get_compiler(using=DEFAULT_DB_ALIAS)
        statement, parameters = compiler.as_sql()
        places = [_name_of(value, stand_ins) for value in parameters]
        if missing := set(stand_ins) - set(places):
            raise ValueError(f"values that the query does not use as they are: {sorted(missing)}")
        text = _with_fixed_values(statement, places, parameters)
        names = tuple(name for name in places if name is not None)
        numbered = _numbered(text, (self._kinds[name] for name in names))
        return _Plan(text, Statement(numbered), names, _reader(queryset, compiler))


def _name_of(value: Any, stand_ins: dict[str, Any]) -> str | None:
    return next(
        (
            name
            for name, stand_in in stand_ins.items()
            if type(value) is type(stand_in) and value == stand_in
        ),
        None,
    )


def _with_fixed_values(
    statement: str, places: Sequence[str | None], parameters: Sequence[Any]
) -> str:
    """The statement with %s for the named values alone."""
    given = zip(places, parameters, strict=True)
    connections[DEFAULT_DB_ALIAS].ensure_connection()
    raw = connections[DEFAULT_DB_ALIAS].connection

    def fill(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%%"
        name, value = next(given)
        return "%s" if name else sql.Literal(value).as_string(raw).replace("%", "%%")

    return re.sub(r"%[%s]", fill, statement)


def _numbered(statement: str, kinds: Iterable[type]) -> str:
    """The statement as the server's own: $1, $2 … with their types instead of %s."""
    numbers = ((number, _TYPES[kind]) for number, kind in enumerate(kinds, 1))

    def number(found: re.Match[str]) -> str:
        return "%" if found[0] == "%%" else "${}::{}".format(*next(numbers))

    return re.sub(r"%[%s]", number, statement)


def _as_text(value: Any) -> bytes:
    """A value of one of the kinds as the server reads it. Raises ValueError for NUL."""
    text = value.isoformat() if isinstance(value, date) else str(value)
    if "\x00" in text:
        raise ValueError("NUL in a value")
    return text.encode()


def _reader(queryset: "QuerySet[Any, Any]", compiler: Any) -> Callable[[Iterable[Row]], list[Any]]:
    """How rows become what the query set would give; as Django's own iterables do it."""
    converters = compiler.get_converters([entry[0] for entry in compiler.select])

    def converted(rows: Iterable[Row]) -> Iterable[Any]:
        return compiler.apply_converters(rows, converters) if converters else rows

    if not issubclass(queryset._iterable_class, ModelIterable):
        return lambda rows: [tuple(row) for row in converted(rows)]
    info = compiler.klass_info
    model, places = info["model"], info["select_fields"]
    start, end = places[0], places[-1] + 1
    names = [entry[0].target.attname for entry in compiler.select[start:end]]
    related = get_related_populators(  # type: ignore[call-arg] # the stubs are of a later Django
        info, compiler.select, DEFAULT_DB_ALIAS
    )
    more = dict(compiler.annotation_col_map or {})

    def read(rows: Iterable[Row]) -> list[Any]:
        found = []
        for row in converted(rows):
            one = model.from_db(DEFAULT_DB_ALIAS, names, row[start:end])
            for populator in related:
                populator.populate(row, one)
            for name, place in more.items():
                setattr(one, name, row[place])
            found.append(one)
        return found

    return read
