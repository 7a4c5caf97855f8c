"""What an organisation sets about classes, grades and key customers (CU3, CU5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from genjin.foundation import policy
from genjin.foundation.access import require_right
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput
from genjin.kernel.problems import Reason

RIGHT = "settings.manage"


@dataclass(frozen=True)
class Number:
    """A whole number that is set: its key, and its bounds (both included)."""

    key: str
    least: int
    most: int


NUMBERS = (
    Number("classes.months", 1, 60),
    Number("classes.a_percent", 1, 98),
    Number("classes.b_percent", 2, 99),
    *(Number(f"classes.grade_term_days.{grade}", 1, 730) for grade in "ABCD"),
    Number("classes.grade_review.days", 1, 60),
    *(
        Number(f"classes.visiting.{grade}.{what}", 1, 730)
        for grade in "123"
        for what in ("visit_days", "call_days")
    ),
    Number("classes.key_customers.expected_amount", 1, 10**9),
)


def values() -> dict[str, int]:
    """Every number in force, by key."""
    return {one.key: int(policy.value(one.key)) for one in NUMBERS}


@transaction.atomic
def set_class_settings(wanted: Mapping[str, Any], *, by: User, now: datetime) -> list[str]:
    """Sets several numbers at once, all or none; returns the keys that changed.

    The classes follow with the next run. BadInput by key: out_of_bounds, b_not_above_a.
    """
    require_right(by, RIGHT)
    known = {one.key: one for one in NUMBERS}
    problems: dict[str | int, list[Reason]] = {}
    merged = {**values(), **{key: int(value) for key, value in wanted.items()}}
    for key in wanted:
        bounds = known[key]
        if not bounds.least <= merged[key] <= bounds.most:
            problems[key] = [Reason("out_of_bounds", {"least": bounds.least, "most": bounds.most})]
    if not problems and merged["classes.b_percent"] <= merged["classes.a_percent"]:
        problems["classes.b_percent"] = [Reason("b_not_above_a")]
    if problems:
        raise BadInput(problems)
    changed = [key for key in wanted if int(policy.value(key)) != merged[key]]
    for key in changed:
        if Decimal(str(policy.shipped_value(key))) == merged[key]:
            policy.reset_value(key, by=by, now=now)
        else:
            policy.set_value(key, merged[key], by=by, now=now)
    return changed
