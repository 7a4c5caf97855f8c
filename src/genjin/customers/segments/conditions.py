"""Conditions as tests on the customers' tables."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from operator import and_, or_
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import JSONField, Q, Value
from django.db.models.fields.json import KeyTransform, KeyTransformGte, KeyTransformLte

from genjin.customers.models import FieldDefinition
from genjin.customers.segments import owned
from genjin.customers.segments.fields import (
    BETWEEN,
    COLUMNS,
    CONTAINS,
    SET,
    UNKNOWN,
    Condition,
    Known,
)
from genjin.customers.states import CustomerList, FieldType
from genjin.kernel import address, searchtokens

_DATES = {"created": "created_at", "last_contact": "last_contact_at"}
_RANGE_LOOKUPS = (KeyTransformGte, KeyTransformLte)


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


def _texts(values: Sequence[Any]) -> list[str]:
    return [str(value).lower() if isinstance(value, bool) else str(value) for value in values]


def _choice_test(code: str, texts: list[str]) -> Q:
    """A column has one of the values; what was derived of nobody yet is as nothing known."""
    if code == "region":
        codes = [c for text in texts if text for c in address.within(text)]
        return Q(region__in=[*codes, UNKNOWN] if UNKNOWN in texts else codes)
    if code in ("custodian", "team"):
        test = Q(**{f"{code}_id__in": [int(text) for text in texts if text]})
        return test | Q(**{f"{code}__isnull": True}) if UNKNOWN in texts else test
    if code == "is_key":
        return Q(is_key__in=[text == "true" for text in texts])
    if code in ("value_class", "customer_list"):
        default = UNKNOWN if code == "value_class" else CustomerList.POTENTIAL
        test = Q(**{f"standing__{code}__in": texts})
        return test | Q(standing__isnull=True) if default in texts else test
    return Q(**{f"{code}__in": texts})


def _column_test(one: Condition, today: date, masked: bool) -> Q:
    code, op, values = one["field"], one["op"], one["values"]
    if code == "owned":
        return owned.test(values, today)
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
    return _choice_test(code, _texts(values))


def _name_test(text: str, masked: bool) -> Q:
    plan = searchtokens.query_tokens(text, masked=masked)
    if plan.alternatives:
        carried = _any(Q(search_tokens__contains=list(way)) for way in plan.alternatives)
        return carried & Q(search_text__regex=plan.pattern)
    return Q(search_text__startswith=plan.prefix) if plan.prefix else Q(pk__in=[])


def _set_test(category: str, texts: list[str]) -> Q:
    test = _any(Q(standing__sets__contains={category: text}) for text in texts if text)
    if UNKNOWN in texts:
        test |= Q(standing__isnull=True) | ~Q(standing__sets__has_key=category)
    return test


def _field_test(definition: FieldDefinition, op: str, values: Sequence[Any]) -> Q:
    code = definition.code
    there = Q(fields__has_key=code)
    if op == SET:
        return there if values[0] else ~there
    if op == BETWEEN:
        # A range reads the value itself; equality goes through the index of the whole object.
        value = KeyTransform(code, "fields")
        tests = [
            lookup(value, Value(limit, JSONField()))
            for lookup, limit in zip(_RANGE_LOOKUPS, values, strict=True)
            if limit is not None
        ]
        return reduce(and_, (Q(test) for test in tests), there)
    texts = _texts(values)
    stored: list[Any] = [text for text in texts if text != UNKNOWN]
    if definition.type == FieldType.BOOLEAN:
        stored = [text == "true" for text in stored]
    elif definition.type == FieldType.CHOICES:
        stored = [[text] for text in stored]
    test = _any(Q(fields__contains={code: one}) for one in stored)
    return test | ~there if UNKNOWN in texts else test


def condition_test(one: Condition, known: Known, *, today: date, masked: bool = False) -> Q:
    """One condition as a test on `Customer`; `today` counts for ages."""
    code = one["field"]
    if code in COLUMNS:
        return _column_test(one, today, masked)
    if category := known.category(code):
        return _set_test(category.code, _texts(one["values"]))
    definition = known.definition(code)
    if definition is None:
        raise KeyError(code)
    return _field_test(definition, one["op"], one["values"])
