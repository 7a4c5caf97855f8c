"""Counts every card by custodian, team and province, set by set (CU14).

One statement counts a day; another one fills in what the twelve months before lack, so that a
count that was missed, or the very first one, still knows how many cards each month brought.
"""

from datetime import date, datetime, time, timedelta

from django.db import connection, transaction
from django.utils import timezone

from genjin.customers import freshness
from genjin.customers.models import CardCount
from genjin.customers.quality.core import filled_and_asked
from genjin.foundation import policy
from genjin.kernel import address

KEPT_DAYS = 35
"""How long every day is kept; after that only the last day of each month."""
MONTHS = 12
_LOCK = 0x63617264  # "card"

_PLACES = "unnest(%(codes)s::text[], %(provinces)s::text[]) AS place(code, province)"
_COUNT = """
INSERT INTO customers_cardcount
  (day, custodian_id, team_id, province, cards, new_cards, filled, asked, fresh, with_email,
   with_consent)
SELECT %(day)s, c.custodian_id, c.team_id, COALESCE(place.province, ''), count(*),
  count(*) FILTER (WHERE c.created_at >= %(month)s),
  sum({filled}), sum({asked}),
  count(*) FILTER (WHERE COALESCE(c.confirmed_at, c.created_at) >= %(fresh_since)s),
  count(*) FILTER (WHERE t.writable), count(*) FILTER (WHERE t.writable AND w.answer = 'given')
FROM customers_customer c
LEFT JOIN {places} ON place.code = c.region
LEFT JOIN (
  SELECT customer_id, bool_or(kind = 'phone') AS phones, bool_or(kind = 'email') AS emails,
    bool_or(kind = 'email' AND status = 'ok') AS writable
  FROM customers_contactpoint WHERE is_active GROUP BY customer_id
) t ON t.customer_id = c.id
LEFT JOIN (
  SELECT DISTINCT customer_id FROM customers_address WHERE is_active
) a ON a.customer_id = c.id
LEFT JOIN (
  SELECT customer_id, bool_or(NOT is_self) AS people,
    bool_or(is_self AND birth_month IS NOT NULL) AS birthday
  FROM customers_contactperson WHERE is_active GROUP BY customer_id
) p ON p.customer_id = c.id
LEFT JOIN (
  SELECT DISTINCT ON (COALESCE(m.merged_into_id, m.id)) COALESCE(m.merged_into_id, m.id) AS id,
    s.answer
  FROM customers_consent s JOIN customers_customer m ON m.id = s.customer_id
  WHERE s.channel IN ('', 'email') AND s.purpose IN ('', 'sell')
    AND NOT (%(is_confirmed)s AND s.answer = 'given' AND s.channel = '')
  ORDER BY 1, s.at DESC, s.id DESC
) w ON w.id = c.id
WHERE c.merged_into_id IS NULL AND c.created_at < %(until)s
GROUP BY c.custodian_id, c.team_id, COALESCE(place.province, '')
"""
_MONTHS_BEFORE = """
INSERT INTO customers_cardcount
  (day, custodian_id, team_id, province, cards, new_cards, filled, asked, fresh)
SELECT m.last_day, c.custodian_id, c.team_id, COALESCE(place.province, ''), 0, count(*), 0, 0, 0
FROM customers_customer c
JOIN (SELECT last_day::date, date_trunc('month', last_day)::date AS first_day
      FROM unnest(%(missing)s::date[]) last_day) m
  ON c.created_at >= m.first_day::timestamp AT TIME ZONE %(zone)s
  AND c.created_at < (m.last_day + 1)::timestamp AT TIME ZONE %(zone)s
LEFT JOIN {places} ON place.code = c.region
WHERE c.merged_into_id IS NULL
GROUP BY m.last_day, c.custodian_id, c.team_id, COALESCE(place.province, '')
"""


def last_days_before(day: date, months: int = MONTHS) -> list[date]:
    """The last days of the months before that of `day`, the nearest first."""
    found, at = [], day
    for _month in range(months):
        at = at.replace(day=1) - timedelta(days=1)
        found.append(at)
    return found


def _begin(day: date) -> datetime:
    return datetime.combine(day, time.min, timezone.get_default_timezone())


def _places() -> dict[str, list[str]]:
    codes = address.within("")[1:]
    return {"codes": codes, "provinces": [address.path(code)[0].code for code in codes]}


@transaction.atomic
def count_cards(day: date, *, now: datetime) -> int:
    """Counts the cards for `day`, as they stand now; returns how many cards there are.

    Counting again replaces what was counted for that day. Two counts follow each other.
    """
    filled, asked = filled_and_asked()
    places = _places()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        CardCount.objects.filter(day=day).delete()
        cursor.execute(
            _COUNT.format(filled=filled, asked=asked, places=_PLACES),
            {**places, "day": day, "month": _begin(day.replace(day=1)),
             "until": _begin(day + timedelta(days=1)),
             "fresh_since": now - freshness.stale_after(),
             "is_confirmed": _is_confirmed()},
        )  # fmt: skip
        if missing := _missing(last_days_before(day)):
            cursor.execute(
                _MONTHS_BEFORE.format(places=_PLACES),
                {**places, "missing": missing, "zone": timezone.get_default_timezone_name()},
            )
    _thin_out(day)
    rows = CardCount.objects.filter(day=day).values_list("cards", flat=True)
    return sum(rows)


def _is_confirmed() -> bool:
    """Whether the legal profile counts a yes to e-mail only once it was confirmed."""
    code = policy.value("contact.profile")
    return "email" in (policy.value(f"contact.profiles.{code}.double_opt_in") or ())


def _missing(days: list[date]) -> list[date]:
    known = {day for day in days if CardCount.objects.filter(day=day).exists()}
    return [day for day in days if day not in known]


def _thin_out(day: date) -> None:
    """Keeps the newest days and the last day of each month."""
    old = CardCount.objects.filter(day__lt=day - timedelta(days=KEPT_DAYS))
    ends = old.dates("day", "month")
    kept = [next_month(month) - timedelta(days=1) for month in ends]
    old.exclude(day__in=kept).delete()


def next_month(day: date) -> date:
    """The first day of the month after that of `day`."""
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)


def count_yesterday(now: datetime) -> None:
    """The night's work: the day that has just ended; at the very first time today as well."""
    today = timezone.localtime(now, timezone.get_default_timezone()).date()
    if not count_cards(today - timedelta(days=1), now=now):
        count_cards(today, now=now)
