"""What the campaign's pages draw and list: forecast, results, what waits and why."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from genjin.calling import states
from genjin.calling.models import Campaign
from genjin.calling.queries import remaining
from genjin.calling.rules import Rates
from genjin.flows.campaigns import CampaignForecast
from genjin.flows.purposes import outcomes_for
from genjin.followups.models import FollowUp
from genjin.followups.states import State
from genjin.insight import campaigns as insight
from genjin.insight.logbook import Figures
from genjin.web.campaigns.sentences import heading

WAITING_SHOWN = 200


def records_url(campaign: Campaign, **filters: Any) -> str:
    """The page with the interactions that make up a figure."""
    query = {"campaign": campaign.pk, **{key: value for key, value in filters.items() if value}}
    return f"{reverse('logbook-records')}?{urlencode(query)}"


def outcome_labels(purpose: str, kind: str = "") -> dict[str, Any]:
    """What each outcome of a purpose is called."""
    return {rule.code: rule.label for rule in outcomes_for(purpose, kind)}


def results_context(campaign: Campaign, now: datetime) -> dict[str, Any]:
    """Figures, charts and tables of the results, each figure with the records behind it."""
    found = insight.results(campaign, now)
    labels = outcome_labels(states.PURPOSE_OF[states.CampaignKind(campaign.kind)], campaign.kind)
    figures = found.figures
    return {
        "results": found,
        "funnel": _funnel(campaign, found),
        "day_chart": day_chart(found.by_day),
        "outcomes": [
            {
                "label": labels.get(code, code),
                "count": count,
                "share": count / figures.dialled if figures.dialled else None,
                "talk": talk / count if count else None,
                "url": records_url(campaign, outcome=code),
            }
            for code, count, talk in found.by_outcome
        ],
        "outcome_chart": outcome_chart(
            [(str(labels.get(code, code)), count) for code, count, _talk in found.by_outcome]
        ),
        "people": [
            {"name": str(user), "figures": row, "url": records_url(campaign, user=user.pk)}
            for user, row in found.by_agent
        ],
        "versions": [
            {
                "name": str(version) if version else _("without a script"),
                "figures": row,
                "url": records_url(campaign, version=version.pk if version else "none"),
            }
            for version, row in found.by_version
        ],
        "days": [
            {"day": row.key, "figures": row.figures, "url": records_url(campaign, day=row.key)}
            for row in reversed(found.by_day)
        ],
        "states": state_tabs(campaign, "", found.remaining),
        "held_back": [
            {"text": heading(code), "count": count, "url": waiting_url(campaign, "planned", code)}
            for code, count in found.held_back
        ],
        "goals": [
            {"label": _period(period), "done": done, "planned": planned}
            for period, done, planned in found.goals
        ],
    }


def _period(code: str) -> str:
    return {"hour": _("This hour"), "day": _("Today"), "month": _("This month")}[code]


def _funnel(campaign: Campaign, found: insight.Results) -> list[dict[str, Any]]:
    """From all customers to successes, each step with its share of the one before."""
    figures: Figures = found.figures
    steps: tuple[tuple[str, int, int | None, dict[str, str]], ...] = (
        (_("Dialled"), figures.dialled, None, {}),
        (_("Connected"), figures.connected, figures.dialled, {"flag": "connected"}),
        (_("Right party reached"), figures.reached, figures.connected, {"flag": "reached"}),
        (_("Success"), figures.successes, figures.reached, {"flag": "success"}),
    )
    return [
        {
            "label": label,
            "value": value,
            "whole": whole,
            "share": value / whole if whole else None,
            "url": records_url(campaign, **filters),
        }
        for label, value, whole, filters in steps
    ]


def day_chart(rows: Iterable[Any]) -> dict[str, Any]:
    """Right-party contacts and successes as bars, the success rate as a line."""
    rows = list(rows)
    rates = [row.figures.success_rate for row in rows]
    return {
        "legend": {},
        "xAxis": {"type": "category", "data": [f"{row.key:%m-%d}" for row in rows]},
        "yAxis": [
            {"type": "value", "minInterval": 1},
            {"type": "value", "name": "%", "splitLine": {"show": False}},
        ],
        "series": [
            {"type": "bar", "name": _("Reached"), "data": [row.figures.reached for row in rows]},
            {"type": "bar", "name": _("Successes"), "data": [r.figures.successes for r in rows]},
            {
                "type": "line",
                "name": _("Success rate (%)"),
                "yAxisIndex": 1,
                "data": [None if rate is None else round(rate * 100, 1) for rate in rates],
            },
        ],
    }


def outcome_chart(rows: list[tuple[str, int]]) -> dict[str, Any]:
    """Outcomes as lying bars, the most frequent on top."""
    top = rows[:10][::-1]
    return {
        "xAxis": {"type": "value", "minInterval": 1},
        "yAxis": {"type": "category", "data": [label for label, _count in top]},
        "series": [{"type": "bar", "name": _("Calls"), "data": [count for _label, count in top]}],
    }


# -- before it starts -------------------------------------------------------------------------


def forecast_context(campaign: Campaign, found: CampaignForecast) -> dict[str, Any]:
    """The forecast with its reasons in words and its sums written out."""
    return {
        "held_back": [
            {"text": heading(code), "count": count, "share": count / found.gate.total}
            for code, count in sorted(found.gate.held_back.items(), key=lambda item: -item[1])
        ],
        "rates_source": rates_source(found.rates),
    }


def rates_source(rates: Rates) -> str:
    """Where the expected shares come from, in a sentence."""
    if rates.source == "past":
        return _("From %(count)s calls of this kind in the last 90 days.") % {"count": rates.sample}
    return _("Stated defaults, until there are enough calls of this kind.")


# -- what waits -------------------------------------------------------------------------------


def waiting_url(campaign: Campaign, state: str, reason: str = "") -> str:
    query = {"state": state} | ({"reason": reason} if reason else {})
    return f"{reverse('campaign-waiting', args=[campaign.pk])}?{urlencode(query)}"


def state_tabs(
    campaign: Campaign, active: str, counts: dict[str, int] | None = None
) -> list[dict[str, Any]]:
    counts = counts if counts is not None else remaining(campaign)
    return [
        {
            "code": code,
            "label": label,
            "count": counts[code],
            "url": waiting_url(campaign, code),
            "active": code == active,
        }
        for code, label in State.choices
    ]


def waiting_rows(campaign: Campaign, state: str, reason: str) -> list[dict[str, Any]]:
    """The first follow-ups of a state; `reason` keeps those that the gate holds back for it."""
    rows = FollowUp.objects.filter(queue=campaign.queue_id, state=state)
    if reason:
        rows = rows.filter(withheld__0__code=reason)
    rows = rows.select_related("customer", "assigned_to", "taken_by").order_by("rank", "pk")
    return [
        {"followup": row, "reasons": [heading(found["code"]) for found in row.withheld]}
        for row in rows[:WAITING_SHOWN]
    ]
