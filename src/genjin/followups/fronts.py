"""Remembers where the ready follow-ups of a lane begin, so that a take starts there (FU6).

What was taken leaves dead entries at the front of the lane's index until the database tidies them
away, which it cannot while a long report looks at an older state. A process therefore keeps the
first ready row it saw in each lane. It may use that until something became ready, which the
database counts in the sequence `followup_front`, and never longer than KEPT_SECONDS after the
lane was walked from its beginning: so long at most may a row wait that was counted just before it
could be seen, or that a taker who failed left behind.
"""

import threading
import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.db import connection

KEPT_SECONDS = 1.0
# Before every ready row, and behind all of them.
_NO_MARK = (-(2**63), "00000000-0000-0000-0000-000000000000", float("-inf"))
_NOTHING_READY = (2**63 - 1, "ffffffff-ffff-ffff-ffff-ffffffffffff")
_MOST_KEPT = 20_000
# For one queue: people of different skills see different lanes of it, and hours end.
_MOST_WRITTEN = 50

Slot = tuple[int, tuple[int, ...], int]
# Rank and id of the first ready row, and when the lane was walked from its beginning.
Mark = tuple[int, str, float]
_lock = threading.Lock()
_marks: dict[tuple[int, int], Mark] = {}
_count = -1


class _Written(NamedTuple):
    """What is known of the lanes of one queue, as the statement takes it.

    Array literals of the lanes in the order of their first rows (those that come first at this
    hour before the others), and of the rank and the id from which each is looked at. `used` says
    when the lanes of which something is known were walked; it may be told until `until`.
    """

    lanes: str
    ranks: str
    ids: str
    used: dict[int, float]
    until: float


# By queue, then by its lanes and how many of them come first; dropped when a mark changes.
_written: dict[int, dict[tuple[tuple[int, ...], int], _Written]] = {}


def _array(values: Iterable[object]) -> str:
    """An array literal inside another one."""
    return '"{' + ",".join(map(str, values)) + '}"'


def _write(slot: Slot, now: float) -> _Written:
    queue, lanes, first = slot
    used: dict[int, float] = {}
    rows, until = [], now + KEPT_SECONDS
    for number, lane in enumerate(lanes):
        rank, pk, walked_at = _marks.get((queue, lane)) or _NO_MARK
        if now > walked_at + KEPT_SECONDS:
            rank, pk, _ = _NO_MARK
        else:
            used[lane] = walked_at
            until = min(until, walked_at + KEPT_SECONDS)
        rows.append((number >= first, rank, pk, lane))
    rows.sort()
    _, ranks, ids, in_order = zip(*rows, strict=True)
    return _Written(_array(in_order), _array(ranks), _array(ids), used, until)


class Fronts:
    """What is known of the lanes that one take looks at; `values` bind its statement."""

    def __init__(self, slots: Sequence[Slot]) -> None:
        self._begun = now = time.monotonic()
        found = []
        with _lock:
            self._count = _count
            for slot in slots:
                kept = _written.setdefault(slot[0], {})
                written = kept.get(slot[1:])
                if written is None or written.until < now:
                    if len(kept) > _MOST_WRITTEN:
                        kept.clear()
                    written = kept[slot[1:]] = _write(slot, now)
                found.append(written)
        self._used = {slot[0]: one.used for slot, one in zip(slots, found, strict=True)}
        self.values: dict[str, object] = {
            "front": self._count,
            "queues": "{" + ",".join([str(queue) for queue, _, _ in slots]) + "}",
            "firsts": "{" + ",".join([str(first) for _, _, first in slots]) + "}",
            "lanes": "{" + ",".join([one.lanes for one in found]) + "}",
            "ranks": "{" + ",".join([one.ranks for one in found]) + "}",
            "ids": "{" + ",".join([one.ids for one in found]) + "}",
        }

    def walk_from_the_beginning(self) -> bool:
        """Makes the next statement look at every row; False when this one did already."""
        if not any(self._used.values()):
            return False
        self._used = {}
        self._count = self.values["front"] = -1
        return True

    def keep(self, queue: int, count: int, lanes: str, ranks: str, ids: str) -> None:
        """Keeps the first ready row of some lanes of a queue, as the statement answered them.

        Not inside a transaction: it might be rolled back with what it took.
        """
        global _count  # noqa: PLW0603 - one small memory for the process
        if connection.in_atomic_block:
            return
        with _lock:
            if count < _count:
                return
            if count > _count or len(_marks) > _MOST_KEPT:
                _forget()
                _count = count
            _written.pop(queue, None)
            used = self._used.get(queue, {}) if count == self._count else {}
            for lane, rank, pk in zip(_items(lanes), _items(ranks), _items(ids), strict=True):
                first = _NOTHING_READY if rank == "NULL" else (int(rank), pk)
                _marks[queue, int(lane)] = (*first, used.get(int(lane), self._begun))


def _items(array: str) -> list[str]:
    return array[1:-1].split(",")


def _forget() -> None:
    global _count  # noqa: PLW0603
    _marks.clear()
    _written.clear()
    _count = -1


def forget() -> None:
    """Drops what is kept, so that the next take walks from the beginning."""
    with _lock:
        _forget()
