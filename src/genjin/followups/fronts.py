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
from collections.abc import Sequence

from django.db import connection

KEPT_SECONDS = 1.0
_NOTHING_READY = (2**63 - 1, "ffffffff-ffff-ffff-ffff-ffffffffffff")
_MOST_KEPT = 20_000

Slot = tuple[int, tuple[int, ...], int]
Mark = tuple[int, str, float]
_lock = threading.Lock()
_marks: dict[tuple[int, int], Mark] = {}
_count = -1


class Fronts:
    """What is known of the lanes that one take looks at; `values` bind its statement."""

    def __init__(self, slots: Sequence[Slot]) -> None:
        self._begun = time.monotonic()
        self._used: dict[tuple[int, int], float] = {}
        with _lock:
            self._count = _count
            found = [
                [self._fresh(_marks.get((queue, lane)), (queue, lane)) for lane in lanes]
                for queue, lanes, _ in slots
            ]
        self._ranks = _literal([[mark and mark[0] for mark in marks] for marks in found])
        self._ids = _literal([[mark and mark[1] for mark in marks] for marks in found])

    @property
    def values(self) -> dict[str, object]:
        return {"front": self._count, "ranks": self._ranks, "ids": self._ids}

    def walk_from_the_beginning(self) -> bool:
        """Makes the next statement look at every row; False when this one did already."""
        if not self._used:
            return False
        self._used.clear()
        self._count = -1
        return True

    def _fresh(self, mark: Mark | None, key: tuple[int, int]) -> Mark | None:
        if mark is None or self._begun - mark[2] > KEPT_SECONDS:
            return None
        self._used[key] = mark[2]
        return mark

    def keep(self, queue: int, count: int, lanes: str, ranks: str, ids: str) -> None:
        """Keeps the first ready row of each lane of a queue, as the statement answered them.

        Not inside a transaction: it might be rolled back with what it took.
        """
        global _count  # noqa: PLW0603 - one small memory for the process
        if connection.in_atomic_block:
            return
        with _lock:
            if count < _count:
                return
            if count > _count or len(_marks) > _MOST_KEPT:
                _marks.clear()
                _count = count
            for lane, rank, pk in zip(_items(lanes), _items(ranks), _items(ids), strict=True):
                key = (queue, int(lane))
                walked_at = (
                    self._used.get(key, self._begun) if count == self._count else self._begun
                )
                first = _NOTHING_READY if rank == "NULL" else (int(rank), pk)
                _marks[key] = (*first, walked_at)


def _literal(rows: Sequence[Sequence[object]]) -> str:
    """A text[] of array literals, NULL where nothing is known."""
    inner = (
        "{" + ",".join("NULL" if one is None else str(one) for one in row) + "}" for row in rows
    )
    return "{" + ",".join(f'"{one}"' for one in inner) + "}"


def _items(array: str) -> list[str]:
    return array[1:-1].split(",")


def forget() -> None:
    """Drops what is kept, so that the next take walks from the beginning."""
    global _count  # noqa: PLW0603
    with _lock:
        _marks.clear()
        _count = -1
