"""Plans the follow-ups of a list that a domain ranked itself, each for its person (FU1).

The siblings in `planning` plan one contact, or a whole selection in one order. Here each row comes
with its own rank, person, channel and subject: the collection plan of a day, for everybody at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from genjin.followups import profiles
from genjin.followups.gate import standing
from genjin.followups.models import Queue
from genjin.followups.operations.planning import NEW_ID, REASONS, PlanResult, lane_columns
from genjin.followups.states import WAITING
from genjin.foundation import audit
from genjin.foundation.models import User


@dataclass(frozen=True)
class Listed:
    """One follow-up to plan: for whom it waits (None: for anybody), where it stands, by when."""

    customer_id: UUID
    rank: int
    channel: str
    subject: str
    assigned_to_id: int | None = None
    due_at: datetime | None = None


_KEEP = """
CREATE TEMPORARY TABLE genjin_listed (
  id uuid, position bigint, channel text, subject text, assigned_to bigint, due_at timestamptz
) ON COMMIT DROP
"""
# Rows of the same source that wait already take the new place; what somebody asked for at a time
# stays as it is.
_MOVE = """
UPDATE followups_followup f SET rank = l.position, subject = l.subject,
  assigned_to_id = l.assigned_to, due_at = l.due_at
FROM genjin_listed l
WHERE f.customer_id = l.id AND f.queue_id = %(queue)s AND f.source_kind = %(source_kind)s
  AND f.state = ANY(%(waiting)s) AND f.asked_at IS NULL
RETURNING f.customer_id
"""
_GROUPS = """
WITH picked AS MATERIALIZED (SELECT id, position FROM genjin_listed WHERE channel = %(channel)s),
stood AS ({standing})
SELECT DISTINCT time_zone, weekly, language, is_important FROM stood WHERE forbidden = ''
"""
_INSERT = """
WITH picked AS MATERIALIZED (
  SELECT l.id, l.position FROM genjin_listed l WHERE l.channel = %(channel)s
  AND NOT EXISTS (SELECT 1 FROM followups_followup f
    WHERE f.customer_id = l.id AND f.purpose = %(purpose)s
    AND f.state IN ('planned', 'ready', 'taken'))
), stood AS MATERIALIZED ({standing}), placed AS (
  SELECT s.*, n.lane_id, l.subject, l.assigned_to, l.due_at,
    GREATEST(held_until, cooling_until, capped_until) AS blocked_until
  FROM stood s JOIN genjin_listed l USING (id)
  LEFT JOIN unnest(%(zones)s::text[], %(weeklies)s::text[], %(languages)s::text[],
    %(importances)s::bool[], %(lane_ids)s::bigint[])
    AS n(time_zone, weekly, language, is_important, lane_id)
    USING (time_zone, weekly, language, is_important)
), added AS (
  INSERT INTO followups_followup (
    id, customer_id, queue_id, lane_id, channel, purpose, cause_key, source_kind, source_id,
    subject, state, rank, not_before, due_at, assigned_to_id, tries, last_outcome, withheld,
    created_at, created_by_id, end_reason)
  SELECT {new_id}, p.id, %(queue)s, p.lane_id, %(channel)s, %(purpose)s,
    %(prefix)s || ':' || p.id, %(source_kind)s, p.id::text, p.subject,
    CASE WHEN p.blocked_until IS NULL THEN 'ready' ELSE 'planned' END, p.position,
    COALESCE(p.blocked_until, %(now)s::timestamptz), p.due_at, p.assigned_to, 0, '', {reasons},
    %(now)s, %(by)s, ''
  FROM placed p CROSS JOIN LATERAL (
    SELECT replace(gen_random_uuid()::text, '-', '') AS random_hex, p.id AS for_row) r
  WHERE p.forbidden = ''
  ON CONFLICT (cause_key) DO NOTHING RETURNING 1
)
SELECT forbidden, count(*), (SELECT count(*) FROM added) FROM placed GROUP BY forbidden
"""


@transaction.atomic
def plan_listed(
    rows: Sequence[Listed],
    *,
    queue: Queue,
    cause_prefix: str,
    source_kind: str,
    by: User | None,
    now: datetime,
) -> PlanResult:
    """Plans one contact with every customer of a list, through the gate, in a few statements.

    The source of each is (`source_kind`, customer). A customer for whom one of this queue and
    source waits already gets the new place, person and subject instead of a second row. Who has
    another one of the same purpose open, in hand or at a time they asked for, gets none either.
    Customers that refused get none and are counted in `held_back`.
    """
    if not rows:
        return PlanResult(0, 0)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.genjin_listed")
        cursor.execute(_KEEP)
        with cursor.copy("COPY genjin_listed FROM STDIN") as copy:
            for one in rows:
                copy.write_row((one.customer_id, one.rank, one.channel, one.subject[:200],
                                one.assigned_to_id, one.due_at))  # fmt: skip
        cursor.execute("ANALYZE genjin_listed")
        values: dict[str, Any] = {
            "queue": queue.pk, "source_kind": source_kind, "waiting": list(WAITING),
        }  # fmt: skip
        cursor.execute(_MOVE, values)
        moved = cursor.rowcount
    planned, held_back = 0, dict[str, int]()
    values |= {"purpose": queue.purpose, "prefix": cause_prefix, "now": now,
               "by": by.pk if by else None}  # fmt: skip
    for channel in sorted({one.channel for one in rows}):
        added, forbidden = _plan_channel(channel, values, now)
        planned += added
        for code, count in forbidden.items():
            held_back[code] = held_back.get(code, 0) + count
    if planned:
        audit.record("plan", queue, by=by, now=now,
                     changes={"followups": [None, planned]})  # fmt: skip
    return PlanResult(planned, moved, held_back)


def _plan_channel(
    channel: str, values: dict[str, Any], now: datetime
) -> tuple[int, dict[str, int]]:
    purpose = str(values["purpose"])
    statement, known = standing(profiles.profile(), purpose=purpose, channel=channel, now=now)
    with connection.cursor() as cursor:
        cursor.execute(_GROUPS.format(standing=statement), {**known, "channel": channel})
        lanes = lane_columns(cursor.fetchall(), purpose, channel)
        cursor.execute(
            _INSERT.format(standing=statement, new_id=NEW_ID, reasons=REASONS),
            {**known, **values, **lanes, "channel": channel},
        )
        found = cursor.fetchall()
    added = found[0][2] if found else 0
    return added, {code: count for code, count, _ in found if code}
