"""Appends to the one column of what happened to a customer (CU16). Reading it is `queries`."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from genjin.customers.models import TimelineEntry
from genjin.foundation.audit import plain
from genjin.foundation.models import User


def append(
    customer_id: UUID,
    *,
    kind: str,
    code: str,
    data: Mapping[str, Any] | None = None,
    source: tuple[str, str] = ("", ""),
    by: User | None = None,
    at: datetime,
) -> TimelineEntry:
    """Adds one line to a customer's history; it can never be changed.

    `kind` filters, `code` chooses the sentence, `data` fills it (JSON's own types; others are
    kept as text), `source` names the row of the fact. The caller holds the transaction.
    """
    return TimelineEntry.objects.create(
        customer_id=customer_id,
        kind=kind,
        code=code,
        data=plain(data or {}),
        source_kind=source[0],
        source_id=str(source[1]),
        by=by,
        at=at,
    )


def append_to_many(
    customer_ids: Iterable[UUID],
    *,
    kind: str,
    code: str,
    data: Mapping[str, Any] | None = None,
    by: User | None = None,
    at: datetime,
) -> int:
    """Adds the same line to the history of several customers; returns how many got one."""
    content = plain(data or {})
    entries = [
        TimelineEntry(customer_id=pk, kind=kind, code=code, data=content, by=by, at=at)
        for pk in customer_ids
    ]
    TimelineEntry.objects.bulk_create(entries, batch_size=2000)
    return len(entries)
