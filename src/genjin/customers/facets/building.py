"""Works changed cards into the bitmaps of the facets; the worker does it every second (CU2).

What changed is deleted and the cards are read afterwards, in one transaction: a card that changes
meanwhile has a note of its own that stays for the next time. Whoever counts sees either the notes
or the bitmaps that contain them.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import connection, transaction

from genjin.customers.facets.statement import VALUES
from genjin.customers.facets.ticks import places_of
from genjin.customers.models.facets import CHUNK, CHUNK_BITS
from genjin.foundation.jobs import tick

SECONDS = 1.5
MANY = 32
_LOCK = 0x46414345
Key = tuple[str, str]
OF_CARDS = (
    "SELECT facet, value, array_agg((number & 8191)::integer) "
    "FROM (" + VALUES + " = ANY(%s)) v WHERE value <> '.' OR facet <> '' GROUP BY facet, value"
)


@tick("facets", every_seconds=1)
def work_in_changes(now: datetime) -> int:
    """Works in what changed, for a short while; returns how many chunks were made again."""
    until = time.monotonic() + SECONDS
    done = 0
    while (found := work_in_some()) and time.monotonic() < until:
        done += found
    if done >= MANY:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE customers_facetbits")
    return done + found


def work_in_some(most: int = 4) -> int:
    """Works in the changes of a few chunks, each whole; returns how many chunks they were."""
    with transaction.atomic():
        changed = _taken(most)
        for chunk, places in sorted(changed.items()):
            _rebuild(chunk, places)
    return len(changed)


def _taken(most: int) -> dict[int, set[int]]:
    changed: dict[int, set[int]] = defaultdict(set)
    with connection.cursor() as cursor:
        # A builder that waited here sees what the one before it left.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        cursor.execute(
            "DELETE FROM customers_facetchange WHERE chunk = ANY(ARRAY("
            "SELECT DISTINCT chunk FROM customers_facetchange ORDER BY chunk LIMIT %s)) "
            "RETURNING chunk, places",
            [most],
        )
        for chunk, places in cursor.fetchall():
            changed[chunk].update(places)
    return changed


def _bits(places: Iterable[int]) -> int:
    text = bytearray(b"0" * CHUNK)
    for place in places:
        text[place] = 49
    return int(text, 2)


def _text(bits: int) -> str:
    return format(bits, f"0{CHUNK}b")


def _read(numbers: Sequence[int]) -> dict[Key, int]:
    """The bitmaps of these cards of one chunk as their rows stand now."""
    with connection.cursor() as cursor:
        cursor.execute(
            OF_CARDS,
            [list(numbers)],
        )
        found = cursor.fetchall()
    made: dict[Key, int] = defaultdict(int)
    for facet, value, places in found:
        is_place = facet == "region" and value
        for key in places_of(value) if is_place else [(facet, value)]:
            made[key] |= _bits(places)
    return made


def _standing(chunk: int, mask: int, keys: Iterable[Key]) -> dict[Key, int]:
    """The bitmaps of a chunk in which the cards of `mask` stand, or that are about to be made."""
    wanted = list(keys)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT facet, value, bits::text FROM customers_facetbits b WHERE chunk = %s AND "
            "(bit_count(bits & %s::bit(8192)) > 0 OR EXISTS (SELECT FROM "
            "unnest(%s::text[], %s::text[]) w(facet, value) "
            "WHERE w.facet = b.facet AND w.value = b.value))",
            [chunk, _text(mask), [facet for facet, _ in wanted], [value for _, value in wanted]],
        )
        return {(facet, value): int(text, 2) for facet, value, text in cursor.fetchall()}


def _rebuild(chunk: int, places: set[int]) -> None:
    first = chunk << CHUNK_BITS
    made = _read([first + place for place in places])
    mask = _bits(places)
    before = _standing(chunk, mask, made)
    after = {key: (before.get(key, 0) & ~mask) | made.get(key, 0) for key in {*before, *made}}
    _write(chunk, {key: bits for key, bits in after.items() if bits and bits != before.get(key)})
    _forget(chunk, [key for key, bits in after.items() if not bits])


def _write(chunk: int, bitmaps: Mapping[Key, int]) -> None:
    if not bitmaps:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO customers_facetbits (chunk, facet, value, bits) "
            "SELECT %s, facet, value, bits::bit(8192) "
            "FROM unnest(%s::text[], %s::text[], %s::text[]) w(facet, value, bits) "
            "ON CONFLICT (facet, value, chunk) DO UPDATE SET bits = excluded.bits",
            [chunk, [facet for facet, _ in bitmaps], [value for _, value in bitmaps],
             [_text(bits) for bits in bitmaps.values()]],
        )  # fmt: skip


def _forget(chunk: int, keys: Sequence[Key]) -> None:
    if not keys:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM customers_facetbits b USING unnest(%s::text[], %s::text[]) "
            "w(facet, value) WHERE b.chunk = %s AND b.facet = w.facet AND b.value = w.value",
            [[facet for facet, _ in keys], [value for _, value in keys], chunk],
        )
