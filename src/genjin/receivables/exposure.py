"""What a customer's debts and payments say about their credit (SA4): read for `sales.credit`."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Max, Q, Sum

from genjin.customers.models import Customer
from genjin.receivables.models import Account, Receivable
from genjin.sales.credit import MoneyFacts, converted

# Billed before anything was delivered: no credit is used by it.
PREPAID = "order"
_PAID = """
SELECT count(*), count(*) FILTER (WHERE late <= 0), coalesce(avg(greatest(late, 0)), 0)
FROM (
  SELECT max(settled_on - due_on) AS late
  FROM receivables_receivable
  WHERE customer_id = ANY(%s) AND NOT is_charge AND due_on IS NOT NULL
  GROUP BY CASE WHEN order_ref = '' THEN id::text ELSE order_ref END
  HAVING bool_and(state = 'settled')
) orders
"""


def with_merged(customer_ids: Collection[UUID]) -> list[UUID]:
    """The cards and those that were merged into them: debts stay with the card they arose on."""
    merged = Customer.objects.filter(merged_into__in=customer_ids).values_list("pk", flat=True)
    return [*customer_ids, *merged]


def money_facts(customer_ids: Sequence[UUID], *, currency: str, today: date) -> MoneyFacts:
    """The facts about money of those who share a credit account, in its currency; four queries.

    Raises Conflict `no_rate` where a currency has none for today.
    """
    ids = with_merged(customer_ids)
    open_ones = Receivable.objects.filter(customer__in=ids, state="open")
    sums = open_ones.order_by().values("currency").annotate(
        used=Sum("open_amount", filter=~Q(source_kind=PREPAID)),
        overdue=Sum("open_amount", filter=Q(due_on__lt=today)),
    )  # fmt: skip
    used = overdue = Decimal(0)
    for row in sums:
        used += converted(row["used"] or Decimal(0), row["currency"], currency, today)
        overdue += converted(row["overdue"] or Decimal(0), row["currency"], currency, today)
    for advance, of in Account.objects.filter(customer__in=ids, advance__gt=0).values_list(
        "advance", "currency"
    ):
        used -= converted(advance, of, currency, today)
    oldest = open_ones.filter(due_on__lt=today).order_by("due_on").first()
    with connection.cursor() as cursor:
        cursor.execute(_PAID, [ids])
        paid, in_time, late = cursor.fetchone()
    return MoneyFacts(
        used=max(used, Decimal(0)), overdue=overdue,
        overdue_days=oldest.days_overdue(today) if oldest else 0,
        paid_in_time=in_time, paid_orders=paid, late_days=round(late),
    )  # fmt: skip


@dataclass(frozen=True)
class OrderMoney:
    """What was billed for one order, what of it was paid, what of that was due by today."""

    billed: Decimal = Decimal(0)
    paid: Decimal = Decimal(0)
    due_unpaid: Decimal = Decimal(0)
    last_due_on: date | None = None


def money_of_order(order_id: Any, *, today: date) -> OrderMoney:
    """The amounts of one order in its currency; what a cheque secures is not paid."""
    rows = Receivable.objects.filter(order_ref=str(order_id), is_charge=False)
    found = rows.aggregate(
        billed=Sum("amount"), left=Sum("open_amount"), off=Sum("written_off_amount"),
        due_unpaid=Sum("open_amount", filter=Q(due_on__lte=today)), last=Max("due_on"),
    )  # fmt: skip
    nothing = Decimal(0)
    billed = found["billed"] or nothing
    return OrderMoney(
        billed=billed,
        paid=billed - (found["left"] or nothing) - (found["off"] or nothing),
        due_unpaid=found["due_unpaid"] or nothing,
        last_due_on=found["last"],
    )
