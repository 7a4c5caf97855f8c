"""The statements of `standing`: what orders come to, where classes begin, and what is written."""

from genjin.foundation.sql import UUID7

# What the orders of a customer come to; the period counts both of its ends.
_DEALS = """
SELECT customer_id,
  COALESCE(sum(CASE kind WHEN 'order' THEN home_amount ELSE -home_amount END)
    FILTER (WHERE ordered_on BETWEEN %(from)s AND %(to)s), 0) AS amount,
  count(*) FILTER (WHERE kind = 'order' AND ordered_on BETWEEN %(from)s AND %(to)s) AS deals,
  min(ordered_on) FILTER (WHERE kind = 'order') AS first_on,
  max(ordered_on) FILTER (WHERE kind = 'order') AS last_on
FROM sales_orderline WHERE state = 'concluded' {these}
GROUP BY customer_id
"""

# Each amount that occurs, with what those with a greater one bring, and those down to it.
AMOUNTS = """
SELECT amount, sum(brought) OVER (ORDER BY amount DESC) - brought AS above,
  sum(brought) OVER (ORDER BY amount DESC) AS through
FROM (SELECT amount, sum(amount) AS brought FROM genjin_deals WHERE amount > 0 GROUP BY amount) a
"""

FLOORS = """
SELECT total, min(amount) FILTER (WHERE above * 100 < %(a)s * total),
  min(amount) FILTER (WHERE above * 100 < %(b)s * total)
FROM genjin_amounts, (SELECT COALESCE(max(through), 0) AS total FROM genjin_amounts) t
GROUP BY total
"""

_CLASS = """CASE WHEN {amount} <= 0 OR %(a_floor)s::numeric IS NULL THEN ''
  WHEN {amount} >= %(a_floor)s THEN 'A' WHEN {amount} >= %(b_floor)s THEN 'B' ELSE 'C' END"""

_MOVED = """
SELECT row_number() OVER () AS number, * FROM (
  SELECT customer_id, s.customer_id IS NULL AS is_new,
    COALESCE(s.value_class, '') AS class_before, {class_of} AS class_after,
    COALESCE(s.deal_amount, 0) AS amount_before, COALESCE(d.amount, 0) AS amount,
    COALESCE(s.deal_count, 0) AS deals_before, COALESCE(d.deals, 0) AS deals,
    s.first_deal_on AS first_before, d.first_on, s.last_deal_on AS last_before, d.last_on
  FROM genjin_deals d FULL JOIN (SELECT * FROM customers_standing {these}) s USING (customer_id)
) both_sides
WHERE is_new OR class_before <> class_after OR amount_before <> amount OR deals_before <> deals
  OR first_before IS DISTINCT FROM first_on OR last_before IS DISTINCT FROM last_on
"""

_TELL = """
INSERT INTO customers_timelineentry
  (id, customer_id, at, kind, code, data, source_kind, source_id, by_id)
SELECT {new_id}, customer_id, %(now)s, 'class', 'class_moved', jsonb_build_object(
    'before', class_before, 'after', class_after, 'amount', amount::text,
    'orders', deals,
    'share', round(LEAST(through * 100 / NULLIF(%(total)s::numeric, 0), 100), 2)::text,
    'a_percent', %(a)s::text, 'b_percent', %(b)s::text, 'a_floor', %(a_floor)s::text,
    'b_floor', %(b_floor)s::text, 'total', %(total)s::text, 'months', %(months)s::int,
    'from', %(from)s::text, 'to', %(to)s::text), '', '', %(by)s
FROM ({told}) told WHERE class_before <> class_after
"""

_TELL_LIST = """
INSERT INTO customers_timelineentry
  (id, customer_id, at, kind, code, data, source_kind, source_id, by_id)
SELECT {new_id}, customer_id, %(now)s, 'list', 'list_moved',
  jsonb_build_object('before', 'potential', 'after', 'existing'), '', '', %(by)s
FROM added WHERE customer_list = 'existing'
"""

_WRITE = """
WITH {tables} part AS MATERIALIZED (
  SELECT m.*, a.through FROM genjin_moved m LEFT JOIN genjin_amounts a USING (amount)
  WHERE number > %(after)s AND number <= %(until)s
), changed AS (
  UPDATE customers_standing s SET value_class = p.class_after, deal_amount = p.amount,
    deal_count = p.deals, first_deal_on = p.first_on, last_deal_on = p.last_on,
    changed_at = %(now)s
  FROM part p WHERE NOT p.is_new AND s.customer_id = p.customer_id AND ({certain} OR (
    s.deal_amount = p.amount_before AND s.deal_count = p.deals_before
    AND s.last_deal_on IS NOT DISTINCT FROM p.last_before))
  RETURNING s.customer_id
), added AS (
  INSERT INTO customers_standing (customer_id, value_class, deal_amount, deal_count,
    first_deal_on, last_deal_on, customer_list, sets, changed_at)
  SELECT customer_id, class_after, amount, deals, first_on, last_on,
    CASE WHEN first_on IS NOT NULL THEN 'existing' ELSE 'potential' END, '{{}}', %(now)s
  FROM part WHERE is_new
  ON CONFLICT (customer_id) DO {on_conflict}
  RETURNING customer_id, customer_list
), written AS MATERIALIZED (
  SELECT customer_id FROM changed UNION ALL SELECT customer_id FROM added
), told AS ({tell}), listed AS ({tell_list})
SELECT count(*) FROM written
"""

# "IS TRUE" keeps this a hashed look-up: nobody knows before how many rows were written, and a
# join of the two would be planned for one.
_WRITTEN = """
SELECT p.* FROM part p WHERE (p.customer_id IN (SELECT customer_id FROM written)) IS TRUE
"""

_ADDED_MEANWHILE = """UPDATE SET value_class = excluded.value_class,
  deal_amount = excluded.deal_amount, deal_count = excluded.deal_count,
  first_deal_on = excluded.first_deal_on, last_deal_on = excluded.last_deal_on,
  changed_at = excluded.changed_at"""

# For everybody these are temporary tables; for some they are parts of the one statement.
_OF_SOME = """
genjin_deals AS MATERIALIZED ({deals}), genjin_moved AS MATERIALIZED ({moved}),
genjin_amounts AS MATERIALIZED (
  SELECT amount, amount + COALESCE((SELECT sum(o.deal_amount) FROM customers_standing o
    WHERE o.deal_amount >= m.amount AND o.customer_id <> ALL(%(ids)s)), 0) AS through
  FROM (SELECT DISTINCT amount FROM genjin_moved
        WHERE class_before <> class_after AND amount > 0) m
),"""

# The last step of a run: whoever it left out stands by the new floors, too.
_SETTLE = """
WITH wrong AS MATERIALIZED (
  SELECT customer_id, value_class AS class_before, {class_of} AS class_after,
    deal_amount AS amount, deal_count AS deals
  FROM customers_standing s WHERE value_class <> {class_of}
), changed AS (
  UPDATE customers_standing s SET value_class = w.class_after, changed_at = %(now)s
  FROM wrong w WHERE s.customer_id = w.customer_id AND s.deal_amount = w.amount
  RETURNING s.customer_id
), told AS ({tell})
SELECT count(*) FROM changed
"""
_SETTLED = """
SELECT w.*, (SELECT sum(o.deal_amount) FROM customers_standing o
  WHERE o.deal_amount >= w.amount AND o.deal_amount > 0) AS through
FROM wrong w JOIN changed USING (customer_id)
"""


def deals(*, of_some: bool = False) -> str:
    """What the orders come to: of everybody, or of the customers in `ids`."""
    return _DEALS.format(these="AND customer_id = ANY(%(ids)s)" if of_some else "")


def moved(*, of_some: bool = False) -> str:
    """The standings that differ from what the orders say."""
    these = "WHERE customer_id = ANY(%(ids)s)" if of_some else ""
    return _MOVED.format(class_of=_CLASS.format(amount="COALESCE(d.amount, 0)"), these=these)


def write(*, of_some: bool = False) -> str:
    """Writes the standings that differ, and tells classes and lists.

    Of some, whose cards are locked, it writes whatever stands there; of everybody only standings
    that are as they were seen.
    """
    tables = _OF_SOME.format(deals=deals(of_some=True), moved=moved(of_some=True))
    return _WRITE.format(
        tables=tables if of_some else "",
        certain="true" if of_some else "false",
        on_conflict=_ADDED_MEANWHILE if of_some else "NOTHING",
        tell=_TELL.format(new_id=UUID7, told=_WRITTEN),
        tell_list=_TELL_LIST.format(new_id=UUID7),
    )  # fmt: skip


def settle() -> str:
    """Gives the floors' class to whoever the run left out."""
    return _SETTLE.format(
        class_of=_CLASS.format(amount="s.deal_amount"),
        tell=_TELL.format(new_id=UUID7, told=_SETTLED),
    )
