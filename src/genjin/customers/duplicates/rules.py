"""How likely two cards are one customer, and why (CU10). Pure: values in, evidence out.

Evidence is a list of (code, weight, first, second); the score is the sum of the weights, held
between 0 and 100. `SHOWN` and more is shown as a candidate, `SURE` and more is hardly a doubt.

A name alone never makes a candidate of two persons: there are too many 王芳. It needs the same
place down to the street, or the same number. An organisation's name says more, once what every
name has (有限公司, the city in front) is taken off.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from genjin.kernel import address
from genjin.kernel.chinese import fold, pinyin_syllables
from genjin.kernel.organisations import core_name

SHOWN = 60
SURE = 90

WEIGHTS = {
    "same_tax_number": 80,
    "other_tax_number": -60,
    "same_phone": 60,
    "same_landline": 45,
    "same_email": 45,
    "same_name": 50,
    "same_core_name": 48,
    "near_name": 45,
    "same_sound": 45,
    "same_person_name": 25,
    "near_person_name": 12,
    "same_person_sound": 15,
    "same_contact_person": 10,
    "same_address": 35,
    "near_address": 25,
    "same_county": 15,
    "same_city": 12,
    "other_place": -15,
    "other_kind": -20,
    "other_sex": -25,
}
"""What each finding adds or takes. Weights of a name exclude each other, as do those of a place."""

# Two cores of this likeness and more are near each other: one character wrong in five.
_NEAR = 0.79
_NEAR_ADDRESS = 0.85
_NUMBERS = re.compile(r"\d+")


@dataclass(frozen=True)
class Side:
    """What is weighed of one card. Phones and e-mail addresses in their normal form.

    `landlines` are those of `phones` that a whole house may share. `addresses` are texts as
    written; `region` an administrative division code.
    """

    name: str
    kind: str = "person"
    sex: str = ""
    other_names: tuple[str, ...] = ()
    tax_number: str = ""
    phones: frozenset[str] = frozenset()
    landlines: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    region: str = ""
    addresses: tuple[str, ...] = ()
    people: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """One finding: what was compared, what stands on either card, and what it weighs."""

    code: str
    weight: int
    first: str = ""
    second: str = ""

    def to_json(self) -> dict[str, Any]:
        """The form in which `DuplicatePair.evidence` keeps it."""
        return {"code": self.code, "weight": self.weight, "first": self.first,
                "second": self.second}  # fmt: skip


@dataclass(frozen=True)
class Score:
    """The sum, 0 to 100, and its parts, the heaviest first."""

    total: int
    evidence: tuple[Evidence, ...] = field(default=())

    @property
    def is_shown(self) -> bool:
        return self.total >= SHOWN


def edits(first: str, second: str) -> int:
    """The fewest characters to put in, take out, change, or swap with a neighbour."""
    if first == second:
        return 0
    before: list[int] = []
    row = list(range(len(second) + 1))
    for at, char in enumerate(first, 1):
        older, before, row = before, row, [at]
        for to, other in enumerate(second, 1):
            cost = min(before[to] + 1, row[to - 1] + 1, before[to - 1] + (char != other))
            if at > 1 and to > 1 and char == second[to - 2] and first[at - 2] == other:
                cost = min(cost, older[to - 2] + 1)
            row.append(cost)
    return row[-1]


def likeness(first: str, second: str) -> float:
    """1 for equal texts, 0 for texts with nothing in common."""
    longest = max(len(first), len(second))
    return 1 - edits(first, second) / longest if longest else 0.0


@lru_cache(maxsize=65_536)
def sound(text: str, person: bool) -> str:
    """How a name is read first, without tones; empty for a text without Chinese characters."""
    if text.isascii():
        return ""
    return " ".join(cell[0] for cell in pinyin_syllables(text, person=person))


def _strongest(found: Iterable[Evidence]) -> list[Evidence]:
    best = max(found, key=lambda one: one.weight, default=None)
    return [best] if best else []


def _evidence(code: str, first: str = "", second: str = "") -> Evidence:
    return Evidence(code, WEIGHTS[code], first[:200], second[:200])


def _numbers(first: Side, second: Side) -> list[Evidence]:
    shared = first.phones & second.phones
    landlines = first.landlines | second.landlines
    found = [
        _evidence("same_landline" if value in landlines else "same_phone", value, value)
        for value in sorted(shared)
    ]
    mails = [_evidence("same_email", one, one) for one in sorted(first.emails & second.emails)]
    return _strongest(found) + mails[:1]


def _tax(first: Side, second: Side) -> list[Evidence]:
    one, two = (side.tax_number.strip().upper() for side in (first, second))
    if not (one and two):
        return []
    return [_evidence("same_tax_number" if one == two else "other_tax_number", one, two)]


def _name_pair(first: str, second: str) -> Evidence | None:
    """The names of two organisations (or of one and a person)."""
    if fold(first) == fold(second):
        return _evidence("same_name", first, second)
    one, two = core_name(first), core_name(second)
    if one == two:
        return _evidence("same_core_name", first, second)
    if min(len(one), len(two)) >= 3 and likeness(one, two) >= _NEAR:
        return _evidence("near_name", first, second)
    if min(len(one), len(two)) >= 3 and sound(one, False) and sound(one, False) == sound(
        two, False
    ):  # fmt: skip
        return _evidence("same_sound", first, second)
    return None


def _person_pair(first: str, second: str) -> Evidence | None:
    one, two = fold(first), fold(second)
    if one == two:
        return _evidence("same_person_name", first, second)
    if sound(one, True) and sound(one, True) == sound(two, True):
        return _evidence("same_person_sound", first, second)
    if min(len(one), len(two)) >= 3 and edits(one, two) == 1:
        return _evidence("near_person_name", first, second)
    return None


def _names(first: Side, second: Side) -> list[Evidence]:
    compare = _person_pair if first.kind == second.kind == "person" else _name_pair
    pairs = (
        compare(one, two)
        for one in (first.name, *first.other_names)
        for two in (second.name, *second.other_names)
    )
    found = _strongest(pair for pair in pairs if pair)
    shared = {fold(name): name for name in first.people}.keys() & {
        fold(name) for name in second.people
    }
    if shared and "organisation" in (first.kind, second.kind):
        name = next(name for name in first.people if fold(name) in shared)
        found.append(_evidence("same_contact_person", name, name))
    return found


@lru_cache(maxsize=65_536)
def _street(text: str) -> tuple[str, tuple[str, ...]]:
    """An address below its divisions, folded, and the numbers in it."""
    rest = fold(address.parse_address(text).rest) or fold(text)
    return rest, tuple(_NUMBERS.findall(rest))


def _address_pair(first: str, second: str) -> Evidence | None:
    (one, numbers), (two, others) = _street(first), _street(second)
    if len(one) < 4 or len(two) < 4:
        return None
    if one == two:
        return _evidence("same_address", first, second)
    # Another house number is another house, however alike the rest is.
    if numbers == others and numbers and likeness(one, two) >= _NEAR_ADDRESS:
        return _evidence("near_address", first, second)
    return None


def _regions(side: Side) -> tuple[str, str]:
    """The city and the county of a card, as far as they are known."""
    found = {one.level: one.code for one in address.path(side.region)}
    return found.get(address.CITY, "") or found.get(address.PROVINCE, ""), found.get(
        address.COUNTY, ""
    )


def _place(first: Side, second: Side) -> list[Evidence]:
    pairs = (_address_pair(one, two) for one in first.addresses for two in second.addresses)
    found = _strongest(pair for pair in pairs if pair)
    (city, county), (other_city, other_county) = _regions(first), _regions(second)
    names = address.place_name(first.region), address.place_name(second.region)
    if county and county == other_county:
        found.append(_evidence("same_county", *names))
    elif city and city == other_city:
        found.append(_evidence("same_city", *names))
    elif city and other_city and not found:
        found.append(_evidence("other_place", *names))
    return found


def _against(first: Side, second: Side) -> list[Evidence]:
    found = []
    if first.kind != second.kind:
        found.append(_evidence("other_kind", first.kind, second.kind))
    elif first.kind == "person" and first.sex and second.sex and first.sex != second.sex:
        found.append(_evidence("other_sex", first.sex, second.sex))
    return found


def score(first: Side, second: Side) -> Score:
    """Weighs two cards; the order of the two changes nothing but the sides of the evidence."""
    parts: Sequence[Evidence] = [
        *_tax(first, second), *_numbers(first, second), *_names(first, second),
        *_place(first, second), *_against(first, second),
    ]  # fmt: skip
    # Place speaks only for a pair that something else speaks for, and never against a number.
    who = [one for one in parts if one.weight > 0 and one.code not in _OF_A_PLACE]
    if not who:
        return Score(0, tuple(parts))
    total = sum(one.weight for one in parts)
    return Score(
        max(0, min(100, total)), tuple(sorted(parts, key=lambda one: (-one.weight, one.code)))
    )


_OF_A_PLACE = frozenset({"same_address", "near_address", "same_county", "same_city", "other_place"})
