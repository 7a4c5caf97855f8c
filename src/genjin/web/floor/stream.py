"""Server-sent events of the floor: a snapshot every two seconds, over ordinary threads.

A stream ends by itself after `STREAM_SECONDS` and the browser comes back, so a thread is never
held for good. It gives its database connection back before every sleep. Beyond `STREAMS` streams
in a process the answer is one snapshot and a wait: the page then asks again every few seconds.
"""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils import timezone, translation

from genjin.foundation.models import User

STREAMS = int(os.environ.get("GENJIN_FLOOR_STREAMS", "6"))
STREAM_SECONDS = 55.0
EVERY_SECONDS = 2.0
POLL_MILLISECONDS = 3000
AGAIN_MILLISECONDS = 500

Show = Callable[[], dict[str, Any] | None]

_slots = threading.BoundedSemaphore(STREAMS)


def event(data: dict[str, Any]) -> str:
    """One snapshot as an event; JSON keeps it on one line."""
    return f"event: snapshot\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


def give_back_connection() -> None:
    """Returns the database connection to the pool, unless a caller's transaction needs it."""
    if not connection.in_atomic_block:
        connection.close()


def _shown(user: User, show: Show) -> str:
    """Renders in the person's language and zone: the middleware's are gone by now.

    "" where there is nothing to be seen any more.
    """
    zone = ZoneInfo(user.time_zone)
    try:
        with translation.override(user.language), timezone.override(zone):
            found = show()
        return "" if found is None else event(found)
    finally:
        give_back_connection()


def stream(
    user: User,
    show: Show,
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[str]:
    """The events of one watcher. `show` gives what is to be seen now, in the active language.

    None from it ends the stream: the watcher was signed out or may not watch any more.
    """
    if not _slots.acquire(blocking=False):
        yield f"retry: {POLL_MILLISECONDS}\n\n"
        yield _shown(user, show)
        return
    try:
        yield f"retry: {AGAIN_MILLISECONDS}\n\n"
        end = clock() + STREAM_SECONDS
        while clock() < end and (snapshot := _shown(user, show)):
            yield snapshot
            sleep(EVERY_SECONDS)
    finally:
        _slots.release()
