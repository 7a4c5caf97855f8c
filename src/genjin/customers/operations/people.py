"""People at a customer: their roles, birthdays, family events and wishes (CU7)."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction

from genjin.customers.models import ContactPerson, Customer
from genjin.customers.operations.changes import add_part, change_part, check_seen, lock
from genjin.customers.operations.hours import hours_row
from genjin.customers.search import refresh_search
from genjin.customers.states import PersonRole, Sex
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput
from genjin.kernel.problems import Reason

_LENGTHS = {
    "name": 200, "form_of_address": 40, "job_title": 80, "language": 12,
    "preferred_channel": 12, "guardian_consent_by": 80, "note": 5000,
}  # fmt: skip
COLUMNS = frozenset(_LENGTHS) | {
    "sex", "roles", "stated_hours", "is_birthday_lunar", "birth_year", "birth_month",
    "birth_day", "is_child", "guardian_consent_at", "events", "traits", "is_active",
}  # fmt: skip
EVENT_KINDS = ("exam", "wedding", "birth", "parent_birthday", "moving", "other")
_SOLAR_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _birthday_problem(values: Mapping[str, Any]) -> Reason | None:  # noqa: PLR0911 - a table
    year, month, day = (values.get(f"birth_{part}") for part in ("year", "month", "day"))
    if month is None and day is None:
        return Reason("birthday_incomplete") if year and values.get("birth_day") else None
    if month is None or day is None:
        return Reason("birthday_incomplete")
    if not 1 <= month <= 12:
        return Reason("not_a_birthday")
    if values.get("is_birthday_lunar"):
        return None if 1 <= day <= 30 else Reason("not_a_birthday")
    if not 1 <= day <= _SOLAR_DAYS[month - 1]:
        return Reason("not_a_birthday")
    if year and month == 2 and day == 29:
        try:
            date(year, 2, 29)
        except ValueError:
            return Reason("not_a_birthday")
    return None


def _events(raw: Any) -> list[dict[str, str]]:
    """Family events as stored: kind, date (ISO or ""), who, note."""
    events = []
    for item in raw or ():
        entry = {key: str(item.get(key) or "").strip()[:200] for key in
                 ("kind", "date", "who", "note")}  # fmt: skip
        if not (entry["date"] or entry["who"] or entry["note"]):
            continue
        if entry["kind"] not in EVENT_KINDS:
            raise BadInput({"events": [Reason("not_a_choice", {"value": entry["kind"]})]})
        if entry["date"]:
            try:
                date.fromisoformat(entry["date"])
            except ValueError:
                raise BadInput(
                    {"events": [Reason("not_a_date", {"value": entry["date"]})]}
                ) from None
        events.append(entry)
    return events


def _column(name: str, value: Any) -> tuple[Any, Reason | None]:  # noqa: PLR0911 - a table
    if name in _LENGTHS:
        text = str(value or "").strip()
        if "\x00" in text:
            return text, Reason("bad_character")
        if name == "name" and not text:
            return text, Reason("required")
        limit = _LENGTHS[name]
        return text, Reason("too_long", {"limit": limit}) if len(text) > limit else None
    if name == "sex":
        return value, None if value in Sex.values else Reason("not_a_choice")
    if name == "roles":
        roles = [role for role in PersonRole.values if role in (value or ())]
        return roles, Reason("not_a_choice") if set(value or ()) - set(roles) else None
    if name == "birth_year":
        wrong = value is not None and not 1850 <= value <= 2100
        return value, Reason("not_a_year") if wrong else None
    return value, None


def _clean(values: Mapping[str, Any], present: Mapping[str, Any]) -> dict[str, Any]:
    if unknown := set(values) - COLUMNS:
        raise KeyError(f"not a column of a person: {sorted(unknown)}")
    cleaned: dict[str, Any] = {}
    problems: dict[str | int, list[Reason]] = {}
    for name, raw in values.items():
        try:
            if name == "stated_hours":
                cleaned[name] = hours_row(raw)
                continue
            if name == "events":
                cleaned[name] = _events(raw)
                continue
        except BadInput as bad:
            problems[name] = next(iter(bad.problems.values()))
            continue
        cleaned[name], problem = _column(name, raw)
        if problem:
            problems[name] = [problem]
    after = {**present, **cleaned}
    if problem := _birthday_problem(after):
        problems["birth_day"] = [problem]
    if after.get("is_child") and not after.get("guardian_consent_at"):
        problems["is_child"] = [Reason("guardian_consent_needed")]
    if problems:
        raise BadInput(problems)
    return cleaned


def _present(person: ContactPerson) -> dict[str, Any]:
    return {name: getattr(person, name) for name in COLUMNS}


@transaction.atomic
def add_person(
    customer: Customer, *, name: str, by: User | None, now: datetime, **values: Any
) -> ContactPerson:
    """Adds a person at a customer. Raises BadInput; children need the guardian's consent."""
    row = lock(customer)
    cleaned = _clean({"name": name, **values}, {})
    person = ContactPerson(customer=row, created_at=now, **cleaned)
    add_part(person, customer=row, code="person_added", by=by, now=now)
    refresh_search(row)
    return person


@transaction.atomic
def change_person(
    person: ContactPerson,
    values: Mapping[str, Any],
    *,
    by: User | None,
    now: datetime,
    seen: Mapping[str, Any] | None = None,
) -> dict[str, list[Any]]:
    """Changes a person; the same rules as `operations.card.change_customer` for `seen`.

    Roles are not told by the timeline, which more people read than may see an informant.
    """
    customer = lock(person.customer)
    row = ContactPerson.objects.select_for_update(of=("self",)).get(pk=person.pk)
    cleaned = _clean(values, _present(row))
    wanted = check_seen(_present(row), seen, cleaned)
    changes = change_part(
        row, wanted, customer=customer, code="person_changed", by=by, now=now,
        secret=frozenset({"roles"}),
    )  # fmt: skip
    if {"name", "is_active"} & set(changes):
        refresh_search(customer)
    for field in row._meta.concrete_fields:
        setattr(person, field.attname, getattr(row, field.attname))
    return changes
