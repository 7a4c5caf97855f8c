"""Work of the flows outside the request: campaigns' queues and the daily timetable."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from genjin.calling.models import Campaign
from genjin.flows import campaigns, timetable
from genjin.foundation import jobs, policy
from genjin.foundation.models import LongTask, User


def _person(pk: int | None) -> User | None:
    return None if pk is None else User.objects.filter(pk=pk).first()


@jobs.job("campaigns.fill")
def fill(*, campaign_id: int, task_id: str, by_id: int | None) -> None:
    """Fills a campaign's queue and tells the person who waits how far it is.

    Killed in the middle and repeated, it plans each customer once.
    """
    task = LongTask.objects.get(pk=task_id)
    if task.state == LongTask.State.DONE:
        return
    campaign = Campaign.objects.select_related("queue", "segment", "created_by").get(pk=campaign_id)
    by = _person(by_id)
    now = timezone.now()
    jobs.run_long_task(task)
    result = campaigns.fill_queue(
        campaign, by=by, now=now, on_progress=lambda done, total: jobs.progress(task, done, total)
    )
    jobs.finish_long_task(
        task,
        {"planned": result.planned, "already": result.already, "held_back": result.held_back},
    )


@jobs.job("campaigns.clear")
def clear(*, campaign_id: int, by_id: int | None) -> None:
    """Ends what still waits in the queue of a closed campaign."""
    campaign = Campaign.objects.get(pk=campaign_id)
    if campaign.state == campaigns.states.CampaignState.CLOSED:
        by = _person(by_id)
        campaigns.clear_queue(campaign, by=by, now=timezone.now())


def enqueue_fill(campaign: Campaign, *, by: User | None, now: datetime) -> LongTask:
    """Asks the worker to fill the campaign's queue, in the present transaction."""
    with override(by.language if by else None):
        title = _("Fill the campaign %(name)s") % {"name": campaign.name}
    task = jobs.start_long_task("campaign", title, by=by, now=now)
    jobs.enqueue(
        fill,
        lock=f"campaign-{campaign.pk}",
        campaign_id=campaign.pk,
        task_id=str(task.pk),
        by_id=by.pk if by else None,
    )
    return task


@transaction.atomic
def start(
    campaign: Campaign, to: str, *, by: User | None, now: datetime, reason: str = ""
) -> LongTask | None:
    """Moves a campaign on and, when that begins or resumes calling, fills its queue in the worker.

    Raises what `campaigns.move` raises. Returns the task to watch, or None.
    """
    campaigns.move(campaign, to, by=by, now=now, reason=reason)
    if to in campaigns.states.CALLING:
        return enqueue_fill(campaign, by=by, now=now)
    if to == campaigns.states.CampaignState.CLOSED:
        jobs.enqueue(clear, campaign_id=campaign.pk, by_id=by.pk if by else None)
    return None


REFILL_SECONDS = 60 * float(policy.shipped("campaigns")["refill"]["minutes"])


@jobs.tick("live campaigns", every_seconds=REFILL_SECONDS)
def refill_live_campaigns(now: datetime) -> None:
    """Looks for customers who entered the segments of live campaigns."""
    campaigns.refill_live(now)


@jobs.job("timetable.run", tries=1)
def run_daily(*, name: str) -> None:
    """Runs one entry of the daily timetable; killed in the middle and repeated it does the rest."""
    if any(entry.name == name for entry in timetable.DAILY):
        timetable.run(name, timezone.now())


@jobs.tick("timetable", every_seconds=30, must_run=True)
def start_what_is_due(now: datetime) -> None:
    """Hands what is due today to the worker, each once while it waits, one after the other."""
    for name in timetable.due(now):
        jobs.enqueue(run_daily, lock="timetable", once=f"daily:{name}", name=name)
