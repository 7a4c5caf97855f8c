"""Live selections of customers (客户分群): what may be asked, as conditions, SQL and sentences.

Criteria are {"all": [condition, …], "none": [condition, …]}; a condition is {"field", "op",
"values"}: OR inside a condition's values, AND across conditions, NOT for those under "none".

| op | fields | values |
| --- | --- | --- |
| in | choices, yes/no, kind, grade, region, custodian, team, source, language | one or more codes |
| between | numbers, dates, created, last_contact | [from, to], both included, null for open |
| set | any card field, custodian, region, last_contact | [true] or [false] |
| contains | name | texts as in find |

Fields of the card are named "fields.<code>". A region stands for all divisions below it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from operator import and_, or_
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import JSONField, Q, QuerySet, Value
from django.db.models.fields.json import KeyTransform, KeyTransformGte, KeyTransformLte
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from genjin.customers import fields as card_fields
from genjin.customers.models import Customer, FieldDefinition
from genjin.customers.states import FieldType, Grade, Kind, Sex
from genjin.customers.visibility import sees_masked, visible_to
from genjin.foundation.models import Team, User
from genjin.kernel import address, searchtokens
from genjin.kernel.errors import BadInput
from genjin.kernel.problems import Reason

IN, BETWEEN, SET, CONTAINS = "in", "between", "set", "contains"
MAX_CONDITIONS = 40
MAX_VALUES = 500
EVERYBODY: dict[str, list[Any]] = {"all": [], "none": []}

Condition = Mapping[str, Any]
Criteria = Mapping[str, Any]


@dataclass(frozen=True)
class SelectionField:
    """One thing that customers can be selected by. `type` says which control suits it:
    choice, region, person, number, date, boolean, text. `choices` are (code, label)."""

    code: str
    label: str
    type: str
    ops: tuple[str, ...]
    choices: list[tuple[str, str]] = field(default_factory=list)
    block: str = ""
    unit: str = ""


_COLUMNS: dict[str, tuple[Any, str, tuple[str, ...]]] = {
    "kind": (gettext_lazy("kind"), "choice", (IN,)),
    "grade": (gettext_lazy("grade"), "choice", (IN,)),
    "sex": (gettext_lazy("sex"), "choice", (IN,)),
    "is_key": (gettext_lazy("key customer"), "boolean", (IN,)),
    "region": (gettext_lazy("region"), "region", (IN, SET)),
    "custodian": (gettext_lazy("custodian"), "person", (IN, SET)),
    "team": (gettext_lazy("team"), "person", (IN, SET)),
    "source": (gettext_lazy("source"), "text", (IN,)),
    "language": (gettext_lazy("language"), "text", (IN,)),
    "created": (gettext_lazy("card opened"), "date", (BETWEEN,)),
    "last_contact": (gettext_lazy("last contact"), "date", (BETWEEN, SET)),
    "name": (gettext_lazy("name"), "text", (CONTAINS,)),
}
_DATES = {"created": "created_at", "last_contact": "last_contact_at"}
_OPS_OF_TYPE = {
    FieldType.CHOICE: ("choice", (IN, SET)),
    FieldType.CHOICES: ("choice", (IN, SET)),
    FieldType.BOOLEAN: ("boolean", (IN, SET)),
    FieldType.NUMBER: ("number", (BETWEEN, SET)),
    FieldType.DATE: ("date", (BETWEEN, SET)),
    FieldType.TEXT: ("text", (SET,)),
}


def _column_choices(code: str) -> list[tuple[str, str]]:
    if code == "is_key":
        return [("true", _("Yes")), ("false", _("No"))]
    choices = {"kind": Kind, "grade": Grade, "sex": Sex}.get(code)
    return [(str(one), str(label)) for one, label in choices.choices] if choices else []


def _of_definition(definition: FieldDefinition, language: str) -> SelectionField:
    kind, ops = _OPS_OF_TYPE[FieldType(definition.type)]
    choices = card_fields.choice_labels(definition, language)
    if definition.type == FieldType.BOOLEAN:
        choices = [("true", _("Yes")), ("false", _("No"))]
    return SelectionField(
        f"fields.{definition.code}", card_fields.label(definition, language), kind, ops, choices,
        definition.block, definition.unit,
    )  # fmt: skip


def fields_for_selection(language: str = "") -> list[SelectionField]:
    """Everything that customers can be selected by, in the reader's language; three queries.

    Columns first, then every card field that is a facet, a number or a date.
    """
    language = language or translation.get_language() or "en"
    with translation.override(language):
        found = [
            SelectionField(code, str(label), kind, ops, _column_choices(code))
            for code, (label, kind, ops) in _COLUMNS.items()
        ]
        people = {
            "custodian": [(str(u.pk), str(u)) for u in
                          User.objects.filter(is_active=True).order_by("name", "pk")],
            "team": [(str(t.pk), t.name) for t in Team.objects.order_by("name", "pk")],
        }  # fmt: skip
        found = [
            SelectionField(f.code, f.label, f.type, f.ops, people[f.code])
            if f.code in people
            else f
            for f in found
        ]
        return found + [
            _of_definition(d, language)
            for d in card_fields.definitions()
            if d.is_facet or d.type in (FieldType.NUMBER, FieldType.DATE, FieldType.BOOLEAN)
        ]


# ── Checking ─────────────────────────────────────────────────────────────────────────────────


def _conditions(criteria: Criteria) -> list[tuple[str, Condition]]:
    return [(part, one) for part in ("all", "none") for one in criteria.get(part, ())]


def _is_day(value: Any) -> bool:
    try:
        date.fromisoformat(str(value))
    except ValueError:
        return False
    return True


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _range_problem(kind: str, values: Sequence[Any]) -> Reason | None:
    if len(values) != 2 or values == [None, None]:
        return Reason("range_incomplete")
    fits: Callable[[Any], bool] = _is_day if kind == "date" else _is_number
    if not all(value is None or fits(value) for value in values):
        return Reason("not_a_date" if kind == "date" else "not_a_number")
    low, high = values
    if low is not None and high is not None and low > high:
        return Reason("ends_before_it_starts")
    return None


def _values_problem(op: str, kind: str, values: Any) -> Reason | None:  # noqa: PLR0911 - a table
    if not isinstance(values, list | tuple) or not 1 <= len(values) <= MAX_VALUES:
        return Reason("required")
    if op == BETWEEN:
        return _range_problem(kind, values)
    if op == SET:
        return None if list(values) in ([True], [False]) else Reason("not_a_choice")
    if not all(isinstance(value, str | bool | int) for value in values):
        return Reason("not_a_choice")
    if kind == "person" and not all(str(value).isdigit() for value in values):
        return Reason("not_a_choice")
    if kind == "region" and any(address.division(str(value)) is None for value in values):
        return Reason("unknown_region")
    return None


def _type_and_ops(
    code: str, known: Mapping[str, FieldDefinition]
) -> tuple[str, tuple[str, ...]] | None:
    if code in _COLUMNS:
        return _COLUMNS[code][1:]
    definition = known.get(code.removeprefix("fields."))
    if definition is None or not code.startswith("fields."):
        return None
    return _OPS_OF_TYPE[FieldType(definition.type)]


def _definitions_of(criteria: Criteria) -> dict[str, FieldDefinition]:
    named = any(str(one.get("field", "")).startswith("fields.") for _, one in _conditions(criteria))
    if not named:
        return {}
    return {d.code: d for d in card_fields.definitions(with_retired=True)}


def validate(criteria: Criteria) -> None:
    """Raises BadInput naming the field of every condition that cannot be asked."""
    if not isinstance(criteria, Mapping) or set(criteria) - {"all", "none"}:
        raise BadInput("bad_criteria")
    conditions = _conditions(criteria)
    if len(conditions) > MAX_CONDITIONS or not all(isinstance(c, Mapping) for _, c in conditions):
        raise BadInput("bad_criteria")
    known = _definitions_of(criteria)
    problems: dict[str | int, list[Reason]] = {}
    for _part, one in conditions:
        code = str(one.get("field", ""))
        found = _type_and_ops(code, known)
        if found is None:
            problems.setdefault(code, []).append(Reason("unknown_field", {"field": code}))
        elif one.get("op") not in found[1]:
            problems.setdefault(code, []).append(Reason("bad_criteria"))
        elif problem := _values_problem(one["op"], found[0], one.get("values")):
            problems.setdefault(code, []).append(problem)
    if problems:
        raise BadInput(problems)


# ── SQL ──────────────────────────────────────────────────────────────────────────────────────


def _any(tests: Iterable[Q]) -> Q:
    return reduce(or_, tests, Q(pk__in=[]))


def _day_start(text: str) -> datetime:
    zone = ZoneInfo(settings.TIME_ZONE)
    return datetime.combine(date.fromisoformat(text), time.min, zone).astimezone(UTC)


def _between_instants(column: str, low: str | None, high: str | None) -> Q:
    test = Q()
    if low is not None:
        test &= Q(**{f"{column}__gte": _day_start(low)})
    if high is not None:
        test &= Q(**{f"{column}__lt": _day_start(high) + timedelta(days=1)})
    return test


def _column_test(code: str, op: str, values: Sequence[Any], masked: bool) -> Q:  # noqa: PLR0911 - a table
    if op == CONTAINS:
        return _any(_name_test(str(value), masked) for value in values)
    if code in _DATES:
        column = _DATES[code]
        if op == SET:
            return Q(**{f"{column}__isnull": not values[0]})
        return _between_instants(column, values[0], values[1])
    if op == SET:
        empty = Q(region="") if code == "region" else Q(**{f"{code}__isnull": True})
        return ~empty if values[0] else empty
    if code == "region":
        return Q(region__in=[c for value in values for c in address.within(str(value))])
    if code in ("custodian", "team"):
        return Q(**{f"{code}_id__in": [int(value) for value in values]})
    if code == "is_key":
        return Q(is_key__in=[str(value).lower() == "true" for value in values])
    return Q(**{f"{code}__in": [str(value) for value in values]})


def _name_test(text: str, masked: bool) -> Q:
    plan = searchtokens.query_tokens(text, masked=masked)
    if plan.alternatives:
        carried = _any(Q(search_tokens__contains=list(way)) for way in plan.alternatives)
        return carried & Q(search_text__regex=plan.pattern)
    return Q(search_text__startswith=plan.prefix) if plan.prefix else Q(pk__in=[])


def _field_test(definition: FieldDefinition, op: str, values: Sequence[Any]) -> Q:
    code = definition.code
    if op == SET:
        there = Q(fields__has_key=code)
        return there if values[0] else ~there
    if op == BETWEEN:
        # A range reads the value itself; equality goes through the index of the whole object.
        value = KeyTransform(code, "fields")
        tests = [
            lookup(value, Value(limit, JSONField()))
            for lookup, limit in zip(_RANGE_LOOKUPS, values, strict=True)
            if limit is not None
        ]
        return reduce(and_, (Q(test) for test in tests), Q(fields__has_key=code))
    if definition.type == FieldType.BOOLEAN:
        wanted = [str(value).lower() == "true" for value in values]
        return _any(Q(fields__contains={code: one}) for one in wanted)
    if definition.type == FieldType.CHOICES:
        return _any(Q(fields__contains={code: [str(one)]}) for one in values)
    return _any(Q(fields__contains={code: str(one)}) for one in values)


_RANGE_LOOKUPS = (KeyTransformGte, KeyTransformLte)


def condition_test(
    one: Condition, known: Mapping[str, FieldDefinition], *, masked: bool = False
) -> Q:
    """One condition as a test on `Customer`; `masked`: asked by who sees masked numbers."""
    code, op, values = one["field"], one["op"], one["values"]
    if code in _COLUMNS:
        return _column_test(code, op, values, masked)
    return _field_test(known[code.removeprefix("fields.")], op, values)


def customers_in(criteria: Criteria, *, user: User | None = None) -> QuerySet[Customer]:
    """The customers that fit `criteria` now; within the scope of `user` when one is given.

    Cards that were merged into another never count. Raises BadInput for criteria that cannot be
    asked (a field that is gone, for example).
    """
    validate(criteria)
    rows = Customer.objects.filter(merged_into=None) if user is None else visible_to(user)
    known = _definitions_of(criteria)
    for part, one in _conditions(criteria):
        test = condition_test(one, known, masked=sees_masked(user))
        rows = rows.filter(test) if part == "all" else rows.exclude(test)
    return rows


# ── Sentences ────────────────────────────────────────────────────────────────────────────────


def _value_words(code: str, values: Sequence[Any], known: Mapping[str, FieldDefinition],
                 language: str, names: Mapping[str, Mapping[str, str]]) -> list[str]:  # fmt: skip
    texts = [str(value).lower() if isinstance(value, bool) else str(value) for value in values]
    if code == "region":
        return [address.place_name(text) or text for text in texts]
    if code in names:
        return [names[code].get(text, text) for text in texts]
    if code in _COLUMNS:
        choices = dict(_column_choices(code))
        return [choices.get(text, text) or text for text in texts]
    definition = known.get(code.removeprefix("fields."))
    if definition is None:
        return texts
    if definition.type == FieldType.BOOLEAN:
        return [_("Yes") if text == "true" else _("No") for text in texts]
    return [card_fields.choice_label(definition, text, language) for text in texts]


def _between_words(label: str, low: Any, high: Any, unit: str) -> str:
    unit = f" {unit}" if unit else ""
    if low is None:
        return _("%(field)s at most %(high)s") % {"field": label, "high": f"{high}{unit}"}
    if high is None:
        return _("%(field)s at least %(low)s") % {"field": label, "low": f"{low}{unit}"}
    return _("%(field)s from %(low)s to %(high)s") % {
        "field": label, "low": low, "high": f"{high}{unit}",
    }  # fmt: skip


def _sentence(part: str, one: Condition, known: Mapping[str, FieldDefinition], language: str,
              names: Mapping[str, Mapping[str, str]]) -> str:  # fmt: skip
    code = one["field"]
    definition = known.get(code.removeprefix("fields."))
    if code in _COLUMNS:
        label = str(_COLUMNS[code][0])
    else:
        label = card_fields.label(definition, language) if definition else code
    if one["op"] == BETWEEN:
        low, high = one["values"]
        text = _between_words(label, low, high, definition.unit if definition else "")
    elif one["op"] == SET:
        form = _("%(field)s is known") if one["values"][0] else _("%(field)s is not known")
        text = form % {"field": label}
    else:
        words = _value_words(code, one["values"], known, language, names)
        form = _("%(field)s contains %(values)s") if one["op"] == CONTAINS else _(
            "%(field)s is %(values)s")  # fmt: skip
        text = form % {"field": label, "values": _(" or ").join(words)}
    return text if part == "all" else _("not: %(sentence)s") % {"sentence": text}


def _people_names(criteria: Criteria) -> dict[str, dict[str, str]]:
    wanted: dict[str, set[int]] = {"custodian": set(), "team": set()}
    for _part, one in _conditions(criteria):
        if one["field"] in wanted and one["op"] == IN:
            wanted[one["field"]].update(int(v) for v in one["values"] if str(v).isdigit())
    found: dict[str, dict[str, str]] = {"custodian": {}, "team": {}}
    if wanted["custodian"]:
        people = User.objects.filter(pk__in=wanted["custodian"])
        found["custodian"] = {str(u.pk): u.name for u in people}
    if wanted["team"]:
        found["team"] = {str(t.pk): t.name for t in Team.objects.filter(pk__in=wanted["team"])}
    return found


def describe(criteria: Criteria, language: str = "") -> list[str]:
    """The criteria as sentences, one for each condition; one sentence for everybody."""
    language = language or translation.get_language() or "en"
    with translation.override(language):
        conditions = _conditions(criteria)
        if not conditions:
            return [_("every customer")]
        known, names = _definitions_of(criteria), _people_names(criteria)
        return [_sentence(part, one, known, language, names) for part, one in conditions]
