"""A customer rings us: the follow-up of the message that they answer, or their card (FU5)."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from genjin.customers.search import find
from genjin.flows import desk
from genjin.followups import queries
from genjin.followups.models import FollowUp
from genjin.foundation.access import access, has_right
from genjin.foundation.models import User
from genjin.kernel.errors import GenjinError
from genjin.web.desk.sentences import sentence

CARDS = 8


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


@access("desk.work")
@require_GET
def answer(request: HttpRequest) -> HttpResponse:
    """What a number leads to: the messages left with or at it, and the cards that fit."""
    user, query = _user(request), request.GET.get("q", "").strip()[:80]
    may_open = has_right(user, "customers.view")
    context = {
        "query": query,
        "left": queries.messages_answered(query, now=timezone.now()) if query else [],
        "cards": find(query, user=user, limit=CARDS) if query and may_open else [],
        "may_open": may_open,
        "held": queries.in_hand(user).first(),
    }
    return render(request, "desk/answer.html", context)


@access("desk.work")
@require_POST
def called_back(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Opens the follow-up of a message; whoever answers the telephone may, whosever it was."""
    row = get_object_or_404(FollowUp.objects.select_related("customer", "queue"), pk=pk)
    if not queries.has_message(row):
        raise Http404
    try:
        desk.answer_call_back(row, by=_user(request), now=timezone.now())
    except GenjinError as error:
        messages.error(request, sentence(error))
        return redirect("desk")
    return redirect("desk-followup", pk=row.pk)
