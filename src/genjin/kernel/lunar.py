"""The Chinese calendar's dates on the solar one: when a lunar birthday comes next (CU7, MA4).

Lunar years 1900 to 2100; the table with its source is ``data/lunar.tsv``.
"""

from datetime import date, timedelta
from functools import cache
from pathlib import Path

_TABLE = Path(__file__).with_name("data") / "lunar.tsv"
_LONG = "+"


@cache
def _years() -> dict[int, dict[tuple[int, bool], tuple[date, int]]]:
    """Each lunar year's months: (month, is the repeated one) to its first day and its length."""
    years = {}
    for line in _TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        year, first, leap, lengths = line.split("\t")
        years[int(year)] = _months(date.fromisoformat(first), int(leap), lengths)
    return years


def _months(first: date, leap: int, lengths: str) -> dict[tuple[int, bool], tuple[date, int]]:
    order = [(month, False) for month in range(1, 13)]
    if leap:
        order.insert(leap, (leap, True))
    months = {}
    for key, mark in zip(order, lengths, strict=True):
        months[key] = first, 30 if mark == _LONG else 29
        first += timedelta(days=months[key][1])
    return months


def solar_date(year: int, month: int, day: int, *, is_leap: bool = False) -> date:
    """The solar date on which a lunar anniversary is kept in one lunar year.

    As families keep it: the 30th of a month that has 29 days that year is kept on the 29th; a day
    of a leap month, in a year without that leap month, in the ordinary month of the same number.
    Raises ValueError for what is no lunar day, and for years outside 1900 to 2100.
    """
    if not (1 <= month <= 12 and 1 <= day <= 30):
        raise ValueError(f"no lunar day: month {month}, day {day}")
    if year not in _years():
        raise ValueError(f"no lunar year in the table: {year}")
    months = _years()[year]
    first, length = months.get((month, is_leap)) or months[month, False]
    return first + timedelta(days=min(day, length) - 1)


def next_solar_date(month: int, day: int, after: date, is_leap: bool = False) -> date:
    """The first solar date later than ``after`` on which a lunar anniversary is kept.

    Never ``after`` itself: ask with yesterday's date where today counts. The anniversary is that
    of ``solar_date``, which also says what is raised.
    """
    # Months 11 and 12 reach into the solar year that follows theirs.
    for year in (after.year - 1, after.year, after.year + 1):
        if year == after.year - 1 and month < 11:
            continue
        found = solar_date(year, month, day, is_leap=is_leap)
        if found > after:
            return found
    raise ValueError(f"no such lunar day after {after}")
