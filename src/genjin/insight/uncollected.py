"""The uncollected statement (未回收账款明细表): what is owed, line by line, by whom (RE3)."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet, Sum

from genjin.customers.queries import visible_to
from genjin.foundation.access import scope_of
from genjin.foundation.models import User
from genjin.receivables.models import Receivable

# Days past due: (code, from, to), both included; None is open-ended.
AGES: dict[str, tuple[int | None, int | None]] = {
    "not_due": (None, 0), "d30": (1, 30), "d60": (31, 60), "d90": (61, 90), "older": (91, None),
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What a reader chose; empty means everything that they may see."""

    salesperson: int | None = None
    value_class: str = ""
    age: str = ""
    customer: UUID | None = None


def lines(user: User, asked: Asked, *, today: date) -> QuerySet[Receivable]:
    """The open debts of the cards in a person's scope that fit, in no order yet."""
    rows = Receivable.objects.filter(state="open")
    if scope_of(user) != "all":
        rows = rows.filter(customer__in=visible_to(user).order_by().values("pk"))
    if asked.salesperson is not None:
        rows = rows.filter(salesperson=asked.salesperson)
    if asked.value_class:
        rows = rows.filter(value_class=asked.value_class)
    if asked.customer is not None:
        rows = rows.filter(customer=asked.customer)
    if asked.age in AGES:
        rows = rows.filter(_of_age(asked.age, today))
    return rows


def _of_age(age: str, today: date) -> Q:
    low, high = AGES[age]
    fits = Q()
    if high is not None:
        fits &= Q(due_on__gte=today - timedelta(days=high))
    if low is not None:
        return fits & Q(due_on__lte=today - timedelta(days=low))
    # What has no day yet is not due.
    return fits | Q(due_on=None)


def in_order(rows: QuerySet[Receivable]) -> QuerySet[Receivable]:
    """The oldest first; what has no due day comes last."""
    found = rows.select_related("customer", "salesperson", "collector")
    return found.order_by(F("due_on").asc(nulls_last=True), "pk")


@dataclass(frozen=True)
class Total:
    """What the lines of one currency come to."""

    currency: str
    count: int
    open: Decimal
    overdue: Decimal


def totals(rows: QuerySet[Receivable], *, today: date) -> list[Total]:
    """The sums of a statement, one for each currency; never across currencies."""
    found = rows.order_by().values("currency").annotate(
        count=Count("pk"), open=Sum("open_amount"),
        overdue=Sum("open_amount", filter=Q(due_on__lt=today), default=Decimal(0)),
    )  # fmt: skip
    return [Total(**row) for row in found.order_by("currency")]


def salespeople(user: User) -> QuerySet[User]:
    """Who has something open, among what a person may see."""
    rows = lines(user, Asked(), today=date.min)  # without an age the day plays no part
    return User.objects.filter(pk__in=rows.order_by().values("salesperson")).order_by("name")
