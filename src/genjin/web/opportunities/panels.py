"""Opportunities as lines: in the list, on the board, on the card."""

from datetime import date, datetime
from typing import Any

from django.utils import timezone

from genjin.customers.models import Customer
from genjin.foundation.access import has_right
from genjin.foundation.models import User
from genjin.sales.models import Opportunity
from genjin.sales.opportunities import queries, reviews, stages
from genjin.sales.opportunities.listing import Today
from genjin.sales.opportunities.states import OpportunityState
from genjin.web.opportunities import words
from genjin.web.orders.words import category_name, money

RIGHT = "opportunities.manage"
ENDED_ON_CARD = 3


def today(now: datetime) -> Today:
    return Today(now, timezone.localdate(now))


def what(row: Opportunity) -> str:
    """What the deal is about, unless its title says it."""
    if row.product and row.product.name != row.title:
        return row.product.name
    return category_name(row.category) if row.category else ""


def line(row: Opportunity, *, now: datetime, day: date) -> dict[str, Any]:
    """One opportunity as a line."""
    is_open = row.state == OpportunityState.OPEN
    grade = reviews.standing_of(row, now)
    return {
        "row": row,
        "what": what(row),
        "stage": words.stage_label(row.stage),
        "state": words.state_label(row.state),
        "state_tone": words.STATE_TONES[row.state],
        "is_open": is_open,
        "amount": money(row.amount, row.currency) if row.amount is not None else "",
        "home": money(row.home_amount)
        if row.home_amount is not None and row.home_amount != row.amount
        else "",
        "is_past": queries.is_past(row, day),
        "is_overdue": is_open and grade.is_overdue,
        "grade": grade,
        "is_next_due": is_open and row.next_on is not None and row.next_on <= day,
    }


def card_panel(customer: Customer, user: User, *, now: datetime) -> dict[str, Any]:
    """The customer's open opportunities, the best first, and the last that ended."""
    day = timezone.localdate(now)
    rows = Opportunity.objects.filter(customer=customer).select_related(
        "product", "category", "owner"
    )
    shown = list(queries.best_first(rows.filter(state=OpportunityState.OPEN)))
    ended = rows.exclude(state=OpportunityState.OPEN).order_by("-ended_at", "-id")
    return {
        "open": [line(one, now=now, day=day) for one in shown],
        "ended": [line(one, now=now, day=day) for one in ended[:ENDED_ON_CARD]],
        "may_manage": has_right(user, RIGHT),
    }


def steps(row: Opportunity) -> list[dict[str, Any]]:
    """The stages as a row of steps: done, here, or still to come."""
    every = stages.stages()
    place = next((one.place for one in every if one.code == row.stage), 0)
    return [
        {
            "stage": one,
            "is_done": one.place < place or row.state == OpportunityState.WON,
            "is_here": one.place == place,
        }
        for one in every
    ]
