"""Reads papers that went out; lists never touch the files."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from genjin.customers.family import family_of
from genjin.customers.models import Customer
from genjin.customers.visibility import may_see, sees_masked
from genjin.foundation.models import User
from genjin.sales.models import IssuedPaper, PaperFile


def current_paper(kind: str, source_kind: str, source_id: str) -> IssuedPaper | None:
    """The paper that a source has now: the one that nothing replaced."""
    rows = IssuedPaper.objects.filter(kind=kind, source_kind=source_kind, source_id=source_id)
    return rows.filter(replaced_by=None).order_by("-made_at").first()


def papers_of(customer_id: UUID) -> QuerySet[IssuedPaper]:
    """A card's papers, newest first, with those of cards merged into it; `is_replaced` is set."""
    return papers_of_cards(family_of(customer_id))


def papers_of_cards(cards: Collection[UUID]) -> QuerySet[IssuedPaper]:
    """The papers of several cards, newest first."""
    replaced = IssuedPaper.objects.filter(replaces=OuterRef("pk"))
    return (
        IssuedPaper.objects.filter(customer__in=cards)
        .select_related("made_by", "replaces")
        .annotate(is_replaced=Exists(replaced))
        .order_by("-made_at", "-pk")
    )


def card_of(paper: IssuedPaper) -> Customer:
    """The card on which the paper is found now: the one its own card was merged into, if any."""
    card: Customer = paper.customer
    while card.merged_into is not None:
        card = card.merged_into
    return card


def may_open(user: User, paper: IssuedPaper) -> bool:
    """Whether a person may read the file: their card, and whole numbers where it carries them."""
    return may_see(user, card_of(paper)) and not (paper.shows_contact and sees_masked(user))


def content_of(paper: IssuedPaper) -> bytes:
    """The bytes as they were made."""
    return bytes(PaperFile.objects.only("content").get(paper=paper).content)
