"""How a file is to be read: its format, encoding, delimiter and sheet."""

from dataclasses import dataclass, replace
from pathlib import Path

from genjin.foundation.tabular import csvfile, encodings, xlsxfile
from genjin.foundation.tabular.errors import UnreadableTable

CSV, XLSX = "csv", "xlsx"
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OTHER = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"Rar!", b"\x1f\x8b", b"7z\xbc\xaf")


@dataclass(frozen=True)
class Layout:
    """The format, and what the format needs; `is_sure` False asks a person to look."""

    format: str
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    sheets: tuple[str, ...] = ()
    is_sure: bool = True


def find_layout(path: Path, *, encoding: str = "", delimiter: str = "", sheet: str = "") -> Layout:
    """Says how to read a file by its content, not by its name; what is given is taken as given.

    Raises UnreadableTable for what is neither text nor XLSX, and for zip bombs.
    """
    with path.open("rb") as file:
        start = file.read(16)
    if not start:
        raise UnreadableTable("empty_file")
    if start.startswith(_OLE):
        raise UnreadableTable("old_excel")
    if start.startswith(_ZIP):
        sheets = tuple(xlsxfile.sheet_names(path))
        if sheet and sheet not in sheets:
            raise UnreadableTable("no_such_sheet", sheet=sheet)
        return Layout(XLSX, sheet=sheet or sheets[0], sheets=sheets)
    if start.startswith(_OTHER):
        raise UnreadableTable("not_a_table")
    guess = encodings.EncodingGuess(encoding, True) if encoding else encodings.detect(path)
    found = Layout(CSV, encoding=guess.encoding, is_sure=guess.is_sure)
    return replace(found, delimiter=delimiter or csvfile.sniff_delimiter(path, guess.encoding))
