"""Follow-ups: how they stand. They are planned by rules and taken at the desk, not here (FU1)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_noop as _
from ninja import Query
from pydantic import Field

from genjin.api.area import Area
from genjin.api.guard import caller
from genjin.api.paging import Page, PageAsked, page_of, read_key
from genjin.api.shapes import Person, Shown, person
from genjin.customers.queries import visible_to
from genjin.customers.sentences import sentence
from genjin.followups import queries
from genjin.followups import sentences as gate_sentences
from genjin.followups.claims import NEVER_BY_ITSELF
from genjin.followups.models import FollowUp
from genjin.followups.states import OPEN
from genjin.foundation.models import User

area = Area("followups", title=_("Follow-ups"), says=sentence)
Key = tuple[datetime, UUID]


class Withheld(Shown):
    """A reason why a follow-up may not be worked now."""

    code: str
    detail: str


class FollowUpShown(Shown):
    """One planned contact with one customer for one purpose."""

    id: UUID
    customer_id: UUID
    customer_name: str = Field(description=_("Empty when the customer is out of your scope."))
    channel: str
    purpose: str
    subject: str
    state: str = Field(description=_("planned, ready, taken, done, cancelled or expired."))
    not_before: datetime | None = Field(
        description=_("The earliest moment; null while a person has to look at it first.")
    )
    due_at: datetime | None
    expires_at: datetime | None
    asked_at: datetime | None = Field(
        description=_("The time at which the customer asked to be called back.")
    )
    queue: str
    assigned_to: Person | None
    taken_by: Person | None
    tries: int
    last_outcome: str
    withheld: list[Withheld] = Field(description=_("Why it may not be worked now."))
    escalated_at: datetime | None
    created_at: datetime
    ended_at: datetime | None
    end_reason: str
    source_kind: str
    source_id: str


class FollowUpsAsked(PageAsked):
    """Which follow-ups are asked for."""

    state: Literal["open", "all"] = Field(
        "open", description=_("Those that wait or are in hand, or the ended ones too.")
    )


def _shown(one: FollowUp, user: User, names: set[UUID]) -> FollowUpShown:
    is_waiting = one.not_before < NEVER_BY_ITSELF
    is_mine = one.state in OPEN and user.pk in (one.assigned_to_id, one.taken_by_id)
    return FollowUpShown(
        id=one.pk, customer_id=one.customer_id,
        customer_name=one.customer.name if is_mine or one.customer_id in names else "",
        channel=one.channel, purpose=one.purpose, subject=one.subject, state=one.state,
        not_before=one.not_before if is_waiting else None, due_at=one.due_at,
        expires_at=one.expires_at, asked_at=one.asked_at, queue=one.queue.name,
        assigned_to=person(one.assigned_to), taken_by=person(one.taken_by), tries=one.tries,
        last_outcome=one.last_outcome, escalated_at=one.escalated_at, created_at=one.created_at,
        withheld=[Withheld(code=reason["code"], detail=gate_sentences.sentence(reason))
                  for reason in one.withheld if gate_sentences.knows(reason["code"])],
        ended_at=one.ended_at, end_reason=one.end_reason, source_kind=one.source_kind,
        source_id=one.source_id,
    )  # fmt: skip


def _known(rows: Iterable[FollowUp], user: User) -> set[UUID]:
    """Of the customers of `rows`, those whose cards this person sees."""
    ids = {one.customer_id for one in rows}
    return set(visible_to(user).filter(pk__in=ids).order_by().values_list("pk", flat=True))


@area.get(
    "followups", right="desk.work", answer=Page[FollowUpShown],
    summary=_("List one's own follow-ups"),
    description=_("What waits for you by name and what you have in hand, the earliest first. "
                  "The next one of a queue is taken at the desk alone."),
)  # fmt: skip
def listed(request: HttpRequest, asked: Query[FollowUpsAsked]) -> Page[FollowUpShown]:
    user = caller(request)
    rows = queries.own(user)
    if asked.state == "open":
        rows = rows.filter(state__in=OPEN)
    if key := read_key(asked.after, datetime, UUID):
        at, pk = key
        rows = rows.filter(Q(not_before__gt=at) | Q(not_before=at, pk__gt=pk))
    found = list(rows.order_by("not_before", "pk")[: asked.limit + 1])
    names = _known(found, user)
    return page_of(
        found,
        asked.limit,
        lambda one: _shown(one, user, names),
        lambda one: (one.not_before, one.pk),
    )


@area.get(
    "followups/{uuid:pk}", right="desk.work", answer=FollowUpShown,
    summary=_("Read a follow-up"),
)  # fmt: skip
def read(request: HttpRequest, pk: UUID) -> FollowUpShown:
    user = caller(request)
    rows = FollowUp.objects.select_related("customer", "queue", "assigned_to", "taken_by")
    one = get_object_or_404(queries.in_scope(rows, user), pk=pk)
    return _shown(one, user, _known([one], user))
