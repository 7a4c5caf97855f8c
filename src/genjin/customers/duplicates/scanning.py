"""Keeps the list of pairs: every night for the cards that changed, and on demand (CU10)."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from uuid import UUID

from django.db import connection, transaction

from genjin.customers.duplicates.finding import sides, weighed
from genjin.customers.duplicates.rules import SHOWN, Side, score
from genjin.customers.models import Customer, DuplicatePair
from genjin.customers.states import PairState
from genjin.foundation.models import Heartbeat
from genjin.kernel.ids import uuid7

_MARK = "duplicates"
_CHUNK = 1000
# A pair that was decided stays decided; an open one gets its newest score and evidence.
_KEEP = """
INSERT INTO customers_duplicatepair
  (id, first_id, second_id, score, evidence, is_collision, state, found_at, reason)
SELECT found.id, one.id, two.id, found.score, found.evidence::jsonb,
  COALESCE(one.custodian_id <> two.custodian_id, false), 'open', %(now)s, ''
FROM unnest(%(ids)s::uuid[], %(firsts)s::uuid[], %(seconds)s::uuid[], %(scores)s::int[],
  %(evidence)s::text[]) AS found(id, first_id, second_id, score, evidence)
JOIN customers_customer one ON one.id = found.first_id AND one.merged_into_id IS NULL
JOIN customers_customer two ON two.id = found.second_id AND two.merged_into_id IS NULL
ORDER BY one.id, two.id
ON CONFLICT (first_id, second_id) DO UPDATE
  SET score = EXCLUDED.score, evidence = EXCLUDED.evidence, is_collision = EXCLUDED.is_collision
  WHERE customers_duplicatepair.state = 'open'
RETURNING (xmax = 0)
"""


def _numbers(ids: Iterable[UUID]) -> dict[UUID, int]:
    return dict(Customer.objects.filter(pk__in=list(ids)).values_list("pk", "number"))


@transaction.atomic
def scan_cards(ids: Iterable[UUID], *, now: datetime) -> int:
    """Compares these cards with all others; returns how many pairs are new on the list.

    Open pairs of these cards that no longer look alike are taken off it.
    """
    probes = sides(ids)
    if not probes:
        return 0
    pairs = weighed(probes, least=SHOWN)
    _forget(probes, set(pairs))
    if not pairs:
        return 0
    numbers = _numbers({pk for pair in pairs for pk in pair})
    rows: list[tuple[UUID, UUID, int, str]] = []
    for (one, two), (_first, _second, found) in pairs.items():
        is_turned = numbers[one] > numbers[two]
        listed = [part.to_json() for part in found.evidence]
        if is_turned:
            listed = [{**part, "first": part["second"], "second": part["first"]} for part in listed]
        pair = (two, one) if is_turned else (one, two)
        rows.append((*pair, found.total, json.dumps(listed, ensure_ascii=False)))
    with connection.cursor() as cursor:
        cursor.execute(
            _KEEP,
            {
                "now": now,
                "ids": [uuid7() for _ in rows],
                "firsts": [row[0] for row in rows],
                "seconds": [row[1] for row in rows],
                "scores": [row[2] for row in rows],
                "evidence": [row[3] for row in rows],
            },
        )
        return sum(is_new for (is_new,) in cursor.fetchall())


def _forget(probes: dict[UUID, Side], standing: set[tuple[UUID, UUID]]) -> None:
    """Takes open pairs of these cards off the list that are not found any more."""
    known = DuplicatePair.objects.filter(state=PairState.OPEN)
    mine = known.filter(first__in=probes) | known.filter(second__in=probes)
    gone = [
        pair.pk
        for pair in mine.only("pk", "first_id", "second_id")
        if tuple(sorted((pair.first_id, pair.second_id))) not in standing
    ]
    DuplicatePair.objects.filter(pk__in=gone, state=PairState.OPEN).delete()


@transaction.atomic
def insert_pair(one: Customer, two: Customer, *, now: datetime) -> DuplicatePair:
    """The pair of two cards that a person puts side by side, on the list whatever its score."""
    first, second = sorted((one, two), key=lambda card: card.number)
    known = sides([first.pk, second.pk])
    found = score(known[first.pk], known[second.pk])
    keepers = {first.custodian_id, second.custodian_id} - {None}
    pair, _made = DuplicatePair.objects.get_or_create(
        first=first,
        second=second,
        defaults={
            "score": found.total,
            "evidence": [part.to_json() for part in found.evidence],
            "is_collision": len(keepers) > 1,
            "found_at": now,
        },
    )
    return pair


def _changed(since: datetime | None) -> Iterator[list[UUID]]:
    rows = Customer.objects.filter(merged_into=None)
    if since is not None:
        rows = rows.filter(changed_at__gte=since)
    ids = rows.order_by("changed_at", "id").values_list("pk", flat=True).iterator(chunk_size=_CHUNK)
    while chunk := list(islice(ids, _CHUNK)):
        yield chunk


def scanned_until() -> datetime | None:
    """Up to which change of a card the list is complete; None before the first scan."""
    beat = Heartbeat.objects.filter(name=_MARK).first()
    return beat.at if beat else None


def scan_duplicates(now: datetime, *, is_full: bool = False) -> int:
    """Compares the cards that changed since the last scan; returns how many pairs are new.

    Each thousand cards is a transaction of its own; stopped in the middle it begins again at the
    old mark and finds the same pairs once. `is_full` compares every card.
    """
    since = None if is_full else scanned_until()
    found = sum(scan_cards(chunk, now=now) for chunk in _changed(since))
    Heartbeat.objects.update_or_create(name=_MARK, defaults={"at": now, "data": {"new": found}})
    return found
