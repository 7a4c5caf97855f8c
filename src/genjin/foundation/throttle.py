"""Holds back whoever asks too often, by a name that the caller chooses (an address, a token).

Counted in each web process by itself: enough to keep one caller from occupying the server. What
must not be guessed is long or counted by `sign_in`, and what must not be done twice is refused by
the database.
"""

import threading
import time
from collections import deque

_SECONDS = 60.0
_KEPT = 20_000
_lock = threading.Lock()
_seen: dict[tuple[str, str], deque[float]] = {}


def seconds_to_wait(who: str, what: str, *, per_minute: int) -> float:
    """How long `who` has to wait before doing `what`; 0 when it may now, which is then counted."""
    key = (what, who)
    moment = time.monotonic()
    with _lock:
        if len(_seen) > _KEPT:
            _seen.clear()
        times = _seen.setdefault(key, deque())
        while times and times[0] <= moment - _SECONDS:
            times.popleft()
        if len(times) >= per_minute:
            return times[0] + _SECONDS - moment if times else _SECONDS
        times.append(moment)
        return 0.0


def forget() -> None:
    """Begins the count anew."""
    with _lock:
        _seen.clear()
