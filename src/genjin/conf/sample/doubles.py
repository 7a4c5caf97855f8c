"""Sample duplicates, a collision, and a pool that is not empty (CU10, CU17)."""

import itertools
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from genjin.customers.duplicates.scanning import scan_cards
from genjin.customers.models import Customer
from genjin.customers.operations.card import add_address, create_customer
from genjin.customers.operations.custody import GIVEN_BACK, move_custody, today_of
from genjin.customers.operations.pool import set_protection
from genjin.flows.pool import warn_of_return
from genjin.foundation.models import User
from genjin.kernel.organisations import core_name


def _kept(agent: User, kind: str, count: int) -> list[Customer]:
    rows = Customer.objects.filter(custodian=agent, kind=kind, merged_into=None)
    return list(rows.order_by("number")[:count])


def _twin(customer: Customer, *, name: str, by: User, now: datetime) -> Customer:
    """A second card of the same customer, as somebody opens it who did not look."""
    phones = list(customer.points.filter(kind="phone").values_list("value", flat=True)[:1])
    twin = create_customer(
        kind=customer.kind, name=name, phones=phones, source=customer.source, by=by, now=now
    )
    if (place := customer.addresses.first()) is not None:
        add_address(twin, text=place.text, by=by, now=now)
    return twin


def make_duplicates(agents: list[User], *, now: datetime) -> None:
    """Three pairs in one agent's cards, and one customer whom two agents claim."""
    first, second = agents[:2]
    at = now - timedelta(days=3)
    twins = [
        _twin(one, name=core_name(one.name), by=first, now=at)
        for one in _kept(first, "organisation", 2)
    ]
    *own, claimed = _kept(first, "person", 2)
    twins += [_twin(one, name=one.name, by=first, now=at) for one in own]
    twins.append(_twin(claimed, name=claimed.name, by=second, now=at))
    scan_cards([one.pk for one in twins], now=now)


def make_pool(data: Mapping[str, Any], agents: list[User], *, by: User, now: datetime) -> None:
    """Cards that agents gave back with their reasons, and cards whose days are nearly over."""
    chosen = data["pool"]
    reasons = itertools.cycle(chosen["reasons"])
    share = -(-chosen["given_back"] // len(agents))
    for agent in agents:
        rows = Customer.objects.filter(custodian=agent, last_contact_at=None, kind="person")
        for number, customer in enumerate(rows.order_by("-number")[:share]):
            at = now - timedelta(days=2, hours=number)
            move_custody([customer], to=None, team=None, reason=GIVEN_BACK,
                         note=next(reasons), by=agent, now=at)  # fmt: skip
        for number, customer in enumerate(_kept(agent, "person", 8)[-chosen["ending"] :]):
            until = today_of(now) + timedelta(days=1 + 3 * number)
            set_protection(customer, until=until, reason=chosen["ending_reason"], by=by, now=now)
    warn_of_return(now)
