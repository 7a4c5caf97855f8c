"""Whether criteria can be asked at all, with a reason beside each condition that cannot."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from genjin.customers import fields as card_fields
from genjin.customers.models import FieldDefinition
from genjin.customers.segments import owned
from genjin.customers.segments.fields import (
    BETWEEN,
    CHOICES,
    COLUMNS,
    IN,
    OPS_OF_TYPE,
    OWNS,
    SET,
    UNKNOWN,
    Condition,
    Criteria,
    Known,
    conditions_of,
    known_to,
)
from genjin.customers.states import CardSet, FieldType
from genjin.kernel import address
from genjin.kernel.errors import BadInput
from genjin.kernel.problems import Reason

MAX_CONDITIONS = 40
MAX_VALUES = 500


def _is_day(value: Any) -> bool:
    try:
        date.fromisoformat(str(value))
    except ValueError:
        return False
    return True


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _range_problem(kind: str, values: Sequence[Any]) -> Reason | None:
    if len(values) != 2 or list(values) == [None, None]:
        return Reason("range_incomplete")
    fits: Callable[[Any], bool] = _is_day if kind == "date" else _is_number
    bad = [value for value in values if value is not None and not fits(value)]
    if bad:
        code = "not_a_date" if kind == "date" else "not_a_number"
        return Reason(code, {"value": str(bad[0])[:40]})
    low, high = values
    if low is not None and high is not None and low > high:
        return Reason("ends_before_it_starts")
    return None


def _allowed(code: str, known: Known) -> set[str] | None:
    """The values that a field can have; None when they are not counted out."""
    if code in CHOICES:
        return {str(one) for one in CHOICES[code].values}
    if code == "is_key":
        return {"true", "false"}
    if known.category(code) is not None:
        return {str(one) for one in CardSet.values}
    definition = known.definition(code)
    if definition is None:
        return None
    if definition.type == FieldType.BOOLEAN:
        return {"true", "false", UNKNOWN}
    return {choice for choice, _label in card_fields.choice_labels(definition, "en")} | {UNKNOWN}


def _choice_problem(code: str, kind: str, values: Sequence[Any], known: Known) -> Reason | None:
    if not all(isinstance(value, str | bool | int) for value in values):
        return Reason("not_a_choice")
    texts = [str(value).lower() if isinstance(value, bool) else str(value) for value in values]
    given = [text for text in texts if text != UNKNOWN]
    if any("\x00" in text for text in given):
        return Reason("bad_character")
    if kind == "person":
        bad = [text for text in given if not (text.isascii() and text.isdigit())
               or len(text) > 18]  # fmt: skip
    elif kind == "region":
        bad = [text for text in given if address.division(text) is None]
        return Reason("unknown_region", {"value": bad[0][:40]}) if bad else None
    else:
        allowed = _allowed(code, known)
        bad = [] if allowed is None else [text for text in texts if text not in allowed]
    return Reason("not_a_choice", {"value": bad[0][:40]}) if bad else None


def _values_problem(one: Condition, kind: str, known: Known) -> Reason | None:
    op, values = one["op"], one.get("values")
    if not isinstance(values, list | tuple) or not 1 <= len(values) <= MAX_VALUES:
        return Reason("required")
    if op == BETWEEN:
        return _range_problem(kind, values)
    if op == SET:
        return None if list(values) in ([True], [False]) else Reason("not_a_choice")
    if op == OWNS:
        return next((bad for value in values if (bad := owned.problem(value, known))), None)
    if op == IN:
        return _choice_problem(str(one["field"]), kind, values, known)
    return None if all(isinstance(value, str) for value in values) else Reason("not_a_choice")


def _type_and_ops(code: str, known: Known) -> tuple[str, tuple[str, ...]] | None:
    if code in COLUMNS:
        return COLUMNS[code][1:]
    if known.category(code) is not None:
        return "choice", (IN,)
    definition: FieldDefinition | None = known.definition(code)
    return None if definition is None else OPS_OF_TYPE[FieldType(definition.type)]


def validate(criteria: Criteria) -> Known:
    """Raises BadInput naming the field of every condition that cannot be asked, and why.

    Returns the card fields and categories that the criteria name.
    """
    if not isinstance(criteria, Mapping) or set(criteria) - {"all", "none"}:
        raise BadInput("bad_criteria")
    if not all(isinstance(criteria.get(part, []), list | tuple) for part in ("all", "none")):
        raise BadInput("bad_criteria")
    conditions = list(conditions_of(criteria))
    if len(conditions) > MAX_CONDITIONS or not all(isinstance(c, Mapping) for _, c in conditions):
        raise BadInput("bad_criteria")
    known = known_to(criteria)
    problems: dict[str | int, list[Reason]] = {}
    for _part, one in conditions:
        code = str(one.get("field", ""))
        found = _type_and_ops(code, known)
        if found is None:
            problems.setdefault(code, []).append(Reason("unknown_field", {"field": code}))
        elif one.get("op") not in found[1]:
            problems.setdefault(code, []).append(Reason("bad_criteria"))
        elif problem := _values_problem(one, found[0], known):
            problems.setdefault(code, []).append(problem)
    if problems:
        raise BadInput(problems)
    return known
