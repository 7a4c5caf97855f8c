"""Prospects (CU5): keep visiting, pause or do not give up; grades that outlive their term.

A grade stands for the days of its term (policy/classes.toml). Then it comes up for review: the
event `grade_overdue` tells it, once for each grading. Who confirms it starts the term anew; when
nobody did within the review's days it drops one grade. This is about cards that carry a grade of
their own; one that shows an opportunity's follows that (`sales.opportunities.reviews`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from genjin.customers import events, timeline
from genjin.customers.models import Customer
from genjin.customers.operations.card import set_grade
from genjin.customers.operations.changes import lock
from genjin.customers.operations.standing import refresh_list
from genjin.customers.rules import GradeRules, dropped
from genjin.customers.states import ProspectState, VisitingGrade
from genjin.foundation import audit, policy
from genjin.foundation.models import User
from genjin.foundation.sql import UUID7
from genjin.kernel.errors import BadInput, Conflict
from genjin.kernel.problems import Reason

_GRADES = ("A", "B", "C", "D")


def grade_rules() -> GradeRules:
    """The terms in force."""
    terms = {grade: policy.value(f"classes.grade_term_days.{grade}") for grade in _GRADES}
    return GradeRules(
        {grade: int(days) for grade, days in terms.items() if days},
        int(policy.value("classes.grade_review.days")),
    )


@dataclass(frozen=True)
class GradeStanding:
    """How a prospect's grade stands: when its term ends or ended, and when it drops."""

    due_at: datetime | None
    drops_at: datetime | None
    is_overdue: bool


def grade_standing(customer: Customer, now: datetime) -> GradeStanding:
    """Whether the card's grade waits for a confirmation, and until when."""
    rules = grade_rules()
    due = rules.due_at(customer.grade, customer.grade_set_at)
    return GradeStanding(
        due, rules.drops_at(customer.grade, customer.grade_set_at), due is not None and due <= now
    )


def overdue(now: datetime) -> QuerySet[Customer]:
    """Cards whose own grade outlived its term and was not confirmed, the longest first."""
    past = Q(pk__in=[])
    rules = grade_rules()
    for grade in rules.term_days:
        past |= Q(grade=grade, grade_set_at__lte=_before(rules, grade, now))
    rows = Customer.objects.filter(past, merged_into=None)
    return rows.exclude(standing__open_opportunities__gt=0).order_by("grade_set_at", "id")


def _before(rules: GradeRules, grade: str, now: datetime, extra_days: int = 0) -> datetime:
    """The latest grading that is over by now."""
    return now - timedelta(days=rules.term_days[grade] + extra_days)


@transaction.atomic
def set_prospect(
    customer: Customer,
    *,
    state: str,
    paused_until: date | None = None,
    visiting_grade: str = "",
    by: User | None,
    now: datetime,
) -> dict[str, list[Any]]:
    """Says what to do with a prospect; returns the changes.

    Only those to keep visiting have a visiting grade, only a pause has an end. BadInput:
    not_a_choice, required (a pause without its end), day_is_past.
    """
    problems: dict[str | int, list[Reason]] = {}
    if state not in ProspectState.values:
        problems["prospect_state"] = [Reason("not_a_choice", {"value": state[:10]})]
    if visiting_grade not in VisitingGrade.values:
        problems["visiting_grade"] = [Reason("not_a_choice", {"value": visiting_grade[:10]})]
    if state == ProspectState.PAUSE:
        if paused_until is None:
            problems["paused_until"] = [Reason("required")]
        elif paused_until <= timezone.localdate(now):
            problems["paused_until"] = [Reason("day_is_past")]
    if problems:
        raise BadInput(problems)
    values = {
        "prospect_state": state,
        "paused_until": paused_until if state == ProspectState.PAUSE else None,
        "visiting_grade": visiting_grade if state == ProspectState.KEEP else "",
    }
    row = lock(customer)
    changes = audit.change(row, {**values}, by=by, now=now)
    for name, value in values.items():
        setattr(customer, name, value)
    if changes:
        Customer.objects.filter(pk=row.pk).update(changed_at=now)
        timeline.append(row.pk, kind="grade", code="prospect_changed", by=by, at=now,
                        data={"changes": changes})  # fmt: skip
    return changes


@transaction.atomic
def confirm_grade(customer: Customer, *, by: User | None, now: datetime) -> None:
    """Keeps the grade as it stands: its term begins anew. Conflict `not_graded` without one."""
    row = lock(customer)
    if not row.grade:
        raise Conflict("not_graded")
    set_grade(
        row, grade=row.grade, expected_close_date=row.expected_close_date,
        expected_amount=row.expected_amount, by=by, now=now,
    )  # fmt: skip
    customer.grade, customer.grade_set_at = row.grade, row.grade_set_at


def tell_overdue_grades(now: datetime) -> int:
    """Emits `grade_overdue` once for each grading that outlived its term; returns how many."""
    rules = grade_rules()
    rows = overdue(now).values_list("pk", "grade", "grade_set_at", "expected_amount")
    told, batch = 0, []
    for pk, grade, set_at, amount in rows.iterator(chunk_size=5000):
        assert set_at is not None  # that is what it was found by
        batch.append(_overdue_event(pk, grade, set_at, amount, rules, now))
        if len(batch) == 5000:
            told += events.emit_many(batch, now=now)
            batch = []
    return told + (events.emit_many(batch, now=now) if batch else 0)


def _overdue_event(
    pk: UUID, grade: str, set_at: datetime, amount: Decimal | None, rules: GradeRules, now: datetime
) -> events.EventRow:
    due = rules.due_at(grade, set_at)
    assert due is not None
    data: dict[str, Any] = {"grade": grade, "days": (now - due).days}
    if amount is not None:
        data["expected_amount"] = amount
    return events.EventRow(
        code="grade_overdue", customer_id=pk, key=f"grade_overdue:{pk}:{set_at.isoformat()}",
        on=timezone.localdate(due), data=data,
    )  # fmt: skip


_DROP = """
WITH late AS MATERIALIZED (
  SELECT id, grade, grade_set_at FROM customers_customer
  WHERE merged_into_id IS NULL AND grade = %(grade)s AND grade_set_at <= %(before)s
    AND NOT EXISTS (SELECT 1 FROM customers_standing s
      WHERE s.customer_id = customers_customer.id AND s.open_opportunities > 0)
  ORDER BY id FOR UPDATE
), dropped AS (
  UPDATE customers_customer c SET grade = %(after)s, grade_set_at = %(now)s, changed_at = %(now)s
  FROM late WHERE c.id = late.id RETURNING c.id
), told AS (
  INSERT INTO customers_timelineentry
    (id, customer_id, at, kind, code, data, source_kind, source_id, by_id)
  SELECT {new_id}, late.id, %(now)s, 'grade', 'grade_dropped', jsonb_build_object(
      'before', %(grade)s::text, 'grade', %(after)s::text, 'set_at', late.grade_set_at,
      'term_days', %(term)s::int, 'review_days', %(review)s::int), '', '', NULL
  FROM late JOIN dropped ON dropped.id = late.id
)
SELECT id FROM dropped
"""


@transaction.atomic
def drop_overdue_grades(now: datetime) -> int:
    """Lowers by one every card's own grade that nobody confirmed within its review (CU5).

    Returns how many. Each drop is on the timeline with its reason; a dropped grade begins its own
    term, so one run lowers a card once. Also tells what has newly come up for review.
    """
    tell_overdue_grades(now)
    rules, found = grade_rules(), list[UUID]()
    # From the lowest up, so that what drops is not met again one grade lower.
    for grade in sorted(rules.term_days, reverse=True):
        if (after := dropped(grade)) != grade:
            found += _drop(grade, after, rules, now)
    if found:
        refresh_list(found, now)
        audit.record("drop", ("grade", "overdue"), by=None, now=now,
                     changes={"customers": [None, len(found)]})  # fmt: skip
    return len(found)


def _drop(grade: str, after: str, rules: GradeRules, now: datetime) -> Sequence[UUID]:
    values: dict[str, Any] = {
        "grade": grade, "after": after, "now": now, "term": rules.term_days[grade],
        "review": rules.review_days,
        "before": _before(rules, grade, now, extra_days=rules.review_days),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_DROP.format(new_id=UUID7), values)
        return [row[0] for row in cursor.fetchall()]
