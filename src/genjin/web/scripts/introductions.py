"""Agents' own introductions: proposed on the script's page, decided by someone else (CA2)."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from genjin.calling.models import Introduction, Script
from genjin.calling.operations import scripts as operations
from genjin.calling.states import IntroductionState
from genjin.foundation.access import access
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput, Conflict, LostRace, NotAllowed
from genjin.kernel.problems import Reason
from genjin.kernel.states import IllegalTransition
from genjin.web.scripts.editor import found
from genjin.web.scripts.forms import IntroductionForm
from genjin.web.scripts.sentences import sentence


def newest_of(script: Script, user: User) -> Introduction | None:
    """The person's newest introduction for the script, whatever became of it."""
    rows = script.introductions.filter(agent=user).select_related("decided_by")
    return rows.order_by("-proposed_at").first()


def waiting(script: Script) -> list[Introduction]:
    """What waits for a decision, the oldest first."""
    rows = script.introductions.filter(state=IntroductionState.PROPOSED)
    return list(rows.select_related("agent").order_by("proposed_at"))


@require_POST
@access("scripts.view")
def propose(request: HttpRequest, pk: int) -> HttpResponse:
    """Hands in one's own introduction."""
    script = found(pk)
    assert isinstance(request.user, User)
    form = IntroductionForm(request.POST)
    if form.is_valid():
        try:
            operations.propose_introduction(
                script, form.cleaned_data["text"], by=request.user, now=timezone.now()
            )
        except BadInput as error:
            form.take(error)
        except Conflict as error:
            form.add_error("text", sentence(Reason(error.code)))
        else:
            messages.success(request, _("Handed in. It is used once someone has approved it."))
            return redirect("script", pk=pk)
    context: dict[str, Any] = {"script": script, "form": form}
    return render(request, "scripts/introduction.html", context, status=422)


@require_POST
@access("scripts.manage")
def decide(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Approves or refuses an introduction; a refusal states its reason."""
    introduction = get_object_or_404(Introduction.objects.select_related("agent"), pk=pk)
    assert isinstance(request.user, User)
    approve = request.POST.get("answer") == "approve"
    try:
        operations.decide_introduction(
            introduction,
            approve=approve,
            note=request.POST.get("note", ""),
            by=request.user,
            now=timezone.now(),
        )
    except BadInput:
        messages.error(request, _("State the reason why it is refused."))
    except (NotAllowed, LostRace, IllegalTransition) as error:
        messages.error(request, sentence(Reason(error.code)))
    else:
        done = _("Approved: %(name)s") if approve else _("Refused: %(name)s")
        messages.success(request, done % {"name": introduction.agent.name})
    return redirect("script", pk=introduction.script_id)
