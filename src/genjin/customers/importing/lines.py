"""Writes a draft as lines for PostgreSQL's COPY: one string for each table. Pure.

The lines are made in the worker processes, so that the process that holds the connection only
passes bytes on. Ids are made here too, a block at a time.
"""

import json
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from genjin.customers.importing.draft import Draft, PhoneDraft
from genjin.kernel.address import centre, division_of
from genjin.kernel.searchtokens import FoundBy, found_by

NULL = r"\N"
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
_SPECIAL = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True)
class Stamps:
    """What every row of a run carries: the moment, the run, its file and who started it.

    `custodian` and `team` are ids for customers of whom the file says neither.
    """

    at: str
    run: str
    file_name: str
    by: str = NULL
    custodian: str = NULL
    team: str = NULL

    @cached_property
    def file_json(self) -> str:
        """The file's name as JSON inside a COPY line."""
        return escaped(_json(self.file_name))


def block_of_ids() -> Callable[[], str]:
    """A source of UUIDv7 in hexadecimal digits, each greater than the one before.

    The 74 bits after the time start at a random place, so that blocks made in the same
    millisecond by several processes do not meet.
    """
    milliseconds = time.time_ns() // 1_000_000
    tail = int.from_bytes(os.urandom(10), "big") & ((1 << 73) - 1)
    high = milliseconds << 80 | 7 << 76 | 2 << 62
    low_62 = (1 << 62) - 1

    def next_id() -> str:
        nonlocal tail
        tail += 1
        return f"{high | (tail >> 62) << 64 | tail & low_62:032x}"

    return next_id


def escaped(text: str) -> str:
    """Text as COPY reads it."""
    if "\\" in text or "\n" in text or "\t" in text or "\r" in text:
        return text.translate(_SPECIAL)
    return text


def text_array(texts: Iterable[str]) -> str:
    """A text[] as COPY reads it."""
    quoted = ['"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' for text in texts]
    return escaped("{" + ",".join(quoted) + "}")


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


def lines(draft: Draft, stamps: Stamps, next_id: Callable[[], str]) -> tuple[str, ...]:
    """The lines of a draft in the order of TABLES; a table that gets none has ""."""
    customer = next_id()
    person = next_id() if draft.person.get("name") else NULL
    return (
        _customer(draft, stamps, customer),
        _person(draft, stamps, customer, person) if person != NULL else "",
        points(draft, customer, person, next_id),
        addresses(draft, customer, next_id),
        _timeline(draft, stamps, customer, next_id()),
    )


def _customer(draft: Draft, stamps: Stamps, pk: str) -> str:
    columns = draft.columns
    get = columns.get
    found = _found_by(draft)
    grade = get("grade", "")
    is_free = "custodian_id" not in columns and "team_id" not in columns
    return "\t".join(
        (
            pk,
            columns["kind"],
            escaped(columns["name"]),
            text_array(draft.other_names) if draft.other_names else "{}",
            escaped(found.key[:400]),
            escaped(found.text),
            "{" + str(found.tokens)[1:-1] + "}",
            get("sex", ""),
            escaped(get("form_of_address", "")),
            get("language", ""),
            get("time_zone", ""),
            get("tax_number", ""),
            get("region") or (division_of(draft.addresses[0]) if draft.addresses else ""),
            str(get("custodian_id", stamps.custodian if is_free else NULL)),
            str(get("team_id", stamps.team if is_free else NULL)),
            grade,
            stamps.at if grade else NULL,
            "f",
            escaped(get("source", "")),
            escaped(get("note", "")),
            escaped(_json(draft.fields)) if draft.fields else "{}",
            stamps.at,
            stamps.at,
        )
    ) + "\n"  # fmt: skip


def _person(draft: Draft, stamps: Stamps, customer: str, pk: str) -> str:
    person = draft.person
    roles = "{" + person["role"] + "}" if "role" in person else "{}"
    return "\t".join(
        (pk, customer, "f", escaped(person["name"]), "", "", escaped(person.get("title", "")),
         roles, "", "", "f", "f", "", "[]", "{}", "", "t", stamps.at)
    ) + "\n"  # fmt: skip


def points(draft: Draft, customer: str, person: str, next_id: Callable[[], str]) -> str:
    """The lines of all numbers and e-mail addresses."""
    made = []
    position = 0
    for owner, phones in ((NULL, draft.phones), (person, draft.person_phones)):
        for phone in phones:
            made.append(_point(phone, customer, owner, next_id(), position))
            position += 1
    for email in draft.emails:
        made.append(
            f"{next_id()}\t{customer}\t\\N\temail\tother\t{escaped(email)}\t\t{escaped(email)}"
            f"\tok\t{position}\tt\n"
        )
        position += 1
    return "".join(made)


def _point(phone: PhoneDraft, customer: str, person: str, pk: str, position: int) -> str:
    return (
        f"{pk}\t{customer}\t{person}\tphone\t{phone.label}\t{phone.value}\t{phone.extension}"
        f"\t{escaped(phone.raw)}\t{phone.status}\t{position}\tt\n"
    )


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


def addresses(draft: Draft, customer: str, next_id: Callable[[], str]) -> str:
    """The lines of all addresses; postcode and coordinates belong to the first."""
    made = []
    for at, text in enumerate(draft.addresses):
        postcode = escaped(draft.postcode) if at == 0 else ""
        label = "main" if at == 0 else "other"
        lies = place(draft, at, text)
        point = f"{lies['latitude'] or NULL}\t{lies['longitude'] or NULL}"
        made.append(
            f"{next_id()}\t{customer}\t{label}\t{escaped(text)}\t{postcode}\t{lies['division']}"
            f"\t{point}\t{lies['precision']}\t{lies['system']}\tt\n"
        )
    return "".join(made)


def _timeline(draft: Draft, stamps: Stamps, customer: str, pk: str) -> str:
    return (
        f"{pk}\t{customer}\t{stamps.at}\timport\timported"
        f'\t{{"file":{stamps.file_json},"row":{draft.number}}}'
        f"\timport\t{stamps.run}\t{stamps.by}\n"
    )
