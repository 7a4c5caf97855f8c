"""What operations and screens read of opportunities."""

from datetime import date

from django.db.models import F, Q, QuerySet

from genjin.customers.models import Customer
from genjin.customers.queries import visible_to
from genjin.foundation.access import scope_of
from genjin.foundation.models import User
from genjin.sales.models import Opportunity, OpportunityFact
from genjin.sales.opportunities.states import OpportunityState


def facts_of(opportunity: Opportunity) -> dict[str, OpportunityFact]:
    """The newest of what was noted, by code; one that was taken back has an empty text."""
    rows = OpportunityFact.objects.filter(opportunity=opportunity).select_related("by")
    return {one.code: one for one in rows.order_by("code", "-at", "-id").distinct("code")}


def best_first(rows: QuerySet[Opportunity]) -> QuerySet[Opportunity]:
    """In the order of `rules.best`: grade, nearest day, eldest."""
    return rows.order_by("grade", F("expected_on").asc(nulls_last=True), "id")


def open_of(customer: Customer) -> QuerySet[Opportunity]:
    """The open opportunities of a card, the one whose grade the card shows first."""
    return best_first(Opportunity.objects.filter(customer=customer, state=OpportunityState.OPEN))


def in_scope(user: User) -> QuerySet[Opportunity]:
    """The opportunities of the cards that a person may see."""
    rows = Opportunity.objects.all()
    if scope_of(user) == "all":
        return rows
    return rows.filter(customer__in=visible_to(user).order_by().values("pk"))


def past_day(today: date) -> Q:
    """Open ones whose expected day went by."""
    return Q(state=OpportunityState.OPEN, expected_on__lt=today)


def is_past(opportunity: Opportunity, today: date) -> bool:
    """Whether its expected day went by while it is still open."""
    day = opportunity.expected_on
    return opportunity.state == OpportunityState.OPEN and day is not None and day < today
