"""What holds stop besides contacts: deliveries, and the dunning of the receivables they name.

The gate asks holds by itself; what leaves the house, and what is put on a plan, a desk or a letter,
asks here (FU4). Holds are placed by `followups.operations`.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet

from genjin.customers.models import Customer, Hold
from genjin.customers.operations.permissions import DELIVER


def acting(now: datetime) -> QuerySet[Hold]:
    """Holds that act at this moment."""
    return Hold.objects.filter(released_at=None, starts_at__lte=now, ends_at__gt=now)


def stops_delivery(customer: Customer, now: datetime) -> Hold | None:
    """The hold that stops deliveries to this customer (the longest); None when goods may go."""
    holds = acting(now).filter(customer=customer, purposes__contains=[DELIVER])
    return holds.order_by("-ends_at", "id").first()


def on_receivables(ids: Iterable[str], now: datetime) -> list[Hold]:
    """The holds under which the dunning of these receivables rests, the earliest first."""
    named = [str(one) for one in ids]
    if not named:
        return []
    holds = acting(now).filter(about__overlap=named, purposes__contains=["collect"])
    return list(holds.order_by("starts_at", "id"))
