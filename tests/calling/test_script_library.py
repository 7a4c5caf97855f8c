"""The words that come with the product keep the product's own rules; versions can be compared."""

from dataclasses import replace

import pytest

from genjin.calling.scripts.compare import compare, pieces
from genjin.calling.scripts.content import Card, Content, Part, problems
from genjin.calling.scripts.hints import hints
from genjin.calling.scripts.library import LANGUAGES, shipped_cards, starter, words
from genjin.calling.scripts.placeholders import unknown_in, without_fallback

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("language", LANGUAGES)
def test_at_least_twelve_objection_cards_are_shipped_with_replies_to_choose_from(language):
    cards = shipped_cards(language)
    assert len(cards) >= 12
    assert len({card.code for card in cards}) == len(cards)
    for card in cards:
        assert len(card.replies) >= 2, card.code
        assert any(not without_fallback(reply) for reply in card.replies), card.code
        assert [unknown_in(reply) for reply in card.replies] == [[]] * len(card.replies)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_shipped_words_pass_the_hints_that_we_give_to_others(language):
    content = replace(starter(language), cards=tuple(shipped_cards(language)))
    found = [(hint.place, dict(hint.reason.data)) for hint in hints(content, words(language))]
    assert found == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_starter_can_be_published_as_it_is(language):
    assert problems(starter(language), field_codes=[]) == []


def part(code: str, text: str) -> Part:
    return Part(code, "asking", code, text)


def test_two_versions_are_compared_part_by_part():
    old = Content(
        parts=(part("a", "您好"), part("b", "一年60元"), part("c", "再见"), part("d", "走了")),
        cards=(Card("k", "太贵", ("我理解",)),),
    )
    new = Content(
        parts=(
            part("c", "再见"),
            part("a", "您好"),
            part("b", "一年{price.year}"),
            part("e", "新"),
        ),
        cards=(Card("k", "太贵", ("我理解",)),),
    )
    found = {difference.code: difference.state for difference in compare(old, new)}
    moved = {code for code, state in found.items() if state == "moved"}
    assert moved in ({"a"}, {"c"})
    assert {code: found[code] for code in "bdek"} == {
        "b": "changed",
        "d": "removed",
        "e": "added",
        "k": "same",
    }


def test_a_comparison_holds_both_texts_whole_and_never_cuts_a_placeholder():
    old, new = "一年{price.year},省{saving}", "一年{price.now_year},共省{saving}"
    found = pieces(old, new)
    assert "".join(piece.text for piece in found if piece.state != "added") == old
    assert "".join(piece.text for piece in found if piece.state != "removed") == new
    assert ("removed", "{price.year}") in [(piece.state, piece.text) for piece in found]
