"""Counts the cards in the worker, for the person who does not want to wait for the night."""

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from genjin.customers.quality.counting import count_cards
from genjin.foundation import jobs
from genjin.foundation.models import LongTask, User

KIND = "card_count"


@jobs.job("customers.count-cards")
def count_cards_now(*, task_id: str) -> None:
    """Counts the cards of today for the person who waits."""
    task = LongTask.objects.get(pk=task_id)
    if task.state in (LongTask.State.DONE, LongTask.State.CANCELLED):
        return
    jobs.run_long_task(task)
    now = timezone.now()
    today = timezone.localtime(now, timezone.get_default_timezone()).date()
    jobs.finish_long_task(task, {"cards": count_cards(today, now=now)})


def enqueue_count(*, by: User, now: datetime) -> LongTask:
    """Asks the worker to count, in the present transaction; who asks twice waits for one count."""
    waiting = LongTask.objects.filter(
        kind=KIND, state__in=[LongTask.State.QUEUED, LongTask.State.RUNNING]
    ).first()
    if waiting:
        return waiting
    with override(by.language or None):
        title = _("Count the cards")
    task = jobs.start_long_task(KIND, title, by=by, now=now)
    jobs.enqueue(count_cards_now, lock=KIND, task_id=str(task.pk))
    return task
