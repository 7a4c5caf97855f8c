"""The shape of a script's content, and what is wrong with a piece of it.

    {
      "parts": [{"code", "kind", "title", "text", "note",  # note: for the agent, never read out
                 "branches": [{"label", "target"}]}],      # target: a part's code or "" for the end
      "cards": [{"code", "label", "replies": [text, …]}],  # objections and excuses
      "usp": {"text", "neutral"}                           # the selling point, and what is said
    }                                                      # where it cannot be computed

`kind` is one of `KINDS`, in the order of a conversation; a script has at least an opening and a
closing, and those two are fixed: they carry the staff number and no agent changes them. Texts hold
placeholders (see `placeholders`). Content is data: nothing in it is ever run. Codes are unique
over parts and cards. A branch's key is its place: 1 to 9.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from genjin.calling.scripts import placeholders
from genjin.calling.scripts.placeholders import names_in
from genjin.kernel.problems import Reason


class PartKind(models.TextChoices):
    GATEKEEPER = "gatekeeper", _("Gatekeeper")
    OPENING = "opening", _("Opening")
    INTRODUCTION = "introduction", _("Introduction")
    ASKING = "asking", _("Asking")
    HANDLING = "handling", _("Handling")
    CLOSING = "closing", _("Closing")


FIXED = frozenset({PartKind.OPENING, PartKind.CLOSING})
REQUIRED = (PartKind.OPENING, PartKind.CLOSING)
LONGEST_TEXT = 4000
MOST_BRANCHES = 9  # one key each
MOST_PARTS = 60
MOST_CARDS = 80


@dataclass(frozen=True)
class Branch:
    """What the customer may answer, and the part it leads to (empty: the end)."""

    label: str
    target: str = ""


@dataclass(frozen=True)
class Part:
    """One thing to say."""

    code: str
    kind: str
    title: str
    text: str
    branches: tuple[Branch, ...] = ()
    note: str = ""

    @property
    def is_fixed(self) -> bool:
        return self.kind in FIXED


@dataclass(frozen=True)
class Card:
    """An objection or excuse with the replies at hand."""

    code: str
    label: str
    replies: tuple[str, ...]


@dataclass(frozen=True)
class Content:
    """A script's content as values; `from_json` reads what is stored."""

    parts: tuple[Part, ...] = ()
    cards: tuple[Card, ...] = ()
    usp: str = ""
    usp_neutral: str = ""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Content":
        usp = data.get("usp") or {}
        return cls(
            parts=tuple(
                Part(
                    code=str(part.get("code", "")),
                    kind=str(part.get("kind", "")),
                    title=str(part.get("title", "")),
                    text=str(part.get("text", "")),
                    branches=tuple(
                        Branch(str(branch.get("label", "")), str(branch.get("target", "")))
                        for branch in part.get("branches", ())
                    ),
                    note=str(part.get("note", "")),
                )
                for part in data.get("parts", ())
            ),
            cards=tuple(
                Card(
                    code=str(card.get("code", "")),
                    label=str(card.get("label", "")),
                    replies=tuple(str(reply) for reply in card.get("replies", ())),
                )
                for card in data.get("cards", ())
            ),
            usp=str(usp.get("text", "")),
            usp_neutral=str(usp.get("neutral", "")),
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "parts": [
                {
                    "code": part.code,
                    "kind": part.kind,
                    "title": part.title,
                    "text": part.text,
                    "note": part.note,
                    "branches": [
                        {"label": branch.label, "target": branch.target} for branch in part.branches
                    ],
                }
                for part in self.parts
            ],
            "cards": [
                {"code": card.code, "label": card.label, "replies": list(card.replies)}
                for card in self.cards
            ],
            "usp": {"text": self.usp, "neutral": self.usp_neutral},
        }


@dataclass(frozen=True)
class Problem:
    """What is wrong where: `place` is a part's or card's code, or "usp", or "" for the whole."""

    place: str
    reason: Reason
    is_blocker: bool = field(default=True)


def problems(content: Content, field_codes: Collection[str] | None = None) -> list[Problem]:
    """Everything that keeps the content from being published, located.

    `field_codes` are the card's fields that `{customer.field.…}` may name; None takes every one.
    """
    return [
        *_problems_of_the_whole(content),
        *_problems_of_usp(content),
        *(problem for part in content.parts for problem in _problems_of_part(part, content)),
        *_problems_of_cards(content),
        *_problems_of_texts(content, field_codes),
    ]


def _problems_of_the_whole(content: Content) -> Iterator[Problem]:
    kinds = {part.kind for part in content.parts}
    for kind in REQUIRED:
        if kind not in kinds:
            yield Problem("", Reason("part_missing", {"kind": str(kind)}))
    if len(content.parts) > MOST_PARTS:
        yield Problem("", Reason("too_many_parts", {"most": MOST_PARTS}))
    if len(content.cards) > MOST_CARDS:
        yield Problem("", Reason("too_many_cards", {"most": MOST_CARDS}))
    codes = [part.code for part in content.parts] + [card.code for card in content.cards]
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        yield Problem(code, Reason("code_twice", {"code": code}))


def _problems_of_usp(content: Content) -> Iterator[Problem]:
    """The selling point must be said, and be sayable to every customer."""
    neutral = content.usp_neutral
    if not content.usp.strip():
        yield Problem("usp", Reason("usp_missing"))
    elif names_in(content.usp) and not neutral.strip():
        yield Problem("usp", Reason("usp_needs_neutral"))
    for name in sorted(placeholders.without_fallback(neutral) - placeholders.ALWAYS_KNOWN):
        yield Problem("usp", Reason("neutral_may_be_empty", {"name": name}))
    if "usp" in names_in(content.usp) | names_in(neutral):
        yield Problem("usp", Reason("usp_in_itself"))
    if not any("usp" in names_in(part.text) for part in content.parts):
        yield Problem("usp", Reason("usp_not_said"))


def _problems_of_part(part: Part, content: Content) -> Iterator[Problem]:
    codes = {other.code for other in content.parts}
    if part.kind not in PartKind.values:
        yield Problem(part.code, Reason("kind_unknown", {"kind": part.kind}))
    if not part.text.strip():
        yield Problem(part.code, Reason("text_missing"))
    if len(part.text) > LONGEST_TEXT:
        yield Problem(part.code, Reason("text_too_long", {"most": LONGEST_TEXT}))
    if part.is_fixed and "agent.staff_number" not in names_in(part.text):
        yield Problem(part.code, Reason("staff_number_missing"))
    if len(part.branches) > MOST_BRANCHES:
        yield Problem(part.code, Reason("too_many_branches", {"most": MOST_BRANCHES}))
    for branch in part.branches:
        if not branch.label.strip():
            yield Problem(part.code, Reason("branch_label_missing"))
        if branch.target and branch.target not in codes:
            yield Problem(part.code, Reason("branch_target_unknown", {"target": branch.target}))


def _problems_of_cards(content: Content) -> Iterator[Problem]:
    for card in content.cards:
        if not card.label.strip():
            yield Problem(card.code, Reason("card_label_missing"))
        if not any(reply.strip() for reply in card.replies):
            yield Problem(card.code, Reason("card_reply_missing"))


def _problems_of_texts(content: Content, field_codes: Collection[str] | None) -> Iterator[Problem]:
    texts = [
        *((part.code, part.text) for part in content.parts),
        *((card.code, reply) for card in content.cards for reply in card.replies),
        ("usp", content.usp),
        ("usp", content.usp_neutral),
    ]
    for place, text in texts:
        for name in placeholders.unknown_in(text, field_codes):
            yield Problem(place, Reason("placeholder_unknown", {"name": name}))


def problems_of_introduction(
    text: str, content: Content, field_codes: Collection[str] | None = None
) -> list[Reason]:
    """What keeps an agent's own introduction from being used with this content.

    Where the script says its selling point in the introduction, the agent's words say it too.
    """
    found = [
        Reason("placeholder_unknown", {"name": name})
        for name in placeholders.unknown_in(text, field_codes)
    ]
    if len(text) > LONGEST_TEXT:
        found.append(Reason("text_too_long", {"most": LONGEST_TEXT}))
    replaced = introduction_part(content)
    if replaced is None:
        found.append(Reason("no_introduction"))
    elif "usp" in names_in(replaced.text) and "usp" not in names_in(text):
        found.append(Reason("introduction_without_usp"))
    return found


def introduction_part(content: Content) -> Part | None:
    """The part that an agent's own introduction takes the place of: the first of its kind."""
    return next((part for part in content.parts if part.kind == PartKind.INTRODUCTION), None)
