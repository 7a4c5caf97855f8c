"""From what the editor posts to a script's content, and the editor's moves. Pure.

Posted are `part` (the codes in order) with `part-<code>-kind|title|text|note`, and lists
`part-<code>-label` and `-target`; `card` with `card-<code>-label` and the list `-reply`; `usp`,
`usp_neutral`. An empty row of a list is no branch and no reply.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from typing import TypeVar

from django.http import QueryDict

from genjin.calling.scripts.content import Branch, Card, Content, Part

_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
Entry = TypeVar("Entry", Part, Card)


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _codes(data: QueryDict, name: str) -> list[str]:
    """The posted codes in their order, each once, nothing that is no code."""
    return [code for code in dict.fromkeys(data.getlist(name)) if _CODE.fullmatch(code)]


def _part(data: QueryDict, code: str) -> Part:
    def value(name: str) -> str:
        return _plain(data.get(f"part-{code}-{name}", ""))

    rows = zip(
        data.getlist(f"part-{code}-label"), data.getlist(f"part-{code}-target"), strict=False
    )
    branches = (Branch(_plain(label), target) for label, target in rows)
    return Part(
        code=code,
        kind=value("kind"),
        title=value("title")[:120],
        text=value("text"),
        branches=tuple(branch for branch in branches if branch.label or branch.target),
        note=value("note"),
    )


def _card(data: QueryDict, code: str) -> Card:
    replies = (_plain(reply) for reply in data.getlist(f"card-{code}-reply"))
    label = _plain(data.get(f"card-{code}-label", ""))[:120]
    return Card(code, label, tuple(reply for reply in replies if reply))


def read(data: QueryDict) -> Content:
    """The content as it was typed."""
    return Content(
        parts=tuple(_part(data, code) for code in _codes(data, "part")),
        cards=tuple(_card(data, code) for code in _codes(data, "card")),
        usp=_plain(data.get("usp", "")),
        usp_neutral=_plain(data.get("usp_neutral", "")),
    )


def free_code(wanted: str, content: Content) -> str:
    """A code that no part and no card of the content has."""
    taken = {part.code for part in content.parts} | {card.code for card in content.cards}
    numbered = (f"{wanted}-{number}" for number in count(2))
    return wanted if wanted not in taken else next(c for c in numbered if c not in taken)


def _moved(entries: Sequence[Entry], code: str, step: int) -> tuple[Entry, ...]:
    """One entry a place up or down; at the end it stays."""
    found = list(entries)
    for at, entry in enumerate(found):
        to = at + step
        if entry.code == code and 0 <= to < len(found):
            found[at], found[to] = found[to], found[at]
            break
    return tuple(found)


def _without_part(content: Content, code: str) -> Content:
    """A part goes; answers that led to it end the call there."""
    parts = []
    for part in content.parts:
        branches = tuple(
            replace(branch, target="") if branch.target == code else branch
            for branch in part.branches
        )
        parts.append(replace(part, branches=branches))
    return replace(content, parts=tuple(part for part in parts if part.code != code))


def add_part(content: Content, kind: str) -> Content:
    """A new empty part: after the last of its kind, else before the closing, else at the end."""
    part = Part(free_code(kind, content), kind, "", "")
    places = [at for at, other in enumerate(content.parts, 1) if other.kind == kind]
    before = [at for at, other in enumerate(content.parts) if other.kind == "closing"]
    at = places[-1] if places else (before[0] if before else len(content.parts))
    return replace(content, parts=(*content.parts[:at], part, *content.parts[at:]))


def add_cards(content: Content, cards: Sequence[Card]) -> Content:
    """Cards of the library that the script does not have yet."""
    have = {card.code for card in content.cards}
    return replace(content, cards=(*content.cards, *(c for c in cards if c.code not in have)))


def add_own_card(content: Content) -> Content:
    """An empty card."""
    return replace(content, cards=(*content.cards, Card(free_code("own", content), "", ())))


def move(content: Content, action: str) -> Content:
    """What a button of the editor does: up, down, remove, card-up, card-down, card-remove."""
    verb, _colon, code = action.partition(":")
    moves: dict[str, Callable[[], Content]] = {
        "up": lambda: replace(content, parts=_moved(content.parts, code, -1)),
        "down": lambda: replace(content, parts=_moved(content.parts, code, 1)),
        "remove": lambda: _without_part(content, code),
        "card-up": lambda: replace(content, cards=_moved(content.cards, code, -1)),
        "card-down": lambda: replace(content, cards=_moved(content.cards, code, 1)),
        "card-remove": lambda: replace(
            content, cards=tuple(card for card in content.cards if card.code != code)
        ),
    }
    return moves[verb]() if verb in moves else content
