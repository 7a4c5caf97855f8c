"""Packs values as the fields of PostgreSQL's binary COPY: a length in four bytes, then the value.

The server takes these over as they are, where it would have to read text again. Pure.
"""

import sys
from array import array
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
NULL = b"\xff\xff\xff\xff"
EMPTY = bytes(4)
"""The empty text."""
FALSE, TRUE = b"\0\0\0\x01\0", b"\0\0\0\x01\x01"
UUID_LENGTH = b"\0\0\0\x10"
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_INT4, _VARCHAR = 23, 1043
_WORDS_KEPT = 20_000
_GROUP = 4


def row(columns: Sequence[str]) -> bytes:
    """How a row of these columns begins."""
    return len(columns).to_bytes(2, "big")


def field(value: bytes) -> bytes:
    """A value as it is stored."""
    return len(value).to_bytes(4, "big") + value


def text(value: str) -> bytes:
    """A text or varchar."""
    if not value:
        return EMPTY
    data = value.encode()
    return len(data).to_bytes(4, "big") + data


class Words(dict[str, bytes]):
    """The fields of words that come again and again: codes, regions, sources; so many are kept."""

    def __missing__(self, word: str) -> bytes:
        packed = text(word)
        if len(self) < _WORDS_KEPT:
            self[word] = packed
        return packed


def jsonb(value: bytes) -> bytes:
    """JSON that is encoded already."""
    return (len(value) + 1).to_bytes(4, "big") + b"\x01" + value


def smallint(value: int) -> bytes:
    """An int2."""
    return b"\0\0\0\x02" + value.to_bytes(2, "big", signed=True)


def bigint(value: int | None) -> bytes:
    """An int8, such as the id of a user; None is NULL."""
    return NULL if value is None else b"\0\0\0\x08" + value.to_bytes(8, "big", signed=True)


def moment(at: datetime) -> bytes:
    """A timestamptz: microseconds since 2000."""
    return bigint((at - _EPOCH) // timedelta(microseconds=1))


@lru_cache(maxsize=8192)
def numeric(value: str) -> bytes:
    """A decimal number such as "-31.230416"; "" is NULL. It is stored by groups of four digits."""
    if not value:
        return NULL
    whole, _, part = value.lstrip("-").partition(".")
    left = whole.zfill(-(-len(whole) // _GROUP) * _GROUP)
    digits = left + part.ljust(-(-len(part) // _GROUP) * _GROUP, "0")
    groups = [int(digits[at : at + _GROUP]) for at in range(0, len(digits), _GROUP)]
    weight = len(left) // _GROUP - 1
    while groups and not groups[0]:
        del groups[0]
        weight -= 1
    while groups and not groups[-1]:
        del groups[-1]
    if not groups:
        weight = 0
    sign = 0x4000 if value.startswith("-") and groups else 0
    head = (len(groups), weight, sign, len(part))
    return field(b"".join([(one & 0xFFFF).to_bytes(2, "big") for one in (*head, *groups)]))


def _array(element: int, count: int, elements: bytes) -> bytes:
    # Dimensions, whether there are NULLs, the type; then the size and where counting begins.
    head = (1, 0, element, count, 1) if count else (0, 0, element)
    return field(b"".join([one.to_bytes(4, "big") for one in head]) + elements)


def texts(values: Sequence[str]) -> bytes:
    """A varchar[]."""
    return _array(_VARCHAR, len(values), b"".join(map(text, values)))


def integers(values: Iterable[int]) -> bytes:
    """An int4[]."""
    given = array("i", values)
    count = len(given)
    if not count:
        return _array(_INT4, 0, b"")
    # Each element stands behind its length, which is four.
    elements = array("i", [4]) * (2 * count)
    elements[1::2] = given
    if sys.byteorder == "little":
        elements.byteswap()
    return b"".join(
        (
            (20 + 8 * count).to_bytes(4, "big"), _INTEGERS, count.to_bytes(4, "big"),
            b"\0\0\0\x01", elements.tobytes(),
        )
    )  # fmt: skip


_INTEGERS = b"\0\0\0\x01" + bytes(4) + _INT4.to_bytes(4, "big")
NO_TEXTS = texts(())
