"""How many customers a selection has, by every facet, and which they are (CU2)."""

import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from genjin.customers.facets import statement
from genjin.customers.facets.statement import Asked, Scope
from genjin.customers.facets.ticks import places_of, split
from genjin.customers.models import Customer
from genjin.customers.models.facets import CHUNK, CHUNK_BITS
from genjin.customers.segments import Criteria, customers_in, validate
from genjin.customers.visibility import held_by, sees_masked
from genjin.foundation.access import scope_of
from genjin.foundation.models import User

_NOBODY = ("SELECT NULL::bigint AS number WHERE false", ())


@dataclass(frozen=True)
class Tally:
    """Counts of a selection: `total`, `by_facet` {facet: {value: count}}, and for a facet with
    ticks of its own how many there would be without these (`without`)."""

    total: int
    by_facet: Mapping[str, Mapping[str, int]]
    without: Mapping[str, int]

    def unknown(self, facet: str) -> int:
        """Of how many nothing is known for the facet."""
        known = self.by_facet.get(facet, {}).get("", 0)
        return self.without.get(facet, self.total) - known


def _numbers(rows: QuerySet[Customer]) -> tuple[str, Sequence[Any]]:
    try:
        return rows.order_by().values("number").query.sql_with_params()
    except EmptyResultSet:
        return _NOBODY


def _scope(user: User | None) -> Scope | None:
    scope = "all" if user is None else scope_of(user)
    if user is None or scope == "all":
        return None
    pairs = [("custodian", str(user.pk))]
    if scope == "team" and user.team_id:
        pairs.append(("team", str(user.team_id)))
    return Scope(pairs, _numbers(held_by(user)))


def asked_of(criteria: Criteria, user: User | None) -> Asked:
    """A selection as the statement needs it. Raises BadInput like `customers_in`."""
    ticks, rest = split(criteria, validate(criteria))
    has_rest = bool(rest["all"] or rest["none"])
    rows = customers_in(rest, masked=sees_masked(user)) if has_rest else None
    return Asked(ticks, None if rows is None else _numbers(rows), _scope(user))


def _rows(sql: statement.Sql) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(str(sql), sql.values)
        return cursor.fetchall()


def tally(
    criteria: Criteria, *, user: User | None, facets: Sequence[str] = (),
    places: Sequence[str] = (), is_inside: bool = False,
) -> Tally:  # fmt: skip
    """Counts the selection within the user's scope by each of `facets`, in one statement.

    `places` are divisions right below a province to be counted besides; they stand under
    "place". A facet's own ticks do not count for itself unless `is_inside`. Raises BadInput for
    criteria that cannot be asked.
    """
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    wanted = set(places)
    sql = statement.counts(asked_of(criteria, user), facets, places, is_inside=is_inside)
    for facet, value, count in _rows(sql):
        if facet == "region" and value:
            # A bitmap's province and a changed card's county alike.
            for level, code in places_of(value):
                if level == "region" or code in wanted:
                    found[level][code] += count
        else:
            found[facet][value] += count
    totals = found.pop("", {})
    return Tally(totals.pop("", 0), {one: dict(rows) for one, rows in found.items()}, totals)


@dataclass(frozen=True)
class Members:
    """Which cards a selection has, as a bitmap: bit n is the card with number n."""

    bits: int

    @property
    def count(self) -> int:
        return self.bits.bit_count()

    def numbers(self) -> Iterator[int]:
        """The card numbers in their order."""
        for at, byte in enumerate(self.bits.to_bytes(-(-self.bits.bit_length() // 8), "little")):
            if byte:
                yield from (at * 8 + place for place in range(8) if byte >> place & 1)

    def packed(self) -> bytes:
        """As it is stored with a segment's day."""
        length = -(-self.bits.bit_length() // 8)
        return zlib.compress(self.bits.to_bytes(length, "little"), 6)

    @classmethod
    def unpacked(cls, stored: bytes) -> "Members":
        return cls(int.from_bytes(zlib.decompress(stored), "little")) if stored else cls(0)


def members(criteria: Criteria, *, user: User | None = None) -> Members:
    """Which cards fit now, within the user's scope when one is given; one statement."""
    chunks: dict[int, int] = {}
    single: list[int] = []
    for chunk, bits, number in _rows(statement.members(asked_of(criteria, user))):
        if chunk is None:
            single.append(number)
        elif "1" in bits:
            chunks[chunk] = int(bits[::-1], 2)
    last = max([*chunks, *(number >> CHUNK_BITS for number in single)], default=-1)
    empty = bytes(CHUNK // 8)
    parts = [
        chunks[chunk].to_bytes(CHUNK // 8, "little") if chunk in chunks else empty
        for chunk in range(last + 1)
    ]
    whole = bytearray(b"".join(parts))
    for number in single:
        whole[number >> 3] |= 1 << (number & 7)
    return Members(int.from_bytes(whole, "little"))
