"""Opening hours, changes of the clock, and working days."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genjin.kernel.workdays import CalendarRunsOut, OfficialYear, WorkCalendar, add_working_days
from genjin.kernel.worktime import WeeklyHours

SPAN = st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda span: span[0] < span[1])
WEEKS = st.lists(st.lists(SPAN, max_size=3).map(tuple), min_size=7, max_size=7).map(
    lambda days: WeeklyHours(tuple(days))
)
INSTANTS = st.integers(0, 2 * 10**9).map(lambda at: datetime.fromtimestamp(at, UTC))
ZONES = st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Asia/Taipei"])
OFFICE = WeeklyHours.parse("mon-fri 09:00-12:00 13:30-18:00")


def utc(*when):
    return datetime(*when, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Mon-Fri 9:00-12:00 13:30-18:00", "mon-fri 09:00-12:00 13:30-18:00"),
        ("", "closed"),
        ("closed", "closed"),
        ("daily 00:00-24:00", "mon-sun 00:00-24:00"),
        (
            "sat,sun 10:00-12:00; mon 08:00-09:00 08:30-10:00",
            "mon 08:00-10:00; sat-sun 10:00-12:00",
        ),
        ("sun 22:00-02:00", "mon 00:00-02:00; sun 22:00-24:00"),
        ("fri-mon 08:00-09:00", "mon 08:00-09:00; fri-sun 08:00-09:00"),
    ],
)
def test_hours_are_read_and_written(text, written):
    assert WeeklyHours.parse(text).format() == written


@pytest.mark.parametrize(
    "text",
    ["mon", "xyz 09:00-10:00", "mon 9-10", "mon 25:00-26:00", "mon 09:60-10:00", "mon 09:00-09:00"],
)
def test_hours_that_cannot_be_read_are_refused(text):
    with pytest.raises(ValueError, match=r"not|no"):
        WeeklyHours.parse(text)


@given(WEEKS)
def test_written_hours_read_back_the_same(week):
    assert WeeklyHours.parse(week.format()) == week


@given(WEEKS, WEEKS, INSTANTS)
def test_combined_hours_are_open_when_they_should(one, two, at):
    first, second = one.is_open(at, "Asia/Shanghai"), two.is_open(at, "Asia/Shanghai")
    assert one.intersection(two).is_open(at, "Asia/Shanghai") == (first and second)
    assert one.union(two).is_open(at, "Asia/Shanghai") == (first or second)
    assert one.subtract(two).is_open(at, "Asia/Shanghai") == (first and not second)


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        (utc(2026, 11, 23, 2, 0), utc(2026, 11, 23, 2, 0)),
        (utc(2026, 11, 23, 0, 0), utc(2026, 11, 23, 1, 0)),
        (utc(2026, 11, 23, 4, 0), utc(2026, 11, 23, 5, 30)),
        (utc(2026, 11, 27, 10, 0), utc(2026, 11, 30, 1, 0)),
    ],
)
def test_the_next_opening_in_shanghai(at, opens):
    assert OFFICE.next_open(at, "Asia/Shanghai") == opens


def test_closed_dates_are_passed_over():
    opens = OFFICE.next_open(utc(2026, 11, 23, 0), "Asia/Shanghai", {date(2026, 11, 23)})
    assert opens == utc(2026, 11, 24, 1)
    assert WeeklyHours().next_open(utc(2026, 11, 23), "Asia/Shanghai") is None


def test_an_opening_that_the_clock_jumps_over_is_at_the_jump():
    night = WeeklyHours.parse("sun 02:30-04:00")
    assert night.next_open(utc(2026, 3, 29, 0), "Europe/Berlin") == utc(2026, 3, 29, 1)


def test_an_hour_that_happens_twice_is_open_twice():
    night = WeeklyHours.parse("sun 02:00-02:30")
    assert night.next_open(utc(2026, 10, 25, 0, 40), "Europe/Berlin") == utc(2026, 10, 25, 1, 0)
    early = WeeklyHours.parse("sun 01:00-02:30")
    assert early.next_open(utc(2026, 10, 25, 0, 45), "Europe/Berlin") == utc(2026, 10, 25, 1, 0)


@given(WEEKS, INSTANTS, ZONES)
def test_nothing_is_open_before_the_next_opening(week, at, zone):
    opens = week.next_open(at, zone)
    if opens is None:
        assert not week
        return
    assert opens >= at
    assert week.is_open(opens, zone)
    probe = at
    while probe < min(opens, at + timedelta(days=2)):
        assert not week.is_open(probe, zone)
        probe += timedelta(minutes=29)


def test_an_instant_without_zone_is_refused():
    with pytest.raises(ValueError, match="zone"):
        OFFICE.is_open(datetime(2026, 1, 1), "Asia/Shanghai")  # noqa: DTZ001


@pytest.mark.parametrize(
    ("country", "day", "worked"),
    [
        ("CN", date(2026, 10, 1), False),
        ("CN", date(2026, 10, 10), True),
        ("CN", date(2026, 11, 23), True),
        ("HK", date(2026, 7, 1), False),
        ("GB", date(2026, 12, 25), False),
        ("US", date(2026, 7, 4), False),
        ("DE", date(2026, 10, 2), True),
        ("TW", date(2026, 10, 10), False),
    ],
)
def test_working_days_follow_the_country(country, day, worked):
    assert WorkCalendar(country).is_workday(day) is worked


def test_a_calendar_that_ends_says_so():
    with pytest.raises(CalendarRunsOut) as caught:
        WorkCalendar("CN").is_workday(date(2027, 1, 4))
    assert caught.value.data == {"country": "CN", "year": 2027}
    with pytest.raises(ValueError, match="no calendar"):
        WorkCalendar("QQ").is_workday(date(2026, 1, 1))


def test_an_official_list_goes_first():
    entered = OfficialYear(frozenset({date(2027, 1, 1)}), frozenset({date(2027, 1, 3)}))
    calendar = WorkCalendar("CN", official={2027: entered})
    assert calendar.days_off(date(2027, 1, 1), date(2027, 1, 4)) == [
        date(2027, 1, 1),
        date(2027, 1, 2),
    ]


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        (date(2026, 9, 30), 1, date(2026, 10, 8)),
        (date(2026, 10, 9), 1, date(2026, 10, 10)),
        (date(2026, 10, 8), -1, date(2026, 9, 30)),
        (date(2026, 10, 1), 0, date(2026, 10, 8)),
        (date(2026, 10, 8), 0, date(2026, 10, 8)),
    ],
)
def test_working_days_are_counted(start, days, end):
    assert add_working_days(start, days) == end


def test_the_firms_own_days_off_are_not_counted():
    closed = {date(2026, 10, 8)}
    assert add_working_days(date(2026, 9, 30), 1, closed_dates=closed) == date(2026, 10, 9)
    assert add_working_days(date(2026, 10, 8), 0, closed_dates=closed) == date(2026, 10, 9)
