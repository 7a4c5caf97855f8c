"""Updates customers that a file knows more of: set by set, with what changed in the timeline."""

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from genjin.customers.importing import lines
from genjin.customers.importing.draft import Draft
from genjin.customers.models import (
    Address,
    ContactPerson,
    ContactPoint,
    Customer,
    CustomerImport,
    Standing,
    TimelineEntry,
)
from genjin.customers.visibility import visible_to
from genjin.foundation.audit import plain
from genjin.foundation.models import User
from genjin.kernel.searchtokens import found_by

# Columns that a file may set anew. The note is added to, the custodian is never taken away.
_COLUMNS = ("name", "sex", "form_of_address", "language", "time_zone", "tax_number", "region",
            "source", "grade")  # fmt: skip
# Columns by which the queue decides when and by whom a customer is called.
_MOVING = frozenset({"language", "time_zone"})
Moved = Callable[..., None]
_told: list[Moved] = []
_SQL = (
    "UPDATE customers_customer SET name=%s, other_names=%s, sex=%s, form_of_address=%s, "
    "language=%s, time_zone=%s, tax_number=%s, region=%s, source=%s, grade=%s, grade_set_at=%s, "
    "note=%s, custodian_id=%s, team_id=%s, fields=%s::jsonb, name_key=%s, search_text=%s, "
    "search_tokens=%s, changed_at=%s WHERE id=%s"
)


def when_moved(tell: Moved) -> None:
    """Has `tell(customer_ids, by=, now=)` called, in the transaction of each chunk, for the cards
    whose language or zone a file changed. Called once, from the AppConfig of who wants to know."""
    _told.append(tell)


def update_customers(
    drafts: Sequence[tuple[Draft, UUID]],
    *,
    run: CustomerImport,
    by: User | None,
    now: datetime,
) -> list[str]:
    """Writes what each draft says anew onto its customer; the caller holds the transaction.

    Filled cells win over what the card has, empty ones change nothing; numbers, addresses and
    contact persons are added. Answers for each draft `updated`, `nothing_new` or `not_yours` (the
    customer is outside what `by` may see).
    """
    ids = sorted({pk for _, pk in drafts})
    cards = {
        c.pk: c for c in Customer.objects.select_for_update().filter(pk__in=ids).order_by("pk")
    }
    visible, shown = _visible(ids, by), _shown(ids)
    known = _Known(ids)
    outcomes: list[str] = []
    moved: set[UUID] = set()
    touched: dict[UUID, Customer] = {}
    entries: list[TimelineEntry] = []
    for draft, pk in drafts:
        if pk not in visible:
            outcomes.append("not_yours")
            continue
        changes = _change(cards[pk], draft, now, is_shown=pk in shown) | known.add(draft, pk)
        if not changes:
            outcomes.append("nothing_new")
            continue
        outcomes.append("updated")
        touched[pk] = cards[pk]
        if _MOVING & changes.keys():
            moved.add(pk)
        data = {"file": run.file_name, "row": draft.number, "changes": plain(changes)}
        entries.append(
            TimelineEntry(
                customer_id=pk, at=now, kind="import", code="import_updated", data=data,
                source_kind="import", source_id=str(run.pk), by=by,
            )
        )  # fmt: skip
    known.save()
    _save(touched, known, now)
    TimelineEntry.objects.bulk_create(entries)
    if moved:
        for tell in _told:
            tell(sorted(moved), by=by, now=now)
    return outcomes


def _shown(ids: list[UUID]) -> set[UUID]:
    """The cards whose grade is an open opportunity's: a file has no say in it (SA2)."""
    rows = Standing.objects.filter(customer__in=ids, open_opportunities__gt=0)
    return set(rows.values_list("customer_id", flat=True))


def _visible(ids: list[UUID], by: User | None) -> set[UUID]:
    if by is None:
        return set(ids)
    return set(visible_to(by).filter(pk__in=ids).values_list("pk", flat=True))


def _change(
    card: Customer, draft: Draft, now: datetime, *, is_shown: bool = False
) -> dict[str, list[Any]]:
    changes: dict[str, list[Any]] = {}

    def put(name: str, value: Any) -> None:
        before = getattr(card, name)
        if before != value:
            changes[name] = [before, value]
            setattr(card, name, value)

    if (name := draft.columns["name"]) != card.name and card.name not in card.other_names:
        put("other_names", [*[o for o in card.other_names if o != name], card.name])
    for column in _COLUMNS:
        if (value := draft.columns.get(column)) and not (is_shown and column == "grade"):
            put(column, value)
    if "grade" in changes:
        card.grade_set_at = now
    for other in draft.other_names:
        if other not in card.other_names:
            put("other_names", [*card.other_names, other])
    note = draft.columns.get("note", "")
    if note and note not in card.note:
        put("note", f"{card.note}\n{note}".strip())
    for column in ("custodian_id", "team_id"):
        if value := draft.columns.get(column):
            put(column, value)
    for code, value in draft.fields.items():
        if card.fields.get(code) != value:
            changes[f"fields.{code}"] = [card.fields.get(code), value]
            card.fields[code] = value
    return changes


class _Known:
    """The numbers, addresses and people of the customers at hand, and those to be added."""

    def __init__(self, ids: list[UUID]) -> None:
        self.values: dict[UUID, list[tuple[str, str]]] = defaultdict(list)
        self.texts: dict[UUID, set[str]] = defaultdict(set)
        self.people: dict[UUID, dict[str, UUID]] = defaultdict(dict)
        self.points: list[ContactPoint] = []
        self.addresses: list[Address] = []
        self.persons: list[ContactPerson] = []
        points = ContactPoint.objects.filter(customer_id__in=ids)
        for pk, kind, value in points.values_list("customer_id", "kind", "value"):
            self.values[pk].append((kind, value))
        for pk, text in Address.objects.filter(customer_id__in=ids).values_list(
            "customer_id", "text"
        ):
            self.texts[pk].add(text)
        people = ContactPerson.objects.filter(customer_id__in=ids, is_active=True)
        for pk, name, person in people.values_list("customer_id", "name", "id"):
            self.people[pk][name] = person

    def add(self, draft: Draft, pk: UUID) -> dict[str, list[Any]]:
        changes: dict[str, list[Any]] = {}
        person = self._person(draft, pk, changes)
        phones = [(p, None) for p in draft.phones] + [(p, person) for p in draft.person_phones]
        for phone, owner in phones:
            if ("phone", phone.value) not in self.values[pk]:
                self.points.append(
                    ContactPoint(
                        customer_id=pk, person_id=owner, kind="phone", label=phone.label,
                        value=phone.value, extension=phone.extension, raw=phone.raw,
                        status=phone.status, position=len(self.values[pk]),
                    )
                )  # fmt: skip
                self.values[pk].append(("phone", phone.value))
                changes.setdefault("phones_added", [0, 0])[1] += 1
        for email in draft.emails:
            if ("email", email) not in self.values[pk]:
                self.points.append(
                    ContactPoint(
                        customer_id=pk, kind="email", value=email, raw=email,
                        position=len(self.values[pk]),
                    )
                )  # fmt: skip
                self.values[pk].append(("email", email))
                changes.setdefault("emails_added", [0, 0])[1] += 1
        for at, text in enumerate(draft.addresses):
            if text not in self.texts[pk]:
                lies = {name: value or None for name, value in lines.place(draft, at, text).items()}
                lies |= {name: lies[name] or "" for name in ("division", "precision")}
                self.addresses.append(
                    Address(
                        customer_id=pk, text=text, postcode=draft.postcode, label="other", **lies
                    )
                )  # fmt: skip
                self.texts[pk].add(text)
                changes.setdefault("addresses_added", [0, 0])[1] += 1
        return changes

    def _person(self, draft: Draft, pk: UUID, changes: dict[str, list[Any]]) -> UUID | None:
        name = draft.person.get("name")
        if not name:
            return None
        if name not in self.people[pk]:
            role = draft.person.get("role")
            person = ContactPerson(
                customer_id=pk, name=name, job_title=draft.person.get("title", ""),
                roles=[role] if role else [],
            )  # fmt: skip
            self.persons.append(person)
            self.people[pk][name] = person.pk
            changes["people_added"] = [0, 1]
        return self.people[pk][name]

    def save(self) -> None:
        ContactPerson.objects.bulk_create(self.persons)
        ContactPoint.objects.bulk_create(self.points)
        Address.objects.bulk_create(self.addresses)


def _save(touched: dict[UUID, Customer], known: _Known, now: datetime) -> None:
    rows = []
    for pk, card in touched.items():
        found = found_by(
            name=card.name,
            person=card.kind == "person",
            other_names=[*card.other_names, *known.people[pk]],
            phones=[value for kind, value in known.values[pk] if kind == "phone"],
        )
        rows.append(
            (
                card.name, card.other_names, card.sex, card.form_of_address, card.language,
                card.time_zone, card.tax_number, card.region, card.source, card.grade,
                card.grade_set_at, card.note, card.custodian_id, card.team_id,
                json.dumps(card.fields, ensure_ascii=False), found.key[:400],
                found.text, found.tokens, now, pk,
            )
        )  # fmt: skip
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(_SQL, rows)
