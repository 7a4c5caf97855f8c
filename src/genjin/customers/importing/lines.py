"""Writes a draft as rows for PostgreSQL's binary COPY: one piece of bytes for each table. Pure.

The rows are made in the worker processes, so that the process that holds the connection only
passes bytes on. Ids are made here too, a block at a time.
"""

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from genjin.customers.importing.draft import Draft, PhoneDraft
from genjin.customers.importing.packing import (
    EMPTY,
    FALSE,
    NO_TEXTS,
    NULL,
    TRUE,
    UUID_LENGTH,
    Words,
    bigint,
    integers,
    jsonb,
    moment,
    numeric,
    row,
    smallint,
    text,
    texts,
)
from genjin.kernel.address import centre, division_of
from genjin.kernel.searchtokens import FoundBy, found_by

CUSTOMER = (
    "id", "kind", "name", "other_names", "name_key", "search_text", "search_tokens", "sex",
    "form_of_address", "language", "time_zone", "tax_number", "region", "custodian_id", "team_id",
    "grade", "grade_set_at", "is_key", "source", "note", "fields", "created_at", "changed_at",
)  # fmt: skip
PERSON = (
    "id", "customer_id", "is_self", "name", "form_of_address", "sex", "job_title", "roles",
    "language", "preferred_channel", "is_birthday_lunar", "is_child", "guardian_consent_by",
    "events", "traits", "note", "is_active", "created_at",
)  # fmt: skip
POINT = (
    "id", "customer_id", "person_id", "kind", "label", "value", "extension", "raw", "status",
    "position", "is_active",
)  # fmt: skip
ADDRESS = (
    "id", "customer_id", "label", "text", "postcode", "division", "latitude", "longitude",
    "precision", "system", "is_active",
)  # fmt: skip
TIMELINE = ("id", "customer_id", "at", "kind", "code", "data", "source_kind", "source_id", "by_id")
# In the order in which they must be written.
TABLES = {
    "customers_customer": CUSTOMER,
    "customers_contactperson": PERSON,
    "customers_contactpoint": POINT,
    "customers_address": ADDRESS,
    "customers_timelineentry": TIMELINE,
}
_ID_AT = 6
"""Where the 16 bytes of the id stand in the row of a customer: behind two lengths."""
_ADDRESSES, _PEOPLE, _POINTS, _ENTRIES, _CUSTOMERS = map(
    row, (ADDRESS, PERSON, POINT, TIMELINE, CUSTOMER)
)
_NO_JSON, _NO_LIST = jsonb(b"{}"), jsonb(b"[]")
_word = Words()
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _fast_encoder() -> Callable[[Any], str]:
    """The encoder of `json` made once: `encode` makes it anew for every value."""
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:
        return _encode
    quoted = json.encoder.encode_basestring
    encoder = make(None, _encode, quoted, None, ":", ",", False, False, True)
    return lambda value: "".join(encoder(value, 0))


_json = _fast_encoder()


@dataclass(frozen=True)
class Stamps:
    """What every row of a run carries: the moment, the run, its file and who started it.

    `custodian` and `team` are ids for customers of whom the file says neither.
    """

    at: datetime
    run: UUID
    file_name: str
    by: int | None = None
    custodian: int | None = None
    team: int | None = None

    @cached_property
    def moment(self) -> bytes:
        return moment(self.at)

    @cached_property
    def owners(self) -> tuple[bytes, bytes]:
        """Custodian and team of customers of whom the file says neither."""
        return bigint(self.custodian), bigint(self.team)

    @cached_property
    def entry(self) -> tuple[bytes, bytes, bytes]:
        """A timeline entry behind the customer's id: before, in and behind its JSON."""
        return (
            self.moment + text("import") + text("imported"),
            b'{"file":' + _json(self.file_name).encode() + b',"row":',
            text("import") + text(str(self.run)) + bigint(self.by),
        )


def block_of_ids() -> Callable[[], bytes]:
    """A source of UUIDv7 as fields, each greater than the one before.

    The 74 bits behind the time start at a random place, so that blocks made in the same
    millisecond by several processes do not meet.
    """
    milliseconds = time.time_ns() // 1_000_000
    tail = int.from_bytes(os.urandom(10), "big")
    head = UUID_LENGTH + (milliseconds << 16 | 7 << 12 | tail >> 68).to_bytes(8, "big")
    # Half of the room of the last 62 bits is left to count up.
    low = 2 << 62 | tail & ((1 << 61) - 1)

    def next_id() -> bytes:
        nonlocal low
        low += 1
        return head + low.to_bytes(8, "big")

    return next_id


def id_in(rows: bytes, begin: int) -> UUID:
    """The id of the customer whose row begins there."""
    return UUID(bytes=rows[begin + _ID_AT : begin + _ID_AT + 16])


def _found_by(draft: Draft) -> FoundBy:
    others = draft.other_names
    if person := draft.person.get("name"):
        others = [*others, person]
    columns = draft.columns
    return found_by(
        name=columns["name"],
        person=columns["kind"] == "person",
        other_names=others,
        phones=[phone.value for phone in (*draft.phones, *draft.person_phones)],
    )


def lines(draft: Draft, stamps: Stamps, next_id: Callable[[], bytes]) -> tuple[bytes, ...]:
    """The rows of a draft in the order of TABLES; a table that gets none has none."""
    customer = next_id()
    person = next_id() if draft.person.get("name") else NULL
    return (
        _customer(draft, stamps, customer),
        _person(draft, stamps, customer, person) if person != NULL else b"",
        points(draft, customer, person, next_id),
        addresses(draft, customer, next_id) if draft.addresses else b"",
        _timeline(draft, stamps, customer, next_id()),
    )


def _customer(draft: Draft, stamps: Stamps, pk: bytes) -> bytes:
    columns = draft.columns
    get = columns.get
    found = _found_by(draft)
    grade = get("grade", "")
    custodian, team = stamps.owners
    if "custodian_id" in columns or "team_id" in columns:
        custodian, team = bigint(get("custodian_id")), bigint(get("team_id"))
    return b"".join(
        (
            _CUSTOMERS,
            pk,
            _word[columns["kind"]],
            text(columns["name"]),
            texts(draft.other_names) if draft.other_names else NO_TEXTS,
            text(found.key[:400]),
            text(found.text),
            integers(found.tokens),
            _word[get("sex", "")],
            _word[get("form_of_address", "")],
            _word[get("language", "")],
            _word[get("time_zone", "")],
            text(get("tax_number", "")),
            _word[get("region") or (division_of(draft.addresses[0]) if draft.addresses else "")],
            custodian,
            team,
            _word[grade],
            stamps.moment if grade else NULL,
            FALSE,
            _word[get("source", "")],
            text(get("note", "")),
            jsonb(_json(draft.fields).encode()) if draft.fields else _NO_JSON,
            stamps.moment,
            stamps.moment,
        )
    )


def _person(draft: Draft, stamps: Stamps, customer: bytes, pk: bytes) -> bytes:
    person = draft.person
    roles = texts([person["role"]]) if "role" in person else NO_TEXTS
    return b"".join(
        (
            _PEOPLE, pk, customer, FALSE, text(person["name"]), EMPTY, EMPTY,
            text(person.get("title", "")), roles,
            EMPTY, EMPTY, FALSE, FALSE, EMPTY, _NO_LIST, _NO_JSON, EMPTY, TRUE, stamps.moment,
        )
    )  # fmt: skip


def points(draft: Draft, customer: bytes, person: bytes, next_id: Callable[[], bytes]) -> bytes:
    """The rows of all numbers and e-mail addresses."""
    made: list[bytes] = []
    for phone in draft.phones:
        made.append(_point(phone, customer, NULL, next_id(), len(made)))
    for phone in draft.person_phones:
        made.append(_point(phone, customer, person, next_id(), len(made)))
    for email in draft.emails:
        address = text(email)
        made.append(
            b"".join(
                (_POINTS, next_id(), customer, NULL, _word["email"], _word["other"], address,
                 EMPTY, address, _word["ok"], smallint(len(made)), TRUE)
            )
        )  # fmt: skip
    return b"".join(made)


def _point(phone: PhoneDraft, customer: bytes, person: bytes, pk: bytes, position: int) -> bytes:
    return b"".join(
        (_POINTS, pk, customer, person, _word["phone"], _word[phone.label], text(phone.value),
         _word[phone.extension], text(phone.raw), _word[phone.status], smallint(position), TRUE)
    )  # fmt: skip


def place(draft: Draft, at: int, text: str) -> dict[str, str]:
    """Where an address lies: its division, and the point given or else the division's centre."""
    division = division_of(text)
    if at == 0 and draft.latitude and draft.longitude:
        point = (draft.latitude, draft.longitude, "exact", draft.system)
    elif middle := centre((division,)):
        point = (f"{middle[0]:.6f}", f"{middle[1]:.6f}", "district", middle[2])
    else:
        point = ("", "", "", "wgs84")
    return dict(zip(_PLACE, (division, *point), strict=True))


_PLACE = ("division", "latitude", "longitude", "precision", "system")


def addresses(draft: Draft, customer: bytes, next_id: Callable[[], bytes]) -> bytes:
    """The rows of all addresses; postcode and coordinates belong to the first."""
    made = []
    for at, written in enumerate(draft.addresses):
        lies = place(draft, at, written)
        made.append(
            b"".join(
                (
                    _ADDRESSES, next_id(), customer, _word["main" if at == 0 else "other"],
                    text(written), text(draft.postcode if at == 0 else ""),
                    _word[lies["division"]], numeric(lies["latitude"]), numeric(lies["longitude"]),
                    _word[lies["precision"]], _word[lies["system"]], TRUE,
                )
            )
        )  # fmt: skip
    return b"".join(made)


def _timeline(draft: Draft, stamps: Stamps, customer: bytes, pk: bytes) -> bytes:
    before, inside, behind = stamps.entry
    data = jsonb(inside + b"%d}" % draft.number)
    return b"".join((_ENTRIES, pk, customer, before, data, behind))
