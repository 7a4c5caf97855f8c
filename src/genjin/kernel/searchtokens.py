"""The words by which a customer is found, and how what a user typed becomes such words.

A customer carries a small set of tokens (int4 hashes for a GIN index) and a ``search_text``.
The index finds candidates by tokens; ``QueryPlan.pattern`` then checks each one's
``search_text``, so that neither a hash that two tokens share nor pieces that stand apart give a
wrong hit. Every token costs time when a list comes in: a person of three characters with one
mobile has 17.

``search_text`` is ``name|other name|...||pinyin|pinyin|...||phone|...``; the pinyin part has the
syllables apart by blanks and the readings of one character by slashes: ``shan/dan xiong xin``.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise, product
from typing import NamedTuple
from zlib import crc32

from genjin.kernel.chinese import (
    completions,
    fold,
    pinyin_syllables,
    readings_of,
    segment_pinyin,
    surname_length,
)

# What is searched of a name; more than any real one has.
_LONGEST_NAME = 100
_LONGEST_QUERY = 64
_WAYS_KEPT = 24
_INITIALS = frozenset("abcdefghjklmnopqrstwxyz")
_UMLAUTS = {"lu": "lv", "nu": "nv"}
_RUN = re.compile(r"[a-z]+|[0-9]+|[^a-z0-9]+")
_HAN = re.compile(r"[^a-z0-9]+")
_NOT_DIGITS = re.compile(r"[^0-9]")
_PHONE_LIKE = re.compile(r"\+?[0-9][0-9 ().\-]*|\([0-9][0-9 ().\-]*")
_PERSON = re.compile(r"[\u3400-\u9fff]{2,4}")
# Characters that normalisation leaves alone, a name of nothing else.
_PLAIN_HAN = re.compile(r"[\u4e00-\u9fff]{2,}")

Syllables = list[tuple[str, ...]]
_TOKENS_KEPT = 100_000
_STEPS_KEPT = 50_000


def _token(word: str) -> int:
    """Hash a word with its namespace to a signed int4, the same on every machine."""
    token = crc32(word.encode())
    return token - 0x100000000 if token >= 0x80000000 else token


class _Kept(dict[str, int]):
    """The tokens of words of one namespace, by what stands behind its letter; so many are kept."""

    def __init__(self, space: str) -> None:
        super().__init__()
        self._space = space

    def __missing__(self, word: str) -> int:
        token = _token(self._space + word)
        if len(self) < _TOKENS_KEPT:
            self[word] = token
        return token


_pairs, _digits = _Kept("h"), _Kept("d")


# ── What a customer carries ──────────────────────────────────────────────────────────────────


class FoundBy(NamedTuple):
    """All that is stored of a customer so that it is found (see the module's first lines)."""

    key: str
    text: str
    tokens: list[int]


class _Part(NamedTuple):
    """What one name gives: its sort key, the folded name, the written pinyin and the tokens."""

    key: str
    folded: str
    written: str
    tokens: Sequence[int]


class _Steps(dict[str, _Part | None]):
    """What a character gives behind the one before it, by both; so many are kept.

    The tokens are those of the pair, of the second one's readings and of these behind the
    first one's. None where they cannot be told from the two alone.
    """

    def __init__(self, *, person: bool) -> None:
        super().__init__()
        self._person = person

    def __missing__(self, two: str) -> _Part | None:
        found = self._made(two)
        if len(self) < _STEPS_KEPT:
            self[two] = found
        return found

    def _made(self, two: str) -> _Part | None:
        before, cell = (readings_of(char, person=self._person) for char in two)
        return _step(two, before, cell)


class _Starts(_Steps):
    """What the first two characters of a name give, by both."""

    def _made(self, two: str) -> _Part | None:
        cells = pinyin_syllables(two, person=self._person)
        # Behind a surname of two characters the next one has other neighbours than elsewhere.
        if len(cells) < 2 or (self._person and surname_length(two) == 2):
            return None
        first, second = cells
        step = _step(two, first, second)
        return step and _Part(
            f"{first[0]} {step.key}",
            fold(two[0]) + step.folded,
            f"{'/'.join(first)} {step.written}",
            (*_syllable_tokens((), first), *step.tokens),
        )


def _step(two: str, before: tuple[str, ...], cell: tuple[str, ...]) -> _Part | None:
    folded = fold(two)
    if not before or not cell or len(folded) != 2 or not (before[0] + cell[0]).isalpha():
        return None
    tokens = (_token("h" + folded), *_syllable_tokens(before, cell))
    return _Part(cell[0], folded[1], "/".join(cell), tokens)


_steps = {True: _Steps(person=True), False: _Steps(person=False)}
_starts = {True: _Starts(person=True), False: _Starts(person=False)}


def _name_part(name: str, person: bool) -> _Part:
    if _PLAIN_HAN.fullmatch(name) and (part := _plain_part(name, person)):
        return part
    folded, cells = fold(name), pinyin_syllables(name, person=person)
    tokens = [*_name_tokens(folded), *_pinyin_tokens(cells)]
    key = " ".join([cell[0] for cell in cells])
    return _Part(key, folded, _written_pinyin(cells), tokens)


def _plain_part(name: str, person: bool) -> _Part | None:
    """The same for a name of Chinese characters alone, put together from pairs of neighbours.

    Lists are made of such names, and of the same pairs again and again. None where a pair does
    not tell enough.
    """
    start, steps = _starts[person][name[:2]], _steps[person]
    if start is None or len(name) == 2:
        return start
    key, folded, written, tokens = start
    found = [*tokens]
    for at in range(1, len(name) - 1):
        step = steps[name[at : at + 2]]
        if step is None:
            return None
        said, char, cell, tokens = step
        key += " " + said
        folded += char
        written += " " + cell
        found += tokens
    return _Part(key, folded, written, found)


def found_by(
    *, name: str, person: bool, other_names: Sequence[str] = (), phones: Iterable[str] = ()
) -> FoundBy:
    """Make all three at once: the sort key, the text for checking and the tokens.

    ``other_names`` are contact persons and former names, ``phones`` E.164 or plain digits.
    """
    key, folded, pinyin, own = _name_part(name[:_LONGEST_NAME], person)
    tokens = [*own]
    for other in other_names:
        # Another name is a person's if it is as short as one: two to four characters.
        part = _name_part(other[:_LONGEST_NAME], bool(_PERSON.fullmatch(other)))
        tokens += part.tokens
        folded = _joined(folded, part.folded)
        pinyin = _joined(pinyin, part.written)
    digits = ""
    for phone in phones:
        number = _searched_digits(phone)
        tokens += [_digits[number[at : at + 4]] for at in range(len(number) - 3)]
        digits = _joined(digits, number)
    return FoundBy(key, f"{folded}||{pinyin}||{digits}", sorted(set(tokens)))


def _joined(one: str, two: str) -> str:
    return f"{one}|{two}" if one and two else one or two


def tokens_for_customer(
    *, name: str, person: bool, other_names: Sequence[str] = (), phones: Iterable[str] = ()
) -> list[int]:
    """Make the tokens by which a customer is found, sorted, each once.

    ``other_names`` are contact persons and former names, ``phones`` E.164 or plain digits.
    """
    return found_by(name=name, person=person, other_names=other_names, phones=phones).tokens


def search_text(
    *, name: str, person: bool, other_names: Sequence[str] = (), phones: Iterable[str] = ()
) -> str:
    """Write the folded line against which a hit is checked; it begins with the folded name."""
    return found_by(name=name, person=person, other_names=other_names, phones=phones).text


def _name_tokens(folded: str) -> set[int]:
    if folded.isascii() or not _HAN.fullmatch(folded):
        return {_token(word) for run in _RUN.findall(folded) for word in _run_words(run)}
    # The words of a run of Chinese characters, as `_run_words` gives them.
    return {_pairs[folded[at : at + 2]] for at in range(len(folded) - 1)}


def _run_words(run: str) -> list[str]:
    """Give the words of a run of one kind: Han pairs, Latin threes, four digits."""
    if run[0].isascii():
        if run[0].isdigit():
            return ["d" + run[at : at + 4] for at in range(len(run) - 3)]
        if len(run) == 2:
            return ["w" + run]
        return ["l" + run[at : at + 3] for at in range(len(run) - 2)]
    return ["h" + one + two for one, two in pairwise(run)]


def _pinyin_tokens(cells: Syllables) -> list[int]:
    tokens: list[int] = []
    before: tuple[str, ...] = ()
    for cell in cells:
        if not cell[0][0].isalpha():
            before = ()
            continue
        tokens += _syllable_tokens(before, cell)
        before = cell
    return tokens


# Syllables and their neighbours are few: hardly a pair of a list's names is met for the first time.
@lru_cache(maxsize=65_536)
def _syllable_tokens(before: tuple[str, ...], cell: tuple[str, ...]) -> tuple[int, ...]:
    """The tokens of a syllable's readings, each with those of the syllable before it."""
    words: dict[str, None] = {}
    for reading in cell:
        words["s" + reading] = None
        for earlier in before:
            words[f"p{earlier} {reading}"] = None
            words["i" + earlier[0] + reading[0]] = None
    return tuple(map(_token, words))


def _written_pinyin(cells: Syllables) -> str:
    return " ".join(["/".join(cell) for cell in cells])


def _searched_digits(phone: str) -> str:
    """Give the digits of a phone as people type them: mainland ones without the country code."""
    digits = phone.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):
        digits = _NOT_DIGITS.sub("", phone)
    if phone.startswith("+86"):
        digits = digits[2:]
        if not (len(digits) == 11 and digits[0] == "1") and digits[1:3] != "00":
            digits = "0" + digits
    return digits


# ── What a user typed ────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class QueryPlan:
    """How to find what was typed.

    A customer is a hit if its tokens hold all of one of the ``alternatives`` and its
    ``search_text`` matches ``pattern`` (a regular expression for PostgreSQL's ``~`` and for
    ``re.search``; case matters, both sides are folded). Without alternatives the query is too
    short for the index: then ``search_text`` must begin with ``prefix`` or, for letters, the
    pinyin key with it. An empty prefix finds nothing.
    """

    kind: str
    alternatives: tuple[tuple[int, ...], ...] = ()
    pattern: str = ""
    prefix: str = ""

    def matches(self, text: str) -> bool:
        """Check a ``search_text`` as the database does."""
        if self.pattern:
            return re.search(self.pattern, text) is not None
        return bool(self.prefix) and text.startswith(self.prefix)


@dataclass(frozen=True)
class _Way:
    """One way to read what was typed: words that must all be there, and how it must look."""

    words: frozenset[str] = frozenset()
    looks: tuple[str, ...] = ()


def query_tokens(q: str, *, masked: bool = False) -> QueryPlan:
    """Plan the search for what a user typed: part of a name, pinyin, initials, phone digits.

    ``kind`` is han, latin, digits, mixed or empty. Blanks part words that must all be found, in
    any order; the same letters without the blanks are tried as well. ``masked`` is for those who
    see masked numbers: digits then find a phone only where they tell nothing about it, that is
    the whole number or the last four that the mask shows (CU8).
    """
    typed = q.strip()[:_LONGEST_QUERY]
    folded = fold(typed)
    if not folded:
        return QueryPlan("empty")
    kinds = {_kind(run) for run in _RUN.findall(folded)}
    kind = kinds.pop() if len(kinds) == 1 else "mixed"
    parts = typed.split()
    if kind == "latin":
        ways = _latin_ways(folded, typed)
    elif kind == "digits":
        ways = _digit_ways(typed, folded)
    else:
        ways = _joined_ways([folded])
    if len(parts) > 1:
        ways += _joined_ways([fold(part) for part in parts])
    ways = [way for way in dict.fromkeys(ways) if way.words][:_WAYS_KEPT]
    return QueryPlan(
        kind,
        tuple(tuple(sorted(_token(word) for word in way.words)) for way in ways),
        "|".join(dict.fromkeys(_pattern(way, masked) for way in ways)),
        folded,
    )


def _kind(run: str) -> str:
    if not run[0].isascii():
        return "han"
    return "digits" if run[0].isdigit() else "latin"


def _pattern(way: _Way, masked: bool) -> str:
    looks = way.looks
    if masked:
        looks = tuple(_masked_look(look) if look.isdigit() else look for look in looks)
    if len(looks) == 1:
        return looks[0]
    return "^" + "".join(f"(?=.*{look})" for look in looks)


def _masked_look(digits: str) -> str:
    """Write how digits must look in a search text when its phones are masked for the user.

    In a name anywhere. Of a phone the whole, where the code of the country or area, which the
    mask shows, may be left out; or the last four of a number so long that the mask shows them.
    """
    looks = [r"^(?:[^|]+\|)*[^|]*" + digits]
    if len(digits) >= 7:
        looks.append(rf"\|(?:0[3-9][0-9]{{2}}|[0-9]{{0,3}}){digits}(?:\||$)")
    elif len(digits) == 4:
        looks.append(rf"[0-9]{{7}}{digits}(?:\||$)")
    return f"(?:{'|'.join(looks)})"


def _joined_ways(parts: list[str]) -> list[_Way]:
    """Combine the ways of every run of every part: all must be found."""
    runs = [run for part in parts for run in _RUN.findall(part)]
    choices = [_run_ways(run) for run in dict.fromkeys(runs)]
    ways: list[_Way] = [_Way()]
    for choice in choices:
        # Cut while combining: sixty short runs must not multiply.
        ways = [
            _Way(one.words | two.words, one.looks + two.looks) for one, two in product(ways, choice)
        ][:_WAYS_KEPT]
    return ways


def _run_ways(run: str) -> list[_Way]:
    if _kind(run) == "latin":
        return _latin_ways(run, run) or [_Way(looks=(run,))]
    return [_Way(frozenset(_run_words(run)), (run,))]


def _digit_ways(typed: str, folded: str) -> list[_Way]:
    """Read digits as part of a phone, with or without the country code or the trunk 0."""
    digits = {folded: None}
    if _PHONE_LIKE.fullmatch(typed):
        for code in ("0086", "86"):
            rest = folded.removeprefix(code)
            if rest != folded and len(rest) >= 10:
                digits[rest] = None
        if typed.startswith("+86"):
            digits = {folded[2:]: None}
        if folded.startswith("0") and len(folded) >= 7:
            digits[folded.lstrip("0")] = None
    return [_Way(frozenset(_run_words(each)), (each,)) for each in digits if each]


def _latin_ways(letters: str, typed: str) -> list[_Way]:
    """Read letters as a Latin word, as initials, and as pinyin in every way it parts."""
    ways = []
    if len(letters) >= 2:
        ways.append(_Way(frozenset(_run_words(letters)), (letters,)))
        if len(letters) <= 12 and _INITIALS.issuperset(letters):
            words = frozenset("i" + one + two for one, two in pairwise(letters))
            ways.append(_Way(words, (_cells(letters, begun=True),)))
    for syllables in segment_pinyin(typed):
        ways += _pinyin_ways(syllables)
        # Many type lu for the syllable with the umlaut; the last one is completed anyway.
        umlauts = [_UMLAUTS.get(one, one) for one in syllables[:-1]] + syllables[-1:]
        if umlauts != syllables:
            ways += _pinyin_ways(umlauts)
    return ways


def _pinyin_ways(syllables: list[str]) -> list[_Way]:
    """Read syllables; the last stands for every syllable that begins so, as in typing."""
    *whole, last = syllables
    pairs = {f"p{one} {two}" for one, two in pairwise(whole)}
    if not whole:
        if len(last) < 2 and last not in ("a", "e", "o"):
            return []
        return [_Way(frozenset({"s" + one}), (_cells([one]),)) for one in completions(last)]
    if len(whole) == 1:
        pairs.add("s" + whole[0])
    ends = completions(last)
    if len(ends) > 6:
        initials = f"i{whole[-1][0]}{last[0]}"
        return [
            _Way(frozenset({*pairs, initials}), (_opening(whole) + _REST + " " + _CELL + last,))
        ]
    return [
        _Way(
            frozenset({*pairs, f"p{whole[-1]} {end}"} - {"s" + whole[0]}),
            (_cells([*whole, end]),),
        )
        for end in ends
    ]


_CELL = "(?:[a-z0-9]+/)*"
_REST = "(?:/[a-z0-9]+)*"


def _cells(parts: Iterable[str], *, begun: bool = False) -> str:
    """Write the expression for neighbouring syllables in the pinyin part of a search text."""
    tail = "[a-z0-9]*" if begun else ""
    inside = (_REST + " " + _CELL).join(part + tail for part in parts)
    return "(?:^|[|/ ])" + inside + ("" if begun else "(?:[|/ ]|$)")


def _opening(parts: Iterable[str]) -> str:
    return "(?:^|[|/ ])" + (_REST + " " + _CELL).join(parts)
