"""How many cards there are, how full and how fresh, against the targets (CU14).

What is counted, in the words that the screen shows too:

* cards: those in use, by the custodian, team and province that they have;
* new cards: those opened in the month of the count, until its day;
* completeness: the core fields that say something ÷ the core fields that are asked for
  (policy/card_quality.toml); * fresh: cards that were confirmed lately (policy/freshness.toml);
* e-mail and consent: cards with an address in order, and those of them whose customer's newest
  answer to offers by e-mail is a yes.

The rows come from `customers.quality.counting`; a person sees those of their scope.
"""

from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet, Sum

from genjin.customers.models import CardCount
from genjin.customers.quality.counting import KEPT_DAYS, MONTHS, last_days_before
from genjin.foundation import policy
from genjin.foundation.access import scope_of
from genjin.foundation.models import Team, User
from genjin.kernel.statistics import ratio

_SUMS = {
    name: Sum(name)
    for name in ("cards", "new_cards", "filled", "asked", "fresh", "with_email", "with_consent")
}
_COUNTED = """
SELECT d.day FROM unnest(%s::date[]) d(day)
WHERE EXISTS (SELECT FROM customers_cardcount c WHERE c.day = d.day AND c.cards > 0) ORDER BY 1
"""


@dataclass(frozen=True)
class Quality:
    """The figures of some cards on a day. Sums add up, shares do not."""

    cards: int = 0
    new_cards: int = 0
    filled: int = 0
    asked: int = 0
    fresh: int = 0
    with_email: int = 0
    with_consent: int = 0

    @property
    def email_share(self) -> float | None:
        """Cards with an e-mail address in order, 0 to 1."""
        return ratio(self.with_email, self.cards)

    @property
    def consent_share(self) -> float | None:
        """Cards with an address whose customer agreed to get offers there, 0 to 1."""
        return ratio(self.with_consent, self.cards)

    @property
    def completeness(self) -> float | None:
        """0 to 1; None where nothing is asked for."""
        return ratio(self.filled, self.asked)

    @property
    def freshness(self) -> float | None:
        """0 to 1; None without cards."""
        return ratio(self.fresh, self.cards)

    @property
    def stale(self) -> int:
        return self.cards - self.fresh

    def __add__(self, other: "Quality") -> "Quality":
        return Quality(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


@dataclass(frozen=True)
class Targets:
    """What is aimed at: two shares, and new cards a month for each custodian."""

    completeness: float
    fresh: float
    new_cards: int


@dataclass(frozen=True)
class Row:
    """The figures of one custodian (its id, None for nobody), province ("" not known) or day."""

    key: Any
    quality: Quality


def targets() -> Targets:
    """The targets in force."""
    found = policy.value("card_quality.targets")
    return Targets(float(found["completeness"]), float(found["fresh"]), int(found["new_cards"]))


def visible_counts(user: User, team: Team | None = None) -> QuerySet[CardCount]:
    """The rows of a person's scope; `team` narrows them to one team."""
    rows = CardCount.objects.all()
    if team is not None:
        rows = rows.filter(team=team)
    scope = scope_of(user)
    if scope == "all":
        return rows
    mine = Q(custodian=user)
    if scope == "team" and user.team_id:
        mine |= Q(team=user.team_id)
    return rows.filter(mine)


def _counted(days: Iterable[date]) -> list[date]:
    """Those of `days` that were counted."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED, [list(days)])
        return [row[0] for row in cursor.fetchall()]


def newest_day() -> date | None:
    """The last day that was counted."""
    return (
        CardCount.objects.filter(cards__gt=0)
        .order_by("-day")
        .values_list("day", flat=True)[:1]
        .first()
    )


def _quality(row: Mapping[str, Any]) -> Quality:
    return Quality(**{name: row[name] or 0 for name in _SUMS})


def total(rows: QuerySet[CardCount], day: date) -> Quality:
    """The figures of all rows of a day."""
    return _quality(rows.filter(day=day).aggregate(**_SUMS))


def by(column: str, rows: QuerySet[CardCount], day: date) -> list[Row]:
    """The figures of a day by `custodian` or `province`, the most cards first."""
    found = rows.filter(day=day).values(column).order_by().annotate(**_SUMS)
    lines = [Row(one[column], _quality(one)) for one in found]
    return sorted(lines, key=lambda row: (-row.quality.cards, str(row.key)))


def new_by_month(rows: QuerySet[CardCount], day: date) -> list[Row]:
    """New cards of the month of `day` and the eleven before, the oldest first."""
    ends = [*reversed(last_days_before(day, MONTHS - 1)), day]
    by_day = dict(
        rows.filter(day__in=ends).order_by().values_list("day").annotate(Sum("new_cards"))
    )
    return [Row(end, Quality(new_cards=by_day.get(end, 0))) for end in ends]


def trend(rows: QuerySet[CardCount], day: date) -> list[Row]:
    """Completeness and freshness at the ends of earlier months and on each of the last days."""
    last = [day - timedelta(days=n) for n in range(KEPT_DAYS + 1)]
    days = _counted({*last_days_before(day), *last})
    found = rows.filter(day__in=days, cards__gt=0).values("day").order_by("day").annotate(**_SUMS)
    return [Row(one["day"], _quality(one)) for one in found]


def custodians(rows: QuerySet[CardCount], day: date) -> int:
    """How many people have cards on that day."""
    found = rows.filter(day=day).exclude(custodian=None).order_by()
    return found.values("custodian").distinct().count()
