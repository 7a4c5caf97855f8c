"""Pages by key: an answer's `next` is where the following page goes on, whatever came meanwhile."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.utils.translation import gettext_noop as _
from pydantic import BaseModel, Field

from genjin.kernel.errors import BadInput

MOST = 200
USUAL = 50
Item = TypeVar("Item")
Row = TypeVar("Row")
Key = tuple[Any, ...]


class Page(BaseModel, Generic[Item]):
    """A page of a list."""

    items: list[Item]
    next: str | None = Field(
        None, description=_("Send it as “after” for the following page; null at the end.")
    )


class PageAsked(BaseModel):
    """Which page of a list is asked for."""

    limit: int = Field(USUAL, ge=1, le=MOST, description=_("How many at most, up to 200."))
    after: str = Field("", max_length=400, description=_("The “next” of the page before."))


def write_key(*values: Any) -> str:
    """A place in a list as one word."""
    plain = [one.isoformat() if isinstance(one, datetime) else str(one) for one in values]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def _is_usual(moment: datetime) -> bool:
    """Whether a moment of ours can be this; 9999 stands for "never by itself"."""
    return moment.tzinfo is not None and moment.year >= 1900


_READ: dict[type, Callable[[str], Any]] = {
    datetime: datetime.fromisoformat,
    UUID: UUID,
    int: int,
}


def read_key(text: str, *types: type) -> Key | None:
    """The place that a word of `write_key` names; None for "". BadInput `not_a_cursor`."""
    if not text:
        return None
    try:
        parts = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if not isinstance(parts, list):
            raise TypeError(parts)
        key = tuple(_READ[kind](part) for kind, part in zip(types, parts, strict=True))
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise BadInput({"after": "not_a_cursor"}) from None
    for value in key:
        if (isinstance(value, datetime) and not _is_usual(value)) or (
            isinstance(value, int) and not 0 <= value < 2**62
        ):
            raise BadInput({"after": "not_a_cursor"})
    return key


def page_of(
    rows: Sequence[Row], limit: int, show: Callable[[Row], Item], key: Callable[[Row], Key]
) -> Page[Item]:
    """The page of `rows`, of which one more than `limit` was asked for."""
    shown = rows[:limit]
    more = write_key(*key(shown[-1])) if len(rows) > limit else None
    return Page(items=[show(row) for row in shown], next=more)
