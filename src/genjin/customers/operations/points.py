"""Numbers and accounts by which a customer is reached."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from genjin.customers import timeline
from genjin.customers.models import ContactPerson, ContactPoint, Customer
from genjin.customers.operations.changes import add_part, check_seen, lock, touch
from genjin.customers.operations.hours import hours_row
from genjin.customers.search import refresh_search
from genjin.customers.states import PointKind, PointLabel, PointStatus
from genjin.foundation import audit
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput
from genjin.kernel.phone import mask_phone, parse_phone, split_phones
from genjin.kernel.problems import Reason


def _phone(raw: str) -> dict[str, Any]:
    phone = parse_phone(raw)
    if phone.status == "invalid":
        raise BadInput({"value": [Reason(f"phone_{phone.reason}", {"value": raw[:40]})]})
    return {"value": phone.e164, "extension": phone.extension, "status": phone.status}


def _email(raw: str) -> dict[str, Any]:
    value = raw.strip().lower()
    try:
        validate_email(value)
    except ValidationError:
        raise BadInput({"value": [Reason("not_an_email", {"value": value[:80]})]}) from None
    return {"value": value, "extension": "", "status": "ok"}


def read_point(kind: str, raw: str) -> dict[str, Any]:
    """What a number or account is stored as: value, extension, status, raw. BadInput "value"."""
    if kind not in PointKind.values:
        raise BadInput({"kind": [Reason("not_a_choice", {"value": kind[:20]})]})
    text = str(raw).strip()
    if not text:
        raise BadInput({"value": [Reason("required")]})
    if "\x00" in text or len(text) > 254:
        code = "bad_character" if "\x00" in text else "too_long"
        raise BadInput({"value": [Reason(code, {"limit": 254})]})
    if kind in (PointKind.PHONE, PointKind.FAX):
        found = _phone(text)
    elif kind == PointKind.EMAIL:
        found = _email(text)
    else:
        found = {"value": text, "extension": "", "status": "ok"}
    return {**found, "raw": text}


def write_points(
    customer: Customer,
    phones: Sequence[str | Mapping[str, str]],
    emails: Sequence[str],
    *,
    person: ContactPerson | None = None,
) -> list[ContactPoint]:
    """The unsaved numbers and addresses of a new card, each once. BadInput "phones", "emails"."""
    problems: dict[str | int, list[Reason]] = {}
    wanted: list[tuple[str, str, str]] = []
    for entry in phones:
        text, label = (entry, "") if isinstance(entry, str) else (
            entry["value"], entry.get("label", ""))  # fmt: skip
        wanted += [("phone", one, label) for one in split_phones(text) or [text] if one.strip()]
    wanted += [("email", text, "") for text in emails if text.strip()]
    points: dict[tuple[str, str], ContactPoint] = {}
    for kind, text, label in wanted:
        try:
            found = read_point(kind, text)
        except BadInput as bad:
            problems.setdefault(f"{kind}s", []).extend(bad.problems["value"])
            continue
        points.setdefault(
            (kind, found["value"]),
            ContactPoint(customer=customer, person=person, kind=kind, position=len(points),
                         label=label or _usual_label(kind, found["value"]), **found),
        )  # fmt: skip
    if problems:
        raise BadInput(problems)
    return list(points.values())


def _usual_label(kind: str, value: str) -> str:
    mobile = kind == "phone" and parse_phone(value).kind == "mobile"
    return PointLabel.MOBILE if mobile else PointLabel.OTHER


def shown(point: ContactPoint) -> str:
    """The point as history tells it: masked, since history is read by many."""
    return mask_phone(point.value) if point.kind in ("phone", "fax") else point.value


@transaction.atomic
def add_point(
    customer: Customer,
    *,
    value: str,
    by: User | None,
    now: datetime,
    kind: str = "phone",
    label: str = "",
    person: ContactPerson | None = None,
    stated_hours: str = "",
) -> ContactPoint:
    """Adds a number or account; one that was retired comes back. BadInput: value, exists."""
    row = lock(customer)
    found = read_point(kind, value)
    try:
        hours = hours_row(stated_hours)
    except BadInput as bad:
        raise BadInput({"stated_hours": bad.problems[""]}) from None
    if row.points.filter(kind=kind, value=found["value"], is_active=True).exists():
        raise BadInput({"value": [Reason("already_there")]})
    point = ContactPoint(
        customer=row, person=person, kind=kind, stated_hours=hours,
        label=label or _usual_label(kind, found["value"]), position=row.points.count(), **found,
    )  # fmt: skip
    add_part(point, customer=row, code="point_added", by=by, now=now,
             data={"kind": kind, "label": shown(point)})  # fmt: skip
    refresh_search(row)
    return point


@transaction.atomic
def change_point(
    point: ContactPoint,
    values: Mapping[str, Any],
    *,
    by: User | None,
    now: datetime,
    seen: Mapping[str, Any] | None = None,
) -> dict[str, list[Any]]:
    """Changes label, person, stated hours or position of a number; the number itself never.

    A wrong number is retired and the right one added, so that history stays true.
    """
    customer = lock(point.customer)
    row = ContactPoint.objects.select_for_update(of=("self",)).get(pk=point.pk)
    wanted = dict(values)
    if "stated_hours" in wanted:
        try:
            wanted["stated_hours"] = hours_row(wanted["stated_hours"])
        except BadInput as bad:
            raise BadInput({"stated_hours": bad.problems[""]}) from None
    if "label" in wanted and wanted["label"] not in PointLabel.values:
        raise BadInput({"label": [Reason("not_a_choice")]})
    wanted = check_seen({name: getattr(row, name) for name in wanted}, seen, wanted)
    return _change(row, customer, wanted, "point_changed", by=by, now=now)


def _change(
    row: ContactPoint, customer: Customer, values: Mapping[str, Any], code: str, *,
    by: User | None, now: datetime, reason: str = "",
) -> dict[str, list[Any]]:  # fmt: skip
    changes = audit.change(row, values, by=by, now=now, reason=reason)
    if changes:
        timeline.append(
            customer.pk, kind="change", code=code, by=by, at=now,
            data={"label": shown(row), "changes": changes, "reason": reason},
            source=("contactpoint", str(row.pk)),
        )  # fmt: skip
        touch(customer, now)
    return changes


@transaction.atomic
def retire_point(point: ContactPoint, *, by: User | None, now: datetime, reason: str = "") -> None:
    """Takes a number off the card; it stays in the history and is no longer found or dialled."""
    customer = lock(point.customer)
    row = ContactPoint.objects.select_for_update(of=("self",)).get(pk=point.pk)
    if _change(row, customer, {"is_active": False}, "point_retired", by=by, now=now, reason=reason):
        refresh_search(customer)
    point.is_active = False


@transaction.atomic
def mark_point(
    point: ContactPoint, status: str, *, by: User | None, now: datetime, reason: str = ""
) -> None:
    """Says whether a number may be dialled: ok, dead, wrong, unassigned, invalid."""
    if status not in PointStatus.values:
        raise BadInput({"status": [Reason("not_a_choice", {"value": status[:20]})]})
    customer = lock(point.customer)
    row = ContactPoint.objects.select_for_update(of=("self",)).get(pk=point.pk)
    if status == PointStatus.OK and row.kind == PointKind.PHONE:
        phone = parse_phone(row.value)
        if phone.status != "ok":
            raise BadInput({"status": [Reason(f"phone_{phone.reason}", {"value": row.raw[:40]})]})
    _change(row, customer, {"status": status}, "point_marked", by=by, now=now, reason=reason)
    point.status = status
