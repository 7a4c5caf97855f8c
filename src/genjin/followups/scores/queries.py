"""Who sees which score, and the figures made of them (FU8).

`visible_scores` is the one door: right scores.view, within the person's scope, and never one's
own: those come by `own_scores` as policy/scores.toml sets it.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import Avg, Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, TruncMonth

from genjin.followups.models import Score
from genjin.followups.operations.scores import SCORE
from genjin.followups.scores.verifying import CORRECTION
from genjin.foundation import policy
from genjin.foundation.access import has_right, scope_of
from genjin.foundation.models import User

NOTHING, AVERAGE, ALL = "nothing", "average", "all"


def _zone() -> ZoneInfo:
    return ZoneInfo(settings.TIME_ZONE)


def _counted(rows: models.QuerySet[Score]) -> models.QuerySet[Score]:
    """Scores with `counts`: the newest correction's points where there is one."""
    newest = (
        Score.objects.filter(corrects=OuterRef("pk"), kind=CORRECTION)
        .order_by("-sequence")
        .values("points")[:1]
    )
    return rows.filter(kind=SCORE).annotate(counts=Coalesce(Subquery(newest), "points"))


def visible_scores(user: User) -> models.QuerySet[Score]:
    """The scores that this person may see, newest first, with `counts`.

    Nothing without scores.view; the team's within scope team; nothing within scope own. Who is
    scored sees none of their own here, whatever their rights are.
    """
    rows = _counted(Score.objects.all())
    if not has_right(user, "scores.view"):
        return rows.none()
    scope = scope_of(user)
    if scope == "team" and user.team_id:
        rows = rows.filter(scored__team=user.team_id)
    elif scope != "all":
        return rows.none()
    rows = rows.filter(Q(scored=None) | ~Q(scored=user))
    return rows.select_related("scored", "customer", "by").order_by("-sequence")


@dataclass(frozen=True)
class Filter:
    """What a list or figure is narrowed to. `month` is the first day of one, organisation's zone;
    `person` 0: nobody known."""

    person: int | None = None
    role: str = ""
    month: date | None = None

    def narrow(self, rows: models.QuerySet[Score]) -> models.QuerySet[Score]:
        if self.person is not None:
            rows = rows.filter(scored=self.person or None)
        if self.role:
            rows = rows.filter(role=self.role)
        if self.month is not None:
            begin, end = _month(self.month)
            rows = rows.filter(at__gte=begin, at__lt=end)
        return rows


def _month(first: date) -> tuple[datetime, datetime]:
    begin = datetime(first.year, first.month, 1, tzinfo=_zone())
    year, month = divmod(first.year * 12 + first.month, 12)
    return begin, datetime(year, month + 1, 1, tzinfo=_zone())


def figures(user: User, chosen: Filter, *, by: str) -> list[dict[str, Any]]:
    """Averages by "person", "role" or "month": key, label, count, average; newest or best first.

    Each row's key, put into `Filter`, opens exactly the scores that make it up.
    """
    rows: Any = chosen.narrow(visible_scores(user)).order_by()
    tally: dict[str, Any] = {"count": Count("pk"), "average": Avg("counts")}
    if by == "month":
        dated = rows.annotate(month=TruncMonth("at", tzinfo=_zone()))
        return [
            {"key": one["month"].date(), "label": one["month"].strftime("%Y-%m"), **_of(one)}
            for one in dated.values("month").annotate(**tally).order_by("-month")
        ]
    if by == "role":
        return [
            {"key": one["role"], "label": one["role"], **_of(one)}
            for one in rows.values("role").annotate(**tally).order_by("role")
        ]
    named = rows.values("scored", "scored__name", "scored__staff_number").annotate(**tally)
    return [
        {
            "key": one["scored"] or 0,
            "label": one["scored__name"] or "",
            "number": one["scored__staff_number"] or "",
            **_of(one),
        }
        for one in named.order_by("-average", "-count", "scored__name")
    ]


def _of(one: dict[str, Any]) -> dict[str, Any]:
    return {"count": one["count"], "average": round(float(one["average"]), 2)}


@dataclass(frozen=True)
class OwnScores:
    """What a person sees of their own scores: `shows` as the policy says.

    `count` and `average` are None while too few; `rows` hold role, question, month and points.
    """

    shows: str
    after: int
    count: int | None = None
    average: float | None = None
    rows: tuple[dict[str, Any], ...] = ()


def own_scores(user: User) -> OwnScores:
    """One's own scores, no more than policy/scores.toml allows; never a customer or their words."""
    shows = str(policy.value("scores.scored_person.shows"))
    after = max(1, int(policy.value("scores.scored_person.after")))
    mine: Any = _counted(Score.objects.filter(scored=user)).order_by("sequence")
    if shows == ALL:
        rows = tuple(
            {"role": one.role, "question": one.question, "points": one.counts,
             "out_of": one.out_of, "month": one.at.astimezone(_zone()).strftime("%Y-%m")}
            for one in mine.order_by("-sequence")[:500]
        )  # fmt: skip
        total = mine.aggregate(count=Count("pk"), average=Avg("counts"))
        average = round(float(total["average"]), 2) if total["count"] else None
        return OwnScores(shows, after, total["count"], average, rows)
    if shows != AVERAGE:
        return OwnScores(NOTHING, after)
    # In steps: a single new score must not be read off the difference of two averages.
    shown = mine.count() // after * after
    if not shown:
        return OwnScores(AVERAGE, after)
    points = [one.counts for one in mine[:shown]]
    return OwnScores(AVERAGE, after, shown, round(sum(points) / shown, 1))
