"""What screens and the desk read about campaigns."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Avg, Count, Exists, F, OuterRef, Q, QuerySet

from genjin.calling import states
from genjin.calling.models import BriefingPass, Campaign, CampaignAgent, ScriptVersion
from genjin.calling.rules import CampaignFacts, Rates
from genjin.followups.models import FollowUp, Interaction
from genjin.followups.states import State
from genjin.foundation import policy
from genjin.foundation.access import scope_of
from genjin.foundation.compiled import Compiled
from genjin.foundation.models import Team, User


def _working_on(user: int, today: date) -> QuerySet[Campaign]:
    """Callable campaigns on which `user` works today, their rotation not yet come."""
    places = CampaignAgent.objects.filter(
        campaign=OuterRef("pk"), user=user, is_active=True, rotates_on__gt=today
    )
    return Campaign.objects.filter(Exists(places), state__in=states.CALLING)


def _passed(user: int) -> Exists:
    return Exists(
        BriefingPass.objects.filter(
            campaign=OuterRef("pk"), user=user, version=OuterRef("briefing_version")
        )
    )


_OPEN_TO = Compiled(
    lambda user, today: (
        _working_on(user, today)
        .filter(_passed(user))
        .select_related("queue", "script", "product")
        .order_by("queue__band", "pk")
    ),
    user=int,
    today=date,
)


def campaigns_of(user: User, today: date) -> list[Campaign]:
    """The campaigns that `user` may call for now: briefing passed, rotation not come (CA1).

    In the order of their queues' bands. The desk takes from these queues.
    """
    return _OPEN_TO.all(user=user.pk, today=today)


def needs_briefing(user: User, today: date | None = None) -> list[Campaign]:
    """Campaigns whose briefing `user` must still read and answer, in the version of now.

    Campaigns in the briefing state are included: the first person who passes lets it start.
    """
    places = CampaignAgent.objects.filter(campaign=OuterRef("pk"), user=user, is_active=True)
    if today is not None:
        places = places.filter(rotates_on__gt=today)
    rows = Campaign.objects.filter(
        Exists(places), state__in=(states.CampaignState.BRIEFING, *states.CALLING)
    ).exclude(_passed(user.pk))
    return list(rows.order_by("pk"))


def visible_to(user: User) -> QuerySet[Campaign]:
    """The campaigns that `user` may look at: all, those of the team, or those worked on."""
    scope = scope_of(user)
    if scope == "all":
        return Campaign.objects.all()
    mine = Q(created_by=user) | Exists(
        CampaignAgent.objects.filter(campaign=OuterRef("pk"), user=user)
    )
    if scope == "team" and user.team_id:
        return Campaign.objects.filter(mine | Q(team=user.team_id))
    return Campaign.objects.filter(mine)


def teams_of(user: User) -> QuerySet[Team]:
    """The teams whose work `user` may watch and direct."""
    teams = Team.objects.filter(is_active=True).order_by("name")
    if scope_of(user) == "all":
        return teams
    if scope_of(user) == "team" and user.team_id:
        return teams.filter(pk=user.team_id)
    return teams.none()


def people_of(user: User) -> QuerySet[User]:
    """The people whose work `user` may watch and direct: all, the team, or oneself."""
    people = User.objects.filter(is_active=True).order_by("staff_number", "name")
    scope = scope_of(user)
    if scope == "all":
        return people
    if scope == "team" and user.team_id:
        return people.filter(Q(team=user.team_id) | Q(pk=user.pk))
    return people.filter(pk=user.pk)


_LATEST_VERSION = Compiled(
    lambda script: (
        ScriptVersion.objects.filter(script=script).select_related("script").order_by("-number")[:1]
    ),
    script=int,
)


def latest_version(campaign: Campaign) -> ScriptVersion | None:
    """The newest published version of the campaign's script."""
    if campaign.script_id is None:
        return None
    return _LATEST_VERSION.first(script=campaign.script_id)


def agents_of(campaign: Campaign) -> QuerySet[CampaignAgent]:
    """Everyone who works or worked on a campaign, with `has_passed` for the briefing of now."""
    passed = BriefingPass.objects.filter(
        campaign=OuterRef("campaign"), user=OuterRef("user"), version=campaign.briefing_version
    )
    rows = CampaignAgent.objects.filter(campaign=campaign).annotate(has_passed=Exists(passed))
    return rows.select_related("user", "user__team").order_by("-is_active", "user__staff_number")


def facts_of(campaign: Campaign) -> CampaignFacts:
    """What stands for and against the campaign's next state; two queries."""
    agents = (
        agents_of(campaign)
        .filter(is_active=True)
        .aggregate(all=Count("pk"), briefed=Count("pk", filter=Q(has_passed=True)))
    )
    return CampaignFacts(
        state=campaign.state,
        has_segment=campaign.segment_id is not None,
        has_hours=bool(campaign.weekly.strip()),
        has_published_script=latest_version(campaign) is not None,
        has_briefing=bool(campaign.briefing.strip()),
        questions=len(campaign.briefing_questions),
        agents=agents["all"],
        agents_briefed=agents["briefed"],
        goals=sum(1 for value in campaign.goals.values() if value),
        taken=FollowUp.objects.filter(queue=campaign.queue_id, state=State.TAKEN).count(),
        pilot_since=campaign.pilot_since,
        ends_on=campaign.ends_on,
    )


def _shipped_rates(kind: str) -> Rates:
    shipped: Mapping[str, Any] = {
        **policy.value("campaigns.rates.default", {}),
        **policy.value(f"campaigns.rates.{kind}", {}),
    }
    return Rates(
        reached=float(shipped["reached"]),
        success=float(shipped["success"]),
        talk_reached_seconds=float(shipped["talk_reached_seconds"]),
        talk_missed_seconds=float(shipped["talk_missed_seconds"]),
    )


def expected_rates(campaign: Campaign, now: datetime) -> Rates:
    """What to expect of this campaign's calls: from past calls of its kind, else as shipped.

    Past calls are those of the last `campaigns.forecast.past_days` in campaigns of the same kind;
    below `least_calls` of them, or without one success, the shipped shares stand in.
    """
    shipped = _shipped_rates(campaign.kind)
    since = (now - timedelta(days=policy.value("campaigns.forecast.past_days"))).date()
    past = Interaction.objects.filter(
        queue__campaign__kind=campaign.kind,
        local_day__gte=since,
        is_inbound=False,
        corrected_by__isnull=True,
    ).aggregate(
        calls=Count("pk"),
        reached=Count("pk", filter=Q(is_reached=True)),
        successes=Count("pk", filter=Q(is_success=True)),
        talk_reached=Avg("talk_seconds", filter=Q(is_reached=True)),
        talk_missed=Avg("talk_seconds", filter=Q(is_reached=False)),
    )
    enough = past["calls"] >= policy.value("campaigns.forecast.least_calls")
    if not enough or not past["successes"] or not past["reached"]:
        return shipped
    return Rates(
        reached=past["reached"] / past["calls"],
        success=min(past["successes"] / past["reached"], 1.0),
        talk_reached_seconds=float(past["talk_reached"]),
        talk_missed_seconds=_or(past["talk_missed"], shipped.talk_missed_seconds),
        source="past",
        sample=past["calls"],
    )


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else float(value)


def remaining(campaign: Campaign) -> dict[str, int]:
    """How many of the campaign's follow-ups are in each state; every state is named."""
    found = dict(
        FollowUp.objects.filter(queue=campaign.queue_id)
        .values_list("state")
        .annotate(count=Count("pk"))
    )
    return {state: found.get(state, 0) for state in State.values}


def rotations_due(campaigns: QuerySet[Campaign], today: date) -> QuerySet[CampaignAgent]:
    """Active places on `campaigns` whose rotation has come or comes within the reminder's days."""
    ahead = timedelta(days=policy.value("campaigns.alarms.rotation_days_before"))
    return (
        CampaignAgent.objects.filter(
            campaign__in=campaigns, is_active=True, rotates_on__lte=today + ahead
        )
        .exclude(campaign__state=states.CampaignState.CLOSED)
        .select_related("campaign", "user")
        .order_by(F("rotates_on").asc(), "pk")
    )
