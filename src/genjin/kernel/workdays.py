"""Which days are working days in a country, official swaps of days included.

Mainland China by ``chinesecalendar`` (2004 to 2026), other countries by ``holidays``; an official
list entered by an administrator goes before both. The libraries are loaded when first asked.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from genjin.kernel.errors import GenjinError


class CalendarRunsOut(GenjinError):
    """No official calendar is known for this year: somebody must enter it.

    ``data`` holds ``country`` and ``year``.
    """

    code = "calendar_runs_out"


@dataclass(frozen=True)
class OfficialYear:
    """The official list of one year: the days off, and the weekend days that are worked."""

    days_off: frozenset[date] = frozenset()
    worked: frozenset[date] = frozenset()


@lru_cache(maxsize=64)
def _holidays_of(country: str, subdivision: str | None) -> Any:
    import holidays

    try:
        return holidays.country_holidays(country, subdiv=subdivision)
    except NotImplementedError:
        raise ValueError(f"no calendar for {country} {subdivision or ''}".strip()) from None


@dataclass(frozen=True)
class WorkCalendar:
    """The working days of a country (CN, HK, TW, GB, US, DE, ...), official lists first.

    With `guesses` a year for which nothing official is out yet has the holidays that the law itself
    names, for terms that must be counted today; without, such a year raises.
    """

    country: str = "CN"
    subdivision: str | None = None
    official: Mapping[int, OfficialYear] = field(default_factory=dict)
    guesses: bool = False

    def is_workday(self, day: date) -> bool:
        """Is it worked? Raises CalendarRunsOut for a year that nobody knows yet."""
        if entered := self.official.get(day.year):
            if day in entered.worked:
                return True
            return day.weekday() < 5 and day not in entered.days_off
        if self.country == "CN":
            return self._is_mainland_workday(day)
        return bool(_holidays_of(self.country, self.subdivision).is_working_day(day))

    def _is_mainland_workday(self, day: date) -> bool:
        import chinese_calendar

        try:
            return bool(chinese_calendar.is_workday(day))
        except NotImplementedError:
            if self.guesses:
                return bool(_holidays_of(self.country, None).is_working_day(day))
            raise CalendarRunsOut(country=self.country, year=day.year) from None

    def days_off(self, first: date, last: date) -> list[date]:
        """List the days from ``first`` to ``last``, both included, that are not worked."""
        span = range((last - first).days + 1)
        every = (first + timedelta(days=number) for number in span)
        return [day for day in every if not self.is_workday(day)]

    def add_working_days(self, start: date, days: int) -> date:
        """Count working days on from (or, negative, back from) a day that is not counted.

        0 gives the day itself if it is worked, else the next one that is.
        """
        step = timedelta(days=-1 if days < 0 else 1)
        day, left = start, abs(days)
        if left == 0:
            while not self.is_workday(day):
                day += step
        while left:
            day += step
            left -= self.is_workday(day)
        return day


def add_working_days(
    start: date, days: int, *, country: str = "CN", closed_dates: Collection[date] = ()
) -> date:
    """Count working days of a country on from a day; ``closed_dates`` are the firm's own days off.

    Raises CalendarRunsOut; see ``WorkCalendar.add_working_days``.
    """
    calendar = WorkCalendar(country)
    if not closed_dates:
        return calendar.add_working_days(start, days)
    step = timedelta(days=-1 if days < 0 else 1)
    day, left = start, abs(days)
    while left or (days == 0 and (day in closed_dates or not calendar.is_workday(day))):
        day += step
        if left:
            left -= calendar.is_workday(day) and day not in closed_dates
    return day
