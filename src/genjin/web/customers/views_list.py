"""Many customers: finding while typing, and the list with its filter."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from genjin.customers.facets import counted_facets
from genjin.customers.models import Standing
from genjin.customers.search import find as find_customers
from genjin.customers.segments import BETWEEN, OWNS, fields_for_selection
from genjin.foundation.access import access, has_right
from genjin.foundation.models import User
from genjin.web.customers import listing, words
from genjin.web.customers.common import user_of
from genjin.web.segments import criteria as reading

SHOWN_OPEN = 4


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
    standings = Standing.objects.in_bulk([hit.id for hit in hits])
    rows = [
        {
            "hit": hit,
            "standing": standings.get(hit.id),
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
    """The list with its facets and live counts; a piece of the page when htmx asks.

    As many queries for one row as for fifty.
    """
    user = user_of(request)
    fields = fields_for_selection()
    criteria, problems = listing.asked(request.GET, fields)
    counted = counted_facets(criteria, user=user)
    page = listing.page_of(listing.rows_of(criteria, user, counted.total), request.GET)
    query = listing.plain_address(request.GET)
    ranges = [one for one in fields if BETWEEN in one.ops]
    context = {
        "rows": listing.list_rows(page.rows, user),
        "page": page,
        "count": listing.count_text(counted.total),
        "facets": [{"facet": one, "is_open": place < SHOWN_OPEN or one.used > 0}
                   for place, one in enumerate(counted.facets)],
        "chips": listing.chips(criteria, query),
        "problems": problems,
        "ranges": reading.controls(ranges, criteria),
        "owned": reading.owned_controls(next(f for f in fields if f.code == "owned"), criteria),
        "is_more_used": any(one["op"] in (BETWEEN, OWNS) for part in criteria.values()
                            for one in part),
        "q": request.GET.get("q", ""),
        "query": query.urlencode(),
        "may_change": has_right(user, "customers.change"),
        "may_import": has_right(user, "customers.import"),
        "may_segment": has_right(user, "segments.manage"),
        "may_export": has_right(user, "customers.export"),
    }  # fmt: skip
    if request.headers.get("HX-Target") == "selection":
        answer = render(request, "customers/_selection.html", context)
        answer["HX-Push-Url"] = f"{request.path}?{context['query']}" if query else request.path
        return answer
    return render(request, "customers/list.html", context)
