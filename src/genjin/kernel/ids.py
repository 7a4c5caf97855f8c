"""Make identifiers that need no central counter and sort by the time they were made.

Ids mean nothing to people; numbers that people read aloud (orders, letters) are given out by
``genjin.foundation``.
"""

import os
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TAIL_BITS = 74
_TAIL_LIMIT = 1 << _TAIL_BITS
_LOW_62 = (1 << 62) - 1
_VERSION = 7 << 76
_VARIANT = 2 << 62


class _Sequence:
    """The last id of one clock: milliseconds since 1970 and the 74 bits behind them."""

    def __init__(self) -> None:
        self.milliseconds = -1
        self.tail = 0

    def start_over(self, milliseconds: int) -> None:
        # The top bit stays free, so that one millisecond has room for 2^73 more steps.
        self.milliseconds = milliseconds
        self.tail = int.from_bytes(os.urandom(10), "big") & (_TAIL_LIMIT // 2 - 1)

    def step(self) -> None:
        # A random step keeps the next id from being guessed and two forks from meeting.
        self.tail += 1 + int.from_bytes(os.urandom(4), "big")
        if self.tail >= _TAIL_LIMIT:
            self.start_over(self.milliseconds + 1)


_lock = threading.Lock()
_clock = _Sequence()
_given = _Sequence()


def _forget() -> None:
    """Begin anew in a forked child, which must not continue its parent's sequence."""
    global _lock, _clock, _given
    _lock, _clock, _given = threading.Lock(), _Sequence(), _Sequence()


os.register_at_fork(after_in_child=_forget)


def uuid7(now: datetime | None = None) -> uuid.UUID:
    """Give a new row its id: a version 7 UUID (RFC 9562), later ids compare greater.

    Without ``now`` the machine's clock is read, and ids made by one process always grow, also
    within a millisecond and when the clock is set back. With ``now`` (aware) the id carries that
    instant; ids for the same millisecond in a row grow.
    """
    if now is None:
        milliseconds, sequence = time.time_ns() // 1_000_000, _clock
    else:
        milliseconds, sequence = (now - _EPOCH) // timedelta(milliseconds=1), _given
    if not 0 <= milliseconds < 1 << 48:
        raise ValueError("an id can carry instants from 1970 to 10889 only")
    with _lock:
        may_continue = milliseconds == sequence.milliseconds or (
            now is None and milliseconds < sequence.milliseconds
        )
        if may_continue:
            sequence.step()
        else:
            sequence.start_over(milliseconds)
        milliseconds, tail = sequence.milliseconds, sequence.tail
    value = milliseconds << 80 | _VERSION | (tail >> 62) << 64 | _VARIANT | tail & _LOW_62
    return uuid.UUID(int=value)


def made_at(identifier: uuid.UUID) -> datetime:
    """Read from a version 7 id the instant (UTC, milliseconds) at which it was made."""
    if identifier.version != 7:
        raise ValueError("only version 7 ids carry their time")
    return _EPOCH + timedelta(milliseconds=identifier.int >> 80)
