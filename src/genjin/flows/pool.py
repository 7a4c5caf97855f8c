"""The night's work of the pool: who is told that a card will go back, and what goes back (CU17).

Each is one statement whatever the number of cards: it weighs every card in somebody's custody,
leaves out those about which something is open, and writes what follows together: the card, its
record of custody, its line in the timeline, and the follow-ups that waited for the old custodian.
`customers.pool.rules` says the same for one card.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from genjin.customers.models import Customer
from genjin.customers.operations.custody import GIVEN_BACK, move_custody, today_of
from genjin.customers.pool import queries
from genjin.customers.pool.rules import GRACE_DAYS, Terms
from genjin.followups.models import FollowUp
from genjin.followups.operations import reassign
from genjin.followups.states import WAITING
from genjin.foundation import audit
from genjin.foundation.access import has_right
from genjin.foundation.models import User
from genjin.foundation.sql import UUID7
from genjin.kernel.errors import BadInput, LostRace, NotAllowed
from genjin.kernel.problems import Reason

# What is open about a customer, by code; `c` has id and last_deal. `%(now)s` and `%(today)s`.
OPEN = {
    "order": "c.last_deal > %(today)s::date - %(order_days)s::int",
    "promise": """EXISTS (SELECT 1 FROM followups_commitment p
      WHERE p.customer_id = c.id AND p.state = 'open')""",
    "complaint": """EXISTS (SELECT 1 FROM customers_hold h WHERE h.customer_id = c.id
      AND h.reason = 'complaint' AND h.released_at IS NULL AND h.ends_at > %(now)s)""",
    "in_hand": """EXISTS (SELECT 1 FROM followups_followup f
      WHERE f.customer_id = c.id AND f.state = 'taken')""",
    "callback": """EXISTS (SELECT 1 FROM followups_followup f WHERE f.customer_id = c.id
      AND f.state IN ('planned', 'ready') AND f.asked_at IS NOT NULL)""",
    "job": """EXISTS (SELECT 1 FROM followups_followup f WHERE f.customer_id = c.id
      AND f.state IN ('planned', 'ready') AND f.purpose = 'service')""",
}
# Every card in custody whose day is near, with its day, the reason and the day that was told.
_DUE = """
held AS (
  SELECT c.id, c.custodian_id, c.team_id, c.region, s.last_deal_on AS last_deal, c.protected_until,
    COALESCE(c.custodian_since, c.created_at) AS since_at,
    (COALESCE(c.custodian_since, c.created_at) AT TIME ZONE %(zone)s)::date AS since,
    (c.last_contact_at AT TIME ZONE %(zone)s)::date AS last_contact
  FROM customers_customer c LEFT JOIN customers_standing s ON s.customer_id = c.id
  WHERE c.custodian_id IS NOT NULL AND c.merged_into_id IS NULL {whose}
), dated AS (
  SELECT held.*,
    CASE WHEN %(no_contact_days)s::int > 0
      THEN GREATEST(since, last_contact) + %(no_contact_days)s::int END AS by_contact,
    CASE WHEN %(no_deal_days)s::int > 0
      THEN GREATEST(since, last_deal) + %(no_deal_days)s::int END AS by_deal,
    CASE WHEN last_deal IS NULL OR last_deal < since THEN protected_until + 1 END AS by_protection
  FROM held
), due AS (
  SELECT dated.*, LEAST(by_contact, by_deal, by_protection) AS day,
    CASE LEAST(by_contact, by_deal, by_protection)
      WHEN by_contact THEN 'returned_no_contact' WHEN by_deal THEN 'returned_no_deal'
      ELSE 'returned_protection' END AS reason,
    (SELECT max(w.returns_on) FROM customers_poolwarning w
     WHERE w.customer_id = dated.id AND w.custodian_id = dated.custodian_id
       AND w.returns_on >= %(today)s::date - {grace} AND w.at >= dated.since_at) AS planned
  FROM dated WHERE LEAST(by_contact, by_deal, by_protection) <= %(today)s::date + {near}
)"""
_FREE = f"NOT ({' OR '.join(f'COALESCE({test}, false)' for test in OPEN.values())})"
_WARN = f"""
WITH {_DUE}, told AS (
  SELECT c.id, c.custodian_id, c.reason,
    CASE WHEN c.planned IS NULL THEN GREATEST(c.day, %(today)s::date + %(notice)s::int)
         ELSE GREATEST(c.day, c.planned) END AS returns_on
  FROM due c WHERE {_FREE}
)
INSERT INTO customers_poolwarning
  (customer_id, custodian_id, returns_on, days_before, reason, at)
SELECT told.id, told.custodian_id, told.returns_on,
  (SELECT min(step) FROM unnest(%(steps)s::int[]) step
   WHERE step >= told.returns_on - %(today)s::date), told.reason, %(now)s
FROM told WHERE told.returns_on > %(today)s::date
ON CONFLICT (customer_id, custodian_id, returns_on, days_before) DO NOTHING
"""  # noqa: S608 - put together from constants of this module
_RETURN = f"""
WITH {_DUE}, going AS MATERIALIZED (
  SELECT c.id, c.custodian_id, c.reason, c.day, a.team_id AS area_team_id FROM due c
  LEFT JOIN unnest(%(codes)s::text[], %(teams)s::bigint[]) AS a(code, team_id)
    ON a.code = c.region
  WHERE c.day <= %(today)s::date AND c.planned <= %(today)s::date AND {_FREE}
), returned AS (
  UPDATE customers_customer k
  SET custodian_id = NULL, custodian_since = NULL, protected_until = NULL, changed_at = %(now)s,
    team_id = CASE WHEN %(by_region)s THEN g.area_team_id ELSE k.team_id END
  FROM going g WHERE k.id = g.id AND k.custodian_id = g.custodian_id AND k.merged_into_id IS NULL
  RETURNING k.id, g.custodian_id, k.team_id, g.reason, {UUID7} AS change_id
), recorded AS (
  INSERT INTO customers_custodychange (id, customer_id, before_id, after_id, team_id, reason, at)
  SELECT change_id, id, custodian_id, NULL, team_id, reason, %(now)s FROM returned
), told AS (
  INSERT INTO customers_timelineentry
    (id, customer_id, at, kind, code, data, source_kind, source_id)
  SELECT {UUID7}, r.id, %(now)s, 'custody', 'custodian_changed',
    jsonb_build_object('from', u.name, 'to', '', 'why', r.reason, 'reason', ''),
    'custodychange', r.change_id::text
  FROM returned r JOIN foundation_user u ON u.id = r.custodian_id
), freed AS (
  UPDATE followups_followup f SET assigned_to_id = NULL FROM returned r
  WHERE f.customer_id = r.id AND f.assigned_to_id = r.custodian_id
    AND f.state IN ('planned', 'ready')
  RETURNING 1
)
SELECT reason, count(*), (SELECT count(*) FROM freed) FROM returned GROUP BY reason
"""  # noqa: S608


@dataclass(frozen=True)
class Returned:
    """What a night brought back: cards by reason, and follow-ups that wait for anybody again."""

    by_reason: dict[str, int] = field(default_factory=dict)
    followups: int = 0

    @property
    def cards(self) -> int:
        return sum(self.by_reason.values())


def _values(terms: Terms, now: datetime) -> dict[str, Any]:
    known = queries.areas() if terms.by == "region" else {}
    return {
        "now": now,
        "today": today_of(now),
        "zone": settings.TIME_ZONE,
        "no_contact_days": terms.no_contact_days,
        "no_deal_days": terms.no_deal_days,
        "order_days": terms.order_days,
        "notice": terms.notice,
        "steps": list(terms.warn_days),
        "by_region": terms.by == "region",
        "codes": list(known),
        "teams": list(known.values()),
    }


def _statement(text: str, *, near: str, whose: str = "") -> str:
    return text.replace("{near}", near).replace("{whose}", whose).replace(
        "{grace}", str(GRACE_DAYS)
    )  # fmt: skip


@transaction.atomic
def warn_of_return(now: datetime) -> int:
    """Tells custodians which cards go back in 7, 3 and 1 days; returns how many warnings are new.

    Running it again the same day tells nothing twice.
    """
    terms = queries.terms()
    if not terms.warn_days:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_statement(_WARN, near="%(notice)s::int"), _values(terms, now))
        return int(cursor.rowcount)


@transaction.atomic
def return_to_pool(now: datetime) -> Returned:
    """Brings back the cards whose day has come and which were told of; one statement for all.

    Somebody who contacts, sells or promises meanwhile is safe: the card is weighed in the
    statement itself. Running it again the same day finds nothing.
    """
    terms = queries.terms()
    with connection.cursor() as cursor:
        cursor.execute(_statement(_RETURN, near="0"), _values(terms, now))
        rows = cursor.fetchall()
    result = Returned({reason: count for reason, count, _ in rows}, rows[0][2] if rows else 0)
    if result.cards:
        audit.record("return_to_pool", ("customer", "many"), by=None, now=now,
                     changes={**result.by_reason, "followups": result.followups})  # fmt: skip
    return result


@transaction.atomic
def give_back(customer: Customer, *, reason: str, by: User, now: datetime) -> None:
    """A custodian gives a card back to the pool; what waited for them waits for anybody.

    Raises NotAllowed for somebody else's card without the right to give cards away, BadInput
    without a reason, LostRace when it changed hands meanwhile.
    """
    if customer.custodian_id != by.pk and not has_right(by, "customers.assign"):
        raise NotAllowed("right_missing", right="customers.assign")
    if not reason.strip():
        raise BadInput({"reason": [Reason("required")]})
    keeper = customer.custodian
    if keeper is None or not move_custody(
        [customer], to=None, team=None, reason=GIVEN_BACK, note=reason.strip(), by=by, now=now
    ):
        raise LostRace("already_in_the_pool")
    waiting = FollowUp.objects.filter(
        customer=customer, assigned_to=keeper, state__in=WAITING
    ).exclude(source_kind="commitment")
    reassign(waiting, to=None, by=by, now=now, reason=GIVEN_BACK)


# ── What one person is shown ─────────────────────────────────────────────────────────────────

_SHOWN = f"""
WITH {_DUE}
SELECT c.id, c.day, c.reason, c.planned, c.protected_until,
  {", ".join(f"COALESCE({test}, false) AS is_{code}" for code, test in OPEN.items())}
FROM due c ORDER BY c.day, c.id LIMIT %(limit)s
"""  # noqa: S608


@dataclass(frozen=True)
class Outlook:
    """When a card of mine may go back, why, and what keeps it. `told` : a warning names the day."""

    customer_id: UUID
    day: date
    reason: str
    told: date | None
    protected_until: date | None
    open: tuple[str, ...]

    @property
    def goes_on(self) -> date:
        """The day it goes back, as told; before that, as the rules have it."""
        return max(self.day, self.told) if self.told else self.day


def outlook(user: User, now: datetime, *, within_days: int = 30, limit: int = 200) -> list[Outlook]:
    """A person's cards that may go back to the pool soon, the nearest first; one statement."""
    values = {**_values(queries.terms(), now), "near": within_days, "me": user.pk, "limit": limit}
    statement = _statement(_SHOWN, near="%(near)s::int", whose="AND c.custodian_id = %(me)s")
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows = cursor.fetchall()
    return [
        Outlook(pk, day, reason, told, protected,
                tuple(code for code, is_open in zip(OPEN, flags, strict=True) if is_open))
        for pk, day, reason, told, protected, *flags in rows
    ]  # fmt: skip


def warned(user: User, now: datetime) -> list[Outlook]:
    """The cards that this person was told will go back, and that still will."""
    near = outlook(user, now, within_days=queries.terms().notice)
    return [one for one in near if one.told is not None and not one.open]
