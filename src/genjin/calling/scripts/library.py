"""The words that come with the product: objection cards, a first script, words to be warned about.

They stand in policy/objections.toml, script_starter.toml and speech.toml by language. Hong Kong
reads the traditional lists.
"""

from collections.abc import Mapping, Sequence

from genjin.calling.scripts.content import Card, Content
from genjin.foundation import policy

LANGUAGES = ("zh-hans", "zh-hant", "zh-hk", "en")
_STANDS_FOR = {"zh-hk": "zh-hant"}
_OTHERWISE = "en"


def _written(language: str) -> str:
    """The language whose lists are read for `language`."""
    code = _STANDS_FOR.get(language, language)
    return code if code in LANGUAGES else _OTHERWISE


def words(language: str) -> Mapping[str, Sequence[str]]:
    """The word lists for `hints`, by kind."""
    found: Mapping[str, Sequence[str]] = policy.value(f"speech.hints.{_written(language)}", {})
    return found


def shipped_cards(language: str) -> list[Card]:
    """The objection cards that come with the product, worded in `language`."""
    code = _written(language)
    return [
        Card(entry["code"], entry[code]["label"], tuple(entry[code]["replies"]))
        for entry in policy.shipped("objections")["cards"]
    ]


def starter(language: str) -> Content:
    """A whole conversation to begin a new script with."""
    data = policy.shipped("script_starter")[_written(language)]
    cards = [card for card in shipped_cards(language) if card.code in data["cards"]]
    content = Content.from_json(
        {"parts": data["parts"], "usp": {"text": data["usp"], "neutral": data["neutral"]}}
    )
    return Content(content.parts, tuple(cards), content.usp, content.usp_neutral)
