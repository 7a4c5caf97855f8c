"""Which of the five classes a debt is in, how likely its money is, and who acts on it (RE2).

The rules stand in policy/collection.toml and are read from top to bottom: the first whose
conditions all hold gives the class and is the evidence. `class_sql` says the same in SQL; a
property test holds the two together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from genjin.kernel.problems import Reason, Severity

# From the mildest to the worst.
CLASSES = ("outstanding", "collection", "doubtful", "bad", "dead")


def is_worse(one: str, other: str) -> bool:
    return CLASSES.index(one) > CLASSES.index(other)


@dataclass(frozen=True)
class ClassRule:
    """One rule: all of its conditions that are set must hold.

    `days_past_due` and `broken_promises` are least values, `signals` needs one of them open,
    `likelihood_below` is in per cent.
    """

    code: str
    value_class: str
    days_past_due: int | None = None
    broken_promises: int | None = None
    signals: tuple[str, ...] = ()
    likelihood_below: int | None = None


@dataclass(frozen=True)
class Likelihood:
    """How likely money is to come, in per cent: by age, less something for each bad sign.

    `by_days` is (days past due from, per cent), ascending; a signal in `signals` takes its own
    figure, any other `each_signal`.
    """

    by_days: tuple[tuple[int, int], ...]
    each_broken_promise: int
    each_signal: int
    signals: Mapping[str, int]

    def percent(self, days_past_due: int, broken_promises: int, signals: Sequence[str]) -> int:
        base = max(
            (entry for entry in self.by_days if entry[0] <= max(days_past_due, 0)),
            default=(0, 100),
        )[1]
        off = broken_promises * self.each_broken_promise
        off += sum(self.signals.get(code, self.each_signal) for code in set(signals))
        return max(0, base - off)


@dataclass(frozen=True)
class ClassTerms:
    """Everything that classes are found by; `of_policy` reads it."""

    grace_days: int
    rules: tuple[ClassRule, ...]
    likelihood: Likelihood

    @classmethod
    def of_policy(cls, policy: Mapping[str, Any]) -> "ClassTerms":
        """The terms out of policy/collection.toml. ValueError for a class or rule that is none."""
        grace = int(policy["grace_days"])
        rules = tuple(_rule(entry, grace) for entry in policy["classes"])
        odds = policy["likelihood"]
        return cls(
            grace,
            rules,
            Likelihood(
                by_days=tuple(sorted((int(days), int(share)) for days, share in odds["by_days"])),
                each_broken_promise=int(odds["each_broken_promise"]),
                each_signal=int(odds["each_signal"]),
                signals={code: int(off) for code, off in odds["signals"].items()},
            ),
        )


def _rule(entry: Mapping[str, Any], grace_days: int) -> ClassRule:
    if entry["class"] not in CLASSES[1:-1]:
        raise ValueError(f"no class that a rule may give: {entry['class']}")
    days = entry.get("days_past_due")
    broken, below = entry.get("broken_promises"), entry.get("likelihood_below")
    signals = tuple(entry.get("signals", ()))
    if days is None and broken is None and below is None and not signals:
        raise ValueError(f"a rule without a condition: {entry['code']}")
    if days is not None and broken is None:
        # Lateness alone counts from after the grace; a broken promise has none.
        days = max(int(days), grace_days + 1)
    return ClassRule(entry["code"], entry["class"], days, broken, signals, below)


@dataclass(frozen=True)
class DebtFacts:
    """What a class is found by. `due_on` is None while a condition of the contract is not met.

    `broken_promises` counts those that covered this debt; `signals` are the open warning signals
    of the customer.
    """

    due_on: date | None
    broken_promises: int = 0
    signals: tuple[str, ...] = ()

    def days_past_due(self, today: date) -> int:
        return max((today - self.due_on).days, 0) if self.due_on else 0


@dataclass(frozen=True)
class Classified:
    """A class, the rule that gave it with the figures it saw, and the likelihood in per cent."""

    value_class: str
    evidence: Reason
    likelihood_percent: int


def _holds(rule: ClassRule, days: int, facts: DebtFacts, likelihood: int) -> bool:
    return (
        (rule.days_past_due is None or days >= rule.days_past_due)
        and (rule.broken_promises is None or facts.broken_promises >= rule.broken_promises)
        and (not rule.signals or bool(set(rule.signals) & set(facts.signals)))
        and (rule.likelihood_below is None or likelihood < rule.likelihood_below)
    )


def classify(facts: DebtFacts, *, today: date, terms: ClassTerms) -> Classified:
    """The class of a debt by rule, with its evidence."""
    days = facts.days_past_due(today)
    likelihood = terms.likelihood.percent(days, facts.broken_promises, facts.signals)
    found = next((rule for rule in terms.rules if _holds(rule, days, facts, likelihood)), None)
    value_class = found.value_class if found else "outstanding"
    code = found.code if found else ("within_grace" if days else "not_due")
    data = {
        "days": days,
        "due_on": facts.due_on,
        "broken": facts.broken_promises,
        "signals": sorted(set(facts.signals)),
        "likelihood": likelihood,
    }
    return Classified(value_class, Reason(code, data, Severity.WARNING), likelihood)


@dataclass(frozen=True)
class ByHand:
    """A class that a person gave: which, and what the rules said on that day."""

    value_class: str
    ruled_class: str


def standing_class(ruled: str, by_hand: ByHand | None) -> str:
    """The class that counts: the rules', unless a person knew better.

    What a person said stands until the rules find it worse than on that day; then the worse of the
    two counts. What is dead stays dead until a person brings it back.
    """
    if by_hand is None:
        return ruled
    if by_hand.value_class == "dead" or not is_worse(ruled, by_hand.ruled_class):
        return by_hand.value_class
    return ruled if is_worse(ruled, by_hand.value_class) else by_hand.value_class


@dataclass(frozen=True)
class Step:
    """What is done in a class: channels in their order, tone, the least time between two contacts,
    the step of the letters that fits, and who acts (by_days, collector, nobody)."""

    channels: tuple[str, ...]
    tone: str
    every_days: int
    letter: str
    acts: str


def ladder_of(policy: Mapping[str, Any]) -> dict[str, Step]:
    """The ladder by class. ValueError when a class has no step."""
    steps = {
        code: Step(tuple(entry["channels"]), entry["tone"], int(entry["every_days"]),
                   entry["letter"], entry["acts"])
        for code, entry in policy["ladder"].items()
    }  # fmt: skip
    if missing := set(CLASSES) - set(steps):
        raise ValueError(f"classes without a step: {sorted(missing)}")
    return steps


def who_acts(value_class: str, days_past_due: int, *, ladder: Mapping[str, Step],
             seller_days: int) -> str:  # fmt: skip
    """Who asks: the seller for the first days where the class leaves it to them, then a collector.

    One of "seller", "collector", "nobody".
    """
    acts = ladder[value_class].acts
    if acts != "by_days":
        return acts
    return "seller" if days_past_due <= seller_days else "collector"
