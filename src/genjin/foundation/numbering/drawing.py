"""Draws numbers: one conditional statement inside the transaction of the paper.

The counter's row stays locked until that transaction ends: this is what gives a rolled-back
number back. So draw last, after everything slow, and never wait for a person, a network or a PDF
after it; whoever wants the next number of the same series waits that long. A transaction that
draws from several series draws in the order of their codes, or two could wait for each other.
"""

from datetime import date

from django.db import connection
from django.db.transaction import TransactionManagementError

from genjin.foundation.numbering.rules import Pattern, period_of
from genjin.foundation.numbering.series import ensure_series

# The series is locked in share: a change of its pattern waits for numbers that are being drawn,
# so that no two transactions ever count by different rules.
_DRAW = """
WITH series AS (
  SELECT code, pattern, stem, reset FROM foundation_numberseries WHERE code = %(code)s FOR SHARE
), drawn AS (
  INSERT INTO foundation_numbercounter AS counter (series_id, stem, period, last)
  SELECT code, stem,
         CASE reset WHEN 'year' THEN %(year)s WHEN 'month' THEN %(month)s ELSE '' END, %(count)s
  FROM series
  ON CONFLICT (series_id, stem, period) DO UPDATE SET last = counter.last + %(count)s
  RETURNING last
)
SELECT series.pattern, drawn.last FROM series, drawn
"""


def draw(series: str, *, on: date) -> str:
    """Gives the next number of a series for a paper of the day `on`.

    The caller holds the transaction that writes the paper; when it is rolled back, the number is
    the next one again. Raises KeyError for a series that policy/numbering.toml does not name.
    """
    return draw_many(series, on=on, count=1)[0]


def draw_many(series: str, *, on: date, count: int) -> list[str]:
    """Gives `count` numbers in a row, for a run that makes many papers in one transaction."""
    if not connection.in_atomic_block:
        raise TransactionManagementError("a number is drawn in the transaction of its paper")
    if count < 1:
        return []
    found = _drawn(series, on, count)
    if found is None:
        ensure_series(series)
        found = _drawn(series, on, count)
        assert found is not None
    pattern, last = Pattern.of(found[0]), found[1]
    return [pattern.written(number, on) for number in range(last - count + 1, last + 1)]


def _drawn(series: str, on: date, count: int) -> tuple[str, int] | None:
    values: dict[str, str | int] = {
        "code": series,
        "year": period_of("year", on),
        "month": period_of("month", on),
        "count": count,
    }
    with connection.cursor() as cursor:
        cursor.execute(_DRAW, values)
        found: tuple[str, int] | None = cursor.fetchone()
    return found
