"""The worker's loop: claim some, write each down as begun, hand it over, record the answer at once.

No transaction is open while the network is spoken to. What a dead worker leaves is told by the
state of each row: claimed and not begun goes back, begun without an answer waits for a person.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from genjin.customers.operations.points import mark_point
from genjin.customers.states import PointStatus
from genjin.followups.channels import mime, outside, smtp
from genjin.followups.channels.base import (
    Handed,
    Later,
    Outcome,
    Refused,
    ServerNotReady,
    Session,
    Unknown,
)
from genjin.followups.delivery import attachments, claims, guards, remembering, server
from genjin.followups.models import OutgoingMessage
from genjin.followups.operations.redeciding import redecide
from genjin.followups.states import MessageState
from genjin.followups.wishes import letters, links
from genjin.foundation import policy
from genjin.kernel.problems import Reason

log = logging.getLogger(__name__)

# How a session is opened on each channel that a machine works.
SESSIONS: dict[str, Callable[[], Session]] = {"email": smtp.connect}
CANNOT_BE_WRITTEN = "cannot_be_written"
GAVE_UP = "gave_up"
GUARD_FAILED = "guard_failed"
_GUARD_RETRY = timedelta(minutes=15)


@dataclass
class Run:
    """What one run of the loop did, by what became of the messages."""

    sent: int = 0
    unknown: int = 0
    later: int = 0
    refused: int = 0
    stopped: int = 0


def lease() -> timedelta:
    return timedelta(seconds=int(policy.value("mail.lease_seconds")))


def is_set_up(channel: str) -> bool:
    """Whether a server is named for the channel."""
    return channel != "email" or bool(settings.EMAIL_HOST)


def is_production() -> bool:
    """Whether messages go to whom they are for."""
    return outside.is_production()


def message_id(message: OutgoingMessage) -> str:
    """The Message-ID under which a message stands in the server's log."""
    return mime.message_id(message.pk.hex, settings.DEFAULT_FROM_EMAIL)


def run(channel: str, *, seconds: float = 20, clock: Callable[[], datetime] = timezone.now) -> Run:
    """Sends what is due on one connection, for about `seconds` or until nothing is due.

    Without a server it only ends what may not leave from here. Safe in any number of workers.
    """
    done = Run()
    if not is_set_up(channel) and not outside.is_production():
        while claims_and_tells(channel, uuid4(), clock(), is_open=False).looked_at:
            pass
    if not is_set_up(channel) or server.is_resting(channel, clock()):
        return done
    try:
        session = SESSIONS[channel]()
    except ServerNotReady as error:
        server.rest(channel, str(error), clock())
        return done
    until = time.monotonic() + seconds
    try:
        while time.monotonic() < until and not session.is_broken:
            token = uuid4()
            claimed = claims_and_tells(channel, token, clock())
            if not claimed.looked_at:
                break
            _send_all(channel, session, claimed.messages, token, done, clock)
            remember(channel, clock())
    finally:
        session.close()
    return done


def remember(channel: str, now: datetime) -> int:
    """Sent messages become interactions, and what their caps say about the rest is asked."""
    with transaction.atomic():
        customers = remembering.remember_sent(now)
        if remembering.caps_count(channel):
            for customer in customers:
                redecide(customer, now=now)
    return len(customers)


def claims_and_tells(
    channel: str, token: UUID, now: datetime, *, is_open: bool = True
) -> claims.Claimed:
    """Claims the next messages and tells of those that end unsent, in one transaction."""
    with transaction.atomic():
        claimed = claims.claim(
            channel, token=token, now=now, limit=int(policy.value("mail.batch")), lease=lease(),
            is_open=is_open,
        )  # fmt: skip
        remembering.tell_unsent(claimed.ended, now=now)
    return claimed


def _send_all(
    channel: str, session: Session, messages: list[OutgoingMessage], token: UUID, done: Run,
    clock: Callable[[], datetime],
) -> None:  # fmt: skip
    for message in messages:
        outcome = _send_one(session, message, token, clock)
        if outcome is None:
            done.stopped += 1
            continue
        record(message, outcome, token=token, now=clock())
        if isinstance(outcome, Handed):
            if not done.sent:
                server.is_well(channel, clock())
            done.sent += 1
        elif isinstance(outcome, Unknown):
            done.unknown += 1
        elif isinstance(outcome, Refused):
            done.refused += 1
        else:
            done.later += 1
        if isinstance(outcome, Later) and outcome.is_server:
            server.rest(channel, outcome.reply, clock())
            break
        if session.is_broken:
            break
    claims.give_back(token)


def _send_one(
    session: Session, message: OutgoingMessage, token: UUID, clock: Callable[[], datetime]
) -> Outcome | None:
    """Hands one message over; None when it was stopped before it was begun."""
    if _is_stopped(message, clock()):
        return None
    try:
        data = written(message, clock())
    except (attachments.AttachmentMissing, mime.NotWritable) as error:
        _cannot_be_written(message, f"{type(error).__name__}: {error}", clock())
        return None
    except Exception as error:  # a loader of some domain failed: the others still go
        log.exception("message %s could not be written", message.pk)
        _cannot_be_written(message, f"{type(error).__name__}: {error}", clock())
        return None
    if not claims.begin(message, token=token, now=clock(), lease=lease()):
        return None
    return session.send(recipient=message.address, data=data)


def _is_stopped(message: OutgoingMessage, now: datetime) -> bool:
    """Asks the guard of its source; what it stops waits or ends."""
    try:
        reason = guards.ask(message, now)
    except Exception:
        log.exception("the guard of message %s failed", message.pk)
        reason = Reason(GUARD_FAILED, {"until": now + _GUARD_RETRY})
    if reason is None:
        return False
    if until := guards.until(reason):
        claims.wait(message.pk, until=until, reasons=[reason.to_json()])
        return True
    _end(message, MessageState.WITHHELD, reason, now)
    return True


def _cannot_be_written(message: OutgoingMessage, error: str, now: datetime) -> None:
    _end(message, MessageState.FAILED, Reason(CANNOT_BE_WRITTEN, {"error": error[:200]}), now)


@transaction.atomic
def _end(message: OutgoingMessage, to: str, reason: Reason, now: datetime) -> None:
    ended = claims.end_unsent([message.pk], to=to, reasons=[reason.to_json()], now=now)
    remembering.tell_unsent(ended, now=now)


def written(message: OutgoingMessage, now: datetime) -> bytes:
    """The bytes of a message. Its Message-ID is made from its key and the same at every try."""
    sender, house = settings.DEFAULT_FROM_EMAIL, str(policy.value("organisation.name") or "")
    if "<" not in sender and house:
        sender = f'"{house.replace(chr(34), "")}" <{sender}>'
    text, html, headers = _with_foot(message)
    return mime.write(
        mime.Draft(
            id=message.pk.hex, sender=sender, recipient=message.address, subject=message.subject,
            text=text, html=html, at=timezone.localtime(now),
            reply_to=str(policy.value("mail.reply_to") or ""),
            headers={"Auto-Submitted": "auto-generated", **headers},
            parts=attachments.load(message.attachments),
        )
    )  # fmt: skip


def _with_foot(message: OutgoingMessage) -> tuple[str, str, dict[str, str]]:
    """Text, HTML and headers; what a customer may refuse carries the way to refuse it.

    The foot is made when the message goes, so that no link lies in the database. One click needs
    HTTPS (RFC 8058, 3.1).
    """
    source = (message.source_kind, message.source_id)
    own = links.filled_in(message.text, point=message.point, source=source)
    own_html = links.filled_in(message.html, point=message.point, source=source)
    if message.point is None or message.purpose not in policy.value("mail.preferences.purposes"):
        return own, own_html, message.headers
    unsubscribe = links.unsubscribe_url(message.point, message.purpose)
    headers = {"List-Unsubscribe": f"<{unsubscribe}>"}
    if unsubscribe.startswith("https:"):
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    text, html = letters.foot(
        language=letters.language_of(message.customer), purpose=message.purpose,
        wishes=links.wishes_url(message.point), unsubscribe=unsubscribe,
    )  # fmt: skip
    body, end, rest = own_html.rpartition("</body>")
    with_html = f"{body}{html}{end}{rest}" if end else f"{own_html}{html}"
    return own + text, with_html if own_html else "", {**headers, **message.headers}


def record(message: OutgoingMessage, outcome: Outcome, *, token: UUID, now: datetime) -> None:
    """Writes what the server said."""
    if isinstance(outcome, Handed):
        claims.record_sent(message, token=token, reply=outcome.reply, now=now)
    elif isinstance(outcome, Unknown):
        claims.record_unknown(message, token=token, reply=outcome.reply)
    elif isinstance(outcome, Refused):
        _record_refused(message, outcome, token=token, now=now)
    else:
        _record_later(message, outcome, token=token, now=now)


@transaction.atomic
def _record_refused(
    message: OutgoingMessage, outcome: Refused, *, token: UUID, now: datetime
) -> None:
    if not claims.record_not_taken(
        message, token=token, to=MessageState.REFUSED, reply=outcome.reply, now=now
    ):
        return
    if outcome.is_address and message.point_id and message.point is not None:
        mark_point(message.point, PointStatus.DEAD, by=None, now=now, reason=outcome.reply)
    remembering.tell_unsent([message.pk], now=now)


@transaction.atomic
def _record_later(message: OutgoingMessage, outcome: Later, *, token: UUID, now: datetime) -> None:
    limit = timedelta(hours=float(policy.value("mail.give_up_hours")))
    if message.wanted_at + limit <= now:
        if claims.record_not_taken(
            message, token=token, to=MessageState.FAILED, reply=outcome.reply, now=now,
            reasons=[Reason(GAVE_UP, {"tries": message.tries}).to_json()],
        ):  # fmt: skip
            remembering.tell_unsent([message.pk], now=now)
        return
    claims.record_not_taken(
        message, token=token, to=MessageState.WAITING, reply=outcome.reply, now=now,
        not_before=now + backoff(message.tries),
    )  # fmt: skip


def backoff(tries: int) -> timedelta:
    """How long after so many tries a message waits for the next one."""
    minutes = [float(one) for one in policy.value("mail.retry_minutes")]
    return timedelta(minutes=minutes[min(max(tries, 1), len(minutes)) - 1])
