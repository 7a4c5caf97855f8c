"""Interactions: the contacts that took place, with their corrections; none ever changes (FU7)."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_noop as _
from ninja import Query
from pydantic import Field

from genjin.api.area import Area
from genjin.api.customers import visible_customer
from genjin.api.guard import caller
from genjin.api.paging import Page, PageAsked, page_of, read_key
from genjin.api.shapes import Moment, Person, Shown, person
from genjin.customers.family import family_of
from genjin.customers.operations.access_log import log_view
from genjin.customers.sentences import sentence
from genjin.followups.models import Interaction
from genjin.foundation.access import has_right
from genjin.foundation.models import User
from genjin.insight.logbook import visible_records
from genjin.kernel.phone import mask_phone

area = Area("interactions", title=_("Interactions"), says=sentence)
# What the screens tell of what a purpose recorded.
_DETAIL = frozenset(
    {"grade", "expected_close_date", "expected_amount", "needs", "concern", "product_name",
     "wanted", "commitment", "commitment_due_at", "callback_at", "promise_amount", "promise_date",
     "no_next_reason", "message", "reason"}
)  # fmt: skip


class InteractionShown(Shown):
    """One contact that took place."""

    id: UUID
    at: datetime
    customer_id: UUID
    followup_id: UUID | None
    channel: str
    purpose: str
    is_inbound: bool
    address: str = Field(description=_("The number; whole or masked, as you may see it."))
    outcome: str
    is_connected: bool = Field(description=_("Somebody answered."))
    is_reached: bool = Field(description=_("It was the right party."))
    is_success: bool = Field(description=_("The purpose's success was agreed."))
    talk_seconds: int
    wrap_seconds: int
    note: str
    next_step: str
    detail: dict[str, Any] = Field(description=_("What the purpose recorded."))
    by: Person | None
    staff_number: str
    corrects: UUID | None = Field(description=_("The interaction that this one puts right."))


class InteractionsAsked(PageAsked):
    """Which interactions are asked for."""

    customer: UUID | None = Field(None, description=_("Only those with a customer."))
    since: Moment | None = Field(None, description=_("Only those from this moment on."))
    order: Literal["newest", "oldest"] = Field(
        "newest", description=_("In the order in which they were recorded.")
    )


def _shown(one: Interaction, *, is_whole: bool, with_detail: bool) -> InteractionShown:
    detail = {name: value for name, value in one.detail.items() if name in _DETAIL}
    return InteractionShown(
        id=one.pk, at=one.at, customer_id=one.customer_id, followup_id=one.followup_id,
        channel=one.channel, purpose=one.purpose, is_inbound=one.is_inbound,
        address=one.address if is_whole else _masked(one.address), outcome=one.outcome,
        is_connected=one.is_connected, is_reached=one.is_reached, is_success=one.is_success,
        talk_seconds=one.talk_seconds, wrap_seconds=one.wrap_seconds, note=one.note,
        next_step=one.next_step, detail=detail if with_detail else {}, by=person(one.by),
        staff_number=one.staff_number, corrects=one.corrects_id,
    )  # fmt: skip


def _masked(address: str) -> str:
    name, at, domain = address.partition("@")
    return f"{name[:1]}****{at}{domain}" if at else mask_phone(address) if address else ""


def _page(
    rows: QuerySet[Interaction], asked: PageAsked, user: User, *, is_up: bool, with_detail: bool
) -> Page[InteractionShown]:
    if key := read_key(asked.after, UUID):
        rows = rows.filter(**{"pk__gt" if is_up else "pk__lt": key[0]})
    found = list(rows.select_related("by").order_by("pk" if is_up else "-pk")[: asked.limit + 1])
    is_whole = has_right(user, "customers.see_contact")
    return page_of(
        found, asked.limit, lambda one: _shown(one, is_whole=is_whole, with_detail=with_detail),
        lambda one: (one.pk,),
    )  # fmt: skip


@area.get(
    "interactions", right="logbook.own", answer=Page[InteractionShown],
    summary=_("List interactions"),
    description=_("Your own; with the team's logbook the team's. A correction is one of its own, "
                  "and what it puts right stays."),
)  # fmt: skip
def listed(request: HttpRequest, asked: Query[InteractionsAsked]) -> Page[InteractionShown]:
    user = caller(request)
    rows = visible_records(user)
    if asked.customer:
        rows = rows.filter(customer=asked.customer)
    if asked.since:
        rows = rows.filter(at__gte=asked.since)
    return _page(rows, asked, user, is_up=asked.order == "oldest", with_detail=True)


@area.get(
    "interactions/{uuid:pk}", right="logbook.own", answer=InteractionShown,
    summary=_("Read an interaction"),
)  # fmt: skip
def read(request: HttpRequest, pk: UUID) -> InteractionShown:
    user = caller(request)
    one = get_object_or_404(visible_records(user).select_related("by"), pk=pk)
    is_whole = has_right(user, "customers.see_contact")
    return _shown(one, is_whole=is_whole, with_detail=True)


@area.get(
    "customers/{uuid:pk}/interactions", right="customers.view", answer=Page[InteractionShown],
    summary=_("List the interactions with a customer"),
    description=_("As the card tells them, without what the purpose recorded."),
)  # fmt: skip
def with_customer(
    request: HttpRequest, pk: UUID, asked: Query[PageAsked]
) -> Page[InteractionShown]:
    user = caller(request)
    customer = visible_customer(user, pk)
    log_view(pk, by=user, now=timezone.now(), place="api")
    rows = Interaction.objects.filter(customer__in=family_of(customer.pk))
    return _page(rows, asked, user, is_up=False, with_detail=False)
