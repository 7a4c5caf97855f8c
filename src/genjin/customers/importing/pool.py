"""Cleans chunks of rows in processes of their own while the database writes. Pure.

Rows go out and come back in the order of the file. A worker process ends by itself when the
process that started it is gone, however that died.
"""

import gc
import multiprocessing
import os
import threading
import time
from array import array
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import accumulate, chain, islice
from typing import Any, NamedTuple
from uuid import UUID

from genjin.customers.importing.lines import Stamps, block_of_ids, id_in, lines
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


class Cleaned(NamedTuple):
    """One row after cleaning: good with its `place` among the chunk's lines, or with `problems`."""

    number: int
    keys: tuple[str, ...] = ()
    problems: tuple[tuple[str, str, dict[str, Any]], ...] = ()
    place: int = -1


@dataclass(frozen=True, slots=True)
class Owners:
    """The users and teams that the lines of a chunk name."""

    users: frozenset[int] = frozenset()
    teams: frozenset[int] = frozenset()


class Lines:
    """The COPY rows of the good rows of a chunk: for each table one text, and where rows end.

    `owners` are all whom they name, None where nobody has noted them.
    """

    def __init__(self, rows: Sequence[Sequence[bytes]], owners: Owners | None = None) -> None:
        tables = list(zip(*rows, strict=True))
        self.texts = [b"".join(lines) for lines in tables]
        self.ends = [array("I", accumulate(map(len, lines))) for lines in tables]
        self.count = len(rows)
        self.owners = owners

    def id_of(self, place: int) -> UUID:
        """The id of the customer that a row makes."""
        return id_in(self.texts[0], self.ends[0][place - 1] if place else 0)

    def of(self, table: int, places: Sequence[int]) -> bytes:
        """The lines of these rows (in rising order) for one table."""
        text, ends = self.texts[table], self.ends[table]
        if len(places) == self.count or not text:
            return text
        parts = []
        begin = end = 0
        for place in places:
            start = ends[place - 1] if place else 0
            if start != end:
                parts.append(text[begin:end])
                begin = start
            end = ends[place]
        parts.append(text[begin:end])
        return b"".join(parts)


NO_LINES = Lines(())


@dataclass(slots=True)
class CleanChunk:
    """A chunk of rows: as read, cleaned (empty rows are left out), and choices not yet known.

    `lines` belong to the good rows; there are none where nothing is to be written.
    """

    first: int
    raw: list[RawRow]
    rows: list[Cleaned]
    new_choices: list[tuple[str, str]]
    lines: Lines = NO_LINES

    @property
    def end(self) -> int:
        """How many rows below the header are read when this chunk is done."""
        return self.first + len(self.raw)


Result = tuple[list[tuple[Any, ...]], list[tuple[str, str]], Lines]


class Cleaning:
    """What a process needs to clean chunks."""

    def __init__(self, spec: Spec, stamps: Stamps, *, with_lines: bool) -> None:
        self.cleaner = RowCleaner(spec)
        self.stamps = stamps
        self.with_lines = with_lines

    def chunk(self, raw: list[RawRow]) -> Result:
        """Cleans the rows of a chunk. The rows are plain tuples: those travel much faster."""
        next_id = block_of_ids()
        clean, stamps, with_lines = self.cleaner.clean, self.stamps, self.with_lines
        rows: list[tuple[Any, ...]] = []
        made: list[tuple[bytes, ...]] = []
        users: set[int | None] = {stamps.by, stamps.custodian}
        teams: set[int | None] = {stamps.team}
        choices: dict[tuple[str, str], None] = {}
        for number, cells in raw:
            if not any(cells):
                continue
            draft = clean(number, cells)
            if draft.problems:
                rows.append((number, (), tuple(draft.problems), -1))
                continue
            for choice in draft.new_choices:
                choices[choice] = None
            rows.append((number, draft.keys, (), len(made)))
            if with_lines:
                made.append(lines(draft, stamps, next_id))
                users.add(draft.columns.get("custodian_id"))
                teams.add(draft.columns.get("team_id"))
        if not made:
            return rows, list(choices), NO_LINES
        owners = Owners(
            frozenset(pk for pk in users if pk is not None),
            frozenset(pk for pk in teams if pk is not None),
        )
        return rows, list(choices), Lines(made, owners)


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


def _clean(raw: list[RawRow]) -> Result:
    assert _cleaning is not None  # set when the process begins
    return _cleaning.chunk(raw)


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
            yield _made(first, raw, cleaning.chunk(raw))
        return
    pool = ProcessPoolExecutor(
        count,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin,
        initargs=(spec, stamps, with_lines, os.getpid()),
    )
    try:
        yield from _pipelined(pool, _read_ahead(chain(waiting, source)), count)
    except BrokenProcessPool:
        raise CleaningFailed() from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _read_ahead(chunks: Iterator[tuple[int, list[RawRow]]]) -> Iterator[tuple[int, list[RawRow]]]:
    """The same chunks, of which the next is read while somebody waits for the database."""
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(next, chunks, None)
        while (chunk := coming.result()) is not None:
            coming = reader.submit(next, chunks, None)
            yield chunk


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
    return _made(first, raw, future.result())


def _made(first: int, raw: list[RawRow], result: Result) -> CleanChunk:
    rows, choices, made = result
    return CleanChunk(first, raw, list(map(Cleaned._make, rows)), choices, made)
