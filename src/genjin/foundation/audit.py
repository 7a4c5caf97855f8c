"""Writes the audit trail (PL5). Reading it is `queries.audit_entries`."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models

from genjin.foundation.models import AuditEntry, User


@dataclass(frozen=True)
class Origin:
    """Where the present change comes from: set by the middleware, a command or a job."""

    source: str = "job"
    address: str | None = None


_origin: ContextVar[Origin] = ContextVar("audit_origin", default=Origin())  # noqa: B039 - frozen


@contextmanager
def origin(source: str, address: str | None = None) -> Iterator[None]:
    token = _origin.set(Origin(source, address))
    try:
        yield
    finally:
        _origin.reset(token)


def plain(value: Any) -> Any:
    """A value as the trail keeps it: JSON's own types, everything else as text."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, models.Model):
        return str(value.pk)
    return str(value)


def record(
    action: str,
    subject: models.Model | tuple[str, str],
    *,
    by: User | None,
    now: datetime,
    changes: Mapping[str, Any] | None = None,
    reason: str = "",
    label: str = "",
) -> AuditEntry:
    """Appends one entry. `subject` is the row, or (kind, id) where there is none."""
    if isinstance(subject, models.Model):
        kind, pk = str(subject._meta.model_name), str(subject.pk)
        label = label or str(subject)[:200]
    else:
        kind, pk = subject
    place = _origin.get()
    return AuditEntry.objects.create(
        at=now,
        by=by,
        action=action,
        object_kind=kind,
        object_id=pk,
        label=label,
        changes=plain(changes or {}),
        reason=reason,
        source=place.source,
        address=place.address,
    )


def differences(row: models.Model, values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """What `values` would change on `row`, as {field: [before, after]}; nothing where equal."""
    return {
        name: [plain(getattr(row, name)), plain(value)]
        for name, value in values.items()
        if getattr(row, name) != value
    }


def change(
    row: models.Model,
    values: Mapping[str, Any],
    *,
    by: User | None,
    now: datetime,
    action: str = "change",
    reason: str = "",
) -> dict[str, list[Any]]:
    """Writes `values` to `row` (named fields only) with their audit entry; returns the changes.

    The caller holds the transaction. Nothing is written when nothing differs.
    """
    changes = differences(row, values)
    if changes:
        for name in changes:
            setattr(row, name, values[name])
        row.save(update_fields=list(changes))
        record(action, row, by=by, now=now, changes=changes, reason=reason)
    return changes
