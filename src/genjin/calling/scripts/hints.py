"""Hints on how a script sounds: what to leave out, what to add, where exactly (CA2).

Pure: the word lists come in as data (policy/speech.toml). A hint warns; it forbids nothing.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from genjin.calling.scripts.content import Content, Part, PartKind
from genjin.calling.scripts.placeholders import PATTERN
from genjin.kernel.problems import Reason

EVERYWHERE = ("filler", "jargon", "flattery", "again", "invites_no", "absolute")
_NUMBER = re.compile(r"\d[\d,.]*\s*(?:%|[^\W\d_])?")
_NEAR = 12  # characters between a word of saving and a typed number that belongs to it


@dataclass(frozen=True)
class Hint:
    """`start`–`end` is the place in a text (end exclusive); 0–0 is the whole text.

    `place` is the part's or card's code, or "usp"; `box` says which of its texts: "text",
    "usp", "neutral", or the number of a card's reply.
    """

    place: str
    start: int
    end: int
    reason: Reason
    box: str = "text"


Words = Mapping[str, Sequence[str]]


def _places(text: str, word: str) -> Iterator[tuple[int, int]]:
    """Where a word stands; Latin words as whole words, whatever their case."""
    pattern = re.escape(word)
    if word.isascii() and word[0].isalpha():
        pattern = rf"\b{pattern}\b"
    for match in re.finditer(pattern, text, re.IGNORECASE):
        yield match.start(), match.end()


def _spoken(text: str, harmless: Sequence[str] = ()) -> str:
    """The text with placeholders and harmless words blanked, so that nothing in them is found."""
    blanked = PATTERN.sub(lambda match: " " * len(match[0]), text)
    for word in harmless:
        for start, end in _places(blanked, word):
            blanked = blanked[:start] + " " * (end - start) + blanked[end:]
    return blanked


def hints_of_text(place: str, text: str, words: Words) -> list[Hint]:
    """The words to avoid in any spoken text, and savings that were typed instead of computed."""
    spoken = _spoken(text, words.get("harmless", ()))
    found = [
        Hint(place, start, end, Reason(f"hint_{kind}", {"word": text[start:end]}))
        for kind in EVERYWHERE
        for word in words.get(kind, ())
        for start, end in _places(spoken, word)
    ]
    found += [
        Hint(place, number.start(), number.end(), Reason("hint_typed_saving", {"word": number[0]}))
        for number in _NUMBER.finditer(spoken)
        if _is_beside_saving(spoken, number, words.get("saving", ()))
    ]
    return _outermost(found)


def _outermost(found: list[Hint]) -> list[Hint]:
    """In the order of the text; a word inside a longer one of the same hint is said once."""
    kept: list[Hint] = []
    for hint in sorted(found, key=lambda hint: (hint.start, -hint.end)):
        same = [one for one in kept if one.reason.code == hint.reason.code]
        if not any(one.start <= hint.start and hint.end <= one.end for one in same):
            kept.append(hint)
    return kept


def _is_beside_saving(text: str, number: re.Match[str], words: Sequence[str]) -> bool:
    beside = text[max(0, number.start() - _NEAR) : number.end() + _NEAR]
    return any(True for word in words for _ in _places(beside, word))


def _hints_of_part(part: Part, words: Words) -> Iterator[Hint]:
    yield from hints_of_text(part.code, part.text, words)
    courtesy = words.get("courtesy", ())
    spoken = _spoken(part.text)
    polite = any(True for word in courtesy for _ in _begun(spoken, word))
    if part.is_fixed and courtesy and part.text.strip() and not polite:
        yield Hint(part.code, 0, 0, Reason("hint_courtesy"))
    if part.kind == PartKind.GATEKEEPER:
        yield from _outermost(
            [
                Hint(
                    part.code, start, end, Reason("hint_permission", {"word": part.text[start:end]})
                )
                for word in words.get("permission", ())
                for start, end in _places(spoken, word)
            ]
        )


def _begun(text: str, word: str) -> Iterator[re.Match[str]]:
    """Where a word of courtesy stands, also as the beginning of a longer one (thank, thanks)."""
    return re.finditer(re.escape(word), text, re.IGNORECASE)


def hints(content: Content, words: Words) -> list[Hint]:
    """Every hint of a script: part by part, then the objection cards, then the selling point."""
    return [
        *(hint for part in content.parts for hint in _hints_of_part(part, words)),
        *(
            replace(hint, box=str(number))
            for card in content.cards
            for number, reply in enumerate(card.replies)
            for hint in hints_of_text(card.code, reply, words)
        ),
        *(
            replace(hint, box=box)
            for box, text in (("usp", content.usp), ("neutral", content.usp_neutral))
            for hint in hints_of_text("usp", text, words)
        ),
    ]
