"""The statements that give a million debts their classes: `rules.classes` in SQL (RE2).

Rules come from the policy as data; only figures and parameters get into the text.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from genjin.foundation.sql import UUID7
from genjin.receivables.rules.classes import CLASSES, ClassRule, ClassTerms
from genjin.receivables.signals import OPEN_SIGNALS

# Cards that were merged count as the one they went into.
MERGED = "SELECT id, merged_into_id FROM customers_customer WHERE merged_into_id IS NOT NULL"

_SEEN = """
WITH merged AS MATERIALIZED ({merged}), broken AS MATERIALIZED (
  SELECT c.receivable_id, count(*) AS number
  FROM receivables_promisecover c JOIN receivables_paymentpromise p ON p.id = c.promise_id
  WHERE p.state = 'broken' AND p.settled_on >= %(broken_since)s GROUP BY 1
), signals AS MATERIALIZED (
  SELECT customer_id, array_agg(DISTINCT code ORDER BY code) AS codes,
    sum({signal_off}) AS off
  FROM (SELECT DISTINCT customer_id, code FROM ({signals}) s) signal GROUP BY 1
), hand AS MATERIALIZED (
  SELECT newest.* FROM (
    SELECT DISTINCT ON (m.receivable_id) m.receivable_id, m.after, m.ruled_class, m.is_by_hand
    FROM receivables_classmove m
    WHERE m.receivable_id IN (
      SELECT h.receivable_id FROM receivables_classmove h WHERE h.is_by_hand)
    ORDER BY m.receivable_id, m.at DESC, m.id DESC) newest
  WHERE newest.is_by_hand
), seen AS (
  SELECT r.id, r.customer_id, r.value_class, r.due_on,
    GREATEST(%(today)s - r.due_on, 0) AS late, COALESCE(b.number, 0) AS broken,
    COALESCE(s.codes, '{{}}') AS signals, COALESCE(s.off, 0) AS signals_off
  FROM receivables_receivable r
  LEFT JOIN merged m ON m.id = r.customer_id
  LEFT JOIN broken b ON b.receivable_id = r.id
  LEFT JOIN signals s ON s.customer_id = COALESCE(m.merged_into_id, r.customer_id)
  WHERE r.state = 'open' {these}
), weighed AS (
  SELECT seen.*, COALESCE(late, 0) AS days,
    GREATEST(0, {base} - broken * {each_broken} - signals_off) AS likelihood FROM seen
), ruled AS (
  SELECT weighed.*, {rule} AS rule FROM weighed
), classed AS (
  SELECT ruled.*, {class_of} AS ruled_class FROM ruled
)
SELECT classed.*, {standing} AS class_now
FROM classed LEFT JOIN hand h ON h.receivable_id = classed.id
"""

_MOVES = """
CREATE TEMPORARY TABLE genjin_moves ON COMMIT {on_commit} AS
SELECT row_number() OVER () AS number, id, customer_id, value_class AS before, class_now AS after,
  ruled_class, rule, jsonb_build_object('days', days, 'due_on', due_on, 'broken', broken,
    'signals', signals, 'likelihood', likelihood) AS evidence
FROM ({seen}) found WHERE class_now <> value_class
"""

WRITE = f"""
WITH part AS MATERIALIZED (
  SELECT * FROM genjin_moves WHERE number > %(after)s AND number <= %(until)s
), free AS MATERIALIZED (
  SELECT r.id FROM receivables_receivable r JOIN part p ON p.id = r.id
  WHERE r.state = 'open' AND r.value_class = p.before
  FOR UPDATE OF r SKIP LOCKED
), moved AS (
  UPDATE receivables_receivable r SET value_class = p.after, class_since = %(today)s
  FROM part p WHERE r.id = p.id AND (p.id IN (SELECT id FROM free)) IS TRUE RETURNING r.id
), told AS (
  INSERT INTO receivables_classmove (id, customer_id, receivable_id, before, after, is_by_hand,
    ruled_class, rule, evidence, reason, approval, at, by_id)
  SELECT {UUID7}, p.customer_id, p.id, p.before, p.after, false, p.ruled_class, p.rule,
    p.evidence, '', '', %(now)s, NULL
  FROM part p WHERE (p.id IN (SELECT id FROM moved)) IS TRUE
)
SELECT count(*) FROM moved
"""  # noqa: S608 - put together from constants of this module


def _place(name: str) -> str:
    classes = ", ".join(f"'{code}'" for code in CLASSES)
    return f"array_position(ARRAY[{classes}]::text[], {name}::text)"


# `rules.classes.standing_class`.
_STANDING = f"""CASE WHEN h.receivable_id IS NULL THEN classed.ruled_class
    WHEN h.after = 'dead' OR {_place("classed.ruled_class")} <= {_place("h.ruled_class")}
      THEN h.after
    WHEN {_place("classed.ruled_class")} > {_place("h.after")} THEN classed.ruled_class
    ELSE h.after END"""


def _condition(number: int, rule: ClassRule, values: dict[str, Any]) -> str:
    parts = []
    if rule.days_past_due is not None:
        parts.append(f"COALESCE(late, 0) >= {int(rule.days_past_due)}")
    if rule.broken_promises is not None:
        parts.append(f"broken >= {int(rule.broken_promises)}")
    if rule.signals:
        values[f"signals{number}"] = list(rule.signals)
        parts.append(f"signals && %(signals{number})s::text[]")
    if rule.likelihood_below is not None:
        parts.append(f"likelihood < {int(rule.likelihood_below)}")
    return " AND ".join(parts)


def seen(
    terms: ClassTerms, *, today: date, broken_since: date, ids: Sequence[UUID] | None = None
) -> tuple[str, dict[str, Any]]:
    """A SELECT with one row for each open debt (or those in `ids`), and its parameters.

    Columns: id, customer_id, value_class (as it stands), due_on, late, broken, signals, days,
    likelihood, rule (the code), ruled_class, class_now (the class that counts).
    """
    values: dict[str, Any] = {"today": today, "broken_since": broken_since}
    when, then = [], []
    for number, rule in enumerate(terms.rules):
        values[f"rule{number}"], values[f"class{number}"] = rule.code, rule.value_class
        when.append(f"WHEN {_condition(number, rule, values)} THEN %(rule{number})s")
        then.append(f"WHEN %(rule{number})s THEN %(class{number})s")
    odds = terms.likelihood
    base = " ".join(
        f"WHEN COALESCE(late, 0) >= {int(days)} THEN {int(share)}"
        for days, share in reversed(odds.by_days)
    )
    off = []
    for number, (code, share) in enumerate(odds.signals.items()):
        values[f"signal{number}"] = code
        off.append(f"WHEN %(signal{number})s THEN {int(share)}")
    if ids is not None:
        values["ids"] = list(ids)
    text = _SEEN.format(
        merged=MERGED,
        signals=OPEN_SIGNALS,
        signal_off=f"CASE code {' '.join(off)} ELSE {int(odds.each_signal)} END"
        if off
        else str(int(odds.each_signal)),
        these="AND r.id = ANY(%(ids)s)" if ids is not None else "",
        base=f"CASE {base} ELSE 100 END" if base else "100",
        each_broken=int(odds.each_broken_promise),
        rule=f"CASE {' '.join(when)} WHEN late > 0 THEN 'within_grace' ELSE 'not_due' END::text",
        class_of=f"CASE rule {' '.join(then)} ELSE 'outstanding' END::text",
        standing=_STANDING,
    )
    return text, values


def moves(statement: str, *, lasts: bool) -> str:
    """Keeps in `genjin_moves` what differs; `lasts` beyond the present transaction."""
    return _MOVES.format(seen=statement, on_commit="PRESERVE ROWS" if lasts else "DROP")


def write_values(after: int, until: int, *, today: date, now: datetime) -> dict[str, Any]:
    return {"after": after, "until": until, "today": today, "now": now}
