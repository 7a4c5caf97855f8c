"""Where a card stands (CU4) and how long a grade stands (CU5): pure decisions.

`operations.standing` and `operations.prospects` decide the same for many cards in SQL.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from genjin.customers.states import CardSet, CustomerList, Grade

PROBABLE_GRADES = (Grade.A, Grade.B, Grade.C)
_DROPS = {"A": "B", "B": "C", "C": "D", "D": "E"}


def card_set(*, is_known: bool, owns_ours: bool, owns_theirs: bool) -> str:
    """The box of a card for one product category.

    `is_known`: the customer was asked, or something of the category stands or stood on the card.
    Ours beside a rival's is fixed; what is gone counts as asked and owned no more.
    """
    if owns_ours:
        return CardSet.FIXED
    if owns_theirs:
        return CardSet.ATTACK
    return CardSet.DEVELOPMENT if is_known else CardSet.UNKNOWN


def customer_list(*, has_order: bool, grade: str, has_opportunity: bool = False) -> str:
    """Existing after a concluded order; probable with an open opportunity or a grade from A to C.

    Whoever has neither is potential.
    """
    if has_order:
        return CustomerList.EXISTING
    is_probable = has_opportunity or grade in PROBABLE_GRADES
    return CustomerList.PROBABLE if is_probable else CustomerList.POTENTIAL


@dataclass(frozen=True)
class GradeRules:
    """Days that each grade stands, and days of the review before it drops."""

    term_days: Mapping[str, int]
    review_days: int

    def due_at(self, grade: str, set_at: datetime | None) -> datetime | None:
        """When a grade outlives its term; None: it has none."""
        if set_at is None or grade not in self.term_days:
            return None
        return set_at + timedelta(days=self.term_days[grade])

    def drops_at(self, grade: str, set_at: datetime | None) -> datetime | None:
        """When a grade that nobody confirmed drops; None: never."""
        due = self.due_at(grade, set_at)
        return due + timedelta(days=self.review_days) if due and grade in _DROPS else None


def dropped(grade: str) -> str:
    """The grade below; E is the last."""
    return _DROPS.get(grade, grade)
