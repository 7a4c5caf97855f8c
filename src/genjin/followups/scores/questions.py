"""What customers are asked, and about whom: policy/surveys.toml as typed values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils import translation

from genjin.customers.models import Customer
from genjin.foundation import policy
from genjin.foundation.models import User

OUT_OF = 5


@dataclass(frozen=True)
class Question:
    """One question: the role it scores, its short label and its wording by language."""

    code: str
    role: str
    labels: Mapping[str, str]
    text: Mapping[str, str]


@dataclass(frozen=True)
class ScoredRole:
    """A role that customers score, and from which users the person is chosen."""

    code: str
    labels: Mapping[str, str]
    people: frozenset[str]
    is_custodian: bool


def in_language(words: Mapping[str, str], language: str = "") -> str:
    """The wording for a language (the reader's where none is given), else the nearest."""
    code = (language or translation.get_language() or "en").lower()
    chinese = ("zh-hant", "zh-hans") if code == "zh-hk" else ("zh-hans",)
    for one in (code, *(chinese if code.startswith("zh") else ()), "en"):
        if one in words:
            return words[one]
    return next(iter(words.values()), "")


def questions() -> list[Question]:
    """Every question in the order of the page."""
    return [Question(**one) for one in policy.value("surveys.questions")]


def question(code: str) -> Question | None:
    return next((one for one in questions() if one.code == code), None)


def roles() -> dict[str, ScoredRole]:
    """The scored roles by code, in their order."""
    return {
        code: ScoredRole(
            code, one["labels"], frozenset(one["people"]), bool(one.get("is_custodian"))
        )
        for code, one in policy.value("surveys.roles").items()
    }


def people_for(role: str, *, among: Iterable[User]) -> list[User]:
    """Who may be the scored person of a role."""
    found = roles().get(role)
    return [one for one in among if found is not None and one.role in found.people]


def proposed(role: str, customer: Customer) -> int | None:
    """The person whom a role's question is about when nothing else is known: the custodian."""
    found = roles().get(role)
    return customer.custodian_id if found is not None and found.is_custodian else None
