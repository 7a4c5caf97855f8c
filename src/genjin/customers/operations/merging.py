"""Makes one card of two, and two of one again (CU10).

The survivor takes over what can move: people, numbers, addresses, owned products, holds, wanted
items, news, loans, follow-ups, promises, orders and whatever other table points at a card. Facts
that are never rewritten (interactions, timeline, consents, scores) stay where they were written
and are read with the survivor's (`customers.family`). `Merge.moved` keeps exactly what moved and
changed, so that `split_cards` restores both cards; what happened since stays with the survivor.

Screens and domains call the version in `flows.merging`, which also sees to the queue.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from django.db import models, transaction

from genjin.customers import timeline
from genjin.customers.models import Address, ContactPerson, ContactPoint, Customer, Merge
from genjin.customers.operations.custody import MERGED, move_custody
from genjin.customers.search import refresh_search
from genjin.foundation import audit
from genjin.foundation.insert_only import InsertOnly
from genjin.foundation.models import User
from genjin.kernel.chinese import fold
from genjin.kernel.errors import BadInput, Conflict, LostRace
from genjin.kernel.problems import Reason

SURVIVOR, MERGED_CARD = "survivor", "merged"
COLUMNS = (
    "name", "kind", "sex", "form_of_address", "language", "time_zone", "stated_hours",
    "tax_number", "region", "source", "grade", "is_key", "prospect_state", "visiting_grade",
    "note",
)  # fmt: skip
"""The columns of which a person chooses whose value stays."""
# Columns that go with another: a grade without its day and amount is none.
_TOGETHER = {
    "grade": ("grade_set_at", "expected_close_date", "expected_amount"),
    "prospect_state": ("paused_until",),
}
# What is about the one card and nothing else: its own standing, its pairs, its decisions.
STAYS = frozenset(
    {
        "customers.customer.merged_into",
        "customers.duplicatepair.first",
        "customers.duplicatepair.second",
        "customers.merge.survivor",
        "customers.merge.merged",
        "customers.poolwarning.customer",
        "customers.standing.customer",
        "followups.scoretext.customer",
        "receivables.account.customer",
        "receivables.instrument.customer",
        "receivables.instrumentcover.customer",
        "receivables.paymentcalendar.customer",
        "receivables.planplace.customer",
        "receivables.promisecover.customer",
        "receivables.receivable.customer",
        "sales.creditmember.customer",
        "sales.keydecision.customer",
    }
)


@dataclass(frozen=True)
class Difference:
    """A field in which two cards differ, with both values as stored; `name` as operations say."""

    name: str
    survivor: Any
    merged: Any


@dataclass(frozen=True)
class Split:
    """What a split could not put back: fields changed since, and how much happened since."""

    kept: list[str] = field(default_factory=list)
    entries_since: int = 0


def moving() -> Iterator[tuple[type[models.Model], str]]:
    """Every table and column by which something belongs to a card and moves with it."""
    for relation in Customer._meta.get_fields(include_hidden=True):
        if not relation.auto_created or relation.concrete:
            continue
        column = cast(models.ForeignKey[Any, Any], relation.field)  # type: ignore[union-attr]
        model = column.model
        key = f"{model._meta.label_lower}.{column.name}"
        if not issubclass(model, InsertOnly) and key not in STAYS:
            yield model, column.name


def _empty(value: Any) -> bool:
    return value is None or value in ("", [], False)


def differences(survivor: Customer, merged: Customer) -> list[Difference]:
    """The fields in which the two differ and both, or either, say something."""
    found = [
        Difference(name, getattr(survivor, name), getattr(merged, name))
        for name in COLUMNS
        if getattr(survivor, name) != getattr(merged, name)
    ]
    codes = sorted({*survivor.fields, *merged.fields})
    found += [
        Difference(f"fields.{code}", survivor.fields.get(code), merged.fields.get(code))
        for code in codes
        if survivor.fields.get(code) != merged.fields.get(code)
    ]
    return found


def _chosen(one: Difference, choices: Mapping[str, str]) -> Any:
    """The value that stays: the one chosen, else the survivor's unless it says nothing."""
    choice = choices.get(one.name)
    if choice == MERGED_CARD or (choice is None and _empty(one.survivor)):
        return one.merged
    if choice is None and one.name == "note":
        return f"{one.survivor}\n{one.merged}" if one.merged else one.survivor
    return one.survivor


def _values(survivor: Customer, merged: Customer, choices: Mapping[str, str]) -> dict[str, Any]:
    """The survivor's new values by column; only what changes."""
    fields = dict(survivor.fields)
    wanted: dict[str, Any] = {}
    for one in differences(survivor, merged):
        value = _chosen(one, choices)
        if one.name.startswith("fields."):
            if not _empty(value) or one.name in choices:
                fields[one.name.removeprefix("fields.")] = value
            continue
        wanted[one.name] = value
        if value == one.merged != one.survivor:
            wanted |= {name: getattr(merged, name) for name in _TOGETHER.get(one.name, ())}
    wanted["fields"] = {code: value for code, value in fields.items() if value is not None}
    name = wanted.get("name", survivor.name)
    others = dict.fromkeys([*survivor.other_names, survivor.name, merged.name, *merged.other_names])
    wanted["other_names"] = [one for one in others if one and one != name]
    for latest in ("last_contact_at", "confirmed_at"):
        known = [one for one in (getattr(survivor, latest), getattr(merged, latest)) if one]
        wanted[latest] = max(known, default=None)
    return {name: value for name, value in wanted.items() if getattr(survivor, name) != value}


def lock_both(survivor: Customer, merged: Customer) -> tuple[Customer, Customer]:
    """Both cards as they stand, locked in one order. LostRace when one was merged meanwhile."""
    if survivor.pk == merged.pk:
        raise BadInput({"": [Reason("same_card")]})
    found = {
        one.pk: one
        for one in Customer.objects.select_for_update(of=("self",))
        .filter(pk__in=[survivor.pk, merged.pk])
        .order_by("pk")
    }
    first, second = found[survivor.pk], found[merged.pk]
    if first.merged_into_id or second.merged_into_id:
        raise LostRace("already_merged", number=(first if first.merged_into_id else second).number)
    return first, second


@transaction.atomic
def join_cards(
    survivor: Customer,
    merged: Customer,
    *,
    choices: Mapping[str, str],
    reason: str,
    by: User,
    now: datetime,
) -> Merge:
    """Merges one card into another; the caller has made sure that it may.

    `choices` maps a field (a column, or "fields.<code>") to "survivor" or "merged"; what is not
    chosen keeps the survivor's value, or the merged card's where the survivor says nothing; two
    notes become one. Raises LostRace `already_merged`.
    """
    first, second = lock_both(survivor, merged)
    moved: dict[str, Any] = {"rows": {}, "values": {}, "retired": {}, "choices": dict(choices)}
    merge = Merge(survivor=first, merged=second, reason=reason.strip()[:300], at=now, by=by)
    _settle_self(first, second, moved)
    moved["retired"] = _retire_doubles(first, second)
    for model, name in moving():
        if ids := _move(model, name, second.pk, first.pk):
            moved["rows"][f"{model._meta.label_lower}.{name}"] = ids
    earlier = Customer.objects.filter(merged_into=second)
    moved["earlier"] = [str(pk) for pk in earlier.values_list("pk", flat=True)]
    earlier.update(merged_into=first)
    moved["custody"] = _take_custody(first, second, by=by, now=now)
    before = _write(first, _values(first, second, choices), now)
    moved["values"] = before
    second.merged_into, second.changed_at = first, now
    second.save(update_fields=["merged_into", "changed_at"])
    refresh_search(first)
    merge.moved = moved
    merge.save(force_insert=True)
    _tell(merge, "merged", by=by, now=now)
    return merge


def _move(model: type[models.Model], name: str, old: UUID, new: UUID) -> list[str]:
    """Turns the rows of a table from one card to another; returns their keys."""
    rows = model._default_manager.filter(**{name: old})
    for constraint in model._meta.constraints:
        together = getattr(constraint, "fields", ())
        if name in together and not getattr(constraint, "condition", None):
            others = [one for one in together if one != name]
            there = model._default_manager.filter(
                **{name: new}, **{one: models.OuterRef(one) for one in others}
            )
            rows = rows.exclude(models.Exists(there))
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    if ids:
        model._default_manager.filter(pk__in=ids).update(**{name: new})
    return [str(pk) for pk in ids]


def _settle_self(survivor: Customer, merged: Customer, moved: dict[str, Any]) -> None:
    """A card of a person has one entry for the person: the merged one's becomes an old entry."""
    mine = survivor.people.filter(is_self=True).first()
    theirs = list(merged.people.filter(is_self=True))
    if not theirs:
        return
    moved["self"] = [str(one.pk) for one in theirs]
    values: dict[str, Any] = {"is_self": False}
    if mine is not None:
        values["is_active"] = False
        points = ContactPoint.objects.filter(person__in=theirs)
        moved["points_of_self"] = {str(one.pk): str(one.person_id) for one in points}
        points.update(person=mine)
    ContactPerson.objects.filter(pk__in=[one.pk for one in theirs]).update(**values)


def _retire_doubles(survivor: Customer, merged: Customer) -> dict[str, list[str]]:
    """Numbers and addresses that both cards have stand on the one card once."""
    mine = set(survivor.points.filter(is_active=True).values_list("kind", "value"))
    points = [one for one in merged.points.filter(is_active=True) if (one.kind, one.value) in mine]
    places = {fold(text) for text in survivor.addresses.filter(is_active=True).values_list(
        "text", flat=True)}  # fmt: skip
    addresses = [one for one in merged.addresses.filter(is_active=True) if fold(one.text) in places]
    ContactPoint.objects.filter(pk__in=[one.pk for one in points]).update(is_active=False)
    Address.objects.filter(pk__in=[one.pk for one in addresses]).update(is_active=False)
    return {
        "contactpoint": [str(one.pk) for one in points],
        "address": [str(one.pk) for one in addresses],
    }


def _take_custody(survivor: Customer, merged: Customer, *, by: User, now: datetime) -> list[Any]:
    """A survivor whom nobody keeps is kept by the merged card's custodian."""
    if survivor.custodian_id or not merged.custodian_id:
        return []
    move_custody([survivor], to=merged.custodian, team=merged.team, reason=MERGED, by=by, now=now)
    survivor.refresh_from_db()
    return [None, merged.custodian_id]


def _write(row: Customer, values: dict[str, Any], now: datetime) -> dict[str, list[Any]]:
    """Writes values and gives them as [before, after], in JSON's own types."""
    told = {name: [_stored(row, name), _stored_value(value)] for name, value in values.items()}
    for name, value in values.items():
        setattr(row, name, value)
    row.changed_at = now
    row.save(update_fields=[*values, "changed_at"])
    return told


def _stored(row: Customer, name: str) -> Any:
    return _stored_value(getattr(row, name))


def _stored_value(value: Any) -> Any:
    """A value as `Merge.moved` keeps it: comparable after a round trip."""
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else audit.plain(value)


def _tell(merge: Merge, code: str, *, by: User, now: datetime) -> None:
    survivor, merged = merge.survivor, merge.merged
    audit.record(code, survivor, by=by, now=now, reason=merge.reason,
                 changes={"merged": [None, str(merged.pk)], **merge.moved["values"]})  # fmt: skip
    told = [(survivor, merged, "from")]
    # Of the merge the survivor's history tells, which is read for both; a split is told on both.
    if code == "split":
        told.append((merged, survivor, "into"))
    for card, other, way in told:
        timeline.append(
            card.pk, kind="change", code=f"card_{code}_{way}", by=by, at=now,
            data={"number": other.number, "name": other.name, "reason": merge.reason},
            source=("merge", str(merge.pk)),
        )  # fmt: skip


@transaction.atomic
def split_cards(merge: Merge, *, by: User, now: datetime) -> Split:
    """Undoes a merge: both cards are as before, but for what happened since.

    Rows that came to the survivor since stay there, and so does a field that was changed since
    (named in the answer). Raises LostRace `already_split`; Conflict `merged_further` while the
    survivor itself lies in another card.
    """
    row = Merge.objects.select_for_update(of=("self",)).get(pk=merge.pk)
    if row.undone_at is not None:
        raise LostRace("already_split")
    cards = {
        one.pk: one
        for one in Customer.objects.select_for_update(of=("self",))
        .filter(pk__in=[row.survivor_id, row.merged_id])
        .order_by("pk")
    }
    survivor, merged = cards[row.survivor_id], cards[row.merged_id]
    if merged.merged_into_id != survivor.pk or survivor.merged_into_id:
        raise Conflict("merged_further")
    moved = row.moved
    for key, ids in moved["rows"].items():
        model, name = next(
            (model, name) for model, name in moving() if f"{model._meta.label_lower}.{name}" == key
        )
        mine = model._default_manager.filter(pk__in=ids, **{name: survivor.pk})
        mine.update(**{name: merged.pk})
    _restore_parts(moved)
    kept = _restore_values(survivor, moved, now)
    if moved.get("custody") and survivor.custodian_id == moved["custody"][1]:
        move_custody([survivor], to=None, team=None, reason=MERGED, by=by, now=now)
        survivor.refresh_from_db()
    Customer.objects.filter(pk__in=moved.get("earlier", ()), merged_into=survivor).update(
        merged_into=merged
    )
    merged.merged_into, merged.changed_at = None, now
    merged.save(update_fields=["merged_into", "changed_at"])
    row.undone_at, row.undone_by = now, by
    row.save(update_fields=["undone_at", "undone_by"])
    refresh_search(survivor)
    refresh_search(merged)
    row.survivor, row.merged = survivor, merged
    _tell(row, "split", by=by, now=now)
    since = survivor.timeline.filter(at__gt=row.at, at__lt=now).count()
    return Split(kept, since)


def _restore_parts(moved: Mapping[str, Any]) -> None:
    retired = moved.get("retired", {})
    ContactPoint.objects.filter(pk__in=retired.get("contactpoint", ())).update(is_active=True)
    Address.objects.filter(pk__in=retired.get("address", ())).update(is_active=True)
    ContactPerson.objects.filter(pk__in=moved.get("self", ())).update(is_self=True, is_active=True)
    for point, person in moved.get("points_of_self", {}).items():
        ContactPoint.objects.filter(pk=point).update(person=person)


def _restore_values(survivor: Customer, moved: Mapping[str, Any], now: datetime) -> list[str]:
    """Puts back what stands as the merge left it; returns the fields that were changed since."""
    kept: list[str] = []
    values: dict[str, Any] = {}
    for name, (before, after) in moved["values"].items():
        if name == "fields":
            values[name], changed = _restored_fields(survivor.fields, before, after)
            kept += changed
        elif _stored(survivor, name) == after:
            column = Customer._meta.get_field(name)
            attname = column.attname  # type: ignore[union-attr]
            values[attname] = column.to_python(before) if before is not None else None  # type: ignore[union-attr]
        else:
            kept.append(name)
    for name, value in values.items():
        setattr(survivor, name, value)
    survivor.changed_at = now
    survivor.save(update_fields=[*values, "changed_at"])
    return kept


def _restored_fields(
    present: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    found, kept = dict(present), []
    for code in {*before, *after}:
        if before.get(code) == after.get(code):
            continue
        if present.get(code) != after.get(code):
            kept.append(f"fields.{code}")
        elif code in before:
            found[code] = before[code]
        else:
            found.pop(code, None)
    return found, sorted(kept)
