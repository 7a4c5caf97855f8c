"""Finds the cards that may be the same customer as given ones, by indexed keys (CU10).

Nobody compares a million cards with a million: each card asks four questions that an index
answers (same number, same tax number, same reading of the name in the same region, the core of an
organisation's name in another's), a handful of cards comes back, and `rules` weighs these.
Looks beyond the person's scope on purpose: a double is a double whoever keeps it. What a screen
shows of a card out of scope is its custodian and nothing else.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from genjin.customers.duplicates.rules import Score, Side, score, sound
from genjin.customers.models import Address, ContactPerson, ContactPoint, Customer
from genjin.customers.states import Kind
from genjin.kernel import searchtokens
from genjin.kernel.chinese import pinyin_key
from genjin.kernel.organisations import core_name
from genjin.kernel.phone import parse_phone

# A number, name or word that more cards share says little: a switchboard, a test number.
_MOST = 30
_NUMBERS = """
SELECT asked.probe, p.customer_id
FROM unnest(%(probes)s::int[], %(kinds)s::text[], %(values)s::text[]) AS asked(probe, kind, value)
CROSS JOIN LATERAL (
  SELECT p.customer_id FROM customers_contactpoint p
  WHERE p.value = asked.value AND p.kind = asked.kind AND p.is_active LIMIT %(most)s) p
"""
_TAX = """
SELECT asked.probe, c.id FROM unnest(%(probes)s::int[], %(values)s::text[]) AS asked(probe, value)
CROSS JOIN LATERAL (
  SELECT c.id FROM customers_customer c
  WHERE c.tax_number = asked.value AND c.tax_number <> '' LIMIT %(most)s) c
"""
# The same reading holds the other script and the other character of one sound.
_SOUND = """
SELECT asked.probe, c.id
FROM unnest(%(probes)s::int[], %(values)s::text[], %(regions)s::text[])
  AS asked(probe, value, region)
CROSS JOIN LATERAL (
  SELECT c.id FROM customers_customer c
  WHERE c.name_key COLLATE "C" = asked.value
    AND (asked.region = '' OR c.region = '' OR left(c.region, 4) = left(asked.region, 4))
  LIMIT %(most)s) c
"""
_CORE = """
SELECT asked.probe, c.id
FROM unnest(%(probes)s::int[], %(values)s::text[], %(regions)s::text[])
  AS asked(probe, tokens, region)
CROSS JOIN LATERAL (
  SELECT c.id FROM customers_customer c
  WHERE c.search_tokens @> asked.tokens::int[] AND c.kind = 'organisation'
    AND (asked.region = '' OR c.region = '' OR left(c.region, 4) = left(asked.region, 4))
  LIMIT %(most)s) c
"""


@dataclass(frozen=True)
class Likeness:
    """A card that may be the same customer, and what speaks for it."""

    customer: Customer
    score: Score

    @property
    def why(self) -> str:
        """The code of the heaviest finding."""
        return self.score.evidence[0].code


def _literal(values: Iterable[Any]) -> str:
    return "{" + ",".join(map(str, values)) + "}"


@lru_cache(maxsize=65_536)
def _is_mobile(value: str) -> bool:
    return parse_phone(value).kind == "mobile"


def landlines_of(phones: Iterable[str]) -> frozenset[str]:
    """The numbers among these that a whole house may share."""
    return frozenset(value for value in phones if not _is_mobile(value))


def side(*, phones: Iterable[str] = (), **values: Any) -> Side:
    """What is weighed, from values that are not a card yet."""
    numbers = frozenset(value for value in phones if value)
    return Side(phones=numbers, landlines=landlines_of(numbers), **values)


def sides(ids: Iterable[UUID]) -> dict[UUID, Side]:
    """What is weighed of each card; merged ones are left out. Four queries."""
    wanted = list(ids)
    points: dict[UUID, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for pk, kind, value in ContactPoint.objects.filter(
        customer__in=wanted, is_active=True, kind__in=["phone", "email"]
    ).values_list("customer_id", "kind", "value"):
        points[pk][kind].add(value)
    addresses: dict[UUID, list[str]] = defaultdict(list)
    for pk, text in Address.objects.filter(customer__in=wanted, is_active=True).values_list(
        "customer_id", "text"
    ):
        addresses[pk].append(text)
    people: dict[UUID, list[str]] = defaultdict(list)
    for pk, name in ContactPerson.objects.filter(
        customer__in=wanted, is_active=True, is_self=False
    ).values_list("customer_id", "name"):
        people[pk].append(name)
    cards = Customer.objects.filter(pk__in=wanted, merged_into=None)
    return {
        card["pk"]: side(
            name=card["name"],
            kind=card["kind"],
            sex=card["sex"],
            other_names=tuple(card["other_names"]),
            tax_number=card["tax_number"],
            region=card["region"],
            phones=points[card["pk"]]["phone"],
            emails=frozenset(points[card["pk"]]["email"]),
            addresses=tuple(addresses[card["pk"]]),
            people=tuple(people[card["pk"]]),
        )
        for card in cards.values("pk", "name", "kind", "sex", "other_names", "tax_number", "region")
    }


def _words(core: str) -> list[frozenset[int]]:
    """Sets of words of which another organisation's name must have all of one.

    The whole core, its first and its last half (a character wrong in the middle of neither), and
    the whole as it sounds.
    """
    half = len(core) // 2
    parts = [core] if len(core) < 4 else [core, core[:half], core[-half:]]
    found = [frozenset(searchtokens.tokens_for_customer(name=part, person=False)) for part in parts]
    if letters := sound(core, False).replace(" ", ""):
        found += [frozenset(one) for one in searchtokens.query_tokens(letters).alternatives[:1]]
    return [one for one in dict.fromkeys(found) if one]


@transaction.atomic
def candidates(probes: Sequence[Side]) -> dict[int, set[UUID]]:
    """The cards that share a key with each probe, by its place; four statements for all.

    Sequential scans are switched off for them: statistics lag behind a table that grows fast.
    """
    numbers = [
        (place, kind, value)
        for place, one in enumerate(probes)
        for kind, values in (("phone", one.phones), ("email", one.emails))
        for value in values
    ]
    taxes = [(place, one.tax_number) for place, one in enumerate(probes) if one.tax_number]
    sounds = [
        (place, pinyin_key(name, one.kind == Kind.PERSON)[:400], one.region)
        for place, one in enumerate(probes)
        for name in (one.name, *one.other_names)
        if len(name) > 1
    ]
    cores = [
        (place, _literal(sorted(words)), one.region)
        for place, one in enumerate(probes)
        if one.kind == Kind.ORGANISATION
        for words in _words(core_name(one.name))
    ]
    found: dict[int, set[UUID]] = defaultdict(set)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for statement, names, rows in (
            (_NUMBERS, ("probes", "kinds", "values"), numbers),
            (_TAX, ("probes", "values"), taxes),
            (_SOUND, ("probes", "values", "regions"), sounds),
            (_CORE, ("probes", "values", "regions"), cores),
        ):
            if not rows:
                continue
            columns = zip(*rows, strict=True)
            values = {name: list(column) for name, column in zip(names, columns, strict=True)}
            cursor.execute(statement, {**values, "most": _MOST})
            for place, pk in cursor.fetchall():
                found[place].add(pk)
        cursor.execute("SET LOCAL enable_seqscan = on")
    return found


def weighed(
    probes: Mapping[UUID, Side], *, least: int
) -> dict[tuple[UUID, UUID], tuple[Side, Side, Score]]:
    """Every pair (a probe, another card) whose score is `least` or more, once."""
    keys = list(probes)
    near = candidates([probes[key] for key in keys])
    others = {pk for found in near.values() for pk in found} - set(keys)
    known = {**probes, **sides(others)}
    pairs: dict[tuple[UUID, UUID], tuple[Side, Side, Score]] = {}
    for place, found in near.items():
        key = keys[place]
        for other in found:
            pair = (key, other) if key < other else (other, key)
            if other == key or pair in pairs or other not in known:
                continue
            first, second = known[pair[0]], known[pair[1]]
            result = score(first, second)
            if result.total >= least:
                pairs[pair] = (first, second, result)
    return pairs


def likely(probe: Side, *, least: int, limit: int = 5) -> list[Likeness]:
    """The cards that may be the customer who is being entered, the likeliest first."""
    near = candidates([probe])[0]
    scored = [(pk, score(probe, other)) for pk, other in sides(near).items()]
    best = sorted(
        (pair for pair in scored if pair[1].total >= least), key=lambda pair: -pair[1].total
    )[:limit]
    cards = Customer.objects.select_related("custodian", "team").in_bulk([pk for pk, _ in best])
    return [Likeness(cards[pk], found) for pk, found in best if pk in cards]
