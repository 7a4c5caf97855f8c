"""Tells the cards what their open opportunities come to: how many, and whose grade they show."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from genjin.customers.models import Customer
from genjin.customers.operations.opportunities import Shown, show_opportunities
from genjin.foundation.models import User

# The best grade, then the nearest day, then the eldest: as `rules.best`.
_BEST = """
SELECT DISTINCT ON (customer_id) customer_id, count(*) OVER (PARTITION BY customer_id),
  grade, grade_set_at, expected_on, home_amount
FROM sales_opportunity WHERE state = 'open' AND customer_id = ANY(%s)
ORDER BY customer_id, grade, expected_on NULLS LAST, id
"""
# Cards that do not show what their opportunities come to: after a merge or a file.
_WRONG = """
WITH best AS (
  SELECT DISTINCT ON (customer_id) customer_id, count(*) OVER (PARTITION BY customer_id) AS n,
    grade, grade_set_at, expected_on, home_amount
  FROM sales_opportunity WHERE state = 'open'
  ORDER BY customer_id, grade, expected_on NULLS LAST, id
)
SELECT customer_id FROM best b JOIN customers_customer c ON c.id = b.customer_id
  LEFT JOIN customers_standing s USING (customer_id)
WHERE s.open_opportunities IS DISTINCT FROM b.n
  OR (c.grade, c.grade_set_at, c.expected_close_date, c.expected_amount)
    IS DISTINCT FROM (b.grade, b.grade_set_at, b.expected_on, b.home_amount)
UNION
SELECT s.customer_id FROM customers_standing s
WHERE s.open_opportunities > 0 AND NOT EXISTS (SELECT 1 FROM best WHERE customer_id = s.customer_id)
"""
_CHUNK = 2000


def show_for(
    customer_ids: Iterable[UUID], *, now: datetime, by: User | None
) -> dict[UUID, tuple[str, str]]:
    """Brings cards up to their open opportunities; returns the grades that moved on cards.

    The caller holds the locks of the cards. A card that has none left keeps what it shows, as a
    grade of its own, until somebody says otherwise.
    """
    ids = list(customer_ids)
    with connection.cursor() as cursor:
        cursor.execute(_BEST, [ids])
        best = {row[0]: Shown(*row) for row in cursor.fetchall()}
    rows = [best.get(pk, Shown(pk, 0)) for pk in ids]
    return show_opportunities(rows, now=now, by=by.pk if by else None)


def lock_cards(customer_ids: Sequence[UUID]) -> None:
    """Locks cards in one order until the transaction ends."""
    rows = Customer.objects.select_for_update(of=("self",)).filter(pk__in=customer_ids)
    list(rows.order_by("pk").values_list("pk", flat=True))


def settle_cards(now: datetime) -> int:
    """The night's check: every card shows what its opportunities come to; returns how many did not.

    Operations keep them in step; a file or a merge of cards may have written past them.
    """
    with connection.cursor() as cursor:
        cursor.execute(_WRONG)
        wrong = [row[0] for row in cursor.fetchall()]
    for start in range(0, len(wrong), _CHUNK):
        with transaction.atomic():
            chunk = wrong[start : start + _CHUNK]
            lock_cards(chunk)
            show_for(chunk, now=now, by=None)
    return len(wrong)
