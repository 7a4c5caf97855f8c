"""A file read as named columns and numbered rows."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from genjin.foundation.tabular import csvfile, xlsxfile
from genjin.foundation.tabular.errors import UnreadableTable
from genjin.foundation.tabular.layout import CSV, Layout

MOST_COLUMNS = 500
_BINARY = frozenset("\x01\x02\x03\x04\x05\x06\x0e\x0f\x10\x11\x12\x14")


class Row(NamedTuple):
    """One row: `number` as a spreadsheet counts (the first row of all is 1), cells as text."""

    number: int
    cells: list[str]


@dataclass(frozen=True)
class Table:
    """A table with its columns; rows are read anew from the file by each call of `rows`."""

    path: Path
    layout: Layout
    columns: tuple[str, ...]
    header_row: int

    def rows(self, *, start: int = 0) -> Iterator[Row]:
        """The rows below the header, from the `start`-th on (0 the first); a stream.

        Empty rows come with no cells, so that numbers stay those of the spreadsheet.
        """
        return map(Row._make, self.numbered(start=start))

    def numbered(self, *, start: int = 0) -> Iterator[tuple[int, list[str]]]:
        """The same as plain pairs, for where a million of them go to other processes."""
        below = islice(_records(self.path, self.layout), self.header_row + start, None)
        return enumerate(below, self.header_row + start + 1)

    @property
    def header_digest(self) -> str:
        """Names the layout: the same columns in the same order give the same text."""
        return header_digest(self.columns)


def header_digest(columns: tuple[str, ...] | list[str]) -> str:
    """SHA-256 of the column names as they are compared: without case and outer spaces."""
    joined = "\x1f".join(name.strip().casefold() for name in columns)
    return hashlib.sha256(joined.encode()).hexdigest()


def open_table(path: Path, layout: Layout) -> Table:
    """Reads the header: the first row that has text. Raises UnreadableTable without one."""
    for number, cells in enumerate(_records(path, layout), 1):
        if not any(cell.strip() for cell in cells):
            continue
        if any(not _BINARY.isdisjoint(cell) for cell in cells):
            raise UnreadableTable("binary_content", row=number)
        if len(cells) > MOST_COLUMNS:
            raise UnreadableTable("too_many_columns", columns=len(cells), most=MOST_COLUMNS)
        return Table(path, layout, _unique(cells), number)
    raise UnreadableTable("no_columns")


def _records(path: Path, layout: Layout) -> Iterator[list[str]]:
    if layout.format == CSV:
        return csvfile.rows(path, layout.encoding, layout.delimiter)
    return xlsxfile.rows(path, layout.sheet)


def _unique(cells: list[str]) -> tuple[str, ...]:
    """Column names that can be told apart: an unnamed one is named by its place."""
    seen: dict[str, int] = {}
    names = []
    for place, cell in enumerate(cells, 1):
        name = " ".join(cell.replace("\x00", "").split())[:120] or f"#{place}"
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(names)
