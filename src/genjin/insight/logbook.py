"""The logbook (CA5): contacts, successes, rate and talk time by hour, day and month.

What is counted, in the words that the screen shows too:

* dialled: an outbound call that was recorded with its outcome;
* connected (接通): someone answered; * reached (接触): it was the right party;
* success: the purpose's success was agreed; success rate = successes / reached.

A correction replaces what it corrects: the newest row of a chain counts, once. A success is dated
three times: agreed is the day of the call, delivered and paid are `detail["delivered_on"]` and
`detail["paid_on"]`, written by whoever delivers and books the money. Days and hours are those of
the organisation's zone.
"""

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Q, QuerySet, Sum, TextField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce, TruncMonth
from django.utils import timezone

from genjin.calling.models import Campaign
from genjin.calling.queries import people_of, visible_to
from genjin.followups.models import Contact, Interaction
from genjin.followups.states import ContactState
from genjin.foundation.access import has_right
from genjin.foundation.compiled import Compiled
from genjin.foundation.models import Team, User
from genjin.kernel.statistics import ratio

PERIODS = ("hour", "day", "month")


def visible_records(user: User) -> QuerySet[Interaction]:
    """The records that `user` may see: one's own; with the team's logbook, the team's."""
    if not has_right(user, "logbook.team"):
        return Interaction.objects.filter(by=user)
    seen = Q(by__in=people_of(user)) | Q(queue__in=visible_to(user).values("queue"))
    return Interaction.objects.filter(seen)


@dataclass(frozen=True)
class Figures:
    """What one span of time holds; talk in whole seconds. Sums add up, rates do not."""

    dialled: int = 0
    connected: int = 0
    reached: int = 0
    successes: int = 0
    talk_seconds: int = 0
    delivered: int = 0
    paid: int = 0

    @property
    def success_rate(self) -> float | None:
        """Successes per right-party contact; None before the first one."""
        return ratio(self.successes, self.reached)

    @property
    def reached_rate(self) -> float | None:
        return ratio(self.reached, self.dialled)

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


@dataclass(frozen=True)
class Row:
    """The figures of one hour (0–23), day or month (its first day)."""

    key: Any
    figures: Figures


def local_now(now: datetime) -> datetime:
    """`now` in the organisation's zone, in which days and hours are counted."""
    return timezone.localtime(now, timezone.get_default_timezone())


def records(
    *,
    start: date,
    end: date,
    user: User | None = None,
    users: Iterable[User] | QuerySet[User] | None = None,
    team: Team | None = None,
    campaign: Campaign | None = None,
) -> QuerySet[Interaction]:
    """The calls that count from `start` until before `end`, newest of each chain of corrections."""
    rows = Interaction.objects.filter(
        channel="call", corrected_by__isnull=True, local_day__gte=start, local_day__lt=end
    )
    if user is not None:
        rows = rows.filter(by=user)
    if users is not None:
        rows = rows.filter(by__in=users)
    if team is not None:
        rows = rows.filter(by__team=team)
    if campaign is not None:
        rows = rows.filter(queue=campaign.queue_id)
    return rows


def _has(key: str) -> Q:
    return Q(is_success=True, **{f"detail__{key}__isnull": False})


def sums() -> dict[str, Any]:
    """The aggregates behind `Figures`, for any grouping."""
    return {
        "dialled": Count("pk", filter=Q(is_inbound=False)),
        "connected": Count("pk", filter=Q(is_connected=True)),
        "reached": Count("pk", filter=Q(is_reached=True)),
        "successes": Count("pk", filter=Q(is_success=True)),
        "talk_seconds": Coalesce(Sum("talk_seconds"), 0),
        "delivered": Count("pk", filter=_has("delivered_on")),
        "paid": Count("pk", filter=_has("paid_on")),
    }


def total(**scope: Any) -> Figures:
    """The figures of a whole span; arguments as for `records`. One query."""
    return Figures(**records(**scope).aggregate(**sums()))


def figures(period: str, **scope: Any) -> list[Row]:
    """The figures by hour, day or month; arguments as for `records`. Only spans with calls."""
    rows = records(**scope)
    if period == "month":
        rows = rows.annotate(key=TruncMonth("local_day"))
    key = {"hour": "local_hour", "day": "local_day", "month": "key"}[period]
    found = rows.values_list(key).annotate(**sums()).order_by(key)
    return [Row(first, Figures(*rest)) for first, *rest in found]


def filled(rows: list[Row], keys: Iterable[Any]) -> list[Row]:
    """`rows` with an empty one for each of `keys` that had no call, in the order of `keys`."""
    by_key = {row.key: row for row in rows}
    wanted = sorted({*keys, *by_key})
    return [by_key.get(key, Row(key, Figures())) for key in wanted]


def by_person(**scope: Any) -> list[tuple[User, Figures]]:
    """The figures of each person with calls in the span, most successes first. Two queries."""
    found = {
        first: Figures(*rest)
        for first, *rest in records(**scope).values_list("by").annotate(**sums())
        if first is not None
    }
    people = User.objects.filter(pk__in=found).select_related("team")
    rows = [(person, found[person.pk]) for person in people]
    return sorted(rows, key=lambda row: (-row[1].successes, -row[1].reached, row[0].pk))


_OF_A_PERSON = Compiled(
    lambda user, start, end: (
        records(start=start, end=end).filter(by=user).values_list("by").annotate(**sums())
    ),
    user=int,
    start=date,
    end=date,
)


def today(user: User, now: datetime) -> Figures:
    """The personal strip at the desk: the figures of today. One query."""
    day = local_now(now).date()
    found = _OF_A_PERSON.first(user=user.pk, start=day, end=day + timedelta(days=1))
    return Figures(*found[1:]) if found else Figures()


def without_outcome(*, start: date, end: date, users: Iterable[User] | QuerySet[User]) -> int:
    """Calls begun in the span that have no outcome yet; they count nowhere else."""
    zone = timezone.get_default_timezone()
    return Contact.objects.filter(
        channel="call",
        by__in=users,
        state__in=(ContactState.STARTED, ContactState.UNKNOWN),
        started_at__gte=datetime(start.year, start.month, start.day, tzinfo=zone),
        started_at__lt=datetime(end.year, end.month, end.day, tzinfo=zone),
    ).count()


def day_before(
    day: date, *, users: Iterable[User] | QuerySet[User], horizon_days: int = 14
) -> date:
    """The day to compare with: yesterday, or the last day with calls when nobody worked then."""
    worked = Interaction.objects.filter(
        by__in=users, local_day__lt=day, local_day__gte=day - timedelta(days=horizon_days)
    ).aggregate(last=Max("local_day"))["last"]
    return worked or day - timedelta(days=1)


def success_dates(**scope: Any) -> dict[str, dict[date, int]]:
    """Successes by the day on which they were agreed, delivered and paid.

    The span selects by the day of agreement. Dates in `detail` are ISO texts; a text that is no
    date is left out here and remains visible in the record.
    """
    rows = records(**scope).filter(is_success=True)
    found: dict[str, dict[date, int]] = {
        "agreed": dict(rows.values_list("local_day").annotate(Count("pk")))
    }
    for name in ("delivered", "paid"):
        text = Cast(KeyTextTransform(f"{name}_on", "detail"), TextField())
        days = rows.annotate(text=text).filter(text__regex=r"^\d{4}-\d{2}-\d{2}")
        counted: dict[date, int] = {}
        for value, count in days.values_list("text").annotate(Count("pk")):
            try:
                counted[date.fromisoformat(value[:10])] = count
            except ValueError:
                continue
        found[name] = counted
    return found
