"""Hints on how a script sounds: what to leave out, what to add, where exactly (CA2).

Pure: the word lists come in as data (policy/speech.toml). A hint warns; it forbids nothing.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from genjin.calling.scripts.content import Content, Part, PartKind
from genjin.calling.scripts.placeholders import PATTERN
from genjin.kernel.problems import Reason

EVERYWHERE = ("filler", "jargon", "flattery", "again", "invites_no", "absolute")
_NUMBER = re.compile(r"\d[\d,.]*\s*(?:%|[^\W\d_])?")
_NEAR = 12  # characters between a word of saving and a typed number that belongs to it


@dataclass(frozen=True)
class Hint:
    """`start`–`end` is the place in the part's text (end exclusive); 0–0 is the whole part."""

    place: str
    start: int
    end: int
    reason: Reason


Words = Mapping[str, Sequence[str]]


def _places(text: str, word: str) -> Iterator[tuple[int, int]]:
    """Where a word stands; Latin words as whole words, whatever their case."""
    pattern = re.escape(word)
    if word.isascii() and word[0].isalpha():
        pattern = rf"\b{pattern}\b"
    for match in re.finditer(pattern, text, re.IGNORECASE):
        yield match.start(), match.end()


def _spoken(text: str) -> str:
    """The text with its placeholders blanked, so that their names are not taken for words."""
    return PATTERN.sub(lambda match: " " * len(match[0]), text)


def hints_of_text(place: str, text: str, words: Words) -> list[Hint]:
    """The words to avoid in any spoken text, and savings that were typed instead of computed."""
    spoken = _spoken(text)
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
    return sorted(found, key=lambda hint: (hint.start, hint.end))


def _is_beside_saving(text: str, number: re.Match[str], words: Sequence[str]) -> bool:
    beside = text[max(0, number.start() - _NEAR) : number.end() + _NEAR]
    return any(True for word in words for _ in _places(beside, word))


def _hints_of_part(part: Part, words: Words) -> Iterator[Hint]:
    yield from hints_of_text(part.code, part.text, words)
    spoken = _spoken(part.text).lower()
    courtesy = words.get("courtesy", ())
    if part.is_fixed and courtesy and not any(word.lower() in spoken for word in courtesy):
        yield Hint(part.code, 0, 0, Reason("hint_courtesy"))
    if part.kind == PartKind.GATEKEEPER:
        for word in words.get("permission", ()):
            for start, end in _places(spoken, word):
                yield Hint(
                    part.code, start, end, Reason("hint_permission", {"word": part.text[start:end]})
                )


def hints(content: Content, words: Words) -> list[Hint]:
    """Every hint of a script, part by part, then the objection cards."""
    return [
        *(hint for part in content.parts for hint in _hints_of_part(part, words)),
        *(
            hint
            for card in content.cards
            for reply in card.replies
            for hint in hints_of_text(card.code, reply, words)
        ),
    ]
