"""What the clock does to the queue; the worker's ticker calls it every two seconds."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from genjin.followups import claims
from genjin.followups.delivery import claims as claims_of_messages
from genjin.followups.delivery import sending, server
from genjin.followups.operations import commitments
from genjin.followups.operations.turning import turn_into_messages
from genjin.followups.resettling_jobs import redecide_all, redecide_some
from genjin.followups.rulebook import engine
from genjin.followups.scores.jobs import verify_scores
from genjin.followups.states import MACHINE_CHANNELS
from genjin.foundation import jobs, policy

__all__ = [
    "Ticked",
    "look_for_messages",
    "move_by_the_clock",
    "redecide_all",
    "redecide_some",
    "send_messages",
    "tick",
    "verify_scores",
    "watch_promises",
]

# A contact that belongs to nothing in hand is given up after this long.
_STALE = timedelta(hours=4)


@dataclass(frozen=True)
class Ticked:
    """What one tick moved."""

    promoted: int
    returned: int
    unknown: int
    escalated: int
    expired: int


@jobs.tick("queue", every_seconds=2, must_run=True)
def move_by_the_clock(now: datetime) -> None:
    """Keeps the queue moving: the worker's clock calls this."""
    tick(now)


@jobs.tick("promises", every_seconds=30)
def watch_promises(now: datetime) -> None:
    """Reminds of promises before their date and tells of late ones after."""
    commitments.remind(now)
    commitments.escalate_late(now)


def tick(now: datetime) -> Ticked:
    """Promotes what is due, takes back run-out leases, escalates and expires.

    Safe in several workers at once: every statement skips the rows that another one has locked,
    and each is a transaction of its own.
    """
    returned, unknown = claims.return_run_out(now)
    claims.give_up_on_contacts(now - _STALE)
    return Ticked(
        promoted=claims.promote(now),
        returned=returned,
        unknown=unknown,
        escalated=claims.escalate(now),
        expired=claims.expire(now),
    )


@jobs.job("messages.send")
def send_messages(*, channel: str) -> None:
    """Sends what is due on one connection; killed in the middle it goes on when repeated."""
    sending.run(channel)


@jobs.tick("messages", every_seconds=2, must_run=True)
def look_for_messages(now: datetime) -> None:
    """Writes what follow-ups say, takes back what died, and calls senders for what is due."""
    turn_into_messages(now)
    claims_of_messages.give_up_on_leases(now)
    for channel in MACHINE_CHANNELS:
        sending.remember(channel, now)
        if claims_of_messages.has_due(channel, now) and not server.is_resting(channel, now):
            for slot in range(int(policy.value("mail.connections"))):
                name = f"messages:{channel}:{slot}"
                jobs.enqueue(send_messages, lock=name, once=name, channel=str(channel))


@jobs.job("rulebook.handle")
def handle_events() -> None:
    """Turns the events that wait into follow-ups; killed in the middle it goes on when repeated."""
    engine.handle_all()


@jobs.tick("rulebook", every_seconds=2, must_run=True)
def look_for_events(now: datetime) -> None:
    """Calls the rulebook when something happened."""
    if engine.has_waiting():
        jobs.enqueue(handle_events, lock="rulebook", once="rulebook")
