"""The catalogue of excuses: how to answer, what to do next, and whom to ask (RE5).

It stands in policy/excuses.toml by language. Recording an excuse proposes its action; a person
takes it or chooses another.
"""

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LANGUAGES = ("zh-hans", "zh-hant", "en")
_STANDS_FOR = {"zh-hk": "zh-hant"}
PLACEHOLDERS = ("owed", "oldest_due", "days", "bills", "pay_day", "company")
# Each action with its parameters.
ACTIONS: Mapping[str, frozenset[str]] = {
    "promise": frozenset({"days", "percent"}),
    "call_back": frozenset({"days"}),
    "ask_person": frozenset({"role"}),
    "send": frozenset({"what"}),
    "complaint": frozenset({"hold_days"}),
    "dispute": frozenset({"hold_days"}),
    "support": frozenset(),
    "instalments": frozenset({"months"}),
    "commitment": frozenset({"days"}),
    "confirm_balance": frozenset({"days"}),
    "visit": frozenset({"days"}),
    "trace": frozenset(),
    "credit_watch": frozenset(),
    "pressure": frozenset(),
    "check_payment": frozenset({"days"}),
}
LEVERS = ("smaller_lots", "policies", "sought_after", "no_delivery")
ANGER = "anger"


@dataclass(frozen=True)
class Action:
    """What is proposed next, with its parameters."""

    code: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Excuse:
    """One excuse in one language. `replies` hold placeholders; see `said`."""

    code: str
    label: str
    replies: tuple[str, ...]
    hints: tuple[str, ...]
    action: Action
    is_grievance: bool
    is_evasion: bool


@dataclass(frozen=True)
class CustomerType:
    """One type of customer in one language: whom to ask and when, where to press, in what form.

    `ask` are roles of the card's people in their order, `channels` and `levers` codes.
    """

    code: str
    label: str
    ask: tuple[str, ...]
    channels: tuple[str, ...]
    levers: tuple[str, ...]
    whom: str
    when: str
    where: str
    form: str


def written(language: str) -> str:
    """The language whose wording is read for `language`; Hong Kong reads the traditional one."""
    code = _STANDS_FOR.get(language, language)
    return code if code in LANGUAGES else "en"


def _action(entry: Mapping[str, Any]) -> Action:
    values = {name: value for name, value in entry.items() if name != "action"}
    code = entry["action"]
    if code not in ACTIONS or set(values) != ACTIONS[code]:
        raise ValueError(f"an action that nobody knows, or its parameters: {entry}")
    return Action(code, values)


def _excuse(code: str, entry: Mapping[str, Any], language: str, **flags: bool) -> Excuse:
    words = entry[language]
    return Excuse(code, words["label"], tuple(words["replies"]), tuple(words["hints"]),
                  _action(entry["then"]), **flags)  # fmt: skip


def catalogue(policy: Mapping[str, Any], language: str) -> list[Excuse]:
    """Every excuse, in the order in which they are offered; anger, an outcome of its own, is not
    among them. ValueError for an action that nobody knows."""
    code = written(language)
    return [
        _excuse(entry["code"], entry, code, is_grievance=entry["grievance"],
                is_evasion=entry["evasion"])
        for entry in policy["excuses"]
    ]  # fmt: skip


def anger(policy: Mapping[str, Any], language: str) -> Excuse:
    """What to say and do when the customer is angry: a possible evasion, never a refusal."""
    return _excuse(ANGER, policy["anger"], written(language), is_grievance=False, is_evasion=True)


def customer_types(policy: Mapping[str, Any], language: str) -> list[CustomerType]:
    """The types of customers, in their order."""
    code = written(language)
    return [
        CustomerType(
            code=entry["code"], ask=tuple(entry["ask"]), channels=tuple(entry["channels"]),
            levers=tuple(entry["levers"]), **entry[code],
        )
        for entry in policy["types"]
    ]  # fmt: skip


def placeholders(text: str) -> set[str]:
    """The names that a wording needs."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def said(replies: Sequence[str], values: Mapping[str, str]) -> list[str]:
    """The replies with their figures; one whose figure is not known is left out."""
    known = {name for name, value in values.items() if value}
    return [text.format_map(values) for text in replies if placeholders(text) <= known]
