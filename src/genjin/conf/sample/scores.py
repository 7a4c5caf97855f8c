"""Scores that customers gave, links to the survey page, and promises in every state."""

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from genjin.customers.models import Customer
from genjin.followups.models import Score
from genjin.followups.operations import (
    break_commitment,
    keep_commitment,
    make_commitment,
    withdraw_commitment,
)
from genjin.followups.operations.commitments import escalate_late, remind
from genjin.followups.operations.scores import Given, ask_correction, record_scores
from genjin.followups.operations.surveys import invite
from genjin.foundation import approvals
from genjin.foundation.models import User

ANSWERS = 48
LINKS = 3
SPAN_DAYS = 80
# bad to very good: most customers are content
WEIGHTS = (3, 6, 14, 38, 39)


def _customers(count: int) -> list[Customer]:
    rows = Customer.objects.filter(merged_into=None).exclude(custodian=None)
    return list(rows.select_related("custodian").order_by("number")[:count])


@transaction.atomic
def make_scores(data: Mapping[str, Any], users: Mapping[str, User], *, now: datetime) -> None:
    """A quarter of return calls; one corrected score, one whose correction waits; open links."""
    rng = random.Random(8)  # noqa: S311 - the same sample every time
    said = data["survey_answers"]
    customers = _customers(ANSWERS)
    asker, technician = users["agent5"], users["service"]
    for place, customer in enumerate(customers):
        at = now - timedelta(
            days=SPAN_DAYS - place * SPAN_DAYS / ANSWERS, minutes=rng.randint(1, 60)
        )
        points = rng.choices(range(1, 6), WEIGHTS)[0]
        words = rng.choice(said["good"] if points > 3 else said["bad"])
        given = [Given("sales_service", points, customer.custodian,
                       words if rng.random() < 0.4 else "")]  # fmt: skip
        if place % 3 == 0:
            given.append(
                Given("technical_service", rng.choices(range(1, 6), WEIGHTS)[0], technician)
            )
        if asker.pk != customer.custodian_id:
            record_scores(customer, given, source="call", by=asker, now=at)
    for customer in customers[:LINKS]:
        invite(customer, about={"technical_service": technician}, by=asker, now=now)
    _correct(said, users, now=now)


def _correct(said: Mapping[str, str], users: Mapping[str, User], *, now: datetime) -> None:
    by = users["supervisor"]
    low = Score.objects.filter(kind="score", points__lte=3).exclude(scored=by)
    scores: Sequence[Score] = list(low.select_related("scored__team").order_by("sequence")[:2])
    for score, reason in zip(scores, (said["correction"], said["waiting"]), strict=False):
        asked = ask_correction(score, points=4, reason=reason, by=by, now=now - timedelta(hours=6))
        if reason == said["correction"]:
            approvals.decide(asked, approve=True, by=users["manager"], now=now - timedelta(hours=3))


_ENDS = {
    "kept": keep_commitment,
    "broken": break_commitment,
    "withdrawn": withdraw_commitment,
}


@transaction.atomic
def make_promises(data: Mapping[str, Any], users: Mapping[str, User], *, now: datetime) -> None:
    """Promises that are open, late, kept, broken and withdrawn."""
    customers = _customers(40)[20:]
    for entry, customer in zip(data["promises"], customers, strict=False):
        owner, due = users[entry["owner"]], now + timedelta(days=entry["days"])
        made = min(now, due) - timedelta(days=3)
        row = make_commitment(customer, text=entry["text"], kind=entry["kind"], owner=owner,
                              due_at=due, by=owner, now=made)  # fmt: skip
        if end := entry.get("end"):
            _ENDS[end](row, by=owner, now=due, reason=entry.get("reason", ""))
    remind(now)
    escalate_late(now)
