"""Checks and writes imports in the worker, with progress that a screen watches.

A worker that dies leaves the run where its last chunk ended; the job is given out again and goes
on there.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone, translation

from genjin.customers.importing import operations
from genjin.customers.importing.sentences import error_sentences
from genjin.customers.models import CustomerImport
from genjin.customers.states import IMPORT_STATES, ImportState
from genjin.foundation import jobs
from genjin.foundation.models import LongTask, User
from genjin.foundation.transitions import transition
from genjin.kernel.errors import GenjinError

KIND = "import"


@transaction.atomic
def start(run: CustomerImport, *, to: str, by: User, now: datetime) -> None:
    """Hands a check (`to` checking) or the writing (`to` writing) to the worker.

    A run in that state whose worker is gone is handed out again. Raises LostRace, Conflict.
    """
    if run.state != to:
        transition(
            run, field="state", table=IMPORT_STATES, to=to, by=by, now=now, is_audited=False,
            error="", ended_at=None,
        )  # fmt: skip
    run.task = jobs.start_long_task(KIND, run.file_name, by=by, now=now, total=run.total_rows)
    run.save(update_fields=["task"])
    task = check_import if to == ImportState.CHECKING else write_import
    jobs.enqueue(task, lock=f"import {run.pk}", run_id=str(run.pk), by_id=by.pk)


@jobs.job("check-import")
def check_import(*, run_id: str, by_id: int) -> None:
    """Checks the whole file; the report stands with the run."""
    _work(run_id, by_id, state=ImportState.CHECKING, work=operations.check)


@jobs.job("write-import")
def write_import(*, run_id: str, by_id: int) -> None:
    """Writes the rows that are not in yet."""
    _work(run_id, by_id, state=ImportState.WRITING, work=operations.write)


def _work(run_id: str, by_id: int, *, state: str, work: Any) -> None:
    run = CustomerImport.objects.select_related("task").get(pk=UUID(run_id))
    if run.state != state:
        return
    by = User.objects.get(pk=by_id)
    task = run.task
    if task is not None:
        jobs.run_long_task(task)

    def on_progress(done: int, total: int | None) -> None:
        if task is None:
            return
        jobs.progress(task, done, total)
        if jobs.is_cancelled(task):
            run.refresh_from_db()
            operations.stop(run, by=by, now=timezone.now())

    with translation.override(by.language):
        try:
            work(run, by=by, now=timezone.now(), on_progress=on_progress)
        except GenjinError as error:
            _end(task, " ".join(error_sentences(error)))
            return
    if task is not None:
        counts = {"created": run.created_count, "errors": run.error_count}
        jobs.finish_long_task(task, counts)


def _end(task: LongTask | None, sentence: str) -> None:
    if task is None:
        return
    task.refresh_from_db()
    if task.state == LongTask.State.RUNNING:
        jobs.fail_long_task(task, sentence)
