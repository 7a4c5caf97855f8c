"""Live selections of customers (客户分群): what may be asked, as conditions, SQL and sentences.

Criteria are {"all": [condition, …], "none": [condition, …]}; a condition is {"field", "op",
"values"}: OR inside a condition's values, AND across conditions, NOT for those under "none".

| op | fields | values |
| --- | --- | --- |
| in | choices, yes/no, kind, class, list, set, grade, region, custodian, team, source, … | codes |
| between | numbers, dates, created, last_contact | [from, to], both included, null for open |
| set | any card field, custodian, region, last_contact | [true] or [false] |
| contains | name | texts as in find |
| owns | owned | products as in `segments.owned` |

Fields of the card are named "fields.<code>", the sets of cards "set.<product category>". A region
stands for all divisions below it. An empty code among the values of `in`: nothing is known.
"""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from genjin.customers.models import Customer
from genjin.customers.segments.checking import MAX_CONDITIONS, MAX_VALUES, validate
from genjin.customers.segments.conditions import condition_test
from genjin.customers.segments.fields import (
    BETWEEN,
    CONTAINS,
    IN,
    OWNS,
    SET,
    UNKNOWN,
    Condition,
    Criteria,
    SelectionField,
    conditions_of,
    fields_for_selection,
    known_to,
)
from genjin.customers.segments.sentences import describe, describe_each
from genjin.customers.visibility import sees_masked, visible_to
from genjin.foundation.models import User

__all__ = [
    "BETWEEN",
    "CONTAINS",
    "EVERYBODY",
    "IN",
    "MAX_CONDITIONS",
    "MAX_VALUES",
    "OWNS",
    "SET",
    "UNKNOWN",
    "Condition",
    "Criteria",
    "SelectionField",
    "conditions_of",
    "customers_in",
    "describe",
    "describe_each",
    "fields_for_selection",
    "known_to",
    "validate",
]

EVERYBODY: dict[str, list[Any]] = {"all": [], "none": []}


def customers_in(
    criteria: Criteria,
    *,
    user: User | None = None,
    now: datetime | None = None,
    masked: bool | None = None,
) -> QuerySet[Customer]:
    """The customers that fit `criteria` at `now` (this moment without it).

    Within the scope of `user` when one is given. Cards that were merged into another never count.
    `masked`: asked by who sees masked numbers, so that digits find whole numbers alone (default:
    whether `user` does). Raises BadInput for criteria that cannot be asked (a field that is gone,
    for example).
    """
    known = validate(criteria)
    masked = sees_masked(user) if masked is None else masked
    rows = Customer.objects.filter(merged_into=None) if user is None else visible_to(user)
    today = timezone.localdate(now)
    for part, one in conditions_of(criteria):
        test = condition_test(one, known, today=today, masked=masked)
        rows = rows.filter(test) if part == "all" else rows.exclude(test)
    return rows
