"""Takes a card out of the pool, and lengthens a protection (CU17)."""

from datetime import date, datetime

from django.db import transaction

from genjin.customers import timeline
from genjin.customers.models import Customer
from genjin.customers.operations.changes import lock
from genjin.customers.operations.custody import TAKEN, move_custody, today_of
from genjin.customers.pool import queries
from genjin.foundation import audit
from genjin.foundation.access import has_right, require_right
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput, Conflict, LostRace, NotAllowed
from genjin.kernel.problems import Reason


@transaction.atomic
def take_from_pool(customer: Customer, *, by: User, now: datetime) -> None:
    """Takes a card that nobody keeps.

    One's takings are counted one after the other (the person's own row is locked), so the caps
    are exact; of two people who want one card the first gets it. Raises LostRace
    `already_kept`, NotAllowed `not_your_pool`, Conflict `pool_day_cap`, `pool_cap`, `too_soon`.
    """
    require_right(by, "pool.take")
    User.objects.select_for_update(of=("self",), no_key=True).get(pk=by.pk)
    row = lock(customer)
    if row.custodian_id is not None:
        raise LostRace("already_kept")
    if not queries.pool_of(by).filter(pk=row.pk).exists():
        raise NotAllowed("not_your_pool")
    terms = queries.terms()
    if terms.per_day and queries.taken_today(by, now) >= terms.per_day:
        raise Conflict("pool_day_cap", limit=terms.per_day)
    if terms.in_all and queries.held(by) >= terms.in_all:
        raise Conflict("pool_cap", limit=terms.in_all)
    free_on = queries.may_retake_from(by, row, days=terms.retake_days)
    if free_on is not None and today_of(now) < free_on:
        raise Conflict("too_soon", day=free_on)
    move_custody([row], to=by, team=by.team, reason=TAKEN, by=by, now=now)
    customer.refresh_from_db()


@transaction.atomic
def set_protection(
    customer: Customer, *, until: date | None, reason: str, by: User, now: datetime
) -> None:
    """Sets the last day of a custodian's protection, with a reason; None takes it off.

    Raises NotAllowed without the right to give cards away, and for one's own cards; BadInput.
    """
    require_right(by, "customers.assign")
    row = lock(customer)
    if row.custodian_id == by.pk and not has_right(by, "settings.manage"):
        raise NotAllowed("not_for_oneself")
    problems: dict[str | int, list[Reason]] = {}
    if not reason.strip():
        problems["reason"] = [Reason("required")]
    if until is not None and until < today_of(now):
        problems["until"] = [Reason("ends_before_it_starts")]
    if row.custodian_id is None:
        problems[""] = [Reason("nobody_keeps_it")]
    if problems:
        raise BadInput(problems)
    changes = audit.change(row, {"protected_until": until}, by=by, now=now, reason=reason.strip())
    if changes:
        timeline.append(row.pk, kind="custody", code="protection_set", by=by, at=now,
                        data={"until": until, "reason": reason.strip()})  # fmt: skip
    customer.protected_until = until
