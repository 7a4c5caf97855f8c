"""Work of sales outside the request: classes on demand and in the night, files of orders."""

from datetime import datetime
from pathlib import Path

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from genjin.customers.operations import prospects
from genjin.foundation import jobs
from genjin.foundation.models import LongTask, User
from genjin.foundation.tabular.output import write_csv
from genjin.kernel.errors import GenjinError
from genjin.sales import importing, order_sentences, standing
from genjin.sales.opportunities import reviews
from genjin.sales.opportunities.showing import settle_cards


@jobs.job("sales.classes")
def classes(*, task_id: str, by_id: int | None) -> None:
    """Works out classes, lists and sets of all customers for the person who waits."""
    task = LongTask.objects.get(pk=task_id)
    if task.state == LongTask.State.DONE:
        return
    by = User.objects.filter(pk=by_id).first() if by_id else None
    jobs.run_long_task(task)
    now = timezone.now()
    done = standing.refresh_standings(
        now=now, by=by, on_progress=lambda done, total: jobs.progress(task, done, total)
    )
    sets = standing.refresh_all_sets(now)
    jobs.finish_long_task(task, {"classes": done.counts, "changed": done.changed, "sets": sets})


def enqueue_classes(*, by: User | None, now: datetime) -> LongTask:
    """Asks the worker to work out everybody's class, in the present transaction."""
    with override(by.language if by else None):
        title = _("Work out the classes of all customers")
    task = jobs.start_long_task("classes", title, by=by, now=now)
    jobs.enqueue(classes, lock="classes", task_id=str(task.pk), by_id=by.pk if by else None)
    return task


def refresh_standings(now: datetime) -> None:
    """The night's work: everybody's class, list and sets."""
    standing.refresh_standings(now=now)
    standing.refresh_all_sets(now)


def drop_overdue_grades(now: datetime) -> int:
    """The night's work: grades that come up for review, and those that drop; returns how many.

    Opportunities first: a card whose last one ended meanwhile carries a grade of its own.
    """
    settle_cards(now)
    return reviews.drop_overdue(now) + prospects.drop_overdue_grades(now)


@jobs.job("sales.orders", tries=1)
def orders(*, path: str, name: str, task_id: str, by_id: int) -> None:
    """Brings a file of orders in for the person who waits; rows with faults go to a file beside."""
    task = LongTask.objects.get(pk=task_id)
    if task.state == LongTask.State.DONE:
        return
    by = User.objects.get(pk=by_id)
    jobs.run_long_task(task)
    with override(by.language or None):
        try:
            done = importing.bring_in(
                Path(path), by=by, now=timezone.now(),
                on_progress=lambda row: jobs.progress(task, row),
            )  # fmt: skip
        except GenjinError as error:
            jobs.fail_long_task(task, order_sentences.of_error(error))
            return
        finally:
            Path(path).unlink(missing_ok=True)
        faults = ""
        if done.faults:
            faults = str(Path(path).with_suffix(".faults.csv"))
            write_csv(Path(faults), order_sentences.faulty_rows(done))
    result = {"written": done.written, "known": done.known, "faults": len(done.faults),
              "file": faults, "name": name}  # fmt: skip
    jobs.finish_long_task(task, result)


def enqueue_orders(path: Path, *, name: str, by: User, now: datetime) -> LongTask:
    """Asks the worker to bring a stored file of orders in, in the present transaction."""
    with override(by.language or None):
        title = _("Orders from %(file)s") % {"file": name}
    task = jobs.start_long_task("orders", title, by=by, now=now)
    jobs.enqueue(orders, lock="orders", path=str(path), name=name, task_id=str(task.pk),
                 by_id=by.pk)  # fmt: skip
    return task
