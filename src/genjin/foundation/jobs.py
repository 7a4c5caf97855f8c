"""Work outside the request: jobs, long tasks with progress, and the ticker (PL9).

A job is enqueued in the transaction of its fact and starts after the commit. A worker that is
killed leaves its job to be found by `retry_stalled`, so every job is idempotent: run once in
effect, perhaps twice in fact. Clock work that must happen every few seconds is a tick: one
worker at a time runs it. Domains declare both in their own `jobs.py`.
"""

import logging
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.db import close_old_connections, connection, transaction
from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from genjin.foundation import approvals, audit, sign_in
from genjin.foundation.models import Heartbeat, LongTask, User
from genjin.foundation.transitions import transition
from genjin.kernel.states import StateTable

log = logging.getLogger(__name__)

STALLED_AFTER_SECONDS = 60
TICK_IS_LATE_AFTER = timedelta(seconds=60)
_S = LongTask.State
LONG_TASK_STATES = StateTable(
    states=list(_S.values),
    transitions={
        _S.QUEUED: {_S.RUNNING, _S.CANCELLED, _S.FAILED},
        _S.RUNNING: {_S.DONE, _S.FAILED, _S.CANCELLED},
        _S.FAILED: {_S.RUNNING, _S.CANCELLED},
        _S.CANCELLED: {_S.RUNNING},
    },
)


def job(name: str, *, tries: int = 3) -> Callable[[Callable[..., None]], Any]:
    """Declares a job. Arguments are JSON: ids, never rows. Failures are tried again, later."""

    def decorate(function: Callable[..., None]) -> Any:
        @wraps(function)
        def run(**arguments: Any) -> None:
            close_old_connections()
            try:
                with audit.origin("job"):
                    function(**arguments)
            finally:
                close_old_connections()

        retry = RetryStrategy(max_attempts=max(tries - 1, 0), exponential_wait=3)
        return app.task(name=name, retry=retry)(run)

    return decorate


def enqueue(task: Any, *, lock: str = "", once: str = "", **arguments: Any) -> int | None:
    """Enqueues `task` in the present transaction; returns its id.

    Jobs with the same `lock` run one after the other. With `once`, nothing is enqueued while a
    job of that name still waits, and None is returned.
    """
    settings: dict[str, Any] = {}
    if lock:
        settings["lock"] = lock
    if once:
        settings["queueing_lock"] = once
    try:
        with transaction.atomic():  # a refused insert must not break the caller's transaction
            return task.configure(**settings).defer(**arguments)
    except AlreadyEnqueued:
        return None


def start_long_task(
    kind: str, title: str, *, by: User | None, now: datetime, total: int | None = None
) -> LongTask:
    """Makes the row that a screen watches; the job it belongs to reports progress to it."""
    return LongTask.objects.create(kind=kind, title=title, by=by, created_at=now, total_count=total)


def _move(task: LongTask, to: str, **values: Any) -> None:
    transition(
        task,
        field="state",
        table=LONG_TASK_STATES,
        to=to,
        by=None,
        now=timezone.now(),
        is_audited=False,
        **values,
    )


def run_long_task(task: LongTask) -> None:
    """Says that the work began; harmless when a killed run is repeated."""
    if task.state != _S.RUNNING:
        _move(task, _S.RUNNING, started_at=timezone.now(), ended_at=None, error="")


def progress(task: LongTask, done: int, total: int | None = None) -> None:
    """Tells how far the work is. Call it outside the work's own transaction to be seen."""
    values: dict[str, Any] = {"done_count": done}
    if total is not None:
        values["total_count"] = total
    LongTask.objects.filter(pk=task.pk).update(**values)


def is_cancelled(task: LongTask) -> bool:
    """Whether a person asked the work to stop."""
    return LongTask.objects.filter(pk=task.pk, state=_S.CANCELLED).exists()


def cancel_long_task(task: LongTask, *, by: User, now: datetime) -> None:
    """Asks the work to stop at its next safe place."""
    transition(
        task, field="state", table=LONG_TASK_STATES, to=_S.CANCELLED, by=by, now=now, ended_at=now
    )


def finish_long_task(task: LongTask, result: dict[str, Any] | None = None) -> None:
    _move(task, _S.DONE, result=audit.plain(result or {}), ended_at=timezone.now())


def fail_long_task(task: LongTask, error: str) -> None:
    """Ends the task with a sentence for the person who waits."""
    _move(task, _S.FAILED, error=error, ended_at=timezone.now())


@dataclass
class Tick:
    """Clock work: `run(now)` every `every_seconds`, by one worker at a time.

    `must_run`: the system is unwell when no worker ran it for a minute; `ran_at` is when this
    process did so last (at first: when it began).
    """

    name: str
    every_seconds: float
    run: Callable[[datetime], object]
    due: float = field(default=0.0)
    is_failing: bool = field(default=False)
    must_run: bool = field(default=False)
    ran_at: datetime = field(default_factory=timezone.now)


_ticks: dict[str, Tick] = {}


def tick(
    name: str, *, every_seconds: float, must_run: bool = False
) -> Callable[..., Callable[[datetime], object]]:
    """Declares clock work. It must be short, idempotent and safe to miss."""

    def decorate(function: Callable[[datetime], object]) -> Callable[[datetime], object]:
        _ticks[name] = Tick(name, every_seconds, function, must_run=must_run)
        return function

    return decorate


def run_tick(name: str, now: datetime) -> bool:
    """Runs one tick unless another worker is at it; says whether it ran."""
    with connection.cursor() as cursor:
        key = zlib.crc32(f"tick:{name}".encode())
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        if not cursor.fetchone()[0]:
            return False
        try:
            with audit.origin("job"):
                _ticks[name].run(now)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [key])
    return True


def beat(name: str, **data: Any) -> None:
    """Says that a part of the system is well."""
    Heartbeat.objects.update_or_create(
        name=name, defaults={"at": timezone.now(), "data": audit.plain(data)}
    )


def run_ticker(stop: threading.Event) -> None:
    """The worker's clock: runs what is due until `stop`; a fault of one tick ends none other."""
    while not stop.wait(0.25):
        for entry in list(_ticks.values()):
            if stop.is_set() or time.monotonic() < entry.due:
                continue
            entry.due = time.monotonic() + entry.every_seconds
            try:
                close_old_connections()
                if run_tick(entry.name, timezone.now()):
                    entry.ran_at = timezone.now()
                entry.is_failing = False
            except Exception:
                entry.is_failing = True
                log.exception("tick %s failed", entry.name)
                connection.close()  # the server may have been restarted: begin afresh
    connection.close()


@tick("heartbeat", every_seconds=5)
def heartbeat(now: datetime) -> None:
    """Keeps the worker's mark fresh for /healthz."""
    failing = sorted(entry.name for entry in _ticks.values() if entry.is_failing)
    beat("worker", ticks=sorted(_ticks), failing=failing, ran=_last_runs())


def _last_runs() -> dict[str, datetime]:
    """When each tick that must run did so last, in whichever worker."""
    found = {entry.name: entry.ran_at for entry in _ticks.values() if entry.must_run}
    before = Heartbeat.objects.filter(name="worker").first()
    known = before.data.get("ran", {}) if before else {}
    return {
        name: max(at, datetime.fromisoformat(known[name])) if name in known else at
        for name, at in found.items()
    }


def not_well(beat: Heartbeat, now: datetime) -> list[str]:
    """The ticks that fail, and those that must run and did not for a minute, by name."""
    late = now - TICK_IS_LATE_AFTER
    silent = {
        name for name, at in beat.data.get("ran", {}).items() if datetime.fromisoformat(at) < late
    }
    return sorted(silent.union(beat.data.get("failing", ())))


@tick("stalled jobs", every_seconds=20)
def retry_stalled(now: datetime) -> int:
    """Gives the jobs of workers that died back to the queue; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT j.id FROM procrastinate_jobs j "
            "LEFT JOIN procrastinate_workers w ON w.id = j.worker_id "
            "WHERE j.status = 'doing' "
            "AND (w.id IS NULL OR w.last_heartbeat < now() - make_interval(secs => %s))",
            [STALLED_AFTER_SECONDS],
        )
        ids = [row[0] for row in cursor.fetchall()]
    for job_id in ids:
        app.job_manager.retry_job_by_id(job_id, retry_at=now)
    return len(ids)


@tick("old jobs", every_seconds=3600)
def delete_old_jobs(now: datetime) -> None:
    """Forgets jobs that ended well more than a week ago."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM procrastinate_jobs j WHERE j.status = 'succeeded' AND NOT EXISTS "
            "(SELECT 1 FROM procrastinate_events e WHERE e.job_id = j.id "
            "AND e.at > now() - interval '7 days')"
        )


@tick("ended sessions", every_seconds=900)
def forget_ended_sessions(now: datetime) -> None:
    """Clears the session list of sessions that ran out."""
    sign_in.forget_ended_sessions(now)


def counts_by_state() -> dict[str, int]:
    """How many jobs are in each state, for `genjin status` and the tasks page."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT status::text, count(*) FROM procrastinate_jobs GROUP BY 1")
        return dict(cursor.fetchall())


@tick("approvals", every_seconds=30)
def _lift_late_approvals(now: datetime) -> None:
    approvals.tick(now)
