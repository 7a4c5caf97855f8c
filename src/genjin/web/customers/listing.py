"""The customer list: what a filter in the address means, and pages by key (CU2's first half)."""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Collate
from django.http import QueryDict
from django.utils.translation import gettext as _

from genjin.customers import fields as card_fields
from genjin.customers.models import ContactPoint, Customer, FieldDefinition
from genjin.customers.queries import shown_phone
from genjin.customers.segments import customers_in
from genjin.customers.states import FieldType, Grade, Kind
from genjin.foundation.models import User
from genjin.kernel import address
from genjin.web.customers import words

PAGE = 50
COUNTED = 10_000
SORTS = {"changed": "changed_at", "name": "pinyin", "number": "number"}
DEFAULT_SORT = "-changed"
_CHOICE_TYPES = (FieldType.CHOICE, FieldType.CHOICES, FieldType.BOOLEAN)
# The columns that the list shows; nothing else is fetched.
_SHOWN = ("id", "number", "name", "kind", "grade", "region", "is_key", "changed_at",
          "last_contact_at", "name_key", "custodian__name")  # fmt: skip


@dataclass(frozen=True)
class Page:
    """One page of the list with the keys of its neighbours ("" at an end)."""

    rows: Sequence[Customer]
    before: str
    after: str


def facet_fields(definitions: Sequence[FieldDefinition]) -> list[FieldDefinition]:
    """The card fields that the filter bar offers."""
    return [d for d in definitions if d.is_facet and d.type in _CHOICE_TYPES]


def criteria_of(query: QueryDict, definitions: Sequence[FieldDefinition]) -> dict[str, Any]:
    """The selection that an address of the list stands for; what is unknown is left out."""
    found: list[dict[str, Any]] = []

    def ask(field: str, values: Sequence[Any], op: str = "in") -> None:
        if values:
            found.append({"field": field, "op": op, "values": list(values)})

    ask("name", [text] if (text := query.get("q", "").strip()[:64]) else [], "contains")
    ask("kind", [one for one in query.getlist("kind") if one in Kind.values])
    ask("grade", [one for one in query.getlist("grade") if one and one in Grade.values])
    custodians = [one for one in query.getlist("custodian") if one.isdecimal() and len(one) < 10]
    ask("custodian", custodians[:20])
    if text := query.get("region", "").strip()[:60]:
        code = text if address.division(text) else address.parse_address(text).division
        ask("region", [code] if code else [])
    for definition in facet_fields(definitions):
        known = {"true", "false"} if definition.type == FieldType.BOOLEAN else {
            choice["code"] for choice in definition.choices}  # fmt: skip
        ticked = [one for one in query.getlist(f"f.{definition.code}") if one in known]
        ask(f"fields.{definition.code}", ticked)
    return {"all": found, "none": []}


def facets(query: QueryDict, definitions: Sequence[FieldDefinition]) -> list[dict[str, Any]]:
    """The ticks of the filter bar."""
    language, found = words.language(), []
    columns = (("kind", _("Kind"), list(Kind.choices)),
               ("grade", _("Grade"), [one for one in Grade.choices if one[0]]))  # fmt: skip
    for name, label, options in columns:
        found.append(_ticks(query, name, label, options, is_main=True))
    for definition in facet_fields(definitions):
        choices = card_fields.choice_labels(definition, language)
        if definition.type == FieldType.BOOLEAN:
            choices = [("true", _("Yes")), ("false", _("No"))]
        label = card_fields.label(definition, language)
        found.append(_ticks(query, f"f.{definition.code}", label, choices))
    return found


def _ticks(
    query: QueryDict, name: str, label: str, choices: Any, *, is_main: bool = False
) -> dict[str, Any]:
    ticked = set(query.getlist(name))
    options = [{"value": code, "label": text, "checked": code in ticked} for code, text in choices]
    return {"name": name, "legend": label, "options": options, "is_main": is_main,
            "is_used": any(one["checked"] for one in options)}  # fmt: skip


def _write(value: Any, pk: UUID) -> str:
    text = json.dumps([value.isoformat() if isinstance(value, datetime) else value, str(pk)])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(text: str, column: str) -> tuple[Any, UUID] | None:
    try:
        value, pk = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if column == "changed_at":
            return datetime.fromisoformat(value), UUID(pk)
        if column == "number":
            return int(value), UUID(pk)
        value = str(value)
        value.encode()  # half of a pair is no text, and neither is NUL
        return None if "\x00" in value else (value, UUID(pk))
    except (ValueError, TypeError, binascii.Error):
        return None


def page_of(rows: QuerySet[Customer], query: Mapping[str, str]) -> Page:
    """One page of `rows` in the order that the address asks for, by key and not by number."""
    sort = query.get("sort", "") or DEFAULT_SORT
    column = SORTS.get(sort.lstrip("-"), "changed_at")
    is_down = sort.startswith("-")
    after, before = _read(query.get("after", ""), column), _read(query.get("before", ""), column)
    is_back = before is not None and after is None
    rows = rows.annotate(pinyin=Collate(F("name_key"), "C"))
    key = before if is_back else after
    goes_down = is_down != is_back
    if key is not None:
        value, pk = key
        side = "lt" if goes_down else "gt"
        # The first test alone bounds the walk through the index; the second breaks ties.
        rows = rows.filter(Q(**{f"{column}__{side}e": value})).filter(
            Q(**{f"{column}__{side}": value}) | Q(**{f"id__{side}": pk})
        )
    sign = "-" if goes_down else ""
    shown = rows.select_related("custodian").only(*_SHOWN)
    found = list(shown.order_by(f"{sign}{column}", f"{sign}id")[: PAGE + 1])
    has_more, found = len(found) > PAGE, found[:PAGE]
    if is_back:
        found.reverse()
    if not found:
        return Page([], "", "")
    first, last = (_write(getattr(one, column), one.pk) for one in (found[0], found[-1]))
    return Page(
        found,
        before=first if (has_more if is_back else key is not None) else "",
        after=last if (has_more or is_back) else "",
    )


def count_text(rows: QuerySet[Customer]) -> str:
    """How many there are, counted to ten thousand at most so that a list opens at once."""
    count = rows.order_by()[: COUNTED + 1].count()
    if count > COUNTED:
        return _("more than %(count)s customers") % {"count": f"{COUNTED:,}"}
    return _("%(count)s customers") % {"count": f"{count:,}"}


def list_rows(customers: Sequence[Customer], user: User) -> list[dict[str, Any]]:
    """The rows with the first number of each card; one query for all numbers."""
    points = ContactPoint.objects.filter(
        customer__in=[one.pk for one in customers], kind="phone", is_active=True
    ).order_by("customer_id", "position", "id")
    first: dict[UUID, ContactPoint] = {}
    for point in points:
        first.setdefault(point.customer_id, point)
    return [
        {
            "customer": one,
            "phone": shown_phone(user, first[one.pk]) if one.pk in first else "",
            "place": words.place(one.region),
            "reading": words.rare_reading(one.name, person=one.kind == Kind.PERSON),
        }
        for one in customers
    ]


def selected(query: QueryDict, user: User, definitions: Sequence[FieldDefinition]
             ) -> tuple[QuerySet[Customer], dict[str, Any]]:  # fmt: skip
    """The customers of an address of the list and its criteria."""
    criteria = criteria_of(query, definitions)
    return customers_in(criteria, user=user), criteria
