"""Whose pool a card lies in, and what is in it (CU17)."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q, QuerySet

from genjin.customers.models import CustodyChange, Customer
from genjin.customers.operations.custody import GIVEN_BACK, RETURNED, TAKEN, today_of
from genjin.customers.pool.rules import Terms
from genjin.foundation import policy
from genjin.foundation.access import scope_of
from genjin.foundation.models import User
from genjin.kernel.address import within

_KEYS = (
    "by", "per_day", "in_all", "retake_days", "protection_days", "no_contact_days",
    "no_deal_days", "order_days", "warn_days",
)  # fmt: skip


def terms() -> Terms:
    """The limits in force."""
    return Terms.of({key: policy.value(f"pool.{key}") for key in _KEYS})


def areas() -> dict[str, int]:
    """Which team has each administrative division: {code: team id}, the finest code counts."""
    chosen: Mapping[str, list[str]] = policy.value("pool.areas", {})
    claims = sorted(
        ((code, int(team)) for team, codes in chosen.items() for code in codes),
        key=lambda claim: -len(within(claim[0])),
    )
    # The widest first, so that a county inside another team's province stays its own.
    return {code: team for wide, team in claims for code in within(wide)}


def in_pool() -> QuerySet[Customer]:
    """Every card that nobody keeps."""
    return Customer.objects.filter(custodian=None, merged_into=None)


def pool_of(user: User) -> QuerySet[Customer]:
    """The cards that this person may take: their team's and those that are nobody's."""
    rows = in_pool()
    if scope_of(user) == "all":
        return rows
    if policy.value("pool.by") == "region":
        known = areas()
        mine = [code for code, team in known.items() if team == user.team_id]
        return rows.filter(Q(region__in=mine) | ~Q(region__in=list(known)))
    return rows.filter(Q(team=None) | Q(team=user.team_id))


def day_begins(now: datetime) -> datetime:
    """The first moment of the organisation's own day."""
    return datetime.combine(today_of(now), time.min, tzinfo=ZoneInfo(settings.TIME_ZONE))


def taken_today(user: User, now: datetime) -> int:
    """How many cards this person took out of the pool today."""
    return CustodyChange.objects.filter(after=user, reason=TAKEN, at__gte=day_begins(now)).count()


def held(user: User) -> int:
    """How many cards this person keeps."""
    return Customer.objects.filter(custodian=user, merged_into=None).count()


def may_retake_from(user: User, customer: Customer, *, days: int) -> date | None:
    """The first day on which this person may take a card that they lost; None: at any time."""
    lost = (
        CustodyChange.objects.filter(
            customer=customer, before=user, after=None, reason__in=(*RETURNED, GIVEN_BACK)
        )
        .order_by("-at")
        .values_list("at", flat=True)
        .first()
    )
    return today_of(lost) + timedelta(days=days) if lost and days else None
