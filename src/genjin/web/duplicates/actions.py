"""What is decided about two cards: merged, asked for, two customers, whose customer, undone."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from genjin.customers.duplicates.jobs import scan_for_duplicates
from genjin.customers.duplicates.scanning import insert_pair
from genjin.customers.models import Merge
from genjin.customers.queries import visible_to
from genjin.flows import merging
from genjin.foundation.access import access
from genjin.foundation.jobs import enqueue
from genjin.kernel.errors import GenjinError
from genjin.kernel.problems import Reason
from genjin.web.duplicates.sentences import sentence
from genjin.web.duplicates.views import RIGHT, me, pair_or_404


def _try(request: HttpRequest, act: Callable[[datetime], object], said: str) -> bool:
    """Does it and says so, or says why not; whether it was done."""
    try:
        act(timezone.now())
    except GenjinError as error:
        messages.error(request, sentence(error))
        return False
    messages.success(request, said)
    return True


def _choices(request: HttpRequest, survivor_side: str) -> dict[str, str]:
    """Whose value stays, by field, as the operation says it."""
    sides = ("first", "second")
    return {
        name.removeprefix("choice."): "survivor" if value == survivor_side else "merged"
        for name, value in request.POST.items()
        if name.startswith("choice.") and value in sides
    }


@require_POST
@access(RIGHT)
def merge(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Merges the two, or asks for it where somebody else keeps a card."""
    pair, _visible = pair_or_404(request, pk)
    user = me(request)
    which = "second" if request.POST.get("survivor") == "second" else "first"
    survivor, merged = (pair.first, pair.second) if which == "first" else (pair.second, pair.first)
    choices, reason = _choices(request, which), request.POST.get("reason", "")[:300]
    if merging.may_merge(user, survivor, merged):
        done = _try(
            request,
            lambda now: merging.merge_customers(
                survivor, merged, choices=choices, reason=reason, by=user, now=now
            ),
            _("The two cards are one now. Everything that was on either is on it."),
        )
        return redirect("customer", survivor.pk) if done else redirect("duplicate", pk)
    _try(
        request,
        lambda now: merging.ask_to_merge(
            survivor, merged, choices=choices, reason=reason, by=user, now=now
        ),
        _("Asked. The merge is done as soon as it is approved."),
    )
    return redirect("duplicate", pk)


@require_POST
@access(RIGHT)
def distinct(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Remembers that these are two customers."""
    pair, _visible = pair_or_404(request, pk)
    reason = request.POST.get("reason", "")
    done = _try(
        request,
        lambda now: merging.mark_distinct(pair, reason=reason, by=me(request), now=now),
        _("Remembered: two customers. The pair does not come up again."),
    )
    return redirect("duplicates") if done else redirect("duplicate", pk)


@require_POST
@access(RIGHT)
def reopen(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Puts a pair that was said to be two customers back on the list."""
    pair, _visible = pair_or_404(request, pk)
    _try(
        request, lambda now: merging.reopen(pair, by=me(request), now=now), _("On the list again.")
    )
    return redirect("duplicate", pk)


@require_POST
@access(RIGHT)
def claim(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One of two custodians claims the customer."""
    pair, _visible = pair_or_404(request, pk)
    reason = request.POST.get("reason", "")
    _try(
        request,
        lambda now: merging.claim_customer(pair, reason=reason, by=me(request), now=now),
        _("Asked. The supervisor of who was first on record decides."),
    )
    return redirect("duplicate", pk)


@require_POST
@access("customers.assign")
def award(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Says whose customer it is, with a reason."""
    pair, _visible = pair_or_404(request, pk)
    card = pair.second if request.POST.get("keeper") == "second" else pair.first
    keeper, reason = card.custodian, request.POST.get("reason", "")
    if keeper is None:
        messages.error(request, sentence(Reason("not_a_claimant")))
        return redirect("duplicate", pk)
    _try(
        request,
        lambda now: merging.decide_collision(
            pair, keeper=keeper, reason=reason, by=me(request), now=now
        ),
        _("Decided: %(name)s keeps the customer.") % {"name": keeper.name},
    )
    return redirect("duplicate", pk)


@require_POST
@access(RIGHT)
def split(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Undoes a merge and says what stays as it is now."""
    row = get_object_or_404(
        Merge.objects.select_related("survivor"), pk=pk, survivor__in=visible_to(me(request))
    )
    try:
        result = merging.split_customers(row, by=me(request), now=timezone.now())
    except GenjinError as error:
        messages.error(request, sentence(error))
        return redirect("customer", row.survivor_id)
    messages.success(request, _("Undone: these are two cards again, as they were before."))
    if result.entries_since:
        messages.info(
            request,
            ngettext(
                "%(count)s entry of the time since stays with this card.",
                "%(count)s entries of the time since stay with this card.",
                result.entries_since,
            )
            % {"count": result.entries_since},
        )
    if result.kept:
        messages.info(request, _("What was changed since stays: %(fields)s.") % {
            "fields": _(", ").join(result.kept)})  # fmt: skip
    return redirect("customer", row.survivor_id)


@require_POST
@access(RIGHT)
def pick(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Compares a card with another that a person names by its number."""
    mine = visible_to(me(request))
    customer = get_object_or_404(mine, pk=pk)
    text = request.POST.get("number", "").strip()[:14]
    other = mine.filter(number=int(text)).first() if text.isascii() and text.isdigit() else None
    if other is None or other.pk == customer.pk:
        code = "same_card" if other else "card_not_found"
        messages.error(request, sentence(Reason(code)))
        return redirect("customer", pk)
    return redirect("duplicate", insert_pair(customer, other, now=timezone.now()).pk)


@require_POST
@access("customers.assign")
def scan(request: HttpRequest) -> HttpResponse:
    """Looks through every card in the background."""
    enqueue(scan_for_duplicates, once="duplicates", is_full=bool(request.POST.get("full")))
    messages.success(request, _("Under way. What is found comes on this list."))
    return redirect("duplicates")
