"""Weekly opening hours in somebody's own time zone; pure, and safe when clocks are changed.

Days off and swapped working days are in ``genjin.kernel.workdays`` and may be had from here too.
"""

import re
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from genjin.kernel.workdays import CalendarRunsOut, OfficialYear, WorkCalendar, add_working_days

__all__ = [
    "CalendarRunsOut",
    "OfficialYear",
    "WeeklyHours",
    "WorkCalendar",
    "add_working_days",
]

DAY_MINUTES = 24 * 60
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SEARCHED_DAYS = 400
_SPAN = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})", re.ASCII)

Span = tuple[int, int]


@dataclass(frozen=True)
class WeeklyHours:
    """The hours of a week: for Monday to Sunday the open spans [start, end) in minutes of the day.

    Spans are kept sorted and joined; 1440 is midnight at the end of the day.
    """

    days: tuple[tuple[Span, ...], ...] = ((),) * 7

    def __post_init__(self) -> None:
        if len(self.days) != 7:
            raise ValueError("a week has seven days")
        object.__setattr__(self, "days", tuple(_joined(spans) for spans in self.days))

    @classmethod
    def parse(cls, text: str) -> "WeeklyHours":
        """Read "mon-fri 09:00-12:00 13:30-18:00; sat 10:00-12:00"; "" and "closed" are never open.

        Days are mon..sun, ranges, comma lists or daily; a span over midnight runs into the next
        day. Raises ValueError naming what cannot be read.
        """
        days: list[list[Span]] = [[] for _ in _DAYS]
        for part in filter(None, map(str.strip, text.lower().split(";"))):
            if part == "closed":
                continue
            named, *spans = part.split()
            if not spans:
                raise ValueError(f"no hours given: {part!r}")
            for day in _days_named(named):
                for span in spans:
                    if span != "closed":
                        _add_span(days, day, span)
        return cls(tuple(map(tuple, days)))

    @classmethod
    def always(cls) -> "WeeklyHours":
        return cls((((0, DAY_MINUTES),),) * 7)

    def format(self) -> str:
        """Write the hours so that ``parse`` reads them back; days alike are taken together."""
        groups: list[tuple[int, int]] = []
        for day, spans in enumerate(self.days):
            if groups and self.days[groups[-1][0]] == spans:
                groups[-1] = (groups[-1][0], day)
            else:
                groups.append((day, day))
        written = [
            f"{_DAYS[first]}{'-' + _DAYS[last] if last > first else ''} {_spans(self.days[first])}"
            for first, last in groups
            if self.days[first]
        ]
        return "; ".join(written) or "closed"

    __str__ = format

    def __bool__(self) -> bool:
        return any(self.days)

    def intersection(self, other: "WeeklyHours") -> "WeeklyHours":
        """Keep the hours at which both are open."""
        return self._combined(other, lambda one, two: one and two)

    def union(self, other: "WeeklyHours") -> "WeeklyHours":
        """Take the hours at which at least one is open."""
        return self._combined(other, lambda one, two: one or two)

    def subtract(self, other: "WeeklyHours") -> "WeeklyHours":
        """Take the other's hours away, such as meal times."""
        return self._combined(other, lambda one, two: one and not two)

    def _combined(self, other: "WeeklyHours", keeps: Callable[[bool, bool], bool]) -> "WeeklyHours":
        pairs = zip(self.days, other.days, strict=True)
        return WeeklyHours(tuple(_combine(one, two, keeps) for one, two in pairs))

    def minutes_of_week(self) -> list[Span]:
        """Give the open spans in minutes since Monday 00:00, for use inside a query."""
        return [
            (day * DAY_MINUTES + start, day * DAY_MINUTES + end)
            for day, spans in enumerate(self.days)
            for start, end in spans
        ]

    def is_open(self, at: datetime, tz: str | ZoneInfo, closed_dates: Container[date] = ()) -> bool:
        """Is it open at this instant (aware), by the wall clock of ``tz``?"""
        local = _aware(at).astimezone(_zone(tz))
        if local.date() in closed_dates:
            return False
        minute = local.hour * 60 + local.minute
        return any(start <= minute < end for start, end in self.days[local.weekday()])

    def next_open(
        self, at: datetime, tz: str | ZoneInfo, closed_dates: Container[date] = ()
    ) -> datetime | None:
        """Give the first instant (UTC) from ``at`` on when it is open: ``at`` itself if it is.

        None if it does not open within 400 days.
        """
        zone, at = _zone(tz), _aware(at).astimezone(UTC)
        if self.is_open(at, zone, closed_dates):
            return at
        if not self:
            return None
        first = at.astimezone(zone).date()
        for later in range(_SEARCHED_DAYS):
            day = first + timedelta(days=later)
            if day in closed_dates:
                continue
            found = [
                moment
                for moment in self._candidates(day, zone)
                if moment >= at and self.is_open(moment, zone, closed_dates)
            ]
            if found:
                return min(found)
        return None

    def _candidates(self, day: date, zone: ZoneInfo) -> list[datetime]:
        """List the instants at which it may become open: starts, and a change of the clock.

        A start that happens twice counts twice; one that the clock jumps over opens at the jump.
        """
        moments = [
            _wall(day, start, zone, fold)
            for start, _ in self.days[day.weekday()]
            for fold in (0, 1)
        ]
        change = _clock_change(day, zone)
        return [*moments, change] if change else moments


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("an instant needs its time zone")
    return at


def _zone(tz: str | ZoneInfo) -> ZoneInfo:
    return ZoneInfo(tz) if isinstance(tz, str) else tz


def _wall(day: date, minute: int, zone: ZoneInfo, fold: int = 0) -> datetime:
    naive = datetime.combine(day, time(minute // 60, minute % 60, fold=fold), zone)
    return naive.astimezone(UTC)


def _clock_change(day: date, zone: ZoneInfo) -> datetime | None:
    """Find the instant of that day (UTC, to the second) at which the clock is changed."""
    low = _wall(day, 0, zone)
    high = _wall(day + timedelta(days=1), 0, zone)
    before = low.astimezone(zone).utcoffset()
    if before == high.astimezone(zone).utcoffset():
        return None
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high


def _joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    joined: list[Span] = []
    for start, end in sorted(spans):
        if not 0 <= start < end <= DAY_MINUTES:
            raise ValueError(f"not a span of a day: {start}-{end}")
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def _combine(
    one: tuple[Span, ...], two: tuple[Span, ...], keeps: Callable[[bool, bool], bool]
) -> tuple[Span, ...]:
    edges = sorted({edge for span in (*one, *two) for edge in span})
    return tuple(
        (start, end)
        for start, end in pairwise(edges)
        if keeps(_covers(one, start), _covers(two, start))
    )


def _covers(spans: tuple[Span, ...], minute: int) -> bool:
    return any(start <= minute < end for start, end in spans)


def _spans(spans: tuple[Span, ...]) -> str:
    return " ".join(
        f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}" for start, end in spans
    )


def _days_named(named: str) -> list[int]:
    if named == "daily":
        return list(range(7))
    days: list[int] = []
    for part in named.split(","):
        first, _, last = part.partition("-")
        if first not in _DAYS or (last or first) not in _DAYS:
            raise ValueError(f"not a day: {part!r}")
        begin, end = _DAYS.index(first), _DAYS.index(last or first)
        days += [day % 7 for day in range(begin, end + 1 if end >= begin else end + 8)]
    return days


def _add_span(days: list[list[Span]], day: int, span: str) -> None:
    found = _SPAN.fullmatch(span)
    if not found:
        raise ValueError(f"not hours: {span!r}")
    hour, minute, end_hour, end_minute = map(int, found.groups())
    start, end = hour * 60 + minute, end_hour * 60 + end_minute
    if max(minute, end_minute) > 59 or start >= DAY_MINUTES or end > DAY_MINUTES or start == end:
        raise ValueError(f"not hours: {span!r}")
    if start < end:
        days[day].append((start, end))
        return
    days[day].append((start, DAY_MINUTES))
    if end:
        days[(day + 1) % 7].append((0, end))
