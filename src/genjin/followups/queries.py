"""What screens read about the queue."""

from datetime import datetime, timedelta

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
from genjin.foundation.models import User
from genjin.kernel.phone import parse_phone

_MESSAGES_REACH_BACK = timedelta(days=180)
_MESSAGES_READ = 5000


def _in_scope(rows: models.QuerySet[FollowUp], user: User) -> models.QuerySet[FollowUp]:
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
    unclosed = Contact.objects.filter(followup=OuterRef("pk"), state=ContactState.UNKNOWN)
    rows = FollowUp.objects.filter(state__in=OPEN).annotate(is_unknown=Exists(unclosed))
    rows = rows.filter(Q(escalated_at__isnull=False) | Q(is_unknown=True))
    return (
        _in_scope(rows, user)
        .select_related("customer", "queue", "assigned_to", "taken_by")
        .order_by("escalated_at", "pk")
    )


def unknown_contacts(user: User) -> models.QuerySet[Contact]:
    """Contacts that began and whose outcome nobody knows."""
    rows = Contact.objects.filter(state=ContactState.UNKNOWN)
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


def open_by_message(number: str, *, now: datetime) -> FollowUp | None:
    """The follow-up of the newest message that gave this number to call back (FU5).

    Looks back 180 days; a call back opens that follow-up although it is done.
    """
    messages = (
        Interaction.objects.filter(
            local_day__gte=(now - _MESSAGES_REACH_BACK).date(),
            detail__has_key="message",
            followup__isnull=False,
        )
        .order_by("-at")
        .select_related("followup__customer", "followup__queue")[:_MESSAGES_READ]
    )
    wanted = _normal(number)
    for interaction in messages:
        if wanted and _normal(str(interaction.detail["message"].get("number", ""))) == wanted:
            return interaction.followup
    return None
