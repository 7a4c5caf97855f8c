"""The forecast (SA2): what is expected by month, weighted and not, against what was concluded.

Amounts are in home currency. An open opportunity counts in the month of its expected day; weighted
it counts by its stage and its grade (policy/pipeline.toml). Concluded are the lines of concluded
orders, less returns, on their days: also of customers of whom nobody expected anything. Everything
is of the cards in the viewer's scope.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, F, Q, QuerySet, Sum, When
from django.db.models.functions import Coalesce, TruncMonth
from django.utils import timezone

from genjin.customers.queries import visible_to
from genjin.foundation.access import scope_of
from genjin.foundation.models import Team, User
from genjin.sales.models import Opportunity, OpportunityMove, OrderLine
from genjin.sales.opportunities import stages
from genjin.sales.opportunities.listing import weight
from genjin.sales.opportunities.queries import in_scope
from genjin.sales.opportunities.states import OpportunityState
from genjin.sales.states import LineState

NOUGHT = Decimal(0)


def month_of(day: date) -> date:
    """The first day of a day's month."""
    return day.replace(day=1)


def later(month: date, count: int = 1) -> date:
    """The first day of the month so many months later (earlier, if negative)."""
    index = month.year * 12 + month.month - 1 + count
    return date(index // 12, index % 12 + 1, 1)


def months_from(first: date, count: int) -> list[date]:
    """So many months in their order."""
    return [later(first, step) for step in range(count)]


@dataclass(frozen=True)
class Asked:
    """Whose figures: the viewer's scope, narrowed to one owner or one team."""

    user: User
    owner: int | None = None
    team: int | None = None

    def opportunities(self) -> QuerySet[Opportunity]:
        rows = in_scope(self.user)
        if self.owner is not None:
            rows = rows.filter(owner=self.owner)
        return rows if self.team is None else rows.filter(owner__team=self.team)

    def lines(self) -> QuerySet[OrderLine]:
        """Concluded lines with who sold them: the order's seller, else who entered the line."""
        rows = OrderLine.objects.filter(state=LineState.CONCLUDED).annotate(
            who=Coalesce("order__seller", "by")
        )
        if scope_of(self.user) != "all":
            rows = rows.filter(customer__in=visible_to(self.user).order_by().values("pk"))
        if self.owner is not None:
            rows = rows.filter(who=self.owner)
        if self.team is not None:
            rows = rows.filter(who__in=User.objects.filter(team=self.team).values("pk"))
        return rows


@dataclass(frozen=True)
class Figures:
    """What is expected and what came of it; `started` is what was expected when a month began."""

    count: int = 0
    expected: Decimal = NOUGHT
    weighted: Decimal = NOUGHT
    started_count: int = 0
    started: Decimal = NOUGHT
    won_count: int = 0
    won: Decimal = NOUGHT
    concluded: Decimal = NOUGHT

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(*(getattr(self, name) + getattr(other, name) for name in _NAMES))


_NAMES = tuple(Figures.__dataclass_fields__)


@dataclass(frozen=True)
class Row:
    """The figures of one month, owner or team; `key` is its first day or id, None: nobody."""

    key: Any
    figures: Figures = field(default_factory=Figures)
    label: str = ""


def _within(name: str, months: Sequence[date]) -> Q:
    return Q(**{f"{name}__gte": months[0], f"{name}__lt": later(months[-1])})


def _begins(month: date) -> datetime:
    """The moment a month begins in the organisation's zone."""
    return timezone.make_aware(datetime.combine(month, time()), timezone.get_default_timezone())


def _ended_within(months: Sequence[date]) -> Q:
    return Q(ended_at__gte=_begins(months[0]), ended_at__lt=_begins(later(months[-1])))


def _open(asked: Asked) -> QuerySet[Opportunity]:
    return asked.opportunities().filter(state=OpportunityState.OPEN).order_by()


def _won(asked: Asked, months: Sequence[date]) -> QuerySet[Opportunity]:
    rows = asked.opportunities().filter(_ended_within(months), state=OpportunityState.WON)
    return rows.order_by()


_EXPECTED = {"n": Count("pk"), "amount": Sum("home_amount")}
# What a won one brought: the lines of its order; one order wins one opportunity.
_WON = {
    "n": Count("pk", distinct=True),
    "amount": Sum("order__lines__home_amount",
                  filter=Q(order__lines__state=LineState.CONCLUDED)),
}  # fmt: skip
_CONCLUDED = Sum(
    Case(When(kind=OrderLine.Kind.RETURN, then=-F("home_amount")), default=F("home_amount"))
)


def _weighted() -> Sum:
    return Sum(F("home_amount") * weight(stages.weights()))


def _put(
    found: dict[Any, Figures], rows: Iterable[Mapping[str, Any]], key: str, names: dict[str, str]
) -> None:
    """Adds columns of grouped rows to the figures of their keys."""
    for row in rows:
        place = row[key].date() if isinstance(row[key], datetime) else row[key]
        values: dict[str, Any] = {name: row[column] or 0 for name, column in names.items()}
        found[place] = found.get(place, Figures()) + replace(Figures(), **values)


_OPEN_NAMES = {"count": "n", "expected": "amount", "weighted": "weighted"}
_WON_NAMES = {"won_count": "n", "won": "amount"}


def by_month(asked: Asked, months: Sequence[date], *, today: date) -> list[Row]:
    """Each of the months (one after the other), and what has no day under None.

    A month that has begun also says what was expected of it when it did.
    """
    found: dict[Any, Figures] = {}
    rows = _open(asked).filter(_within("expected_on", months) | Q(expected_on=None))
    grouped = rows.annotate(month=TruncMonth("expected_on")).values("month")
    _put(found, grouped.annotate(**_EXPECTED, weighted=_weighted()), "month", _OPEN_NAMES)
    zone = timezone.get_default_timezone()
    won = _won(asked, months).annotate(month=TruncMonth("ended_at", tzinfo=zone)).values("month")
    _put(found, won.annotate(**_WON), "month", _WON_NAMES)
    lines = asked.lines().filter(_within("ordered_on", months)).order_by()
    lines_by_month = lines.annotate(month=TruncMonth("ordered_on")).values("month")
    _put(found, lines_by_month.annotate(amount=_CONCLUDED), "month", {"concluded": "amount"})
    for month in months:
        if month <= today:
            start = started(asked, month).aggregate(n=Count("pk"), amount=Sum("home_amount"))
            _put(found, [{**start, "month": month}], "month",
                 {"started_count": "n", "started": "amount"})  # fmt: skip
    return [Row(month, found.get(month, Figures())) for month in (*months, None)]


def started(asked: Asked, month: date) -> QuerySet[OpportunityMove]:
    """What was expected of a month when it began: each open one's newest move before it."""
    newest = (
        OpportunityMove.objects.filter(
            opportunity__in=asked.opportunities().order_by().values("pk"), at__lt=_begins(month)
        )
        .order_by("opportunity", "-at", "-id")
        .distinct("opportunity")
    )
    return OpportunityMove.objects.filter(
        _within("expected_on", [month]), pk__in=newest.values("pk"), state=OpportunityState.OPEN
    )


def by_owner(asked: Asked, months: Sequence[date]) -> list[Row]:
    """Each person who expects, won or sold something in the months; the most expected first."""
    found = _grouped(asked, months, owner="owner", who="who")
    people = User.objects.filter(pk__in=[key for key in found if key is not None])
    names = dict(people.values_list("pk", "name"))
    return _ordered(found, names)


def by_team(asked: Asked, months: Sequence[date]) -> list[Row]:
    """Each team's people together; None: people without a team."""
    owners = _grouped(asked, months, owner="owner", who="who")
    people = User.objects.filter(pk__in=[key for key in owners if key is not None])
    teams = dict(people.values_list("pk", "team"))
    found: dict[Any, Figures] = {}
    for key, figures in owners.items():
        team = teams.get(key)
        found[team] = found.get(team, Figures()) + figures
    known = Team.objects.filter(pk__in=[key for key in found if key])
    names = dict(known.values_list("pk", "name"))
    return _ordered(found, names)


def _grouped(asked: Asked, months: Sequence[date], *, owner: str, who: str) -> dict[Any, Figures]:
    found: dict[Any, Figures] = {}
    rows = _open(asked).filter(_within("expected_on", months)).values(owner)
    _put(found, rows.annotate(**_EXPECTED, weighted=_weighted()), owner, _OPEN_NAMES)
    _put(found, _won(asked, months).values(owner).annotate(**_WON), owner, _WON_NAMES)
    lines = asked.lines().filter(_within("ordered_on", months)).order_by().values(who)
    _put(found, lines.annotate(amount=_CONCLUDED), who, {"concluded": "amount"})
    return found


def _ordered(found: dict[Any, Figures], names: dict[Any, str]) -> list[Row]:
    rows = [Row(key, figures, names.get(key, "")) for key, figures in found.items()]
    return sorted(rows, key=lambda row: (-row.figures.expected, -row.figures.concluded, row.label))


@dataclass(frozen=True)
class Began:
    """One opportunity that was expected in a month when it began, and what became of it.

    `became`: won, lost, dropped, open (still expected in the month), slipped (to another day).
    """

    opportunity: Opportunity
    amount: Decimal | None
    stage: str
    grade: str
    became: str


def what_became(asked: Asked, month: date, *, limit: int) -> list[Began]:
    """Those that were expected of a month when it began, the greatest amount first."""
    rows = started(asked, month).select_related(
        "opportunity__customer", "opportunity__owner", "opportunity__product"
    )
    ordered = rows.order_by(F("home_amount").desc(nulls_last=True), "id")[:limit]
    return [
        Began(one.opportunity, one.home_amount, one.stage, one.grade,
              _became(one.opportunity, month))
        for one in ordered
    ]  # fmt: skip


def _became(row: Opportunity, month: date) -> str:
    if row.state != OpportunityState.OPEN:
        return row.state
    is_still = row.expected_on is not None and month_of(row.expected_on) == month
    return "open" if is_still else "slipped"
