"""What is missing for a stage, which opportunity a card shows, what an amount weighs: pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol, TypeVar

HUNDRED = Decimal(100)


class HasFacts(Protocol):
    """A stage, as far as moving needs it."""

    @property
    def code(self) -> str: ...
    @property
    def facts(self) -> Sequence["Needed"]: ...


class Needed(Protocol):
    """A fact that a stage asks for."""

    @property
    def code(self) -> str: ...
    @property
    def column(self) -> str: ...


def missing(
    stages: Sequence[HasFacts],
    *,
    at: str,
    to: str,
    known: Collection[str],
    columns: Mapping[str, object],
) -> list[tuple[str, str]]:
    """What must still be known to go from one stage to another, as (stage, fact), in order.

    Going on asks for all that the stages from the present one up to (not including) the next
    ask; going back asks for nothing. `known` are facts noted in words, `columns` the values of
    the opportunity's own fields.
    """
    places = {one.code: place for place, one in enumerate(stages)}
    passed = stages[places[at] : places[to]]
    return [
        (one.code, fact.code)
        for one in passed
        for fact in one.facts
        if not (columns.get(fact.column) not in (None, "") if fact.column else fact.code in known)
    ]


class Graded(Protocol):
    """An open opportunity, as far as the card's grade needs it."""

    grade: str
    expected_on: date | None


One = TypeVar("One", bound=Graded)


def best(opportunities: Iterable[One]) -> One | None:
    """The opportunity whose grade a card shows: the best grade, then the nearest day.

    `showing` says the same in SQL. Among equals the one that comes first.
    """
    return min(
        opportunities, key=lambda one: (one.grade, one.expected_on or date.max), default=None
    )


@dataclass(frozen=True)
class Weights:
    """Per cents by stage (that it closes at all) and by grade (that it does so by its day)."""

    stage_percent: Mapping[str, Decimal]
    grade_percent: Mapping[str, Decimal]

    def of(self, *, stage: str, grade: str) -> Decimal:
        """The share of an amount that counts, 0 to 1; nought for an unknown stage or grade."""
        nought = Decimal(0)
        both = self.stage_percent.get(stage, nought) * self.grade_percent.get(grade, nought)
        return both / HUNDRED / HUNDRED
