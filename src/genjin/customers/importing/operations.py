"""The use cases of an import: take in a file, say how it is mapped, check it, write it, stop it.

Checking writes nothing but its report. Writing goes chunk by chunk (`writing`); whoever calls
`write` on a run that was interrupted goes on at the first row that is not in.
"""

import os
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from genjin.customers.importing import mapping as mappings
from genjin.customers.importing import preparing
from genjin.customers.importing.checking import Checking
from genjin.customers.importing.duplicates import EarlierRuns
from genjin.customers.importing.lines import Stamps
from genjin.customers.importing.pool import RawRow, clean_chunks
from genjin.customers.importing.rows import RowCleaner
from genjin.customers.importing.writing import tidy_search, write_chunk
from genjin.customers.models import CustomerImport, ImportMapping
from genjin.customers.states import IMPORT_STATES, ImportState
from genjin.foundation import audit
from genjin.foundation.access import roles
from genjin.foundation.models import User
from genjin.foundation.tabular.errors import UnreadableTable
from genjin.foundation.tabular.fingerprint import Fingerprint, check_unchanged
from genjin.foundation.tabular.layout import CSV, find_layout
from genjin.foundation.tabular.table import Table, header_digest, open_table
from genjin.foundation.transitions import transition
from genjin.kernel.errors import BadInput, Conflict, GenjinError, LostRace

CHUNK_ROWS = 2_500
RUNNING = (ImportState.CHECKING, ImportState.WRITING)
Progress = Callable[[int, int | None], None]


class RunStopped(GenjinError):
    """A person stopped the run, or somebody else runs it; what was written stays."""

    code = "run_stopped"


def _no_progress(_done: int, _total: int | None) -> None:
    pass


# -- taking in --------------------------------------------------------------------------------


def store_upload(chunks: Iterable[bytes], *, name: str) -> Path:
    """Keeps an uploaded file under a name that nobody can guess, readable by the program alone.

    Raises BadInput(too_large) above settings.UPLOAD_MAX_BYTES; nothing is kept then.
    """
    folder = Path(settings.MEDIA_ROOT) / "imports"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{secrets.token_urlsafe(24)}{_ending(name)}"
    size = 0
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            for chunk in chunks:
                size += len(chunk)
                if size > settings.UPLOAD_MAX_BYTES:
                    raise UnreadableTable("too_large", most=settings.UPLOAD_MAX_BYTES)
                file.write(chunk)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def _ending(name: str) -> str:
    ending = Path(name).suffix.lower()
    return ending if ending in {".csv", ".xlsx", ".txt", ".tsv"} else ".bin"


def receive(
    path: Path,
    *,
    name: str,
    by: User | None,
    now: datetime,
    encoding: str = "",
    delimiter: str = "",
    sheet: str = "",
) -> CustomerImport:
    """Looks at a file and makes its run; nothing is read yet but its header.

    Raises UnreadableTable for what is no table, FileChanged where it changes meanwhile.
    """
    layout = find_layout(path, encoding=encoding, delimiter=delimiter, sheet=sheet)
    table = open_table(path, layout)
    fingerprint = Fingerprint.of(path)
    total = fingerprint.line_ends + 1 - table.header_row if layout.format == CSV else None
    run = CustomerImport(
        file_name=Path(name).name[:200] or "?",
        stored_path=str(path.resolve()),
        file_size=fingerprint.stamp.size,
        file_digest=fingerprint.digest,
        format=layout.format,
        encoding=layout.encoding,
        delimiter=layout.delimiter,
        sheet=layout.sheet,
        columns=list(table.columns),
        total_rows=total,
        report={"sheets": list(layout.sheets), "is_sure": layout.is_sure},
        by=by,
        created_at=now,
    )
    run.save(force_insert=True)
    return run


def same_file_before(run: CustomerImport) -> CustomerImport | None:
    """The newest earlier run of the same file and sheet that wrote something."""
    return (
        CustomerImport.objects.filter(
            file_digest=run.file_digest, sheet=run.sheet, next_row__gt=0
        )
        .exclude(pk=run.pk)
        .order_by("-created_at")
        .first()
    )  # fmt: skip


def set_layout(
    run: CustomerImport, *, encoding: str = "", delimiter: str = "", sheet: str = ""
) -> CustomerImport:
    """Reads the header anew in the way a person chose. Only before anything was written.

    Raises Conflict(import_has_begun), UnreadableTable.
    """
    if run.next_row or run.state in RUNNING:
        raise Conflict("import_has_begun")
    path = Path(run.stored_path)
    layout = find_layout(path, encoding=encoding, delimiter=delimiter, sheet=sheet)
    run.encoding, run.delimiter, run.sheet = layout.encoding, layout.delimiter, layout.sheet
    run.columns = list(open_table(path, layout).columns)
    run.save(update_fields=["encoding", "delimiter", "sheet", "columns"])
    return run


# -- mapping ----------------------------------------------------------------------------------


def remembered(run: CustomerImport, *, by: User | None) -> ImportMapping | None:
    """The mapping used last for a file with these columns: one's own, or one that is shared.

    Shared is what somebody who manages settings saved, or the command line without a person.
    """
    known = ImportMapping.objects.filter(header_digest=header_digest(run.columns))
    if by is not None:
        sharing = [code for code, role in roles().items() if "settings.manage" in role.rights]
        known = known.filter(Q(by=by) | Q(by=None) | Q(by__role__in=sharing))
    return known.order_by("-used_at").first()


@transaction.atomic
def set_mapping(
    run: CustomerImport,
    mapping: Mapping[str, Any],
    *,
    on_duplicate: str,
    by: User | None,
    now: datetime,
    is_trial: bool = False,
) -> None:
    """Says what the columns become and what happens to duplicates; remembered unless on trial.

    Raises BadInput (see mapping.checked, preparing.spec_for; new card fields need the right
    imports.fields), Conflict(import_has_begun).
    """
    if run.next_row or run.state in (*RUNNING, ImportState.DONE):
        raise Conflict("import_has_begun")
    if on_duplicate not in ("skip", "update", "ask"):
        raise BadInput("unknown_choice", value=on_duplicate)
    run.mapping = mappings.checked(mapping)
    preparing.check_new_fields(run.mapping, by)
    preparing.spec_for(run)
    run.on_duplicate = on_duplicate
    run.save(update_fields=["mapping", "on_duplicate"])
    if run.state != ImportState.MAPPED:
        _move(run, ImportState.MAPPED, by=by, now=now)
    if not is_trial:
        _remember(run, by=by, now=now)


def _remember(run: CustomerImport, *, by: User | None, now: datetime) -> None:
    """Keeps the mapping under its name; who may not manage settings leaves others' as they are."""
    digest = header_digest(run.columns)
    name = run.mapping["name"] or f"{run.file_name[:90]} {digest[:12]}"
    if not preparing.may_share(by):
        assert by is not None
        taken = ImportMapping.objects.filter(name=name).exclude(by=by)
        if taken.exists():
            name = f"{name[: 119 - len(by.username)]} {by.username}"
    ImportMapping.objects.update_or_create(
        name=name,
        defaults={"header_digest": digest, "mapping": run.mapping, "used_at": now, "by": by},
    )


def _move(run: CustomerImport, to: str, *, by: User | None, now: datetime, **values: Any) -> None:
    transition(
        run, field="state", table=IMPORT_STATES, to=to, by=by, now=now, is_audited=False, **values
    )


# -- reading ----------------------------------------------------------------------------------


def _chunks(table: Table, start: int, size: int) -> Iterator[tuple[int, list[RawRow]]]:
    """The rows from the `start`-th on in chunks, each with the place of its first row."""
    rows = table.numbered(start=start)
    first = start
    while chunk := list(islice(rows, size)):
        yield first, chunk
        first += len(chunk)


def stamps_of(run: CustomerImport, by: User | None, now: datetime) -> Stamps:
    """What the rows of this run carry."""
    custody = preparing.default_custody(by)
    return Stamps(
        at=now,
        run=run.pk,
        file_name=run.file_name,
        by=by.pk if by else None,
        custodian=custody.get("custodian_id"),
        team=custody.get("team_id"),
    )


# -- checking ---------------------------------------------------------------------------------


def check(
    run: CustomerImport,
    *,
    by: User | None,
    now: datetime,
    on_progress: Progress = _no_progress,
    workers: int | None = None,
) -> dict[str, Any]:
    """Reads the whole file as if it were written, and writes nothing but the report.

    The report: rows, good, errors, duplicates (on_record, in_file, same_file), by_code, the first
    problems. Raises BadInput, UnreadableTable, FileChanged (the run is `failed` then), RunStopped.
    """
    if run.next_row:
        raise Conflict("import_has_begun")
    if run.state != ImportState.CHECKING:
        _move(run, ImportState.CHECKING, by=by, now=now, error="", ended_at=None)
    try:
        with _only_runner(run):
            report = _check(run, by, now, on_progress, workers)
    except GenjinError as error:
        _fail(run, error, by=by, now=now)
        raise
    run.report = {**run.report, **report}
    _move(run, ImportState.CHECKED, by=by, now=now, report=run.report, total_rows=report["rows"])
    return report


def _check(
    run: CustomerImport,
    by: User | None,
    now: datetime,
    on_progress: Progress,
    workers: int | None,
) -> dict[str, Any]:
    stamp = preparing.unchanged_file(run)
    spec = preparing.spec_for(run)
    checking = Checking(run, EarlierRuns(run))
    rows = _chunks(preparing.table_of(run), 0, CHUNK_ROWS)
    stamps = stamps_of(run, by, now)
    for chunk in clean_chunks(rows, spec, stamps, with_lines=False, workers=workers):
        check_unchanged(Path(run.stored_path), stamp)
        checking.take(chunk)
        if not _is_in(run, ImportState.CHECKING):
            raise RunStopped()
        on_progress(chunk.end, run.total_rows)
    return checking.report()


def _is_in(run: CustomerImport, state: str) -> bool:
    return CustomerImport.objects.filter(pk=run.pk, state=state).exists()


def _fail(run: CustomerImport, error: GenjinError, *, by: User | None, now: datetime) -> None:
    """Keeps why a run ended; a run that somebody else moved meanwhile is left alone."""
    if isinstance(error, RunStopped | LostRace):
        return
    run.refresh_from_db()
    if run.state in RUNNING:
        report = {**run.report, "error": error.to_json()}
        _move(
            run, ImportState.FAILED, by=by, now=now,
            error=error.code, report=report, ended_at=now,
        )  # fmt: skip


# -- writing ----------------------------------------------------------------------------------


def write(
    run: CustomerImport,
    *,
    by: User | None,
    now: datetime,
    on_progress: Progress = _no_progress,
    workers: int | None = None,
    chunk_rows: int = CHUNK_ROWS,
) -> CustomerImport:
    """Writes the rows that are not in yet: all of them, or where an interrupted run stopped.

    Good rows come in, the others are kept with their reasons. One audit entry for the run.
    Raises BadInput, UnreadableTable, FileChanged, CleaningFailed (the run is `failed`, what is
    written stays, and it can go on); RunStopped when a person stopped it or another runs it.
    """
    with _only_runner(run):
        run.refresh_from_db()
        if run.state != ImportState.WRITING:
            _move(run, ImportState.WRITING, by=by, now=now, error="", ended_at=None)
        try:
            _write(run, by=by, now=now, on_progress=on_progress, workers=workers, size=chunk_rows)
        except GenjinError as error:
            _fail(run, error, by=by, now=now)
            if isinstance(error, LostRace):
                raise RunStopped(run=str(run.pk)) from None
            raise
    return run


def _write(
    run: CustomerImport,
    *,
    by: User | None,
    now: datetime,
    on_progress: Progress,
    workers: int | None,
    size: int,
) -> None:
    path = Path(run.stored_path)
    stamp = preparing.unchanged_file(run)
    preparing.make_fields(mappings.checked(run.mapping), run.columns, by=by, now=now)
    spec = preparing.spec_for(run)
    cleaner, earlier = RowCleaner(spec), EarlierRuns(run)
    rows = _chunks(preparing.table_of(run), run.next_row, size)
    for chunk in clean_chunks(
        rows, spec, stamps_of(run, by, now), with_lines=True, workers=workers
    ):
        write_chunk(
            run,
            chunk,
            cleaner=cleaner,
            earlier=earlier,
            check_file=lambda: check_unchanged(path, stamp),
            by=by,
            now=now,
        )
        on_progress(chunk.end, run.total_rows)
    _finish(run, by=by, now=now)


def _finish(run: CustomerImport, *, by: User | None, now: datetime) -> None:
    run.refresh_from_db()
    with transaction.atomic():
        _move(run, ImportState.DONE, by=by, now=now, ended_at=now, total_rows=run.next_row)
        counts = Counter(
            created=run.created_count,
            updated=run.updated_count,
            skipped=run.skipped_count,
            errors=run.error_count,
            asked=run.asked_count,
        )
        changes: dict[str, list[Any]] = {name: [0, count] for name, count in counts.items()}
        changes["file"] = [None, run.file_name]
        changes["digest"] = [None, run.file_digest]
        audit.record("import", run, by=by, now=now, changes=changes, label=run.file_name)
    if run.created_count:
        tidy_search()
    # Fresh statistics: lists and the queue plan badly on a table that just grew many times over.
    if run.created_count > 10_000:
        with connection.cursor() as cursor:
            for table in ("customers_customer", "customers_contactpoint"):
                cursor.execute(f"ANALYZE {table}")


class _only_runner:  # noqa: N801 - reads as a verb in `with`
    """Holds a run for this connection; the lock dies with the process. RunStopped if taken."""

    def __init__(self, run: CustomerImport) -> None:
        self.key = run.pk.int & (1 << 62) - 1
        self.run = run

    def __enter__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [self.key])
            if not cursor.fetchone()[0]:
                raise RunStopped("runs_elsewhere", run=str(self.run.pk))

    def __exit__(self, *_: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [self.key])


def is_running(run: CustomerImport) -> bool:
    """Whether a process writes this run just now."""
    key = run.pk.int & (1 << 62) - 1
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [key])
        return not cursor.fetchone()[0]


def stop(run: CustomerImport, *, by: User | None, now: datetime) -> None:
    """Stops a run after the chunk it is at; what is written stays, and it can go on later.

    A check that is stopped goes back to the mapping.
    """
    if run.state == ImportState.CHECKING:
        _move(run, ImportState.MAPPED, by=by, now=now)
    else:
        _move(run, ImportState.STOPPED, by=by, now=now, ended_at=now)
    audit.record("import_stopped", run, by=by, now=now, label=run.file_name)
