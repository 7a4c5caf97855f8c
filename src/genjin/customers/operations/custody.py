"""The one writer of who keeps a card (CU8, CU17): custodian, record of the move, timeline, audit.

The nightly return of many cards to the pool is its set-based sibling, in `flows.pool`.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from genjin.customers.models import CustodyChange, Customer, TimelineEntry
from genjin.foundation import audit, policy
from genjin.foundation.models import Team, User
from genjin.kernel.errors import Conflict
from genjin.kernel.ids import uuid7

# Reasons of a move, kept in `CustodyChange.reason`.
ASSIGNED, TAKEN, GIVEN_BACK, COLLISION, MERGED = (
    "assigned", "taken", "given_back", "collision", "merge"
)  # fmt: skip
RETURNED = ("returned_no_contact", "returned_no_deal", "returned_protection")


def today_of(now: datetime) -> date:
    """The organisation's own day at an instant."""
    return now.astimezone(ZoneInfo(settings.TIME_ZONE)).date()


def protected_until(now: datetime) -> date | None:
    """The last day of the protection that begins now (inclusive); None where there is none."""
    days = int(policy.value("pool.protection_days", 0) or 0)
    return today_of(now) + timedelta(days=days) if days else None


@transaction.atomic
def move_custody(
    customers: Iterable[Customer] | QuerySet[Customer],
    *,
    to: User | None,
    team: Team | None,
    reason: str,
    by: User | None,
    now: datetime,
    note: str = "",
) -> int:
    """Gives cards to a custodian, or to nobody (the pool); returns how many changed hands.

    `team` is where the card lies afterwards (None leaves it where it is), `reason` one of the
    codes above, `note` what a person wrote. A new custodian begins with a new protection. Each
    card gets its record and its line in the timeline; the audit trail one entry for all. Raises
    Conflict `person_not_active`.
    """
    if to is not None and not to.is_active:
        raise Conflict("person_not_active", name=to.name)
    ids = [customer.pk for customer in customers]
    rows = Customer.objects.filter(pk__in=ids).select_for_update(of=("self",)).order_by("pk")
    moved = [one for one in rows.select_related("custodian") if one.custodian_id != (to and to.pk)]
    if not moved:
        return 0
    _record(moved, to=to, team=team, reason=reason, by=by, now=now, note=note)
    values: dict[str, Any] = {
        "custodian": to, "custodian_since": now if to else None, "changed_at": now,
        "protected_until": protected_until(now) if to else None,
    }  # fmt: skip
    if team is not None:
        values["team"] = team
    Customer.objects.filter(pk__in=[one.pk for one in moved]).update(**values)
    new = to.pk if to else None
    subject: Customer | tuple[str, str] = moved[0] if len(moved) == 1 else ("customer", "many")
    changes = {"custodian": [moved[0].custodian_id if len(moved) == 1 else None, new]}
    if len(moved) > 1:
        changes["count"] = [None, len(moved)]
    audit.record("assign", subject, by=by, now=now, reason=note or reason, changes=changes)
    return len(moved)


def _record(
    moved: list[Customer], *, to: User | None, team: Team | None, reason: str,
    by: User | None, now: datetime, note: str,
) -> None:  # fmt: skip
    changes, entries = [], []
    for one in moved:
        pk = uuid7()
        changes.append(
            CustodyChange(
                pk=pk, customer=one, before=one.custodian, after=to, reason=reason, at=now, by=by,
                team_id=team.pk if team else one.team_id,
            )
        )  # fmt: skip
        entries.append(
            TimelineEntry(
                customer=one, at=now, kind="custody", code="custodian_changed", by=by,
                source_kind="custodychange", source_id=str(pk),
                data={"from": one.custodian.name if one.custodian else "",
                      "to": to.name if to else "", "why": reason, "reason": note},
            )
        )  # fmt: skip
    CustodyChange.objects.bulk_create(changes, batch_size=2000)
    TimelineEntry.objects.bulk_create(entries, batch_size=2000)
