"""Cleans chunks of rows in processes of their own while the database writes. Pure.

Rows go out and come back in the order of the file. A worker process ends by itself when the
process that started it is gone, however that died.
"""

import gc
import multiprocessing
import os
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from genjin.customers.importing.lines import Stamps, block_of_ids, lines
from genjin.customers.importing.mapping import Spec
from genjin.customers.importing.rows import RowCleaner
from genjin.kernel.errors import GenjinError

MOST_WORKERS = 4
# Below this a pool takes longer to start than the rows take to clean.
_ALONE_UP_TO_CHUNKS = 1

RawRow = tuple[int, list[str]]


class CleaningFailed(GenjinError):
    """A worker process died (memory, a kill); the run can be resumed."""

    code = "cleaning_failed"


@dataclass(slots=True)
class Cleaned:
    """One row after cleaning: good with `lines` for each table, or bad with `problems`."""

    number: int
    keys: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    problems: tuple[tuple[str, str, dict[str, Any]], ...] = ()


@dataclass(slots=True)
class CleanChunk:
    """A chunk of rows: as read, cleaned (empty rows are left out), and choices not yet known."""

    first: int
    raw: list[RawRow]
    rows: list[Cleaned]
    new_choices: list[tuple[str, str]]

    @property
    def end(self) -> int:
        """How many rows below the header are read when this chunk is done."""
        return self.first + len(self.raw)


class Cleaning:
    """What a process needs to clean chunks."""

    def __init__(self, spec: Spec, stamps: Stamps, *, with_lines: bool) -> None:
        self.cleaner = RowCleaner(spec)
        self.stamps = stamps
        self.with_lines = with_lines

    def chunk(self, raw: list[RawRow]) -> tuple[list[Cleaned], list[tuple[str, str]]]:
        """Cleans the rows of a chunk."""
        next_id = block_of_ids()
        clean, stamps, with_lines = self.cleaner.clean, self.stamps, self.with_lines
        rows: list[Cleaned] = []
        choices: dict[tuple[str, str], None] = {}
        for number, cells in raw:
            if not any(cells):
                continue
            draft = clean(number, cells)
            if draft.problems:
                rows.append(Cleaned(number, (), (), tuple(draft.problems)))
                continue
            for choice in draft.new_choices:
                choices[choice] = None
            made = lines(draft, stamps, next_id) if with_lines else ()
            rows.append(Cleaned(number, draft.keys, made))
        return rows, list(choices)


_cleaning: Cleaning | None = None


def _begin(spec: Spec, stamps: Stamps, with_lines: bool, parent: int) -> None:
    global _cleaning  # noqa: PLW0603 - the process belongs to one run
    _cleaning = Cleaning(spec, stamps, with_lines=with_lines)
    # Rows make no cycles; looking for them would cost a tenth of the time.
    gc.disable()
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _clean(raw: list[RawRow]) -> tuple[list[tuple[Any, ...]], list[tuple[str, str]]]:
    assert _cleaning is not None  # set when the process begins
    rows, choices = _cleaning.chunk(raw)
    # Plain tuples travel between processes several times faster than objects.
    return [(row.number, row.keys, row.lines, row.problems) for row in rows], choices


def workers_for_this_machine() -> int:
    """As many as there are processors this process may use, up to MOST_WORKERS."""
    try:
        usable = len(os.sched_getaffinity(0))
    except AttributeError:
        usable = os.cpu_count() or 1
    return max(1, min(MOST_WORKERS, usable))


def clean_chunks(
    chunks: Iterable[tuple[int, list[RawRow]]],
    spec: Spec,
    stamps: Stamps,
    *,
    with_lines: bool,
    workers: int | None = None,
) -> Iterator[CleanChunk]:
    """Cleans every chunk (place of its first row, rows), in order, a few ahead of the reader.

    One chunk alone is cleaned in this process. Raises CleaningFailed when a worker dies.
    """
    source = iter(chunks)
    waiting = list(islice(source, _ALONE_UP_TO_CHUNKS + 1))
    count = workers_for_this_machine() if workers is None else workers
    if len(waiting) <= _ALONE_UP_TO_CHUNKS or count == 0:
        cleaning = Cleaning(spec, stamps, with_lines=with_lines)
        for first, raw in chain(waiting, source):
            yield CleanChunk(first, raw, *cleaning.chunk(raw))
        return
    pool = ProcessPoolExecutor(
        count,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin,
        initargs=(spec, stamps, with_lines, os.getpid()),
    )
    try:
        yield from _pipelined(pool, chain(waiting, source), count)
    except BrokenProcessPool:
        raise CleaningFailed() from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _pipelined(
    pool: ProcessPoolExecutor, source: Iterator[tuple[int, list[RawRow]]], count: int
) -> Iterator[CleanChunk]:
    under_way: deque[tuple[int, list[RawRow], Future[Any]]] = deque()
    for first, raw in source:
        under_way.append((first, raw, pool.submit(_clean, raw)))
        if len(under_way) > count + 1:
            yield _next(under_way)
    while under_way:
        yield _next(under_way)


def _next(under_way: deque[tuple[int, list[RawRow], Future[Any]]]) -> CleanChunk:
    first, raw, future = under_way.popleft()
    rows, choices = future.result()
    return CleanChunk(first, raw, [Cleaned(*row) for row in rows], choices)
