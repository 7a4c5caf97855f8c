"""When each field of a card was last confirmed and by what; what counts as old (CU6).

`Customer.confirmed` holds {field: [moment, source]} for fields that were proved apart from the
card; a field that is not in it is as fresh as the card: confirmed as a whole at `confirmed_at`, or
else entered when the card was opened.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce

from genjin.customers.models import Customer
from genjin.foundation import policy

ENTERED, CONFIRMED, OPENED = "entered", "confirmed", "opened"


@dataclass(frozen=True)
class Freshness:
    """When a field was last confirmed, by what (an occasion, entered, confirmed, opened)."""

    at: datetime
    source: str
    is_stale: bool


def occasions() -> Mapping[str, list[str]]:
    """Each occasion that brings a card up to date, with the fields that it proves."""
    found = policy.value("freshness.occasions")
    return {code: list(entry["proves"]) for code, entry in found.items()}


def stale_after() -> timedelta:
    """How long a confirmation holds."""
    return timedelta(days=int(policy.value("freshness.stale_after_days")))


def of_card(customer: Customer, now: datetime) -> Freshness:
    """How fresh the card is as a whole."""
    at = customer.confirmed_at or customer.created_at
    source = CONFIRMED if customer.confirmed_at else OPENED
    return Freshness(at, source, now - at > stale_after())


def of_field(customer: Customer, field: str, now: datetime) -> Freshness:
    """How fresh one field is; what proved it last counts."""
    card = of_card(customer, now)
    if entry := customer.confirmed.get(field):
        at, source = datetime.fromisoformat(entry[0]), str(entry[1])
        if at >= card.at:
            return Freshness(at, source, now - at > stale_after())
    return card


def freshness(customer: Customer, now: datetime) -> dict[str, Freshness]:
    """Every field that was proved apart from the card, and "" for the card itself."""
    return {"": of_card(customer, now)} | {
        field: of_field(customer, field, now) for field in customer.confirmed
    }


def last_confirmed() -> Coalesce:
    """The moment of the card's last confirmation, as an expression (it has an index)."""
    return Coalesce(F("confirmed_at"), F("created_at"))


def stale(customers: QuerySet[Customer], now: datetime) -> QuerySet[Customer]:
    """Those of `customers` whose card is old, the oldest first."""
    rows = customers.annotate(confirmed_last=last_confirmed())
    return rows.filter(confirmed_last__lt=now - stale_after()).order_by("confirmed_last", "pk")
