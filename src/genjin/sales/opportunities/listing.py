"""The list of opportunities and its facets: ticks combine by OR inside one, by AND across.

Each facet counts what its own ticks would leave, the others applied; the number of queries does
not depend on the number of rows.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import (
    Case,
    Count,
    DateField,
    DecimalField,
    F,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
    Window,
)
from django.db.models.functions import Coalesce, RowNumber, TruncMonth
from django.utils import timezone

from genjin.foundation.models import User
from genjin.sales.models import Opportunity
from genjin.sales.opportunities import stages
from genjin.sales.opportunities.queries import in_scope, past_day
from genjin.sales.opportunities.reviews import past_term
from genjin.sales.opportunities.rules import Weights
from genjin.sales.opportunities.states import OpportunityState

FACETS = ("state", "stage", "grade", "owner", "team", "month", "due", "ended")
NO_DAY = "none"
_LAST_DAY = date(9999, 12, 31)
PAST, REVIEW, STILL, NEXT = "past", "review", "still", "next"
BOARD_DEPTH = 20


@dataclass(frozen=True)
class Chosen:
    """What is ticked, by facet. Without a state the open ones are shown."""

    ticks: Mapping[str, frozenset[str]] = field(default_factory=dict)
    product: int | None = None

    def of(self, facet: str) -> frozenset[str]:
        found = self.ticks.get(facet, frozenset())
        return found or (frozenset({OpportunityState.OPEN}) if facet == "state" else found)

    @property
    def is_open(self) -> bool:
        """Whether only open ones are shown."""
        return self.of("state") == {OpportunityState.OPEN}


@dataclass(frozen=True)
class Today:
    """The moment that the list is about: its day, and what is late by it."""

    now: datetime
    day: date

    def due(self) -> dict[str, Q]:
        """The conditions of being late, each for open ones."""
        is_open = Q(state=OpportunityState.OPEN)
        still = self.now - timedelta(days=stages.still_days())
        return {
            PAST: past_day(self.day),
            REVIEW: is_open & past_term(self.now),
            STILL: is_open & Q(moved_at__lt=still),
            NEXT: is_open & Q(next_on__lte=self.day),
        }


def _numbers(codes: Iterable[str]) -> list[int]:
    return [int(code) for code in codes if code.isascii() and code.isdecimal() and len(code) < 18]


def _spans(codes: Iterable[str]) -> Iterator[tuple[date, date]]:
    """First day of each month that is named, and that of the next."""
    for code in codes:
        try:
            first = date.fromisoformat(f"{code}-01")
        except ValueError:
            continue
        yield first, date(first.year + first.month // 12, first.month % 12 + 1, 1)


def _months(codes: Iterable[str]) -> Q:
    asked = Q(expected_on=None) if NO_DAY in codes else Q(pk__in=[])
    for first, after in _spans(codes):
        asked |= Q(expected_on__gte=first, expected_on__lt=after)
    return asked


def _ended(codes: Iterable[str]) -> Q:
    """Those that ended in months of the organisation's zone."""
    zone, asked = timezone.get_default_timezone(), Q(pk__in=[])
    for first, after in _spans(codes):
        begins, ends = (datetime.combine(day, time(), zone) for day in (first, after))
        asked |= Q(ended_at__gte=begins, ended_at__lt=ends)
    return asked


def _due(codes: Iterable[str], today: Today) -> Q:
    asked, known = Q(pk__in=[]), today.due()
    for code in codes:
        if code in known:
            asked |= known[code]
    return asked


def _condition(facet: str, codes: frozenset[str], today: Today) -> Q:
    if facet == "owner":
        return Q(owner__in=_numbers(codes))
    if facet == "team":
        return Q(owner__team__in=_numbers(codes))
    if facet == "month":
        return _months(codes)
    if facet == "ended":
        return _ended(codes)
    if facet == "due":
        return _due(codes, today)
    return Q(**{f"{facet}__in": codes})


def matching(
    user: User, chosen: Chosen, today: Today, *, without: str = ""
) -> QuerySet[Opportunity]:
    """The opportunities in a person's scope that fit what is ticked, one facet left aside."""
    rows = in_scope(user)
    if chosen.product is not None:
        rows = rows.filter(product=chosen.product)
    for facet in FACETS:
        codes = chosen.of(facet)
        if codes and facet != without:
            rows = rows.filter(_condition(facet, codes, today))
    return rows


def _by(name: str) -> Callable[[QuerySet[Opportunity]], dict[Any, int]]:
    def count(rows: QuerySet[Opportunity]) -> dict[Any, int]:
        counted = rows.order_by().values(name).annotate(n=Count("pk"))
        return {one[name]: one["n"] for one in counted}

    return count


def _by_month(rows: QuerySet[Opportunity]) -> dict[Any, int]:
    counted = rows.order_by().annotate(month=TruncMonth("expected_on")).values("month")
    found = counted.annotate(n=Count("pk"))
    return {f"{one['month']:%Y-%m}" if one["month"] else NO_DAY: one["n"] for one in found}


_COUNTS: Mapping[str, Callable[[QuerySet[Opportunity]], dict[Any, int]]] = {
    "state": _by("state"),
    "stage": _by("stage"),
    "grade": _by("grade"),
    "owner": _by("owner"),
    "team": _by("owner__team"),
    "month": _by_month,
}


def counts(user: User, chosen: Chosen, today: Today) -> dict[str, dict[Any, int]]:
    """How many each value of each facet would show: one query for each facet."""
    found = {
        facet: count(matching(user, chosen, today, without=facet))
        for facet, count in _COUNTS.items()
    }
    rows = matching(user, chosen, today, without="due").order_by()
    late = {code: Count("pk", filter=asked) for code, asked in today.due().items()}
    found["due"] = rows.aggregate(**late)
    return found


def weight(weights: Weights) -> Case:
    """The share of its amount that an opportunity counts, as an expression: as `Weights.of`."""
    return Case(
        *(
            When(stage=stage, grade=grade, then=Value(weights.of(stage=stage, grade=grade)))
            for stage in weights.stage_percent
            for grade in weights.grade_percent
        ),
        default=Value(Decimal(0)),
        output_field=DecimalField(max_digits=7, decimal_places=6),
    )


def totals(rows: QuerySet[Opportunity]) -> dict[str, Any]:
    """How many, what they come to in home currency, and what that counts by stage and grade."""
    found = rows.order_by().aggregate(
        n=Count("pk"), amount=Sum("home_amount"),
        weighted=Sum(F("home_amount") * weight(stages.weights())),
        without=Count("pk", filter=Q(home_amount=None)),
    )  # fmt: skip
    return {**found, "amount": found["amount"] or Decimal(0),
            "weighted": found["weighted"] or Decimal(0)}  # fmt: skip


@dataclass(frozen=True)
class Page:
    """One page of the list, and the place after it ("" at the end)."""

    rows: list[Opportunity]
    after: str


_SHOWN = ("customer", "product", "category", "owner")


def page(rows: QuerySet[Opportunity], *, is_open: bool, after: str, size: int) -> Page:
    """Open ones by the day they are expected, those without a day last; others the newest end
    first. `after` is the place that the page before ended at; nonsense begins anew."""
    rows = rows.select_related(*_SHOWN)
    if is_open:
        rows = rows.annotate(
            day=Coalesce("expected_on", Value(_LAST_DAY), output_field=DateField())
        ).order_by("day", "id")
    else:
        rows = rows.order_by("-moved_at", "-id")
    if place := _place(after, is_open=is_open):
        at, pk = place
        rows = rows.filter(
            Q(day__gt=at) | Q(day=at, pk__gt=pk)
            if is_open
            else Q(moved_at__lt=at) | Q(moved_at=at, pk__lt=pk)
        )
    found = list(rows[: size + 1])
    if len(found) <= size:
        return Page(found, "")
    last = found[size - 1]
    key = getattr(last, "day") if is_open else last.moved_at  # noqa: B009 - an annotation
    return Page(found[:size], f"{key.isoformat()}_{last.pk}")


def _place(text: str, *, is_open: bool) -> tuple[date, UUID] | None:
    at, _sep, pk = text.partition("_")
    try:
        found = date.fromisoformat(at) if is_open else datetime.fromisoformat(at)
        if isinstance(found, datetime) and found.tzinfo is None:
            return None
        return found, UUID(pk)
    except ValueError:
        return None


@dataclass(frozen=True)
class Column:
    """One stage of the board: its first rows, how many there are and what they come to."""

    stage: stages.Stage
    rows: list[Opportunity]
    count: int
    amount: Decimal
    weighted: Decimal


def board(rows: QuerySet[Opportunity]) -> list[Column]:
    """The open ones of `rows` by stage, in each the best grade and the nearest day first."""
    rows = rows.filter(state=OpportunityState.OPEN)
    order = (F("grade").asc(), F("expected_on").asc(nulls_last=True), F("id").asc())
    placed = rows.annotate(
        place=Window(RowNumber(), partition_by=[F("stage")], order_by=order)
    ).filter(place__lte=BOARD_DEPTH)
    by_stage: dict[str, list[Opportunity]] = {}
    for one in placed.select_related(*_SHOWN).order_by("stage", "place"):
        by_stage.setdefault(one.stage, []).append(one)
    summed = rows.order_by().values("stage").annotate(
        n=Count("pk"), amount=Sum("home_amount"),
        weighted=Sum(F("home_amount") * weight(stages.weights())),
    )  # fmt: skip
    sums = {one["stage"]: one for one in summed}
    return [_column(one, by_stage.get(one.code, []), sums) for one in stages.open_stages()]


def _column(
    stage: stages.Stage, rows: Sequence[Opportunity], sums: Mapping[str, Mapping[str, Any]]
) -> Column:
    found = sums.get(stage.code, {})
    nought = Decimal(0)
    return Column(
        stage, list(rows), found.get("n", 0), found.get("amount") or nought,
        found.get("weighted") or nought,
    )  # fmt: skip
