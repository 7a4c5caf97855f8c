"""What a card shows of its open opportunities (SA2, CU5): how many, and the best one's grade.

The sales floor keeps the opportunities and tells what they come to; nobody else writes these
columns while there are any. A card without an open one carries a grade of its own (`prospects`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from genjin.customers.models import Customer, Standing
from genjin.customers.operations.standing import refresh_list


@dataclass(frozen=True)
class Shown:
    """What the open opportunities of one card come to.

    The amount is in home currency. With `open_count` nought the others say nothing: the card
    keeps what stands on it, as its own.
    """

    customer_id: UUID
    open_count: int
    grade: str = ""
    grade_set_at: datetime | None = None
    expected_close_date: date | None = None
    expected_amount: Decimal | None = None


_SHOW = """
WITH told AS MATERIALIZED (
  SELECT * FROM unnest(%(ids)s::uuid[], %(counts)s::int[], %(grades)s::text[],
    %(set_at)s::timestamptz[], %(days)s::date[], %(amounts)s::numeric[])
    AS t(customer_id, open_count, grade, grade_set_at, close_on, amount)
), before AS MATERIALIZED (
  SELECT c.id, c.grade FROM customers_customer c JOIN told ON told.customer_id = c.id
), shown AS (
  UPDATE customers_customer c SET grade = t.grade, grade_set_at = t.grade_set_at,
    expected_close_date = t.close_on, expected_amount = t.amount, changed_at = %(now)s
  FROM told t WHERE c.id = t.customer_id AND t.open_count > 0
    AND (c.grade, c.grade_set_at, c.expected_close_date, c.expected_amount)
      IS DISTINCT FROM (t.grade, t.grade_set_at, t.close_on, t.amount)
  RETURNING c.id, c.grade
), counted AS (
  UPDATE customers_standing s SET open_opportunities = t.open_count, changed_at = %(now)s
  FROM told t WHERE s.customer_id = t.customer_id AND s.open_opportunities <> t.open_count
), added AS (
  INSERT INTO customers_standing (customer_id, value_class, deal_amount, deal_count,
    customer_list, sets, open_opportunities, changed_at)
  SELECT t.customer_id, '', 0, 0, 'potential', '{}', t.open_count, %(now)s FROM told t
  WHERE t.open_count > 0
  ON CONFLICT (customer_id) DO NOTHING
)
SELECT shown.id, before.grade, shown.grade FROM shown JOIN before USING (id)
WHERE before.grade <> shown.grade
"""


@transaction.atomic
def show_opportunities(
    rows: Sequence[Shown], *, now: datetime, by: int | None = None
) -> dict[UUID, tuple[str, str]]:
    """Writes down what open opportunities come to; `by` is the id of whose change it was.

    Returns the grades that moved on cards, before and after. The caller holds the cards' locks
    and tells the moves on the timeline with what moved them.
    """
    if not rows:
        return {}
    ids = [one.customer_id for one in rows]
    values: dict[str, Any] = {
        "ids": ids,
        "counts": [one.open_count for one in rows],
        "grades": [one.grade for one in rows],
        "set_at": [one.grade_set_at for one in rows],
        "days": [one.expected_close_date for one in rows],
        "amounts": [one.expected_amount for one in rows],
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SHOW, values)
        moved = {pk: (before, after) for pk, before, after in cursor.fetchall()}
    refresh_list(ids, now, by=by)
    return moved


def is_shown(customer: Customer) -> bool:
    """Whether the card's grade is that of an open opportunity and not its own."""
    return Standing.objects.filter(customer=customer, open_opportunities__gt=0).exists()
