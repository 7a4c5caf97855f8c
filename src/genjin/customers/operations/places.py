"""Addresses of a customer with their division and coordinates (CU1)."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from genjin.customers.models import Address, Customer
from genjin.customers.operations.changes import add_part, change_part, check_seen, lock
from genjin.foundation.models import User
from genjin.kernel import address as divisions
from genjin.kernel.errors import BadInput
from genjin.kernel.problems import Reason

COLUMNS = ("label", "text", "postcode", "division", "latitude", "longitude", "precision", "system")
_LIMITS = {"latitude": 90, "longitude": 180}
_GRAIN = Decimal("0.000001")


def _clean(values: Mapping[str, Any]) -> dict[str, Any]:
    problems: dict[str | int, list[Reason]] = {}
    cleaned = dict(values)
    for name, limit in (("text", 300), ("postcode", 12), ("label", 20)):
        if name in cleaned:
            cleaned[name] = str(cleaned[name] or "").strip()
            if len(cleaned[name]) > limit:
                problems[name] = [Reason("too_long", {"limit": limit})]
            if "\x00" in cleaned[name]:
                problems[name] = [Reason("bad_character")]
    if "text" in cleaned and not cleaned["text"]:
        problems["text"] = [Reason("required")]
    if cleaned.get("division") and divisions.division(cleaned["division"]) is None:
        problems["division"] = [Reason("unknown_region", {"value": cleaned["division"]})]
    for name, limit in _LIMITS.items():
        if cleaned.get(name) is not None:
            cleaned[name] = Decimal(cleaned[name]).quantize(_GRAIN)
            if abs(cleaned[name]) > limit:
                problems[name] = [Reason("not_a_coordinate")]
    if (cleaned.get("latitude") is None) != (cleaned.get("longitude") is None):
        problems["latitude"] = [Reason("coordinates_incomplete")]
    if cleaned.get("system", "wgs84") not in Address.System.values:
        problems["system"] = [Reason("not_a_choice")]
    if problems:
        raise BadInput(problems)
    return cleaned


def placed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Fills what the text of an address says: the division, and its centre where no point is.

    Coordinates given by hand count as set on the map unless `precision` says otherwise.
    """
    found = dict(values)
    if not found.get("division") and found.get("text"):
        found["division"] = divisions.parse_address(found["text"]).division
    if found.get("latitude") is not None:
        if found.get("precision") not in (Address.Precision.EXACT, Address.Precision.MAP):
            found["precision"] = Address.Precision.MAP
        return found
    if centre := divisions.centre([found.get("division") or ""]):
        found["latitude"], found["longitude"] = (
            Decimal(str(number)).quantize(_GRAIN) for number in centre[:2]
        )
        found["system"], found["precision"] = centre[2], Address.Precision.DISTRICT
    else:
        found["precision"] = Address.Precision.NONE
    return found


def _set_region(customer: Customer, division: str) -> None:
    """The card lies where its first address lies, unless a region was set already."""
    if division and not customer.region:
        customer.region = division
        customer.save(update_fields=["region"])


@transaction.atomic
def add_address(
    customer: Customer, *, text: str, by: User | None, now: datetime, **values: Any
) -> Address:
    """Adds an address; division and district centre come from its text. Raises BadInput."""
    row = lock(customer)
    cleaned = placed(_clean({"text": text, **values}))
    address = Address(customer=row, **cleaned)
    add_part(address, customer=row, code="address_added", by=by, now=now)
    _set_region(row, address.division)
    return address


@transaction.atomic
def change_address(
    address: Address,
    values: Mapping[str, Any],
    *,
    by: User | None,
    now: datetime,
    seen: Mapping[str, Any] | None = None,
) -> dict[str, list[Any]]:
    """Changes an address; a new text without a point goes to the centre of its division."""
    customer = lock(address.customer)
    row = Address.objects.select_for_update(of=("self",)).get(pk=address.pk)
    cleaned = _clean(values)
    present = {name: getattr(row, name) for name in COLUMNS}
    wanted = check_seen(present, seen, cleaned)
    moved = {"latitude", "longitude"} & set(wanted)
    if "text" in wanted and not moved and row.precision in ("", Address.Precision.DISTRICT):
        wanted = placed({**wanted, "division": wanted.get("division", "")})
    elif moved:
        wanted = placed({**present, **wanted, "precision": wanted.get("precision", "")})
    changes = change_part(row, wanted, customer=customer, code="address_changed", by=by, now=now)
    _set_region(customer, row.division)
    return changes


@transaction.atomic
def retire_address(address: Address, *, by: User | None, now: datetime, reason: str = "") -> None:
    """Takes an address off the card; history keeps it."""
    customer = lock(address.customer)
    row = Address.objects.select_for_update(of=("self",)).get(pk=address.pk)
    change_part(row, {"is_active": False}, customer=customer, code="address_retired", by=by,
                now=now, reason=reason)  # fmt: skip
