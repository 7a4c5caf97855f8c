"""Brings the rules of policy/rulebook.toml into the database; what was changed there stays."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from genjin.customers import events
from genjin.customers.events import Source
from genjin.followups.models import FollowUpRule
from genjin.followups.rulebook.rules import QUEUE
from genjin.foundation import policy

# What a shipped rule states; an administrator's change of one of these outlives the next version.
STATED = (
    "labels", "event", "conditions", "channel", "purpose", "subject", "questions", "delay_days",
    "delay_hours", "at_hour", "window_days", "expires_days", "once_per_days", "rank", "assign_to",
    "is_on",
)  # fmt: skip


def _columns(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "labels": dict(entry["labels"]),
        "event": entry["event"],
        "conditions": list(entry.get("conditions", ())),
        "channel": entry["channel"],
        "purpose": entry["purpose"],
        "subject": dict(entry["subject"]),
        "questions": list(entry.get("questions", ())),
        "delay_days": entry.get("delay_days", 0),
        "delay_hours": entry.get("delay_hours", 0),
        "at_hour": entry.get("at_hour"),
        "window_days": entry["window_days"],
        "expires_days": entry.get("expires_days"),
        "once_per_days": entry.get("once_per_days"),
        "rank": entry.get("rank", 100),
        "assign_to": entry.get("assign_to", QUEUE),
        "is_on": entry.get("on", True),
    }


def shipped_rules() -> dict[str, dict[str, Any]]:
    """The stated columns of every shipped rule, by its code, in the order of the file."""
    return {entry["code"]: _columns(entry) for entry in policy.shipped("rulebook")["rules"]}


def waits_for_event(event: str) -> bool:
    """Whether no part of the product tells this event yet."""
    kind = events.TYPES.get(event)
    return kind is None or kind.source is Source.LATER


@transaction.atomic
def sync_shipped_rules() -> int:
    """Makes the shipped rules those of the file; returns how many were added.

    A field that an administrator changed keeps the change. A rule that is shipped no longer stays
    as one of the organisation's own.
    """
    here = {rule.code: rule for rule in FollowUpRule.objects.select_for_update()}
    wanted = shipped_rules()
    added = 0
    for place, (code, columns) in enumerate(wanted.items(), 1):
        rule = here.get(code)
        if rule is None:
            rule, added = FollowUpRule(code=code), added + 1
        for name, value in columns.items():
            if name not in rule.changed_fields:
                setattr(rule, name, value)
        rule.is_shipped, rule.position = True, place * 10
        rule.save()
    for code, rule in here.items():
        if rule.is_shipped and code not in wanted:
            rule.is_shipped = False
            rule.save(update_fields=["is_shipped"])
    for rule in FollowUpRule.objects.all():
        if rule.is_waiting_for_event != (waits := waits_for_event(rule.event)):
            rule.is_waiting_for_event = waits
            rule.save(update_fields=["is_waiting_for_event"])
    return added
