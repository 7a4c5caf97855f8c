"""When the floor raises an alarm (CA9): pure decisions on what a snapshot read.

An alarm is a `Reason`: a code and values. Limits come from policy/campaigns.toml.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from genjin.kernel.problems import Reason, Severity


@dataclass(frozen=True)
class Limits:
    """From which point something is worth a supervisor's look."""

    wrap_up_factor: float
    goal_after: float
    goal_share: float
    silent_seconds: int
    break_minutes: int

    @classmethod
    def of(cls, policy: Mapping[str, Any]) -> "Limits":
        return cls(**{name: policy[name] for name in cls.__dataclass_fields__})


def wrap_up_too_long(
    name: str, seconds: float, granted_seconds: int, limits: Limits
) -> Reason | None:
    """Wrap-up that lasts `wrap_up_factor` times what the campaign grants."""
    if granted_seconds and seconds > granted_seconds * limits.wrap_up_factor:
        return Reason("wrap_up_too_long", {"name": name, "seconds": int(seconds)}, Severity.WARNING)
    return None


def break_too_long(name: str, seconds: float, limits: Limits) -> Reason | None:
    if seconds > limits.break_minutes * 60:
        return Reason("break_too_long", {"name": name, "seconds": int(seconds)}, Severity.WARNING)
    return None


def silent(name: str, seconds: float, limits: Limits) -> Reason | None:
    """The agent's page was not heard of: a closed lid, a lost network, a crash."""
    if seconds > limits.silent_seconds:
        return Reason("agent_silent", {"name": name, "seconds": int(seconds)}, Severity.WARNING)
    return None


def nobody_ready(campaign: str, working: int, waiting: bool) -> Reason | None:
    """Customers may be called and nobody works on the campaign."""
    return Reason("nobody_ready", {"campaign": campaign}) if waiting and not working else None


def queue_dry(campaign: str, working: int, waiting: bool) -> Reason | None:
    """People work on the campaign and nobody is left to call now."""
    return Reason("queue_dry", {"campaign": campaign}) if working and not waiting else None


def goal_behind(
    campaign: str, successes: int, goal: int | None, now: datetime, limits: Limits
) -> Reason | None:
    """Fewer successes this hour than `goal_share` of what was due by now.

    Silent until `goal_after` of the hour has passed: before that, luck decides.
    """
    passed = (now.minute * 60 + now.second) / 3600
    if not goal or passed < limits.goal_after:
        return None
    if successes >= goal * passed * limits.goal_share:
        return None
    values = {"campaign": campaign, "successes": successes, "goal": goal}
    return Reason("goal_behind", values, Severity.WARNING)
