"""The list of pairs that may be one customer, and the comparison of two cards (CU10, CU17)."""

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from genjin.customers.duplicates.scanning import scanned_until
from genjin.customers.models import DuplicatePair
from genjin.customers.queries import visible_to
from genjin.customers.states import PairState
from genjin.flows.merging import may_decide_collision
from genjin.foundation.access import access, has_right, scope_of
from genjin.foundation.models import User
from genjin.web.duplicates import page

RIGHT = "customers.change"
PAGE = 50


def me(request: HttpRequest) -> User:
    """The signed-in person."""
    assert isinstance(request.user, User)
    return request.user


def seen_by(user: User) -> QuerySet[DuplicatePair]:
    """The pairs of which this person sees a card at least; supervisors their teams' collisions."""
    rows = DuplicatePair.objects.select_related(
        "first__custodian", "second__custodian", "first__team", "second__team", "decided_by"
    )
    if scope_of(user) == "all":
        return rows
    visible = visible_to(user).order_by().values("pk")
    return rows.filter(Q(first__in=visible) | Q(second__in=visible))


def pair_or_404(request: HttpRequest, pk: UUID) -> tuple[DuplicatePair, set[UUID]]:
    """The pair, and which of its cards the person sees; 404 where they see neither."""
    pair = get_object_or_404(
        DuplicatePair.objects.select_related(
            "first__custodian", "second__custodian", "first__team", "second__team", "decided_by"
        ),
        pk=pk,
    )
    visible = page.visible_ids(me(request), [pair])
    if not visible and not may_decide_collision(me(request), pair):
        raise Http404
    return pair, visible


def _tabs(active: str, rows: QuerySet[DuplicatePair]) -> list[dict[str, Any]]:
    named = {"open": _("Perhaps one customer"), "collisions": _("Collisions"),
             "decided": _("Decided")}  # fmt: skip
    waiting = rows.filter(state=PairState.OPEN)
    counts = {
        "open": waiting.filter(is_collision=False)[:1000].count(),
        "collisions": waiting.filter(is_collision=True)[:1000].count(),
    }
    return [
        {"label": label, "url": f"{reverse('duplicates')}?tab={code}", "active": code == active,
         "count": counts.get(code)}
        for code, label in named.items()
    ]  # fmt: skip


@require_safe
@access(RIGHT)
def pairs(request: HttpRequest) -> HttpResponse:
    """The pairs in the person's scope: open, claimed by two, decided."""
    tab = request.GET.get("tab", "open")
    tab = tab if tab in ("open", "collisions", "decided") else "open"
    rows = seen_by(me(request))
    if tab == "decided":
        listed = rows.exclude(state=PairState.OPEN).order_by("-decided_at", "-pk")
    else:
        is_collision = tab == "collisions"
        listed = rows.filter(state=PairState.OPEN, is_collision=is_collision).order_by(
            "-score", "-found_at", "-pk"
        )
    number = max(1, int(text)) if (text := request.GET.get("page", "1")[:6]).isdigit() else 1
    found = list(listed[(number - 1) * PAGE : number * PAGE + 1])
    shown = found[:PAGE]
    visible = page.visible_ids(me(request), shown)
    context = {
        "tab": tab,
        "tabs": _tabs(tab, rows),
        "lines": [page.line(pair, visible) for pair in shown],
        "scanned": scanned_until(),
        "may_scan": has_right(me(request), "customers.assign"),
        "page": number,
        "has_more": len(found) > PAGE,
    }
    return render(request, "duplicates/list.html", context)


@require_safe
@access(RIGHT)
def compare(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Two cards side by side, and what may be decided about them."""
    pair, visible = pair_or_404(request, pk)
    context = page.comparison(pair, me(request), visible, timezone.now())
    return render(request, "duplicates/pair.html", context)
