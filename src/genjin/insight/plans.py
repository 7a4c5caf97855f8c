"""What was planned, to stand beside what was done (CA1, CA5).

Goals count successes; from the closings wanted come the contacts and calls that they need.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from genjin.calling import rules, states
from genjin.calling.models import Campaign, CampaignAgent
from genjin.calling.queries import expected_rates
from genjin.foundation.models import User
from genjin.insight.logbook import local_now


@dataclass(frozen=True)
class Plan:
    """Plans for a day; None where nobody planned anything."""

    successes_month: float | None = None
    successes_day: float | None = None
    successes_hour: float | None = None
    reached_day: float | None = None
    dialled_day: float | None = None


def need_of(
    campaign: Campaign, now: datetime, rates: rules.Rates | None = None
) -> rules.Need | None:
    """The contacts that the campaign's closings wanted need, per day and hour."""
    if not campaign.closings_wanted:
        return None
    days, hours = rules.working_days(
        rules.hours_by_weekday(campaign.weekly),
        campaign.starts_on,
        campaign.ends_on,
        today=local_now(now).date(),
    )
    rates = rates or expected_rates(campaign, now)
    return rules.contacts_needed(campaign.closings_wanted, rates, days=days, hours_per_day=hours)


def _plan(campaign: Campaign, now: datetime, share: float) -> Plan:
    need = need_of(campaign, now)
    goals = {name: campaign.goals.get(name) for name in rules.GOAL_PERIODS}

    def part(value: float | None) -> float | None:
        return value * share if value else None

    return Plan(
        successes_month=part(goals["month"]),
        successes_day=part(goals["day"]),
        successes_hour=part(goals["hour"]),
        reached_day=part(need.contacts_per_day if need else None),
        dialled_day=part(need.calls_per_day if need else None),
    )


def _add(first: float | None, second: float | None) -> float | None:
    return second if first is None else first + (second or 0)


def plan_for(users: Iterable[User], now: datetime) -> Plan:
    """The plans of running campaigns, in the shares of `users`.

    A campaign's plan is shared equally by its active agents: two of five people carry two fifths.
    """
    wanted = [user.pk for user in users]
    today = local_now(now).date()
    active = Q(is_active=True, rotates_on__gt=today)
    shares = (
        CampaignAgent.objects.filter(active, campaign__state__in=states.CALLING)
        .values("campaign")
        .annotate(all=Count("pk"), ours=Count("pk", filter=Q(user__in=wanted)))
        .filter(ours__gt=0)
    )
    share_of = {row["campaign"]: row["ours"] / row["all"] for row in shares}
    found = Plan()
    for campaign in Campaign.objects.filter(pk__in=share_of):
        more = _plan(campaign, now, share_of[campaign.pk])
        found = Plan(
            **{
                name: _add(getattr(found, name), getattr(more, name))
                for name in Plan.__dataclass_fields__
            }
        )
    return found
