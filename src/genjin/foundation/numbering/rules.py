"""What a pattern of numbers may look like, and the number it makes. Pure.

A pattern such as "SO-{year}-{number:05}" has the fields {year}, {yy}, {month} and exactly one
{number}, with the least count of its digits if wanted. Two numbers never look alike because

* a pattern begins with letters that no other series begins with,
* a letter or a sign stands before {number}, so where it begins is plain, and no digit after it,
* a series that counts anew each year (month) names the year (and the month).
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

from genjin.kernel.problems import Reason

Reset = Literal["never", "year", "month"]
LONGEST = 40
_FIELD = re.compile(r"\{([^{}]*)\}")
_NUMBER = re.compile(r"number(?::0?([1-9]))?")
_SIGNS = frozenset("-/._ ()[]（）〔〕【】#")


@dataclass(frozen=True)
class Pattern:
    """A pattern taken apart: `pieces` are literals and field names in turn, as written."""

    text: str
    pieces: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> "Pattern":
        return cls(text, tuple(_FIELD.split(text)))

    @property
    def fields(self) -> tuple[str, ...]:
        return self.pieces[1::2]

    @property
    def start(self) -> str:
        """What every number begins with, before the first field."""
        return self.pieces[0]

    @property
    def stem(self) -> str:
        """The pattern without the count of digits: numbers of one stem are counted together."""
        return _FIELD.sub(lambda m: "{number}" if _NUMBER.fullmatch(m[1]) else m[0], self.text)

    def written(self, number: int, day: date) -> str:
        """The number as people read it, for a paper of `day`."""
        parts = list(self.pieces)
        for place in range(1, len(parts), 2):
            parts[place] = _value(parts[place], number, day)
        return "".join(parts)


def _value(field: str, number: int, day: date) -> str:
    if match := _NUMBER.fullmatch(field):
        return f"{number:0{match[1] or 1}d}"
    return {"year": f"{day:%Y}", "yy": f"{day:%y}", "month": f"{day:%m}"}[field]


def period_of(reset: Reset, day: date) -> str:
    """The span in which numbers count on: "2026", "2026-11", or "" for ever."""
    return {"never": "", "year": f"{day:%Y}", "month": f"{day:%Y-%m}"}[reset]


def problems_of(text: str, reset: Reset) -> list[Reason]:
    """Why a pattern cannot be taken; nothing when it can."""
    pattern = Pattern.of(text)
    numbers = [place for place, one in enumerate(pattern.pieces)
               if place % 2 and _NUMBER.fullmatch(one)]  # fmt: skip
    unknown = [one for one in pattern.fields
               if not _NUMBER.fullmatch(one) and one not in {"year", "yy", "month"}]  # fmt: skip
    if unknown or any(one in "{}" for literal in pattern.pieces[::2] for one in literal):
        return [Reason("unknown_field", {"field": unknown[0] if unknown else "{"})]
    if len(numbers) != 1:
        return [Reason("one_number_needed")]
    found = []
    if len(text) > LONGEST:
        found.append(Reason("too_long"))
    if not pattern.start[:1].isalpha():
        found.append(Reason("letters_first"))
    if strange := [one for literal in pattern.pieces[::2] for one in literal
                   if not (one.isalpha() or one.isdecimal() or one in _SIGNS)]:  # fmt: skip
        found.append(Reason("strange_sign", {"sign": strange[0]}))
    before, after = pattern.pieces[numbers[0] - 1], pattern.pieces[numbers[0] + 1]
    is_last = numbers[0] + 2 == len(pattern.pieces)
    if not before or before[-1].isdecimal():
        found.append(Reason("sign_before_number"))
    if after[:1].isdecimal() or (not after and not is_last):
        found.append(Reason("sign_after_number"))
    has_year = bool({"year", "yy"} & set(pattern.fields))
    if reset != "never" and not has_year:
        found.append(Reason("year_needed"))
    if reset == "month" and "month" not in pattern.fields:
        found.append(Reason("month_needed"))
    return found
