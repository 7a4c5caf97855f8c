"""The review of a grade that outlived its term (CU5): confirming it settles the follow-up too."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from genjin.customers.models import Customer, Event
from genjin.customers.operations.prospects import confirm_grade
from genjin.followups.models import FollowUp
from genjin.followups.operations import finish
from genjin.followups.states import State
from genjin.foundation.models import User
from genjin.sales.opportunities import operations, queries, reviews

EVENT = "grade_overdue"
OUTCOME = "grade_confirmed"


def is_review(followup: FollowUp) -> bool:
    """Whether a follow-up was planned because a grade outlived its term."""
    return followup.source_kind == "rule" and bool(_reviews([followup]))


def _reviews(followups: list[FollowUp]) -> list[FollowUp]:
    keys: dict[UUID, FollowUp] = {}
    for one in followups:
        try:
            keys[UUID(one.cause_key[-36:])] = one
        except ValueError:
            continue
    told = Event.objects.filter(pk__in=keys, code=EVENT).values_list("pk", flat=True)
    return [keys[pk] for pk in told]


@transaction.atomic
def confirm(customer: Customer, *, by: User, now: datetime) -> list[FollowUp]:
    """Keeps the grade with a new date, and ends the reviews of it that this person has in hand.

    With open opportunities it is theirs that are confirmed: those that outlived their term, else
    the one that the card shows. Returns the follow-ups that ended. Conflict `not_graded`; what
    `finish` raises.
    """
    deals = reviews.overdue_of(customer, now) or list(queries.open_of(customer)[:1])
    for one in deals:
        operations.confirm_grade(one, by=by, now=now)
    if not deals:
        confirm_grade(customer, by=by, now=now)
    held = FollowUp.objects.filter(
        customer=customer, state=State.TAKEN, taken_by=by, source_kind="rule"
    )
    done = _reviews(list(held))
    for followup in done:
        finish(followup, outcome=OUTCOME, by=by, now=now, reason=OUTCOME)
    return done
