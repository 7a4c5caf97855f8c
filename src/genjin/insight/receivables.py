"""What is owed, how old it is, how fast it comes in (RE13): read-only, all from the ledger.

Each figure is asked for a day: what was open at the end of that day by the entries booked until
then, so that the past can be read again and a closed month does not move. Amounts are per currency
and never added across currencies.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from genjin.foundation.models import User
from genjin.receivables.states import EntryKind

NOUGHT = Decimal(0)
# Age in days past due: the upper end of each bucket, included; "not due" comes before them.
BUCKETS: tuple[tuple[str, int | None, int | None], ...] = (
    ("not_due", None, 0), ("d30", 1, 30), ("d60", 31, 60), ("d90", 61, 90), ("older", 91, None),
)  # fmt: skip
GROUPS = {
    "class": "r.value_class", "salesperson": "r.salesperson_id::text",
    "collector": "r.collector_id::text", "region": "left(c.region, 2)",
    "customer": "r.customer_id::text",
}  # fmt: skip
# What an entry adds to what is open of its debt. The bill itself counts by its own row.
_SIGN = f"""CASE coalesce(nullif(e.reversed_kind, ''), e.kind)
  WHEN '{EntryKind.BILL}' THEN 1 WHEN '{EntryKind.CHARGE}' THEN 1
  WHEN '{EntryKind.ALLOCATION}' THEN -1 WHEN '{EntryKind.WRITE_OFF}' THEN -1
  WHEN '{EntryKind.RECOVERY}' THEN 1 ELSE 0 END
  * CASE WHEN e.kind = '{EntryKind.REVERSAL}' THEN -1 ELSE 1 END"""
_OPEN_AT = f"""
  SELECT e.receivable_id AS id, sum(e.amount * {_SIGN}) AS open
  FROM receivables_ledgerentry e
  WHERE e.receivable_id IS NOT NULL AND e.booked_on <= %(day)s {{who}}
  GROUP BY e.receivable_id
  HAVING sum(e.amount * {_SIGN}) > 0
"""  # noqa: S608 - our own words only


@dataclass(frozen=True)
class Scope:
    """Whose figures: the customers that are seen (None: all), a salesperson's or a collector's."""

    customers: Collection[UUID] | None = None
    salesperson: User | None = None

    @property
    def entries(self) -> tuple[str, dict[str, Any]]:
        """A condition on entries `e`, and its values."""
        if self.customers is None:
            return "", {}
        return "AND e.customer_id = ANY(%(customers)s)", {"customers": list(self.customers)}


EVERYTHING = Scope()


@dataclass(frozen=True)
class Ages:
    """What is open of one group in one currency, by age; `total` is the sum of the buckets."""

    group: str
    currency: str
    buckets: Mapping[str, Decimal]
    count: int

    @property
    def total(self) -> Decimal:
        return sum(self.buckets.values(), NOUGHT)

    @property
    def overdue(self) -> Decimal:
        return self.total - self.buckets["not_due"]


def _rows(statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, dict(values))
        return list(cursor.fetchall())


def ageing(day: date, *, by: str = "", scope: Scope = EVERYTHING) -> list[Ages]:
    """What is open at the end of a day by days past due, in each group and currency.

    A debt without a due day (a condition is not met) is not due. `by` is one of GROUPS, "" for
    one line a currency.
    """
    who, values = scope.entries
    group = GROUPS[by] if by else "''"
    columns = ", ".join(
        f"coalesce(sum(o.open) FILTER (WHERE {_bucket(low, high)}), 0)"
        for _name, low, high in BUCKETS
    )
    seller = ""
    if scope.salesperson is not None:
        seller = "WHERE r.salesperson_id = %(salesperson)s"
        values["salesperson"] = scope.salesperson.pk
    statement = f"""
    WITH o AS ({_OPEN_AT.format(who=who)})
    SELECT coalesce({group}, ''), r.currency, count(*), {columns}
    FROM o JOIN receivables_receivable r ON r.id = o.id
    JOIN customers_customer c ON c.id = r.customer_id {seller}
    GROUP BY 1, 2 ORDER BY 2, sum(o.open) DESC, 1"""  # noqa: S608 - our own words only
    names = [name for name, _low, _high in BUCKETS]
    return [
        Ages(group, currency, dict(zip(names, amounts, strict=True)), count)
        for group, currency, count, *amounts in _rows(statement, {**values, "day": day})
    ]


def _bucket(low: int | None, high: int | None) -> str:
    late = "(%(day)s::date - r.due_on)"
    if low is None:
        return f"(r.due_on IS NULL OR {late} <= 0)"
    return f"{late} >= {low}" + (f" AND {late} <= {high}" if high is not None else "")


def open_at(day: date, scope: Scope = EVERYTHING) -> dict[str, Decimal]:
    """What is open at the end of a day, by currency."""
    return {one.currency: one.total for one in ageing(day, scope=scope)}


def billed(first: date, last: date, scope: Scope = EVERYTHING) -> dict[str, Decimal]:
    """What was billed from a day to a day, both included, less what was taken back; by currency."""
    who, values = scope.entries
    rows = _rows(
        f"""SELECT e.currency, sum(e.amount * CASE WHEN e.kind = 'reversal' THEN -1 ELSE 1 END)
        FROM receivables_ledgerentry e
        WHERE coalesce(nullif(e.reversed_kind, ''), e.kind) = 'bill'
          AND e.booked_on BETWEEN %(first)s AND %(last)s {who} GROUP BY 1""",  # noqa: S608
        {**values, "first": first, "last": last},
    )
    return dict(rows)


@dataclass(frozen=True)
class Speed:
    """How fast money comes in, in one currency.

    `dso` days: what is open at the end ÷ what was billed in the period × its days (None where
    nothing was billed). `effectiveness` in per cent: of what could have come in during the period
    (open at its beginning + billed in it − not yet due at its end), the part that did come in.
    """

    currency: str
    open_begin: Decimal
    billed: Decimal
    open_end: Decimal
    not_due_end: Decimal
    days: int

    @property
    def dso(self) -> Decimal | None:
        if not self.billed:
            return None
        return _tenth(self.open_end * self.days / self.billed)

    @property
    def effectiveness(self) -> Decimal | None:
        could = self.open_begin + self.billed - self.not_due_end
        if could <= 0:
            return None
        return _tenth((self.open_begin + self.billed - self.open_end) * 100 / could)


def _tenth(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)


def speed(day: date, *, days: int = 90, scope: Scope = EVERYTHING) -> list[Speed]:
    """DSO and collection effectiveness of the period of `days` that ends with `day`."""
    first = day - timedelta(days=days - 1)
    begin = open_at(first - timedelta(days=1), scope)
    sold = billed(first, day, scope)
    ends = {one.currency: one for one in ageing(day, scope=scope)}
    found = []
    for currency in sorted({*begin, *sold, *ends}):
        end = ends.get(currency)
        found.append(Speed(
            currency, begin.get(currency, NOUGHT), sold.get(currency, NOUGHT),
            end.total if end else NOUGHT, end.buckets["not_due"] if end else NOUGHT, days,
        ))  # fmt: skip
    return found


@dataclass(frozen=True)
class PaidLate:
    """How a customer pays: bills settled, how many of them late, and by how many days on average
    (bills in time count as nought)."""

    customer_id: UUID
    settled: int
    late: int
    late_days: Decimal

    @property
    def share(self) -> Decimal:
        """Per cent of the settled bills that came late."""
        return _tenth(Decimal(self.late) * 100 / self.settled) if self.settled else NOUGHT


def paid_late(*, until: date, scope: Scope = EVERYTHING) -> list[PaidLate]:
    """The share of bills that each customer paid after their day, settled until a day."""
    who, values = scope.entries
    rows = _rows(
        f"""SELECT e.customer_id, count(*), count(*) FILTER (WHERE e.settled_on > e.due_on),
          round(avg(greatest(e.settled_on - e.due_on, 0)), 2)
        FROM receivables_receivable e
        WHERE e.state = 'settled' AND NOT e.is_charge AND e.due_on IS NOT NULL
          AND e.settled_on <= %(until)s {who}
        GROUP BY 1 ORDER BY 3 DESC, 1""",  # noqa: S608
        {**values, "until": until},
    )
    return [PaidLate(*row) for row in rows]


@dataclass(frozen=True)
class Week:
    """What is expected in a week that begins on `monday`: by due days, by how late this customer
    usually pays, and what we pay out ourselves."""

    monday: date
    currency: str
    due: Decimal
    expected: Decimal
    paid_out: Decimal = NOUGHT


def forecast(today: date, *, weeks: int = 13, scope: Scope = EVERYTHING) -> list[Week]:
    """The cash forecast: each open debt in the week of its due day, and in the week in which this
    customer usually pays; what is overdue already comes in the first week, or after the usual
    delay where that lies ahead. Debts without a due day are not in it.
    """
    who, values = scope.entries
    monday = today - timedelta(days=today.weekday())
    rows = _rows(
        f"""
        WITH usual AS (
          SELECT customer_id, round(avg(greatest(settled_on - due_on, 0)))::int AS days
          FROM receivables_receivable
          WHERE state = 'settled' AND NOT is_charge AND due_on IS NOT NULL
          GROUP BY customer_id
        ), owed AS (
          SELECT e.currency, e.open_amount,
            greatest(e.due_on, %(today)s::date) AS due,
            greatest(e.due_on + coalesce(u.days, 0), %(today)s::date) AS expected
          FROM receivables_receivable e LEFT JOIN usual u ON u.customer_id = e.customer_id
          WHERE e.state = 'open' AND e.due_on IS NOT NULL {who}
        )
        SELECT currency, week, sum(due_amount), sum(expected_amount) FROM (
          SELECT currency, (due - %(monday)s::date) / 7 AS week, open_amount AS due_amount,
            0 AS expected_amount FROM owed
          UNION ALL
          SELECT currency, (expected - %(monday)s::date) / 7, 0, open_amount FROM owed) both_ways
        WHERE week < %(weeks)s GROUP BY 1, 2""",  # noqa: S608
        {**values, "today": today, "monday": monday, "weeks": weeks},
    )
    found = {(currency, week): (due, expected) for currency, week, due, expected in rows}
    return [
        Week(monday + timedelta(weeks=week), currency,
             *found.get((currency, week), (NOUGHT, NOUGHT)))
        for currency in sorted({key[0] for key in found})
        for week in range(weeks)
    ]  # fmt: skip


def promises_kept(first: date, last: date) -> dict[str, int]:
    """Promises that were decided in a period, by how they ended."""
    rows = _rows(
        """SELECT state, count(*) FROM receivables_paymentpromise
        WHERE due_on BETWEEN %(first)s AND %(last)s AND state <> 'open' GROUP BY 1""",
        {"first": first, "last": last},
    )
    return dict(rows)


def currencies(lines: Sequence[Ages]) -> list[str]:
    """The currencies of some figures, in their order."""
    return list(dict.fromkeys(one.currency for one in lines))
