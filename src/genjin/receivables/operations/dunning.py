"""Ends dunning that has lost its ground: the money came, it was promised, or it is in dispute."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from genjin.followups.models import Contact, FollowUp
from genjin.followups.operations import cancel, cancel_waiting
from genjin.followups.states import WAITING, State
from genjin.foundation.models import User
from genjin.kernel.errors import LostRace
from genjin.receivables import resting, terms
from genjin.receivables.models import PaymentCalendar

NOTHING_TO_DUN = "nothing_to_dun"


@transaction.atomic
def settle_dunning(customers: Collection[UUID], *, by: User | None, now: datetime) -> int:
    """Ends the waiting dunning of customers of whom nothing may be asked any more.

    Callbacks that they asked for stay: that is a word we gave. What is in hand and not yet begun
    ends too, so that nobody rings who has been paid meanwhile. Returns how many ended.
    """
    rows = FollowUp.objects.filter(
        customer__in=customers, purpose="collect", state__in=(*WAITING, State.TAKEN),
        asked_at=None,
    )  # fmt: skip
    dunned = set(rows.values_list("customer_id", flat=True))
    if not dunned:
        return 0
    debts = resting.debts_of(dunned, now)
    ahead = terms.day_of(now) + timedelta(days=terms.plan_terms().ahead_days)
    pay_days = dict(
        PaymentCalendar.objects.filter(customer__in=dunned, next_pay_on__gt=ahead)
        .values_list("customer_id", "next_pay_on")
    )  # fmt: skip
    done = [pk for pk in dunned if not resting.is_dunnable(debts[pk], pay_days.get(pk) or ahead)]
    if not done:
        return 0
    ended = cancel_waiting(rows.filter(customer__in=done), by=by, now=now, reason=NOTHING_TO_DUN)
    return ended + _take_back(rows.filter(customer__in=done, state=State.TAKEN), by=by, now=now)


def _take_back(rows: QuerySet[FollowUp], *, by: User | None, now: datetime) -> int:
    """Ends what is in hand. A row that is locked is being finished at this moment, and whoever does
    that may wait for the account that this transaction holds: it is left to them."""
    begun = set(
        Contact.objects.filter(followup__in=rows, state="started").values_list(
            "followup_id", flat=True
        )
    )
    count = 0
    free = rows.exclude(pk__in=begun).order_by("pk")
    for row in free.select_for_update(of=("self",), skip_locked=True):
        try:
            with transaction.atomic():
                cancel(row, by=by, now=now, reason=NOTHING_TO_DUN)
        except LostRace:
            continue
        count += 1
    return count
