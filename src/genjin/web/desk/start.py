"""The start of the desk: the agent's state, what waits, the next customer, the briefings."""

from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Min, Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from genjin.calling.models import Campaign, DeskDraft
from genjin.calling.operations.agents import set_agent_state, touch
from genjin.calling.operations.campaigns import WrongAnswersError, pass_briefing
from genjin.calling.queries import campaigns_of, needs_briefing
from genjin.calling.states import AgentState
from genjin.customers.models import Customer
from genjin.flows.desk import campaign_of, presence_of
from genjin.followups import claims, gate, promises, queries
from genjin.followups import sentences as gate_sentences
from genjin.followups.models import FollowUp, Queue
from genjin.followups.operations import take_next
from genjin.followups.rulebook.queues import queues_of
from genjin.followups.rules import Withheld
from genjin.followups.states import State
from genjin.foundation.access import access, has_right
from genjin.foundation.models import User
from genjin.insight import logbook
from genjin.kernel.errors import BadInput
from genjin.receivables.operations.plans import collection_queues
from genjin.sales.queries import search
from genjin.web.campaigns.sentences import sheet_blocks
from genjin.web.desk.card_work import each_once, more_card_work
from genjin.web.desk.sentences import in_words
from genjin.web.pool.views import going_back

# What an agent may choose; the others come from what they do.
CHOSEN_STATES = (AgentState.READY, AgentState.BUSY, AgentState.BREAK, AgentState.OFF)
BREAK_REASONS = (
    gettext_lazy("Short break"),
    gettext_lazy("Lunch"),
    gettext_lazy("Training"),
    gettext_lazy("Team meeting"),
)
STALE_AFTER = timedelta(days=180)
CARD_WORK = 8
LIST = 12


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _today(now: datetime) -> date:
    return logbook.local_now(now).date()


def _queues(user: User, campaigns: list[Campaign]) -> list[Queue]:
    """Where this person's work comes from: the rulebook, then their campaigns, each by its band."""
    collecting = collection_queues(user)
    return [*queues_of(user), *collecting, *(one.queue for one in campaigns)]


def next_or_desk(request: HttpRequest, now: datetime) -> str:
    """Where the agent goes on: the next customer when there is one and they are not on a break."""
    user = _user(request)
    presence = presence_of(user)
    if presence and presence.state in (AgentState.BREAK, AgentState.BUSY, AgentState.OFF):
        return reverse("desk")
    if held := queries.held_by(user):
        return reverse("desk-followup", args=[held.pk])
    campaigns = campaigns_of(user, _today(now))
    taken = take_next(user, queues=_queues(user, campaigns), now=now)
    if taken is None:
        return reverse("desk") + "?dry=1"
    followup = taken.followup
    campaign = next((one for one in campaigns if one.queue_id == followup.queue_id), None)
    set_agent_state(user, AgentState.READY, now=now, campaign=campaign, followup=followup)
    return reverse("desk-followup", args=[followup.pk])


@access("desk.work")
@require_POST
def take_the_next(request: HttpRequest) -> HttpResponse:
    """Hands over the next customer, or goes on with the one in hand; whoever asks is ready.

    Who is in a call, or wraps one up, with the customer in hand goes on with that.
    """
    user = _user(request)
    now = timezone.now()
    presence, held = presence_of(user), queries.held_by(user)
    in_call = presence is not None and presence.state in (AgentState.ON_CALL, AgentState.WRAP_UP)
    if held is None or not in_call:
        campaign = campaign_of(held) if held else None
        set_agent_state(user, AgentState.READY, now=now, campaign=campaign, followup=held)
    return redirect(next_or_desk(request, now))


@access("desk.work")
@require_POST
def set_state(request: HttpRequest) -> HttpResponse:
    """Ready, busy, on a break with its reason, or off."""
    wanted = request.POST.get("state", "")
    reason = request.POST.get("own_reason", "").strip() or request.POST.get("reason", "")
    try:
        if wanted not in CHOSEN_STATES:
            raise BadInput({"state": ["not_a_choice"]})
        is_paused = wanted in (AgentState.BREAK, AgentState.BUSY)
        set_agent_state(
            _user(request), wanted, now=timezone.now(), reason=reason if is_paused else ""
        )
    except BadInput as bad:
        messages.error(request, in_words(bad))
    return redirect("desk")


@access("desk.work")
@require_POST
def alive(request: HttpRequest) -> JsonResponse:
    """Says that the desk is open, so that the floor does not show the agent as silent."""
    return JsonResponse({"known": touch(_user(request), timezone.now())})


def _next_allowed(campaigns: list[Campaign], user: User, now: datetime) -> dict[str, Any]:
    """Why nothing can be taken and when the next could be: planned times, hours, other reasons."""
    queues = _queues(user, campaigns)
    names = {one.queue_id: one.name for one in campaigns}
    planned = FollowUp.objects.filter(
        queue__in=queues, state=State.PLANNED, not_before__lt=claims.NEVER_BY_ITSELF
    ).filter(assigned_to=None)
    at = planned.aggregate(at=Min("not_before"))["at"]
    reasons: list[str] = []
    for queue in queues:
        if lacking := [one for one in queue.skills if one not in user.skills]:
            reasons.append(
                _("“%(name)s” asks for skills that you are not known for: %(skills)s.")
                % {"name": names.get(queue.pk, queue.name), "skills": ", ".join(lacking)}
            )
            continue
        waiting = (
            FollowUp.objects.filter(queue=queue, state=State.READY, assigned_to=None)
            .select_related("customer", "queue")
            .order_by("lane_id", "rank", "id")
            .first()
        )
        if waiting is None:
            continue
        answer = gate.ask(
            waiting.customer, purpose=waiting.purpose, channel=waiting.channel, now=now,
            followup=waiting,
        )  # fmt: skip
        if isinstance(answer, Withheld):
            reasons += [gate_sentences.sentence(reason) for reason in answer.reasons]
            if answer.next_allowed_at:
                at = min(at, answer.next_allowed_at) if at else answer.next_allowed_at
    return {"at": at, "reasons": [{"text": text} for text in dict.fromkeys(reasons)]}


def _card_work(user: User, now: datetime) -> list[dict[str, Any]]:
    """Own cards that went stale or lack what a call needs, for when there is nobody to call."""
    if not has_right(user, "customers.change"):
        return []
    stale = Q(last_contact_at__lt=now - STALE_AFTER) | Q(
        last_contact_at=None, changed_at__lt=now - STALE_AFTER
    )
    thin = Q(region="") | Q(kind="person", sex="") | Q(points=None)
    rows = (
        Customer.objects.filter(stale | thin, custodian=user, merged_into=None)
        .distinct()
        .order_by("changed_at")
        .prefetch_related("points")[:CARD_WORK]
    )
    return [{"customer": one, "lacks": _lacks(one, now)} for one in rows]


def _lacks(customer: Customer, now: datetime) -> list[str]:
    found = []
    if not customer.points.all():
        found.append(_("no number"))
    if not customer.region:
        found.append(_("no region"))
    if customer.kind == "person" and not customer.sex:
        found.append(_("form of address not known"))
    seen = customer.last_contact_at or customer.changed_at
    if (days := (now - seen).days) >= STALE_AFTER.days:
        found.append(
            ngettext("not heard of for %(days)s day", "not heard of for %(days)s days", days)
            % {"days": days}
        )
    return found


@access("desk.work")
@require_GET
def desk(request: HttpRequest) -> HttpResponse:
    """The start of the shift, and the place between two customers."""
    user = _user(request)
    now = timezone.now()
    today = _today(now)
    end_of_day = logbook.local_now(now).replace(hour=23, minute=59, second=59)
    campaigns = campaigns_of(user, today)
    is_dry = "dry" in request.GET
    drafts = (
        DeskDraft.objects.filter(user=user)
        .exclude(followup__state=State.TAKEN, followup__taken_by=user)
        .select_related("followup__customer")
        .order_by("-saved_at")[:LIST]
    )
    presence = presence_of(user)
    context = {
        "presence": presence,
        "state": presence.state if presence else AgentState.OFF,
        "states": [(code, AgentState(code).label) for code in CHOSEN_STATES],
        "break_reasons": BREAK_REASONS,
        "campaigns": campaigns,
        "unread": needs_briefing(user, today),
        "in_hand": list(queries.in_hand(user)[:3]),
        "callbacks": list(queries.callbacks_of(user).filter(asked_at__lte=end_of_day)[:LIST]),
        "commitments": promises.soon(user, end_of_day, LIST),
        "drafts": list(drafts),
        "strip": logbook.today(user, now),
        "now": now,
        "is_dry": is_dry,
        "dry": _next_allowed(campaigns, user, now) if is_dry else None,
        "card_work": each_once([*_card_work(user, now), *more_card_work(user, now)])
        if is_dry
        else [],
        "may_open_cards": has_right(user, "customers.view"),
        "going_back": going_back(user, now) if has_right(user, "pool.take") else [],
    }
    return render(request, "desk/desk.html", context)


@access("desk.work")
@require_http_methods(["GET", "POST"])
def briefing(request: HttpRequest, pk: int) -> HttpResponse:
    """The briefing of a campaign with its questions; passing it opens the campaign (CA1)."""
    user = _user(request)
    now = timezone.now()
    open_ones = {one.pk for one in needs_briefing(user, _today(now))}
    campaign = get_object_or_404(Campaign.objects.filter(agents__user=user).distinct(), pk=pk)
    answers: list[int | None] = []
    wrong: list[int] = []
    if request.method == "POST":
        for place in range(len(campaign.briefing_questions)):
            given = request.POST.get(f"question{place}", "")
            answers.append(int(given) if given.isdecimal() and len(given) < 4 else None)
        try:
            pass_briefing(campaign, answers=answers, by=user, now=now)
        except WrongAnswersError as error:
            wrong = error.data["wrong"]
        else:
            messages.success(
                request, _("Briefing passed: %(name)s is open to you.") % {"name": campaign}
            )
            return redirect("desk")
    questions = [
        {
            "place": place,
            "text": question["question"],
            "answers": list(enumerate(question["answers"])),
            "given": answers[place] if place < len(answers) else None,
            "is_wrong": place in wrong,
            "why": question.get("why", ""),
        }
        for place, question in enumerate(campaign.briefing_questions)
    ]
    context = {
        "campaign": campaign,
        "sheet": sheet_blocks(campaign.sheet),
        "questions": questions,
        "wrong": len(wrong),
        "is_passed": campaign.pk not in open_ones,
    }
    return render(request, "desk/briefing.html", context, status=422 if wrong else 200)


@access("desk.work")
@require_GET
def products(request: HttpRequest) -> HttpResponse:
    """Products and knowledge for what is typed while talking (CA12)."""
    hits = search(request.GET.get("q", "")[:80])
    return render(request, "products/_hits.html", {"hits": hits})
