"""B8: the night's classes of 1,000,000 customers with 5,000,000 orders.

Orders lie over two years, so that half are outside the period; amounts are skewed, returns and
cancelled orders among them, one customer in twenty has none. First everybody gets a class (the
first night of a new house); then 20,000 orders come in, the period moves on by a day, and the
night is measured: three times, each beside the statement that only adds up the deal amounts of
the same orders. The figure is the median, the ratio that of the medians.
"""

import statistics
import time
from datetime import date, timedelta

from django.db import connection
from django.utils import timezone

from bench.common import Context, Measure
from genjin.foundation.sql import UUID7

DATABASE = "genjin_bench_classes"
CUSTOMERS, ORDERS, NEW = 1_000_000, 5_000_000, 20_000
NIGHTS = 3

# Ids grow with the number and can be said again in SQL.
_ID = "lpad(to_hex(1767574800000 + {n}), 12, '0') || '70008' || lpad(to_hex({n}), 15, '0')"
_PEOPLE = """
INSERT INTO customers_customer (id, kind, name, other_names, name_key, search_text, search_tokens,
  sex, form_of_address, language, time_zone, tax_number, region, grade, grade_set_at, is_key,
  source, note, fields, created_at, changed_at)
SELECT ({id})::uuid, 'person', 'customer ' || n, '{{}}', '', '', '{{}}', '', '', '', '', '',
  '310000', CASE WHEN n % 20 = 0 THEN substr('ABCDE', 1 + n / 20 % 5, 1) ELSE '' END, now(), false,
  '', '', '{{}}', now(), now()
FROM generate_series({first}, {last}) n
"""
# Who has orders at all, and how much: a few have a lot (the power of a random number).
_ORDERS = """
INSERT INTO sales_orderline (id, customer_id, kind, state, category_id, ordered_on, amount,
  currency, rate, home_amount, is_trial, note, source, external_key, created_at)
SELECT {new_id}, ({id})::uuid,
  CASE WHEN random() < 0.03 THEN 'return' ELSE 'order' END,
  CASE WHEN random() < 0.02 THEN 'cancelled' ELSE 'concluded' END, %(category)s,
  {day}, amount, 'CNY', 1, amount, false, '', 'imported', '', now()
FROM (
  SELECT n, round((40 / power(random() + 0.0005, 0.8))::numeric, 2) AS amount
  FROM (SELECT (random() * %(customers)s * 0.95)::int AS n, i
        FROM generate_series(1, %(orders)s) i) picked
) made
"""
_ADD_UP = """
SELECT count(*), sum(amount), max(amount) FROM (
  SELECT customer_id, sum(CASE kind WHEN 'order' THEN home_amount ELSE -home_amount END) AS amount
  FROM sales_orderline WHERE state = 'concluded' AND ordered_on BETWEEN %(from)s AND %(to)s
  GROUP BY customer_id) deals
"""


def _fill(context: Context, customers: int, orders: int) -> None:
    """Customers and two years of orders."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.20261123)")
        # What the rows refer to is made right here; to look it up again takes most of the time.
        cursor.execute("SET session_replication_role = replica")
        step = 100_000
        for first in range(0, customers, step):
            last = min(first + step, customers) - 1
            cursor.execute(_PEOPLE.format(id=_ID.format(n="n"), first=first, last=last))
        cursor.execute(
            "INSERT INTO customers_productcategory (code, labels, is_active, position) "
            "VALUES ('bench', '{}', true, 1)"
        )
        context.progress(f"{customers:,} customers")
        for _part in range(10):
            _enter(orders // 10, customers, day="%(today)s::date - (random() * 730)::int")
        context.progress(f"{orders:,} orders")
        cursor.execute("SET session_replication_role = origin")
    for table in ("customers_customer", "sales_orderline"):
        with connection.cursor() as cursor:
            cursor.execute(f"VACUUM (ANALYZE) {table}")


def _enter(orders: int, customers: int, *, day: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            _ORDERS.format(id=_ID.format(n="n"), day=day, new_id=UUID7),
            {
                "customers": customers,
                "orders": orders,
                "today": timezone.localdate(),
                "category": _category(),
            },
        )


def _category() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM customers_productcategory")
        return int(cursor.fetchone()[0])


def _night(now: object) -> tuple[float, int]:
    from genjin.sales.standing import refresh_standings

    started = time.perf_counter()
    done = refresh_standings(now=now)
    return time.perf_counter() - started, done.changed


def _add_up(today: date) -> float:
    """The bare statement: the deal amounts of the period, and nothing written."""
    from genjin.sales.rules import period_start

    values = {"from": period_start(today, 12), "to": today}
    started = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(_ADD_UP, values)
        cursor.fetchall()
    return time.perf_counter() - started


def run(context: Context) -> list[Measure]:
    context.use(DATABASE, is_fresh=True)
    customers, orders = context.scaled(CUSTOMERS, 1000), context.scaled(ORDERS, 5000)
    with context.timed("data"):
        _fill(context, customers, orders)
    now = timezone.now()
    first, changed = _night(now)
    context.progress(f"the first night: {first:.1f} s, {changed:,} customers got a standing")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) customers_standing")
    nights, bare, moved = [], [], []
    for number in range(1, NIGHTS + 1):
        _enter(context.scaled(NEW, 20), customers, day="%(today)s::date")
        then = now + timedelta(days=number)
        bare.append(_add_up(timezone.localdate(then)))
        seconds, changed = _night(then)
        nights.append(seconds)
        moved.append(changed)
        context.progress(f"a night: {seconds:.1f} s, {changed:,} changed; bare {bare[-1]:.1f} s")
    night, plain = statistics.median(nights), statistics.median(bare)
    note = (
        f"{customers:,} customers, {orders:,} orders; {statistics.median(moved):,.0f} changed; "
        f"the first night of all {first:.0f} s"
    )
    return [
        Measure("B8", night, "s", 60, note=note),
        Measure("B8-ratio", night / plain, "×", 4, note=f"adding up alone {plain:.1f} s"),
        Measure("B8-first", first, "s", 60, note="everybody's first class, with its timeline"),
    ]
