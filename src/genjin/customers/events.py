"""What happens to a customer, told as typed facts in the transaction of the fact (FU2).

An operation calls `emit` beside its own writing; the rulebook turns the event into follow-ups
later. A key makes a fact that is told twice one event. Each type declares the facts it carries:
conditions, sentences and the dry run read them by these declarations. A fact that was not told is
unknown, and no condition on it holds.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from genjin.foundation.audit import plain
from genjin.kernel.ids import uuid7

Label = str | Promise


class FactType(StrEnum):
    """What a fact's value is: how a condition compares it and how a form asks for it."""

    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"
    CHOICE = "choice"


class Source(StrEnum):
    """Who tells an event: an operation, the daily timetable, or a department still to come."""

    OPERATION = "operation"
    CLOCK = "clock"
    LATER = "later"


@dataclass(frozen=True)
class Fact:
    """One value that an event carries.

    `label` is the fact as a noun ("the amount"); of a flag it is the whole clause ("they are
    dear") and `denied` its opposite. `unit` follows a number; `choices` are (code, label).
    """

    code: str
    label: Label
    type: FactType = FactType.TEXT
    unit: Label = ""
    denied: Label = ""
    choices: tuple[tuple[str, Label], ...] = ()


@dataclass(frozen=True)
class EventType:
    """A kind of event. `when` is the clause that begins a rule's sentence."""

    code: str
    label: Label
    when: Label
    source: Source
    facts: tuple[Fact, ...] = ()
    by_code: Mapping[str, Fact] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_code", {fact.code: fact for fact in self.facts})


def _text(code: str, label: Label) -> Fact:
    return Fact(code, label)


def _flag(code: str, label: Label, denied: Label) -> Fact:
    return Fact(code, label, FactType.FLAG, denied=denied)


def _number(code: str, label: Label, unit: Label = "") -> Fact:
    return Fact(code, label, FactType.NUMBER, unit)


def _days(code: str, label: Label) -> Fact:
    return _number(code, label, _("days"))


_PRODUCT = _text("product", _("the product"))
_CATEGORY = _text("category", _("the category"))
_AMOUNT = _number("amount", _("the amount"))
_PERSON = _text("person", _("the person"))
_GOODS = (
    _PRODUCT,
    _CATEGORY,
    _AMOUNT,
    _flag("is_dear", _("they are dear"), _("they are not dear")),
    _flag("is_fragile", _("they are fragile"), _("they are not fragile")),
    _flag(
        "is_trial",
        _("they were bought as a trial for a larger order"),
        _("they were not bought as a trial"),
    ),
    _flag("needs_installation", _("they need installation"), _("they need no installation")),
    _text("order", _("the order")),
)
FAMILY_EVENTS: tuple[tuple[str, Label], ...] = (
    ("wedding", _("wedding")),
    ("birth", _("birth of a child")),
    ("exam", _("school examination")),
    ("moving", _("moving house")),
    ("parent_birthday", _("a parent's round birthday")),
    ("other", pgettext_lazy("family event", "another event")),
)

_OPERATION, _CLOCK, _LATER = Source.OPERATION, Source.CLOCK, Source.LATER

TYPES: dict[str, EventType] = {
    kind.code: kind
    for kind in (
        EventType(
            "goods_delivered", _("Goods delivered"), _("When goods are delivered"),
            _OPERATION,
            (*_GOODS, _text("deliverer", _("the deliverer"))),
        ),
        EventType(
            "deal_done", _("Deal done"), _("When a deal is done"), _OPERATION,
            (*_GOODS, _flag("is_first", _("it is the first deal"), _("it is not the first deal"))),
        ),
        EventType(
            "installed", _("Goods installed"), _("When goods are installed"), _LATER,
            (*_GOODS, _text("technician", _("the technician"))),
        ),
        EventType(
            "papers_due", _("Papers due"), _("When a manual or data are due"), _LATER,
            (_text("papers", _("the papers")), _PRODUCT, _CATEGORY),
        ),
        EventType(
            "payment_received", _("Payment received"), _("When a payment comes in"), _OPERATION,
            (_AMOUNT, _days("days_late", _("the delay")),
             _flag("after_collection", _("a collection contact went before it"),
                   _("no collection contact went before it"))),
        ),
        EventType(
            "payment_late", _("Payment late"), _("When a payment is late"), _LATER,
            (_AMOUNT, _days("days_late", _("the delay"))),
        ),
        EventType(
            "instrument_dishonoured", _("Cheque or bill dishonoured"),
            _("When a cheque or bill is dishonoured"), _OPERATION,
            (_AMOUNT, _text("kind", _("the kind of paper")), _text("number", _("its number")),
             _text("reason", _("the reason"))),
        ),
        EventType(
            "complaint_settled", _("Complaint settled"), _("When a complaint is settled"),
            _OPERATION,
            (_text("about", _("what it was about")), _PRODUCT,
             _days("days_open", _("the time until it was settled"))),
        ),
        EventType(
            "birthday", _("Birthday"), _("On a birthday"), _CLOCK,
            (_PERSON, _number("age", _("the age"), _("years")),
             _flag("is_lunar", _("it is a lunar birthday"), _("it is a solar birthday")),
             _flag("is_round", _("it is a round birthday"), _("it is no round birthday")),
             _flag("is_self", _("it is the customer's own"), _("it is not the customer's own"))),
        ),
        EventType(
            "festival", _("Festival"), _("On a festival"), _CLOCK,
            (_text("festival", _("the festival")),),
        ),
        EventType(
            "family_event", _("Family event"), _("On a family event"), _CLOCK,
            (Fact("kind", _("the kind of event"), FactType.CHOICE, choices=FAMILY_EVENTS), _PERSON,
             _text("who", _("whose event it is"))),
        ),
        EventType(
            "wanted_in_stock", _("Wanted item in stock"), _("When a wanted item comes into stock"),
            _OPERATION,
            (_text("item", _("what was asked for")), _PRODUCT, _CATEGORY,
             _days("days_waiting", _("the time waited"))),
        ),
        EventType(
            "maintenance_due", _("Maintenance due"), _("When maintenance is due"), _CLOCK,
            (_PRODUCT, _CATEGORY,
             _number("months", _("the time between maintenance"), _("months"))),
        ),
        EventType(
            "no_contact", _("No contact"), _("When there was no contact"), _CLOCK,
            (_days("days", _("the time without contact")),),
        ),
        EventType(
            "grade_overdue", _("Grade overdue"), _("When a grade's term has passed"), _CLOCK,
            (_text("grade", _("the prospect's grade")), _days("days", _("the time over the term")),
             _number("expected_amount", _("the expected amount")),
             _text("opportunity", _("the opportunity"))),
        ),
        EventType(
            "replacement_due", _("Replacement due"),
            _("When something owned is due for replacement"), _CLOCK,
            (_CATEGORY, _text("brand", _("the brand")),
             _flag("is_ours", _("it is our brand"), _("it is another brand")),
             _number("years", _("the time in use"), _("years"))),
        ),
        EventType(
            "card_stale", _("Card stale"), _("When a card goes stale"), _CLOCK,
            (_days("days", _("the time since it was confirmed")),),
        ),
        EventType(
            "warranty_registered", _("Warranty registered"), _("When a warranty is registered"),
            _OPERATION, (_PRODUCT, _CATEGORY, _text("serial", _("the serial number"))),
        ),
        EventType(
            "commitment_due", _("Promise due"), _("When something that we promised is due"),
            _OPERATION, (_text("text", _("the promise")), _text("kind", _("the kind of promise"))),
        ),
    )
}  # fmt: skip

# Kept with an event beside its facts: whose doing it was, for rules that give the work to them.
BY = "by"


class UnknownFactError(ValueError):
    """An event was told with a code, a fact or a value that its type does not declare."""


@dataclass(frozen=True)
class EventRow:
    """One event to write: the arguments of `emit` as a row."""

    code: str
    customer_id: UUID
    key: str
    on: date
    data: Mapping[str, Any]
    source: tuple[str, str] = ("", "")


def _value(kind: EventType, name: str, value: Any) -> Any:
    fact = kind.by_code.get(name)
    if fact is None:
        if name == BY and (value is None or isinstance(value, int)):
            return value
        raise UnknownFactError(f"{kind.code} carries no {name!r}")
    if value is None:
        return None
    if fact.type is FactType.FLAG:
        fits = isinstance(value, bool)
    elif fact.type is FactType.NUMBER:
        fits = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    else:
        fits = isinstance(value, str | UUID)
    if not fits:
        raise UnknownFactError(f"{kind.code}.{name} is no {fact.type}: {value!r}")
    return float(value) if isinstance(value, Decimal) else plain(value)


def checked(code: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of an event as they are stored. Raises UnknownFactError."""
    if (kind := TYPES.get(code)) is None:
        raise UnknownFactError(f"no such event: {code!r}")
    return {name: _value(kind, name, value) for name, value in data.items() if value is not None}


def emit(
    code: str,
    customer_id: UUID,
    *,
    key: str,
    on: date,
    data: Mapping[str, Any],
    now: datetime,
    source: tuple[str, str] = ("", ""),
) -> None:
    """Tells that something happened to a customer, once for each `key`.

    In the caller's transaction: the event stands or falls with its fact.

    `on` is the day the event is about, `data` its facts as declared in `TYPES` (and "by", the id
    of whose doing it was). Raises UnknownFactError for anything not declared.
    """
    emit_many([EventRow(code, customer_id, key, on, data, source)], now=now)


def emit_many(rows: Iterable[EventRow], *, now: datetime) -> int:
    """Tells many events in few statements; returns how many were new. As `emit` otherwise."""
    told = list(rows)
    return sum(_insert(told[at : at + _BATCH], now) for at in range(0, len(told), _BATCH))


_BATCH = 5000
_INSERT = """
INSERT INTO customers_event
  (id, code, key, customer_id, source_kind, source_id, data, "on", at)
SELECT t.*, %s::timestamptz FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::uuid[], %s::text[],
  %s::text[], %s::text[]::jsonb[], %s::date[]) t
ON CONFLICT (key) DO NOTHING
"""


def _insert(rows: list[EventRow], now: datetime) -> int:
    columns: list[Any] = [
        [uuid7() for _row in rows],
        [row.code for row in rows],
        [row.key for row in rows],
        [row.customer_id for row in rows],
        [row.source[0] for row in rows],
        [str(row.source[1]) for row in rows],
        [json.dumps(checked(row.code, row.data), ensure_ascii=False) for row in rows],
        [row.on for row in rows],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [now, *columns])
        return int(cursor.rowcount)
