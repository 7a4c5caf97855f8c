"""What screens read of a card: the card with its parts, and its timeline (CU1, CU16).

Each part is one query whatever the length of its list, so a card with ten thousand entries costs
as many queries as one with a single entry.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from genjin.customers.models import (
    Address,
    Consent,
    ContactPerson,
    ContactPoint,
    Customer,
    Hold,
    NewsClip,
    TimelineEntry,
    WantedItem,
)
from genjin.customers.visibility import (
    in_hand,
    may_see,
    may_see_informant,
    shown_address,
    shown_phone,
    shown_roles,
    visible_to,
)

__all__ = [
    "Card",
    "acting_holds",
    "card",
    "in_hand",
    "may_see",
    "may_see_informant",
    "shown_address",
    "shown_phone",
    "shown_roles",
    "timeline",
    "timeline_kinds",
    "visible_to",
]

TIMELINE_PAGE = 50


@dataclass(frozen=True)
class Card:
    """One card with everything that stands on it, for screens and the desk.

    `consents` are the newest answers for each channel and purpose, `holds` those that act now or
    will, `clips` the news that is not stale.
    """

    customer: Customer
    people: list[ContactPerson]
    points: list[ContactPoint]
    addresses: list[Address]
    consents: list[Consent]
    holds: list[Hold]
    clips: list[NewsClip]
    wanted: list[WantedItem]

    @property
    def is_refused(self) -> bool:
        """Do not contact: the newest answer for everything is a refusal."""
        return any(
            not consent.channel and not consent.purpose and consent.answer == "refused"
            for consent in self.consents
        )


def acting_holds(customer: Customer, now: datetime) -> QuerySet[Hold]:
    """Holds that act now or are to come, the one that ends first in front."""
    return (
        Hold.objects.filter(customer=customer, ends_at__gt=now, released_at=None)
        .select_related("placed_by")
        .order_by("ends_at", "id")
    )


def _newest_consents(customer: Customer) -> list[Consent]:
    return list(
        Consent.objects.filter(customer=customer)
        .order_by("channel", "purpose", "-at", "-id")
        .distinct("channel", "purpose")
        .select_related("by")
    )


def card(customer_id: UUID, *, now: datetime, visible: QuerySet[Customer] | None = None) -> Card:
    """The card by its id; eight queries. Raises Customer.DoesNotExist outside `visible`."""
    rows = Customer.objects.all() if visible is None else visible
    customer = rows.select_related("custodian", "team", "stated_hours").get(pk=customer_id)
    today: date = now.date()
    people = ContactPerson.objects.filter(customer=customer, is_active=True).select_related(
        "stated_hours"
    )
    points = ContactPoint.objects.filter(customer=customer, is_active=True).select_related(
        "stated_hours"
    )
    return Card(
        customer=customer,
        people=list(people.order_by("-is_self", "created_at", "id")),
        points=list(points.order_by("position", "id")),
        addresses=list(Address.objects.filter(customer=customer, is_active=True).order_by("id")),
        consents=_newest_consents(customer),
        holds=list(acting_holds(customer, now)),
        clips=list(
            NewsClip.objects.filter(customer=customer, expires_on__gte=today).order_by("-date")[:20]
        ),
        wanted=list(
            WantedItem.objects.filter(customer=customer, closed_at=None).order_by("-asked_at")[:50]
        ),
    )


def timeline(
    customer_id: UUID,
    *,
    kinds: Sequence[str] = (),
    before: tuple[datetime, UUID] | None = None,
    limit: int = TIMELINE_PAGE,
) -> list[TimelineEntry]:
    """The newest entries first; `before` is (at, id) of the last one already shown."""
    rows = TimelineEntry.objects.filter(customer_id=customer_id)
    if kinds:
        rows = rows.filter(kind__in=kinds)
    if before is not None:
        at, pk = before
        rows = rows.filter(at__lte=at).exclude(Q(at=at) & Q(id__gte=pk))
    return list(rows.select_related("by").order_by("-at", "-id")[:limit])


def timeline_kinds() -> list[str]:
    """The kinds that the filter offers, in its order."""
    return ["interaction", "commitment", "grade", "hold", "consent", "change", "custody",
            "memory", "import"]  # fmt: skip
