"""Brings a file of open items or payments in, part by part (RE15).

A part of a few hundred rows is one transaction, and each row has a name by which the ledger knows
it again: after a kill the file is simply brought in once more, and nothing is booked twice.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from uuid import UUID

from django.db import transaction

from genjin.foundation import audit
from genjin.foundation.models import User
from genjin.foundation.tabular.layout import find_layout
from genjin.foundation.tabular.table import Row, open_table
from genjin.kernel.errors import BadInput, GenjinError
from genjin.kernel.problems import Reason
from genjin.receivables.importing import items, mapping, payments
from genjin.receivables.importing.customers import find_customers
from genjin.receivables.importing.mapping import ITEMS, FileMap
from genjin.receivables.importing.reading import Read, key_of, read_row
from genjin.receivables.models import StatementFile
from genjin.receivables.operations.posting import Outcome

PART = 1000
Progress = Callable[[int], None]


@dataclass(frozen=True)
class Fault:
    """A row that did not come in: its number, its cells, and why."""

    row: int
    cells: Sequence[str]
    reasons: tuple[Reason, ...]


@dataclass
class BroughtIn:
    """What became of a file."""

    columns: tuple[str, ...] = ()
    rows: int = 0
    booked: int = 0
    known: int = 0
    waiting: int = 0
    customers: set[UUID] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)


def bring_in(
    path: Path,
    *,
    kind: str,
    by: User | None,
    now: datetime,
    name: str = "",
    chosen: FileMap | None = None,
    encoding: str = "",
    delimiter: str = "",
    sheet: str = "",
    is_trial: bool = False,
    on_progress: Progress | None = None,
) -> tuple[StatementFile | None, BroughtIn]:
    """Books the rows of a file; `by` None is the command line. `is_trial` writes nothing.

    `chosen` says what the columns hold, else their names do. Raises UnreadableTable and BadInput
    `file` missing_columns. A row is refused with every reason, and leaves the others alone.
    """
    layout = find_layout(path, encoding=encoding, delimiter=delimiter, sheet=sheet)
    table = open_table(path, layout)
    file_map = chosen or mapping.guessed(table.columns, kind)
    where = mapping.places(table.columns, file_map)
    done = BroughtIn(columns=table.columns)
    run = None if is_trial else StatementFile.objects.create(
        kind=kind, name=(name or path.name)[:160], digest=_digest(path), begun_at=now, by=by
    )  # fmt: skip
    seen: dict[str, int] = {}
    rows = (row for row in table.rows() if any(cell.strip() for cell in row.cells))
    for part in _parts(rows):
        reads = [read_row(row, where, file_map) for row in part]
        keys = [key_of(read, file_map, seen) for read in reads]
        _take_part(reads, keys, file_map, run, done, by=by, now=now)
        if on_progress:
            on_progress(part[-1].number)
    if run is not None:
        _end(run, done, by=by, now=now)
    return run, done


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _parts(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while part := list(islice(rows, PART)):
        yield part


class _TrialOver(Exception):
    """Takes back what a trial wrote."""


def _take_part(
    reads: Sequence[Read], keys: Sequence[str], chosen: FileMap, run: StatementFile | None,
    done: BroughtIn, *, by: User | None, now: datetime,
) -> None:  # fmt: skip
    try:
        with transaction.atomic():
            find_customers(reads, chosen, by=by, now=now)
            good = [(read, key) for read, key in zip(reads, keys, strict=True) if not read.reasons]
            outcomes: Sequence[Outcome | str]
            if chosen.kind == ITEMS:
                outcomes = items.book(good, source=run.name if run else "", by=by, now=now)
            else:
                outcomes = payments.book(good, run, by=by, now=now)
            if run is None:
                raise _TrialOver
    except _TrialOver:
        pass
    _count(good, outcomes, done)
    done.rows += len(reads)
    done.faults += [
        Fault(read.row.number, read.row.cells, tuple(read.reasons))
        for read in reads
        if read.reasons
    ]


def _count(
    good: Sequence[tuple[Read, str]], outcomes: Sequence[Outcome | str], done: BroughtIn
) -> None:
    for (read, _key), outcome in zip(good, outcomes, strict=True):
        if isinstance(outcome, BadInput):
            read.reasons += [one for found in outcome.problems.values() for one in found]
        elif isinstance(outcome, GenjinError):
            read.fault(outcome.code, **outcome.data)
        elif outcome == payments.WAITING:
            done.waiting += 1
        elif outcome == payments.KNOWN or getattr(outcome, "is_known", False):
            done.known += 1
        else:
            done.booked += 1
            if read.customer_id:
                done.customers.add(read.customer_id)


def _end(run: StatementFile, done: BroughtIn, *, by: User | None, now: datetime) -> None:
    counts = {"rows": done.rows, "booked": done.booked, "known": done.known,
              "waiting": done.waiting, "faults": len(done.faults)}  # fmt: skip
    StatementFile.objects.filter(pk=run.pk).update(**counts, ended_at=now)
    for name, value in counts.items():
        setattr(run, name, value)
    audit.record("import", run, by=by, now=now, label=run.name,
                 changes={name: [None, value] for name, value in counts.items()})  # fmt: skip
