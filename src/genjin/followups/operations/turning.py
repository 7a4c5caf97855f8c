"""Turns follow-ups on a machine's channel into messages when their time has come."""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Concat

from genjin.followups.claims import NEVER_BY_ITSELF
from genjin.followups.delivery import composers, remembering
from genjin.followups.gate import WithheldError
from genjin.followups.models import FollowUp
from genjin.followups.operations.delivering import NoAddress, deliver
from genjin.followups.states import FOLLOWUP_STATES, MACHINE_CHANNELS, State
from genjin.foundation.transitions import transition
from genjin.kernel.errors import BadInput
from genjin.kernel.problems import Reason

log = logging.getLogger(__name__)
_BATCH = 200
_LATER = timedelta(minutes=15)


def turn_into_messages(now: datetime, *, limit: int = _BATCH) -> int:
    """Writes messages for the ready follow-ups that a composer can write; returns how many.

    Each in a transaction of its own. What no composer can write, or has no address, goes up to a
    person; a composer that fails is asked again later.
    """
    return sum(_turn(pk, now) for pk in _ready(limit))


def _ready(limit: int) -> list[UUID]:
    if not (keys := composers.keys()):
        return []
    rows = FollowUp.objects.filter(
        state=State.READY, channel__in=MACHINE_CHANNELS, messages__isnull=True,
        queue__is_open=True,
    )  # fmt: skip
    rows = rows.alias(particular=Concat(F("source_kind"), Value(":"), F("source_id"))).filter(
        Q(purpose__in=keys) | Q(source_kind__in=keys) | Q(particular__in=keys)
    )
    rows = rows.exclude(withheld__contains=[{"code": remembering.NEEDS_A_PERSON}])
    return list(rows.order_by("not_before", "pk").values_list("pk", flat=True)[:limit])


@transaction.atomic
def _turn(pk: UUID, now: datetime) -> bool:
    row = (
        FollowUp.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("customer", "person")
        .filter(pk=pk, state=State.READY)
        .first()
    )
    compose = composers.composer_of(row) if row else None
    if row is None or compose is None:
        return False
    try:
        with transaction.atomic():
            content = compose(row, now)
    except Exception:
        log.exception("the composer of follow-up %s failed", pk)
        FollowUp.objects.filter(pk=row.pk).update(state=State.PLANNED, not_before=now + _LATER)
        return False
    if content is None:
        remembering.give_to_a_person(row.pk, Reason("nothing_composed"), now)
        return False
    try:
        deliver(row.customer, purpose=row.purpose, content=content, channel=row.channel,
                cause_key=f"followup:{row.pk}", source=(row.source_kind, row.source_id),
                person=row.person, followup=row, by=None, now=now)  # fmt: skip
    except (NoAddress, BadInput) as error:
        remembering.give_to_a_person(row.pk, Reason(error.code), now)
        return False
    except WithheldError as error:
        code = error.reasons[0].code
        transition(row, field="state", table=FOLLOWUP_STATES, to=State.CANCELLED, by=None, now=now,
                   reason=code, ended_at=now, end_reason=code,
                   withheld=[reason.to_json() for reason in error.reasons])  # fmt: skip
        return False
    transition(row, field="state", table=FOLLOWUP_STATES, to=State.TAKEN, by=None, now=now,
               is_audited=False, taken_at=now, lease_until=NEVER_BY_ITSELF)  # fmt: skip
    return True
