"""A card and the cards that were merged into it: their history is read together (CU10).

Interactions, the timeline, consents and other facts are never rewritten: they stay with the card
on which they happened, and whoever reads the survivor's reads those of its family.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID

from genjin.customers.models import Customer
from genjin.foundation.compiled import Compiled

_MERGED = Compiled(
    lambda card: Customer.objects.filter(merged_into=card).only("pk").order_by("pk"), card=UUID
)


class Answer(Protocol):
    """What is weighed of a consent: whether it was given, for what, when."""

    @property
    def channel(self) -> str: ...
    @property
    def purpose(self) -> str: ...
    @property
    def is_given(self) -> bool: ...
    @property
    def at(self) -> datetime: ...


A = TypeVar("A", bound=Answer)


def family_of(customer_id: UUID) -> list[UUID]:
    """The card's own id and those of the cards merged into it; one query."""
    return [customer_id, *(one.pk for one in _MERGED.all(card=customer_id))]


def counting_answers(cards: Iterable[Iterable[A]], merged_at: datetime) -> list[A]:
    """The answers that count for a family, of those that cover one purpose and channel.

    What was said since the last merge counts as ever: the newest. Of before, each card's newest
    answer stood on its own; where they differ the stricter one counts, however old it is.
    """
    after: list[A] = []
    stood: list[A] = []
    for answers in cards:
        listed = sorted(answers, key=lambda one: one.at)
        after += [one for one in listed if one.at > merged_at]
        if before := [one for one in listed if one.at <= merged_at]:
            stood.append(before[-1])
    if after:
        return after
    refused = [one for one in stood if not one.is_given]
    # Never for anything is stricter than never for this.
    never = [one for one in refused if not one.channel and not one.purpose]
    return never or refused or stood
