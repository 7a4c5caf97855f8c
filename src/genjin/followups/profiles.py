"""Makes the legal profile in force from policy/contact.toml and what administrators set (FU3).

The settings screen asks `editable_rules()` for each value with its sentence, and `checked_value`
before it calls `foundation.policy.set_value`. Outer hours can be narrowed, never widened.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from functools import lru_cache
from typing import Any, Literal

import holidays

from genjin.followups.rules import Cap, Profile
from genjin.followups.states import MACHINE_CHANNELS, Channel, Purpose
from genjin.foundation import calendar, policy
from genjin.kernel.errors import BadInput
from genjin.kernel.worktime import WeeklyHours

PROFILE_KEY = "contact.profile"
Kind = Literal["hours", "integer", "purposes", "channels", "choice", "time"]


@dataclass(frozen=True)
class _Made:
    """What takes long to make, with the settings it was made of."""

    settings: Mapping[str, Any]
    profiles: dict[str, Profile] = field(default_factory=dict)
    closed_dates: dict[tuple[str, int], frozenset[date]] = field(default_factory=dict)


_kept: _Made | None = None


@dataclass(frozen=True)
class EditableRule:
    """One value of the settings screen: its policy key, type, bounds and what it is now.

    `group` gathers the values of one card on the screen (hours, caps, consent, …), `label` is a
    code for the field's name: the purpose, or the name of the number. `least`/`most` bound an
    integer; `choices` are codes.
    """

    key: str
    group: str
    label: str
    kind: Kind
    value: Any
    shipped: Any
    least: int | None = None
    most: int | None = None
    choices: tuple[str, ...] = ()


def codes() -> tuple[str, ...]:
    """The legal profiles that exist."""
    return tuple(policy.shipped("contact")["profiles"])


def labels(code: str) -> Mapping[str, str]:
    """A profile's name by language."""
    return policy.shipped("contact")["profiles"][code]["labels"]


def current_code() -> str:
    """The organisation's profile."""
    return str(policy.value(PROFILE_KEY))


def _made() -> _Made:
    """What was made of the settings in force; made again only after one of them changed."""
    global _kept  # noqa: PLW0603 - one small cache for the process
    settings = policy.overrides()
    kept = _kept
    if kept is None or kept.settings is not settings:
        _kept = kept = _Made(settings)
    return kept


def profile(code: str = "") -> Profile:
    """The profile in force."""
    made = _made().profiles
    code = code or current_code()
    if code not in made:
        made[code] = _make(code)
    return made[code]


def _value(code: str, *path: str) -> Any:
    return policy.value(".".join(("contact", "profiles", code, *path)))


def _make(code: str) -> Profile:
    shipped = policy.shipped("contact")["profiles"][code]
    outer = WeeklyHours.parse(_value(code, "outer")).intersection(
        WeeklyHours.parse(shipped["outer"])
    )
    meals = WeeklyHours.parse(_value(code, "meals"))
    hours = {
        purpose: WeeklyHours.parse(_value(code, "hours", purpose))
        .intersection(outer)
        .subtract(meals)
        for purpose in Purpose.values
    }
    return Profile(
        code=code,
        country=_value(code, "country"),
        outer=outer,
        hours=hours,
        timed_channels=frozenset(policy.value("contact.timed_channels")),
        rests_on_holidays=frozenset(_value(code, "rests_on_holidays")),
        consent_needed={
            purpose: frozenset(_value(code, "consent", purpose) or ()) for purpose in Purpose.values
        },
        caps=tuple(_cap(code, name) for name in shipped["caps"]),
        cool_off=timedelta(days=_value(code, "cool_off", "days")),
        cool_off_purposes=frozenset(_value(code, "cool_off", "purposes")),
        callback_early=timedelta(minutes=policy.value("contact.callback.early_minutes")),
        callback_grace=timedelta(minutes=policy.value("contact.callback.grace_minutes")),
        important_before=time.fromisoformat(policy.value("contact.important_before")),
        refusals=tuple(policy.value("contact.refusal_outcomes")),
        double_opt_in=frozenset(_value(code, "double_opt_in") or ()),
    )


def _cap(code: str, name: str) -> Cap:
    return Cap(
        code=name,
        channels=frozenset(_value(code, "caps", name, "channels")),
        purposes=frozenset(_value(code, "caps", name, "purposes")),
        counts=_value(code, "caps", name, "counts"),
        limit=_value(code, "caps", name, "limit"),
        seconds=_value(code, "caps", name, "seconds"),
    )


def cap_of(key: str) -> Mapping[str, Any]:
    """A shipped cap by its policy key, for what nobody may change: channels, purposes, counts."""
    _, _, code, _, name = key.split(".")
    return policy.shipped("contact")["profiles"][code]["caps"][name]


@lru_cache(maxsize=64)
def _holidays_of(country: str, year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays(country, years=year))


def closed_dates(country: str, year: int) -> frozenset[date]:
    """The public holidays of a country from the year before until the year after next.

    A year that an administrator entered has the days off entered; years for which nothing
    official is out yet have the holidays the law itself names.
    """
    made = _made().closed_dates
    if (country, year) not in made:
        made[country, year] = _closed_dates(country, year)
    return made[country, year]


def _closed_dates(country: str, year: int) -> frozenset[date]:
    entered = calendar.entered_years(country)
    years = range(year - 1, year + 3)
    return frozenset().union(
        *(entered[one].days_off if one in entered else _holidays_of(country, one) for one in years)
    )


def band_of(purpose: str) -> int:
    """The band of a purpose: a new queue's place among the queues of one person."""
    return int(policy.value(f"contact.purposes.{purpose}.band"))


def editable_rules(code: str = "") -> tuple[EditableRule, ...]:
    """Every value an administrator may change for a profile, in the order of the screen."""
    code = code or current_code()
    base = f"contact.profiles.{code}"
    shipped = policy.shipped("contact")["profiles"][code]
    found: list[EditableRule] = []

    def add(group: str, label: str, path: str, kind: Kind, **bounds: Any) -> None:
        default: Any = shipped
        for part in path.split("."):
            default = default.get(part, []) if isinstance(default, Mapping) else []
        key = f"{base}.{path}"
        found.append(
            EditableRule(key, group, label, kind, policy.value(key, default), default, **bounds)
        )

    purposes, channels = tuple(Purpose.values), tuple(Channel.values)
    add("outer", "outer", "outer", "hours")
    add("meals", "meals", "meals", "hours")
    for purpose in purposes:
        add("hours", purpose, f"hours.{purpose}", "hours")
    add("holidays", "rests_on_holidays", "rests_on_holidays", "purposes", choices=purposes)
    for purpose in purposes:
        add("consent", purpose, f"consent.{purpose}", "channels", choices=channels)
    add("double_opt_in", "double_opt_in", "double_opt_in", "channels",
        choices=tuple(MACHINE_CHANNELS))  # fmt: skip
    for name in shipped["caps"]:
        add("caps", f"{name}.limit", f"caps.{name}.limit", "integer", least=1, most=50)
        add("caps", f"{name}.seconds", f"caps.{name}.seconds", "integer", least=60,
            most=90 * 86400)  # fmt: skip
    add("cool_off", "days", "cool_off.days", "integer", least=0, most=3650)
    add("cool_off", "purposes", "cool_off.purposes", "purposes", choices=purposes)
    return tuple(found)


def checked_value(key: str, raw: Any) -> Any:
    """The value to store for one key of `editable_rules` (or `contact.profile`).

    Raises BadInput: `unknown_rule`, `bad_hours`, `outer_hours_widened`, `not_a_choice`,
    `out_of_bounds`.
    """
    if key == PROFILE_KEY:
        if raw not in codes():
            raise BadInput("not_a_choice", value=raw)
        return raw
    parts = key.split(".")
    code = parts[2] if len(parts) > 3 and parts[:2] == ["contact", "profiles"] else ""
    rules = {rule.key: rule for rule in editable_rules(code)} if code in codes() else {}
    if key not in rules:
        raise BadInput("unknown_rule", key=key)
    return _checked(rules[key], raw)


def _checked(rule: EditableRule, raw: Any) -> Any:
    if rule.kind == "hours":
        return _checked_hours(rule, str(raw))
    if rule.kind == "integer":
        try:
            number = int(raw)
        except (TypeError, ValueError):
            raise BadInput("not_a_number", value=str(raw)) from None
        if not (rule.least or 0) <= number <= (rule.most or number):
            raise BadInput("out_of_bounds", least=rule.least, most=rule.most)
        return number
    chosen = sorted(set(raw))
    if unknown := set(chosen) - set(rule.choices):
        raise BadInput("not_a_choice", value=sorted(unknown)[0])
    return chosen


def _checked_hours(rule: EditableRule, text: str) -> str:
    try:
        hours = WeeklyHours.parse(text)
    except ValueError:
        raise BadInput("bad_hours", value=text) from None
    if rule.label == "outer" and hours.subtract(WeeklyHours.parse(rule.shipped)):
        raise BadInput("outer_hours_widened", most=rule.shipped)
    return str(hours)
