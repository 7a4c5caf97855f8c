"""Makes and changes the card itself; its people and numbers are in `people` and `points`."""

import zoneinfo
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from genjin.customers import fields as card_fields
from genjin.customers import timeline
from genjin.customers.freshness import ENTERED
from genjin.customers.models import ContactPerson, Customer
from genjin.customers.operations.changes import check_seen, lock
from genjin.customers.operations.confirming import confirm_fields
from genjin.customers.operations.custody import ASSIGNED, move_custody, protected_until
from genjin.customers.operations.hours import hours_row
from genjin.customers.operations.memories import add_clip, add_wanted, close_wanted
from genjin.customers.operations.opportunities import is_shown
from genjin.customers.operations.people import COLUMNS as PERSON_COLUMNS
from genjin.customers.operations.people import add_person, change_person
from genjin.customers.operations.places import add_address, change_address, retire_address
from genjin.customers.operations.points import (
    add_point,
    change_point,
    mark_point,
    retire_point,
    write_points,
)
from genjin.customers.operations.standing import refresh_list
from genjin.customers.search import refresh_search, search_columns
from genjin.customers.states import Grade, Kind, Sex
from genjin.foundation import audit
from genjin.foundation.models import User
from genjin.kernel import address
from genjin.kernel.errors import BadInput, Conflict
from genjin.kernel.problems import Reason

__all__ = [
    "PERSON_COLUMNS",
    "add_address",
    "add_clip",
    "add_person",
    "add_point",
    "add_wanted",
    "assign_custodian",
    "change_address",
    "change_customer",
    "change_person",
    "change_point",
    "close_wanted",
    "create_customer",
    "mark_point",
    "retire_address",
    "retire_point",
    "set_grade",
]

_LENGTHS = {
    "name": 200, "form_of_address": 40, "language": 12, "tax_number": 40, "source": 60,
    "note": 10_000,
}  # fmt: skip
COLUMNS = frozenset(_LENGTHS) | {
    "kind", "other_names", "sex", "time_zone", "region", "stated_hours", "team", "is_key",
}  # fmt: skip
_CHOICES = {"kind": Kind.values, "sex": Sex.values}


def _text(value: Any, limit: int) -> tuple[str, Reason | None]:
    text = str(value or "").strip()
    if "\x00" in text:
        return text, Reason("bad_character")
    return text, Reason("too_long", {"limit": limit}) if len(text) > limit else None


def _column(name: str, value: Any) -> tuple[Any, Reason | None]:
    """One column's value as it is stored, and what is wrong with it."""
    if name in _LENGTHS:
        text, problem = _text(value, _LENGTHS[name])
        if name == "name" and not text:
            problem = Reason("required")
        return text, problem
    if name in _CHOICES:
        wrong = value not in _CHOICES[name]
        return value, Reason("not_a_choice", {"value": str(value)[:40]}) if wrong else None
    if name == "other_names":
        names = [text for item in value if (text := str(item).strip())]
        long = any(len(item) > 200 or "\x00" in item for item in names)
        return names, Reason("too_long", {"limit": 200}) if long else None
    if name == "time_zone":
        wrong = bool(value) and value not in zoneinfo.available_timezones()
        return value or "", Reason("unknown_time_zone", {"value": value}) if wrong else None
    if name == "region":
        wrong = bool(value) and address.division(value) is None
        return value or "", Reason("unknown_region", {"value": value}) if wrong else None
    return value, None


def clean_columns(values: Mapping[str, Any]) -> dict[str, Any]:
    """Checks columns of the card. BadInput: required, too_long, bad_character, not_a_choice,
    unknown_time_zone, unknown_region, bad_hours."""
    if unknown := set(values) - COLUMNS:
        raise KeyError(f"not a column of the card: {sorted(unknown)}")
    cleaned: dict[str, Any] = {}
    problems: dict[str | int, list[Reason]] = {}
    for name, raw in values.items():
        if name == "stated_hours":
            try:
                cleaned[name] = hours_row(raw)
            except BadInput as bad:
                problems[name] = bad.problems.get("", [Reason("bad_hours")])
            continue
        cleaned[name], problem = _column(name, raw)
        if problem:
            problems[name] = [problem]
    if problems:
        raise BadInput(problems)
    return cleaned


def _checked(columns: Mapping[str, Any], fields: Mapping[str, Any]) -> tuple[dict, dict]:
    """Columns and card fields cleaned together, so that every problem is told at once."""
    problems: dict[str | int, list[Reason]] = {}
    cleaned: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
    try:
        cleaned = (clean_columns(columns), {})
    except BadInput as bad:
        problems.update(bad.problems)
    try:
        cleaned = (cleaned[0], card_fields.clean_values(fields) if fields else {})
    except BadInput as bad:
        problems.update(bad.problems)
    if problems:
        raise BadInput(problems)
    return cleaned


@transaction.atomic
def create_customer(
    *,
    kind: str,
    name: str,
    by: User | None,
    now: datetime,
    phones: Sequence[Any] = (),
    emails: Sequence[str] = (),
    fields: Mapping[str, Any] | None = None,
    person_name: str = "",
    custodian: User | None = None,
    **columns: Any,
) -> Customer:
    """Opens a card; whoever opens it keeps it unless `custodian` names another.

    `phones` are texts, or {"value", "label"}. A person's card gets its own contact person; an
    organisation's one when `person_name` is given. Raises BadInput for every wrong entry at once.
    """
    checked, values = _checked({"kind": kind, "name": name, **columns}, fields or {})
    keeper = custodian or by
    checked.setdefault("team", keeper.team if keeper else None)
    customer = Customer(
        **checked,
        fields={code: value for code, value in values.items() if value is not None},
        custodian=keeper,
        custodian_since=now if keeper else None,
        protected_until=protected_until(now) if keeper else None,
        created_at=now,
        changed_at=now,
    )
    person = ContactPerson(
        customer=customer,
        is_self=kind == Kind.PERSON,
        name=(checked["name"] if kind == Kind.PERSON else person_name.strip())[:200],
        sex=checked.get("sex", ""),
        form_of_address=checked.get("form_of_address", "") if kind == Kind.PERSON else "",
        created_at=now,
    )
    points = write_points(customer, phones, emails, person=person if person.name else None)
    customer.__dict__.update(
        search_columns(
            name=customer.name,
            kind=kind,
            other_names=customer.other_names,
            person_names=(person.name,) if person.name and not person.is_self else (),
            phones=[point.value for point in points if point.kind == "phone"],
        )
    )
    customer.save(force_insert=True)
    if person.name:
        person.save(force_insert=True)
    for point in points:
        point.save(force_insert=True)
    customer.refresh_from_db(fields=["number"])
    audit.record("add", customer, by=by, now=now)
    timeline.append(customer.pk, kind="change", code="card_opened", by=by, at=now,
                    data={"source": customer.source})  # fmt: skip
    return customer


def _split(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Columns and card fields of `values`; fields come as {"fields": {…}} or as "fields.code"."""
    columns, fields = {}, dict(values.get("fields", {}))
    for name, value in values.items():
        if name.startswith("fields."):
            fields[name.removeprefix("fields.")] = value
        elif name != "fields":
            columns[name] = value
    return columns, fields


def _flat(customer: Customer) -> dict[str, Any]:
    """The card's present values by the names that a change uses."""
    values = {name: getattr(customer, name) for name in COLUMNS}
    return {**values, **{f"fields.{code}": v for code, v in customer.fields.items()}}


@transaction.atomic
def change_customer(
    customer: Customer,
    values: Mapping[str, Any],
    *,
    by: User | None,
    now: datetime,
    reason: str = "",
    seen: Mapping[str, Any] | None = None,
) -> dict[str, list[Any]]:
    """Changes columns and card fields; returns {name: [before, after]}.

    Card fields are named "fields.<code>" (None or "" takes one off). `seen` holds what the form
    showed, by the same names: only what differs from it is written, and `ChangedMeanwhile` is
    raised when somebody else changed the same. Audit, timeline and what finding needs are
    written with it. Raises BadInput.
    """
    columns, fields = _checked(*_split(values))
    wanted = {**columns, **{f"fields.{code}": value for code, value in fields.items()}}
    row = lock(customer)
    before = _flat(row)
    wanted = check_seen(before, seen, wanted)
    changes = {
        name: [audit.plain(before.get(name)), audit.plain(value)]
        for name, value in wanted.items()
        if before.get(name) != value
    }
    if not changes:
        return {}
    _write(row, {name: wanted[name] for name in changes}, now)
    confirm_fields(row, changes, source=ENTERED, now=now)
    audit.record("change", row, by=by, now=now, changes=changes, reason=reason)
    timeline.append(row.pk, kind="change", code="card_changed", by=by, at=now,
                    data={"changes": changes, "reason": reason})  # fmt: skip
    if {"name", "other_names", "kind"} & set(changes):
        _rename_self(row)
        refresh_search(row)
    for field in row._meta.concrete_fields:
        setattr(customer, field.attname, getattr(row, field.attname))
    return changes


def _write(row: Customer, wanted: Mapping[str, Any], now: datetime) -> None:
    names = {"changed_at"}
    row.changed_at = now
    for name, value in wanted.items():
        if not name.startswith("fields."):
            setattr(row, name, value)
            names.add(name)
            continue
        names.add("fields")
        code = name.removeprefix("fields.")
        if value is None:
            row.fields.pop(code, None)
        else:
            row.fields[code] = value
    row.save(update_fields=sorted(names))


def _rename_self(row: Customer) -> None:
    """A person's own entry among the people carries the name of the card."""
    if row.kind == Kind.PERSON:
        row.people.filter(is_self=True).exclude(name=row.name).update(name=row.name)


@transaction.atomic
def assign_custodian(
    customers: Iterable[Customer] | QuerySet[Customer],
    *,
    to: User | None,
    by: User | None,
    now: datetime,
    reason: str = "",
) -> int:
    """Gives cards to a custodian and their team (CU8); returns how many changed hands.

    `to` None takes them from their custodian and leaves the team. One audit entry for all.
    """
    return move_custody(
        customers, to=to, team=to.team if to else None, reason=ASSIGNED, note=reason, by=by, now=now
    )


@transaction.atomic
def set_grade(
    customer: Customer,
    *,
    grade: str,
    expected_close_date: date | None = None,
    expected_amount: Decimal | None = None,
    by: User | None,
    now: datetime,
) -> None:
    """Grades a prospect A to E by how soon they should close, with date and amount (CU5).

    Setting the same grade again confirms it: its term begins anew. Conflict
    `grade_of_opportunity` while an opportunity is open: the grade is given to that (SA2).
    """
    problems: dict[str | int, list[Reason]] = {}
    if grade not in Grade.values:
        problems["grade"] = [Reason("not_a_choice", {"value": grade[:10]})]
    if expected_amount is not None and not 0 <= expected_amount < Decimal(10) ** 16:
        problems["expected_amount"] = [Reason("not_an_amount")]
    if problems:
        raise BadInput(problems)
    row = lock(customer)
    if is_shown(row):
        raise Conflict("grade_of_opportunity")
    values = {
        "grade": grade,
        "expected_close_date": expected_close_date,
        "expected_amount": expected_amount,
    }
    changes = audit.differences(row, values)
    for name, value in {**values, "grade_set_at": now, "changed_at": now}.items():
        setattr(row, name, value)
        setattr(customer, name, value)
    row.save(update_fields=[*values, "grade_set_at", "changed_at"])
    if changes:
        audit.record("change", row, by=by, now=now, changes=changes)
    if "grade" in changes:
        refresh_list([row.pk], now, by=by.pk if by else None)
    code = "grade_changed" if "grade" in changes else "grade_confirmed"
    timeline.append(row.pk, kind="grade", code=code, by=by, at=now,
                    data={"grade": grade, "changes": changes})  # fmt: skip
