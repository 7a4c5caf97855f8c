"""Many opportunities: the list with its facets, and the board by stage (SA2)."""

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from genjin.customers.search import find
from genjin.foundation.access import access, has_right, scope_of
from genjin.foundation.models import Team, User
from genjin.sales.models import Product
from genjin.sales.opportunities import listing, stages
from genjin.sales.opportunities.listing import Chosen
from genjin.sales.opportunities.states import OpportunityState
from genjin.web.customers.common import user_of
from genjin.web.opportunities import panels, words
from genjin.web.opportunities.forms import GRADES
from genjin.web.orders.words import money

PAGE = 50
HITS = 8
_RARE = 12
_VIEWS = ("list", "board")


def chosen_of(query: QueryDict) -> Chosen:
    """What an address ticks; values that make no sense tick nothing."""
    known: Mapping[str, Callable[[str], bool]] = {
        "state": lambda code: code in OpportunityState.values,
        "stage": lambda code: stages.stage(code) is not None,
        "grade": lambda code: code in dict(GRADES),
        "owner": _is_number,
        "team": _is_number,
        "month": lambda code: code == listing.NO_DAY or len(code) == 7,
        "due": lambda code: code in words.DUE_LABELS,
        "ended": lambda code: len(code) == 7,
    }
    ticks = {
        facet: frozenset(code for code in query.getlist(facet) if fits(code))
        for facet, fits in known.items()
    }
    product = query.get("product", "")
    return Chosen(ticks, int(product) if _is_number(product) else None)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10


def _facet(
    code: str, label: Any, values: list[tuple[str, str, int]], chosen: Chosen
) -> dict[str, Any]:
    """A facet as the page shows it: ticked values always, others while they would show some."""
    ticked = chosen.ticks.get(code, frozenset())
    default = chosen.of(code)
    shown = [
        {"value": value, "label": label, "count": count, "checked": value in default}
        for value, label, count in values
        if count or value in ticked
    ]
    return {"code": code, "label": label, "values": shown, "used": len(ticked)}


def _people(counted: Mapping[Any, int], ticked: frozenset[str]) -> list[tuple[str, str, int]]:
    """Owners, those with the most first; the ticked ones among them always."""
    most = sorted(counted, key=lambda pk: -counted[pk])[:_RARE]
    keys = {*most, *(int(one) for one in ticked)}
    names = dict(User.objects.filter(pk__in=keys).values_list("pk", "name"))
    ordered = sorted(names, key=lambda pk: (-counted.get(pk, 0), names[pk]))
    return [(str(pk), names[pk], counted.get(pk, 0)) for pk in ordered]


def facets(user: User, chosen: Chosen, today: listing.Today) -> list[dict[str, Any]]:
    """Every facet with its counts."""
    found = listing.counts(user, chosen, today)
    months = sorted(found["month"], key=lambda code: (code == listing.NO_DAY, code))
    every = [
        ("due", _("To be done"), [(code, str(label), found["due"].get(code) or 0)
                                  for code, label in words.DUE_LABELS.items()]),
        ("stage", _("Stage"), [(one.code, one.label, found["stage"].get(one.code, 0))
                               for one in stages.stages()]),
        ("grade", _("Grade"), [(code, str(label), found["grade"].get(code, 0))
                               for code, label in GRADES]),
        ("month", _("Expected in"), [(code, words.month_label(code), found["month"][code])
                                     for code in months]),
        ("owner", _("Owner"), _people(found["owner"], chosen.of("owner"))),
        ("state", _("State"), [(code, words.state_label(code), found["state"].get(code, 0))
                               for code in OpportunityState.values]),
    ]  # fmt: skip
    if scope_of(user) == "all":
        names = dict(Team.objects.values_list("pk", "name"))
        teams = [(str(pk), names[pk], n) for pk, n in found["team"].items() if pk in names]
        every.insert(-1, ("team", _("Team"), sorted(teams, key=lambda one: -one[2])))
    return [_facet(code, label, values, chosen) for code, label, values in every]


def _tabs(request: HttpRequest, view: str) -> list[dict[str, Any]]:
    def url(code: str) -> str:
        query = request.GET.copy()
        for name in ("after", "view"):
            query.pop(name, None)
        if code != "list":
            query["view"] = code
        return f"?{query.urlencode()}"

    labels = {"list": (_("List"), "list"), "board": (_("Board"), "columns")}
    return [
        {"label": label, "url": url(code), "active": code == view, "icon": icon}
        for code, (label, icon) in labels.items()
    ]


@require_safe
@access("opportunities.manage")
def index(request: HttpRequest) -> HttpResponse:
    """The opportunities in one's scope: a list by expected day, or a board by stage."""
    user, now = user_of(request), timezone.now()
    chosen, today = chosen_of(request.GET), panels.today(now)
    view = request.GET.get("view", "list")
    view = view if view in _VIEWS else "list"
    rows = listing.matching(user, chosen, today)
    totals = listing.totals(rows)
    product = Product.objects.filter(pk=chosen.product).first() if chosen.product else None
    context: dict[str, Any] = {
        "view": view,
        "tabs": _tabs(request, view),
        "facets": facets(user, chosen, today),
        "used": sum(len(one) for one in chosen.ticks.values()),
        "product": product,
        "totals": totals,
        "amount": money(totals["amount"]),
        "weighted": money(totals["weighted"]),
        "is_open": chosen.is_open,
        "ended": sorted(chosen.of("ended")),
        "may_forecast": has_right(user, "forecast.view"),
    }
    if view == "board":
        context["columns"] = [
            {
                "stage": one.stage,
                "count": one.count,
                "amount": money(one.amount),
                "weighted": money(one.weighted),
                "more": one.count - len(one.rows),
                "url": "?" + _with(request.GET, stage=one.stage.code, view=""),
                "lines": [panels.line(row, now=now, day=today.day) for row in one.rows],
            }
            for one in listing.board(rows)
        ]
    else:
        page = listing.page(
            rows, is_open=chosen.is_open, after=request.GET.get("after", ""), size=PAGE
        )
        context["lines"] = [panels.line(row, now=now, day=today.day) for row in page.rows]
        context["after"] = page.after
    return render(request, "opportunities/index.html", context)


def _with(query: QueryDict, **values: str) -> str:
    """The address of the page with some values in place of its own; "" takes one away."""
    found = query.copy()
    found.pop("after", None)
    for name, value in values.items():
        found.pop(name, None)
        if value:
            found[name] = value
    return found.urlencode()


@require_safe
@access("opportunities.manage")
def choose(request: HttpRequest) -> HttpResponse:
    """First whom: finding the customer of a new opportunity, with or without script."""
    user = user_of(request)
    query = request.GET.get("q", "").strip()[:80]
    found = find(query, user=user, limit=HITS) if query else []
    hits = [{"hit": hit, "url": reverse("opportunity-new", args=[hit.id])} for hit in found]
    template = "_hits" if request.headers.get("HX-Request") else "choose"
    return render(request, f"opportunities/{template}.html", {"query": query, "hits": hits})
