"""Promises to customers as lists and figures (FU9); `operations/commitments.py` writes them."""

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Count, Q

from genjin.followups.models import Commitment
from genjin.followups.states import CommitmentState
from genjin.foundation import policy
from genjin.foundation.access import has_right, scope_of
from genjin.foundation.models import User

OPEN, LATE, REMINDED, KEPT, BROKEN, WITHDRAWN = (
    "open", "late", "reminded", "kept", "broken", "withdrawn")  # fmt: skip
COUNTED = "counted"  # as broken, in figures
VIEWS = (OPEN, LATE, REMINDED, KEPT, BROKEN, WITHDRAWN, COUNTED)


def promises_for(user: User) -> models.QuerySet[Commitment]:
    """What this person may see: their own; with commitments.team those of their scope."""
    rows = Commitment.objects.select_related("customer", "owner", "made_by")
    mine = Q(owner=user) | Q(made_by=user)
    if not has_right(user, "commitments.team"):
        return rows.filter(mine)
    scope = scope_of(user)
    if scope == "all":
        return rows
    if scope == "team" and user.team_id:
        return rows.filter(mine | Q(owner__team=user.team_id) | Q(customer__team=user.team_id))
    return rows.filter(mine)


def _of_view(view: str, now: datetime) -> Q:
    open_ones = Q(state=CommitmentState.OPEN)
    return {
        OPEN: open_ones,
        LATE: open_ones & Q(due_at__lte=now),
        REMINDED: open_ones & (Q(remind_at__lte=now) | Q(due_at__lte=now)),
        KEPT: Q(state=CommitmentState.KEPT),
        BROKEN: Q(state=CommitmentState.BROKEN),
        WITHDRAWN: Q(state=CommitmentState.WITHDRAWN),
        COUNTED: Q(state=CommitmentState.BROKEN) | open_ones & Q(due_at__lte=now - _patience()),
    }[view]


def _patience() -> timedelta:
    return timedelta(days=float(policy.value("commitments.counts_as_broken_after_days")))


def in_view(
    rows: models.QuerySet[Commitment], view: str, now: datetime
) -> models.QuerySet[Commitment]:
    """One of the lists: open ones by their date, ended ones newest first."""
    found = rows.filter(_of_view(view, now))
    is_open = view in (OPEN, LATE, REMINDED)
    return found.order_by("due_at", "pk") if is_open else found.order_by("-ended_at", "-pk")


def counts(rows: models.QuerySet[Commitment], now: datetime) -> dict[str, int]:
    """How many stand in each list."""
    tally = {view: Count("pk", filter=_of_view(view, now)) for view in VIEWS}
    return dict(rows.order_by().aggregate(**tally))


def reminded(user: User, now: datetime) -> int:
    """How many promises of one's own are due soon or late: the figure in the menu."""
    return Commitment.objects.filter(_of_view(REMINDED, now), owner=user).count()


def soon(user: User, now: datetime, limit: int = 12) -> list[Commitment]:
    """One's own promises that the reminder has come for, the next first."""
    mine = Commitment.objects.filter(owner=user).select_related("customer")
    return list(in_view(mine, REMINDED, now)[:limit])


def escalated(user: User) -> models.QuerySet[Commitment]:
    """Late promises that a supervisor is told of, within their scope, the oldest first."""
    if not has_right(user, "commitments.team"):
        return Commitment.objects.none()
    rows = promises_for(user).filter(state=CommitmentState.OPEN, escalated_at__isnull=False)
    return rows.order_by("due_at", "pk")


def broken(now: datetime) -> models.QuerySet[Commitment]:
    """What counts as broken in figures: said so, or open and late by the days of the policy.

    Withdrawn ones never count. For retention: group by customer or by owner.
    """
    return Commitment.objects.filter(_of_view(COUNTED, now))


def figures(user: User, now: datetime) -> list[dict[str, Any]]:
    """By owner, of what `user` may see: open, late, kept, broken (as figures count), kept rate."""
    rows = promises_for(user).order_by()
    found = rows.values("owner", "owner__name", "owner__staff_number").annotate(
        open=Count("pk", filter=_of_view(OPEN, now)),
        late=Count("pk", filter=_of_view(LATE, now)),
        kept=Count("pk", filter=_of_view(KEPT, now)),
        broken=Count("pk", filter=_of_view(COUNTED, now)),
    )
    return [
        {**one, "rate": one["kept"] / ended if (ended := one["kept"] + one["broken"]) else None}
        for one in found.order_by("-broken", "-late", "owner__name")
    ]
