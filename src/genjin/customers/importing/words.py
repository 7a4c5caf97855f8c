"""The words of real lists: what columns are called and how kinds and sexes are written.

They stand in data/words.toml. Pure.
"""

import tomllib
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

_DATA = Path(__file__).with_name("data")


@lru_cache
def _content() -> Mapping[str, Any]:
    return tomllib.loads((_DATA / "words.toml").read_text("utf-8"))


@lru_cache
def names() -> Mapping[str, str]:
    """The characters that names are made from (data/names.toml)."""
    return tomllib.loads((_DATA / "names.toml").read_text("utf-8"))


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """A word as it is compared: without case, blanks, punctuation and what stands in brackets."""
    folded = unicodedata.normalize("NFKC", text).casefold().split("(")[0]
    return "".join(char for char in folded if char.isalnum())


@lru_cache
def values(target: str) -> dict[str, str]:
    """How the values of a column such as sex are written, to their codes."""
    listed = _content()["values"].get(target, {})
    return {plain(word): code for code, words in listed.items() for word in words}


@lru_cache
def _headers() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for entry in _content()["headers"]:
        rule = {key: entry[key] for key in ("target", "label") if key in entry}
        for word in entry["words"]:
            found.setdefault(plain(word), rule)
    return found


@lru_cache
def _organisation_endings() -> tuple[str, ...]:
    return tuple(_content()["organisation_endings"])


def looks_like_organisation(name: str) -> bool:
    """Whether a name ends as those of companies and offices do."""
    text = name.casefold().rstrip(" .)\uff09")
    return len(text) >= 4 and text.endswith(_organisation_endings())


def guess(columns: tuple[str, ...] | list[str]) -> dict[str, dict[str, str]]:
    """Proposes a rule for each column by its name; what is not recognised is ignored.

    A target that can stand only once goes to the first column that claims it.
    """
    several = {"phone", "email", "address", "other_name", "note"}
    taken: set[str] = set()
    rules: dict[str, dict[str, str]] = {}
    for column in columns:
        rule = _headers().get(plain(column.rstrip("0123456789")), {"target": "ignore"})
        target = rule["target"]
        if target in taken and target not in several:
            rule = {"target": "ignore"}
        taken.add(target)
        rules[column] = dict(rule)
    return rules
