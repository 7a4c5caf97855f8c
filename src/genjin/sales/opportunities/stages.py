"""Stages, facts and reasons as policy/pipeline.toml gives them, in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import translation

from genjin.foundation import policy
from genjin.sales.opportunities.rules import Weights

AFTER = "after"
AGREEMENT = "agreement"
LANGUAGES = ("en", "zh-hans", "zh-hant")


def in_language(words: Mapping[str, str], language: str = "") -> str:
    """The wording for a language (the reader's where none is given), else the nearest."""
    code = (language or translation.get_language() or "en").lower()
    near = {"zh-hk": ("zh-hant", "zh-hans"), "zh-hant": ("zh-hans",)}.get(code, ())
    return next((words[one] for one in (code, *near, "en") if one in words), "")


@dataclass(frozen=True)
class Fact:
    """Something that must be known; `column` is the opportunity's field that proves it."""

    code: str
    labels: Mapping[str, str]
    column: str = ""

    @property
    def label(self) -> str:
        return in_language(self.labels)


@dataclass(frozen=True)
class Stage:
    """One stage; `percent` of those that reach it are won."""

    code: str
    percent: int
    labels: Mapping[str, str]
    about_texts: Mapping[str, str]
    facts: tuple[Fact, ...]
    place: int

    @property
    def label(self) -> str:
        return in_language(self.labels)

    @property
    def about(self) -> str:
        return in_language(self.about_texts)


@dataclass(frozen=True)
class LostReason:
    """Why a deal was lost; `needs_rival` asks who got it."""

    code: str
    labels: Mapping[str, str]
    needs_rival: bool = False

    @property
    def label(self) -> str:
        return in_language(self.labels)


def _fact(entry: Mapping[str, Any]) -> Fact:
    labels = {code: entry[code] for code in LANGUAGES if code in entry}
    return Fact(entry["code"], labels, entry.get("column", ""))


def stages() -> list[Stage]:
    """Every stage in its order; the last one is for deals that are won."""
    return [
        Stage(one["code"], int(one["percent"]), one["labels"], one["about"],
              tuple(_fact(fact) for fact in one["facts"]), place)
        for place, one in enumerate(policy.value("pipeline.stages"))
    ]  # fmt: skip


def open_stages() -> list[Stage]:
    """The stages that an open opportunity can be in."""
    return [one for one in stages() if one.code != AFTER]


def stage(code: str) -> Stage | None:
    return next((one for one in stages() if one.code == code), None)


def fact(code: str) -> Fact | None:
    """A fact by its code, whatever stage asks for it."""
    return next((one for each in stages() for one in each.facts if one.code == code), None)


def lost_reasons() -> list[LostReason]:
    """Why deals are lost, in the order of the form."""
    return [
        LostReason(one["code"], one["labels"], bool(one.get("rival")))
        for one in policy.value("pipeline.lost_reasons")
    ]


def lost_reason(code: str) -> LostReason | None:
    return next((one for one in lost_reasons() if one.code == code), None)


def weights() -> Weights:
    """What expected amounts are weighted with."""
    grades = policy.value("pipeline.grade_percent")
    return Weights(
        {one.code: Decimal(one.percent) for one in stages()},
        {grade: Decimal(str(percent)) for grade, percent in grades.items()},
    )


def opening_grade() -> str:
    """The grade of a new opportunity where nobody says otherwise."""
    return str(policy.value("pipeline.opening.grade"))


def still_days() -> int:
    """After how many days without a move an opportunity counts as standing still."""
    return int(policy.value("pipeline.still.days"))
