"""Decides waiting follow-ups anew in the worker, after an import or a change of the policy."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from genjin.followups.operations.resettling import resettle
from genjin.foundation import jobs, policy
from genjin.foundation.models import LongTask, User

KIND = "redecide"
_LOCK = "redecide"


@jobs.job("followups.redecide-some")
def redecide_some(*, customers: list[str], by_id: int | None) -> None:
    """Decides what waits for these customers anew."""
    by = User.objects.filter(pk=by_id).first() if by_id else None
    resettle([UUID(pk) for pk in customers], by=by, now=timezone.now())


def after_import(customers: Sequence[UUID], *, by: User | None, now: datetime) -> None:
    """A file changed the language or zone of these cards: asks the worker, in the transaction."""
    jobs.enqueue(redecide_some, lock=_LOCK, customers=[str(pk) for pk in customers],
                 by_id=by.pk if by else None)  # fmt: skip


@jobs.job("followups.redecide-all")
def redecide_all(*, task_id: str, by_id: int | None) -> None:
    """Decides everything that waits anew and tells the person who waits how far it is."""
    task = LongTask.objects.get(pk=task_id)
    if task.state in (LongTask.State.DONE, LongTask.State.CANCELLED):
        return
    by = User.objects.filter(pk=by_id).first() if by_id else None
    jobs.run_long_task(task)
    policy.forget()
    moved = resettle(
        by=by, now=timezone.now(),
        on_progress=lambda done, total: jobs.progress(task, done, total),
    )  # fmt: skip
    jobs.finish_long_task(task, {"moved": moved})


def enqueue_redecide_all(*, by: User, now: datetime) -> LongTask:
    """Asks the worker to decide everything that waits anew, in the present transaction.

    Changes that follow each other before it begins wait for one run.
    """
    waiting = LongTask.objects.filter(kind=KIND, state=LongTask.State.QUEUED).first()
    if waiting:
        return waiting
    with override(by.language or None):
        title = _("Decide the waiting follow-ups anew")
    task = jobs.start_long_task(KIND, title, by=by, now=now)
    jobs.enqueue(redecide_all, lock=_LOCK, task_id=str(task.pk), by_id=by.pk)
    return task
