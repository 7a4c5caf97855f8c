"""Confirms what stands on a card (CU6)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Func, JSONField, Value

from genjin.customers import freshness, timeline
from genjin.customers.models import Customer
from genjin.foundation import audit
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput


def confirm_fields(
    customer: Customer, fields: Iterable[str], *, source: str, now: datetime
) -> None:
    """Notes that `fields` were proved now by `source`; the fact itself is written by the caller."""
    proved = {field: [now.isoformat(), source] for field in fields}
    if not proved:
        return
    merged = Func(F("confirmed"), Value(proved, JSONField()), template="(%(expressions)s)",
                  arg_joiner=" || ", output_field=JSONField())  # fmt: skip
    Customer.objects.filter(pk=customer.pk).update(confirmed=merged)
    customer.confirmed = {**customer.confirmed, **proved}


@transaction.atomic
def confirm_card(customer: Customer, *, by: User, now: datetime) -> None:
    """Someone looked the card over with the customer: all of it is right as of now."""
    before = customer.confirmed_at
    Customer.objects.filter(pk=customer.pk).update(confirmed_at=now)
    customer.confirmed_at = now
    audit.record("confirm", customer, by=by, now=now,
                 changes={"confirmed_at": [audit.plain(before), audit.plain(now)]})  # fmt: skip
    timeline.append(customer.pk, kind="occasion", code="card_confirmed", by=by, at=now)


@transaction.atomic
def record_occasion(
    customer: Customer,
    occasion: str,
    *,
    by: User | None,
    now: datetime,
    data: Mapping[str, Any] | None = None,
    source: tuple[str, str] = ("", ""),
    fields: Iterable[str] | None = None,
) -> None:
    """One of the occasions of the living card: a line of the timeline, and what it proves.

    `fields` narrows or widens what this one proved (default: what policy/freshness.toml says).
    Raises BadInput `unknown_occasion`.
    """
    known = freshness.occasions()
    if occasion not in known:
        raise BadInput({"occasion": ["unknown_occasion"]})
    proved = list(known[occasion] if fields is None else fields)
    confirm_fields(customer, proved, source=occasion, now=now)
    timeline.append(customer.pk, kind="occasion", code=f"occasion_{occasion}", by=by, at=now,
                    data={"proved": proved, **(data or {})}, source=source)  # fmt: skip
