"""The one daily timetable: what runs once a day, when, and how it went.

`DAILY` lists (name, hour, function) in the order of running; the hour is in the organisation's
zone. A function takes `now`, brings things up to the present day and is idempotent: after a
downtime it runs as soon as the worker is back, once, however many days were missed. Each runs as
a job, one after the other, so that no clock work waits behind it. A failed one is tried again
after an hour; `records` tells when each ran last and what went wrong.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from genjin.customers.duplicates.scanning import scan_duplicates
from genjin.customers.operations import segment_days
from genjin.customers.quality import counting
from genjin.flows import pool
from genjin.flows.rulebook import clock
from genjin.followups.scores import anchors
from genjin.followups.scores import jobs as score_jobs
from genjin.foundation.models import Heartbeat
from genjin.receivables import jobs as ledger_jobs
from genjin.receivables.operations import classes, plans, promises
from genjin.sales import jobs as sales_jobs

RETRY_AFTER = timedelta(hours=1)
_PREFIX = "daily:"


@dataclass(frozen=True)
class Daily:
    """Something that runs once a day, not before `hour` (0 to 23, local)."""

    name: str
    hour: int
    run: Callable[[datetime], object]


# Add a line for nightly work; what others read comes before them.
DAILY: tuple[Daily, ...] = (
    Daily("who is in each segment", 0, segment_days.snapshot_segments),
    Daily("count of the cards", 0, counting.count_yesterday),
    Daily("classes, lists and sets", 1, sales_jobs.refresh_standings),
    Daily("grades for review", 1, sales_jobs.drop_overdue_grades),
    Daily("return to the pool", 2, pool.return_to_pool),
    Daily("warnings of a return", 2, pool.warn_of_return),
    Daily("duplicates", 2, scan_duplicates),
    Daily("check of the scores", 3, score_jobs.verify_nightly),
    Daily("check of the ledger", 3, ledger_jobs.check_nightly),
    Daily("promises to pay", 4, promises.break_promises),
    Daily("classes of debts", 4, classes.classify_all),
    Daily("collection plans", 5, plans.make_todays_plans),
    Daily("events of the day", clock.TOLD_AT, clock.tell_all),
    Daily("anchor of the scores", 20, anchors.anchor_day),
)


@dataclass(frozen=True)
class Record:
    """How an entry of the timetable went: the last day done, how long it took, the last error."""

    name: str
    hour: int
    day: date | None
    at: datetime | None
    seconds: float | None
    error: str
    is_due: bool


def local(now: datetime) -> datetime:
    """The moment in the organisation's zone."""
    return timezone.localtime(now, timezone.get_default_timezone())


def _record(entry: Daily, beat: Heartbeat | None, now: datetime) -> Record:
    data = beat.data if beat else {}
    day = date.fromisoformat(data["day"]) if data.get("day") else None
    here = local(now)
    return Record(
        name=entry.name,
        hour=entry.hour,
        day=day,
        at=beat.at if beat else None,
        seconds=data.get("seconds"),
        error=data.get("error", ""),
        is_due=here.hour >= entry.hour and (day is None or day < here.date()),
    )


def records(now: datetime) -> list[Record]:
    """Every entry with how it went, in the order of the timetable."""
    names = [_PREFIX + entry.name for entry in DAILY]
    beats = {beat.name: beat for beat in Heartbeat.objects.filter(name__in=names)}
    return [_record(entry, beats.get(_PREFIX + entry.name), now) for entry in DAILY]


def due(now: datetime) -> list[str]:
    """The names of what must run now; what failed lately rests a while."""
    return [
        record.name
        for record in records(now)
        if record.is_due
        and not (record.error and record.at is not None and record.at > now - RETRY_AFTER)
    ]


def run(name: str, now: datetime) -> bool:
    """Runs one entry unless its day is done; says whether it ran. Raises what it raises."""
    entry = next(entry for entry in DAILY if entry.name == name)
    beat = Heartbeat.objects.filter(name=_PREFIX + name).first()
    if not _record(entry, beat, now).is_due:
        return False
    before = beat.data.get("day", "") if beat else ""
    started = time.monotonic()
    try:
        entry.run(now)
    except Exception as error:
        _keep(name, now, {"day": before, "error": f"{type(error).__name__}: {error}"[:300]})
        raise
    seconds = round(time.monotonic() - started, 2)
    _keep(name, now, {"day": local(now).date().isoformat(), "seconds": seconds})
    return True


def _keep(name: str, now: datetime, data: dict[str, Any]) -> None:
    Heartbeat.objects.update_or_create(name=_PREFIX + name, defaults={"at": now, "data": data})
