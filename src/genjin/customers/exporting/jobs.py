"""Makes files of customers in the worker."""

from datetime import datetime
from uuid import UUID

from django.utils import timezone

from genjin.customers.exporting import making
from genjin.customers.models import CustomerExport
from genjin.customers.states import EXPORT_STATES, ExportState
from genjin.foundation import jobs
from genjin.foundation.transitions import transition
from genjin.kernel.errors import GenjinError


def start(export: CustomerExport) -> None:
    """Hands the making to the worker, in the present transaction."""
    jobs.enqueue(make_export, lock=f"export {export.pk}", export_id=str(export.pk))


@jobs.job("make-export")
def make_export(*, export_id: str) -> None:
    """Makes one file, unless it is made; what cannot be made any more says why."""
    export = CustomerExport.objects.select_related("by", "by__team").get(pk=UUID(export_id))
    if export.state != ExportState.APPROVED:
        return
    try:
        making.make_file(export, now=timezone.now())
    except GenjinError as error:
        transition(export, field="state", table=EXPORT_STATES, to=ExportState.FAILED, by=None,
                   now=timezone.now(), error=error.code)  # fmt: skip


@jobs.tick("old exports", every_seconds=3600)
def destroy_old_exports(now: datetime) -> None:
    """Destroys what lies longer than it may."""
    making.destroy_old(now)
