"""Makes a file of customers, hands it out and destroys it."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from genjin.customers.exporting.columns import Column, columns, lines
from genjin.customers.models import CustomerExport
from genjin.customers.operations.access_log import log_access
from genjin.customers.segments import customers_in
from genjin.customers.states import EXPORT_STATES, AccessAction, ExportState
from genjin.foundation import audit, policy
from genjin.foundation.access import require_right
from genjin.foundation.models import User
from genjin.foundation.tabular.output import write_csv, write_xlsx
from genjin.foundation.transitions import transition
from genjin.kernel.errors import Conflict, NotAllowed

_LOGGED_AT_ONCE = 2000


def folder() -> Path:
    """Where finished files lie; nobody else on the machine reads it."""
    path = Path(settings.GENJIN_HOME) / "exports"
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def _table(
    export: CustomerExport, chosen: Sequence[Column], written: list[UUID]
) -> Iterator[list[Any]]:
    moment = timezone.localtime(export.asked_at).strftime("%Y-%m-%d %H:%M")
    yield [
        _("Taken out by %(name)s (%(staff)s), %(moment)s, mark %(mark)s. Reason: %(reason)s")
        % {"name": export.by.name, "staff": export.by.staff_number or export.by.username,
           "moment": moment, "mark": export.mark, "reason": export.reason}
    ]  # fmt: skip
    yield [*(str(column.label) for column in chosen), _("Mark")]
    customers = customers_in(export.criteria, user=export.by)
    for customer, cells in lines(customers, chosen, user=export.by):
        written.append(customer.pk)
        yield [*cells, export.mark]


def make_file(export: CustomerExport, *, now: datetime) -> None:
    """Writes the file under another name, then states it ready with who is in it, all at once.

    Killed in between it is made again; the scope is that of the asker at this moment.
    """
    require_right(export.by, "customers.export")
    by_code = {column.code: column for column in columns(export.by.language)}
    chosen = [by_code[code] for code in export.columns if code in by_code]
    target = folder() / f"{export.mark}.{export.format}"
    half = target.with_suffix(".part")
    written: list[UUID] = []
    with translation.override(export.by.language or settings.LANGUAGE_CODE):
        rows = _table(export, chosen, written)
        if export.format == "csv":
            write_csv(half, rows)
        else:
            write_xlsx(half, rows, sheet=export.mark, properties={
                "creator": export.by.name, "identifier": export.mark, "keywords": export.mark,
                "description": export.reason, "title": export.mark,
            })  # fmt: skip
    half.chmod(0o600)
    digest = hashlib.sha256(half.read_bytes()).hexdigest()
    half.replace(target)
    expires_at = now + timedelta(days=int(policy.value("exports.keep_days")))
    with transaction.atomic():
        transition(export, field="state", table=EXPORT_STATES, to=ExportState.READY, by=None,
                   now=now, stored_path=str(target), digest=digest, row_count=len(written),
                   made_at=now, expires_at=expires_at)  # fmt: skip
        for start in range(0, len(written), _LOGGED_AT_ONCE):
            log_access(written[start : start + _LOGGED_AT_ONCE], action=AccessAction.EXPORTED,
                       by=export.by, now=now, detail={"mark": export.mark})  # fmt: skip


def fetch(export: CustomerExport, *, by: User, now: datetime) -> Path:
    """The file, for whoever asked for it; each fetching is on record.

    Raises NotAllowed `not_your_export`, Conflict `file_not_there` (not made yet, or destroyed).
    """
    if by.pk != export.by_id:
        raise NotAllowed("not_your_export")
    require_right(by, "customers.export")
    path = Path(export.stored_path or "missing")
    if export.state != ExportState.READY or not path.is_file():
        raise Conflict("file_not_there")
    CustomerExport.objects.filter(pk=export.pk).update(fetched_at=now)
    audit.record("fetch", export, by=by, now=now, changes={"fetched_at": [None, audit.plain(now)]})
    return path


def destroy_old(now: datetime) -> int:
    """Destroys files past their time; returns how many."""
    count = 0
    for export in CustomerExport.objects.filter(state=ExportState.READY, expires_at__lte=now):
        Path(export.stored_path).unlink(missing_ok=True)
        transition(export, field="state", table=EXPORT_STATES, to=ExportState.EXPIRED, by=None,
                   now=now, stored_path="")  # fmt: skip
        count += 1
    return count
