"""What reading an XLSX file would cost, known before any of it is held in memory.

A few kilobytes can name a cell at the far corner of an otherwise empty sheet, or the same long
text in every cell; a reader that keeps the whole table in memory would fall over either.
"""

import zipfile
from collections.abc import Callable
from xml.parsers import expat

from genjin.foundation.tabular.errors import UnreadableTable

MOST_ROWS, MOST_COLUMNS = 1_048_576, 16_384  # of a sheet, as spreadsheets have it
MOST_TABLE_CELLS = 6_000_000
MOST_TEXT = 256 * 1024**2
MOST_SHARED_BYTES = 512 * 1024**2
_BLOCK_BYTES = 1024 * 1024
_RELATIONS = "xl/_rels/workbook.xml.rels"
_SHARED = "xl/sharedstrings.xml"


def fits_in_memory(archive: zipfile.ZipFile) -> bool:
    """Whether every sheet may be read as a whole; else, or where that is not sure, as a stream.

    Raises UnreadableTable for a cell outside of what a sheet can have.
    """
    names = {entry.filename.lower(): entry for entry in archive.infolist()}
    shared = names.get(_SHARED)
    try:
        longest = _longest_text(archive, shared) if shared else 0
        sheets = [_Sheet(archive, names[name]) for name in _related(archive) if name in names]
    except expat.ExpatError:
        return False
    return all(
        sheet.cells <= MOST_TABLE_CELLS and sheet.references * longest <= MOST_TEXT
        for sheet in sheets
    )


def check_shared_texts(archive: zipfile.ZipFile) -> None:
    """Refuses a file whose list of texts alone would fill the memory: every reader keeps it."""
    for entry in archive.infolist():
        if entry.filename.lower() == _SHARED and entry.file_size > MOST_SHARED_BYTES:
            raise UnreadableTable("zip_bomb", unpacked=entry.file_size, packed=entry.compress_size)


def _parse(
    archive: zipfile.ZipFile,
    entry: zipfile.ZipInfo,
    *,
    start: Callable[[str, dict[str, str]], None],
    text: Callable[[str], None] | None = None,
) -> None:
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, given: start(name.rpartition(":")[2], given)
    if text:
        parser.CharacterDataHandler = text
    with archive.open(entry) as part:
        while block := part.read(_BLOCK_BYTES):
            parser.Parse(block, False)
    parser.Parse(b"", True)


def _related(archive: zipfile.ZipFile) -> set[str]:
    """The parts that the workbook names, in small letters."""
    found: set[str] = set()

    def start(name: str, given: dict[str, str]) -> None:
        if name == "Relationship":
            target = given.get("Target", "").lower()
            found.add(target[1:] if target.startswith("/") else f"xl/{target}")
            found.add(target)

    if _RELATIONS in archive.namelist():
        _parse(archive, archive.getinfo(_RELATIONS), start=start)
    return found - {_SHARED}


def _longest_text(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> int:
    """The length in characters of the longest text that cells refer to."""
    longest = length = 0

    def start(name: str, _given: dict[str, str]) -> None:
        nonlocal length
        if name == "si":
            length = 0

    def text(piece: str) -> None:
        nonlocal longest, length
        length += len(piece)
        longest = max(longest, length)

    _parse(archive, entry, start=start, text=text)
    return longest


class _Sheet:
    """The rectangle that a sheet's cells span, and how many of them refer to a shared text."""

    def __init__(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
        self.rows = self.row = self.columns = self.column = self.references = 0
        _parse(archive, entry, start=self._start)

    @property
    def cells(self) -> int:
        return self.rows * self.columns

    def _start(self, name: str, given: dict[str, str]) -> None:
        if name == "row":
            self._at_row(given.get("r", ""))
        elif name == "c":
            self.references += given.get("t") == "s"
            self._at_cell(given.get("r", ""))

    def _at_row(self, number: str) -> None:
        self.row = _number(number) if number else self.row + 1
        self.column = 0
        self.rows = max(self.rows, self.row)
        if self.rows > MOST_ROWS:
            raise UnreadableTable("broken_archive")

    def _at_cell(self, place: str) -> None:
        letters = place.rstrip("0123456789")
        self.column = _column(letters) if letters else self.column + 1
        if letters != place:
            self.rows = max(self.rows, _number(place[len(letters) :]))
        self.columns = max(self.columns, self.column)
        if self.columns > MOST_COLUMNS or self.rows > MOST_ROWS:
            raise UnreadableTable("broken_archive")


def _number(digits: str) -> int:
    return int(digits) if digits.isdecimal() and len(digits) < 10 else MOST_ROWS + 1


def _column(letters: str) -> int:
    number = 0
    for letter in letters.upper()[:8]:
        number = number * 26 + ord(letter) - 64
    return number
