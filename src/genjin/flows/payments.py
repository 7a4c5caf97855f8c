"""Files of open items and payments as long tasks, and what follows from them (RE15)."""

from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from genjin.foundation import jobs
from genjin.foundation.models import LongTask, User
from genjin.foundation.tabular.output import write_csv
from genjin.kernel.errors import GenjinError
from genjin.receivables import import_sentences
from genjin.receivables.importing import bringing, mapping

KIND = "receivables_file"
RIGHT = "ledger.import"


@jobs.job("receivables.file", tries=3)
def bring_file(*, path: str, name: str, kind: str, map_text: str, task_id: str, by_id: int) -> None:
    """Brings a stored file in for the person who waits; a killed worker's file is begun again,
    and nothing of it is booked twice."""
    task = LongTask.objects.get(pk=task_id)
    if task.state == LongTask.State.DONE:
        return
    by = User.objects.get(pk=by_id)
    jobs.run_long_task(task)
    with override(by.language or None):
        try:
            chosen = mapping.from_toml(map_text, kind) if map_text.strip() else None
            run, done = bringing.bring_in(
                Path(path), kind=kind, by=by, now=timezone.now(), name=name, chosen=chosen,
                on_progress=lambda row: jobs.progress(task, row),
            )  # fmt: skip
        except GenjinError as error:
            jobs.fail_long_task(task, import_sentences.of_error(error))
            Path(path).unlink(missing_ok=True)
            return
        Path(path).unlink(missing_ok=True)
        faults = ""
        if done.faults:
            faults = str(Path(path).with_suffix(".faults.csv"))
            write_csv(Path(faults), import_sentences.faulty_rows(done))
    assert run is not None
    run.faults_path = faults
    run.save(update_fields=["faults_path"])
    jobs.finish_long_task(task, {"run": str(run.pk), "booked": done.booked, "known": done.known,
                                 "waiting": done.waiting, "faults": len(done.faults)})  # fmt: skip


@transaction.atomic
def enqueue_file(
    path: Path, *, name: str, kind: str, map_text: str, by: User, now: datetime
) -> LongTask:
    """Asks the worker to bring a stored file in. One file of a kind is read at a time."""
    with override(by.language or None):
        title = _("Payments from %(file)s") if kind == mapping.PAYMENTS else _(
            "Open items from %(file)s")  # fmt: skip
        title %= {"file": name}
    task = jobs.start_long_task(KIND, title, by=by, now=now)
    jobs.enqueue(bring_file, lock=f"receivables.{kind}", path=str(path), name=name, kind=kind,
                 map_text=map_text, task_id=str(task.pk), by_id=by.pk)  # fmt: skip
    return task
