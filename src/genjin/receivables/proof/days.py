"""Days of the ledger that are closed: what they came to, signed and chained (RE1).

An account proves itself by its own count and sums; who may write to the tables could change a row
and the account with it. A closed day remembers, under a key that is not in the database, a sum of
digests over its rows: a row that is changed, taken away or added later is seen.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Min
from django.utils import timezone

from genjin.followups.scores import keys as signing_keys
from genjin.kernel import hashchain
from genjin.receivables.models import LedgerDay, LedgerEntry
from genjin.receivables.proof.statements import DAY

_LOCK = 0x6C65_6467


def _bounds(day: date) -> tuple[datetime, datetime]:
    zone = timezone.get_default_timezone()
    begin = datetime.combine(day, datetime.min.time(), zone)
    return begin, datetime.combine(day + timedelta(days=1), datetime.min.time(), zone)


def _salt(key: bytes) -> str:
    """What the rows' digests are keyed with: it tells nothing of the key that signs."""
    return hashchain.link_digest(key, hashchain.GENESIS, b"ledger day").hex()


def sums_of(day: date, key: bytes) -> dict[str, dict[str, Any]]:
    """What a day came to, by currency: rows, totals by kind, the sum over its rows' digests."""
    begin, until = _bounds(day)
    found: dict[str, dict[str, Any]] = {}
    with connection.cursor() as cursor:
        cursor.execute(DAY, {"key": _salt(key), "from": begin, "until": until})
        for currency, what, rows, amount, content in cursor.fetchall():
            one = found.setdefault(currency, {"rows": 0, "totals": {}, "content": Decimal(0)})
            one["rows"] += rows
            one["totals"][what] = [rows, str(amount)]
            one["content"] += content
    return {currency: {**one, "content": f"{one['content']:f}"} for currency, one in found.items()}


def _content(row: LedgerDay) -> bytes:
    parts = [f"{kind}={rows}:{amount}" for kind, (rows, amount) in sorted(row.totals.items())]
    return hashchain.canonical(
        [row.number, row.day.isoformat(), row.currency, row.rows, row.content, *parts]
    )


def next_day() -> date | None:
    """The first day with entries that is not closed yet."""
    last = LedgerDay.objects.aggregate(last=Max("day"))["last"]
    rows = LedgerEntry.objects.all()
    if last is not None:
        rows = rows.filter(at__gte=_bounds(last)[1])
    first = rows.aggregate(first=Min("at"))["first"]
    return timezone.localdate(first, timezone.get_default_timezone()) if first else None


@transaction.atomic
def close_days(now: datetime) -> int:
    """Closes every day before today that has entries; returns how many rows it wrote.

    A day ends hours before it is closed, so that no entry of it can still be on its way.
    """
    today = timezone.localdate(now, timezone.get_default_timezone())
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    written = 0
    keys = None
    while (day := next_day()) is not None and day < today:
        keys = keys or signing_keys.load(may_make=True)
        assert keys is not None
        written += _close(day, keys, now)
    return written


def _close(day: date, keys: signing_keys.Keys, now: datetime) -> int:
    key = keys.signing()
    last = LedgerDay.objects.order_by("-number").first()
    number, before = (last.number, bytes(last.digest)) if last else (0, hashchain.GENESIS)
    sums = sums_of(day, key)
    for currency in sorted(sums):
        number += 1
        row = LedgerDay(
            day=day, currency=currency, number=number, key_id=keys.current, closed_at=now,
            **sums[currency],
        )  # fmt: skip
        before = row.digest = hashchain.link_digest(key, before, _content(row))
        row.save(force_insert=True)
    return len(sums)


def first_fault() -> tuple[int, dict[str, Any] | None]:
    """How many closed days are in order, and the first that is not: its code and data.

    Codes: day_unsigned (the row of the day itself is not as it was written, or one is missing),
    day_changed (entries of that day were changed, added or taken away), day_key_missing.
    """
    keys = signing_keys.load()
    count, before = 0, hashchain.GENESIS
    recomputed: dict[tuple[date, str], dict[str, dict[str, Any]]] = {}
    for row in LedgerDay.objects.order_by("number").iterator():
        where = {"day": row.day.isoformat(), "currency": row.currency}
        key = keys.by_id.get(row.key_id) if keys else None
        if key is None:
            return count, {"code": "day_key_missing", **where}
        if row.number != count + 1 or hashchain.link_digest(
            key, before, _content(row)
        ) != bytes(row.digest):  # fmt: skip
            return count, {"code": "day_unsigned", **where}
        if (row.day, row.key_id) not in recomputed:
            recomputed = {(row.day, row.key_id): sums_of(row.day, key)}
        found = recomputed[row.day, row.key_id].get(row.currency)
        written = {"rows": row.rows, "totals": row.totals, "content": row.content}
        if found != written:
            data = {"expected": row.rows, "found": found["rows"] if found else 0}
            return count, {"code": "day_changed", **where, **data}
        count, before = row.number, bytes(row.digest)
    return count, None
