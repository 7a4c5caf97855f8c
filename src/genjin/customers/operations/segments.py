"""Makes, changes and puts away segments."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from genjin.customers import segments
from genjin.customers.models import Segment
from genjin.foundation import audit
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput
from genjin.kernel.problems import Reason


def _name(name: str) -> str:
    text = name.strip()
    if not text:
        raise BadInput({"name": [Reason("required")]})
    if len(text) > 120 or "\x00" in text:
        raise BadInput({"name": [Reason("too_long", {"limit": 120})]})
    return text


def _taken() -> BadInput:
    return BadInput({"name": [Reason("name_taken")]})


def create_segment(
    *, name: str, criteria: Mapping[str, Any], by: User | None, now: datetime
) -> Segment:
    """Names a live selection. Raises BadInput: required, too_long, name_taken, bad criteria."""
    text = _name(name)
    segments.validate(criteria)
    try:
        with transaction.atomic():
            segment = Segment.objects.create(
                name=text, criteria=dict(criteria), created_by=by, created_at=now, changed_at=now
            )
            audit.record("add", segment, by=by, now=now, changes={"criteria": [None, criteria]})
    except IntegrityError:
        raise _taken() from None
    return segment


def change_segment(
    segment: Segment,
    *,
    by: User | None,
    now: datetime,
    name: str | None = None,
    criteria: Mapping[str, Any] | None = None,
) -> dict[str, list[Any]]:
    """Renames a segment or changes whom it holds; campaigns that run keep what they froze."""
    values: dict[str, Any] = {}
    if name is not None:
        values["name"] = _name(name)
    if criteria is not None:
        segments.validate(criteria)
        values["criteria"] = dict(criteria)
    try:
        with transaction.atomic():
            row = Segment.objects.select_for_update(of=("self",)).get(pk=segment.pk)
            changes = audit.change(row, values, by=by, now=now)
            if changes:
                Segment.objects.filter(pk=row.pk).update(changed_at=now)
    except IntegrityError:
        raise _taken() from None
    segment.refresh_from_db()
    return changes


@transaction.atomic
def archive_segment(
    segment: Segment, *, by: User | None, now: datetime, is_archived: bool = True
) -> None:
    """Takes a segment out of the lists of choice, or brings it back; what uses it goes on."""
    row = Segment.objects.select_for_update(of=("self",)).get(pk=segment.pk)
    audit.change(row, {"is_archived": is_archived}, by=by, now=now)
    segment.is_archived = is_archived
