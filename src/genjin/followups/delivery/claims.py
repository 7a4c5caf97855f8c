"""Moves messages in sets: documented siblings of `transition()`, like `followups.claims`.

A worker claims some messages (the gate decides each again, customers locked, nothing waits for a
lock), begins each by one conditional statement right before it goes, and writes what came of it.
Whoever stops a message (a refusal, a hold, a payment) moves it in its own transaction; a claimed
row that was moved is not begun any more. What was begun is never begun again by a machine.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from genjin.followups import gate, profiles
from genjin.followups.channels import outside
from genjin.followups.models import OutgoingMessage
from genjin.followups.rules import Allowed, ContactFact, decide
from genjin.followups.states import (
    CONTACT_STATES,
    MESSAGE_STATES,
    ContactState,
    MessageState,
    Purpose,
)
from genjin.foundation import policy
from genjin.kernel.ids import uuid7
from genjin.kernel.problems import Reason

_S = MessageState
for _old, _new in (
    (_S.WAITING, _S.CLAIMED),
    (_S.WAITING, _S.WITHHELD),
    (_S.WAITING, _S.NOT_ALLOWED),
    (_S.CLAIMED, _S.SENDING),
    (_S.CLAIMED, _S.WAITING),
    (_S.CLAIMED, _S.WITHHELD),
    (_S.CLAIMED, _S.FAILED),
    (_S.SENDING, _S.SENT),
    (_S.SENDING, _S.UNKNOWN),
    (_S.SENDING, _S.WAITING),
    (_S.SENDING, _S.REFUSED),
    (_S.SENDING, _S.FAILED),
):
    MESSAGE_STATES.check(_old, _new)
CONTACT_STATES.check(ContactState.STARTED, ContactState.UNKNOWN)

EXPIRED = "message_expired"
ADDRESS_RETIRED = "address_retired"
_THROTTLE_LOCK = 0x6D61696C  # any number of our own
_BEGINNING = timedelta(seconds=6)


@dataclass(frozen=True)
class Claimed:
    """What one claim did: the messages to begin, how many it looked at, those that ended."""

    messages: list[OutgoingMessage]
    looked_at: int
    ended: list[UUID] = field(default_factory=list)


# The most urgent purposes first; of each the longest due. Nothing here waits for a lock: whose
# customer is being changed at this moment comes with the next claim.
_PICK = """
SELECT m.id FROM unnest(%(purposes)s::text[]) WITH ORDINALITY AS band(purpose, place)
CROSS JOIN LATERAL (
  SELECT w.id, w.customer_id, w.not_before FROM followups_outgoingmessage w
  WHERE w.state = 'waiting' AND w.channel = %(channel)s AND w.purpose = band.purpose
    AND w.not_before <= %(now)s
  ORDER BY w.not_before, w.id LIMIT %(limit)s FOR UPDATE SKIP LOCKED) m
ORDER BY band.place, m.not_before LIMIT %(limit)s
"""
_LOCK_CUSTOMERS = """
SELECT c.id FROM customers_customer c
WHERE c.id IN (SELECT m.customer_id FROM followups_outgoingmessage m WHERE m.id = ANY(%(ids)s))
ORDER BY c.id FOR NO KEY UPDATE SKIP LOCKED
"""
# What waits already in a worker's hands counts for the caps like a contact begun.
_FACTS = f"""
SELECT m.id, p.status, p.is_active, {
    gate.FACTS.format(card="m.customer_id", person="m.person_id", purpose="m.purpose")
},
  (SELECT json_agg(json_build_array(u.claimed_at, u.purpose, u.channel, false))
   FROM followups_outgoingmessage u WHERE u.customer_id = m.customer_id AND u.state = 'claimed')
FROM followups_outgoingmessage m
LEFT JOIN customers_contactpoint p ON p.id = m.point_id
WHERE m.id = ANY(%(ids)s)
"""  # noqa: S608 - put together from constants


def bands() -> list[str]:
    """The purposes, the most urgent first."""
    return sorted(Purpose.values, key=profiles.band_of)


def _rows(statement: str, values: Mapping[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def _run(statement: str, values: Mapping[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


def has_due(channel: str, now: datetime) -> bool:
    """Whether a message waits whose time has come."""
    return OutgoingMessage.objects.filter(
        state=_S.WAITING, channel=channel, purpose__in=Purpose.values, not_before__lte=now
    ).exists()


def room(channel: str, now: datetime, wanted: int) -> int:
    """How many of `wanted` messages the throttle lets go now; the caller holds the transaction.

    Counts claims, over all workers: so many in any minute, and a tenth of it in any six seconds,
    so that a minute's worth does not go at once.
    """
    limit = int(policy.value("mail.per_minute") or 0)
    if limit <= 0:
        return wanted
    _rows("SELECT pg_advisory_xact_lock(%(key)s)", {"key": _THROTTLE_LOCK})
    [(minute, beginning)] = _rows(
        """SELECT count(*), count(*) FILTER (WHERE claimed_at > %(beginning)s)
           FROM followups_outgoingmessage
           WHERE channel = %(channel)s AND claimed_at > %(minute)s""",
        {"channel": channel, "minute": now - timedelta(minutes=1), "beginning": now - _BEGINNING},
    )
    return max(0, min(wanted, limit - minute, -(-limit // 10) - beginning))


@transaction.atomic
def claim(
    channel: str, *, token: UUID, now: datetime, limit: int, lease: timedelta, is_open: bool = True
) -> Claimed:
    """Takes up to `limit` messages whose time has come and that may go now.

    What the gate withholds waits for its next moment or ends; so does what has expired and what
    may not leave from here. Without a server (`is_open` false) only what ends is moved.
    """
    wanted = room(channel, now, limit) if is_open else limit
    if wanted <= 0:
        return Claimed([], 0)
    values = {"purposes": bands(), "channel": channel, "now": now, "limit": wanted}
    ids = [pk for (pk,) in _rows(_PICK, values)]
    if not ids:
        return Claimed([], 0)
    free = {pk for (pk,) in _rows(_LOCK_CUSTOMERS, {"ids": ids})}
    rows = OutgoingMessage.objects.select_related("customer", "point").in_bulk(ids)
    messages = [rows[pk] for pk in ids if rows[pk].customer_id in free]
    go, ended, waits = _decide(messages, channel, now)
    for row, to, reasons in ended:
        end_unsent([row.pk], to=to, reasons=reasons, now=now)
    for row, until, reasons in waits:
        wait(row.pk, until=until, reasons=reasons)
    if is_open and go:
        _take(go, token=token, now=now, lease=lease)
    return Claimed(
        go if is_open else [], len(ended) + len(waits) + (len(go) if is_open else 0),
        [row.pk for row, _to, _reasons in ended],
    )  # fmt: skip


_Ended = list[tuple[OutgoingMessage, str, list[dict[str, Any]]]]
_Waits = list[tuple[OutgoingMessage, datetime, list[dict[str, Any]]]]


def _decide(
    messages: Sequence[OutgoingMessage], channel: str, now: datetime
) -> tuple[list[OutgoingMessage], _Ended, _Waits]:
    """Which of them go, which end and which wait, by the gate as it stands now."""
    profile = profiles.profile()
    parameters = {**gate.fact_parameters(profile, now, channel),
                  "ids": [row.pk for row in messages]}  # fmt: skip
    known = {pk: rest for pk, *rest in _rows(_FACTS, parameters)} if messages else {}
    go: list[OutgoingMessage] = []
    ended: _Ended = []
    waits: _Waits = []
    begun: dict[UUID, list[ContactFact]] = {}
    for row in messages:
        status, is_active, data, claimed = known[row.pk]
        if reason := _ends(row, is_active=bool(is_active), now=now):
            to = _S.NOT_ALLOWED if reason.code in (
                outside.OUTSIDE_PRODUCTION, outside.SAMPLE) else _S.WITHHELD  # fmt: skip
            ended.append((row, to, [reason.to_json()]))
            continue
        data["contacts"] = [*(data.get("contacts") or ()), *(claimed or ())]
        facts = gate.facts_from(
            data, purpose=row.purpose, channel=channel, queue_weekly="", asked_at=None,
            profile=profile, now=now, point_status=status,
        )  # fmt: skip
        also = tuple(begun.get(row.customer_id, ()))
        answer = decide(replace(facts, contacts=facts.contacts + also), now)
        if isinstance(answer, Allowed):
            row.decision = answer.to_json()
            go.append(row)
            begun.setdefault(row.customer_id, []).append(
                ContactFact(now, row.purpose, channel, is_conversation=False)
            )
            continue
        reasons = [reason.to_json() for reason in answer.reasons]
        if answer.next_allowed_at is None:
            ended.append((row, _S.WITHHELD, reasons))
        else:
            waits.append((row, answer.next_allowed_at, reasons))
    return go, ended, waits


def _ends(row: OutgoingMessage, *, is_active: bool, now: datetime) -> Reason | None:
    """What ends a message whatever the gate says."""
    if row.expires_at is not None and row.expires_at <= now:
        return Reason(EXPIRED, {"at": row.expires_at})
    if not is_active:
        return Reason(ADDRESS_RETIRED)
    return outside.why_not(row.address)


def _take(
    messages: Sequence[OutgoingMessage], *, token: UUID, now: datetime, lease: timedelta
) -> None:
    _run(
        """UPDATE followups_outgoingmessage m
           SET state = 'claimed', claim = %(token)s, claimed_at = %(now)s,
             lease_until = %(until)s, decision = d.decision, reasons = '[]'::jsonb
           FROM unnest(%(ids)s::uuid[], %(decisions)s::jsonb[]) AS d(id, decision)
           WHERE m.id = d.id AND m.state = 'waiting'""",
        {
            "token": token, "now": now, "until": now + lease,
            "ids": [row.pk for row in messages],
            "decisions": [json.dumps(row.decision) for row in messages],
        },
    )  # fmt: skip
    for row in messages:
        row.state, row.claim, row.claimed_at = _S.CLAIMED, token, now


def wait(message: UUID, *, until: datetime, reasons: Sequence[Mapping[str, Any]]) -> bool:
    """Lets a message that was not begun wait until then, with the reason."""
    return bool(
        _run(
            """UPDATE followups_outgoingmessage
               SET state = 'waiting', not_before = %(until)s, reasons = %(reasons)s::jsonb,
                 claim = NULL, lease_until = NULL
               WHERE id = %(id)s AND state IN ('waiting', 'claimed')""",
            {"id": message, "until": until, "reasons": json.dumps(list(reasons))},
        )
    )


def end_unsent(
    messages: Sequence[UUID], *, to: str, reasons: Sequence[Mapping[str, Any]], now: datetime
) -> list[UUID]:
    """Ends messages that were not begun; returns those that were still there to end."""
    for old in (_S.WAITING, _S.CLAIMED):
        MESSAGE_STATES.check(old, _S(to))
    rows = _rows(
        """UPDATE followups_outgoingmessage
           SET state = %(to)s, ended_at = %(now)s, reasons = %(reasons)s::jsonb,
             claim = NULL, lease_until = NULL
           WHERE id = ANY(%(ids)s) AND state IN ('waiting', 'claimed') RETURNING id""",
        {"ids": list(messages), "to": str(to), "now": now, "reasons": json.dumps(list(reasons))},
    )
    return [pk for (pk,) in rows]


# The statement after which the server may have the message: the row, the contact that the caps
# count, one round trip, one commit.
_BEGIN = """
WITH begun AS (
  UPDATE followups_outgoingmessage
  SET state = 'sending', begun_at = %(now)s, tries = tries + 1, contact_id = %(contact)s,
    lease_until = %(until)s
  WHERE id = %(id)s AND state = 'claimed' AND claim = %(token)s
  RETURNING *
)
INSERT INTO followups_contact (id, followup_id, customer_id, point_id, channel, purpose, address,
  state, is_conversation, decision, by_id, started_at)
SELECT contact_id, followup_id, customer_id, point_id, channel, purpose, address, 'started', false,
  decision, created_by_id, begun_at FROM begun
"""


def begin(message: OutgoingMessage, *, token: UUID, now: datetime, lease: timedelta) -> bool:
    """Says that the message goes now; false when it was stopped meanwhile. Commits by itself."""
    contact = uuid7()
    values = {"id": message.pk, "token": token, "now": now, "until": now + lease,
              "contact": contact}  # fmt: skip
    if not _run(_BEGIN, values):
        return False
    message.state, message.contact_id, message.begun_at = _S.SENDING, contact, now
    message.tries += 1
    return True


def record_sent(message: OutgoingMessage, *, token: UUID, reply: str, now: datetime) -> bool:
    """The server took it. Also of a worker whose lease ran out, as long as nobody decided."""
    return bool(
        _run(
            """UPDATE followups_outgoingmessage
               SET state = 'sent', ended_at = %(now)s, reply = %(reply)s, lease_until = NULL
               WHERE id = %(id)s AND claim = %(token)s AND state IN ('sending', 'unknown')""",
            {"id": message.pk, "token": token, "now": now, "reply": reply},
        )
    )


def record_unknown(message: OutgoingMessage, *, token: UUID, reply: str) -> bool:
    """Nobody knows whether the server took it: a person looks. Its contact counts on."""
    return bool(
        _run(
            """WITH lost AS (
                 UPDATE followups_outgoingmessage
                 SET state = 'unknown', reply = %(reply)s, lease_until = NULL
                 WHERE id = %(id)s AND claim = %(token)s AND state = 'sending' RETURNING contact_id)
               UPDATE followups_contact k SET state = 'unknown' FROM lost
               WHERE k.id = lost.contact_id AND k.state = 'started'""",
            {"id": message.pk, "token": token, "reply": reply},
        )
    )


def record_not_taken(
    message: OutgoingMessage, *, token: UUID, to: str, reply: str, now: datetime,
    not_before: datetime | None = None, reasons: Sequence[Mapping[str, Any]] = (),
) -> bool:  # fmt: skip
    """The server did not take it: it waits for another try (`not_before`) or ends.

    The contact that was begun was never made: it goes, so that no cap counts it.
    """
    MESSAGE_STATES.check(_S.SENDING, _S(to))
    return bool(
        _run(
            """WITH refused AS (
                 SELECT id, contact_id FROM followups_outgoingmessage
                 WHERE id = %(id)s AND claim = %(token)s AND state IN ('sending', 'unknown')
                 FOR UPDATE
               ), free AS (
                 UPDATE followups_outgoingmessage m
                 SET state = %(to)s, reply = %(reply)s, contact_id = NULL, claim = NULL,
                   lease_until = NULL, not_before = COALESCE(%(not_before)s, m.not_before),
                   ended_at = CASE WHEN %(to)s = 'waiting' THEN NULL
                              ELSE %(now)s::timestamptz END, reasons = %(reasons)s::jsonb
                 FROM refused WHERE m.id = refused.id RETURNING m.id)
               DELETE FROM followups_contact k USING refused
               WHERE k.id = refused.contact_id AND EXISTS (SELECT 1 FROM free)""",
            {
                "id": message.pk, "token": token, "to": str(to), "reply": reply, "now": now,
                "not_before": not_before, "reasons": json.dumps(list(reasons)),
            },
        )
    )  # fmt: skip


def give_back(token: UUID) -> int:
    """What a worker claimed and did not begin waits again: its server went away."""
    return _run(
        """UPDATE followups_outgoingmessage SET state = 'waiting', claim = NULL, claimed_at = NULL,
             lease_until = NULL
           WHERE claim = %(token)s AND state = 'claimed'""",
        {"token": token},
    )


def give_up_on_leases(now: datetime) -> tuple[int, int]:
    """Messages of workers that died: (those not begun, back in the queue; those begun, unknown)."""
    back = _run(
        """UPDATE followups_outgoingmessage SET state = 'waiting', claim = NULL, lease_until = NULL
           WHERE state = 'claimed' AND lease_until <= %(now)s""",
        {"now": now},
    )
    lost = _run(
        """WITH lost AS (
             UPDATE followups_outgoingmessage SET state = 'unknown', lease_until = NULL
             WHERE state = 'sending' AND lease_until <= %(now)s RETURNING contact_id)
           UPDATE followups_contact k SET state = 'unknown' FROM lost
           WHERE k.id = lost.contact_id AND k.state = 'started'""",
        {"now": now},
    )
    return back, lost
