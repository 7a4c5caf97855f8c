"""What came out of a campaign: its funnel, days, outcomes, people, versions, and what waits."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Q
from django.db.models.fields.json import KeyTextTransform, KeyTransform

from genjin.calling.models import Campaign, ScriptVersion
from genjin.calling.queries import remaining
from genjin.calling.rules import Need
from genjin.followups.models import FollowUp, Interaction
from genjin.followups.states import State
from genjin.insight import logbook, plans
from genjin.insight.logbook import Figures

ALWAYS = (date(2000, 1, 1), date(2999, 1, 1))


@dataclass(frozen=True)
class Results:
    """Everything the results page shows; lists are in reading order."""

    figures: Figures
    customers: int
    customers_called: int
    customers_reached: int
    by_day: list[logbook.Row]
    by_outcome: list[tuple[str, int, int]]  # code, calls, seconds of talk
    by_agent: list[tuple[Any, Figures]]
    by_version: list[tuple[ScriptVersion | None, Figures]]
    remaining: dict[str, int]
    held_back: list[tuple[str, int]]
    goals: list[tuple[str, int, float | None]]  # period, done, planned
    need: Need | None


def results(campaign: Campaign, now: datetime) -> Results:
    """Reads the results of one campaign; about ten queries, however many calls it has."""
    span: dict[str, Any] = {"campaign": campaign, "start": ALWAYS[0], "end": ALWAYS[1]}
    rows = logbook.records(**span)
    waiting = remaining(campaign)
    distinct = rows.aggregate(
        called=Count("customer", distinct=True),
        reached=Count("customer", distinct=True, filter=Q(is_reached=True)),
    )
    return Results(
        figures=logbook.total(**span),
        customers=sum(waiting.values()),
        customers_called=distinct["called"],
        customers_reached=distinct["reached"],
        by_day=logbook.figures("day", **span),
        by_outcome=list(
            rows.values_list("outcome")
            .annotate(count=Count("pk"), talk=logbook.sums()["talk_seconds"])
            .order_by("-count", "outcome")
        ),
        by_agent=logbook.by_person(**span),
        by_version=_by_version(campaign, span),
        remaining=waiting,
        held_back=held_back(campaign),
        goals=_goals(campaign, now),
        need=plans.need_of(campaign, now),
    )


def _by_version(
    campaign: Campaign, span: dict[str, Any]
) -> list[tuple[ScriptVersion | None, Figures]]:
    rows = logbook.records(**span).values_list("script_version").annotate(**logbook.sums())
    found = {first: Figures(*rest) for first, *rest in rows}
    versions = ScriptVersion.objects.filter(pk__in=[pk for pk in found if pk]).select_related(
        "script"
    )
    by_pk = {version.pk: version for version in versions}
    newest_first = sorted(found, key=lambda pk: -(pk or 0))
    return [(by_pk.get(pk), found[pk]) for pk in newest_first]


def held_back(campaign: Campaign) -> list[tuple[str, int]]:
    """Why follow-ups of the campaign wait: the gate's first reason, most frequent first."""
    rows = FollowUp.objects.filter(queue=campaign.queue_id, state=State.PLANNED).exclude(
        withheld=[]
    )
    first = KeyTextTransform("code", KeyTransform(0, "withheld"))
    counted = rows.annotate(code=first).values_list("code").annotate(count=Count("pk"))
    return [(code or "", count) for code, count in counted.order_by("-count", "code")]


def _goals(campaign: Campaign, now: datetime) -> list[tuple[str, int, float | None]]:
    """Successes of this hour, day and month beside the campaign's goals."""
    local = logbook.local_now(now)
    day = local.date()
    month = day.replace(day=1)
    following = (month.replace(day=28) + timedelta(days=4)).replace(day=1)
    rows = logbook.records(campaign=campaign, start=month, end=following).filter(is_success=True)
    today = rows.filter(local_day=day)
    return [
        ("hour", today.filter(local_hour=local.hour).count(), campaign.goals.get("hour")),
        ("day", today.count(), campaign.goals.get("day")),
        ("month", rows.count(), campaign.goals.get("month")),
    ]


def first_call_day(campaign: Campaign) -> date | None:
    """The day of the campaign's first recorded call."""
    return Interaction.objects.filter(queue=campaign.queue_id).aggregate(day=Min("local_day"))[
        "day"
    ]
