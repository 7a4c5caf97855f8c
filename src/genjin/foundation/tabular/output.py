"""Writes tables that people open in a spreadsheet; no cell of them can run as a formula."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from genjin.kernel.text import neutralise_formula

# What XML 1.0 cannot hold would make a file that no spreadsheet opens.
_NOT_IN_XML = dict.fromkeys((*range(9), 11, 12, *range(14, 32)))
_LONGEST_XLSX_CELL = 32_767
_ROWS_AT_ONCE = 500


def csv_stream(rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """The table as CSV in UTF-8 with a byte order mark (so that Excel reads Chinese), in pieces."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    for counter, row in enumerate(rows, 1):
        writer.writerow([neutralise_formula(cell) for cell in row])
        if counter % _ROWS_AT_ONCE == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode("utf-8", "replace")


def write_csv(path: Path, rows: Iterable[Sequence[object]]) -> None:
    """Writes the table as `csv_stream` gives it."""
    with path.open("wb") as file:
        file.writelines(csv_stream(rows))


def write_xlsx(
    path: Path,
    rows: Iterable[Sequence[object]],
    *,
    sheet: str,
    properties: Mapping[str, str] | None = None,
) -> None:
    """Writes the table as XLSX, row by row; text stays text, whatever it looks like.

    `properties` go into the file's own (creator, title, keywords, identifier, description).
    """
    book = Workbook(write_only=True)
    for name, value in (properties or {}).items():
        setattr(book.properties, name, value.translate(_NOT_IN_XML))
    table = book.create_sheet(sheet[:31] or "1")
    for row in rows:
        table.append([_cell(table, value) for value in row])
    book.save(path)


def _cell(table: object, value: object) -> object:
    if not isinstance(value, str):
        return value
    cell = WriteOnlyCell(table, value=plain_text(value))
    cell.data_type = "s"
    return cell


def plain_text(value: object) -> str:
    """A text as a spreadsheet may hold it: no formula, no sign that XML lacks, not too long."""
    return str(neutralise_formula(str(value))).translate(_NOT_IN_XML)[:_LONGEST_XLSX_CELL]
