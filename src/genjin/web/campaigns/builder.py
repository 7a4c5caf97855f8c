"""The campaign builder: its steps, each a form of its own (CA1)."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from genjin.calling import queries, rules
from genjin.calling.models import Campaign
from genjin.calling.operations import campaigns as operations
from genjin.flows import campaigns as flow
from genjin.foundation.access import access
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput, Conflict
from genjin.kernel.problems import Reason
from genjin.web.campaigns import forms
from genjin.web.campaigns.sentences import sentence
from genjin.web.campaigns.views import found

page_methods = require_http_methods(["GET", "HEAD", "POST"])


def _tabs(campaign: Campaign, active: str) -> list[dict[str, Any]]:
    facts = queries.facts_of(campaign)
    done = {
        "basics": facts.has_hours,
        "who": facts.has_segment,
        "script": facts.has_published_script,
        "goals": facts.goals > 0,
        "briefing": facts.has_briefing and facts.questions > 0,
        "agents": facts.agents > 0,
        "retry": bool(campaign.retry_plan),
        "sheet": bool(campaign.sheet),
    }
    return [
        {
            "label": label,
            "url": reverse("campaign-edit", args=[campaign.pk, code]),
            "active": code == active,
            "icon": "check" if done[code] else "circle-dashed",
        }
        for code, (label, _form) in forms.STEPS.items()
    ]


def _show(request: HttpRequest, form: forms.StepForm, code: str, status: int = 200) -> HttpResponse:
    campaign = form.campaign
    context: dict[str, Any] = {"form": form, "campaign": campaign, "step": code}
    if campaign is not None:
        context["tabs"] = _tabs(campaign, code)
        context |= _more(campaign, code)
    return render(request, "campaigns/edit.html", context, status=status)


def _more(campaign: Campaign, code: str) -> dict[str, Any]:
    """What a step shows beside its form."""
    if code == "goals":
        rates = queries.expected_rates(campaign, timezone.now())
        days, hours = rules.working_days(
            rules.hours_by_weekday(campaign.weekly),
            campaign.starts_on,
            campaign.ends_on,
            today=flow.organisation_day(timezone.now()),
        )
        need = rules.contacts_needed(
            campaign.closings_wanted or 0, rates, days=days, hours_per_day=hours
        )
        return {"need": need, "rates": rates, "days": days, "hours_per_day": hours}
    if code == "script":
        return {"version": queries.latest_version(campaign)}
    if code == "agents":
        return {"places": queries.agents_of(campaign), "today": _today()}
    return {}


def _today() -> date:
    return flow.organisation_day(timezone.now())


@page_methods
@access("campaigns.manage")
def new(request: HttpRequest) -> HttpResponse:
    """Makes a draft from the basics and goes on to who is called."""
    assert isinstance(request.user, User)
    team = {"team": request.user.team_id} if request.user.team_id else {}
    form = forms.BasicsForm(request.POST or None, campaign=None, user=request.user, initial=team)
    if request.method != "POST":
        return _show(request, form, "basics")
    if form.is_valid():
        try:
            campaign = operations.create_campaign(
                by=request.user, now=timezone.now(), **form.values()
            )
        except BadInput as error:
            form.take(error)
        else:
            url = reverse("campaign-edit", args=[campaign.pk, "who"])
            asked = _segment_asked(request)
            return redirect(f"{url}?segment={asked}" if asked else url)
    return _show(request, form, "basics", status=422)


def _segment_asked(request: HttpRequest) -> str:
    """The segment from which a person began a campaign, as the address names it."""
    asked = request.GET.get("segment", "")
    return asked if asked.isascii() and asked.isdigit() and len(asked) < 18 else ""


@page_methods
@access("campaigns.manage")
def edit(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """Shows and saves one step; after saving the next step is shown."""
    campaign = found(request, pk)
    if code not in forms.STEPS:
        raise Http404
    assert isinstance(request.user, User)
    form = forms.STEPS[code][1](request.POST or None, campaign=campaign, user=request.user)
    if request.method != "POST":
        if code == "who" and campaign.segment_id is None:
            form.initial["segment"] = _segment_asked(request) or None
        return _show(request, form, code)
    if form.is_valid() and _save(request, form, code):
        messages.success(request, _("Saved."))
        return redirect(_after(request, campaign, code))
    return _show(request, form, code, status=422)


def _save(request: HttpRequest, form: forms.StepForm, code: str) -> bool:
    campaign, by, now = form.campaign, form.user, timezone.now()
    assert campaign is not None
    try:
        if code == "agents":
            operations.set_agents(
                campaign, form.cleaned_data["agents"], by=by, now=now, today=_today()
            )
        else:
            operations.change_campaign(campaign, form.values(), by=by, now=now)
    except BadInput as error:
        form.take(error)
        return False
    except Conflict as error:
        form.add_error(None, sentence(Reason(error.code, error.data)))
        return False
    return True


def _after(request: HttpRequest, campaign: Campaign, code: str) -> str:
    codes = list(forms.STEPS)
    place = codes.index(code) + 1
    if "stay" in request.POST:
        return reverse("campaign-edit", args=[campaign.pk, code])
    if place == len(codes):
        return reverse("campaign", args=[campaign.pk])
    return reverse("campaign-edit", args=[campaign.pk, codes[place]])


@page_methods
@access("campaigns.manage")
def rotation(request: HttpRequest, pk: int, user_pk: int) -> HttpResponse:
    """Lets one agent work on past the day of rotation, for a stated reason."""
    campaign = found(request, pk)
    place = get_object_or_404(
        campaign.agents.filter(is_active=True).select_related("user"), user=user_pk
    )
    form = forms.RotationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        assert isinstance(request.user, User)
        try:
            operations.extend_rotation(
                campaign, place.user, by=request.user, now=timezone.now(), **form.cleaned_data
            )
        except BadInput as error:
            for name, reasons in error.problems.items():
                for reason in reasons:
                    form.add_error(str(name), sentence(reason))
        else:
            messages.success(request, _("Saved."))
            return redirect("campaign-edit", pk=pk, code="agents")
    status = 422 if form.errors else 200
    context = {"form": form, "campaign": campaign, "place": place}
    return render(request, "campaigns/rotation.html", context, status=status)
