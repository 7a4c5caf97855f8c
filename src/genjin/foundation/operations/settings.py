"""Settings of the whole organisation that are one plain value each, and the official holidays.

The contact policy has rules of its own: `followups.profiles`. Here stand the name, the currency,
the clock, the lock-out and the times of the desk.
"""

import zoneinfo
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from django.conf import settings
from django.db import transaction

from genjin.foundation import calendar, policy
from genjin.foundation.models import User
from genjin.kernel.address import parse_address
from genjin.kernel.errors import BadInput
from genjin.kernel.problems import Reason

CURRENCIES = ("CNY", "TWD", "HKD", "MOP", "SGD", "MYR", "USD", "GBP", "EUR", "JPY", "AUD", "CAD")
Kind = Literal["text", "integer", "choice"]


@dataclass(frozen=True)
class PlainSetting:
    """One value: its policy key, its type and its bounds (both ends included)."""

    key: str
    kind: Kind
    least: int = 0
    most: int = 0
    choices: tuple[str, ...] = ()


PLAIN = {
    setting.key: setting
    for setting in (
        PlainSetting("organisation.name", "text", most=80),
        PlainSetting("organisation.place", "text", most=200),
        PlainSetting("organisation.currency", "choice", choices=CURRENCIES),
        PlainSetting("organisation.time_zone", "text", most=60),
        PlainSetting(
            "organisation.language", "choice", choices=tuple(code for code, _ in settings.LANGUAGES)
        ),
        PlainSetting("organisation.papers.registered_name", "text", most=120),
        PlainSetting("organisation.papers.address", "text", most=160),
        PlainSetting("organisation.papers.phone", "text", most=60),
        PlainSetting("organisation.papers.email", "text", most=80),
        PlainSetting("organisation.papers.website", "text", most=80),
        PlainSetting("organisation.papers.tax_number", "text", most=40),
        PlainSetting("organisation.papers.bank", "text", most=120),
        PlainSetting("organisation.papers.account", "text", most=60),
        PlainSetting("organisation.papers.foot", "text", most=120),
        PlainSetting("security.lockout.tries", "integer", least=3, most=20),
        PlainSetting("security.lockout.minutes", "integer", least=1, most=24 * 60),
        PlainSetting("contact.lease.seconds", "integer", least=60, most=4 * 3600),
        PlainSetting("organisation.desk.wrap_up_seconds", "integer", least=0, most=900),
    )
}


def _checked(setting: PlainSetting, raw: Any) -> Any:
    if setting.kind == "integer":
        try:
            number = int(raw)
        except (TypeError, ValueError):
            raise BadInput({setting.key: "not_a_number"}) from None
        if not setting.least <= number <= setting.most:
            bounds = {"least": setting.least, "most": setting.most}
            raise BadInput({setting.key: Reason("out_of_bounds", bounds)})
        return number
    text = str(raw).strip()
    if setting.choices and text not in setting.choices:
        raise BadInput({setting.key: "not_a_choice"})
    if setting.most and len(text) > setting.most:
        raise BadInput({setting.key: "too_long"})
    if setting.key == "organisation.time_zone" and text not in zoneinfo.available_timezones():
        raise BadInput({setting.key: "unknown_time_zone"})
    if setting.key == "organisation.place" and text and not parse_address(text).division:
        raise BadInput({setting.key: "unknown_place"})
    return text


@transaction.atomic
def change_settings(values: dict[str, Any], *, by: User, now: datetime) -> list[str]:
    """Sets several plain settings at once, all or none; returns the keys that changed.

    Raises BadInput with every problem by key.
    """
    problems: dict[str | int, Any] = {}
    checked: dict[str, Any] = {}
    for key, raw in values.items():
        try:
            checked[key] = _checked(PLAIN[key], raw)
        except BadInput as error:
            problems |= error.problems
    if problems:
        raise BadInput(problems)
    changed = [key for key, value in checked.items() if policy.value(key) != value]
    for key in changed:
        if checked[key] == policy.shipped_value(key):
            policy.reset_value(key, by=by, now=now)
        else:
            policy.set_value(key, checked[key], by=by, now=now)
    return changed


def enter_official_year(
    country: str,
    year: int,
    *,
    off: Collection[date],
    worked: Collection[date],
    by: User,
    now: datetime,
) -> None:
    """Enters the official days off and worked weekend days of a year, in place of what was there.

    Raises BadInput: `another_year`, `both_off_and_worked`, `not_a_weekend_day`, `no_days`.
    """
    problems: dict[str | int, Any] = {}
    for field, days in (("off", off), ("worked", worked)):
        if any(day.year != year for day in days):
            problems[field] = "another_year"
    if not off:
        problems["off"] = "no_days"
    if set(off) & set(worked):
        problems["worked"] = "both_off_and_worked"
    elif any(day.weekday() < 5 for day in worked):
        problems["worked"] = "not_a_weekend_day"
    if problems:
        raise BadInput(problems)
    entry = {
        "off": [day.isoformat() for day in sorted(set(off))],
        "worked": [day.isoformat() for day in sorted(set(worked))],
    }
    policy.set_value(calendar.key_of(country, year), entry, by=by, now=now)
