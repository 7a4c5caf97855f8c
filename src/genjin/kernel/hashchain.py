"""A chain of keyed digests: whoever lacks the key cannot change, drop or move a link unseen.

The digest of a link is HMAC-SHA-256 over the digest of the link before it and the canonical bytes
of its own content; the first link follows on `GENESIS`. A link's number is its place, so it is
not part of the content: numbers run 1, 2, 3 … without a gap.

What the chain shows by itself: any change, removal, insertion or exchange in the middle. What it
cannot show by itself: that its end was cut off, or that somebody who holds the key wrote it anew.
Both are found by marks (number, digest) that were kept in another place while the chain grew.
Nothing here reads a database or a file.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

GENESIS = bytes(32)
DIGEST_BYTES = 32
KEY_ID_LENGTH = 12
_TELL_EVERY = 10_000

Value = None | bool | int | str | bytes | datetime | UUID


class FaultKind(StrEnum):
    """What was done to the chain, as far as it can be told."""

    CHANGED = "changed"
    REMOVED = "removed"
    REORDERED = "reordered"
    CUT_TAIL = "cut_tail"
    REWRITTEN = "rewritten"
    WRONG_KEY = "wrong_key"


class Link(NamedTuple):
    """One link as it was read: its number, who signed it, its canonical content, its digest."""

    sequence: int
    key_id: str
    content: bytes
    digest: bytes


@dataclass(frozen=True, slots=True)
class Mark:
    """What another place remembers of the chain: the digest that link `sequence` had.

    `place` says where, for the person who reads the result.
    """

    sequence: int
    digest: bytes
    place: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """The first link that is not as it was written.

    `sequence` is its number (of a gap and of a cut tail: the first number that is missing), `last`
    the last number that is missing or doubtful where that is known (of a moved link the number
    where it fits), `place` the mark that told.
    """

    kind: FaultKind
    sequence: int
    last: int | None = None
    place: str = ""


@dataclass(frozen=True, slots=True)
class Walked:
    """The result of a walk: how many links were read, the last good one, the first fault."""

    count: int
    head: Mark
    fault: Fault | None


def key_id(key: bytes) -> str:
    """The name of a key: it tells keys apart and tells nothing about the key."""
    return hashlib.sha256(b"genjin score key\0" + key).hexdigest()[:KEY_ID_LENGTH]


def _text(value: bool | int | bytes | datetime | UUID) -> str:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("an instant needs its zone")
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return str(value)


def canonical(values: Iterable[Value]) -> bytes:
    """The one form of a content in bytes: each value with its length in characters, in UTF-8.

    Nothing is written as `-`, bytes in hexadecimal, instants in UTC to the microsecond. No two
    different sequences of texts have the same form.
    """
    return canonical_texts(
        [value if value is None or isinstance(value, str) else _text(value) for value in values]
    )


def canonical_texts(texts: Iterable[str | None]) -> bytes:
    """`canonical` for values that are texts already, as a query can give them: the short way."""
    return ",".join(["-" if text is None else f"{len(text)}:{text}" for text in texts]).encode(
        "utf-8"
    )


def link_digest(key: bytes, before: bytes, content: bytes) -> bytes:
    """The digest of a link that follows on the digest `before`."""
    return hmac.digest(key, before + content, "sha256")


def walk(
    links: Iterable[Link],
    keys: Mapping[str, bytes],
    *,
    marks: Iterable[Mark] = (),
    tell: Callable[[int], None] | None = None,
) -> Walked:
    """Follows the chain to its end or to the first fault, comparing it with what others remember.

    `links` come in the order of their numbers; `keys` are known keys by id; `tell` is called with
    the number of links read, now and then. A fault of kind CHANGED may turn out to be another one:
    see `tell_apart`.
    """
    remembered: dict[int, list[Mark]] = {}
    for mark in marks:
        remembered.setdefault(mark.sequence, []).append(mark)
    furthest = max(remembered, default=0)
    count, digest = 0, GENESIS
    for link in links:
        key = keys.get(link.key_id)
        if (
            key is None
            or link.sequence != count + 1
            or hmac.digest(key, digest + link.content, "sha256") != link.digest
        ):
            return Walked(count, Mark(count, digest), _misfit(link, count, key))
        if link.sequence in remembered and (fault := _contradicted(link, remembered)):
            return Walked(count, Mark(count, digest), fault)
        count, digest = link.sequence, link.digest
        if tell is not None and count % _TELL_EVERY == 0:
            tell(count)
    head = Mark(count, digest)
    if count < furthest:
        place = remembered[furthest][0].place
        return Walked(count, head, Fault(FaultKind.CUT_TAIL, count + 1, furthest, place))
    return Walked(count, head, None)


def _misfit(link: Link, count: int, key: bytes | None) -> Fault:
    """Why a link does not follow on number `count`."""
    if link.sequence > count + 1:
        return Fault(FaultKind.REMOVED, count + 1, link.sequence - 1)
    if link.sequence <= count:
        return Fault(FaultKind.REORDERED, link.sequence)
    return Fault(FaultKind.WRONG_KEY if key is None else FaultKind.CHANGED, link.sequence)


def _contradicted(link: Link, remembered: Mapping[int, list[Mark]]) -> Fault | None:
    """A mark remembers another digest: the fault lies after the last mark that agreed."""
    for mark in remembered[link.sequence]:
        if mark.digest != link.digest:
            agreed = max((number for number in remembered if number < link.sequence), default=0)
            return Fault(FaultKind.REWRITTEN, agreed + 1, link.sequence, mark.place)
    return None


def tell_apart(
    fault: Fault,
    link: Link,
    keys: Mapping[str, bytes],
    *,
    digests: Callable[[], Iterator[tuple[int, bytes]]],
    marks: Iterable[Mark] = (),
) -> Fault:
    """Says more of a link that does not fit: moved from elsewhere, or left behind by a removal.

    `link` is the faulty one. `digests()` gives (number, digest) of every link. A link that fits
    exactly behind another one was moved; a chain that ends in a digest which a mark remembers at
    a higher number lost links and was numbered anew. Otherwise it was changed.
    """
    if fault.kind is not FaultKind.CHANGED or link.key_id not in keys:
        return fault
    key, last = keys[link.key_id], Mark(0, GENESIS)
    if link.sequence != 1 and link_digest(key, GENESIS, link.content) == link.digest:
        return Fault(FaultKind.REORDERED, fault.sequence, 1)
    for number, digest in digests():
        if link_digest(key, digest, link.content) == link.digest:
            return Fault(FaultKind.REORDERED, fault.sequence, number + 1)
        last = Mark(number, digest)
    for mark in marks:
        if mark.sequence > last.sequence and mark.digest == last.digest:
            lost = mark.sequence - last.sequence
            return Fault(FaultKind.REMOVED, fault.sequence, fault.sequence + lost - 1, mark.place)
    return fault
