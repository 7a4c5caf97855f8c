"""What changed between two versions of a script, part by part and word by word. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

from genjin.calling.scripts.content import Branch, Card, Content, Part

_WORDS = re.compile(r"\{[^{}]*\}|[A-Za-z0-9]+|\s+|.", re.DOTALL)
SAME, ADDED, REMOVED = "same", "added", "removed"
CHANGED, MOVED = "changed", "moved"


@dataclass(frozen=True)
class Piece:
    """A stretch of text that is the same, added or removed."""

    state: str
    text: str


@dataclass(frozen=True)
class Difference:
    """How one part, card or the selling point differs; `kind` is a part's kind, card or usp.

    `state` is same, added, removed, changed or moved (the same words at another place).
    """

    code: str
    kind: str
    title: str
    state: str
    pieces: tuple[Piece, ...]


def pieces(old: str, new: str) -> tuple[Piece, ...]:
    """Two texts as one, with what went and what came; placeholders are never cut in two."""
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    found: list[Piece] = []
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for step, old_at, old_end, new_at, new_end in matcher.get_opcodes():
        if step == "equal":
            found.append(Piece(SAME, "".join(before[old_at:old_end])))
            continue
        if old_end > old_at:
            found.append(Piece(REMOVED, "".join(before[old_at:old_end])))
        if new_end > new_at:
            found.append(Piece(ADDED, "".join(after[new_at:new_end])))
    return tuple(found)


def _branch_line(branch: Branch, titles: Mapping[str, str]) -> str:
    return f"• {branch.label} → {titles.get(branch.target) or branch.target or '■'}"


def _written_part(part: Part | None, titles: Mapping[str, str]) -> str:
    """A part as one text: words, note, branches with the titles of the parts they lead to."""
    if part is None:
        return ""
    branches = [_branch_line(branch, titles) for branch in part.branches]
    lines = [part.title, part.text, part.note, *branches]
    return "\n".join(line for line in lines if line.strip())


def _written_card(card: Card | None) -> str:
    return "\n".join([card.label, *card.replies]) if card else ""


def _difference(code: str, kind: str, title: str, old: str, new: str, moved: bool) -> Difference:
    if old == new:
        state = MOVED if moved else SAME
    elif not old:
        state = ADDED
    elif not new:
        state = REMOVED
    else:
        state = CHANGED
    return Difference(code, kind, title, state, pieces(old, new))


def _in_step(old: list[str], new: list[str]) -> set[str]:
    """The codes that kept their order: the others moved."""
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    return {
        code for block in matcher.get_matching_blocks() for code in old[block.a :][: block.size]
    }


def compare(old: Content, new: Content) -> list[Difference]:
    """Every part and card of either version in the order of the new one; what went comes last."""
    return [*_compared_parts(old, new), *_compared_usp(old, new), *_compared_cards(old, new)]


def _compared_parts(old: Content, new: Content) -> Iterator[Difference]:
    before = {part.code: part for part in old.parts}
    after = {part.code: part for part in new.parts}
    both = before.keys() & after.keys()
    kept = _in_step(
        [code for code in before if code in both], [code for code in after if code in both]
    )
    # One title for both sides: a part that was renamed does not change those that lead to it.
    titles = {part.code: part.title for part in (*old.parts, *new.parts)}
    for code in dict.fromkeys([*after, *before]):
        part = after.get(code) or before[code]
        yield _difference(
            code,
            part.kind,
            part.title,
            _written_part(before.get(code), titles),
            _written_part(after.get(code), titles),
            code in both and code not in kept,
        )


def _compared_usp(old: Content, new: Content) -> Iterator[Difference]:
    before = "\n".join(filter(None, (old.usp, old.usp_neutral)))
    after = "\n".join(filter(None, (new.usp, new.usp_neutral)))
    if before or after:
        yield _difference("usp", "usp", "", before, after, False)


def _compared_cards(old: Content, new: Content) -> Iterator[Difference]:
    before = {card.code: card for card in old.cards}
    after = {card.code: card for card in new.cards}
    for code in dict.fromkeys([*after, *before]):
        card = after.get(code) or before[code]
        texts = _written_card(before.get(code)), _written_card(after.get(code))
        yield _difference(code, "card", card.label, *texts, False)
