"""The Chinese calendar's dates on the solar one."""

from datetime import date, timedelta

import pytest
from holidays.calendars.chinese import _ChineseLunisolar

from genjin.kernel.lunar import next_solar_date, solar_date

# Another table than ours: public holidays that fall on lunar days.
KNOWN = _ChineseLunisolar()


@pytest.mark.parametrize("year", range(1950, 2100))
def test_festivals_fall_where_the_holidays_of_the_year_say(year: int) -> None:
    eve = date(year, 1, 1) - timedelta(days=1)
    assert next_solar_date(1, 1, eve) == KNOWN.lunar_new_year_date(year)[0]
    assert next_solar_date(4, 8, eve) == KNOWN.buddha_birthday_date(year)[0]
    assert next_solar_date(5, 5, eve) == KNOWN.dragon_boat_date(year)[0]
    assert next_solar_date(8, 15, eve) == KNOWN.mid_autumn_date(year)[0]
    assert next_solar_date(9, 9, eve) == KNOWN.double_ninth_date(year)[0]


@pytest.mark.parametrize(
    ("lunar", "solar"),
    [
        ((1950, 1, 1), date(1950, 2, 17)),
        ((1976, 8, 8, True), date(1976, 10, 1)),
        ((1987, 6, 1, True), date(1987, 7, 26)),
        ((2020, 4, 1, True), date(2020, 5, 23)),
        ((2023, 2, 1, True), date(2023, 3, 22)),
        ((2025, 6, 1, True), date(2025, 7, 25)),
        ((2026, 8, 15), date(2026, 9, 25)),
        ((2033, 11, 1, True), date(2033, 12, 22)),
        ((2099, 12, 30), date(2100, 2, 8)),
    ],
)
def test_known_days_of_leap_months_and_of_years_ends(lunar: tuple, solar: date) -> None:
    year, month, day = lunar[:3]
    assert solar_date(year, month, day, is_leap=len(lunar) == 4) == solar


def test_the_day_itself_is_not_the_next_one() -> None:
    assert next_solar_date(8, 15, date(2026, 9, 24)) == date(2026, 9, 25)
    assert next_solar_date(8, 15, date(2026, 9, 25)) == date(2027, 9, 15)


def test_the_twelfth_month_comes_in_the_solar_year_after_its_own() -> None:
    assert next_solar_date(12, 8, date(2026, 1, 2)) == date(2026, 1, 26)
    assert next_solar_date(12, 8, date(2026, 1, 26)) == date(2027, 1, 15)


def test_the_thirtieth_of_a_short_month_is_kept_on_its_last_day() -> None:
    # The twelfth month of 2024 and of 2025 had 29 days: the eve of the New Year is meant.
    assert next_solar_date(12, 30, date(2025, 6, 1)) == date(2026, 2, 16)
    assert next_solar_date(1, 1, date(2025, 6, 1)) == date(2026, 2, 17)


def test_a_day_of_a_leap_month_is_kept_in_the_ordinary_month_of_other_years() -> None:
    assert next_solar_date(6, 1, date(2025, 1, 1), is_leap=True) == date(2025, 7, 25)
    assert next_solar_date(6, 1, date(2025, 1, 1)) == date(2025, 6, 25)
    assert next_solar_date(6, 1, date(2026, 1, 1), is_leap=True) == date(2026, 7, 14)


def test_consecutive_new_moons_never_leave_a_day_out() -> None:
    """Every day of the 1st, one after another, is 29 or 30 days, or a leap month, apart."""
    day, steps = date(1950, 1, 1), set()
    while day < date(2099, 1, 1):
        comings = [next_solar_date(m, 1, day, leap) for m in range(1, 13) for leap in (False, True)]
        steps.add((min(comings) - day).days)
        day = min(comings)
    assert steps - {29, 30} <= {17}, "17: from the first of January to the first new moon"


@pytest.mark.parametrize(("month", "day"), [(0, 1), (13, 1), (1, 0), (1, 31)])
def test_what_is_no_lunar_day_is_refused(month: int, day: int) -> None:
    with pytest.raises(ValueError, match="no lunar day"):
        next_solar_date(month, day, date(2026, 1, 1))


def test_years_beyond_the_table_are_refused() -> None:
    with pytest.raises(ValueError, match="no lunar year"):
        next_solar_date(1, 1, date(2101, 3, 1))
