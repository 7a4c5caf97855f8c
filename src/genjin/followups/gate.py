"""Gathers the gate's facts, asks it for one customer and forecasts it for many (FU3).

The facts of one customer are one JSON value made by the database's function `genjin_gate_facts`
(migration 0009), which the take calls as well, so that taking and deciding are one round trip.
The forecast says in SQL what `rules.decide` says in Python; a test holds the two together.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection, models

from genjin.customers.family import counting_answers
from genjin.customers.models import ContactPerson, ContactPoint, Customer
from genjin.followups import lanes, profiles, rules, stops
from genjin.followups.models import FollowUp, Queue
from genjin.followups.prepared import Prepared, read_json, read_text
from genjin.followups.rules import (
    Allowed,
    ConsentFact,
    ContactFact,
    GateFacts,
    HoldFact,
    Profile,
    Withheld,
    decide,
)
from genjin.kernel.errors import GenjinError

# The kind of contact point that a channel uses.
POINT_KINDS = {"call": "phone", "message": "phone", "email": "email", "fax": "fax", "web": "web"}

# The hours a customer stated: of the first number in use, else of the person, else of the card.
# Needs the aliases c (customer) and f (with person_id), and %(point_kind)s.
STATED = """COALESCE(
  (SELECT h.weekly FROM (
     SELECT p.stated_hours_id FROM customers_contactpoint p
     WHERE p.customer_id = c.id AND p.kind = %(point_kind)s AND p.is_active
     ORDER BY p.position, p.id LIMIT 1) first_point
   JOIN customers_contacthours h ON h.id = first_point.stated_hours_id),
  (SELECT h.weekly FROM customers_contactperson n
   JOIN customers_contacthours h ON h.id = n.stated_hours_id WHERE n.id = {person}),
  (SELECT h.weekly FROM customers_contacthours h WHERE h.id = c.stated_hours_id), '')"""

# The facts of one card as `facts_from` reads them, NULL when there is no such card. Needs the
# parameters of `fact_parameters`; {card}, {person} and {purpose} are SQL expressions.
FACTS = """genjin_gate_facts({card}, {person}, {purpose}, %(point_kind)s,
  %(now)s::timestamptz, %(contacts_since)s::timestamptz, %(refusals_since)s::timestamptz,
  %(refusals)s::text[])"""


class WithheldError(GenjinError):
    """The gate says no: `reasons` (strongest first) and the next moment it would say yes."""

    code = "withheld"

    def __init__(self, withheld: Withheld) -> None:
        self.withheld = withheld
        self.reasons = withheld.reasons
        self.next_allowed_at = withheld.next_allowed_at
        super().__init__(
            reasons=[reason.to_json() for reason in withheld.reasons],
            next_allowed_at=withheld.next_allowed_at,
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.withheld,)


def fact_parameters(profile: Profile, now: datetime, channel: str = "call") -> dict[str, Any]:
    """The values that `FACTS` needs."""
    return {
        "now": now,
        "contacts_since": now - profile.longest_window,
        "refusals_since": now - profile.cool_off,
        "refusals": lanes.literal(profile.refusals),
        "point_kind": POINT_KINDS.get(channel, ""),
    }


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def facts_from(
    data: Mapping[str, Any],
    *,
    purpose: str,
    channel: str,
    queue_weekly: str,
    asked_at: datetime | None,
    profile: Profile,
    now: datetime,
    point_status: str = "",
) -> GateFacts:
    """The facts out of the JSON value of one card; what it leaves out is not there."""
    moment = datetime.fromisoformat
    return GateFacts(
        purpose=purpose,
        channel=channel,
        time_zone=lanes.zone_of(data["time_zone"]),
        profile=profile,
        consents=_answers(data, purpose=purpose, channel=channel, profile=profile),
        holds=tuple(
            HoldFact(frozenset(stopped), reason, moment(start), moment(end), _moment(collect))
            for stopped, reason, start, end, collect in data.get("holds") or ()
        ),
        stated=lanes.parsed(data.get("stated") or ""),
        queue_hours=lanes.parsed(queue_weekly),
        asked_at=asked_at,
        refused_at=_moment(data.get("refused_at")),
        contacts=tuple(
            ContactFact(moment(at), why, on, bool(talked))
            for at, why, on, talked in data.get("contacts") or ()
        ),
        closed_dates=profiles.closed_dates(profile.country, now.year),
        point_status=point_status,
        stop=stops.stopping(purpose, now),
        stopped_until=now + stops.ASKED_AGAIN_AFTER,
    )


def _said(rows: Iterable[Any] | None) -> list[ConsentFact]:
    return [
        ConsentFact(on, why, answer == "given", datetime.fromisoformat(at))
        for on, why, answer, at in rows or ()
    ]


def _answers(
    data: Mapping[str, Any], *, purpose: str, channel: str, profile: Profile
) -> tuple[ConsentFact, ...]:
    """What the customer answered; of a card that others were merged into what counts of it all."""
    own = _said(data.get("consents"))
    merged = data.get("merged")
    if not merged:
        return tuple(own)
    cards = [own, *(_said(rows) for _at, rows in merged)]
    last = max(datetime.fromisoformat(at) for at, _rows in merged)
    return tuple(
        counting_answers(
            (
                [one for one in card
                 if rules.covers(one, channel=channel, purpose=purpose, profile=profile)]
                for card in cards
            ),
            last,
        )
    )  # fmt: skip


def connection_rows(statement: str, parameters: Mapping[str, Any]) -> list[Any]:
    """The rows of one statement on Django's connection."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()


_STATED = Prepared(
    "genjin_stated",
    f"""SELECT {STATED.format(person="%(person)s::uuid")}
        FROM customers_customer c WHERE c.id = %(customer)s::uuid""",  # noqa: S608 - fixed text
    [read_text],
)
_FACTS = Prepared(
    "genjin_facts",
    "SELECT "
    + FACTS.format(card="%(customer)s::uuid", person="%(person)s::uuid", purpose="%(purpose)s"),
    [read_json],
)


def _asked(statement: Prepared, **values: Any) -> Any:
    """The one value that a statement about one customer gives."""
    row = statement.first(statement.bind(values))
    if row is None or row[0] is None:
        raise Customer.DoesNotExist(str(values["customer"]))
    return row[0]


def stated_hours(customer: Customer, *, channel: str, person: UUID | None = None) -> str:
    """The weekly hours that a customer asked for on a channel; empty when they asked for none."""
    kind = POINT_KINDS.get(channel, "")
    return str(_asked(_STATED, person=person, customer=customer.pk, point_kind=kind))


def facts_for(
    customer: Customer,
    *,
    purpose: str,
    channel: str,
    now: datetime,
    point: ContactPoint | None = None,
    person: ContactPerson | UUID | None = None,
    queue: Queue | None = None,
    asked_at: datetime | None = None,
) -> GateFacts:
    """Everything the gate weighs for one customer, read now.

    With a `point` its status, its own stated hours and the contacts made to that number by way
    of any card count as well.
    """
    profile = profiles.profile()
    person_id = person.pk if isinstance(person, ContactPerson) else person
    data = _asked(
        _FACTS,
        **fact_parameters(profile, now, channel),
        purpose=purpose,
        person=person_id,
        customer=customer.pk,
    )
    if point is not None and point.stated_hours_id:
        data["stated"] = point.stated_hours.weekly if point.stated_hours else data.get("stated")
    if point is not None and point.value:
        data["contacts"] = _with_contacts_at(data.get("contacts"), customer, point, profile, now)
    return facts_from(
        data,
        purpose=purpose,
        channel=channel,
        queue_weekly=queue.weekly if queue else "",
        asked_at=asked_at,
        profile=profile,
        now=now,
        point_status=point.status if point else "",
    )


def answers_that_count(
    customer: Customer, pairs: Iterable[tuple[str, str]], *, now: datetime
) -> dict[tuple[str, str], ConsentFact | None]:
    """The answer that counts for each (purpose, channel), None where the customer said nothing."""
    profile = profiles.profile()
    data = _asked(_FACTS, **fact_parameters(profile, now), purpose="service", person=None,
                  customer=customer.pk)  # fmt: skip
    found: dict[tuple[str, str], ConsentFact | None] = {}
    for purpose, channel in pairs:
        said = _answers(data, purpose=purpose, channel=channel, profile=profile)
        about = partial(rules.covers, channel=channel, purpose=purpose, profile=profile)
        covering = [one for one in said if about(one)]
        found[purpose, channel] = max(covering, key=lambda one: one.at, default=None)
    return found


def _with_contacts_at(
    known: list[Any] | None,
    customer: Customer,
    point: ContactPoint,
    profile: Profile,
    now: datetime,
) -> list[Any]:
    """The customer's contacts and those made to the same number for other cards."""
    rows = connection_rows(
        """SELECT started_at, purpose, channel, is_conversation FROM followups_contact
           WHERE address = %(address)s AND customer_id <> %(customer)s
           AND started_at > %(since)s""",
        {
            "address": point.value,
            "customer": customer.pk,
            "since": now - profile.longest_window,
        },
    )
    return [*(known or ()), *([at.isoformat(), *rest] for at, *rest in rows)]


def ask(
    customer: Customer,
    *,
    purpose: str,
    channel: str,
    now: datetime,
    point: ContactPoint | None = None,
    followup: FollowUp | None = None,
) -> Allowed | Withheld:
    """May this customer be contacted, for this purpose, on this channel, now?

    With a `followup` its queue's hours, its person and the time asked for count.
    """
    facts = facts_for(
        customer,
        purpose=purpose,
        channel=channel,
        now=now,
        point=point,
        person=followup.person_id if followup else None,
        queue=followup.queue if followup else None,
        asked_at=followup.asked_at if followup else None,
    )
    return decide(facts, now)


@dataclass(frozen=True)
class GateForecast:
    """What the gate would say to many customers now: how many, and how many for which reason.

    A customer with several reasons counts under the strongest. `numbers` counts the customers by
    what is the matter with their numbers (`none`: there is no number in use; else a status);
    the gate says so when a number is chosen, and `allowed` does not take it off.
    """

    total: int
    allowed: int
    held_back: dict[str, int] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)


def _cap_columns(profile: Profile, purpose: str, channel: str) -> tuple[str, dict[str, Any]]:
    """One expression: until when a cap withholds the customer, NULL if none does."""
    parts: list[str] = []
    values: dict[str, Any] = {}
    for number, cap in enumerate(profile.caps):
        if not cap.binds(purpose, channel):
            continue
        values |= {
            f"cap{number}_channels": sorted(cap.channels),
            f"cap{number}_purposes": sorted(cap.purposes),
            f"cap{number}_offset": cap.limit - 1,
            f"cap{number}_seconds": cap.seconds,
        }
        talked = " AND k.is_conversation" if cap.counts == "conversations" else ""
        why = f" AND k.purpose = ANY(%(cap{number}_purposes)s)" if cap.purposes else ""
        window = f"make_interval(secs => %(cap{number}_seconds)s)"
        parts.append(
            f"(SELECT k.started_at + {window} FROM followups_contact k "  # noqa: S608
            f"WHERE k.customer_id = c.id AND k.channel = ANY(%(cap{number}_channels)s)"
            f"{why}{talked} AND k.started_at > %(now)s::timestamptz - {window} "
            f"ORDER BY k.started_at DESC OFFSET %(cap{number}_offset)s LIMIT 1)"
        )
    return (f"GREATEST({', '.join(parts)})" if parts else "NULL::timestamptz"), values


# What `customers.family.counting_answers` says, for the cards of a family: what came after the last
# merge, else of each card's newest answer the strictest.
_JOINED = """
SELECT said.answer, said.channel, said.purpose, said.at FROM (
  SELECT DISTINCT ON (s.customer_id, s.at > family.at) s.answer, s.channel, s.purpose, s.at,
    s.at > family.at AS is_after
  FROM customers_consent s
  WHERE s.customer_id = ANY(family.ids || c.id) AND s.channel IN ('', %(channel)s)
    AND s.purpose IN ('', %(purpose)s)
    AND NOT (%(is_confirmed)s AND s.answer = 'given' AND s.channel = '')
  ORDER BY s.customer_id, s.at > family.at, s.at DESC, s.id DESC) said
ORDER BY said.is_after DESC, CASE WHEN said.is_after THEN said.at END DESC,
  said.answer = 'refused' DESC, (said.channel = '' AND said.purpose = '') DESC, said.at DESC
LIMIT 1"""


def standing(
    profile: Profile, *, purpose: str, channel: str, now: datetime
) -> tuple[str, dict[str, Any]]:
    """A SELECT over `picked` (id, position) with what the gate knows of each customer.

    Columns: id, position, time_zone, weekly (stated hours, "" for none), language, is_important,
    forbidden ("" or the reason's code), held_until, held_reason, cooling_until, capped_until.
    """
    caps, values = _cap_columns(profile, purpose, channel)
    needs_consent = channel in profile.consent_needed.get(purpose, frozenset())
    cools = purpose in profile.cool_off_purposes
    stated = STATED.format(person="NULL::uuid")
    cooling = (
        """CASE WHEN answer.answer = 'given' AND answer.at >= refusal.at THEN NULL
           WHEN refusal.at + %(cool_off)s > %(now)s::timestamptz
           THEN refusal.at + %(cool_off)s END"""
        if cools
        else "NULL::timestamptz"
    )
    missing = "WHEN answer.answer IS NULL THEN 'consent_missing'" if needs_consent else ""
    statement = f"""
    SELECT c.id, picked.position, COALESCE(NULLIF(c.time_zone, ''), %(zone)s) AS time_zone,
      {stated} AS weekly, c.language, c.is_key AS is_important,
      CASE WHEN answer.answer = 'refused' AND answer.channel = '' AND answer.purpose = ''
             THEN 'do_not_contact'
           WHEN answer.answer = 'refused' THEN 'consent_refused' {missing} ELSE '' END AS forbidden,
      hold.ends_at AS held_until, hold.reason AS held_reason,
      {cooling} AS cooling_until, {caps} AS capped_until
    FROM picked JOIN customers_customer c ON c.id = picked.id
    LEFT JOIN (
      SELECT m.merged_into_id AS id, array_agg(m.id) AS ids, max(g.at) AS at
      FROM customers_customer m JOIN customers_merge g ON g.merged_id = m.id
        AND g.undone_at IS NULL
      WHERE m.merged_into_id IS NOT NULL GROUP BY 1) family ON family.id = c.id
    LEFT JOIN LATERAL (
      SELECT s.answer, s.channel, s.purpose, s.at FROM customers_consent s
      WHERE s.customer_id = c.id AND s.channel IN ('', %(channel)s)
        AND s.purpose IN ('', %(purpose)s)
        AND NOT (%(is_confirmed)s AND s.answer = 'given' AND s.channel = '')
      ORDER BY s.at DESC, s.id DESC LIMIT 1) own ON true
    LEFT JOIN LATERAL ({_JOINED}) joined ON family.id IS NOT NULL
    CROSS JOIN LATERAL (
      SELECT CASE WHEN family.id IS NULL THEN own.answer ELSE joined.answer END AS answer,
        CASE WHEN family.id IS NULL THEN own.channel ELSE joined.channel END AS channel,
        CASE WHEN family.id IS NULL THEN own.purpose ELSE joined.purpose END AS purpose,
        CASE WHEN family.id IS NULL THEN own.at ELSE joined.at END AS at) answer
    LEFT JOIN LATERAL (
      SELECT acting.ends_at, o.reason FROM customers_hold o
      CROSS JOIN LATERAL (SELECT CASE WHEN %(purpose)s = 'collect'
        THEN LEAST(o.collect_until, o.ends_at) ELSE o.ends_at END AS ends_at) acting
      WHERE o.customer_id = c.id AND o.released_at IS NULL AND %(purpose)s = ANY(o.purposes)
        AND o.starts_at <= %(now)s::timestamptz AND acting.ends_at > %(now)s::timestamptz
      ORDER BY acting.ends_at DESC LIMIT 1) hold ON true
    LEFT JOIN LATERAL (
      SELECT max(i.at) AS at FROM followups_interaction i
      WHERE i.customer_id = ANY(family.ids || c.id) AND i.at > %(refusals_since)s::timestamptz
        AND i.purpose = %(purpose)s AND i.outcome = ANY(%(refusals)s::text[]) AND NOT EXISTS (
          SELECT 1 FROM followups_interaction j WHERE j.corrects_id = i.id)) refusal ON true
    """  # noqa: S608 - put together from constants of this module
    values |= {
        **fact_parameters(profile, now, channel),
        "purpose": purpose,
        "channel": channel,
        "zone": lanes.zone_of(""),
        "cool_off": profile.cool_off,
        "is_confirmed": channel in profile.double_opt_in,
    }
    return statement, values


def picked_sql(
    customers: models.QuerySet[Customer], order_by: tuple[str, ...] = ()
) -> tuple[str, list[Any]]:
    """The SELECT (id, position) of a selection of customers, as SQL and its parameters.

    Positions are 1, 2, … in the order given; without one they are all 0.
    """
    if not order_by:
        rows = customers.order_by().values("pk").annotate(position=models.Value(0))
        statement, parameters = rows.query.sql_with_params()
        plain = f"SELECT q.* FROM ({statement}) q(id, position)"  # noqa: S608
        return plain, list(parameters)
    ordered = customers.order_by(*order_by, "pk").values("pk")
    statement, parameters = ordered.query.sql_with_params()
    # The order of the inner SELECT is kept by row_number() over nothing.
    numbered = f"SELECT q.id, row_number() OVER () AS position FROM ({statement}) q(id)"  # noqa: S608
    return numbered, list(parameters)


# What is the matter with the customers' numbers for a channel: "" where one is in order.
_NUMBERS = """
SELECT COALESCE((
  SELECT CASE WHEN bool_or(p.status = 'ok') THEN '' ELSE min(p.status) END
  FROM customers_contactpoint p
  WHERE p.customer_id = picked.id AND p.is_active AND p.kind = %(point_kind)s), 'none') AS status,
  count(*)
FROM ({picked}) picked GROUP BY 1
"""


def forecast(
    customers: models.QuerySet[Customer],
    *,
    purpose: str,
    channel: str,
    now: datetime,
    queue_weekly: str = "",
    with_hours: bool = True,
) -> GateForecast:
    """What the gate would say now to every customer of a selection, in one statement.

    Agrees with `rules.decide` for a planned contact without a chosen number. `with_hours` false
    leaves out the reasons that pass with the time of day, for a campaign that lasts for weeks.
    """
    profile = profiles.profile()
    with connection.cursor() as cursor:
        picked, parameters = picked_sql(customers)
        inner = cursor.mogrify(picked, parameters) if parameters else picked.replace("%%", "%")
        standing_sql, values = standing(profile, purpose=purpose, channel=channel, now=now)
        escaped = inner.replace("%", "%%")
        cursor.execute(
            f"""WITH picked AS MATERIALIZED ({escaped}), stood AS ({standing_sql})
            SELECT time_zone, weekly, forbidden, held_until IS NOT NULL,
              CASE WHEN cooling_until IS NOT NULL THEN 'cooling_off'
                   WHEN capped_until IS NOT NULL THEN 'cap_reached' ELSE '' END, count(*)
            FROM stood GROUP BY 1, 2, 3, 4, 5""",  # noqa: S608
            values,
        )
        rows = cursor.fetchall()
        cursor.execute(_NUMBERS.format(picked=escaped), values)
        numbers = {status: count for status, count in cursor.fetchall() if status}
    stop = stops.stopping(purpose, now)
    total, held_back = 0, dict[str, int]()
    for time_zone, weekly, forbidden, is_held, later, count in rows:
        total += count
        hours = ""
        if with_hours:
            hours = _hours_reason(
                profile, purpose=purpose, channel=channel, time_zone=time_zone, weekly=weekly,
                queue_weekly=queue_weekly, now=now,
            )  # fmt: skip
        outer = hours if hours == "outer_hours" else ""
        stopped = stop.code if stop else ""
        code = forbidden or outer or stopped or ("held" if is_held else "") or hours or later
        if code:
            held_back[code] = held_back.get(code, 0) + count
    return GateForecast(total, total - sum(held_back.values()), held_back, numbers)


def _hours_reason(
    profile: Profile,
    *,
    purpose: str,
    channel: str,
    time_zone: str,
    weekly: str,
    queue_weekly: str,
    now: datetime,
) -> str:
    """The strongest reason of the clock for a group of customers with the same hours."""
    facts = GateFacts(
        purpose=purpose,
        channel=channel,
        time_zone=time_zone,
        profile=profile,
        stated=lanes.parsed(weekly),
        queue_hours=lanes.parsed(queue_weekly),
        closed_dates=profiles.closed_dates(profile.country, now.year),
    )
    timed = rules.hours_reasons(facts, now)
    return timed[0].code if timed else ""
