"""Facts that stop a purpose for everybody, whatever a customer's card says (RE4).

A domain registers who knows of such a fact, once, from its AppConfig: dunning rests while nobody
knows what was paid. The gate asks here; lanes of a stopped purpose are closed. A stop ends when the
fact does, which nobody can foresee, so what it withholds is asked again after half an hour.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from genjin.kernel.problems import Reason

Stop = Callable[[datetime], Reason | None]
ASKED_AGAIN_AFTER = timedelta(minutes=30)
_FRESH_SECONDS = 1.0
_stops: dict[str, Stop] = {}
_known: dict[tuple[str, int], tuple[float, Reason | None]] = {}


def register(purpose: str, stop: Stop) -> None:
    """Says who knows whether this purpose is stopped; `stop(now)` gives the reason or None."""
    _stops[purpose] = stop


def stopping(purpose: str, now: datetime) -> Reason | None:
    """Why this purpose is stopped for everybody at this moment; asked once a second at most."""
    stop = _stops.get(purpose)
    if stop is None:
        return None
    key = (purpose, int(now.timestamp() // 60))
    read_at, found = _known.get(key, (float("-inf"), None))
    if time.monotonic() - read_at > _FRESH_SECONDS:
        found = stop(now)
        if len(_known) > 100:
            _known.clear()
        _known[key] = (time.monotonic(), found)
    return found


def forget() -> None:
    """Drops what is kept, so that the next question asks anew."""
    _known.clear()
