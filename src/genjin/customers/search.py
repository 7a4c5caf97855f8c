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

from django.db import connection, transaction

from genjin.customers.models import ContactPoint, Customer
from genjin.customers.states import Kind
from genjin.customers.visibility import in_hand, sees_masked, shown_phone
from genjin.foundation.access import scope_of
from genjin.foundation.models import User
from genjin.kernel import searchtokens
from genjin.kernel.chinese import fold, pinyin_key, segment_pinyin

# Above this many probable hits a query is walked for and not looked up (measured: at a million
# cards the two ways cost the same at about two thousand hits).
FREQUENT_HITS = 2_000
WALKED_ROWS = 10_000
FETCHED = 200
KEY_LENGTH = 400
_COLUMNS = (
    "c.id, c.number, c.name, c.kind, c.grade, c.region, c.custodian_id, c.changed_at, c.search_text"
)
_ALIVE = "c.merged_into_id IS NULL"
_PINYIN = 'c.name_key COLLATE "C"'
_FOLDED = "left(c.search_text, 30)"


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


class _Statistics:
    """How many cards there are and what share carries the frequent tokens, as the planner knows."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        """Reads anew at the next question (tests, measurements)."""
        self._read_at = float("-inf")
        self._cards = 0.0
        self._shares: dict[int, float] = {}

    def hits(self, plan: searchtokens.QueryPlan) -> float:
        """How many cards the query probably fits, at most; read every five minutes."""
        with self._lock:
            if time.monotonic() - self._read_at > 300:
                self._cards, self._shares = self._read()
                self._read_at = time.monotonic()
        shares = (min(self._shares.get(t, 0.0) for t in way) for way in plan.alternatives)
        return self._cards * sum(shares)

    @staticmethod
    def _read() -> tuple[float, dict[int, float]]:
        rows = _run(
            "SELECT greatest(c.reltuples, 0), s.most_common_elems::text::int[], "
            "s.most_common_elem_freqs "
            "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "LEFT JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname "
            "AND s.attname = 'search_tokens' "
            "WHERE n.nspname = current_schema() AND c.relname = 'customers_customer'",
            [],
        )
        cards, tokens, shares = rows[0]
        return cards, dict(zip(tokens or (), shares or (), strict=False))


statistics = _Statistics()
Row = tuple[Any, ...]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _run(sql: str, params: Sequence[Any]) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def _scope(user: User | None) -> tuple[str, list[Any]]:
    """Whose cards are searched, without those in hand (they are few and looked at apart)."""
    scope = "all" if user is None else scope_of(user)
    if user is None or scope == "all":
        return "TRUE", []
    if scope == "team" and user.team_id:
        return "c.team_id = %s", [user.team_id]
    return "c.custodian_id = %s", [user.pk]


def _carried(plan: searchtokens.QueryPlan) -> tuple[str, list[Any]]:
    """The test on tokens; what only seems to fit is sorted out in Python."""
    test = " OR ".join(["c.search_tokens @> %s::int[]"] * len(plan.alternatives))
    return f"({test})", [list(way) for way in plan.alternatives]


def _walk(test: str, params: list[Any], user: User | None, limit: int) -> list[Row]:
    """The newest cards in scope that fit, among the newest WALKED_ROWS."""
    scope, whose = _scope(user)
    return _run(
        f"SELECT {_COLUMNS} FROM (SELECT * FROM customers_customer c WHERE {_ALIVE} AND {scope} "  # noqa: S608
        f"ORDER BY c.changed_at DESC, c.id DESC LIMIT %s) c WHERE {test} LIMIT %s",
        [*whose, WALKED_ROWS, *params, limit],
    )


def _look_up(
    plan: searchtokens.QueryPlan, user: User | None, *, is_frequent: bool, is_exact: bool = False
) -> list[Row]:
    """Cards that carry the tokens, through the index; the newest, unless they are too many.

    `is_exact` checks in the database, for when what only seemed to fit filled the page.
    """
    test, params = _carried(plan)
    if is_exact:
        test, params = f"{test} AND c.search_text ~ %s", [*params, plan.pattern]
    scope, whose = _scope(user)
    # The sum keeps the planner from walking the index of dates in the hope of an early end.
    order = "" if is_frequent else "ORDER BY c.changed_at + interval '0' DESC"
    sql = (
        f"SELECT {_COLUMNS} FROM customers_customer c WHERE {test} AND {_ALIVE} AND {scope} "  # noqa: S608
        f"{order} LIMIT %s"
    )
    if not is_frequent:
        return _run(sql, [*params, *whose, FETCHED])
    with transaction.atomic():
        _run("SELECT set_config('enable_seqscan', 'off', true)", [])
        return _run(sql, [*params, *whose, FETCHED])


def _beginnings(query: str, plan: searchtokens.QueryPlan) -> list[tuple[str, str]]:
    """(expression, beginning) by which names that begin as typed are found in an index."""
    if plan.kind == "digits":
        return []
    found = [(_FOLDED, plan.prefix[:30])] if plan.prefix else []
    if plan.kind == "latin":
        found += [(_PINYIN, " ".join(way)) for way in segment_pinyin(query)[:2]]
    return found


def _by_beginning(beginnings: list[tuple[str, str]], limit: int) -> list[Row]:
    """Cards of any scope whose name (or its pinyin) begins as typed, the shortest first."""
    rows: list[Row] = []
    for expression, text in beginnings:
        rows += _run(
            f"SELECT {_COLUMNS} FROM customers_customer c WHERE {_ALIVE} AND {expression} LIKE %s "  # noqa: S608
            f"ORDER BY {expression}{' USING ~<~' if expression == _FOLDED else ''} LIMIT %s",
            [f"{_escaped(text)}%", limit],
        )
    return rows


def _in_scope(
    beginnings: list[tuple[str, str]], plan: searchtokens.QueryPlan, user: User, limit: int
) -> list[Row]:
    """For a person who sees some cards only: these are walked, the rest of many looked up."""
    tests = [f"{expression} LIKE %s" for expression, _ in beginnings]
    params: list[Any] = [f"{_escaped(text)}%" for _, text in beginnings]
    if plan.alternatives:
        test, carried = _carried(plan)
        tests, params = [*tests, test], [*params, *carried]
    if not tests:
        return []
    found = _walk(f"({' OR '.join(tests)})", params, user, FETCHED)
    if len(found) < limit and plan.alternatives and scope_of(user) == "team":
        found += _look_up(plan, user, is_frequent=statistics.hits(plan) > FREQUENT_HITS)
    return found


def _everywhere(
    beginnings: list[tuple[str, str]], plan: searchtokens.QueryPlan, limit: int
) -> list[Row]:
    """For a person who sees every card."""
    rows = _by_beginning(beginnings, limit)
    if not plan.alternatives or len(_fitting(rows, plan)) >= limit:
        return rows
    is_frequent = statistics.hits(plan) > FREQUENT_HITS
    found = _walk(*_carried(plan), None, FETCHED // 4) if is_frequent else []
    if len(_fitting(found, plan)) < limit:
        found += _look_up(plan, None, is_frequent=is_frequent)
        if len(found) >= FETCHED and len(_fitting(found, plan)) < limit:
            found += _look_up(plan, None, is_frequent=is_frequent, is_exact=True)
    return rows + found


def _fitting(rows: Iterable[Row], plan: searchtokens.QueryPlan) -> dict[UUID, Row]:
    """The rows that fit exactly, each once."""
    return {row[0]: row for row in rows if plan.matches(row[8])}


def _in_hand_rows(user: User) -> list[Row]:
    if scope_of(user) == "all" or not (held := in_hand(user)):
        return []
    return _run(
        f"SELECT {_COLUMNS} FROM customers_customer c WHERE c.id = ANY(%s)",  # noqa: S608
        [held],
    )


def _numbered(query: str, user: User | None) -> list[Row]:
    """The card with this number, which people read to each other."""
    if not (query.isascii() and query.isdigit() and len(query) < 15):
        return []
    scope, whose = _scope(user)
    return _run(
        f"SELECT {_COLUMNS} FROM customers_customer c WHERE c.number = %s AND {_ALIVE} AND {scope}",  # noqa: S608
        [int(query), *whose],
    )


def _place(folded: str, text: str) -> int:
    first = text.split("|", 1)[0]
    if first == folded:
        return 0
    if first.startswith(folded):
        return 1
    return 2 if folded in first else 3


def find(query: str, *, user: User | None, limit: int = 20) -> list[Hit]:
    """The cards that fit what was typed, the best first, within the person's scope.

    Understands a part of a name or of a contact person's, four digits or more of a phone, the
    card's number, full pinyin and initials, either script. `user` None sees all (jobs, tests).
    Who sees masked numbers needs the whole phone or the last four: otherwise a number could be
    put together digit by digit. Nothing that can be read finds nothing.
    """
    typed = query.replace("\x00", "").strip()[:64]
    plan = searchtokens.query_tokens(typed, masked=sees_masked(user))
    if plan.kind == "empty":
        return []
    beginnings = _beginnings(typed, plan)
    if user is None or scope_of(user) == "all":
        rows = _everywhere(beginnings, plan, limit)
    else:
        rows = _in_scope(beginnings, plan, user, limit) + _in_hand_rows(user)
    unique = _fitting(rows, plan)
    unique |= {row[0]: row for row in rows if row[0] not in unique and _begins(row, beginnings)}
    unique |= {row[0]: row for row in _numbered(typed, user)}
    folded = fold(typed)
    ranked = sorted(
        (_hit(row, folded) for row in unique.values()),
        key=lambda hit: (hit.place, -hit.changed_at.timestamp(), str(hit.id)),
    )[:limit]
    return _with_phones(ranked, user)


def _hit(row: Row, folded: str) -> Hit:
    pk, number, name, kind, grade, region, custodian_id, changed_at, text = row
    return Hit(
        id=pk, number=number, name=name, kind=kind, grade=grade, region=region,
        custodian_id=custodian_id, place=_place(folded, text), changed_at=changed_at,
    )  # fmt: skip


def _begins(row: Row, beginnings: list[tuple[str, str]]) -> bool:
    """Whether the pinyin of the name begins as typed (one syllable has no pattern)."""
    keys = [text for expression, text in beginnings if expression == _PINYIN]
    return bool(keys) and any(pinyin_key(row[2], row[3] == Kind.PERSON).startswith(k) for k in keys)


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
