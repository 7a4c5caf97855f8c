"""Lends a card to someone outside its scope, for a while and for a reason (CU8)."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from genjin.customers import timeline
from genjin.customers.models import CardLoan, Customer
from genjin.customers.operations.access_log import log_access
from genjin.customers.states import AccessAction
from genjin.foundation import audit
from genjin.foundation.access import has_right
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput, LostRace, NotAllowed
from genjin.kernel.problems import Reason

# Whoever needs a card for longer needs its custody.
LONGEST = timedelta(days=90)


def may_lend(user: User, customer: Customer) -> bool:
    """The custodian lends their own cards; those who assign cards lend any in their scope."""
    return customer.custodian_id == user.pk or has_right(user, "customers.assign")


@transaction.atomic
def lend(
    customer: Customer, *, to: User, until: datetime, reason: str, by: User, now: datetime
) -> CardLoan:
    """Lets `to` see the card until a moment. Raises NotAllowed, BadInput by field."""
    if not may_lend(by, customer):
        raise NotAllowed("right_missing", right="customers.assign")
    problems: dict[str | int, list[Reason | str]] = {}
    if not reason.strip():
        problems["reason"] = ["required"]
    elif len(reason.strip()) > 300:
        problems["reason"] = [Reason("too_long", {"limit": 300})]
    if until <= now:
        problems["until"] = ["in_the_past"]
    elif until > now + LONGEST:
        problems["until"] = [Reason("loan_too_long", {"days": LONGEST.days})]
    if not to.is_active or to.pk in (by.pk, customer.custodian_id):
        problems["to"] = ["not_a_choice"]
    if problems:
        raise BadInput(problems)
    loan = CardLoan.objects.create(customer=customer, to=to, reason=reason.strip(), lent_at=now,
                                   until=until, by=by)  # fmt: skip
    audit.record("lend", loan, by=by, now=now, reason=loan.reason,
                 changes={"to": [None, to.pk], "until": [None, audit.plain(until)]})  # fmt: skip
    log_access([customer.pk], action=AccessAction.LENT, by=by, now=now,
               detail={"to": to.name, "until": timezone.localtime(until).isoformat()})  # fmt: skip
    timeline.append(customer.pk, kind="custody", code="card_lent", by=by, at=now,
                    data={"to": to.name, "until": until.isoformat(), "reason": loan.reason},
                    source=("loan", str(loan.pk)))  # fmt: skip
    return loan


@transaction.atomic
def end_loan(loan: CardLoan, *, by: User, now: datetime) -> None:
    """Takes the card back before its time. Raises NotAllowed, LostRace `loan_over`."""
    if by.pk != loan.to_id and not may_lend(by, loan.customer):
        raise NotAllowed("right_missing", right="customers.assign")
    rows = CardLoan.objects.filter(pk=loan.pk, ended_at=None, until__gt=now)
    if rows.update(ended_at=now) != 1:
        raise LostRace("loan_over")
    audit.record("end_loan", loan, by=by, now=now, changes={"ended_at": [None, audit.plain(now)]})
    log_access([loan.customer_id], action=AccessAction.RETURNED, by=by, now=now,
               detail={"to": loan.to.name})  # fmt: skip
    timeline.append(loan.customer_id, kind="custody", code="loan_ended", by=by, at=now,
                    data={"to": loan.to.name}, source=("loan", str(loan.pk)))  # fmt: skip
