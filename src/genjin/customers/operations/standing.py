"""Lists and sets of cards (CU4), worked out from facts and never typed; one statement for many.

Sets come from owned products alone: an order of ours puts one there. The list needs the first
deal, which the sales floor writes (`sales.standing`), the open opportunities, which it tells
(`operations.opportunities`), and the grade. Every move goes on the
timeline. Whoever works on single cards holds their row's lock; a run over all cards leaves a
standing that changed meanwhile to whoever changed it.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from genjin.foundation.sql import UUID7

_SETS = """
WITH owned AS (
  SELECT o.customer_id, o.category_id,
    bool_or(o.is_ours AND NOT o.owns_none AND o.gone_on IS NULL) AS owns_ours,
    bool_or(NOT o.is_ours AND NOT o.owns_none AND o.gone_on IS NULL) AS owns_theirs
  FROM customers_ownedproduct o WHERE {these_owned} GROUP BY 1, 2
), wanted AS (
  SELECT owned.customer_id, jsonb_object_agg(c.code, CASE WHEN owns_ours THEN 'fixed'
    WHEN owns_theirs THEN 'attack' ELSE 'development' END) AS sets
  FROM owned JOIN customers_productcategory c ON c.id = owned.category_id AND c.is_active
  GROUP BY 1
), present AS (
  SELECT s.customer_id, s.sets FROM customers_standing s WHERE {these}
), moved AS MATERIALIZED (
  SELECT customer_id, COALESCE(p.sets, '{{}}') AS before, COALESCE(w.sets, '{{}}') AS after,
    p.customer_id IS NULL AS is_new
  FROM wanted w FULL JOIN present p USING (customer_id)
  WHERE COALESCE(p.sets, '{{}}') <> COALESCE(w.sets, '{{}}')
), changed AS (
  UPDATE customers_standing s SET sets = m.after, changed_at = %(now)s
  FROM moved m WHERE s.customer_id = m.customer_id AND ({certain} OR s.sets = m.before)
  RETURNING s.customer_id
), added AS (
  INSERT INTO customers_standing
    (customer_id, value_class, deal_amount, deal_count, customer_list, sets, changed_at)
  SELECT m.customer_id, '', 0, 0,
    CASE WHEN c.grade IN ('A', 'B', 'C') THEN 'probable' ELSE 'potential' END, m.after, %(now)s
  FROM moved m JOIN customers_customer c ON c.id = m.customer_id WHERE m.is_new
  ON CONFLICT (customer_id) DO {on_conflict}
  RETURNING customer_id
)
INSERT INTO customers_timelineentry
  (id, customer_id, at, kind, code, data, source_kind, source_id, by_id)
SELECT {new_id}, m.customer_id, %(now)s, 'set', 'set_moved', jsonb_build_object(
    'category', k.code, 'before', COALESCE(m.before ->> k.code, ''),
    'after', COALESCE(m.after ->> k.code, '')), '', '', %(by)s
FROM moved m
CROSS JOIN LATERAL (SELECT jsonb_object_keys(m.before || m.after) AS code) k
WHERE {was_written}
  AND COALESCE(m.before ->> k.code, '') <> COALESCE(m.after ->> k.code, '')
"""

# Whoever has a deal needs no look at the card; cards without a standing matter with a grade only:
# an opportunity has made sure of a standing.
_LIST = """
WITH placed AS (
  SELECT s.customer_id, false AS is_new, s.customer_list AS before, 'existing' AS after
  FROM customers_standing s
  WHERE s.first_deal_on IS NOT NULL AND s.customer_list <> 'existing' AND {these}
  UNION ALL
  SELECT s.customer_id, false, s.customer_list,
    CASE WHEN s.open_opportunities > 0 OR c.grade IN ('A', 'B', 'C') THEN 'probable'
      ELSE 'potential' END
  FROM customers_standing s JOIN customers_customer c ON c.id = s.customer_id
  WHERE s.first_deal_on IS NULL AND {these}
  UNION ALL
  SELECT c.id, true, 'potential', 'probable' FROM customers_customer c
  WHERE c.grade IN ('A', 'B', 'C') AND {these_cards}
    AND NOT EXISTS (SELECT 1 FROM customers_standing s WHERE s.customer_id = c.id)
), moved AS MATERIALIZED (SELECT * FROM placed WHERE before <> after),
changed AS (
  UPDATE customers_standing s SET customer_list = m.after, changed_at = %(now)s
  FROM moved m WHERE s.customer_id = m.customer_id AND ({certain} OR s.customer_list = m.before)
  RETURNING s.customer_id
), added AS (
  INSERT INTO customers_standing
    (customer_id, value_class, deal_amount, deal_count, customer_list, sets, changed_at)
  SELECT customer_id, '', 0, 0, after, '{{}}', %(now)s FROM moved WHERE is_new
  ON CONFLICT (customer_id) DO {on_conflict}
  RETURNING customer_id
)
INSERT INTO customers_timelineentry
  (id, customer_id, at, kind, code, data, source_kind, source_id, by_id)
SELECT {new_id}, m.customer_id, %(now)s, 'list', 'list_moved',
  jsonb_build_object('before', m.before, 'after', m.after), '', '', %(by)s
FROM moved m WHERE {was_written}
"""


# "IS TRUE" keeps this a hashed look-up; a join would be planned for a single row.
_WAS_WRITTEN = """(m.customer_id IN (
  SELECT customer_id FROM changed UNION ALL SELECT customer_id FROM added)) IS TRUE"""


def _run(
    statement: str, ids: list[UUID] | None, now: datetime, by: int | None, *, written: str
) -> int:
    everybody = ids is None
    filled = statement.format(
        these="true" if everybody else "s.customer_id = ANY(%(ids)s)",
        these_cards="true" if everybody else "c.id = ANY(%(ids)s)",
        these_owned="true" if everybody else "o.customer_id = ANY(%(ids)s)",
        certain="false" if everybody else "true",
        on_conflict="NOTHING"
        if everybody
        else f"UPDATE SET {written} = excluded.{written}, changed_at = excluded.changed_at",
        new_id=UUID7,
        was_written=_WAS_WRITTEN,
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(filled, {"ids": ids, "now": now, "by": by})
        return int(cursor.rowcount)


def refresh_sets(
    customer_ids: Iterable[UUID] | None, now: datetime, *, by: int | None = None
) -> int:
    """Puts cards into the box of each product category that their owned products say (CU4).

    None means every card; `by` is the id of whose change moved them. Returns how many moves went
    on timelines. For single cards the caller holds the lock of the card's row.
    """
    ids = None if customer_ids is None else list(customer_ids)
    return _run(_SETS, ids, now, by, written="sets")


def refresh_list(
    customer_ids: Iterable[UUID] | None, now: datetime, *, by: int | None = None
) -> int:
    """Puts cards on the list that first deal, opportunities and grade say (CU4).

    As `refresh_sets` otherwise.
    """
    ids = None if customer_ids is None else list(customer_ids)
    return _run(_LIST, ids, now, by, written="customer_list")
