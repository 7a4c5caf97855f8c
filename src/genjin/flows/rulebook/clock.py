"""Events that time makes: birthdays, festivals, silences, maintenance (FU2), for a whole base.

Each source is one SELECT of (customer_id, key, day, data). A *dated* one tells what falls on a day:
it is told as many days before as the rules for it ask, and for a few days afterwards. A *due* one
tells what came true on a day and stays true until something happens (a silence, a worn-out
appliance): the longest first, in daily portions. Keys are unique: telling twice tells once. Only
what a rule that is switched on wants is told, for the customers whom it asks for.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from genjin.followups.operations.planning import NEW_ID
from genjin.followups.rulebook import engine, facts
from genjin.followups.rulebook.rules import Rule
from genjin.foundation import policy
from genjin.kernel.lunar import next_solar_date

# The hour at which the timetable tells the day's events: before anybody works.
TOLD_AT = 5
# A silence, or staleness, counts from this many days where no rule says how many.
DEFAULT_DAYS = 90

_STANDING = "LEFT JOIN customers_standing s ON s.customer_id = c.id"
_UNKNOWN = "NOT EXISTS (SELECT 1 FROM customers_event e WHERE e.key = t.key)"

BIRTHDAYS = f"""
SELECT c.id AS customer_id, 'birthday:' || p.id || ':' || d.day AS key, d.day,
  jsonb_strip_nulls(jsonb_build_object(
    'person', p.name, 'is_self', p.is_self, 'is_lunar', p.is_birthday_lunar,
    'age', extract(year FROM d.day)::int - p.birth_year,
    'is_round', p.birth_year IS NOT NULL AND extract(year FROM d.day)::int > p.birth_year
      AND (extract(year FROM d.day)::int - p.birth_year) %% 10 = 0)) AS data
FROM unnest(%(days)s::date[], %(months)s::int[], %(month_days)s::int[], %(lunars)s::bool[])
  AS d(day, month, month_day, is_lunar)
JOIN customers_contactperson p ON p.birth_month = d.month AND p.birth_day = d.month_day
  AND p.is_birthday_lunar = d.is_lunar AND p.is_active AND NOT 'informant' = ANY(p.roles)
JOIN customers_customer c ON c.id = p.customer_id AND c.merged_into_id IS NULL
{_STANDING}
WHERE {{customers}}
"""  # noqa: S608 - put together from constants of this module
FESTIVALS = f"""
SELECT c.id AS customer_id, 'festival:' || f.code || ':' || f.day || ':' || c.id AS key, f.day,
  jsonb_build_object('festival', f.code) AS data
FROM unnest(%(codes)s::text[], %(days)s::date[]) AS f(code, day)
CROSS JOIN customers_customer c {_STANDING}
WHERE c.merged_into_id IS NULL AND {{customers}}
"""  # noqa: S608
FAMILY_EVENTS = f"""
SELECT c.id AS customer_id, 'family:' || p.id || ':' || md5(v.value::text) || ':' || d.day AS key,
  d.day, jsonb_build_object('kind', v.value ->> 'kind', 'person', p.name,
    'who', COALESCE(v.value ->> 'who', '')) AS data
FROM customers_contactperson p
CROSS JOIN LATERAL jsonb_array_elements(p.events) v
JOIN unnest(%(days)s::date[]) AS d(day) ON v.value ->> 'date' = d.day::text
JOIN customers_customer c ON c.id = p.customer_id AND c.merged_into_id IS NULL
{_STANDING}
WHERE p.events <> '[]'::jsonb AND p.is_active AND NOT 'informant' = ANY(p.roles) AND {{customers}}
"""  # noqa: S608
MAINTENANCE = f"""
SELECT c.id AS customer_id, 'maintenance:' || o.id || ':' || n.number AS key, n.day,
  jsonb_build_object('product', p.name, 'category', k.code, 'months', p.maintenance_months) AS data
FROM customers_ownedproduct o
JOIN customers_productcategory k ON k.id = o.category_id
JOIN customers_customer c ON c.id = o.customer_id AND c.merged_into_id IS NULL
{_STANDING}
LEFT JOIN sales_orderline b ON b.id = CASE WHEN o.source_kind = 'order'
  THEN NULLIF(o.source_id, '')::uuid END
LEFT JOIN sales_product m ON o.model <> '' AND lower(m.code) = lower(o.model)
LEFT JOIN sales_product l ON m.id IS NULL AND o.model <> '' AND l.name = o.model
JOIN sales_product p ON p.id = COALESCE(b.product_id, m.id, l.id)
  AND p.maintenance_months IS NOT NULL
CROSS JOIN LATERAL (
  SELECT ((extract(year FROM %(until)s::date) - extract(year FROM o.bought_on)) * 12
    + extract(month FROM %(until)s::date) - extract(month FROM o.bought_on))::int
    / GREATEST(p.maintenance_months, 1) AS last) r
CROSS JOIN LATERAL (
  SELECT number, (o.bought_on + make_interval(months => number * p.maintenance_months))::date AS day
  FROM generate_series(GREATEST(1, r.last - 2), r.last) AS number) n
WHERE o.is_ours AND NOT o.owns_none AND o.gone_on IS NULL AND p.maintenance_months > 0
  AND n.day BETWEEN %(from)s::date AND %(until)s::date AND {{customers}}
"""  # noqa: S608
SILENCE = f"""
SELECT c.id AS customer_id, 'silent:' || c.id || ':' || q.since || ':' || n.days AS key,
  q.since + n.days AS day, jsonb_build_object('days', n.days) AS data
FROM customers_customer c {_STANDING}
CROSS JOIN LATERAL (SELECT GREATEST(
  (c.last_contact_at AT TIME ZONE %(zone)s)::date, s.last_deal_on) AS since) q
JOIN unnest(%(thresholds)s::int[]) AS n(days) ON q.since + n.days <= %(until)s::date
WHERE c.merged_into_id IS NULL AND {{customers}}
"""  # noqa: S608
STALENESS = f"""
SELECT c.id AS customer_id, 'stale:' || c.id || ':' || q.since || ':' || n.days AS key,
  q.since + n.days AS day, jsonb_build_object('days', n.days) AS data
FROM customers_customer c {_STANDING}
CROSS JOIN LATERAL (
  SELECT (COALESCE(c.confirmed_at, c.created_at) AT TIME ZONE %(zone)s)::date AS since) q
JOIN unnest(%(thresholds)s::int[]) AS n(days) ON q.since + n.days <= %(until)s::date
WHERE c.merged_into_id IS NULL AND {{customers}}
"""  # noqa: S608
REPLACEMENT = f"""
SELECT c.id AS customer_id, 'replacement:' || o.id AS key,
  (o.bought_on + make_interval(years => k.life_years))::date AS day,
  jsonb_build_object('category', k.code, 'brand', o.brand, 'is_ours', o.is_ours,
    'years', k.life_years) AS data
FROM customers_ownedproduct o
JOIN customers_productcategory k ON k.id = o.category_id AND k.life_years IS NOT NULL
JOIN customers_customer c ON c.id = o.customer_id AND c.merged_into_id IS NULL
{_STANDING}
WHERE NOT o.owns_none AND o.gone_on IS NULL
  AND (o.bought_on + make_interval(years => k.life_years))::date <= %(until)s::date
  AND {{customers}}
"""  # noqa: S608


@dataclass(frozen=True)
class Source:
    """How one event is found. `values(rules, from, until)` are the parameters of `select`."""

    event: str
    select: str
    values: Callable[[Sequence[Rule], date, date], dict[str, Any]]
    is_dated: bool
    back_days: str = "catch_up_days"
    has_days: bool = False


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=step) for step in range((last - first).days + 1)]


def _birthdays(_rules: Sequence[Rule], first: date, last: date) -> dict[str, Any]:
    rows: list[tuple[date, int, int, bool]] = []
    for day in _days(first, last):
        rows.append((day, day.month, day.day, False))
        is_leap = (day + timedelta(days=1)).day == 29
        if (day.month, day.day) == (2, 28) and not is_leap:
            rows.append((day, 2, 29, False))  # a year without the 29th keeps it on the 28th
    before = first - timedelta(days=1)
    for month in range(1, 13):
        for number in range(1, 31):
            day = next_solar_date(month, number, before)
            while day <= last:
                rows.append((day, month, number, True))
                day = next_solar_date(month, number, day)
    days, months, month_days, lunars = (list(column) for column in zip(*rows, strict=True))
    return {"days": days, "months": months, "month_days": month_days, "lunars": lunars}


def _festivals(_rules: Sequence[Rule], first: date, last: date) -> dict[str, Any]:
    found: list[tuple[str, date]] = []
    for festival in policy.value("rulebook.festivals", []):
        code, month, day = festival["code"], festival["month"], festival["day"]
        if festival.get("lunar"):
            on = next_solar_date(month, day, first - timedelta(days=1))
            if on <= last:
                found.append((code, on))
            continue
        found += [(code, one) for one in _days(first, last) if (one.month, one.day) == (month, day)]
    return {"codes": [code for code, _day in found], "days": [day for _code, day in found]}


def _family(_rules: Sequence[Rule], first: date, last: date) -> dict[str, Any]:
    return {"days": _days(first, last)}


def _range(_rules: Sequence[Rule], first: date, last: date) -> dict[str, Any]:
    return {"from": first, "until": last}


def _parts(conditions: Iterable[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    for condition in conditions:
        yield from condition.get("any", [condition])


def _thresholds(rules: Sequence[Rule], _first: date, last: date) -> dict[str, Any]:
    """From how many days on each rule wants to know."""
    found = set()
    for rule in rules:
        named = [int(part["value"]) for part in _parts(rule.conditions)
                 if part["field"] == "days" and part["op"] == "at_least"]  # fmt: skip
        found.add(max(1, *named) if named else DEFAULT_DAYS)
    return {"thresholds": sorted(found), "until": last, "zone": str(engine.zone())}


SOURCES: dict[str, Source] = {
    source.event: source
    for source in (
        Source("birthday", BIRTHDAYS, _birthdays, is_dated=True),
        Source("festival", FESTIVALS, _festivals, is_dated=True),
        Source("family_event", FAMILY_EVENTS, _family, is_dated=True),
        Source("maintenance_due", MAINTENANCE, _range, is_dated=True, back_days="late_days"),
        Source("no_contact", SILENCE, _thresholds, is_dated=False, has_days=True),
        Source("card_stale", STALENESS, _thresholds, is_dated=False, has_days=True),
        Source("replacement_due", REPLACEMENT, _range, is_dated=False),
    )
}
_COLUMNS = {
    "customer.is_key": "c.is_key",
    "customer.value_class": "NULLIF(s.value_class, '')",
    "customer.list": "COALESCE(s.customer_list, 'potential')",
    "customer.kind": "c.kind",
}


def _asked_for(rules: Sequence[Rule]) -> tuple[str, dict[str, Any]]:
    """The customers whom any of the rules asks for, as a condition on `c` and `s`."""
    values: dict[str, Any] = {}

    def part(condition: Mapping[str, Any]) -> str:
        if "any" in condition:
            return f"({' OR '.join(part(one) for one in condition['any'])})"
        name = f"asked{len(values)}"
        values[name] = condition["value"]
        column = _COLUMNS[condition["field"]]
        if condition["op"] == "one_of":
            return f"{column} = ANY(%({name})s)"
        return f"{column} = %({name})s"

    alternatives = []
    for rule in rules:
        own = [part(one) for one in facts.only_about_customer(rule.conditions)]
        alternatives.append(" AND ".join(own) or "TRUE")
    return f"({' OR '.join(f'({one})' for one in alternatives)})", values


def lead_of(rules: Sequence[Rule]) -> int:
    """How many days before its day an event must be told."""
    return max(0, *(-rule.delay_days for rule in rules))


def portion() -> int:
    """How many events of one kind that are due since long are told in a day."""
    return int(policy.value("rulebook.clock.portion"))


def select(
    source: Source, rules: Sequence[Rule], *, first: date, last: date
) -> tuple[str, dict[str, Any]]:
    """The statement of what has not been told yet of a source, and its parameters.

    Days lie between `first` and `last`; of a due source, `last` or before. Oldest first.
    """
    asked, values = _asked_for(rules)
    inner = source.select.format(customers=asked)
    values |= source.values(rules, first, last)
    statement = (
        f"SELECT t.customer_id, t.key, t.day, t.data FROM ({inner}) t "  # noqa: S608
        f"WHERE {_UNKNOWN} ORDER BY t.day, t.key"
    )
    return statement, values


def span(source: Source, rules: Sequence[Rule], today: date) -> tuple[date, date]:
    """The days that are told on `today`."""
    if not source.is_dated:
        return today, today
    back = int(policy.value(f"rulebook.clock.{source.back_days}"))
    return today - timedelta(days=back), today + timedelta(days=lead_of(rules))


_TELL = """
INSERT INTO customers_event
  (id, code, key, customer_id, source_kind, source_id, data, "on", at)
SELECT {new_id}, %(event)s, w.key, w.customer_id, '', '', {data}, {day}, %(now)s
FROM ({wanted}) w CROSS JOIN LATERAL (
  SELECT replace(gen_random_uuid()::text, '-', '') AS random_hex, w.key AS for_row) r
ON CONFLICT (key) DO NOTHING
"""


@transaction.atomic
def tell(source: Source, rules: Sequence[Rule], now: datetime) -> int:
    """Tells what is to be told today of one source, in one statement; returns how many."""
    today = timezone.localtime(now, engine.zone()).date()
    first, last = span(source, rules, today)
    wanted, values = select(source, rules, first=first, last=last)
    day = data = ""
    if source.is_dated:
        day, data = "w.day", "w.data"
    else:
        wanted = f"{wanted} LIMIT {portion()}"
        day, data = "%(today)s::date", "w.data"
        if source.has_days:
            data = ("w.data || jsonb_build_object('days', (w.data ->> 'days')::int"
                    " + %(today)s::date - w.day)")  # fmt: skip
    statement = _TELL.format(new_id=NEW_ID, data=data, day=day, wanted=wanted)
    with connection.cursor() as cursor:
        cursor.execute(statement, {**values, "event": source.event, "today": today, "now": now})
        return int(cursor.rowcount)


def tell_all(now: datetime) -> dict[str, int]:
    """Tells everything that time made and a rule wants to know; counts by event."""
    told = {}
    in_force = engine.rules_in_force()
    for source in SOURCES.values():
        if rules := [rule for rule in in_force if rule.event == source.event]:
            told[source.event] = tell(source, rules, now)
    return told
