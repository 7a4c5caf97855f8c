"""Exports: the list, asking for one, fetching it, and tracing a file back (CU8)."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from genjin.customers.exporting import making
from genjin.customers.exporting.columns import columns
from genjin.customers.exporting.operations import ask_export, visible_exports
from genjin.customers.exporting.tracing import trace
from genjin.customers.models import CustomerExport, Segment
from genjin.customers.segments import customers_in, describe, fields_for_selection
from genjin.foundation import approvals
from genjin.foundation.access import access, has_right
from genjin.kernel.errors import BadInput, GenjinError
from genjin.kernel.problems import Reason
from genjin.web.customers import listing
from genjin.web.customers.common import user_of
from genjin.web.exports.forms import ExportForm, TraceForm
from genjin.web.problems import add_problems

SHOWN = 100
_MOST_TRACED = 50 * 2**20
TONES = {"asked": "busy", "approved": "busy", "ready": "good", "refused": "bad", "failed": "bad",
         "expired": "quiet"}  # fmt: skip


def sentence(reason: Reason) -> str:
    """What is wrong with an export, in the reader's language."""
    texts = {
        "required": _("This is needed."),
        "too_long": _("This is too long."),
        "not_a_choice": _("This is not one of the choices."),
        "selection_empty": _("Nobody in this selection stands in your scope."),
        "selection_too_large": _("These are %(count)s cards; a file holds at most %(limit)s."),
        "nobody_may_decide": _("There is nobody who may decide this except those concerned."),
        "not_your_export": _("Only who asked for a file fetches it."),
        "file_not_there": _("The file is not made yet, or was destroyed."),
        "right_missing": _("You may not take customers out any more."),
        "bad_criteria": _("This selection cannot be understood."),
        "unknown_field": _("This field does not exist any more."),
    }
    return texts.get(reason.code, reason.code) % reason.data


@require_safe
@access("customers.export")
def exports(request: HttpRequest) -> HttpResponse:
    """The files that were taken out: one's own, or everybody's for whoever reads the trail."""
    rows = CustomerExport.objects.filter(visible_exports(user_of(request))).select_related("by")
    context = {
        "rows": [{"row": row, "tone": TONES[row.state]} for row in
                 rows.order_by("-asked_at")[:SHOWN]],
        "may_trace": has_right(request.user, "audit.view"),
        "segments": Segment.objects.filter(is_archived=False).order_by("name"),
    }  # fmt: skip
    return render(request, "exports/list.html", context)


def _selection(request: HttpRequest) -> tuple[dict[str, Any], str]:
    """Criteria and name: of a segment, or of the customer list whose address came along."""
    asked = request.GET.get("segment", "")
    if asked.isascii() and asked.isdecimal() and len(asked) < 10:
        segment = get_object_or_404(Segment, pk=int(asked))
        return dict(segment.criteria), segment.name
    criteria, _problems = listing.asked(request.GET, fields_for_selection())
    return criteria, ""


@require_http_methods(["GET", "POST"])
@access("customers.export")
def new(request: HttpRequest) -> HttpResponse:
    """Asks for a file of the selection that the address names."""
    user = user_of(request)
    criteria, name = _selection(request)
    form = ExportForm(request.POST or None, language=get_language() or "en")
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        try:
            made = ask_export(
                by=user, criteria=criteria, chosen=chosen["columns"],
                file_format=chosen["format"], reason=chosen["reason"],
                recipient=chosen["recipient"], segment_name=name, now=timezone.now(),
            )  # fmt: skip
        except BadInput as error:
            add_problems(form, error, sentence)
        else:
            return redirect("export", pk=made.pk)
    try:
        count: int | None = customers_in(criteria, user=user).count()
        sentences = describe(criteria)
    except BadInput:
        count, sentences = None, [_("This selection cannot be understood any more.")]
    context = {"form": form, "count": count, "sentences": sentences, "name": name}
    return render(request, "exports/new.html", context, status=422 if form.errors else 200)


def _export(request: HttpRequest, pk: UUID) -> CustomerExport:
    rows = CustomerExport.objects.filter(visible_exports(user_of(request)))
    return get_object_or_404(rows.select_related("by"), pk=pk)


@require_safe
@access("customers.export")
def export_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One export: what it holds, why, who allowed it, and the file when it is there."""
    export = _export(request, pk)
    labels = {column.code: column.label for column in columns(get_language() or "en")}
    try:
        sentences = describe(export.criteria)
    except (BadInput, KeyError):
        sentences = [_("This selection cannot be understood any more.")]
    context = {
        "export": export,
        "tone": TONES[export.state],
        "columns": [labels.get(code, code) for code in export.columns],
        "sentences": sentences,
        "approval": approvals.for_subject("export", str(export.pk)).first(),
        "is_mine": export.by_id == user_of(request).pk,
        "why": sentence(Reason(export.error)) if export.error else "",
    }
    return render(request, "exports/export.html", context)


@require_safe
@access("customers.export")
def export_file(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The file itself, for whoever asked for it."""
    export = _export(request, pk)
    try:
        path = making.fetch(export, by=user_of(request), now=timezone.now())
    except GenjinError as error:
        messages.error(request, sentence(Reason(error.code, error.data)))
        return redirect("export", pk=pk)
    return FileResponse(path.open("rb"), as_attachment=True, filename=path.name)


@require_http_methods(["GET", "POST"])
@access("audit.view")
def trace_page(request: HttpRequest) -> HttpResponse:
    """Whose is this file? By its mark, its bytes, or the customers in it."""
    is_sent = request.method == "POST"
    form = TraceForm(request.POST, request.FILES) if is_sent else TraceForm()
    found = None
    if is_sent and form.is_valid():
        file, mark = form.cleaned_data["file"], form.cleaned_data["mark"].strip().upper()
        if file is None and not mark:
            form.add_error("file", _("Give a file or a mark."))
        elif file is not None and file.size > _MOST_TRACED:
            form.add_error("file", _("This file is too large to look into."))
        else:
            found = trace(file.read() if file is not None else mark.encode())
    context = {"form": form, "found": found}
    return render(request, "exports/trace.html", context, status=422 if form.errors else 200)
