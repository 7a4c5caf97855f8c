"""What the list of pairs and the comparison of two cards show.

Of a card outside one's scope its custodian is shown and nothing else, in the list, in the
comparison and in the evidence.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from genjin.customers import fields as card_fields
from genjin.customers import queries
from genjin.customers.duplicates.sentences import in_words
from genjin.customers.models import Customer, DuplicatePair, FieldDefinition, Merge
from genjin.customers.operations.merging import Difference, differences
from genjin.customers.states import PairState
from genjin.flows.merging import (
    first_on_record,
    is_claimed_by_two,
    may_decide_collision,
    may_merge,
)
from genjin.followups.models import Commitment, FollowUp, Interaction
from genjin.followups.states import OPEN
from genjin.foundation.access import has_right
from genjin.foundation.models import User
from genjin.web.customers import words
from genjin.web.customers.history import timeline_items

ENTRIES = 12
_SECRET = frozenset({"same_phone", "same_landline", "same_email", "same_tax_number"})


@dataclass(frozen=True)
class Side:
    """One card of a pair as this person sees it; `is_open` false: the custodian alone."""

    customer: Customer
    is_open: bool
    place: str = ""


def visible_ids(user: User, rows: Iterable[DuplicatePair]) -> set[UUID]:
    """Which cards of these pairs this person may see; one query."""
    ids = {pk for row in rows for pk in (row.first_id, row.second_id)}
    return set(queries.visible_to(user).filter(pk__in=ids).values_list("pk", flat=True))


def side(customer: Customer, is_open: bool) -> Side:
    return Side(customer, is_open, words.place(customer.region) if is_open else "")


def line(pair: DuplicatePair, visible: set[UUID]) -> dict[str, Any]:
    """A pair in the list."""
    return {
        "pair": pair,
        "sides": [side(one, one.pk in visible) for one in (pair.first, pair.second)],
        "evidence": [one for one in in_words(pair.evidence) if one["speaks_for"]],
        "tone": "good" if pair.score >= 90 else "accent" if pair.score >= 75 else "quiet",
    }


def panel(customer: Customer, user: User) -> dict[str, Any]:
    """What the page of a card says: cards that may be the same one, and what was merged into it."""
    rows = list(
        DuplicatePair.objects.filter(Q(first=customer) | Q(second=customer), state=PairState.OPEN)
        .select_related("first__custodian", "second__custodian")
        .order_by("-score", "pk")[:5]
    )
    visible = visible_ids(user, rows) if rows else set()
    lines = [line(pair, visible) for pair in rows]
    for one in lines:
        one["others"] = [two for two in one["sides"] if two.customer.pk != customer.pk]
    merges = Merge.objects.filter(survivor=customer, undone_at=None).select_related("merged", "by")
    return {"pairs": lines, "merges": list(merges.order_by("-at")[:10])}


def _text(one: Difference, which: str, known: dict[str, FieldDefinition]) -> str:
    value = getattr(one, which)
    return str(value) if one.name == "stated_hours" and value else words.value_text(
        one.name, value, known
    )  # fmt: skip


def fields(first: Customer, second: Customer) -> list[dict[str, Any]]:
    """The fields in which the two differ, with both values; the fuller one is chosen."""
    known = {one.code: one for one in card_fields.definitions(with_retired=True)}
    rows = []
    for one in differences(first, second):
        texts = [_text(one, which, known) for which in ("survivor", "merged")]
        rows.append(
            {
                "name": one.name,
                "label": words.column_label(one.name, known),
                "first": texts[0],
                "second": texts[1],
                "chosen": "second" if texts[0] == "–" else "first",
            }
        )
    return rows


def column(customer: Customer, user: User, now: datetime) -> dict[str, Any]:
    """One card of the comparison: numbers, addresses, people and what hangs on it."""
    card = queries.card(customer.pk, now=now)
    entries = queries.timeline(customer.pk, limit=ENTRIES)
    definitions = card_fields.definitions(with_retired=True)
    return {
        "customer": customer,
        "is_open": True,
        "place": words.place(customer.region),
        "phones": [queries.shown_phone(user, point) for point in card.points],
        "addresses": [
            queries.shown_address(user, one.text, words.place(one.division))
            for one in card.addresses
        ],
        "people": [one.name for one in card.people if not one.is_self],
        "counts": [
            (_("Contacts"), Interaction.objects.filter(customer__in=card.family).count()),
            (_("Follow-ups waiting"), FollowUp.objects.filter(
                customer=customer, state__in=OPEN).count()),
            (_("Open promises"), Commitment.objects.filter(
                customer=customer, state="open").count()),
            (_("Holds"), len(card.holds)),
        ],
        "timeline": timeline_items(entries, user=user, definitions=definitions),
    }  # fmt: skip


def evidence(pair: DuplicatePair, user: User, is_open: bool) -> list[dict[str, Any]]:
    """What speaks for and against; the compared values only where both cards are open."""
    whole = has_right(user, "customers.see_contact")
    rows = []
    for told, one in zip(in_words(pair.evidence), pair.evidence, strict=True):
        value = ""
        if is_open and (whole or one["code"] not in _SECRET) and "address" not in one["code"]:
            parts = [words.choice(words.Kind, text) if one["code"] == "other_kind" else
                     words.choice(words.Sex, text) if one["code"] == "other_sex" else text
                     for text in (one["first"], one["second"])]  # fmt: skip
            value = parts[0] if parts[0] == parts[1] else " · ".join(parts)
        rows.append({**told, "value": value})
    return rows


def comparison(pair: DuplicatePair, user: User, visible: set[UUID], now: datetime) -> dict:
    """The whole page of a pair."""
    decides = pair.state == PairState.OPEN and may_decide_collision(user, pair)
    opened = {one.pk: one.pk in visible or decides for one in (pair.first, pair.second)}
    both = all(opened.values()) and not (pair.first.merged_into_id or pair.second.merged_into_id)
    cards = [
        column(one, user, now) if opened[one.pk] else {"customer": one, "is_open": False}
        for one in (pair.first, pair.second)
    ]
    is_claimant = user.pk in (pair.first.custodian_id, pair.second.custodian_id)
    return {
        "pair": pair,
        "cards": cards,
        "is_open": pair.state == PairState.OPEN,
        "sees_both": both,
        "fields": fields(pair.first, pair.second) if both else [],
        "evidence": evidence(pair, user, both),
        "first_on_record": first_on_record(pair),
        "may_merge": both and may_merge(user, pair.first, pair.second),
        "may_distinct": both,
        "may_award": decides,
        "may_claim": is_claimed_by_two(pair) and is_claimant and pair.state == PairState.OPEN,
        "mine": next((one for one in (pair.first, pair.second) if opened[one.pk]), None),
    }
