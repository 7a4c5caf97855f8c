"""Changes of a card that also move what waits in the queue (CU7, FU3, FU6).

Hours that a customer stated, their zone, language and importance decide in which lane a follow-up
waits. Who changes one of them on the card decides the waiting follow-ups anew in the same
transaction, so that nobody is called at the hour they have just asked not to be called at.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from genjin.customers.models import ContactPerson, ContactPoint, Customer
from genjin.customers.operations import card
from genjin.followups.operations import redecide
from genjin.foundation.models import User

_OF_THE_CARD = frozenset({"stated_hours", "time_zone", "language", "is_key"})
_OF_A_PERSON = frozenset({"stated_hours", "language"})


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
