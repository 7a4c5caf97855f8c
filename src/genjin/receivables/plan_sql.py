"""The statements that rank a million debts for the plans of a day: `rules.plan` in SQL (RE4).

One customer is one place, of the person who presses the oldest of the debts in a collector's hands,
else of the seller. The order is that of `rules.plan.order_of`, read from the top; a test holds the
two together. Only the places that a person can get to are handed to Python, which explains them.
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from genjin.receivables.class_sql import MERGED
from genjin.receivables.rules.classes import Step
from genjin.receivables.rules.plan import PlanTerms
from genjin.receivables.signals import OPEN_SIGNALS

_LATE = 10_000

# Temporary tables that Python fills: what holds take off debts, and rates of currencies.
TABLES = """
CREATE TEMPORARY TABLE genjin_held (receivable_id uuid PRIMARY KEY, amount numeric) ON COMMIT DROP;
CREATE TEMPORARY TABLE genjin_rates (currency text PRIMARY KEY, rate numeric) ON COMMIT DROP;
"""

# What of each debt is promised: what came in for a promise is taken off its covers in their order.
_PROMISED = """
SELECT receivable_id, sum(amount - LEAST(amount, GREATEST(paid_amount - before, 0))) AS amount
FROM (
  SELECT c.receivable_id, c.amount, p.paid_amount,
    sum(c.amount) OVER (PARTITION BY c.promise_id ORDER BY c.id) - c.amount AS before
  FROM receivables_promisecover c JOIN receivables_paymentpromise p ON p.id = c.promise_id
  WHERE p.state = 'open' AND p.until >= %(today)s) covered
GROUP BY 1
"""

# Debts that belong on a plan of today: late, soon due, or the last day to begin for a pay day.
_DEBTS = """
CREATE TEMPORARY TABLE genjin_debts ON COMMIT DROP AS
WITH merged AS MATERIALIZED ({merged}), promised AS MATERIALIZED ({promised}), open_debts AS (
  SELECT r.id, COALESCE(m.merged_into_id, r.customer_id) AS customer_id, r.due_on, r.value_class,
    r.limitation_from, COALESCE(x.rate, 1) AS rate, r.open_amount,
    LEAST(COALESCE(h.amount, 0), r.open_amount) AS held, COALESCE(p.amount, 0) AS said,
    CASE r.value_class {acts} END AS acts, r.salesperson_id, r.collector_id,
    %(today)s - r.due_on AS late
  FROM receivables_receivable r
  LEFT JOIN merged m ON m.id = r.customer_id
  LEFT JOIN genjin_held h ON h.receivable_id = r.id
  LEFT JOIN promised p ON p.receivable_id = r.id
  LEFT JOIN genjin_rates x ON x.currency = r.currency
  WHERE r.state = 'open' AND r.due_on IS NOT NULL AND r.value_class <> 'dead'
    AND r.due_on <= %(horizon)s {these}
), rested AS (
  SELECT d.*, LEAST(d.said, d.open_amount - d.held) AS promised,
    CASE WHEN d.acts = 'by_days' THEN
      CASE WHEN d.late <= %(seller_days)s THEN 'seller' ELSE 'collector' END
      ELSE d.acts END AS role
  FROM open_debts d
)
SELECT d.id, d.customer_id, d.due_on, d.value_class, d.limitation_from, d.role,
  CASE d.role WHEN 'seller' THEN d.salesperson_id ELSE d.collector_id END AS person_id,
  round(d.rate * d.held, 2) AS held, round(d.rate * d.promised, 2) AS promised,
  round(d.rate * (d.open_amount - d.held - d.promised), 2) AS dunnable
FROM rested d LEFT JOIN receivables_paymentcalendar k ON k.customer_id = d.customer_id
WHERE d.role <> 'nobody' AND (d.due_on <= %(ahead)s
  OR k.start_by = %(today)s AND d.due_on <= k.next_pay_on)
"""

# Each customer with everything that counts; `bands` as in `rules.plan.PlanTerms`.
_PLACES = """
CREATE TEMPORARY TABLE genjin_places ON COMMIT DROP AS
WITH broken AS MATERIALIZED (
  SELECT COALESCE(m.merged_into_id, p.customer_id) AS customer_id, count(*) AS number,
    max(p.settled_on) AS last_on, sum(round(COALESCE(x.rate, 1) * (p.amount - p.paid_amount), 2))
      AS amount
  FROM receivables_paymentpromise p LEFT JOIN ({merged}) m ON m.id = p.customer_id
  LEFT JOIN genjin_rates x ON x.currency = p.currency
  WHERE p.state = 'broken' AND p.settled_on > %(broken_since)s GROUP BY 1
), kept AS MATERIALIZED (
  SELECT COALESCE(m.merged_into_id, p.customer_id) AS customer_id, count(*) AS number
  FROM receivables_paymentpromise p LEFT JOIN ({merged}) m ON m.id = p.customer_id
  WHERE p.state = 'kept' AND p.settled_on > %(kept_since)s GROUP BY 1
), signals AS MATERIALIZED (
  SELECT customer_id, array_agg(DISTINCT code ORDER BY code) AS codes FROM ({signals}) s GROUP BY 1
), talked AS MATERIALIZED (
  SELECT i.customer_id, max(i.local_day) FILTER (WHERE i.is_reached) AS on_day,
    max(i.local_day) AS tried_on FROM followups_interaction i
  WHERE i.purpose = 'collect' AND i.local_day > %(talked_since)s GROUP BY 1
), owing AS (
  SELECT customer_id,
    (array_agg(role ORDER BY role = 'collector' DESC, due_on, id))[1] AS role,
    (array_agg(person_id ORDER BY role = 'collector' DESC, due_on, id))[1] AS person_id,
    sum(dunnable) AS amount, sum(held) AS held, sum(promised) AS promised,
    count(*) FILTER (WHERE dunnable > 0) AS debts,
    min(due_on) FILTER (WHERE dunnable > 0) AS oldest_due,
    min({class_place}) FILTER (WHERE dunnable > 0) AS class_place,
    min(limitation_from) FILTER (WHERE dunnable > 0) AS limitation_from
  FROM genjin_debts GROUP BY customer_id
), known AS (
  SELECT o.*, COALESCE(b.number, 0) AS broken, b.last_on AS broken_on,
    COALESCE(b.amount, 0) AS broken_amount, COALESCE(n.number, 0) AS kept, s.codes AS signals,
    k.next_pay_on, k.start_by, k.missed_on, k.steps,
    GREATEST(%(today)s - o.oldest_due, 0) AS days, k.start_by - %(today)s AS start,
    {wanted_way} AS wanted_way,
    COALESCE(t.tried_on = %(today)s, false) OR (t.on_day IS NOT NULL
      AND t.on_day + {every_days} > %(today)s AND COALESCE(b.last_on, t.on_day) <= t.on_day)
      AS rests
  FROM owing o
  LEFT JOIN broken b USING (customer_id) LEFT JOIN kept n USING (customer_id)
  LEFT JOIN signals s USING (customer_id) LEFT JOIN talked t USING (customer_id)
  LEFT JOIN receivables_paymentcalendar k USING (customer_id)
)
SELECT p.*, CASE WHEN p.wanted_way = 'visit' AND a.customer_id IS NULL THEN 'call'
    ELSE p.wanted_way END AS way,
  CASE WHEN p.wanted_way = 'visit' THEN a.km END AS km
FROM known p LEFT JOIN LATERAL (
  SELECT z.customer_id, {km} AS km FROM customers_address z
  WHERE p.wanted_way = 'visit' AND p.amount > 0 AND z.customer_id = p.customer_id AND z.is_active
  ORDER BY z.latitude IS NULL, z.id LIMIT 1) a ON true
"""

# Great-circle distance from our place, in km.
_KM = """round((12742 * asin(sqrt(LEAST(1, power(sin(radians(z.latitude::float8
  - %(latitude)s) / 2), 2) + cos(radians(%(latitude)s)) * cos(radians(z.latitude::float8))
  * power(sin(radians(z.longitude::float8 - %(longitude)s) / 2), 2)))))::numeric, 1)"""

RANK = """
SELECT ranked.* FROM (
  SELECT p.*,
    row_number() OVER (PARTITION BY person_id ORDER BY {order}) AS number
  FROM genjin_places p WHERE amount > 0 AND NOT rests {mine}) ranked
WHERE number <= %(most)s ORDER BY person_id, number
"""
TOTALS = """
SELECT person_id, bool_or(role = 'collector'), count(*) FILTER (WHERE amount > 0 AND NOT rests),
  COALESCE(sum(amount) FILTER (WHERE amount > 0 AND NOT rests), 0),
  count(*) FILTER (WHERE held > 0), sum(held), count(*) FILTER (WHERE promised > 0), sum(promised),
  count(*) FILTER (WHERE amount > 0 AND rests)
FROM genjin_places p WHERE true {mine} GROUP BY 1
"""
DEBTS_OF = """
SELECT customer_id, array_agg(id ORDER BY due_on, id) FROM genjin_debts
WHERE dunnable > 0 AND customer_id = ANY(%(customers)s) GROUP BY 1
"""


def _band(column: str, bands: tuple[int, ...] | tuple[Decimal, ...]) -> str:
    """How many of the bands a figure has reached."""
    return " + ".join(f"({column} >= {band})::int" for band in bands) or "0"


def _cases(column: str, values: dict[str, Any], otherwise: str) -> str:
    parts = " ".join(f"WHEN '{code}' THEN {value}" for code, value in values.items())
    return f"CASE {column} {parts} ELSE {otherwise} END"


def order(terms: PlanTerms) -> str:
    """`rules.plan.order_of`, over the columns of `genjin_places`."""
    unknown = len(terms.distance_bands) + 1
    distance = f"CASE WHEN km IS NULL THEN {unknown} ELSE {_band('km', terms.distance_bands)} END"
    return ", ".join(
        (
            "broken DESC",
            "CASE WHEN start = 0 THEN 0 ELSE 1 END",
            f"({_band('days', terms.term_bands)}) DESC",
            f"({_band('amount', terms.amount_bands)}) DESC",
            "class_place",
            f"COALESCE(start, {_LATE})",
            f"COALESCE(next_pay_on - %(today)s, {_LATE})",
            f"CASE WHEN way = 'visit' THEN {distance} ELSE 0 END",
            "kept",
            "amount DESC",
            "customer_id::text",
        )
    )


def debts(ladder: dict[str, Step], *, only_of_some: bool) -> str:
    """Keeps in `genjin_debts` what a plan of today is made of.

    Parameters: today, horizon (the farthest due day looked at), ahead, seller_days, and `person`
    when the debts of one person's customers alone are wanted.
    """
    acts = " ".join(f"WHEN '{code}' THEN '{step.acts}'" for code, step in ladder.items())
    these = """AND COALESCE(m.merged_into_id, r.customer_id) IN (
      SELECT COALESCE(n.merged_into_id, o.customer_id) FROM receivables_receivable o
      LEFT JOIN merged n ON n.id = o.customer_id
      WHERE o.state = 'open' AND (o.salesperson_id = %(person)s OR o.collector_id = %(person)s))"""
    return _DEBTS.format(
        merged=MERGED, promised=_PROMISED, acts=acts, these=these if only_of_some else ""
    )


def places(terms: PlanTerms, ladder: dict[str, Step], *, has_place: bool) -> str:
    """Keeps in `genjin_places` each customer with what their place follows from."""
    order_of = {code: place for place, code in enumerate(terms.class_order)}
    by_place = dict(enumerate(terms.class_order))
    ways = {
        str(place): f"'{ladder[code].channels[0]}'"
        for place, code in by_place.items()
        if ladder[code].channels
    }
    every = {str(place): ladder[code].every_days for place, code in by_place.items()}
    return _PLACES.format(
        merged=MERGED,
        signals=OPEN_SIGNALS,
        class_place=_cases("value_class", order_of, str(len(order_of))),
        wanted_way=_cases("o.class_place::text", ways, "'call'"),
        every_days=f"({_cases('o.class_place::text', every, '0')})",
        km=_KM if has_place else "NULL::numeric",
    )


def mine(is_of_one: bool) -> str:
    return "AND p.person_id = %(person)s" if is_of_one else ""


def horizon_values(today: date, terms: PlanTerms) -> dict[str, Any]:
    """The parameters by day that `debts` and `places` share."""
    return {
        "today": today,
        "ahead": today + timedelta(days=terms.ahead_days),
        # A pay day that can be reached lies within a quarter or so.
        "horizon": today + timedelta(days=100),
        "broken_since": today - timedelta(days=terms.broken_days),
    }
