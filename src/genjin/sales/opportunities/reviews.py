"""Grades of opportunities that outlive their term (CU5): told, reviewed, and dropped by one.

The terms are those of prospects (policy/classes.toml). `customers.operations.prospects` does the
same for cards that carry a grade of their own.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from genjin.customers import events
from genjin.customers.models import Customer, TimelineEntry
from genjin.customers.operations.prospects import GradeStanding, grade_rules
from genjin.customers.rules import GradeRules, dropped
from genjin.foundation import audit
from genjin.foundation.audit import plain
from genjin.sales.models import Opportunity, OpportunityMove
from genjin.sales.opportunities.showing import lock_cards, show_for
from genjin.sales.opportunities.states import Move, OpportunityState

_CHUNK = 1000


def standing_of(opportunity: Opportunity, now: datetime) -> GradeStanding:
    """Whether an opportunity's grade waits for a confirmation, and until when."""
    rules = grade_rules()
    due = rules.due_at(opportunity.grade, opportunity.grade_set_at)
    drops = rules.drops_at(opportunity.grade, opportunity.grade_set_at)
    return GradeStanding(due, drops, due is not None and due <= now)


def past_term(now: datetime, *, extra_days: int = 0, rules: GradeRules | None = None) -> Q:
    """Gradings whose term, and so many days more, are over by now."""
    rules = rules or grade_rules()
    past = Q(pk__in=[])
    for grade, days in rules.term_days.items():
        past |= Q(grade=grade, grade_set_at__lte=now - timedelta(days=days + extra_days))
    return past


def overdue(now: datetime) -> QuerySet[Opportunity]:
    """Open opportunities whose grade outlived its term, the longest first."""
    rows = Opportunity.objects.filter(past_term(now), state=OpportunityState.OPEN)
    return rows.order_by("grade_set_at", "id")


def overdue_of(customer: Customer, now: datetime) -> list[Opportunity]:
    """Those of one card."""
    return list(overdue(now).filter(customer=customer))


def tell_overdue(now: datetime) -> int:
    """Emits `grade_overdue` once for each grading that outlived its term; returns how many."""
    rules = grade_rules()
    told, batch = 0, list[events.EventRow]()
    for row in overdue(now).iterator(chunk_size=_CHUNK):
        batch.append(_event(row, rules, now))
        if len(batch) == _CHUNK:
            told += events.emit_many(batch, now=now)
            batch = []
    return told + (events.emit_many(batch, now=now) if batch else 0)


def _event(row: Opportunity, rules: GradeRules, now: datetime) -> events.EventRow:
    due = rules.due_at(row.grade, row.grade_set_at)
    assert due is not None  # that is what it was found by
    return events.EventRow(
        code="grade_overdue", customer_id=row.customer_id,
        key=f"grade_overdue:{row.pk}:{row.grade_set_at.isoformat()}", on=timezone.localdate(due),
        data={"grade": row.grade, "days": (now - due).days, "expected_amount": row.home_amount,
              "opportunity": row.title},
        source=("opportunity", str(row.pk)),
    )  # fmt: skip


def drop_overdue(now: datetime) -> int:
    """Lowers by one every grade that nobody confirmed within its review; returns how many.

    A dropped grade begins its own term, so one run lowers an opportunity once. Works a thousand
    at a time; what was done stays done when a run is broken off.
    """
    tell_overdue(now)
    rules, count = grade_rules(), 0
    late = past_term(now, extra_days=rules.review_days, rules=rules) & ~Q(grade="E")
    rows = Opportunity.objects.filter(late, state=OpportunityState.OPEN)
    while chunk := list(rows.order_by("customer_id").values_list("pk", "customer_id")[:_CHUNK]):
        done = _drop(chunk, late, rules, now)
        if not done:
            break
        count += done
    if count:
        audit.record("drop", ("grade", "overdue"), by=None, now=now,
                     changes={"opportunities": [None, count]})  # fmt: skip
    return count


@transaction.atomic
def _drop(chunk: Sequence[tuple[UUID, UUID]], late: Q, rules: GradeRules, now: datetime) -> int:
    cards = sorted({customer for _pk, customer in chunk})
    lock_cards(cards)
    rows = list(
        Opportunity.objects.select_for_update(of=("self",))
        .filter(late, pk__in=[pk for pk, _customer in chunk], state=OpportunityState.OPEN)
        .order_by("customer_id", "pk")
    )
    before = {row.pk: (row.grade, row.grade_set_at) for row in rows}
    for row in rows:
        row.grade, row.grade_set_at, row.moved_at = dropped(row.grade), now, now
    Opportunity.objects.bulk_update(rows, ["grade", "grade_set_at", "moved_at"])
    moved = show_for(cards, now=now, by=None)
    OpportunityMove.objects.bulk_create(
        OpportunityMove(
            opportunity=row, at=now, what=Move.GRADE, before=before[row.pk][0], after=row.grade,
            reason="overdue", stage=row.stage, grade=row.grade, state=row.state,
            home_amount=row.home_amount, expected_on=row.expected_on, owner_id=row.owner_id,
        )
        for row in rows
    )  # fmt: skip
    TimelineEntry.objects.bulk_create(_entries(rows, before, moved, rules, now))
    return len(rows)


def _entries(
    rows: Iterable[Opportunity],
    before: dict[UUID, tuple[str, datetime]],
    moved: dict[UUID, tuple[str, str]],
    rules: GradeRules,
    now: datetime,
) -> list[TimelineEntry]:
    """What the drops leave on timelines; the card's own move stands with the first of them."""
    left = dict(moved)
    found = []
    for row in rows:
        grade, set_at = before[row.pk]
        card = left.pop(row.customer_id, None)
        data = {
            "title": row.title, "before": grade, "after": row.grade, "set_at": set_at,
            "term_days": rules.term_days[grade], "review_days": rules.review_days,
            **({"card": list(card)} if card else {}),
        }  # fmt: skip
        found.append(
            TimelineEntry(
                customer_id=row.customer_id, at=now, kind="opportunity",
                code="opportunity_grade_dropped", data=plain(data), source_kind="opportunity",
                source_id=str(row.pk),
            )
        )  # fmt: skip
    return found
