"""Many customers: the newest orders, lists of orders, classes with key customers, grades due."""

from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from genjin.customers.importing.operations import store_upload
from genjin.customers.models import Customer
from genjin.customers.operations import prospects
from genjin.customers.queries import visible_to
from genjin.foundation.access import access, has_right, scope_of
from genjin.foundation.models import LongTask, Team, User
from genjin.foundation.tabular.errors import UnreadableTable
from genjin.sales import jobs
from genjin.sales.key_customers import proposals
from genjin.sales.models import ClassRun, OrderLine
from genjin.sales.opportunities import reviews
from genjin.sales.order_sentences import of_error
from genjin.sales.standing import newest_run
from genjin.sales.states import LineState
from genjin.web.customers.common import user_of
from genjin.web.deals.page import deal_tabs
from genjin.web.orders import panels, words
from genjin.web.orders.forms import OrdersFileForm

PAGE = 50
REVIEWS = 100
_TASKS = 20


@access("orders.enter")
@require_GET
def order_list(request: HttpRequest) -> HttpResponse:
    """The newest orders of the cards in one's scope; with months and a seller those of a figure."""
    user = user_of(request)
    rows = OrderLine.objects.select_related("customer", "category", "product", "by")
    if scope_of(user) != "all":
        rows = rows.filter(customer__in=visible_to(user).order_by().values("pk"))
    rows, narrowed = _narrowed(rows, request.GET)
    if last := _last(request.GET.get("after", "")):
        rows = rows.filter(pk__lt=last)
    found = list(rows.order_by("-pk")[: PAGE + 1])
    context = {
        "rows": [panels.order_row(order) for order in found[:PAGE]],
        "after": found[PAGE - 1].pk if len(found) > PAGE else "",
        "narrowed": narrowed,
        "may_import": has_right(user, "orders.import"),
        "tabs": deal_tabs(user, "orders"),
    }
    return render(request, "orders/list.html", context)


def _narrowed(rows: QuerySet[OrderLine], query: QueryDict) -> tuple[QuerySet[OrderLine], list[str]]:
    """The concluded lines behind a figure: `from` and `to` are months, `owner` who sold, `team`.

    Also says in words what they were narrowed to.
    """
    said: list[str] = []
    first, last = (_month(query.get(name, "")) for name in ("from", "to"))
    if first and last:
        after = date(last.year + last.month // 12, last.month % 12 + 1, 1)
        rows = rows.filter(state=LineState.CONCLUDED, ordered_on__gte=first, ordered_on__lt=after)
        said.append(f"{first:%Y-%m}" if first == last else f"{first:%Y-%m} – {last:%Y-%m}")
    sold = rows.annotate(who=Coalesce("order__seller", "by"))
    if owner := User.objects.filter(pk=_key(query.get("owner", ""))).first():
        rows = sold.filter(who=owner.pk)
        said.append(owner.name)
    elif team := Team.objects.filter(pk=_key(query.get("team", ""))).first():
        rows = sold.filter(who__in=User.objects.filter(team=team).values("pk"))
        said.append(team.name)
    return rows, said


def _month(text: str) -> date | None:
    try:
        return date.fromisoformat(f"{text}-01") if len(text) == 7 else None
    except ValueError:
        return None


def _key(text: str) -> int:
    """The key in an address; -1, which nothing has, for nonsense."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1


def _last(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _files(user: User) -> QuerySet[LongTask]:
    """The files of orders that a person brought in; all of them for those who see everything."""
    tasks = LongTask.objects.filter(kind="orders").select_related("by")
    return tasks if scope_of(user) == "all" else tasks.filter(by=user)


@access("orders.import")
@require_http_methods(["GET", "POST"])
def orders_import(request: HttpRequest) -> HttpResponse:
    """Takes a list of orders in; the worker reads it, and the rows with faults wait here."""
    user = user_of(request)
    form = OrdersFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data["file"]
        try:
            path = store_upload(given.chunks(), name=given.name)
        except UnreadableTable as error:
            form.add_error("file", of_error(error))
        else:
            with transaction.atomic():
                jobs.enqueue_orders(path, name=given.name[:120], by=user, now=timezone.now())
            messages.success(request, _("The file is being read; its result stands below."))
            return redirect("orders-import")
    tasks = list(_files(user).order_by("-created_at")[:_TASKS])
    context: dict[str, Any] = {
        "form": form,
        "tasks": tasks,
        "is_at_work": any(task.state in ("queued", "running") for task in tasks),
    }
    if request.headers.get("HX-Request"):
        return render(request, "orders/_files.html", context)
    return render(request, "orders/import.html", context, status=422 if form.errors else 200)


@access("orders.import")
@require_GET
def orders_faults(request: HttpRequest, pk: UUID) -> FileResponse:
    """The rows that did not come in, with the reason beside each."""
    task = get_object_or_404(_files(user_of(request)), pk=pk)
    path = Path(task.result.get("file") or "/nowhere")
    if not path.is_file():
        raise Http404
    return FileResponse(path.open("rb"), as_attachment=True, filename="orders.faults.csv",
                        content_type="text/csv; charset=utf-8")  # fmt: skip


@access("classes.manage")
@require_GET
def classes(request: HttpRequest) -> HttpResponse:
    """How the classes stand, the button to work them out, and who may be a key customer."""
    user = user_of(request)
    run = newest_run()
    counts = run.counts if run else {}
    context = {
        "run": run,
        "total": words.money(run.total) if run else "",
        "floors": [("A", run.a_percent, words.money(run.a_floor or 0)),
                   ("B", run.b_percent, words.money(run.b_floor or 0))] if run else [],
        "counts": [(code, words.class_name(code), counts.get(code, 0)) for code in "ABC"],
        "runs": ClassRun.objects.select_related("by").order_by("-at")[:5],
        "task": LongTask.objects.filter(kind="classes").order_by("-created_at").first(),
        "proposals": [
            {"customer": one.customer, "why": words.key_sentence(one.reason),
             "standing": getattr(one.customer, "standing", None),
             "amount": _deals(one.customer)}
            for one in proposals(visible_to(user))
        ],
    }  # fmt: skip
    return render(request, "orders/classes.html", context)


def _deals(customer: Customer) -> str:
    standing = getattr(customer, "standing", None)
    return words.money(standing.deal_amount) if standing and standing.deal_amount else ""


@access("classes.manage")
@require_POST
def refresh(request: HttpRequest) -> HttpResponse:
    """Works out everybody's class now, in the worker."""
    with transaction.atomic():
        jobs.enqueue_classes(by=user_of(request), now=timezone.now())
    messages.success(request, _("The classes are being worked out; the page shows how far it is."))
    return redirect("classes")


@access("customers.change")
@require_GET
def grade_reviews(request: HttpRequest) -> HttpResponse:
    """Grades that outlived their term and wait for a word, those that drop first in front."""
    user, now = user_of(request), timezone.now()
    seen = visible_to(user).order_by().values("pk")
    cards = prospects.overdue(now).filter(pk__in=seen).select_related("custodian")[:REVIEWS]
    deals = reviews.overdue(now).filter(customer__in=seen)[:REVIEWS]
    found: list[dict[str, Any]] = [
        {"customer": one, "keeper": one.custodian, "code": one.grade, "set_at": one.grade_set_at,
         "grade": prospects.grade_standing(one, now)}
        for one in cards
    ] + [
        {"customer": one.customer, "deal": one, "keeper": one.owner, "code": one.grade,
         "set_at": one.grade_set_at, "grade": reviews.standing_of(one, now)}
        for one in deals.select_related("customer", "owner")
    ]  # fmt: skip
    found.sort(key=lambda row: row["grade"].drops_at or now)
    is_cut = len(found) >= REVIEWS
    may_deal = has_right(user, "opportunities.manage")
    context = {"rows": found[:REVIEWS], "is_cut": is_cut, "now": now, "may_deal": may_deal}
    return render(request, "orders/grades.html", context)
