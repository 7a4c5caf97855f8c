"""Decides a customer's messages anew when what the customer allows has changed."""

from datetime import datetime
from uuid import UUID

from genjin.customers.models import Customer
from genjin.followups.delivery import claims, remembering
from genjin.followups.gate import facts_for
from genjin.followups.models import OutgoingMessage
from genjin.followups.rules import Withheld, decide
from genjin.followups.states import MessageState
from genjin.foundation.compiled import Compiled

_UNBEGUN = Compiled(
    lambda customer: (
        OutgoingMessage.objects.select_for_update(of=("self",))
        .select_related("point")
        .filter(customer=customer, state__in=[MessageState.WAITING, MessageState.CLAIMED])
        .order_by("pk")
    ),
    customer=UUID,
)


def redecide_messages(customer: Customer, *, now: datetime) -> int:
    """Asks the gate again for each message that was not begun; returns how many changed.

    Runs in the transaction of the change. What a worker has claimed is taken from it: a refusal
    acts at once, also on what is already queued.
    """
    return sum(_redecide(row, customer, now) for row in _UNBEGUN.all(customer=customer.pk))


def _redecide(row: OutgoingMessage, customer: Customer, now: datetime) -> bool:
    wanted = max(now, row.wanted_at)
    facts = facts_for(customer, purpose=row.purpose, channel=row.channel, now=now,
                      point=row.point, person=row.person_id)  # fmt: skip
    answer = decide(facts, wanted)
    if isinstance(answer, Withheld):
        reasons = [reason.to_json() for reason in answer.reasons]
        if answer.next_allowed_at is None:
            ended = claims.end_unsent([row.pk], to=MessageState.WITHHELD, reasons=reasons, now=now)
            remembering.tell_unsent(ended, now=now)
            return bool(ended)
        return claims.wait(row.pk, until=answer.next_allowed_at, reasons=reasons)
    if row.state == MessageState.WAITING and row.reasons:
        return claims.wait(row.pk, until=wanted, reasons=[])
    return False
