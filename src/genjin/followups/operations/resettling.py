"""Decides many waiting follow-ups anew, set by set: after an import, after a change of the policy.

What `redeciding.redecide` does for one customer. Three kinds of rows differ:

* every waiting row gets the lane that its customer's zone, language, hours and importance give;
* a row that the gate kept back, or that is ready, stands by what the gate says now;
* a row that was planned for later keeps its moment: the gate is asked when it comes;
* a row whose customer asked to be called back at a time is decided by itself: there are few.

What the customer may no longer be asked (refused, no consent under another profile) stays until
its turn, where the gate refuses it: a profile chosen by mistake costs no queue.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from genjin.followups import lanes, profiles
from genjin.followups.claims import NEVER_BY_ITSELF
from genjin.followups.gate import POINT_KINDS, STATED, standing
from genjin.followups.lanes import LaneKey
from genjin.followups.models import FollowUp
from genjin.followups.operations.planning import REASONS
from genjin.followups.operations.redeciding import redecide_row
from genjin.followups.states import FOLLOWUP_STATES, WAITING, State
from genjin.foundation import audit
from genjin.foundation.models import User

for _old, _new in ((State.READY, State.PLANNED), (State.PLANNED, State.READY)):
    FOLLOWUP_STATES.check(_old, _new)

Progress = Callable[[int, int], None]
_CHUNK = 10_000

_KEEP = """
CREATE TEMPORARY TABLE genjin_waiting AS
SELECT f.id, f.customer_id, f.purpose, f.channel,
  row_number() OVER (ORDER BY f.purpose, f.channel, f.id) AS number
FROM followups_followup f
WHERE f.state IN ('planned', 'ready') AND f.not_before < %(never)s {these}
"""
_SPANS = """
SELECT purpose, channel, min(number) - 1, max(number) FROM genjin_waiting
GROUP BY purpose, channel ORDER BY 3
"""
# What makes the lane of each row; as `planning.lane_for` says for one.
_KEYS = f"""
SELECT f.id, c.time_zone, {STATED.format(person="f.person_id")} AS weekly,
  COALESCE(NULLIF(n.language, ''), c.language) AS language, f.lane_id AS old_lane,
  c.is_key AS is_important, f.asked_at IS NOT NULL AS is_asked
FROM genjin_waiting w
JOIN followups_followup f ON f.id = w.id
JOIN customers_customer c ON c.id = f.customer_id
LEFT JOIN customers_contactperson n ON n.id = f.person_id
WHERE w.number > %(after)s AND w.number <= %(until)s
"""  # noqa: S608 - put together from constants
_GROUPS = f"""
SELECT DISTINCT time_zone, weekly, language, old_lane, is_important, is_asked FROM ({_KEYS}) k
"""  # noqa: S608 - put together from constants
_LANES = f"""
UPDATE followups_followup f SET lane_id = g.lane_id
FROM ({_KEYS}) k
JOIN unnest(%(zones)s::text[], %(weeklies)s::text[], %(languages)s::text[], %(old_lanes)s::bigint[],
    %(importances)s::bool[], %(askeds)s::bool[], %(lane_ids)s::bigint[])
  AS g(time_zone, weekly, language, old_lane, is_important, is_asked, lane_id)
  ON g.time_zone = k.time_zone AND g.weekly = k.weekly AND g.language = k.language
  AND g.old_lane = k.old_lane AND g.is_important = k.is_important AND g.is_asked = k.is_asked
WHERE f.id = k.id AND f.state IN ('planned', 'ready') AND f.lane_id <> g.lane_id
"""  # noqa: S608 - put together from constants
_STAND = """
WITH picked AS MATERIALIZED (
  SELECT DISTINCT customer_id AS id, 0 AS position FROM genjin_waiting
  WHERE number > %(after)s AND number <= %(until)s
), stood AS MATERIALIZED ({standing}), decided AS (
  SELECT p.id, GREATEST(p.held_until, p.cooling_until, p.capped_until) AS blocked_until,
    {reasons} AS withheld
  FROM stood p WHERE p.forbidden = ''
)
UPDATE followups_followup f SET
  state = CASE WHEN d.blocked_until IS NULL THEN 'ready' ELSE 'planned' END,
  not_before = COALESCE(d.blocked_until, LEAST(f.not_before, %(now)s::timestamptz)),
  withheld = d.withheld
FROM decided d, genjin_waiting w
WHERE w.number > %(after)s AND w.number <= %(until)s AND f.id = w.id AND d.id = f.customer_id
  AND f.asked_at IS NULL AND (
    (f.state = 'planned' AND f.withheld <> '[]'::jsonb
      AND (d.blocked_until IS DISTINCT FROM f.not_before))
    OR (f.state = 'ready' AND d.blocked_until IS NOT NULL))
"""
_ASKED = """
SELECT f.id FROM genjin_waiting w JOIN followups_followup f ON f.id = w.id
WHERE f.asked_at IS NOT NULL AND f.state IN ('planned', 'ready') ORDER BY f.id
"""


def resettle(
    customers: Iterable[UUID] | None = None,
    *,
    by: User | None,
    now: datetime,
    on_progress: Progress | None = None,
) -> int:
    """Decides what waits for these customers (None: for all) anew; returns how many rows moved.

    Chunks of 10,000, each a transaction of its own; killed in the middle and repeated it comes to
    the same. Rows in hand are left alone: they are asked again when the contact begins.
    """
    total = _keep(None if customers is None else sorted(customers))
    moved = 0
    for purpose, channel, start, end in _spans():
        for after in range(start, end, _CHUNK):
            until = min(end, after + _CHUNK)
            moved += _resettle_chunk(purpose, channel, after=after, until=until, now=now)
            if on_progress:
                on_progress(until, total)
    moved += _resettle_asked(now=now)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE genjin_waiting")
    if moved:
        audit.record("redecide", ("followup", "*"), by=by, now=now,
                     changes={"count": [None, moved]})  # fmt: skip
    return moved


def _keep(customers: list[UUID] | None) -> int:
    """Writes down which rows wait, so that every chunk sees the same ones."""
    these = "" if customers is None else "AND f.customer_id = ANY(%(customers)s::uuid[])"
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.genjin_waiting")
        cursor.execute(
            _KEEP.format(these=these), {"never": NEVER_BY_ITSELF, "customers": customers}
        )
        cursor.execute("CREATE INDEX ON genjin_waiting (number)")
        cursor.execute("ANALYZE genjin_waiting")
        cursor.execute("SELECT count(*) FROM genjin_waiting")
        return int(cursor.fetchone()[0])


def _spans() -> list[tuple[str, str, int, int]]:
    """The purposes and channels with the numbers of their rows: (after, until)."""
    with connection.cursor() as cursor:
        cursor.execute(_SPANS)
        return list(cursor.fetchall())


@transaction.atomic
def _resettle_chunk(purpose: str, channel: str, *, after: int, until: int, now: datetime) -> int:
    span: dict[str, Any] = {
        "after": after, "until": until, "point_kind": POINT_KINDS.get(channel, "")
    }  # fmt: skip
    statement, values = standing(profiles.profile(), purpose=purpose, channel=channel, now=now)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM followups_followup f JOIN genjin_waiting w ON w.id = f.id "
            "WHERE w.number > %(after)s AND w.number <= %(until)s ORDER BY f.id "
            "FOR UPDATE OF f",
            span,
        )
        cursor.execute(_GROUPS, span)
        columns = _lane_columns(cursor.fetchall(), purpose, channel)
        cursor.execute(_LANES, span | columns)
        moved = cursor.rowcount
        cursor.execute(_STAND.format(standing=statement, reasons=REASONS), values | span)
        return moved + cursor.rowcount


def _lane_columns(groups: list[tuple[Any, ...]], purpose: str, channel: str) -> dict[str, Any]:
    """The lanes of groups of rows, as columns for the statement."""
    return {
        "zones": [group[0] for group in groups],
        "weeklies": [group[1] for group in groups],
        "languages": [group[2] for group in groups],
        "old_lanes": [group[3] for group in groups],
        "importances": [group[4] for group in groups],
        "askeds": [group[5] for group in groups],
        "lane_ids": [
            lanes.lane_id(
                LaneKey(
                    purpose=purpose,
                    time_zone=lanes.zone_of(zone),
                    weekly=lanes.weekly_of(channel, stated=weekly, is_asked=is_asked),
                    language=lanes.language_of(language),
                    skills=tuple(lanes.by_id(old).skills),
                    is_important=is_important,
                )
            )
            for zone, weekly, language, old, is_important, is_asked in groups
        ],
    }


def _resettle_asked(*, now: datetime) -> int:
    """The rows that were asked for a time, one by one."""
    with connection.cursor() as cursor:
        cursor.execute(_ASKED)
        ids = [row[0] for row in cursor.fetchall()]
    moved = 0
    for pk in ids:
        with transaction.atomic():
            rows = FollowUp.objects.select_for_update(of=("self",)).filter(
                pk=pk, state__in=WAITING, not_before__lt=NEVER_BY_ITSELF
            )
            if row := rows.select_related("queue", "person", "customer").first():
                moved += redecide_row(row, row.customer, now=now, by=None, with_hours=False)
    return moved
