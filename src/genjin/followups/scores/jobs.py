"""Verifying as a long task, for the screen, the command and the night."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from genjin.followups.models import Score
from genjin.followups.scores import verifying
from genjin.foundation import jobs
from genjin.foundation.models import LongTask, User

KIND = "verify_scores"
TITLE = gettext_noop("Check the scores")
KEPT_RESULTS = 20


def results() -> list[LongTask]:
    """The last checks, newest first, whoever asked for them."""
    return list(
        LongTask.objects.filter(kind=KIND)
        .select_related("by")
        .order_by("-created_at")[:KEPT_RESULTS]
    )


def last_result() -> LongTask | None:
    """The last check that came to its end; `result` as `Verified.to_json`."""
    done = LongTask.objects.filter(kind=KIND, state=LongTask.State.DONE)
    return done.order_by("-ended_at").first()


def run(
    task: LongTask,
    *,
    anchors: Sequence[Path] = (),
    tell: Callable[[int, int], None] | None = None,
) -> verifying.Verified:
    """Verifies and keeps the result with the task; `tell` hears links read and links in all."""
    total = Score.objects.count()
    jobs.run_long_task(task)
    jobs.progress(task, 0, total)

    def heard(done: int) -> None:
        jobs.progress(task, done)
        if tell is not None:
            tell(done, total)

    found = verifying.verify(anchors=anchors, tell=heard)
    jobs.progress(task, found.count, total)
    jobs.finish_long_task(task, found.to_json())
    return found


@jobs.job("scores.verify")
def verify_scores(*, task_id: str) -> None:
    """Checks every score for the person who waits at the screen."""
    task = LongTask.objects.get(pk=task_id)
    if task.state != LongTask.State.DONE:
        run(task)


@transaction.atomic
def enqueue_verify(*, by: User, now: datetime) -> LongTask:
    """Asks the worker to check the scores; one check at a time."""
    task = jobs.start_long_task(KIND, TITLE, by=by, now=now)
    jobs.enqueue(verify_scores, lock=KIND, task_id=str(task.pk))
    return task


def verify_nightly(now: datetime) -> None:
    """The check of the night; its result stands on the screen like any other."""
    run(jobs.start_long_task(KIND, TITLE, by=None, now=timezone.now()))
