"""The only writer of a status column.

A status changes by one conditional UPDATE on the old status: one row, or `LostRace`. The row and
its audit entry are written together. Callers hold a transaction when more must happen with it.
"""

from contextlib import nullcontext
from datetime import datetime
from typing import Any

from django.db import connection, models, transaction

from genjin.foundation import audit
from genjin.foundation.models import User
from genjin.kernel.errors import LostRace
from genjin.kernel.states import StateTable


def transition(
    row: models.Model,
    *,
    field: str,
    table: StateTable,
    to: str,
    by: User | None,
    now: datetime,
    reason: str = "",
    where: models.Q | None = None,
    is_audited: bool = True,
    **values: Any,
) -> None:
    """Moves `row` from its present state to `to`, writing `values` in the same statement.

    Raises `LostRace` when the row is no longer in the state that `row` shows (or `where` no
    longer holds), and what `table.check` raises when the table knows no such move. On success
    the instance carries the new values.
    """
    old = getattr(row, field)
    table.check(old, to)
    rows = type(row)._default_manager.filter(pk=row.pk, **{field: old})
    if where is not None:
        rows = rows.filter(where)
    # A caller's transaction needs no savepoint: where the row was not moved, nothing was written.
    with nullcontext() if connection.in_atomic_block else transaction.atomic():
        if rows.update(**{field: to}, **values) != 1:
            raise LostRace(
                "state_changed", kind=row._meta.model_name, id=str(row.pk), state=old, to=to
            )
        if is_audited:
            audit.record(
                "transition",
                row,
                by=by,
                now=now,
                changes={field: [str(old), str(to)]},
                reason=reason,
            )
    for name, value in {field: to, **values}.items():
        setattr(row, name, value)
