"""Campaigns: the list, one campaign with its next steps, and what came out of it."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from genjin.calling import queries, states
from genjin.calling.models import Campaign
from genjin.flows import campaigns as flow
from genjin.flows import jobs
from genjin.followups.states import State
from genjin.foundation.access import access, has_right
from genjin.foundation.models import User
from genjin.insight import floor
from genjin.kernel.errors import Conflict, LostRace
from genjin.kernel.problems import Reason
from genjin.kernel.states import IllegalTransition
from genjin.web.campaigns import charts
from genjin.web.campaigns.sentences import (
    heading,
    hours_in_words,
    sentence,
    sheet_blocks,
)

STEP_NAMES = {
    "briefing": gettext_lazy("Begin the briefing"),
    "pilot": gettext_lazy("Start the pilot week"),
    "running": gettext_lazy("Run"),
    "paused": gettext_lazy("Stop for now"),
    "review": gettext_lazy("End calling, review"),
    "closed": gettext_lazy("Close for good"),
    "draft": gettext_lazy("Back to draft"),
}
STEP_SIGNS = {
    "briefing": "book-2",
    "pilot": "player-play",
    "running": "player-play",
    "paused": "player-pause",
    "review": "clipboard-check",
    "closed": "lock",
    "draft": "arrow-back-up",
}
QUESTIONS = {
    "paused": gettext_lazy("Stop handing out calls now? Calls in hand may be finished."),
    "review": gettext_lazy("End calling and begin the closing review?"),
    "closed": gettext_lazy("Close this campaign for good? It cannot be opened again."),
}
BEGUN = frozenset({"pilot", "running", "paused", "review", "closed"})


def found(request: HttpRequest, pk: int) -> Campaign:
    """The campaign, or 404 where the person may not see it."""
    rows = queries.visible_to(_user(request)).select_related(
        "queue", "segment", "script", "product", "team", "created_by"
    )
    return get_object_or_404(rows, pk=pk)


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def today() -> date:
    return flow.organisation_day(timezone.now())


@require_GET
@access("campaigns.view")
def index(request: HttpRequest) -> HttpResponse:
    """All campaigns that the person may see, those at work first."""
    shown = request.GET.getlist("state")
    rows = queries.visible_to(_user(request)).select_related("team", "queue")
    if shown:
        rows = rows.filter(state__in=shown)
    order = ["running", "pilot", "paused", "briefing", "draft", "review", "closed"]
    listed = sorted(rows, key=lambda row: (order.index(row.state), -row.pk))
    counts = floor.queue_counts(tuple(sorted(row.queue_id for row in listed)))
    lines = [_line(row, counts[row.queue_id]) for row in listed]
    ticks = [
        {"value": value, "label": label, "checked": value in shown}
        for value, label in states.CampaignState.choices
    ]
    context = {
        "lines": lines,
        "ticks": ticks,
        "filtered": bool(shown),
        "may_manage": has_right(request.user, "campaigns.manage"),
    }
    return render(request, "campaigns/index.html", context)


def _line(campaign: Campaign, counts: dict[str, int]) -> dict[str, Any]:
    ended = sum(counts[state] for state in ("done", "cancelled", "expired"))
    return {"campaign": campaign, "ended": ended, "total": sum(counts.values())}


def step_choices(campaign: Campaign) -> list[dict[str, Any]]:
    """The steps that may follow, each with what still stands against it."""
    now = timezone.now()
    choices = []
    for to in flow.next_steps(campaign):
        reasons = flow.missing(campaign, to, now)
        choices.append(
            {
                "to": to,
                "label": STEP_NAMES[to],
                "icon": STEP_SIGNS[to],
                "is_forward": to in ("briefing", "pilot", "running"),
                "question": QUESTIONS.get(to, ""),
                "reasons": [{"text": sentence(reason)} for reason in reasons],
                "may_state_reason": [reason.code for reason in reasons] == ["pilot_unfinished"],
            }
        )
    return choices


@require_GET
@access("campaigns.view")
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """One campaign: its next step, then its results, or before it starts its forecast."""
    campaign = found(request, pk)
    begun = campaign.state in BEGUN
    may_manage = has_right(request.user, "campaigns.manage")
    context: dict[str, Any] = {
        "campaign": campaign,
        "begun": begun,
        "may_manage": may_manage,
        "steps": step_choices(campaign) if may_manage else [],
        "agents": queries.agents_of(campaign),
        "version": queries.latest_version(campaign),
        "today": today(),
        "blocks": sheet_blocks(campaign.sheet),
        "hours": hours_in_words(campaign.weekly),
    }
    if begun:
        context |= charts.results_context(campaign, timezone.now())
    return render(request, "campaigns/campaign.html", context)


@require_GET
@access("campaigns.view")
def forecast(request: HttpRequest, pk: int) -> HttpResponse:
    """What the campaign will mean: fetched by the page when it is there, or opened as a page."""
    campaign = found(request, pk)
    result = flow.forecast_campaign(campaign, timezone.now()) if campaign.segment else None
    context = {"campaign": campaign, "forecast": result}
    if result is not None:
        context |= charts.forecast_context(campaign, result)
    name = (
        "campaigns/_forecast.html"
        if request.headers.get("HX-Request")
        else ("campaigns/forecast.html")
    )
    return render(request, name, context)


@require_GET
@access("campaigns.view")
def waiting(request: HttpRequest, pk: int) -> HttpResponse:
    """The campaign's follow-ups in one state, the first of them in their order."""
    campaign = found(request, pk)
    state = request.GET.get("state", "ready")
    if state not in State.values:
        raise Http404
    context = {
        "campaign": campaign,
        "state": state,
        "reason_text": heading(request.GET["reason"]) if request.GET.get("reason") else "",
        "rows": charts.waiting_rows(campaign, state, request.GET.get("reason", "")),
        "limit": charts.WAITING_SHOWN,
        "tabs": charts.state_tabs(campaign, state),
        "may_manage": has_right(request.user, "campaigns.manage"),
    }
    return render(request, "campaigns/waiting.html", context)


@require_POST
@access("campaigns.manage")
def step(request: HttpRequest, pk: int) -> HttpResponse:
    """Moves the campaign to its next state; what is missing is said and nothing is changed."""
    campaign = found(request, pk)
    to = request.POST.get("to", "")
    if to not in states.CampaignState.values:
        return redirect("campaign", pk=pk)
    try:
        task = jobs.start(
            campaign,
            to,
            by=_user(request),
            now=timezone.now(),
            reason=request.POST.get("reason", "").strip()[:300],
        )
    except flow.NotReadyError as error:
        for reason in error.reasons:
            messages.error(request, sentence(reason))
    except (IllegalTransition, LostRace, Conflict) as error:
        messages.error(request, sentence(Reason(error.code, error.data)))
    else:
        state = campaign.get_state_display()
        messages.success(request, _("The campaign is now: %(state)s.") % {"state": state})
        if task is not None:
            messages.info(request, _("Its queue is being filled."))
    return redirect(reverse("campaign", args=[pk]))
