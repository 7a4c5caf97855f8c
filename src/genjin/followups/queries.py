"""What screens read about the queue."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import models
from django.db.models import Count, Exists, OuterRef, Q

from genjin.followups.claims import NEVER_BY_ITSELF
from genjin.followups.models import Commitment, Contact, FollowUp, Interaction, Queue
from genjin.followups.states import (
    OPEN,
    WAITING,
    CommitmentState,
    ContactState,
    State,
)
from genjin.foundation.access import scope_of
from genjin.foundation.compiled import Compiled
from genjin.foundation.models import User
from genjin.kernel.phone import parse_phone

_MESSAGES_REACH_BACK = timedelta(days=180)
_MESSAGES_READ = 5000


def in_scope(rows: models.QuerySet[FollowUp], user: User) -> models.QuerySet[FollowUp]:
    """Those of `rows` that a person may know of: their own, the team's, or all of them."""
    scope = scope_of(user)
    if scope == "all":
        return rows
    own = Q(assigned_to=user) | Q(taken_by=user)
    if scope == "team" and user.team_id:
        team = user.team_id
        own |= (
            Q(queue__team=team)
            | Q(assigned_to__team=team)
            | Q(taken_by__team=team)
            | Q(customer__team=team)
        )
    return rows.filter(own)


def for_supervisor(user: User) -> models.QuerySet[FollowUp]:
    """What nobody took in time and what began and has no outcome, the longest waiting first.

    Rows with `is_unknown` need somebody to say what happened; the others need somebody to act.
    """
    unclosed = Contact.objects.filter(
        followup=OuterRef("pk"), state=ContactState.UNKNOWN, messages__isnull=True
    )
    rows = FollowUp.objects.filter(state__in=OPEN).annotate(is_unknown=Exists(unclosed))
    rows = rows.filter(Q(escalated_at__isnull=False) | Q(is_unknown=True))
    return (
        in_scope(rows, user)
        .select_related("customer", "queue", "assigned_to", "taken_by")
        .order_by("escalated_at", "pk")
    )


def unknown_contacts(user: User) -> models.QuerySet[Contact]:
    """Contacts that began and whose outcome nobody knows; messages have a list of their own."""
    rows = Contact.objects.filter(state=ContactState.UNKNOWN, messages__isnull=True)
    scope = scope_of(user)
    if scope == "own":
        rows = rows.filter(by=user)
    elif scope == "team":
        rows = rows.filter(Q(by=user) | Q(by__team=user.team_id, by__team__isnull=False))
    return rows.select_related("customer", "followup", "by").order_by("started_at")


def waiting_for(user: User) -> models.QuerySet[FollowUp]:
    """What waits for this person by name, in the order of its time."""
    return (
        FollowUp.objects.filter(assigned_to=user, state__in=WAITING)
        .exclude(not_before=NEVER_BY_ITSELF)
        .select_related("customer", "queue")
        .order_by("not_before", "rank", "pk")
    )


def own(user: User) -> models.QuerySet[FollowUp]:
    """What waits for this person by name and what they have or had in hand."""
    mine = Q(assigned_to=user) | Q(taken_by=user)
    return FollowUp.objects.filter(mine).select_related(
        "customer", "queue", "assigned_to", "taken_by"
    )


def callbacks_of(user: User) -> models.QuerySet[FollowUp]:
    """The callbacks that customers asked of this person, the next one first."""
    return waiting_for(user).filter(asked_at__isnull=False).order_by("asked_at", "pk")


def commitments_of(user: User) -> models.QuerySet[Commitment]:
    """The promises that this person has to keep, the next one first."""
    return (
        Commitment.objects.filter(owner=user, state=CommitmentState.OPEN)
        .select_related("customer")
        .order_by("due_at", "pk")
    )


def in_hand(user: User) -> models.QuerySet[FollowUp]:
    """What this person holds now, the newest first: what a crashed browser comes back to."""
    return (
        FollowUp.objects.filter(state=State.TAKEN, taken_by=user)
        .select_related("customer", "queue", "person")
        .order_by("-taken_at")
    )


_HELD = Compiled(
    lambda user: FollowUp.objects.filter(state=State.TAKEN, taken_by=user).order_by("-taken_at")[
        :1
    ],
    user=int,
)


def held_by(user: User) -> FollowUp | None:
    """The newest of what this person holds, if they hold anything."""
    return _HELD.first(user=user.pk)


def counts_by_state() -> dict[str, int]:
    """How many follow-ups there are in each state."""
    found = dict(FollowUp.objects.order_by().values_list("state").annotate(count=Count("pk")))
    return {state: found.get(state, 0) for state in State.values}


def counts_of_queue(queue: Queue) -> dict[str, int]:
    """How many follow-ups of a queue there are in each state."""
    rows = FollowUp.objects.filter(queue=queue).order_by()
    found = dict(rows.values_list("state").annotate(count=Count("pk")))
    return {state: found.get(state, 0) for state in State.values}


def _normal(number: str) -> str:
    """A number in the one form in which two of them can be compared."""
    phone = parse_phone(number)
    return phone.e164 or phone.national


def messages_answered(number: str, *, now: datetime, limit: int = 8) -> list[Interaction]:
    """The messages that a call from or to this number may answer, the newest first (FU5).

    `number` is the one that was given to call back, or the customer's own. One message for each
    follow-up; looks back 180 days.
    """
    wanted = _normal(number)
    if not wanted:
        return []
    theirs = Q(customer__points__value=wanted, customer__points__kind="phone")
    left = (
        Interaction.objects.filter(
            at__gte=now - _MESSAGES_REACH_BACK, detail__has_key="message", followup__isnull=False
        )
        .select_related("followup__customer", "followup__queue", "by")
        .order_by("-at")
    )
    given = [
        one
        for one in left[:_MESSAGES_READ]
        if _normal(str(one.detail["message"].get("number", ""))) == wanted
    ]
    found = sorted({*given, *left.filter(theirs)[:limit]}, key=lambda one: one.at, reverse=True)
    newest: dict[UUID | None, Interaction] = {}
    for one in found:
        newest.setdefault(one.followup_id, one)
    return list(newest.values())[:limit]


def has_message(followup: FollowUp) -> bool:
    """Whether a message was left for this follow-up, so that a call back may open it."""
    return followup.interactions.filter(detail__has_key="message").exists()
