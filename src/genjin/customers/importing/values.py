"""Reads single cells: numbers, days, yes and no, e-mail addresses. Pure.

Each reader answers the value or raises BadCell with a code and the values of its sentence.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

_PLAIN = re.compile(r"[+-]?\d{1,15}(?:\.\d+)?", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?", re.ASCII)
_DIGITS_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_WRITTEN_DAY = re.compile(
    r"(\d{1,4})\s*[-/.\u5e74]\s*(\d{1,2})\s*[-/.\u6708]\s*(\d{1,4})\s*\u65e5?"
    r"(?:[ T]\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?)?",
    re.ASCII,
)
_EMAIL = re.compile(r"[^@\s,;<>\"]{1,64}@[^@\s,;<>\"]+\.[^@\s,;<>\".]{2,}")
_TAX = re.compile(r"[0-9A-Z][0-9A-Z-]{4,38}[0-9A-Z]", re.ASCII)
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?E\+?\d+", re.ASCII | re.I)
_MONTHS = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1
    )
}  # fmt: skip
_LONGEST_SHOWN = 40
SAFE_DIGITS = 15
MAX_TEXT = 2000


class BadCell(ValueError):
    """A cell that cannot be taken: a code and the values of its sentence."""

    def __init__(self, code: str, **data: Any):
        super().__init__(code)
        self.code = code
        self.data = data


def shown(cell: str) -> str:
    """A cell as a message quotes it."""
    return cell if len(cell) <= _LONGEST_SHOWN else cell[: _LONGEST_SHOWN - 1] + "\u2026"


def number(cell: str) -> int | float:
    """A number, also with thousands separators (1,234,567.5) and in full-width digits."""
    if cell.isascii() and cell.isdigit() and len(cell) <= SAFE_DIGITS:
        return int(cell)
    text = unicodedata.normalize("NFKC", cell).strip().replace("\u2212", "-")
    if _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    if not _PLAIN.fullmatch(text):
        raise BadCell("not_a_number", value=shown(cell))
    value = float(text)
    return int(value) if value.is_integer() else value


def money(cell: str) -> Decimal:
    """An amount, exactly as it is written, with or without thousands separators.

    A currency's sign before it and brackets for less than nothing are understood.
    """
    text = unicodedata.normalize("NFKC", cell).strip().replace("\u2212", "-").lstrip("¥$€£ ")
    if text.startswith("(") and text.endswith(")"):
        text = f"-{text[1:-1].strip()}"
    if _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    if not _PLAIN.fullmatch(text):
        raise BadCell("not_an_amount_cell", value=shown(cell))
    return Decimal(text)


@lru_cache(maxsize=16_384)
def day(cell: str, order: str = "") -> str:
    """A day as ISO text: 2026-01-05, 2026/1/5, 20260105, with year, month, day characters.

    `order` (dmy, mdy) reads 5/1/2026. Raises impossible_date for 30 February, not_a_date else.
    """
    text = unicodedata.normalize("NFKC", cell).strip()
    found = _DIGITS_DAY.fullmatch(text) or _WRITTEN_DAY.fullmatch(text)
    if not found:
        raise BadCell("not_a_date", value=shown(cell))
    first, second, third = found.groups()
    if len(first) == 4:
        parts = int(first), int(second), int(third)
    elif len(third) == 4 and order == "dmy":
        parts = int(third), int(second), int(first)
    elif len(third) == 4 and order == "mdy":
        parts = int(third), int(first), int(second)
    else:
        raise BadCell("not_a_date", value=shown(cell))
    try:
        return date(*parts).isoformat()
    except ValueError:
        raise BadCell("impossible_date", value=shown(cell)) from None


def month(cell: str) -> int:
    """A month by number or by its English name."""
    text = cell.strip().casefold()
    if text.isdigit() and 1 <= int(text) <= 12:
        return int(text)
    if found := _MONTHS.get(text[:3]):
        return found
    raise BadCell("not_a_date", value=shown(cell))


def composed_day(year: str, month_cell: str, day_cell: str) -> str:
    """A day from cells of their own."""
    try:
        return date(int(year), month(month_cell), int(day_cell)).isoformat()
    except ValueError as error:
        if isinstance(error, BadCell):
            raise
        raise BadCell("impossible_date", value=shown(f"{year}-{month_cell}-{day_cell}")) from None


def email(cell: str) -> str:
    """An e-mail address, its domain in small letters."""
    text = unicodedata.normalize("NFKC", cell).strip()
    if len(text) > 254 or not _EMAIL.fullmatch(text):
        raise BadCell("not_an_email", value=shown(cell))
    local, _, domain = text.rpartition("@")
    return f"{local}@{domain.lower()}"


def tax_number(cell: str) -> str:
    """A tax number in capital letters without blanks; its check digit is not judged."""
    text = "".join(unicodedata.normalize("NFKC", cell).split()).upper()
    if _SCIENTIFIC.fullmatch(text):
        raise BadCell("scientific_notation", value=shown(cell))
    if not _TAX.fullmatch(text):
        raise BadCell("not_a_tax_number", value=shown(cell))
    return text


def text(limit: int) -> Callable[[str], str]:
    """A reader of text of at most `limit` characters; what is longer is refused, not cut."""

    def read(cell: str) -> str:
        if len(cell) > limit:
            raise BadCell("too_long", length=len(cell), most=limit)
        return cell

    return read
