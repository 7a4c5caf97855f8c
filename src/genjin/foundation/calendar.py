"""The working days of a country, with the official lists that this organisation entered.

A list for one year stands in policy/calendar.toml or was entered on the settings screen under the
key "calendar.<country>.<year>" as {"off": [days], "worked": [days]}, days in ISO form.
"""

from datetime import date

from genjin.foundation import policy
from genjin.kernel.workdays import CalendarRunsOut, OfficialYear, WorkCalendar


def key_of(country: str, year: int) -> str:
    return f"calendar.{country}.{year}"


def official_year(country: str, year: int) -> OfficialYear | None:
    """The list that was entered for one year, or None."""
    entry = policy.value(key_of(country, year))
    if not entry:
        return None
    return OfficialYear(
        frozenset(map(date.fromisoformat, entry.get("off", ()))),
        frozenset(map(date.fromisoformat, entry.get("worked", ()))),
    )


def entered_years(country: str) -> dict[int, OfficialYear]:
    """Every list entered or shipped for a country, by year."""
    shipped = policy.shipped("calendar").get(country, {})
    prefix = f"calendar.{country}."
    own = {key.removeprefix(prefix) for key in policy.overrides() if key.startswith(prefix)}
    found = {int(year): official_year(country, int(year)) for year in {*shipped, *own}}
    return {year: entry for year, entry in sorted(found.items()) if entry is not None}


def work_calendar(country: str, *, guesses: bool = False) -> WorkCalendar:
    """The calendar to count working days with; `guesses` for terms that reach into a year whose
    official list is not out yet."""
    return WorkCalendar(country, official=entered_years(country), guesses=guesses)


def is_known(country: str, year: int) -> bool:
    """Whether the working days of a year are known; an unknown one must be entered."""
    try:
        work_calendar(country).is_workday(date(year, 7, 1))
    except CalendarRunsOut:
        return False
    return True
