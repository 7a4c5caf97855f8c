"""Many customers: finding while typing, and the list with its filter."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from genjin.customers import fields as card_fields
from genjin.customers.search import find as find_customers
from genjin.customers.segments import describe
from genjin.foundation.access import access, has_right
from genjin.foundation.models import User
from genjin.web.customers import listing, words
from genjin.web.customers.common import user_of


@access("customers.view")
@require_GET
def find(request: HttpRequest) -> HttpResponse:
    """Cards that fit what was typed: a piece under the search box, or a page of its own."""
    user, query = user_of(request), request.GET.get("q", "")
    is_piece = bool(request.headers.get("HX-Request"))
    hits = find_customers(query, user=user, limit=8 if is_piece else 50)
    names = dict(
        User.objects.filter(pk__in={hit.custodian_id for hit in hits if hit.custodian_id})
        .values_list("pk", "name")
    ) if not is_piece and hits else {}  # fmt: skip
    rows = [
        {
            "hit": hit,
            "place": words.place(hit.region),
            "custodian": names.get(hit.custodian_id or 0, ""),
            "reading": words.rare_reading(hit.name, person=hit.kind == "person"),
        }
        for hit in hits
    ]
    template = "customers/_found.html" if is_piece else "customers/found.html"
    return render(request, template, {"rows": rows, "query": query.strip()})


@access("customers.view")
@require_GET
def customers(request: HttpRequest) -> HttpResponse:
    """The list with its filter; as many queries for one row as for fifty."""
    user = user_of(request)
    definitions = card_fields.definitions()
    rows, criteria = listing.selected(request.GET, user, definitions)
    page = listing.page_of(rows, request.GET)
    query = request.GET.copy()
    for name in ("after", "before", "sort"):
        query.pop(name, None)
    every = listing.facets(request.GET, definitions)
    context = {
        "rows": listing.list_rows(page.rows, user),
        "page": page,
        "count": listing.count_text(rows),
        "facets": [one for one in every if one["is_main"]],
        "more_facets": [one for one in every if not one["is_main"]],
        "is_more_used": any(one["is_used"] for one in every if not one["is_main"]),
        "sentences": describe(criteria) if criteria["all"] else [],
        "q": request.GET.get("q", ""),
        "region": request.GET.get("region", ""),
        "query": query.urlencode(),
        "may_change": has_right(user, "customers.change"),
        "may_import": has_right(user, "customers.import"),
        "may_segment": has_right(user, "segments.manage"),
    }
    return render(request, "customers/list.html", context)
