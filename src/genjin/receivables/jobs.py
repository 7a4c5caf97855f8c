"""Clock work of receivables, and the proof of the ledger as a long task."""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from genjin.foundation import jobs
from genjin.foundation.models import LongTask, User
from genjin.kernel.errors import GenjinError
from genjin.receivables.planning_jobs import plan_today
from genjin.receivables.proof import days, proving

__all__ = ["check_ledger", "check_nightly", "enqueue_check", "last_result", "plan_today", "results"]

KIND = "check_ledger"
TITLE = gettext_noop("Check the ledger")
KEPT_RESULTS = 20


class LedgerWrong(GenjinError):
    """The proof of the ledger failed; `data` says where."""

    code = "ledger_wrong"


def results() -> list[LongTask]:
    """The last checks, newest first."""
    rows = LongTask.objects.filter(kind=KIND).select_related("by").order_by("-created_at")
    return list(rows[:KEPT_RESULTS])


def last_result() -> LongTask | None:
    """The last check that came to its end; `result` as `Proof.to_json`."""
    done = LongTask.objects.filter(kind=KIND, state=LongTask.State.DONE)
    return done.order_by("-ended_at").first()


def run(task: LongTask, tell: Callable[[str, int, int], None] | None = None) -> proving.Proof:
    """Proves the ledger and keeps the result with the task."""
    jobs.run_long_task(task)

    def heard(code: str, done: int, total: int) -> None:
        if tell is not None:
            tell(code, done, total)

    found = proving.prove(heard)
    jobs.progress(task, found.rows, found.rows)
    jobs.finish_long_task(task, found.to_json())
    return found


@jobs.job("receivables.check_ledger")
def check_ledger(*, task_id: str) -> None:
    """Proves the ledger for the person who waits at the screen."""
    task = LongTask.objects.get(pk=task_id)
    if task.state != LongTask.State.DONE:
        run(task)


@transaction.atomic
def enqueue_check(*, by: User, now: datetime) -> LongTask:
    """Asks the worker to prove the ledger; one check at a time."""
    task = jobs.start_long_task(KIND, TITLE, by=by, now=now)
    jobs.enqueue(check_ledger, lock=KIND, task_id=str(task.pk))
    return task


def check_nightly(now: datetime) -> None:
    """Closes yesterday and proves everything. Raises LedgerWrong, so that the night shows red."""
    days.close_days(now)
    found = run(jobs.start_long_task(KIND, TITLE, by=None, now=timezone.now()))
    if found.fault is not None:
        raise LedgerWrong(found.fault.get("code", ""), found.fault)
