"""What an outcome is: its key at the desk, what it counts as, what it does, what it asks for."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

Label = str | Promise


class Effect(StrEnum):
    """What recording an outcome does to the follow-up, and beside it.

    DONE ends it. RETRY puts it back after the plan's delay until its tries are used up. CALLBACK
    puts it back for the same person at the time that the customer asked for. REFUSE ends it and
    rests the purpose by the gate's cool-off. NEVER_AGAIN ends it and records that the customer
    wants no more of it. MESSAGE_LEFT ends it: the control is in the customer's hands (FU5).
    BAD_NUMBER marks the number and goes on with another one, if the card has one.
    """

    DONE = "done"
    RETRY = "retry"
    CALLBACK = "callback"
    REFUSE = "refuse"
    NEVER_AGAIN = "never_again"
    MESSAGE_LEFT = "message_left"
    BAD_NUMBER = "bad_number"


class Detail(StrEnum):
    """Groups of fields that the outcome panel shows only where they make sense."""

    CALLBACK = "callback"
    GRADE = "grade"
    NEEDS = "needs"
    CONCERN = "concern"
    PRODUCT = "product"
    WANTED = "wanted"
    COMMITMENT = "commitment"
    MESSAGE = "message"
    NUMBER_FAULT = "number_fault"
    PROMISE = "promise"
    REFUSAL = "refusal"
    SCORES = "scores"
    EXCUSE = "excuse"
    PAY_NOW = "pay_now"
    GRIEVANCE = "grievance"


@dataclass(frozen=True)
class Retry:
    """When an outcome is tried again: after so many minutes, and how often in all."""

    delay_minutes: int
    tries: int


@dataclass(frozen=True)
class OutcomeRule:
    """One outcome of one purpose. `code` is stored with the interaction and never renamed.

    `key` is the key at the desk. `is_connected` someone answered (接通), `is_reached` it was the
    right party (接触), `is_success` the purpose's success was agreed. `needs_next_step`: the
    conversation may not end without a next step or a reason for having none (FU10).
    """

    code: str
    key: str
    label: Label
    effect: Effect
    tone: str = "quiet"
    is_connected: bool = False
    is_reached: bool = False
    is_success: bool = False
    needs_next_step: bool = False
    default_retry: Retry | None = None
    details: tuple[Detail, ...] = ()

    @property
    def may_call_back(self) -> bool:
        """Whether an agreed time, where one is given, plans the next call."""
        return Detail.CALLBACK in self.details


def spoke(
    code: str,
    key: str,
    label: Label,
    *details: Detail,
    effect: Effect = Effect.DONE,
    tone: str = "accent",
    is_success: bool = False,
    needs_next_step: bool = True,
) -> OutcomeRule:
    """An outcome of a conversation with the right party."""
    return OutcomeRule(
        code=code,
        key=key,
        label=label,
        effect=effect,
        tone=tone,
        is_connected=True,
        is_reached=True,
        is_success=is_success,
        needs_next_step=needs_next_step,
        details=details,
    )


CALLBACK = spoke(
    "callback", "3", _("Call back at a time"),
    Detail.CALLBACK, Detail.GRADE, Detail.NEEDS, Detail.CONCERN, Detail.COMMITMENT,
    effect=Effect.CALLBACK, needs_next_step=False,
)  # fmt: skip
REFUSED = spoke(
    "refused", "4", _("Not interested"), Detail.CONCERN, Detail.GRADE,
    effect=Effect.REFUSE, tone="bad",
)  # fmt: skip
NO_ANSWER = OutcomeRule(
    "no_answer", "5", _("No answer"), Effect.RETRY, default_retry=Retry(180, 5)
)  # fmt: skip
BUSY = OutcomeRule(
    "busy", "6", pgettext_lazy("telephone line", "Busy"), Effect.RETRY, tone="warn",
    default_retry=Retry(20, 4),
)  # fmt: skip
AWAY = OutcomeRule(
    "away", "7", _("Right person not there"), Effect.RETRY, tone="warn", is_connected=True,
    default_retry=Retry(240, 4), details=(Detail.CALLBACK,),
)  # fmt: skip
MESSAGE_LEFT = OutcomeRule(
    "message_left", "8", _("Message left"), Effect.MESSAGE_LEFT, tone="accent",
    details=(Detail.MESSAGE,),
)  # fmt: skip
BAD_NUMBER = OutcomeRule(
    "bad_number", "9", _("Bad number"), Effect.BAD_NUMBER, tone="bad",
    details=(Detail.NUMBER_FAULT,),
)  # fmt: skip
NEVER_AGAIN = spoke(
    "never_again", "0", _("Never again"), Detail.REFUSAL, effect=Effect.NEVER_AGAIN, tone="bad",
    needs_next_step=False,
)  # fmt: skip

# No conversation with the right party: alike for every purpose.
NOT_REACHED = (NO_ANSWER, BUSY, AWAY, MESSAGE_LEFT, BAD_NUMBER)


def with_details(rule: OutcomeRule, *details: Detail) -> OutcomeRule:
    """The same outcome asking for other things."""
    return replace(rule, details=details)


def checked(rules: Iterable[OutcomeRule]) -> tuple[OutcomeRule, ...]:
    """The rules of one purpose; raises ValueError where a key, a code or a plan is amiss."""
    found = tuple(rules)
    for name in ("code", "key"):
        values = [getattr(rule, name) for rule in found]
        if len(set(values)) != len(values):
            raise ValueError(f"two outcomes share a {name}: {values}")
    for rule in found:
        if rule.is_success and not rule.is_reached:
            raise ValueError(f"{rule.code}: a success without the right party")
        if rule.is_reached and not rule.is_connected:
            raise ValueError(f"{rule.code}: reached without being connected")
        if (rule.effect is Effect.RETRY) != (rule.default_retry is not None):
            raise ValueError(f"{rule.code}: a plan for retries belongs to a retry")
    return found
