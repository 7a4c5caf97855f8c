"""Holds back an address that asks a public page too often.

Counted in each web process by itself: enough to keep one address from occupying the server. What
must not be guessed is long, and what must not be done twice is refused by the database.
"""

import threading
import time
from collections import deque

from django.http import HttpRequest

_SECONDS = 60.0
_KEPT = 20_000
_lock = threading.Lock()
_seen: dict[tuple[str, str], deque[float]] = {}


def may_pass(request: HttpRequest, what: str, *, per_minute: int) -> bool:
    """Whether this address may do `what` now; counts it when it may."""
    key = (what, request.META.get("REMOTE_ADDR", ""))
    moment = time.monotonic()
    with _lock:
        if len(_seen) > _KEPT:
            _seen.clear()
        times = _seen.setdefault(key, deque())
        while times and times[0] <= moment - _SECONDS:
            times.popleft()
        if len(times) >= per_minute:
            return False
        times.append(moment)
        return True


def forget() -> None:
    """Begins the count anew."""
    with _lock:
        _seen.clear()
