"""Changing the rulebook: every change is audited, and outlives the next version (FU2)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from genjin.customers import events
from genjin.customers.events import Fact, FactType
from genjin.followups.models import FollowUpRule
from genjin.followups.rulebook import facts
from genjin.followups.rulebook.rules import ASSIGN, OPS
from genjin.followups.rulebook.shipped import STATED, shipped_rules, waits_for_event
from genjin.followups.states import Channel, Purpose
from genjin.foundation import audit
from genjin.foundation.access import require_right
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput, Conflict
from genjin.kernel.problems import Reason

RIGHT = "rulebook.manage"
# (least, most, may be empty) of the numbers.
_RANGES: dict[str, tuple[int, int, bool]] = {
    "delay_days": (-60, 3650, False),
    "delay_hours": (0, 72, False),
    "at_hour": (0, 23, True),
    "window_days": (1, 365, False),
    "expires_days": (0, 365, True),
    "once_per_days": (1, 3650, True),
    "rank": (1, 999, False),
}
_CHOICES: dict[str, Sequence[str]] = {
    "channel": Channel.values,
    "purpose": Purpose.values,
    "assign_to": ASSIGN,
}
_CHANGEABLE = {*_RANGES, *_CHOICES, "labels", "subject", "conditions", "questions", "team"}
_LONGEST = 120


def _fits(fact: Fact, op: str, value: Any) -> bool:
    if op not in OPS[fact.type]:
        return False
    if fact.type is FactType.FLAG:
        return isinstance(value, bool)
    if fact.type is FactType.NUMBER:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if op != "one_of":
        return isinstance(value, str) and 0 < len(value) <= _LONGEST
    known = {code for code, _label in fact.choices}
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(one, str) and (not known or one in known) for one in value)
    )


def _condition_problem(event: str, condition: Any) -> Reason | None:
    parts = condition.get("any") if "any" in condition else [condition]
    if not parts:
        return Reason("required")
    for part in parts:
        fact = facts.fact(event, part.get("field", ""))
        if fact is None:
            return Reason("not_a_choice", {"value": str(part.get("field", ""))})
        if not _fits(fact, part.get("op", ""), part.get("value")):
            return Reason("value_not_understood", {"value": str(part.get("value"))})
    return None


def _labels_problem(value: Mapping[str, str]) -> Reason | None:
    if not any(str(text).strip() for text in value.values()):
        return Reason("required")
    if any(len(str(text)) > _LONGEST for text in value.values()):
        return Reason("too_long", {"limit": _LONGEST})
    return None


def _number_problem(name: str, value: Any) -> Reason | None:
    least, most, may_be_empty = _RANGES[name]
    if value is None:
        return None if may_be_empty else Reason("required")
    if not least <= value <= most:
        return Reason("out_of_range", {"least": least, "most": most})
    return None


def _problem(event: str, name: str, value: Any) -> Reason | None:
    if name in _RANGES:
        return _number_problem(name, value)
    if name in _CHOICES:
        known = value in _CHOICES[name]
        return None if known else Reason("not_a_choice", {"value": str(value)})
    if name in ("labels", "subject"):
        return _labels_problem(value)
    if name == "conditions":
        found = (_condition_problem(event, one) for one in value)
        return next((problem for problem in found if problem), None)
    return None


def _check(event: str, values: Mapping[str, Any]) -> None:
    problems: dict[str | int, list[Any]] = {}
    if event not in events.TYPES:
        problems["event"] = [Reason("not_a_choice", {"value": event})]
    for name, value in values.items():
        if name not in _CHANGEABLE:
            raise ValueError(f"a rule has no changeable {name!r}")
        if problem := _problem(event, name, value):
            problems[name] = [problem]
    before = values.get("delay_days")
    if before is not None and before < 0 and not _may_be_before(event):
        problems["delay_days"] = [Reason("not_before_event")]
    if problems:
        raise BadInput(problems)


def _may_be_before(event: str) -> bool:
    """Whether the day of an event is known beforehand."""
    return event in ("birthday", "festival", "family_event", "maintenance_due")


def _write(
    rule: FollowUpRule, values: Mapping[str, Any], *, by: User, now: datetime, action: str,
    changed_fields: list[str],
) -> dict[str, list[Any]]:  # fmt: skip
    changes = audit.change(rule, values, by=by, now=now, action=action)
    if changes or rule.changed_fields != changed_fields:
        rule.changed_fields, rule.changed_at, rule.changed_by = changed_fields, now, by
        rule.save(update_fields=["changed_fields", "changed_at", "changed_by"])
    return changes


@transaction.atomic
def change_rule(
    rule: FollowUpRule, values: Mapping[str, Any], *, by: User, now: datetime
) -> dict[str, list[Any]]:
    """Changes what a rule says. Follow-ups that were planned already stay as they are.

    Raises BadInput by field. What differs from the shipped rule is remembered as changed.
    """
    require_right(by, RIGHT)
    row = FollowUpRule.objects.select_for_update().get(pk=rule.pk)
    _check(row.event, values)
    differing = [name for name, value in values.items() if getattr(row, name) != value]
    kept = sorted({*row.changed_fields, *(name for name in differing if name in STATED)})
    changes = _write(row, values, by=by, now=now, action="change", changed_fields=kept)
    rule.refresh_from_db()
    return changes


@transaction.atomic
def switch_rule(rule: FollowUpRule, *, is_on: bool, by: User, now: datetime) -> None:
    """Switches a rule on or off; what it planned stays. Events that were handled stay handled."""
    require_right(by, RIGHT)
    row = FollowUpRule.objects.select_for_update().get(pk=rule.pk)
    kept = sorted({*row.changed_fields, "is_on"})
    _write(row, {"is_on": is_on}, by=by, now=now, action="open" if is_on else "close",
           changed_fields=kept if row.is_on != is_on else row.changed_fields)  # fmt: skip
    rule.refresh_from_db()


@transaction.atomic
def restore_rule(rule: FollowUpRule, *, by: User, now: datetime) -> dict[str, list[Any]]:
    """Makes a shipped rule what it was shipped as, but leaves it on or off as it is.

    Raises Conflict for a rule of the organisation's own.
    """
    require_right(by, RIGHT)
    row = FollowUpRule.objects.select_for_update().get(pk=rule.pk)
    shipped = shipped_rules().get(row.code)
    if shipped is None or not row.is_shipped:
        raise Conflict("rule_not_shipped", rule=row.code)
    values = {name: value for name, value in shipped.items() if name != "is_on"}
    kept = [name for name in row.changed_fields if name == "is_on"]
    changes = _write(row, values, by=by, now=now, action="reset", changed_fields=kept)
    rule.refresh_from_db()
    return changes


@transaction.atomic
def add_rule(*, event: str, values: Mapping[str, Any], by: User, now: datetime) -> FollowUpRule:
    """Adds a rule of the organisation's own, switched off until someone looked at its dry run."""
    require_right(by, RIGHT)
    needed = {"labels": {}, "subject": {}, "channel": "", "purpose": ""}
    _check(event, {**needed, **values})
    last = FollowUpRule.objects.select_for_update().order_by("-pk").first()
    rule = FollowUpRule.objects.create(
        code=f"own-{(last.pk if last else 0) + 1}", event=event, is_on=False, is_shipped=False,
        is_waiting_for_event=waits_for_event(event), changed_at=now, changed_by=by,
        position=2000, **values,
    )  # fmt: skip
    audit.record("create", rule, by=by, now=now, changes={"event": [None, event]})
    return rule
