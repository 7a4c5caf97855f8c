"""What screens read of a card: the card with its parts, and its timeline (CU1, CU16).

Each part is one query whatever the length of its list, so a card with ten thousand entries costs
as many queries as one with a single entry.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Max, Q, QuerySet

from genjin.customers.family import counting_answers, family_of
from genjin.customers.models import (
    Address,
    Consent,
    ContactPerson,
    ContactPoint,
    Customer,
    Hold,
    Merge,
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
from genjin.foundation.compiled import Compiled

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

# What every card page and every page of the desk asks for, by the card's id.
_CUSTOMER = Compiled(
    lambda card: Customer.objects.filter(pk=card).select_related(
        "custodian", "team", "stated_hours"
    ),
    card=UUID,
)
_PEOPLE = Compiled(
    lambda card: (
        ContactPerson.objects.filter(customer=card, is_active=True)
        .select_related("stated_hours")
        .order_by("-is_self", "created_at", "id")
    ),
    card=UUID,
)
_POINTS = Compiled(
    lambda card: (
        ContactPoint.objects.filter(customer=card, is_active=True)
        .select_related("stated_hours")
        .order_by("position", "id")
    ),
    card=UUID,
)
_ADDRESSES = Compiled(
    lambda card: Address.objects.filter(customer=card, is_active=True).order_by("id"), card=UUID
)
_NEWEST_CONSENTS = Compiled(
    lambda card: (
        Consent.objects.filter(customer=card)
        .order_by("channel", "purpose", "-at", "-id")
        .distinct("channel", "purpose")
        .select_related("by")
    ),
    card=UUID,
)
_ACTING_HOLDS = Compiled(
    lambda card, now: _acting_holds(card, now).select_related("placed_by"), card=UUID, now=datetime
)
_CLIPS = Compiled(
    lambda card, today: NewsClip.objects.filter(customer=card, expires_on__gte=today).order_by(
        "-date"
    )[:20],
    card=UUID,
    today=date,
)
_WANTED = Compiled(
    lambda card: WantedItem.objects.filter(customer=card, closed_at=None).order_by("-asked_at")[
        :50
    ],
    card=UUID,
)


@dataclass(frozen=True)
class Card:
    """One card with everything that stands on it, for screens and the desk.

    `consents` are the newest answers for each channel and purpose, `holds` those that act now or
    will, `clips` the news that is not stale, `family` its own id and those merged into it.
    """

    customer: Customer
    people: list[ContactPerson]
    points: list[ContactPoint]
    addresses: list[Address]
    consents: list[Consent]
    holds: list[Hold]
    clips: list[NewsClip]
    wanted: list[WantedItem]
    family: list[UUID]

    @property
    def is_refused(self) -> bool:
        """Do not contact: the newest answer for everything is a refusal."""
        return any(
            not consent.channel and not consent.purpose and consent.answer == "refused"
            for consent in self.consents
        )


def _consents(family: Sequence[UUID]) -> list[Consent]:
    """The answers that count, one for each channel and purpose."""
    if len(family) == 1:
        return _NEWEST_CONSENTS.all(card=family[0])
    merges = Merge.objects.filter(merged__in=family[1:], undone_at=None)
    last = merges.aggregate(at=Max("at"))["at"]
    said: dict[tuple[str, str], dict[UUID, list[Consent]]] = {}
    for one in Consent.objects.filter(customer__in=family).select_related("by"):
        asked = said.setdefault((one.channel, one.purpose), {})
        asked.setdefault(one.customer_id, []).append(one)
    return [
        max(counting_answers(cards.values(), last), key=lambda one: one.at)
        for _asked, cards in sorted(said.items())
    ]


def _acting_holds(card: UUID, now: datetime) -> QuerySet[Hold]:
    return Hold.objects.filter(customer=card, ends_at__gt=now, released_at=None).order_by(
        "ends_at", "id"
    )


def acting_holds(customer: Customer, now: datetime) -> QuerySet[Hold]:
    """Holds that act now or are to come, the one that ends first in front."""
    return _acting_holds(customer.pk, now).select_related("placed_by")


def card(customer_id: UUID, *, now: datetime, visible: QuerySet[Customer] | None = None) -> Card:
    """The card by its id; nine queries. Raises Customer.DoesNotExist outside `visible`."""
    if visible is None:
        customer = _CUSTOMER.first(card=customer_id)
    else:
        rows = visible.select_related("custodian", "team", "stated_hours")
        customer = rows.filter(pk=customer_id).first()
    if customer is None:
        raise Customer.DoesNotExist(str(customer_id))
    family = family_of(customer_id)
    return Card(
        customer=customer,
        people=_PEOPLE.all(card=customer_id),
        points=_POINTS.all(card=customer_id),
        addresses=_ADDRESSES.all(card=customer_id),
        consents=_consents(family),
        holds=_ACTING_HOLDS.all(card=customer_id, now=now),
        clips=_CLIPS.all(card=customer_id, today=now.date()),
        wanted=_WANTED.all(card=customer_id),
        family=family,
    )


def timeline(
    customer_id: UUID,
    *,
    kinds: Sequence[str] = (),
    before: tuple[datetime, UUID] | None = None,
    limit: int = TIMELINE_PAGE,
) -> list[TimelineEntry]:
    """The newest entries first, those of cards merged into this one among them.

    `before` is (at, id) of the last one already shown.
    """
    newest: list[TimelineEntry] = []
    # Each card of the family is read by its own index: a merge makes no long history slow.
    for card_id in family_of(customer_id):
        rows = TimelineEntry.objects.filter(customer_id=card_id)
        if kinds:
            rows = rows.filter(kind__in=kinds)
        if before is not None:
            at, pk = before
            rows = rows.filter(at__lte=at).exclude(Q(at=at) & Q(id__gte=pk))
        newest += rows.select_related("by").order_by("-at", "-id")[:limit]
    return sorted(newest, key=lambda one: (one.at, one.pk), reverse=True)[:limit]


def timeline_kinds() -> list[str]:
    """The kinds that the filter offers, in its order."""
    return ["interaction", "commitment", "grade", "hold", "consent", "change", "custody",
            "collection", "memory", "import"]  # fmt: skip
