"""Small helps for text that leaves the system or is read aloud."""

import math
import re
from typing import Any

# Excel and LibreOffice read a cell that begins so as a formula; full-width forms included.
_FORMULA_START = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# What begins with a sign and yet is only a number or a phone: nothing in it can be computed.
_SIGNED_NUMBER = re.compile(
    r"[+-] ?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?(?:[eE][+-]?\d{1,3})?%?", re.ASCII
)
_INTERNATIONAL_PHONE = re.compile(r"\+\d{1,3}(?: ?\(\d{1,5}\))?[ \d]{4,20}", re.ASCII)
_WORD = re.compile(r"[A-Za-z][A-Za-z'\u2019-]*")
# An English word takes about as long to say as 1.6 Chinese characters (150 words a minute
# against 240 characters).
_CHARACTERS_PER_WORD = 1.6


def neutralise_formula(cell: Any) -> Any:
    """Make a cell of an exported table harmless: a formula in it is shown, not run.

    Text that a spreadsheet would run gets an apostrophe in front. Negative numbers and phones
    such as +8613800138000 stay as they are; a phone with dashes is marked, since a spreadsheet
    would subtract. Values that are not text come back unchanged.
    """
    if not isinstance(cell, str) or not cell:
        return cell
    if not (cell.startswith(_FORMULA_START) or cell.lstrip().startswith(_FORMULA_START)):
        return cell
    if _SIGNED_NUMBER.fullmatch(cell) or _INTERNATIONAL_PHONE.fullmatch(cell):
        return cell
    return "'" + cell


def speaking_seconds(text: str, chars_per_minute: int = 240) -> int:
    """Estimate how long an agent needs to say a text, in whole seconds, rounded up.

    Chinese characters and digits count one each, an English word 1.6, punctuation nothing.
    """
    if chars_per_minute <= 0:
        raise ValueError("chars_per_minute must be positive")
    words = len(_WORD.findall(text))
    characters = sum(char.isalnum() for char in _WORD.sub("", text))
    spoken = characters + words * _CHARACTERS_PER_WORD
    return math.ceil(spoken * 60 / chars_per_minute)


def clip(text: str, limit: int) -> str:
    """Shorten a text to at most ``limit`` characters, ending with an ellipsis where it was cut."""
    if limit < 1:
        raise ValueError("limit must be at least 1")
    if len(text) <= limit:
        return text
    return text[: limit - 1].rstrip() + "\u2026"
