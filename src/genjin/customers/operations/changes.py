"""How every change of a card is written: audit, timeline, and the check that nobody was faster."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import models

from genjin.customers import timeline
from genjin.customers.models import Customer
from genjin.foundation import audit
from genjin.foundation.models import User
from genjin.kernel.errors import Conflict, LostRace


class ChangedMeanwhile(LostRace):
    """Somebody else changed the same fields; nothing was written.

    `data["conflicts"]` maps a field to {"seen", "theirs", "yours"}: what this person had before
    their eyes, what stands there now, what they wanted to write.
    """

    code = "changed_meanwhile"


def check_seen(current: Mapping[str, Any], seen: Mapping[str, Any] | None,
               values: Mapping[str, Any]) -> dict[str, Any]:  # fmt: skip
    """Leaves of `values` what this person really changed; raises ChangedMeanwhile on a conflict.

    `seen` is what the form showed (None: write everything). A field that only the other person
    changed keeps the other person's value; one that both set alike is no conflict.
    """
    if seen is None:
        return dict(values)
    mine, conflicts = {}, {}
    for name, new in values.items():
        shown, stands = seen.get(name), audit.plain(current.get(name))
        wanted = audit.plain(new)
        if name in seen and wanted == shown:
            continue
        mine[name] = new
        if name in seen and stands not in (shown, wanted):
            conflicts[name] = {"seen": shown, "theirs": stands, "yours": wanted}
    if conflicts:
        raise ChangedMeanwhile(conflicts=conflicts)
    return mine


def lock(customer: Customer) -> Customer:
    """The card as it stands in the database, locked until the transaction ends.

    Raises Conflict `card_was_merged`: what was meant for it belongs on the card it went into.
    """
    row = Customer.objects.select_for_update(of=("self",)).get(pk=customer.pk)
    if row.merged_into_id is not None:
        raise Conflict("card_was_merged", into=str(row.merged_into_id))
    return row


def touch(customer: Customer, now: datetime) -> None:
    """Says that the card was changed."""
    customer.changed_at = now
    customer.save(update_fields=["changed_at"])


def change_part(
    row: models.Model,
    values: Mapping[str, Any],
    *,
    customer: Customer,
    code: str,
    by: User | None,
    now: datetime,
    reason: str = "",
    secret: frozenset[str] = frozenset(),
) -> dict[str, list[Any]]:
    """Changes a row that belongs to a card: named fields, audit, timeline, the card's date.

    `secret` names fields whose change the timeline does not tell. Returns the changes.
    """
    changes = audit.change(row, values, by=by, now=now, reason=reason)
    if changes:
        told = {name: pair for name, pair in changes.items() if name not in secret}
        if told:
            timeline.append(
                customer.pk, kind="change", code=code, by=by, at=now,
                data={"label": str(row)[:200], "changes": told, "reason": reason},
                source=(str(row._meta.model_name), str(row.pk)),
            )  # fmt: skip
        touch(customer, now)
    return changes


def add_part(
    row: models.Model,
    *,
    customer: Customer,
    code: str,
    by: User | None,
    now: datetime,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Writes a new row that belongs to a card, with audit and timeline."""
    row.save(force_insert=True)
    audit.record("add", row, by=by, now=now, changes=dict(data or {}))
    timeline.append(
        customer.pk, kind="change", code=code, by=by, at=now,
        data={"label": str(row)[:200], **(data or {})},
        source=(str(row._meta.model_name), str(row.pk)),
    )  # fmt: skip
    touch(customer, now)
