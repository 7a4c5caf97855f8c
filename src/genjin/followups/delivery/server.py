"""How the mail server is: what it said last, and until when it rests after it could not be reached.

Kept in the database, so that all workers let it rest together and the screen can say why.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from genjin.foundation import policy
from genjin.foundation.models import Heartbeat


@dataclass(frozen=True)
class ServerState:
    """`error` is empty while it is well; else it is tried again at `next_try_at`."""

    error: str = ""
    since: datetime | None = None
    next_try_at: datetime | None = None
    failures: int = 0


def _name(channel: str) -> str:
    return f"server:{channel}"


def state(channel: str) -> ServerState:
    """How the server of a channel is."""
    beat = Heartbeat.objects.filter(name=_name(channel)).first()
    if beat is None or not beat.data.get("error"):
        return ServerState()
    data = beat.data
    return ServerState(
        data["error"], datetime.fromisoformat(data["since"]),
        datetime.fromisoformat(data["next_try_at"]), int(data["failures"]),
    )  # fmt: skip


def is_resting(channel: str, now: datetime) -> bool:
    """Whether the server is left alone for now."""
    known = state(channel)
    return known.next_try_at is not None and known.next_try_at > now


def rest(channel: str, error: str, now: datetime) -> datetime:
    """The server cannot be used: it is let alone, longer each time. Returns until when."""
    known = state(channel)
    first = float(policy.value("mail.rest_seconds"))
    longest = float(policy.value("mail.longest_rest_seconds"))
    until = now + timedelta(seconds=min(longest, first * 2 ** min(known.failures, 20)))
    data = {
        "error": error[:300], "since": (known.since or now).isoformat(),
        "next_try_at": until.isoformat(), "failures": known.failures + 1,
    }  # fmt: skip
    Heartbeat.objects.update_or_create(name=_name(channel), defaults={"at": now, "data": data})
    return until


def is_well(channel: str, now: datetime) -> None:
    """The server took a message."""
    Heartbeat.objects.filter(name=_name(channel)).exclude(data={}).update(at=now, data={})
