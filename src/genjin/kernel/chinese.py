"""Chinese names as they are searched, sorted and read: folding, pinyin, initials, rare characters.

Nothing here is for display: names are shown as they were entered. Readings come from the
dictionary of pypinyin, surnames and variant characters from ``data/`` beside this file.
"""

import importlib.util
import re
import unicodedata
from functools import cache, lru_cache
from itertools import product
from pathlib import Path

import opencc

_DATA = Path(__file__).parent / "data"
_READINGS_KEPT = 3
_SEGMENTATIONS_KEPT = 8
_LONGEST_QUERY = 64
_LATIN = re.compile(r"[a-z0-9]+")
_ASCII = re.compile(r"[\x00-\x7f]")
_NOT_LETTERS = re.compile(r"[^a-z]+")
# Grunts that nobody types to find a name.
_INTERJECTIONS = frozenset({"m", "n", "ng", "hm", "hng", "e^"})
# Syllables of passports and of keyboards without an umlaut.
_SPELLINGS = {"lyu": "lv", "nyu": "nv", "lue": "lve", "nue": "nve"}


def _lines(name: str) -> list[list[str]]:
    text = (_DATA / name).read_text(encoding="utf-8")
    return [line.split() for line in text.splitlines() if line and not line.startswith("#")]


class _FoldTable(dict[int, str | None]):
    """For ``str.translate``: what each character becomes, worked out when it is first seen."""

    def __init__(self) -> None:
        super().__init__()
        self._simplify = opencc.OpenCC("t2s").convert
        self._variants = {
            variant: first for first, *others in _lines("variants.txt") for variant in others
        }

    def __missing__(self, code: int) -> str | None:
        folded = self._fold(chr(code))
        self[code] = folded
        return folded

    def _fold(self, char: str) -> str | None:
        if not char.isalnum():
            return None
        if char.isascii():
            return char
        base = unicodedata.normalize("NFD", char)[0]
        if base.isascii() and base.isalnum():
            return base.lower()
        # A character may need both steps (to Simplified, then to its group), in either order.
        for _ in range(3):
            simple = self._simplify(char)
            simple = self._variants.get(simple, simple)
            if simple == char or len(simple) != 1:
                break
            char = simple
        return char


@cache
def _fold_table() -> _FoldTable:
    return _FoldTable()


def fold(text: str) -> str:
    """Bring a text into the form in which it is searched; two spellings of one name become equal.

    Full-width to half-width, lower case, Traditional to Simplified character by character (so
    that a part of a text folds to a part of its fold), variants to one, accents, blanks and
    punctuation away. Folding twice changes nothing.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return text.lower().translate(_fold_table())


def _toneless(reading: str) -> str:
    plain: list[str] = []
    for char in unicodedata.normalize("NFD", reading):
        if char == "\u0308" and plain[-1] == "u":
            plain[-1] = "v"
        elif char == "\u0302":
            plain.append("^")
        elif not unicodedata.combining(char):
            plain.append(char)
    return "".join(plain)


def _load_dictionary() -> dict[int, str]:
    # The package itself would load 47,000 phrases (a quarter of a second, 30 MB) that serve
    # nobody here; its table of characters stands in a module of its own.
    found = importlib.util.find_spec("pypinyin")
    if found is None or found.origin is None:
        raise ImportError("pypinyin is not installed")
    path = Path(found.origin).with_name("pinyin_dict.py")
    spec = importlib.util.spec_from_file_location("_pypinyin_characters", path)
    if spec is None or spec.loader is None:
        raise ImportError("pypinyin has no table of characters")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.pinyin_dict


class _Readings(dict[str, tuple[str, ...]]):
    """Each character's readings without tones, the likely ones first; empty if it has none."""

    def __init__(self) -> None:
        super().__init__()
        self.dictionary = _load_dictionary()

    def __missing__(self, char: str) -> tuple[str, ...]:
        found = self._read(char)
        folded = fold(char)
        if folded != char and len(folded) == 1:
            found += self._read(folded)
        readings = list(dict.fromkeys(found))
        usual = [reading for reading in readings if reading not in _INTERJECTIONS]
        self[char] = tuple((usual or readings)[:_READINGS_KEPT])
        return self[char]

    def _read(self, char: str) -> list[str]:
        listed = self.dictionary.get(ord(char), "")
        return [_toneless(reading) for reading in listed.split(",") if reading]


@cache
def _readings() -> _Readings:
    return _Readings()


class _OrganisationReadings(dict[str, tuple[str, ...]]):
    """The same for the name of an organisation, without what is never said in one."""

    def __init__(self) -> None:
        super().__init__()
        self._said = {char: tuple(each) for char, *each in _lines("organisation_readings.txt")}

    def __missing__(self, char: str) -> tuple[str, ...]:
        found = self[char] = self._said.get(fold(char)) or _readings()[char]
        return found


@cache
def _organisation_readings() -> _OrganisationReadings:
    return _OrganisationReadings()


@cache
def _surnames() -> dict[str, list[tuple[str, ...]]]:
    """Surname to the readings of each of its characters."""
    table: dict[str, list[tuple[str, ...]]] = {}
    for surname, *readings in _lines("surnames.txt"):
        compound = len(surname) == 2
        table[fold(surname)] = [(each,) for each in readings] if compound else [tuple(readings)]
    return table


@cache
def syllables() -> frozenset[str]:
    """All syllables of Mandarin in the letters of a keyboard (lv, not lü)."""
    common = (chr(code) for code in range(0x4E00, 0x9FA6))
    known = {
        reading
        for char in common
        if _gb2312_lead(char)
        for reading in _readings()[char]
        if reading.isalpha() and reading not in _INTERJECTIONS
    }
    return frozenset(known)


def pinyin_syllables(name: str, *, person: bool) -> list[tuple[str, ...]]:
    """Give for each character of a name its readings, the most likely first.

    A person's surname is read as a surname (other readings follow). A run of Latin letters and
    digits is one entry, itself. Characters without a reading are left out.
    """
    text = name if name.isascii() else unicodedata.normalize("NFKC", name)
    text = text.lower()
    readings = _readings() if person else _organisation_readings()
    cells: list[tuple[str, ...]] = []
    if person:
        surname = _read_surname(text[:2])
        cells += surname
        text = text[len(surname) :]
    if not _ASCII.search(text):
        cells += [said for char in text if (said := readings[char])]
        return cells
    latin = ""
    for char in text:
        if char.isascii():
            if char.isalnum():
                latin += char
                continue
            found: tuple[str, ...] = ()
        else:
            found = readings[char]
        if latin:
            cells.append((latin,))
            latin = ""
        if found:
            cells.append(found)
    if latin:
        cells.append((latin,))
    return cells


def readings_of(char: str, *, person: bool) -> tuple[str, ...]:
    """Give the readings of one character in a name, but not as a surname; empty without one."""
    return (_readings() if person else _organisation_readings())[char]


@lru_cache(maxsize=16_384)
def _read_surname(start: str) -> tuple[tuple[str, ...], ...]:
    """The readings of each character of the surname with which two characters begin.

    Empty when there is none in the table.
    """
    surnames = _surnames()
    folded = fold(start)
    for length in (2, 1):
        head = folded[:length]
        if len(head) == length and fold(start[:length]) == head and head in surnames:
            cells = []
            for char, first in zip(start, surnames[head], strict=False):
                others = (each for each in _readings()[char] if each not in first)
                cells.append((*first, *others)[:_READINGS_KEPT])
            return tuple(cells)
    return ()


def surname_length(name: str) -> int:
    """Say how many characters of a person's name are the surname; one when it is not known."""
    return len(_read_surname(name[:2])) or 1


def pinyin_key(name: str, person: bool = True) -> str:
    """Give the key by which names are sorted: "zhang san". Empty if nothing can be read."""
    return " ".join([cell[0] for cell in pinyin_syllables(name, person=person)])


def initials(name: str, person: bool = True) -> str:
    """Give the first letters of the syllables of a name: "zs"."""
    return "".join([cell[0][0] for cell in pinyin_syllables(name, person=person)])


def _gb2312_lead(char: str) -> int:
    """Give the first byte of a character in GB2312, 0 if it has none."""
    try:
        return char.encode("gb2312")[0]
    except UnicodeEncodeError:
        return 0


@lru_cache(maxsize=8192)
def is_rare(char: str) -> bool:
    """May the reader need the pinyin beside this character?

    Rule: a character that has a reading and, in its Simplified form, is not among the 3,755
    of the first level of GB2312 (lead bytes B0 to D7), which everybody learns at school.
    """
    if char.isascii() or not _readings()[char]:
        return False
    return not any(0xB0 <= _gb2312_lead(form) <= 0xD7 for form in {char, fold(char)} if form)


@cache
def syllable_starts() -> frozenset[str]:
    """All beginnings of syllables, whole ones included."""
    return frozenset(one[:end] for one in syllables() for end in range(1, len(one) + 1))


def completions(start: str) -> list[str]:
    """List the syllables that begin so, shortest first; l/n + u also stands for the umlaut."""
    found = [one for one in syllables() if one.startswith(start)]
    if start in ("lu", "nu"):
        found.append(start[0] + "v")
    return sorted(found, key=lambda one: (len(one), one))


def segment_pinyin(query: str) -> list[list[str]]:
    """Find how typed letters part into syllables, fewest syllables first, eight ways at most.

    Every syllable is whole but the last, which may be only begun ("zhangs": zhang, s). Blanks
    and apostrophes are kept as limits: xian is xian or xi an, xi'an only xi an.
    """
    letters = query.strip().lower().replace("\u00fc", "v")
    parts = [part for part in _NOT_LETTERS.split(letters) if part]
    if not parts or len(letters) > _LONGEST_QUERY:
        return []
    ways = [
        _segment(part, may_be_begun=number == len(parts) - 1) for number, part in enumerate(parts)
    ]
    joined = [[one for way in chosen for one in way] for chosen in product(*ways)]
    return sorted(joined, key=_effort)[:_SEGMENTATIONS_KEPT]


def _effort(way: list[str]) -> tuple[int, bool]:
    return len(way), way[-1] not in syllables()


def _segment(letters: str, *, may_be_begun: bool) -> list[list[str]]:
    whole, begun = syllables(), syllable_starts()
    # ways[i]: the ways to part what follows letter i, each list cut short so that nonsense of
    # 64 letters costs no more than a name.
    ways: list[list[list[str]]] = [[] for _ in letters] + [[[]]]
    for start in range(len(letters) - 1, -1, -1):
        for end in range(min(len(letters), start + 6), start, -1):
            part = _SPELLINGS.get(letters[start:end], letters[start:end])
            last = end == len(letters)
            if part in whole or (last and may_be_begun and part in begun):
                ways[start] += [[part, *rest] for rest in ways[end]]
        ways[start] = sorted(ways[start], key=_effort)[:_SEGMENTATIONS_KEPT]
    return ways[0]
