"""The customer list: what its address asks for, and pages by key (CU2)."""

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
from django.utils.translation import ngettext

from genjin.customers.facets import members
from genjin.customers.models import ContactPoint, Customer, Standing
from genjin.customers.queries import shown_phone
from genjin.customers.segments import (
    BETWEEN,
    CONTAINS,
    EVERYBODY,
    OWNS,
    SET,
    SelectionField,
    customers_in,
    describe_each,
    validate,
)
from genjin.customers.states import Kind
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput
from genjin.web.customers import words
from genjin.web.customers.sentences import sentence
from genjin.web.segments import criteria as reading

PAGE = 50
FEW = 1_000
SORTS = {"changed": "changed_at", "name": "pinyin", "number": "number"}
DEFAULT_SORT = "-changed"
_TYPED = ("text.", "nottext.", "from.", "to.", "owned.", "known.")
# The columns that the list shows; nothing else is fetched.
_SHOWN = ("id", "number", "name", "kind", "grade", "region", "is_key", "changed_at",
          "last_contact_at", "name_key", "custodian__name")  # fmt: skip


@dataclass(frozen=True)
class Page:
    """One page of the list with the keys of its neighbours ("" at an end)."""

    rows: Sequence[Customer]
    before: str
    after: str


def asked(query: QueryDict, fields: Sequence[SelectionField]) -> tuple[dict[str, Any], list[str]]:
    """The selection that an address stands for, and what of it cannot be asked, in words.

    A condition that cannot be asked is left out of the selection.
    """
    criteria = reading.read(query, fields)
    try:
        validate(criteria)
    except BadInput as bad:
        usable = {part: [one for one in criteria[part] if one["field"] not in bad.problems]
                  for part in criteria}  # fmt: skip
        problems = [
            f"{reading.field_label(str(place), fields)}: {sentence(reason)}"
            for place, reasons in bad.problems.items() for reason in reasons
        ]  # fmt: skip
        return (usable if problems and usable != criteria else dict(EVERYBODY)), problems
    return criteria, []


def plain_address(query: QueryDict) -> QueryDict:
    """The address of a selection without its page and without what was left empty."""
    kept = QueryDict(mutable=True)
    for name in query:
        if name in ("after", "before", "sort"):
            continue
        is_text = name == "q" or name.startswith(_TYPED)
        if values := [one for one in query.getlist(name) if one.strip() or not is_text]:
            kept.setlist(name, values)
    return kept


def chips(criteria: Mapping[str, Any], query: QueryDict) -> list[dict[str, str]]:
    """Each condition as a sentence, with the address of the list without it."""
    found = []
    for part, one, text in describe_each(criteria):
        rest, field = query.copy(), one["field"]
        for name in list(rest):
            if _belongs(name, field, one["op"], part):
                del rest[name]
        found.append({"text": text, "rest": rest.urlencode()})
    return found


def _belongs(name: str, field: str, op: str, part: str) -> bool:
    """Whether a name of the address says what a condition asks."""
    if op == OWNS:
        return name.startswith("owned.")
    if op == CONTAINS:
        return name == "q"
    if op == BETWEEN:
        return name in (f"from.{field}", f"to.{field}", f"not.{field}")
    if op == SET:
        return name == f"known.{field}"
    if part == "none":
        return name in (f"not.{field}", f"nottext.{field}")
    return name in (field, f"text.{field}")


def rows_of(criteria: Mapping[str, Any], user: User, total: int) -> QuerySet[Customer]:
    """The customers of a selection; where there are few they are read by their numbers."""
    is_narrow = bool(criteria.get("all") or criteria.get("none")) and total <= FEW
    if is_narrow:
        numbers = list(members(criteria, user=user).numbers())
        return Customer.objects.filter(merged_into=None, number__in=numbers)
    return customers_in(criteria, user=user)


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


def count_text(count: int) -> str:
    """How many there are, in words."""
    return ngettext("%(count)s customer", "%(count)s customers", count) % {"count": f"{count:,}"}


def list_rows(customers: Sequence[Customer], user: User) -> list[dict[str, Any]]:
    """The rows with first number and class of each card; one query for each of the two."""
    points = ContactPoint.objects.filter(
        customer__in=[one.pk for one in customers], kind="phone", is_active=True
    ).order_by("customer_id", "position", "id")
    first: dict[UUID, ContactPoint] = {}
    for point in points:
        first.setdefault(point.customer_id, point)
    standings = Standing.objects.in_bulk([one.pk for one in customers])
    return [
        {
            "customer": one,
            "standing": standings.get(one.pk),
            "phone": shown_phone(user, first[one.pk]) if one.pk in first else "",
            "place": words.place(one.region),
            "reading": words.rare_reading(one.name, person=one.kind == Kind.PERSON),
        }
        for one in customers
    ]
