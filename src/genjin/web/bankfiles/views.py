"""Files of open items and payments, and the lines of them that wait for a person (RE15)."""

from pathlib import Path
from typing import Any
from uuid import UUID

from django import forms as django_forms
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from genjin.customers.importing.operations import store_upload
from genjin.customers.models import Customer
from genjin.customers.queries import visible_to
from genjin.flows import payments
from genjin.foundation.access import access, has_right
from genjin.foundation.models import LongTask
from genjin.foundation.tabular.errors import UnreadableTable
from genjin.kernel.errors import BadInput, GenjinError
from genjin.kernel.problems import Reason
from genjin.receivables.exposure import with_merged
from genjin.receivables.import_sentences import of_error, sentence
from genjin.receivables.models import Receivable, StatementFile, WaitingPayment, WaitingState
from genjin.receivables.operations.waiting import book_waiting, dismiss_waiting
from genjin.web.bankfiles.forms import BankFileForm, DecideForm, DismissForm
from genjin.web.customers.common import user_of
from genjin.web.orders.words import money
from genjin.web.problems import add_problems

PAGE = 50
MOST_BILLS = 60


@access("ledger.import")
@require_http_methods(["GET", "POST"])
def files(request: HttpRequest) -> HttpResponse:
    """Takes a file in; the worker reads it, and its result stands below."""
    user = user_of(request)
    form = BankFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data["file"]
        try:
            text = form.map_text()
            path = store_upload(given.chunks(), name=given.name)
        except UnreadableTable as error:
            form.add_error("file", of_error(error))
        except django_forms.ValidationError as error:
            form.add_error("map", error)
        else:
            payments.enqueue_file(
                path, name=given.name[:120], kind=form.cleaned_data["kind"], map_text=text,
                by=user, now=timezone.now(),
            )  # fmt: skip
            messages.success(request, _("The file is being read; its result stands below."))
            return redirect("bank-files")
    tasks = list(LongTask.objects.filter(kind=payments.KIND, by=user).order_by("-created_at")[:3])
    context: dict[str, Any] = {
        "form": form,
        "tasks": [one for one in tasks if one.state in ("queued", "running", "failed")],
        "is_at_work": any(one.state in ("queued", "running") for one in tasks),
        "runs": StatementFile.objects.select_related("by").order_by("-begun_at")[:20],
        "waiting": WaitingPayment.objects.filter(state=WaitingState.WAITING).count(),
        "may_decide": has_right(user, "ledger.post"),
    }
    if request.headers.get("HX-Request"):
        return render(request, "bankfiles/_runs.html", context)
    return render(request, "bankfiles/files.html", context, status=422 if form.errors else 200)


@access("ledger.import")
@require_GET
def faults(request: HttpRequest, pk: UUID) -> FileResponse:
    """The rows that did not come in, with the reason beside each."""
    run = get_object_or_404(StatementFile, pk=pk)
    path = Path(run.faults_path or "/nowhere")
    if not path.is_file():
        raise Http404
    return FileResponse(path.open("rb"), as_attachment=True, filename="faults.csv",
                        content_type="text/csv; charset=utf-8")  # fmt: skip


@access("ledger.post")
@require_GET
def waiting(request: HttpRequest) -> HttpResponse:
    """The lines that wait, the oldest first, each with its proposal and why it is no more."""
    rows = WaitingPayment.objects.filter(state=WaitingState.WAITING).select_related(
        "customer", "file"
    )
    if last := request.GET.get("after", ""):
        anchor = rows.filter(pk=last).first() if _is_uuid(last) else None
        if anchor is not None:
            rows = rows.filter(received_on__gte=anchor.received_on).exclude(
                received_on=anchor.received_on, pk__lte=anchor.pk
            )
    found = list(rows.order_by("received_on", "pk")[: PAGE + 1])
    context = {
        "rows": [
            {"line": one, "amount": money(one.amount, one.currency),
             "why": sentence(Reason.from_json(one.reason)), "is_likely": one.certainty == "likely"}
            for one in found[:PAGE]
        ],
        "after": found[PAGE - 1].pk if len(found) > PAGE else "",
    }  # fmt: skip
    return render(request, "bankfiles/waiting.html", context)


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _chosen(request: HttpRequest, line: WaitingPayment) -> tuple[Customer | None, str]:
    """The customer that a person named by number, else the proposal; and what was wrong."""
    cards = visible_to(user_of(request))
    named = (request.POST.get("customer") or request.GET.get("customer") or "").strip()
    if not named:
        return (cards.filter(pk=line.customer_id).first() if line.customer_id else None), ""
    if named.isascii() and named.isdigit() and len(named) < 16:
        found = cards.filter(number=int(named)).first()
        if found is not None:
            return found, ""
    return None, _("No customer of yours has this number.")


@access("ledger.post")
@require_http_methods(["GET", "POST"])
def decide(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Books a line as a customer's payment, on the debts that a person names."""
    user = user_of(request)
    line = get_object_or_404(WaitingPayment.objects.select_related("customer", "file"), pk=pk)
    if line.state != WaitingState.WAITING:
        messages.info(request, _("Somebody decided about this line before."))
        return redirect("payments-waiting")
    customer, problem = _chosen(request, line)
    bills = _bills(customer, line)
    proposed = {str(pk): amount for pk, amount in line.parts} if (
        customer and customer.pk == line.customer_id) else {}  # fmt: skip
    form = DecideForm(request.POST if request.method == "POST" else None, bills=bills,
                      proposed=proposed)  # fmt: skip
    status = 200
    if request.method == "POST":
        status = 422
        if customer is None:
            form.add_error(None, problem or _("Name the customer first."))
        elif form.is_valid():
            try:
                book_waiting(line, customer=customer, parts=form.parts(), by=user,
                             note=form.cleaned_data["note"], now=timezone.now())  # fmt: skip
            except BadInput as error:
                add_problems(form, error, sentence)
            except GenjinError as error:
                form.add_error(None, of_error(error))
            else:
                messages.success(request, _("Booked. What was not given to a debt is an advance."))
                return redirect("payments-waiting")
    context = {
        "line": line, "amount": money(line.amount, line.currency), "customer": customer,
        "why": sentence(Reason.from_json(line.reason)), "problem": problem, "form": form,
        "dismiss": DismissForm(),
    }  # fmt: skip
    return render(request, "bankfiles/decide.html", context, status=status)


def _bills(customer: Customer | None, line: WaitingPayment) -> list[Receivable]:
    if customer is None:
        return []
    rows = Receivable.objects.filter(
        customer__in=with_merged([customer.pk]), state="open", currency=line.currency
    )
    return list(rows.order_by("due_on", "pk")[:MOST_BILLS])


@access("ledger.post")
@require_POST
def dismiss(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Says that a line is no customer's payment."""
    line = get_object_or_404(WaitingPayment, pk=pk)
    try:
        dismiss_waiting(line, reason=request.POST.get("reason", ""), by=user_of(request),
                        now=timezone.now())  # fmt: skip
    except GenjinError as error:
        messages.error(request, of_error(error))
        return redirect("payment-decide", pk=pk)
    messages.success(request, _("It will not be asked about again."))
    return redirect("payments-waiting")
