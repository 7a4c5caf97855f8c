"""Read postal addresses as far as administrative divisions go, and measure distances; offline.

Mainland addresses part into province, city and county with their codes, Taiwan's into county and
district, Hong Kong's and Macau's into district. The table with its sources is
``data/divisions.tsv``.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from genjin.kernel.chinese import fold

_TABLE = Path(__file__).with_name("data") / "divisions.tsv"
_EARTH_KM = 6371.0088
# Roads are longer than the air line: the usual factor where no router is configured (CU1).
ROAD_FACTOR = 1.4
# Suffixes a writer leaves off, folded, the longest first: "special administrative region",
# "autonomous region/prefecture/county", province, city, region, county, district, banner.
_SUFFIXES = (
    "\u7279\u522b\u884c\u653f\u533a", "\u81ea\u6cbb\u533a", "\u81ea\u6cbb\u5dde",
    "\u81ea\u6cbb\u53bf", "\u81ea\u6cbb\u65d7", "\u5730\u533a", "\u65b0\u533a", "\u6797\u533a",
    "\u77ff\u533a", "\u7701", "\u5e02", "\u533a", "\u53bf", "\u76df", "\u65d7", "\u4e61",
    "\u9547",
)  # fmt: skip
# Peoples named inside the names of autonomous places: "Guangxi (Zhuang) autonomous region".
_PEOPLES = ("\u7ef4\u543e\u5c14", "\u58ee\u65cf", "\u56de\u65cf")
_COUNTRY = (
    "\u4e2d\u534e\u4eba\u6c11\u5171\u548c\u56fd", "\u4e2d\u56fd", "\u4e2d\u534e\u6c11\u56fd"
)  # fmt: skip
# Province, city, region, county, banner, prefecture, league as single characters.
_KINDS = frozenset("\u7701\u5e02\u533a\u53bf\u65d7\u5dde\u76df")
# The three parts of Hong Kong, which stand where a province would.
_MORE_NAMES = {"810000": ("\u9999\u6e2f\u5c9b", "\u4e5d\u9f99", "\u65b0\u754c", "hongkong")}
PROVINCE, CITY, COUNTY = "province", "city", "county"


@dataclass(frozen=True, slots=True)
class Division:
    """One administrative division. ``system`` is that of the centre: gcj02 or wgs84."""

    code: str
    name: str
    level: str
    parent: str
    longitude: float
    latitude: float
    system: str


@dataclass(frozen=True, slots=True)
class ParsedAddress:
    """What an address was read as; ``division`` is the finest code found, "" if none.

    ``rest`` is what follows the divisions, as written.
    """

    province: str = ""
    city: str = ""
    county: str = ""
    division: str = ""
    rest: str = ""


def _level_and_parent(code: str, known: frozenset[str]) -> tuple[str, str]:
    if code.startswith("TW-"):
        return (COUNTY, code[:6]) if len(code) > 6 else (CITY, "710000")
    if code.endswith("0000"):
        return PROVINCE, ""
    if code.endswith("00"):
        return CITY, code[:2] + "0000"
    city = code[:4] + "00"
    return COUNTY, city if city in known and city[2:4] != "90" else code[:2] + "0000"


@cache
def _divisions() -> dict[str, Division]:
    lines = [line.split("\t") for line in _TABLE.read_text("utf-8").splitlines()
             if not line.startswith("#")]  # fmt: skip
    known = frozenset(line[0] for line in lines)
    placed = {line[0]: (float(line[2]), float(line[3])) for line in lines if len(line) > 2}
    table = {}
    for code, name, *_ in lines:
        level, parent = _level_and_parent(code, known)
        longitude, latitude = placed[code] if code in placed else placed[parent]
        system = "wgs84" if code[:2] in ("TW", "71", "81", "82") else "gcj02"
        table[code] = Division(code, name, level, parent, longitude, latitude, system)
    return table


@cache
def _below() -> dict[str, list[Division]]:
    """The divisions right below each code, in the order of their codes."""
    found: dict[str, list[Division]] = {}
    for one in _divisions().values():
        found.setdefault(one.parent, []).append(one)
    return found


def _short(folded: str) -> str:
    """The name without its suffix: two characters at least, else the name itself."""
    for suffix in _SUFFIXES:
        if folded.endswith(suffix) and len(folded) - len(suffix) >= 2:
            folded = folded[: -len(suffix)]
            break
    for people in _PEOPLES:
        if folded.endswith(people) and len(folded) - len(people) >= 2:
            return folded[: -len(people)]
    return folded


@cache
def _named(parent: str, level: str) -> dict[str, str]:
    """Folded full and short names to codes, below ``parent`` ("" for everywhere).

    Everywhere, a name that two places share leads to neither, and counties go by full name.
    """
    names: dict[str, set[str]] = {}
    for one in _divisions().values():
        if one.level != level or (parent and one.parent != parent):
            continue
        full = fold(one.name)
        spelled = {full, *_MORE_NAMES.get(one.code, ())}
        if parent or level != COUNTY:
            spelled.add(_short(full))
        for name in spelled:
            names.setdefault(name, set()).add(one.code)
    return {name: min(codes) for name, codes in names.items() if len(codes) == 1}


@cache
def _full_names() -> frozenset[str]:
    return frozenset(fold(one.name) for one in _divisions().values())


@cache
def _longest(parent: str, level: str) -> int:
    return max(map(len, _named(parent, level)), default=0)


def _match(text: str, at: int, parent: str, level: str) -> tuple[str, int]:
    """The code of the longest name at ``at`` and where it ends; ("", at) for none."""
    table = _named(parent, level)
    for length in range(min(_longest(parent, level), len(text) - at), 1, -1):
        end = at + length
        code = table.get(text[at:end])
        # A short name with another suffix behind it is another place: Chaoyang city, district.
        if code and (text[end : end + 1] not in _KINDS or text[at:end] in _full_names()):
            return code, end
    return "", at


def _after_country(text: str) -> int:
    at = 0
    while at < min(6, len(text)) and text[at].isdigit():
        at += 1  # a postcode in front
    if at < 3:
        at = 0
    for country in _COUNTRY:
        if text.startswith(country, at):
            return at + len(country)
    return at


def _descend(text: str, start: int) -> tuple[str, int]:
    """The finest division that the text names from ``start`` on, and where that ends."""
    code, at = _match(text, start, "", PROVINCE)
    again, end = _match(text, at, "", PROVINCE)
    if again and again == code and not _match(text, at, code, COUNTY)[0]:
        at = end  # a city that is a province, written twice; Kowloon, but not Kowloon City
    city, at = _match(text, at, code, CITY)
    if city:
        code = city
    county, end = _match(text, at, code, COUNTY)
    if not county and city and city[:2] != "TW":
        # The city's own name between: "Suzhou, Kunshan".
        county, end = _match(text, at, _divisions()[city].parent, COUNTY)
    return (county, end) if county else (code, at)


def parse_address(text: str) -> ParsedAddress:
    """Read the divisions at the beginning of an address, in either script; never raises.

    A county alone is understood where its name is the only one of its kind.
    """
    folded, places = [], []
    for place, char in enumerate(text[:300]):
        for piece in fold(char):
            folded.append(piece)
            places.append(place)
    line = "".join(folded)
    code, end = _descend(line, _after_country(line))
    if not code:
        return ParsedAddress(rest=text.strip())
    rest = text[places[end - 1] + 1 :].strip(" ,\uff0c\u3001")
    names = {one.level: one.name for one in path(code)}
    return ParsedAddress(
        names.get(PROVINCE, ""), names.get(CITY, ""), names.get(COUNTY, ""), code, rest
    )


@lru_cache(maxsize=65536)
def _division_of(head: str) -> str:
    return parse_address(head).division


def division_of(text: str) -> str:
    """The finest division that an address names, "" if none; quick for many of the same streets.

    What stands behind the first digit (a house number) names no division.
    """
    start = len(text) - len(text.lstrip("0123456789 "))
    end = next((at for at in range(start, len(text)) if text[at].isdigit()), len(text))
    return _division_of(text[start:end])


def division(code: str) -> Division | None:
    """The division of a code, None if there is none."""
    return _divisions().get(code)


def path(code: str) -> list[Division]:
    """The division and those it lies in, the widest first; empty for an unknown code."""
    found = []
    one = _divisions().get(code)
    while one:
        found.append(one)
        one = _divisions().get(one.parent)
    return found[::-1]


def children(code: str = "") -> list[Division]:
    """The divisions right below ``code``, in the order of their codes; provinces for ""."""
    return list(_below().get(code, ()))


def place_name(code: str) -> str:
    """A division with those above it, as people write it: one line without blanks."""
    return "".join(one.name for one in path(code))


def within(code: str) -> list[str]:
    """The code and every code below it."""
    found, ahead = [code], [code]
    while ahead:
        below = [one.code for one in children(ahead.pop())]
        found += below
        ahead += below
    return found


def _offset(latitude: float, longitude: float) -> tuple[float, float]:
    """How far GCJ-02 lies from WGS-84 at a place, in degrees (the published approximation)."""
    x, y = longitude - 105.0, latitude - 35.0
    waves = 20.0 * (math.sin(6 * math.pi * x) + math.sin(2 * math.pi * x))
    north = -100.0 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x))
    north += (waves + 20 * math.sin(math.pi * y) + 40 * math.sin(math.pi * y / 3)) * 2 / 3
    north += (160 * math.sin(math.pi * y / 12) + 320 * math.sin(math.pi * y / 30)) * 2 / 3
    east = 300.0 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x))
    east += (waves + 20 * math.sin(math.pi * x) + 40 * math.sin(math.pi * x / 3)) * 2 / 3
    east += (150 * math.sin(math.pi * x / 12) + 300 * math.sin(math.pi * x / 30)) * 2 / 3
    axis, eccentricity = 6378245.0, 0.006693421622965943  # Krasovsky 1940
    radians = math.radians(latitude)
    magic = 1 - eccentricity * math.sin(radians) ** 2
    metres = axis * (1 - eccentricity) / (magic * math.sqrt(magic))
    return (
        math.degrees(north / metres),
        math.degrees(east / (axis / math.sqrt(magic) * math.cos(radians))),
    )


def to_wgs84(latitude: float, longitude: float, system: str) -> tuple[float, float]:
    """Bring a point into WGS-84, to about a metre; ``system`` is wgs84 or gcj02."""
    if system != "gcj02":
        return latitude, longitude
    north, east = latitude, longitude
    for _ in range(3):
        up, right = _offset(north, east)
        north, east = latitude - up, longitude - right
    return north, east


def distance_km(
    one: tuple[float, float], other: tuple[float, float], *, factor: float = ROAD_FACTOR
) -> float:
    """Estimate the way between two points (latitude, longitude; the same system) in kilometres.

    Great circle by the haversine formula, times 1.4 for the roads.
    """
    (north, east), (to_north, to_east) = (
        (math.radians(point[0]), math.radians(point[1])) for point in (one, other)
    )
    half = (
        math.sin((to_north - north) / 2) ** 2
        + math.cos(north) * math.cos(to_north) * math.sin((to_east - east) / 2) ** 2
    )
    return 2 * _EARTH_KM * math.asin(math.sqrt(min(1.0, half))) * factor


def centre(codes: Iterable[str]) -> tuple[float, float, str] | None:
    """Latitude, longitude and system of the first code that is known; None for none."""
    for code in codes:
        if one := division(code):
            return one.latitude, one.longitude, one.system
    return None
