"""The rows that did not simply come in: the file of faults, and those a person decides."""

import tempfile
from pathlib import Path
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from genjin.customers.importing import deciding
from genjin.customers.importing.report import faulty_rows
from genjin.customers.models import ImportRow
from genjin.foundation.access import access
from genjin.foundation.tabular.output import write_csv, write_xlsx
from genjin.kernel.errors import Conflict, GenjinError
from genjin.web.imports.views import RIGHT, run_or_404, signed, tell


@access(RIGHT)
@require_safe
def faults(request: HttpRequest, pk: UUID, kind: str) -> HttpResponseBase:
    """The rows with faults as a file: the columns as they were, and the reason beside each."""
    run = run_or_404(request, pk)
    if kind not in ("csv", "xlsx"):
        raise Http404
    name = f"{Path(run.file_name).stem} - {_('faults')}.{kind}"
    # The whole table is made at once, while the language of the request is the active one.
    with tempfile.NamedTemporaryFile(suffix=f".{kind}") as file:
        if kind == "csv":
            write_csv(Path(file.name), faulty_rows(run))
        else:
            write_xlsx(Path(file.name), faulty_rows(run), sheet=_("faults"))
        opened = Path(file.name).open("rb")  # noqa: SIM115 - the answer closes it
    return FileResponse(opened, as_attachment=True, filename=name)


@access(RIGHT)
@require_POST
def decide_rows(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Settles one waiting row, or all that wait, in the way a person chose."""
    run = run_or_404(request, pk)
    decision, _sep, row = request.POST.get("decision", "").partition(":")
    waiting = run.rows.filter(fate=ImportRow.Fate.ASK).select_related("run")
    if row != "all":
        is_number = row.isdecimal() and len(row) < 19
        waiting = waiting.filter(pk=int(row)) if is_number else waiting.none()
    settled, refused = 0, None
    for one in waiting.order_by("row_number").iterator(chunk_size=500):
        try:
            deciding.decide(one, decision, by=signed(request), now=timezone.now())
        except Conflict as error:
            # Cards of others go on waiting; the rows behind them are settled all the same.
            refused = error
            continue
        except GenjinError as error:
            tell(request, error)
            break
        settled += 1
    if refused is not None:
        tell(request, refused)
    if settled:
        text = ngettext("%(count)s row settled.", "%(count)s rows settled.", settled)
        messages.success(request, text % {"count": settled})
    return redirect("import", pk)
