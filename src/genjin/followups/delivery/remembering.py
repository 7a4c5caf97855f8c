"""What became of messages goes into the memory: a sent one is an interaction, the others are told.

A message that is `sent` and has no interaction yet is picked up by the next batch or the clock, so
a worker that dies in between forgets nothing.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction

from genjin.customers.models import Customer, TimelineEntry
from genjin.followups import profiles
from genjin.followups.models import Contact, FollowUp, Interaction, OutgoingMessage
from genjin.followups.states import (
    CONTACT_STATES,
    FOLLOWUP_STATES,
    ContactState,
    MessageState,
    State,
)
from genjin.kernel.problems import Reason

SENT = "sent"
_BATCH = 500
NEEDS_A_PERSON = "needs_a_person"
# Who has to look at a follow-up whose message could not be sent; the others end with it.
_FOR_A_PERSON = frozenset({MessageState.REFUSED, MessageState.FAILED})

CONTACT_STATES.check(ContactState.STARTED, ContactState.CLOSED)
CONTACT_STATES.check(ContactState.UNKNOWN, ContactState.CLOSED)
for _new in (State.DONE, State.CANCELLED, State.READY):
    FOLLOWUP_STATES.check(State.TAKEN, _new)


def _interaction(row: OutgoingMessage, queues: dict[UUID, int]) -> Interaction:
    assert row.ended_at is not None
    local = row.ended_at.astimezone(ZoneInfo(settings.TIME_ZONE))
    return Interaction(
        customer_id=row.customer_id, person_id=row.person_id, followup_id=row.followup_id,
        contact_id=row.contact_id,
        queue_id=queues.get(row.followup_id) if row.followup_id else None,
        channel=row.channel, purpose=row.purpose, address=row.address, outcome=SENT,
        at=row.ended_at, local_day=local.date(), local_hour=local.hour, decision=row.decision,
        by_id=row.created_by_id,
        detail={"outgoing": {"id": str(row.pk), "subject": row.subject}},
    )  # fmt: skip


def _entry(row: OutgoingMessage, interaction: Interaction) -> TimelineEntry:
    return TimelineEntry(
        customer_id=row.customer_id, kind="interaction", code=row.channel, at=interaction.at,
        by_id=row.created_by_id, source_kind="interaction", source_id=str(interaction.pk),
        data={"outcome": SENT, "purpose": row.purpose, "is_inbound": False, "is_reached": False,
              "is_success": False, "talk_seconds": 0, "note": "", "next_step": "", "reason": "",
              "message": "", "subject": row.subject, "outgoing": str(row.pk)},
    )  # fmt: skip


@transaction.atomic
def remember_sent(now: datetime, *, limit: int = _BATCH) -> list[Customer]:
    """Sent messages that are not remembered yet become interactions; returns their customers.

    Where a cap counts this channel (`caps_count`) the caller decides what waits for them anew.
    """
    rows = list(
        OutgoingMessage.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(state=MessageState.SENT, interaction=None)
        .order_by("ended_at")[:limit]
    )
    if not rows:
        return []
    customers = {row.customer_id for row in rows}
    cards = Customer.objects.select_for_update(of=("self",), no_key=True)
    locked = list(cards.filter(pk__in=customers).order_by("pk"))
    followups = [row.followup_id for row in rows if row.followup_id]
    queues = dict(FollowUp.objects.filter(pk__in=followups).values_list("pk", "queue_id"))
    made = [_interaction(row, queues) for row in rows]
    Interaction.objects.bulk_create(made)
    TimelineEntry.objects.bulk_create(
        [_entry(row, one) for row, one in zip(rows, made, strict=True)]
    )
    for row, one in zip(rows, made, strict=True):
        row.interaction = one
    OutgoingMessage.objects.bulk_update(rows, ["interaction"])
    contacts = [row.contact_id for row in rows if row.contact_id]
    Contact.objects.filter(pk__in=contacts).exclude(state=ContactState.CLOSED).update(
        state=ContactState.CLOSED, closed_at=now
    )
    Customer.objects.filter(pk__in=customers).update(last_contact_at=max(one.at for one in made))
    _finish(followups, State.DONE, now, last_outcome=SENT)
    return locked


def caps_count(channel: str) -> bool:
    """Whether any cap counts contacts on this channel, so that what waits is decided anew."""
    return any(channel in cap.channels for cap in profiles.profile().caps)


def _finish(followups: Iterable[UUID], to: str, now: datetime, **values: Any) -> None:
    FollowUp.objects.filter(pk__in=list(followups), state=State.TAKEN, taken_by=None).update(
        state=to, ended_at=now, lease_until=None, withheld=[], **values
    )


@transaction.atomic
def tell_unsent(messages: Sequence[UUID], *, now: datetime) -> None:
    """Tells the customer's history of messages that ended unsent, and what their follow-ups do.

    One that the server refused or that could not be written goes up to a person; the others end
    with their message. The caller has ended the messages in the same transaction.
    """
    rows = OutgoingMessage.objects.filter(pk__in=list(messages))
    entries, ended = [], []
    for row in rows:
        code = row.reasons[0]["code"] if row.reasons else ""
        entries.append(
            TimelineEntry(
                customer_id=row.customer_id, kind="message", code=f"message_{row.state}", at=now,
                source_kind="message", source_id=str(row.pk),
                data={"subject": row.subject, "address": row.address, "reply": row.reply,
                      "purpose": row.purpose, "channel": row.channel, "reasons": row.reasons},
            )
        )  # fmt: skip
        if row.followup_id is None:
            continue
        if row.state in _FOR_A_PERSON:
            give_to_a_person(row.followup_id, Reason("message_not_sent", {"reply": row.reply}), now)
        else:
            ended.append((row.followup_id, code))
    TimelineEntry.objects.bulk_create(entries)
    for followup, code in ended:
        _finish([followup], State.CANCELLED, now, end_reason=code)


def give_to_a_person(followup: UUID, reason: Reason, now: datetime) -> None:
    """A machine cannot deliver this one: it goes up to the supervisor's list and stays takeable."""
    withheld = [Reason(NEEDS_A_PERSON).to_json(), reason.to_json()]
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE followups_followup
               SET state = 'ready', lease_until = NULL, withheld = %s::jsonb,
                 escalated_at = COALESCE(escalated_at, %s)
               WHERE id = %s AND (state = 'ready' OR (state = 'taken' AND taken_by_id IS NULL))""",
            [json.dumps(withheld), now, followup],
        )
