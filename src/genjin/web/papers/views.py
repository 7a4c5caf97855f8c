"""Papers of a customer: the list, and the file with a note of who took it (SA12, CU8)."""

import re
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from genjin.customers.operations.access_log import log_access
from genjin.customers.states import AccessAction
from genjin.customers.visibility import may_see
from genjin.foundation.access import access
from genjin.sales.models import IssuedPaper
from genjin.sales.papers.queries import card_of, content_of, may_open, papers_of
from genjin.sales.states import PaperKind
from genjin.web.customers.common import customer_of, user_of
from genjin.web.papers.panels import paper_row

MOST = 500


@access("customers.view")
@require_GET
def papers(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Every paper that went to a customer, of one kind if asked."""
    customer, user = customer_of(request, pk), user_of(request)
    rows = papers_of(customer.pk)
    there = set(rows.order_by().values_list("kind", flat=True).distinct())
    kind = request.GET.get("kind", "")
    if kind in PaperKind.values:
        rows = rows.filter(kind=kind)
    context = {
        "customer": customer,
        "rows": [paper_row(paper, user) for paper in rows[:MOST]],
        "kinds": [(code, label) for code, label in PaperKind.choices if code in there],
        "kind": kind,
    }
    return render(request, "papers/list.html", context)


@access("customers.view")
@require_GET
def download(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The file as it was made. Whoever opens it stands in the log of looks."""
    user = user_of(request)
    paper = IssuedPaper.objects.select_related("customer__merged_into").filter(pk=pk).first()
    if paper is None or not may_see(user, card_of(paper)):
        raise Http404
    if not may_open(user, paper):
        raise PermissionDenied
    log_access(
        [card_of(paper).pk],
        action=AccessAction.PRINTED,
        by=user,
        now=timezone.now(),
        detail={"paper": paper.number},
    )
    return HttpResponse(
        content_of(paper),
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{file_name(paper)}"'},
    )


def file_name(paper: IssuedPaper) -> str:
    """A name that every file system takes: the number in letters, digits, - and _."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", paper.number).strip("-") or str(paper.pk)
    return f"{plain}.pdf" if paper.edition == 1 else f"{plain}-{paper.edition}.pdf"
