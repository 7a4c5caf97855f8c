"""Notes who looked at, lent, printed or took out a card (CU8)."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from genjin.customers.models import CardAccess
from genjin.customers.states import AccessAction
from genjin.foundation.models import User

# Coming back to an open card within the half hour is the same look.
SAME_LOOK = timedelta(minutes=30)
_SEEN_BEFORE = """SELECT 1 FROM customers_cardaccess
WHERE customer_id = %s AND by_id = %s AND action = %s AND at > %s AND at <= %s LIMIT 1"""


def log_access(
    customer_ids: Iterable[UUID],
    *,
    action: str,
    by: User,
    now: datetime,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Appends one row for each card; any number of them, in batches."""
    rows = (
        CardAccess(customer_id=pk, by=by, action=action, at=now, detail=dict(detail or {}))
        for pk in customer_ids
    )
    CardAccess.objects.bulk_create(rows, batch_size=2000)


def log_view(customer_id: UUID, *, by: User, now: datetime, place: str = "card") -> None:
    """Notes that someone looked at a card, once for half an hour."""
    values: list[Any] = [customer_id, by.pk, AccessAction.VIEWED, now - SAME_LOOK, now]
    with connection.cursor() as cursor:
        cursor.execute(_SEEN_BEFORE, values)
        if cursor.fetchone():
            return
    log_access([customer_id], action=AccessAction.VIEWED, by=by, now=now, detail={"place": place})
