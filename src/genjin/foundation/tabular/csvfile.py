"""Reads delimited text as a stream; a fault names the row that a spreadsheet would show."""

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import islice
from operator import methodcaller
from pathlib import Path

from genjin.foundation.tabular.encodings import UTF16, codec
from genjin.foundation.tabular.errors import UnreadableTable

DELIMITERS = (",", ";", "\t", "|")
_SAMPLE_BYTES = 64 * 1024
_LONGEST_CELL = 131_072


def _is_old_mac(path: Path) -> bool:
    with path.open("rb") as file:
        sample = file.read(_SAMPLE_BYTES)
    return b"\r" in sample and b"\n" not in sample


def _decoded(path: Path, encoding: str) -> Iterator[str]:
    if encoding == UTF16 or _is_old_mac(path):
        with path.open("r", encoding=_utf16_codec(path) if encoding == UTF16 else codec(encoding),
                       newline="") as text:  # fmt: skip
            yield from text
        return
    # No other byte of UTF-8, GB18030 or Big5 characters is a line feed, so lines can be cut first
    # and a wrong byte belongs to a line that is known.
    name = codec(encoding)
    rest = "utf-8" if name == "utf-8-sig" else name
    with path.open("rb") as file:
        yield from (line.decode(name) for line in islice(file, 1))
        yield from map(methodcaller("decode", rest), file)


def _utf16_codec(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(200)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    return "utf-16-le" if start[1::2].count(0) >= start[::2].count(0) else "utf-16-be"


def lines(path: Path, encoding: str) -> Iterator[str]:
    """The text lines of the file, decoded strictly."""
    try:
        yield from _decoded(path, encoding)
    except LookupError:
        raise UnreadableTable("no_such_encoding", encoding=encoding) from None


def rows(path: Path, encoding: str, delimiter: str) -> Iterator[list[str]]:
    """Every record with its header first; an empty line is an empty list."""
    csv.field_size_limit(_LONGEST_CELL)
    counter = 0
    reader = csv.reader(lines(path, encoding), delimiter=delimiter)
    try:
        for record in reader:
            counter += 1
            yield record
    except UnicodeError:
        raise UnreadableTable("wrong_encoding", row=counter + 1, encoding=encoding) from None
    except csv.Error as error:
        code = "cell_too_long" if "limit" in str(error) else "broken_row"
        raise UnreadableTable(code, row=counter + 1) from None


def sniff_delimiter(path: Path, encoding: str) -> str:
    """The delimiter that cuts the first rows most evenly into most cells; comma where none does."""
    try:
        sample = _first_text(path, encoding)
    except UnicodeError:
        return ","
    best, best_score = ",", 0.0
    for delimiter in DELIMITERS:
        score = _evenness(io.StringIO(sample, newline=""), delimiter)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _first_text(path: Path, encoding: str) -> str:
    parts: list[str] = []
    size = 0
    for line in lines(path, encoding):
        parts.append(line)
        size += len(line)
        if len(parts) >= 50 or size > _SAMPLE_BYTES:
            break
    return "".join(parts)


def _evenness(sample: Iterable[str], delimiter: str) -> float:
    try:
        widths = [len(row) for row in csv.reader(sample, delimiter=delimiter) if row]
    except csv.Error:
        return 0.0
    if not widths or widths[0] < 2:
        return 0.0
    same = sum(width == widths[0] for width in widths)
    return same / len(widths) * 100 + min(widths[0], 99) / 100
