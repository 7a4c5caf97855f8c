"""Does a rule apply to an event, and when is its contact to be made? Pure; takes `now` (FU2).

Conditions are a list of {"field", "op", "value"}, all of which must hold; an entry {"any": […]}
holds when one of its own does. What was not told is unknown, and nothing about it holds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from genjin.customers.events import BY, FactType

CUSTODIAN, CREATOR, QUEUE = "custodian", "creator", "queue"
ASSIGN = (QUEUE, CUSTODIAN, CREATOR)
# The ways to compare, by the type of the fact; the first is what a form offers first.
OPS: dict[FactType, tuple[str, ...]] = {
    FactType.FLAG: ("is",),
    FactType.NUMBER: ("at_least", "at_most"),
    FactType.TEXT: ("is", "contains", "one_of"),
    FactType.CHOICE: ("one_of",),
}


@dataclass(frozen=True)
class Rule:
    """What the engine needs of a `FollowUpRule`."""

    pk: int
    code: str
    event: str
    conditions: Sequence[Mapping[str, Any]] = ()
    channel: str = "call"
    purpose: str = "service"
    delay_days: int = 0
    delay_hours: int = 0
    at_hour: int | None = None
    window_days: int = 3
    expires_days: int | None = None
    once_per_days: int | None = None
    rank: int = 100
    assign_to: str = QUEUE
    team: int | None = None


@dataclass(frozen=True)
class Happening:
    """What the engine needs of an event: its own facts and those of its customer together."""

    pk: UUID
    code: str
    customer_id: UUID
    on: date
    at: datetime
    facts: Mapping[str, Any]
    custodian_id: int | None = None


@dataclass(frozen=True)
class Times:
    """When a contact may begin, is due (escalates) and loses its sense."""

    not_before: datetime
    due_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True)
class Plan:
    """A contact that a rule asks for."""

    rule: Rule
    event: Happening
    times: Times
    assigned_to: int | None

    @property
    def cause_key(self) -> str:
        """Unique for rule and event: planning twice plans once."""
        return f"rule:{self.rule.code}:{self.event.pk}"


@dataclass(frozen=True)
class Missed:
    """Why a rule that applies plans nothing: `expired` came too late, `capped` too soon again."""

    rule: Rule
    event: Happening
    result: str


def _holds(op: str, value: Any, wanted: Any) -> bool:
    match op:
        case "is":
            return bool(value == wanted)
        case "at_least":
            return isinstance(value, int | float) and value >= wanted
        case "at_most":
            return isinstance(value, int | float) and value <= wanted
        case "one_of":
            return value in wanted
        case "contains":
            return str(wanted).casefold() in str(value).casefold()
    raise ValueError(f"no such comparison: {op}")


def holds(condition: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
    """Whether one condition holds; never for a fact that is unknown."""
    if "any" in condition:
        return any(holds(part, facts) for part in condition["any"])
    value = facts.get(condition["field"])
    return value is not None and _holds(condition["op"], value, condition["value"])


def all_hold(conditions: Sequence[Mapping[str, Any]], facts: Mapping[str, Any]) -> bool:
    """Whether a rule's conditions hold for these facts."""
    return all(holds(condition, facts) for condition in conditions)


def _day(day: date, zone: ZoneInfo, hour: int = 0) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=zone)


def times(rule: Rule, event: Happening, *, now: datetime, zone: ZoneInfo) -> Times:
    """When the contact may begin, is due and expires, in the organisation's zone.

    It begins `delay_days` after the event's day, at `at_hour` where the rule names one; with
    `delay_hours` and no hour it counts from the moment of the event. What is late already begins
    now. It is due at the end of the last of `window_days` (the first day counted), and expires at
    the end of the day that lies `expires_days` after the event's.
    """
    day = event.on + timedelta(days=rule.delay_days)
    if rule.delay_hours and rule.at_hour is None:
        begin = event.at + timedelta(days=rule.delay_days, hours=rule.delay_hours)
        begin = max(begin, _day(day, zone))
    else:
        begin = _day(day, zone, rule.at_hour or 0)
    begin = max(begin, now)
    expires = None
    if rule.expires_days is not None:
        expires = _day(event.on + timedelta(days=rule.expires_days + 1), zone)
    due = _day(begin.astimezone(zone).date() + timedelta(days=max(rule.window_days, 1)), zone)
    return Times(begin, due, expires)


def _person(rule: Rule, event: Happening) -> int | None:
    if rule.assign_to == CUSTODIAN:
        return event.custodian_id
    return event.facts.get(BY) if rule.assign_to == CREATOR else None


def match(rule: Rule, event: Happening, *, now: datetime, zone: ZoneInfo) -> Plan | Missed | None:
    """What a rule makes of an event: a plan, nothing (None), or why nothing although it applies."""
    if rule.event != event.code or not all_hold(rule.conditions, event.facts):
        return None
    found = times(rule, event, now=now, zone=zone)
    if found.expires_at is not None and found.not_before >= found.expires_at:
        return Missed(rule, event, "expired")
    return Plan(rule, event, found, _person(rule, event))


def is_too_soon(plan: Plan, others: Sequence[date]) -> bool:
    """Whether the rule's follow-ups for this customer, by their events' days, leave no room."""
    cap = plan.rule.once_per_days
    return cap is not None and any(abs((plan.event.on - day).days) < cap for day in others)


def rank(plan: Plan) -> int:
    """The place in the queue: by the rule's priority, then by the day it may begin."""
    return plan.rule.rank * 100_000 + plan.times.not_before.date().toordinal() % 100_000
