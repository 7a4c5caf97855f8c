"""Finds a customer while somebody types (CU9): what is stored to be found, and the finding.

Tokens and the folded text come from `kernel.searchtokens`. Names that begin as typed come by
btree. For the rest two ways lead to the rows. Where the query is rare, the GIN index gives the
few candidates, which are checked exactly. Where it is frequent (half of all firms carry the same
two characters) the index would return half the table; then the newest cards are walked until
enough of them fit. What is frequent is known from the planner's own statistics.
"""

import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from genjin.customers.models import ContactPoint, Customer
from genjin.customers.states import Kind
from genjin.customers.visibility import in_hand, shown_phone
from genjin.foundation.access import scope_of
from genjin.foundation.models import User
from genjin.kernel import searchtokens
from genjin.kernel.chinese import fold, pinyin_key, segment_pinyin

# Above this share of all cards a query is walked for and not looked up (measured: the two ways
# cost the same at about one card in two hundred).
FREQUENT = 0.005
WALKED_ROWS = 8_000
LOOKED_UP = 200
KEY_LENGTH = 400
_COLUMNS = (
    "c.id, c.number, c.name, c.kind, c.grade, c.region, c.custodian_id, c.changed_at, c.search_text"
)
_ALIVE = "c.merged_into_id IS NULL"


def search_columns(
    name: str,
    kind: str,
    other_names: Iterable[str] = (),
    person_names: Iterable[str] = (),
    phones: Iterable[str] = (),
) -> dict[str, Any]:
    """What a card stores so that it is found: name_key, search_text, search_tokens.

    `phones` are E.164 or plain digits; pure, for the import's workers too.
    """
    others = [*other_names, *person_names]
    numbers = list(phones)
    person = kind == Kind.PERSON
    return {
        "name_key": pinyin_key(name, person)[:KEY_LENGTH],
        "search_text": searchtokens.search_text(
            name=name, person=person, other_names=others, phones=numbers
        ),
        "search_tokens": searchtokens.tokens_for_customer(
            name=name, person=person, other_names=others, phones=numbers
        ),
    }


def refresh_search(customer: Customer) -> None:
    """Stores again what finding needs, from the card, its people and its numbers."""
    people = customer.people.filter(is_active=True, is_self=False).values_list("name", flat=True)
    phones = customer.points.filter(is_active=True, kind="phone").values_list("value", flat=True)
    columns = search_columns(
        name=customer.name,
        kind=customer.kind,
        other_names=customer.other_names,
        person_names=people.order_by("created_at", "id"),
        phones=phones.order_by("position", "id"),
    )
    for name, value in columns.items():
        setattr(customer, name, value)
    customer.save(update_fields=list(columns))


@dataclass(frozen=True)
class Hit:
    """One card that was found. `phone` is masked unless the person may see numbers.

    `place` says how well it fits: 0 the name itself, 1 the name begins so, 2 it is in the name,
    3 in a contact person, a number or the pinyin.
    """

    id: UUID
    number: int
    name: str
    kind: str
    grade: str
    region: str
    custodian_id: int | None
    place: int
    changed_at: datetime
    phone: str = ""


class _Frequencies:
    """Shares of cards that carry the frequent tokens, from the planner's statistics."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._shares: dict[int, float] = {}

    def shares(self) -> dict[int, float]:
        with self._lock:
            if time.monotonic() - self._read_at > 300:
                self._shares = self._read()
                self._read_at = time.monotonic()
            return self._shares

    def forget(self) -> None:
        self._read_at = float("-inf")

    @staticmethod
    def _read() -> dict[int, float]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT most_common_elems::text::int[], most_common_elem_freqs FROM pg_stats "
                "WHERE schemaname = current_schema() AND tablename = 'customers_customer' "
                "AND attname = 'search_tokens'"
            )
            row = cursor.fetchone()
        if not row or not row[0]:
            return {}
        return dict(zip(row[0], row[1], strict=False))


frequencies = _Frequencies()


def share_of(plan: searchtokens.QueryPlan) -> float:
    """The share of all cards that the query probably fits (an upper estimate)."""
    known = frequencies.shares()
    return sum(min(known.get(token, 0.0) for token in way) for way in plan.alternatives)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _fits(plan: searchtokens.QueryPlan) -> tuple[str, list[Any]]:
    """The exact check of a candidate; plain text by LIKE, which costs a tenth of `~`."""
    if plan.pattern and plan.pattern.isalnum():
        return "c.search_text LIKE %s", [f"%{plan.pattern}%"]
    return "c.search_text ~ %s", [plan.pattern]


def _scope(user: User | None) -> tuple[str, list[Any]]:
    """Whose cards are searched, without those in hand (they are few and looked at apart)."""
    scope = "all" if user is None else scope_of(user)
    if user is None or scope == "all":
        return "TRUE", []
    if scope == "team" and user.team_id:
        return "c.team_id = %s", [user.team_id]
    return "c.custodian_id = %s", [user.pk]


def _run(sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def _walk(fits: str, params: list[Any], user: User | None, limit: int) -> list[tuple[Any, ...]]:
    """The newest cards in scope that fit, among the newest WALKED_ROWS."""
    scope, whose = _scope(user)
    return _run(
        f"SELECT {_COLUMNS} FROM (SELECT * FROM customers_customer c WHERE {_ALIVE} AND {scope} "  # noqa: S608
        "ORDER BY c.changed_at DESC, c.id DESC LIMIT %s) c "
        f"WHERE {fits} LIMIT %s",
        [*whose, WALKED_ROWS, *params, limit],
    )


def _look_up(plan: searchtokens.QueryPlan, user: User | None) -> list[tuple[Any, ...]]:
    """The newest of the cards that carry the tokens and fit exactly."""
    fits, params = _fits(plan)
    scope, whose = _scope(user)
    carry = " OR ".join(["c.search_tokens @> %s::int[]"] * len(plan.alternatives))
    # "+ 0" keeps the planner from walking an index of dates in the hope of an early end.
    return _run(
        f"SELECT {_COLUMNS} FROM customers_customer c WHERE ({carry}) AND {fits} AND {_ALIVE} "  # noqa: S608
        f"AND {scope} ORDER BY c.changed_at + interval '0' DESC LIMIT %s",
        [*(list(way) for way in plan.alternatives), *params, *whose, LOOKED_UP],
    )


def _beginnings(query: str, plan: searchtokens.QueryPlan) -> list[tuple[str, str]]:
    """(expression, beginning) by which names that begin as typed are found in an index."""
    found = []
    folded = plan.prefix or fold(query)
    if folded:
        found.append(("left(c.search_text, 30)", folded[:30]))
    if plan.kind == "latin":
        found += [("c.name_key", " ".join(way)) for way in segment_pinyin(query)[:2]]
    return found


def _by_beginning(
    query: str, plan: searchtokens.QueryPlan, user: User | None, limit: int
) -> list[tuple[Any, ...]]:
    """Cards whose name (or its pinyin) begins as typed, the shortest first."""
    beginnings = _beginnings(query, plan)
    if _scope(user)[0] != "TRUE":
        tests = " OR ".join(f"{expression} LIKE %s" for expression, _ in beginnings)
        return _walk(f"({tests})", [f"{_escaped(text)}%" for _, text in beginnings], user, limit)
    rows: list[tuple[Any, ...]] = []
    for expression, text in beginnings:
        rows += _run(
            f"SELECT {_COLUMNS} FROM customers_customer c WHERE {_ALIVE} AND {expression} LIKE %s "  # noqa: S608
            f"ORDER BY {expression} USING ~<~ LIMIT %s",
            [f"{_escaped(text)}%", limit],
        )
    return rows


def _in_hand_rows(plan: searchtokens.QueryPlan, user: User) -> list[tuple[Any, ...]]:
    if scope_of(user) == "all" or not (held := in_hand(user)):
        return []
    rows = _run(
        f"SELECT {_COLUMNS} FROM customers_customer c WHERE c.id = ANY(%s)",  # noqa: S608
        [held],
    )
    return [row for row in rows if plan.matches(row[8])]


def _place(folded: str, text: str) -> int:
    names = text.split("||", 1)[0]
    first = names.split("|", 1)[0]
    if first == folded:
        return 0
    if first.startswith(folded):
        return 1
    return 2 if folded in first else 3


def _candidates(
    query: str, plan: searchtokens.QueryPlan, user: User | None, limit: int
) -> list[tuple[Any, ...]]:
    rows = _by_beginning(query, plan, user, limit) if plan.kind != "digits" else []
    if plan.kind == "digits" and query.isdigit() and len(query) < 15:
        rows += _run(
            f"SELECT {_COLUMNS} FROM customers_customer c WHERE c.number = %s AND {_ALIVE} "  # noqa: S608
            f"AND {_scope(user)[0]}",
            [int(query), *_scope(user)[1]],
        )
    if plan.alternatives and len(rows) < limit:
        found: list[tuple[Any, ...]] = []
        if share_of(plan) >= FREQUENT:
            found = _walk(*_fits(plan), user, limit)
        if len(found) < limit and share_of(plan) < FREQUENT * 20:
            found = _look_up(plan, user)
        rows += found
    if user is not None:
        rows += _in_hand_rows(plan, user)
    return rows


def find(query: str, *, user: User | None, limit: int = 20) -> list[Hit]:
    """The cards that fit what was typed, the best first, within the person's scope.

    Understands a part of a name or of a contact person's, four digits or more of a phone, the
    card's number, full pinyin and initials, either script. `user` None sees all (jobs, tests).
    Nothing that can be read finds nothing.
    """
    typed = query.replace("\x00", "").strip()[:64]
    plan = searchtokens.query_tokens(typed)
    if plan.kind == "empty":
        return []
    folded = fold(typed)
    unique = {row[0]: row for row in _candidates(typed, plan, user, limit)}
    ranked = sorted(
        (Hit(*row[:7], place=_place(folded, row[8]), changed_at=row[7]) for row in unique.values()),
        key=lambda hit: (hit.place, -hit.changed_at.timestamp(), str(hit.id)),
    )[:limit]
    return _with_phones(ranked, user)


def _with_phones(hits: list[Hit], user: User | None) -> list[Hit]:
    """Adds the first number of each card, as this person may see it; one query."""
    points = ContactPoint.objects.filter(
        customer__in=[hit.id for hit in hits], kind="phone", is_active=True
    ).order_by("customer_id", "position", "id")
    first: dict[UUID, ContactPoint] = {}
    for point in points:
        first.setdefault(point.customer_id, point)
    return [
        Hit(**{**hit.__dict__, "phone": shown_phone(user, first[hit.id]) if user else
               first[hit.id].value}) if hit.id in first else hit
        for hit in hits
    ]  # fmt: skip


@dataclass(frozen=True)
class Likeness:
    """A card that may be the same customer. `why` is phone, tax_number or name."""

    customer: Customer
    why: str


def possible_duplicates(
    *, name: str = "", phones: Sequence[str] = (), tax_number: str = "", limit: int = 5
) -> list[Likeness]:
    """Cards with the same phone or tax number, or a name that is the same when folded.

    Looks beyond the person's scope on purpose: a double is a double whoever keeps it. Screens
    show of a card out of scope its custodian and nothing else.
    """
    alive = Customer.objects.filter(merged_into=None).select_related("custodian")
    found: dict[UUID, Likeness] = {}
    values = [value for value in phones if value]
    if values:
        for one in alive.filter(points__value__in=values, points__kind="phone",
                                points__is_active=True).distinct()[:limit]:  # fmt: skip
            found.setdefault(one.pk, Likeness(one, "phone"))
    if tax_number.strip():
        for one in alive.filter(tax_number=tax_number.strip())[:limit]:
            found.setdefault(one.pk, Likeness(one, "tax_number"))
    folded = fold(name)[:29]
    if len(folded) >= 2:
        same = _run(
            "SELECT c.id FROM customers_customer c WHERE left(c.search_text, 30) LIKE %s "
            "AND c.merged_into_id IS NULL LIMIT %s",
            [f"{_escaped(folded)}|%", limit],
        )
        for one in alive.filter(pk__in=[row[0] for row in same]):
            found.setdefault(one.pk, Likeness(one, "name"))
    return list(found.values())[:limit]
