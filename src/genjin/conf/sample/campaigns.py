"""The sample's segments and campaigns, brought to the state they show."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from genjin.calling.models import Campaign, Script
from genjin.calling.operations.campaigns import create_campaign, pass_briefing, set_agents
from genjin.calling.states import CampaignState
from genjin.customers.models import Segment
from genjin.customers.operations.segments import create_segment
from genjin.flows import campaigns as flow
from genjin.foundation.models import User
from genjin.sales.models import Product

OPEN_FIELDS = ("weekly", "goals", "closings_wanted", "payment_terms", "briefing", "sheet")


def make_segments(data: Mapping[str, Any], *, by: User, now: datetime) -> dict[str, Segment]:
    return {
        entry["code"]: create_segment(
            name=entry["name"], criteria=entry["criteria"], by=by, now=now
        )
        for entry in data["segments"]
    }


def make_campaigns(
    data: Mapping[str, Any],
    *,
    users: Mapping[str, User],
    segments: Mapping[str, Segment],
    scripts: Mapping[str, Script],
    products: Mapping[str, Product],
    by: User,
    began_at: datetime,
) -> dict[str, Campaign]:
    """Makes the campaigns and takes each to its state; a running one began at `began_at`."""
    made = {}
    for entry in data["campaigns"]:
        agents = [users[name] for name in entry["agents"]]
        campaign = create_campaign(
            name=entry["name"],
            kind=entry["kind"],
            by=by,
            now=began_at,
            segment=segments[entry["segment"]],
            script=scripts[entry["script"]],
            product=products[entry["product"]],
            team=users[entry["agents"][0]].team,
            briefing_questions=entry["questions"],
            **{name: entry[name] for name in OPEN_FIELDS if name in entry},
        )
        set_agents(campaign, agents, by=by, now=began_at, today=flow.organisation_day(began_at))
        flow.start_briefing(campaign, by=by, now=began_at)
        if entry["state"] == CampaignState.RUNNING:
            _start(campaign, agents, by=by, began_at=began_at)
        made[entry["code"]] = campaign
    return made


def _start(campaign: Campaign, agents: list[User], *, by: User, began_at: datetime) -> None:
    answers = [question["right"] for question in campaign.briefing_questions]
    for agent in agents:
        pass_briefing(campaign, answers=answers, by=agent, now=began_at)
    flow.start_pilot(campaign, by=by, now=began_at)
    flow.fill_queue(campaign, by=by, now=began_at)
    flow.run(campaign, by=by, now=began_at + timedelta(days=7), reason=campaign.sheet["process"])
