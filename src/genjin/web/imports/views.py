"""Bringing customers in, step by step: upload, mapping, check, progress, result (CU11)."""

from pathlib import Path
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from genjin.customers import fields
from genjin.customers.importing import jobs, operations, preparing
from genjin.customers.importing import mapping as mappings
from genjin.customers.importing.sentences import (
    code_sentence,
    error_sentences,
    file_sentence,
    row_sentence,
)
from genjin.customers.models import Customer, CustomerImport, ImportRow
from genjin.customers.queries import visible_to
from genjin.customers.states import ImportState
from genjin.foundation.access import access, scope_of
from genjin.foundation.models import LongTask, User
from genjin.foundation.tabular.encodings import ENCODINGS
from genjin.foundation.tabular.errors import UnreadableTable
from genjin.kernel.errors import GenjinError
from genjin.web.imports import forms, preview, targets

RIGHT = "customers.import"
PAGE = 50
_DECISIONS_SHOWN = 20
_BEFORE_WRITING = (ImportState.UPLOADED, ImportState.MAPPED, ImportState.CHECKED)


def runs_of(user: User) -> QuerySet[CustomerImport]:
    """The imports that this person may look at: all of them, or their own and their team's."""
    runs = CustomerImport.objects.select_related("by", "task")
    if scope_of(user) == "all":
        return runs
    if scope_of(user) == "team" and user.team_id:
        return runs.filter(by__team_id=user.team_id)
    return runs.filter(by=user)


def signed(request: HttpRequest) -> User:
    """The person who asks; the access mark has let nobody else in."""
    return cast(User, request.user)


def run_or_404(request: HttpRequest, pk: UUID) -> CustomerImport:
    return get_object_or_404(runs_of(signed(request)), pk=pk)


def tell(request: HttpRequest, error: GenjinError) -> None:
    """Shows an expected failure as sentences on the next page."""
    for sentence in error_sentences(error):
        messages.error(request, sentence)


def _key(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@access(RIGHT)
@require_safe
def import_list(request: HttpRequest) -> HttpResponse:
    """Every import that this person may see, the newest first."""
    found = runs_of(signed(request)).order_by("-created_at", "-id")
    if after := _key(request.GET.get("after", "")):
        last = found.filter(pk=after).values_list("created_at", flat=True).first()
        found = found.filter(created_at__lt=last) if last else found
    runs = list(found[: PAGE + 1])
    more = runs[PAGE - 1].pk if len(runs) > PAGE else ""
    return render(request, "imports/list.html", {"runs": runs[:PAGE], "more": more})


@access(RIGHT)
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Takes a file in and goes on to its mapping."""
    form = forms.UploadForm(request.POST or None, request.FILES or None)
    if request.method != "POST" or not form.is_valid():
        status = 422 if request.method == "POST" else 200
        return render(request, "imports/upload.html", {"form": form}, status=status)
    given = form.cleaned_data["file"]
    path: Path | None = None
    try:
        path = operations.store_upload(given.chunks(), name=given.name)
        run = operations.receive(path, name=given.name, by=signed(request), now=timezone.now())
        if file := form.cleaned_data["map"]:
            text = file.read(1_000_000).decode("utf-8", "replace")
            run.mapping = mappings.from_toml(text)
            run.save(update_fields=["mapping"])
    except GenjinError as error:
        if path is not None:
            path.unlink(missing_ok=True)
        CustomerImport.objects.filter(stored_path=str(path)).delete()
        for sentence in error_sentences(error):
            form.add_error("file" if isinstance(error, UnreadableTable) else "map", sentence)
        return render(request, "imports/upload.html", {"form": form}, status=422)
    return redirect("import-mapping", run.pk)


@access(RIGHT)
@require_POST
def layout(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Reads the file anew with another encoding, delimiter or sheet."""
    run = run_or_404(request, pk)
    delimiter = {"tab": "\t"}.get(request.POST.get("delimiter", ""), request.POST.get("delimiter"))
    try:
        operations.set_layout(
            run,
            encoding=request.POST.get("encoding", ""),
            delimiter=(delimiter or "")[:1],
            sheet=request.POST.get("sheet", ""),
        )
    except GenjinError as error:
        tell(request, error)
    except FileNotFoundError:
        messages.error(request, file_sentence("file_gone", {}))
    return redirect("import-mapping", run.pk)


@access(RIGHT)
@require_http_methods(["GET", "HEAD", "POST"])
def mapping(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Says what each column becomes; the cards of the first rows show it at once."""
    run = run_or_404(request, pk)
    if run.next_row or run.state in operations.RUNNING:
        return redirect("import", run.pk)
    user = signed(request)
    base = _base_mapping(run, user)
    chosen, on_duplicate = base, run.on_duplicate
    if request.method == "POST":
        chosen = forms.mapping_from_post(request.POST, run.columns, base)
        on_duplicate = request.POST.get("on_duplicate", "skip")
        action = request.POST.get("action", "")
        if action == "fields" and preparing.may_add_fields(user):
            chosen = forms.with_new_fields(chosen, run.columns, _sample(request, run))
        elif action in ("check", "write") and _begin(request, run, chosen, on_duplicate, action):
            return redirect("import", run.pk)
    return _mapping_page(request, run, chosen, on_duplicate)


def _base_mapping(run: CustomerImport, user: User) -> dict[str, Any]:
    if run.mapping:
        return run.mapping
    if known := operations.remembered(run, by=user):
        return known.mapping
    return forms.guessed(run.columns)


def _begin(
    request: HttpRequest, run: CustomerImport, chosen: dict[str, Any], duplicate: str, action: str
) -> bool:
    state = ImportState.CHECKING if action == "check" else ImportState.WRITING
    now = timezone.now()
    try:
        operations.set_mapping(
            run,
            chosen,
            on_duplicate=duplicate,
            by=signed(request),
            now=now,
        )
        jobs.start(run, to=state, by=signed(request), now=now)
    except GenjinError as error:
        tell(request, error)
        return False
    return True


def _sample(request: HttpRequest, run: CustomerImport) -> list[Any]:
    try:
        return preview.sample_of(run)
    except GenjinError as error:
        tell(request, error)
    except FileNotFoundError:
        messages.error(request, file_sentence("file_gone", {}))
    return []


def _mapping_page(
    request: HttpRequest, run: CustomerImport, chosen: dict[str, Any], on_duplicate: str
) -> HttpResponse:
    sample = _sample(request, run)
    definitions = fields.definitions()
    may_add = preparing.may_add_fields(signed(request))
    known = {definition.code for definition in definitions}
    cards, problems = preview.cards_of(run, chosen, sample)
    context = {
        "run": run,
        "columns": preview.columns_of(run, chosen, sample, known),
        "groups": targets.groups(definitions, may_add=may_add),
        "may_add": may_add,
        "types": targets.TYPES,
        "cards": cards,
        "problems": problems,
        "chosen": chosen,
        "makes_names": "name" in chosen.get("generate", {}),
        "makes_phones": "phone" in chosen.get("generate", {}),
        "on_duplicate": on_duplicate,
        "duplicates": _duplicate_choices(),
        "encodings": ENCODINGS,
        "delimiters": [(",", ","), (";", ";"), ("tab", _("Tab")), ("|", "|")],
        "delimiter": "tab" if run.delimiter == "\t" else run.delimiter,
        "sheets": run.report.get("sheets", []),
        "before": operations.same_file_before(run),
        "is_sure": run.report.get("is_sure", True),
    }
    return render(request, "imports/mapping.html", context)


def _duplicate_choices() -> list[tuple[str, str, str]]:
    return [
        ("skip", _("Skip"), _("The card on record stays as it is.")),
        ("update", _("Update"), _("Filled cells go onto the card on record.")),
        ("ask", _("Ask"), _("You decide each one afterwards.")),
    ]


@access(RIGHT)
@require_safe
def detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One import: where it is, what a check found, what came of it."""
    run = run_or_404(request, pk)
    if run.state == ImportState.UPLOADED:
        return redirect("import-mapping", run.pk)
    return render(request, "imports/detail.html", _detail(request, run))


@access(RIGHT)
@require_safe
def progress(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The part of the page that changes while the worker is at it; the page asks every second."""
    run = run_or_404(request, pk)
    return render(request, "imports/_progress.html", _detail(request, run))


def _detail(request: HttpRequest, run: CustomerImport) -> dict[str, Any]:
    report = run.report
    task = run.task
    visible = visible_to(signed(request))
    is_running = run.state in operations.RUNNING
    waits = task is not None and task.state == LongTask.State.QUEUED
    is_stuck = is_running and not waits and not operations.is_running(run)
    asked = run.rows.filter(fate=ImportRow.Fate.ASK).select_related("duplicate_of__custodian")
    error = report.get("error")
    return {
        "run": run,
        "report": report,
        "is_running": is_running,
        "is_live": is_running and not is_stuck,
        "is_stuck": is_stuck,
        "may_go_on": is_stuck or (run.state in (ImportState.FAILED, ImportState.STOPPED)),
        "waits": waits,
        "done": _done(run),
        "total": run.total_rows or 0,
        "problems": [
            {"row": one["row"], "text": row_sentence(one)} for one in report.get("problems", [])
        ],
        "by_code": [
            {"text": code_sentence(code), "count": count}
            for code, count in report.get("by_code", {}).items()
        ],
        "error": file_sentence(error["code"], error["data"]) if error else "",
        "asked": _asked(asked, visible) if run.asked_count else [],
        "on_record": _on_record(report, visible) if run.state == ImportState.CHECKED else [],
    }


def _done(run: CustomerImport) -> int:
    if run.state == ImportState.CHECKING and run.task is not None:
        return run.task.done_count
    return run.next_row


def _asked(
    waiting: QuerySet[ImportRow], visible: QuerySet[Customer]
) -> list[tuple[ImportRow, bool]]:
    """The first rows that wait, and whether the card on record is in the reader's scope."""
    rows = list(waiting.order_by("row_number")[:_DECISIONS_SHOWN])
    keys = {row.duplicate_of_id for row in rows if row.duplicate_of_id}
    seen = set(visible.filter(pk__in=keys).values_list("pk", flat=True))
    return [(row, row.duplicate_of_id in seen) for row in rows]


def _on_record(report: dict[str, Any], visible: QuerySet[Customer]) -> list[dict[str, Any]]:
    """The cards that rows of the file match; of one out of scope only its custodian is told."""
    found = report.get("duplicate_rows", [])
    keys = [UUID(one["customer"]) for one in found]
    cards = Customer.objects.select_related("custodian").in_bulk(keys)
    seen = set(visible.filter(pk__in=keys).values_list("pk", flat=True))
    return [
        {"row": one["row"], "customer": cards[key], "is_open": key in seen}
        for one, key in zip(found, keys, strict=True)
        if key in cards
    ]


def _start(request: HttpRequest, pk: UUID, state: str) -> HttpResponse:
    run = run_or_404(request, pk)
    try:
        jobs.start(run, to=state, by=signed(request), now=timezone.now())
    except GenjinError as error:
        tell(request, error)
    return redirect("import", pk)


@access(RIGHT)
@require_POST
def check(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Checks the file without writing."""
    return _start(request, pk, ImportState.CHECKING)


@access(RIGHT)
@require_POST
def write(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Brings the rows in, or goes on where an interrupted import stopped."""
    return _start(request, pk, ImportState.WRITING)


@access(RIGHT)
@require_POST
def stop(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Stops after the chunk at hand."""
    run = run_or_404(request, pk)
    try:
        operations.stop(run, by=signed(request), now=timezone.now())
        messages.success(request, _("The import stops. What is in stays."))
    except GenjinError as error:
        tell(request, error)
    return redirect("import", pk)
