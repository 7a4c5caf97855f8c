"""Reads sheets of XLSX files. Formulas are never computed: their last shown value is taken.

An XLSX file is a zip archive of XML. Its directory is weighed before anything is unpacked, and
each part is unpacked once into nothing to see that the directory told the truth. Sheets that
fit into memory are read by calamine (fast), larger ones by openpyxl as a stream.
"""

import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException
from python_calamine import CalamineError, CalamineWorkbook

from genjin.foundation.tabular import xlsxweight
from genjin.foundation.tabular.errors import UnreadableTable

MOST_UNPACKED_BYTES = 2 * 1024**3
MOST_ENTRIES = 5_000
MOST_RATIO = 200
LONGEST_CELL = 131_072  # four times what a spreadsheet itself takes; as in a delimited file
_RATIO_COUNTS_FROM_BYTES = 20 * 1024**2
_IN_MEMORY_BYTES = 64 * 1024**2
_BLOCK_BYTES = 1024 * 1024
# A spreadsheet keeps 15 digits of a number; what is longer was cut when it was typed.
_SAFE_DIGITS = 10**15


def check_archive(path: Path) -> int:
    """Refuses zip bombs and broken archives; answers how many bytes the file unpacks to."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_ENTRIES:
                raise UnreadableTable("too_many_entries", entries=len(entries), most=MOST_ENTRIES)
            unpacked = sum(entry.file_size for entry in entries)
            packed = max(1, path.stat().st_size)
            if unpacked > MOST_UNPACKED_BYTES or (
                unpacked > _RATIO_COUNTS_FROM_BYTES and unpacked > packed * MOST_RATIO
            ):
                raise UnreadableTable("zip_bomb", unpacked=unpacked, packed=packed)
            if "xl/workbook.xml" not in archive.namelist():
                raise UnreadableTable("not_a_table")
            xlsxweight.check_shared_texts(archive)
            for entry in entries:
                _unpack_into_nothing(archive, entry)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, EOFError):
        raise UnreadableTable("broken_archive") from None
    return unpacked


def _unpack_into_nothing(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    with archive.open(entry) as part:
        while part.read(_BLOCK_BYTES):
            pass


def sheet_names(path: Path) -> list[str]:
    """The sheets of the file, in their order."""
    check_archive(path)
    try:
        with CalamineWorkbook.from_path(path) as book:
            return list(book.sheet_names)
    except CalamineError:
        raise UnreadableTable("broken_archive") from None


def rows(path: Path, sheet: str) -> Iterator[list[str]]:
    """Every row of a sheet as text, empty rows as empty lists; empty `sheet` is the first."""
    unpacked = check_archive(path)
    is_small = unpacked <= _IN_MEMORY_BYTES and _fits(path)
    for number, row in enumerate(_in_memory(path, sheet) if is_small else _streamed(path, sheet)):
        texts = [as_text(cell) for cell in row]
        if any(len(text) > LONGEST_CELL for text in texts):
            raise UnreadableTable("cell_too_long", row=number + 1)
        while texts and not texts[-1]:
            texts.pop()
        yield texts


def _fits(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        return xlsxweight.fits_in_memory(archive)


def _in_memory(path: Path, sheet: str) -> Iterator[list[Any]]:
    try:
        with CalamineWorkbook.from_path(path) as book:
            name = sheet or book.sheet_names[0]
            if name not in book.sheet_names:
                raise UnreadableTable("no_such_sheet", sheet=sheet)
            table = book.get_sheet_by_name(name)
            first = table.start[0] if table.start else 0
            yield from ([] for _ in range(first))
            yield from table.to_python(skip_empty_area=True)
    except (CalamineError, IndexError):
        raise UnreadableTable("broken_archive") from None


def _streamed(path: Path, sheet: str) -> Iterator[tuple[Any, ...]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            book = load_workbook(path, read_only=True, data_only=True, keep_links=False)
        except (InvalidFileException, ParseError, KeyError, ValueError, zipfile.BadZipFile):
            raise UnreadableTable("broken_archive") from None
        try:
            name = sheet or book.sheetnames[0]
            if name not in book.sheetnames:
                raise UnreadableTable("no_such_sheet", sheet=sheet)
            # Without this a wrong <dimension> of some other program would cut the table.
            table = book[name]
            table.reset_dimensions()
            yield from table.iter_rows(values_only=True)
        except (ParseError, ValueError, KeyError, IndexError, zipfile.BadZipFile):
            raise UnreadableTable("broken_archive") from None
        finally:
            book.close()


def as_text(cell: Any) -> str:  # noqa: PLR0911 - one line for each type a cell may have
    """A cell as a person would type it: whole numbers without .0, days as ISO dates."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int | float):
        if abs(cell) >= _SAFE_DIGITS:
            return f"{cell:.14E}"
        return str(int(cell)) if cell == int(cell) else repr(round(cell, 10))
    if isinstance(cell, datetime):
        is_day = cell.time() == time(0)
        return cell.date().isoformat() if is_day else cell.isoformat(" ", "seconds")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return str(cell)
