"""What an organisation set about collecting: policy/collection.toml with its own values over it."""

from collections.abc import Mapping
from copy import deepcopy
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from genjin.followups import profiles
from genjin.foundation import calendar, policy
from genjin.kernel.workdays import WorkCalendar
from genjin.receivables.rules.classes import ClassTerms, Step, ladder_of
from genjin.receivables.rules.limitation import LimitationTerms
from genjin.receivables.rules.plan import PlanTerms
from genjin.receivables.rules.promises import PromiseTerms

_NAME = "collection"
_made: tuple[Any, Mapping[str, Any]] | None = None


def values() -> Mapping[str, Any]:
    """The whole policy in force, settings of administrators laid over the shipped file."""
    global _made  # noqa: PLW0603 - one small cache for the process
    own = policy.overrides()
    if _made is None or _made[0] is not own:
        _made = (own, _merged(own))
    return _made[1]


def _merged(own: Mapping[str, Any]) -> Mapping[str, Any]:
    found: dict[str, Any] = deepcopy(dict(policy.shipped(_NAME)))
    for key, value in own.items():
        name, *path = key.split(".")
        if name != _NAME or not path:
            continue
        place = found
        for part in path[:-1]:
            place = place.setdefault(part, {})
        place[path[-1]] = value
    return found


def class_terms() -> ClassTerms:
    return ClassTerms.of_policy(values())


def ladder() -> dict[str, Step]:
    return ladder_of(values())


def seller_days() -> int:
    return int(values()["seller_days"])


def promise_terms() -> PromiseTerms:
    return PromiseTerms.of_policy(values())


def plan_terms() -> PlanTerms:
    return PlanTerms.of_policy(values())


def news_working_days() -> int:
    return int(values()["news_working_days"])


def country() -> str:
    """The country whose working days and limitation period count: that of the legal profile."""
    return profiles.profile().country


def limitation_terms() -> LimitationTerms:
    return LimitationTerms.of_policy(values(), country())


def work_calendar() -> WorkCalendar:
    """Working days, for terms that may reach into a year whose official list is not out yet."""
    return calendar.work_calendar(country(), guesses=True)


def day_of(now: datetime) -> date:
    """The organisation's day at a moment."""
    return timezone.localdate(now, timezone.get_default_timezone())
