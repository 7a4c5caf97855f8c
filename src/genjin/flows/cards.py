"""Cards opened with all that came along, and changes that also move what waits in the queue.

Hours that a customer stated, their zone, language and importance decide in which lane a follow-up
waits. Who changes one of them on the card decides the waiting follow-ups anew in the same
transaction, so that nobody is called at the hour they have just asked not to be called at.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from genjin.customers.duplicates.scanning import scan_cards
from genjin.customers.models import ContactPerson, ContactPoint, Customer
from genjin.customers.operations import card
from genjin.customers.operations.changes import ChangedMeanwhile, lock
from genjin.customers.operations.external_keys import claim_key, set_key
from genjin.customers.operations.points import write_points
from genjin.customers.visibility import may_see
from genjin.followups.operations import redecide
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput, Conflict

_OF_THE_CARD = frozenset({"stated_hours", "time_zone", "language", "is_key"})
_ADDED = frozenset({"phones", "emails", "address", "person_name"})
_OF_A_PERSON = frozenset({"stated_hours", "language"})


@transaction.atomic
def open_card(
    *,
    by: User | None,
    now: datetime,
    address: str = "",
    external_key: str = "",
    **values: Any,
) -> Customer:
    """Opens a card with its address and the key of another system, and looks for doubles.

    `values` as `card.create_customer` takes them. Raises BadInput; Conflict `key_of_another`.
    """
    if external_key and (known := claim_key(external_key)) is not None:
        raise Conflict("key_of_another", key=external_key, customer=str(known.pk))
    customer = card.create_customer(**values, by=by, now=now)
    if address.strip():
        _add_address(customer, address, by=by, now=now)
    if external_key:
        set_key(customer, external_key, by=by, now=now)
    scan_cards([customer.pk], now=now)
    return customer


@dataclass(frozen=True)
class Fed:
    """A card that another system fed us, and whether it was opened by that."""

    customer: Customer
    is_new: bool


@transaction.atomic
def feed_card(external_key: str, values: Mapping[str, Any], *, by: User, now: datetime) -> Fed:
    """Opens the card of a key, or brings the one that stands under it up to date (PL6).

    `values` as `open_card` takes them. On a card that stands there columns and fields that are
    sent are written, and numbers and the address added that it does not have; nothing is taken
    off. Conflict `key_of_another` where the card lies out of the person's scope. BadInput.
    """
    known = claim_key(external_key)
    if known is None:
        made = open_card(**{"kind": "", "name": "", **values}, external_key=external_key, by=by,
                         now=now)  # fmt: skip
        return Fed(made, is_new=True)
    if not may_see(by, known):
        raise Conflict("key_of_another", key=external_key)
    columns = {name: value for name, value in values.items() if name not in _ADDED}
    if columns:
        change_customer(known, columns, by=by, now=now)
    _add_missing(known, values, by=by, now=now)
    return Fed(known, is_new=False)


def _add_missing(customer: Customer, values: Mapping[str, Any], *, by: User, now: datetime) -> None:
    """Adds the numbers and the address that a card does not have yet."""
    known = set(customer.points.filter(is_active=True).values_list("kind", "value"))
    wanted = write_points(customer, values.get("phones", ()), values.get("emails", ()))
    for point in wanted:
        if (point.kind, point.value) not in known:
            add_point(customer, kind=point.kind, value=point.raw or point.value, label=point.label,
                      by=by, now=now)  # fmt: skip
    place = str(values.get("address", "")).strip()
    if place and not customer.addresses.filter(is_active=True, text=place).exists():
        _add_address(customer, place, by=by, now=now)


def _add_address(customer: Customer, text: str, *, by: User | None, now: datetime) -> None:
    try:
        card.add_address(customer, text=text, by=by, now=now)
    except BadInput as bad:
        raise BadInput({"address": bad.problems.get("text", ["not_understood"])}) from None


@transaction.atomic
def change_as_read(
    customer: Customer,
    values: Mapping[str, Any],
    *,
    read_at: datetime | None,
    by: User,
    now: datetime,
) -> dict[str, list[Any]]:
    """Changes the card as somebody read it who names its `changed_at` then (None: whatever it is).

    Raises ChangedMeanwhile when it was changed since, to the millisecond; BadInput.
    """
    row = lock(customer)
    if read_at is not None and _millisecond(row.changed_at) != _millisecond(read_at):
        raise ChangedMeanwhile(changed_at=row.changed_at)
    return change_customer(customer, values, by=by, now=now)


def _millisecond(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


@transaction.atomic
def change_customer(
    customer: Customer,
    values: Mapping[str, Any],
    *,
    by: User | None,
    now: datetime,
    seen: Mapping[str, Any] | None = None,
) -> dict[str, list[Any]]:
    """Changes the card as `card.change_customer` does and re-decides what waits, if need be."""
    changes = card.change_customer(customer, values, by=by, now=now, seen=seen)
    if _OF_THE_CARD & set(changes):
        redecide(customer, now=now, by=by, with_hours=True)
    return changes


@transaction.atomic
def change_person(
    person: ContactPerson,
    values: Mapping[str, Any],
    *,
    by: User | None,
    now: datetime,
    seen: Mapping[str, Any] | None = None,
) -> dict[str, list[Any]]:
    """Changes a person as `card.change_person` does and re-decides what waits, if need be."""
    changes = card.change_person(person, values, by=by, now=now, seen=seen)
    if _OF_A_PERSON & set(changes):
        redecide(person.customer, now=now, by=by, with_hours=True)
    return changes


@transaction.atomic
def add_point(customer: Customer, *, by: User | None, now: datetime, **values: Any) -> ContactPoint:
    """Adds a number or account; the hours of the first number are those that count."""
    point = card.add_point(customer, by=by, now=now, **values)
    redecide(customer, now=now, by=by, with_hours=True)
    return point


@transaction.atomic
def change_point(
    point: ContactPoint, values: Mapping[str, Any], *, by: User | None, now: datetime
) -> dict[str, list[Any]]:
    """Changes whose and at which hours a number is, and re-decides what waits, if need be."""
    changes = card.change_point(point, values, by=by, now=now)
    if changes:
        redecide(point.customer, now=now, by=by, with_hours=True)
    return changes


@transaction.atomic
def retire_point(point: ContactPoint, *, by: User | None, now: datetime) -> None:
    """Takes a number off the card; the next one and its hours count from now on."""
    card.retire_point(point, by=by, now=now)
    redecide(point.customer, now=now, by=by, with_hours=True)
