"""Long tasks with their progress, and the jobs behind them (PL8, PL9)."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from genjin.flows import timetable
from genjin.foundation import jobs, queries
from genjin.foundation.access import access, has_right
from genjin.foundation.models import LongTask, User
from genjin.foundation.operations.jobs import retry_failed_job
from genjin.kernel.errors import Conflict, LostRace
from genjin.kernel.states import IllegalTransition

AT_WORK = (LongTask.State.QUEUED, LongTask.State.RUNNING)
TONES = {
    LongTask.State.QUEUED: "quiet",
    LongTask.State.RUNNING: "busy",
    LongTask.State.DONE: "good",
    LongTask.State.FAILED: "bad",
    LongTask.State.CANCELLED: "warn",
}
TIMETABLE = {
    "count of the cards": gettext_lazy("Count of the cards"),
    "classes, lists and sets": gettext_lazy("Classes, lists and sets of cards"),
    "grades for review": gettext_lazy("Grades for review"),
    "return to the pool": gettext_lazy("Return to the pool"),
    "warnings of a return": gettext_lazy("Warnings of a return to the pool"),
    "duplicates": gettext_lazy("Search for duplicates"),
    "check of the scores": gettext_lazy("Check of the scores"),
    "check of the ledger": gettext_lazy("Check of the ledger"),
    "promises to pay": gettext_lazy("Promises to pay: kept or broken"),
    "classes of debts": gettext_lazy("Classes of debts"),
    "collection plans": gettext_lazy("Collection plans"),
    "anchor of the scores": gettext_lazy("Anchor of the scores"),
    "events of the day": gettext_lazy("Events of the day for the rulebook"),
}
JOB_STATES = {
    "todo": gettext_lazy("Waiting"),
    "doing": gettext_lazy("Running"),
    "succeeded": gettext_lazy("Done"),
    "failed": gettext_lazy("Failed"),
    "cancelled": gettext_lazy("Cancelled"),
    "aborted": gettext_lazy("Stopped"),
}


def _me(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _line(task: LongTask) -> dict[str, Any]:
    return {
        "task": task,
        "tone": TONES[LongTask.State(task.state)],
        "is_at_work": task.state in AT_WORK,
        "share_known": task.state == LongTask.State.RUNNING and task.total_count,
    }


def _context(request: HttpRequest) -> dict[str, Any]:
    """The tasks a person may see; the jobs for whoever may change settings."""
    tasks = list(queries.long_tasks(_me(request))[: queries.TASK_PAGE])
    context: dict[str, Any] = {
        "lines": [_line(task) for task in tasks],
        "is_at_work": any(task.state in AT_WORK for task in tasks),
    }
    if has_right(request.user, "settings.manage"):
        counts = jobs.counts_by_state()
        context |= {
            "shows_jobs": True,
            "counts": [
                {"label": label, "count": counts.get(code, 0)} for code, label in JOB_STATES.items()
            ],
            "failed": queries.failed_jobs(),
            "timetable": [
                {"record": record, "label": TIMETABLE.get(record.name, record.name)}
                for record in timetable.records(timezone.now())
            ],
        }
    return context


@require_safe
@access("tasks.view")
def tasks_page(request: HttpRequest) -> HttpResponse:
    """What runs, what ran, and what went wrong."""
    return render(request, "tasks/tasks.html", _context(request))


@require_safe
@access("tasks.view")
def tasks_now(request: HttpRequest) -> HttpResponse:
    """The same list alone, asked for every two seconds while something runs."""
    return render(request, "tasks/_list.html", _context(request))


@require_POST
@access("tasks.view")
def stop_task(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Asks a task to stop at its next safe place."""
    task = get_object_or_404(queries.long_tasks(_me(request)), pk=pk)
    try:
        jobs.cancel_long_task(task, by=_me(request), now=timezone.now())
    except (LostRace, IllegalTransition):
        messages.info(request, _("It had ended already."))
    else:
        messages.success(request, _("It stops at the next safe place."))
    return redirect("tasks")


@require_POST
@access("settings.manage")
def retry_job(request: HttpRequest, pk: int) -> HttpResponse:
    """Puts a failed job back in the queue."""
    try:
        retry_failed_job(pk, by=_me(request), now=timezone.now())
    except Conflict:
        messages.info(request, _("This job is not among the failed ones any more."))
    else:
        messages.success(request, _("It is tried again."))
    return redirect("tasks")
