"""The catalogue of excuses: complete in every language, with actions that exist (RE5)."""

import re
import tomllib
from pathlib import Path

import pytest

from genjin.customers.states import PersonRole
from genjin.followups.states import Channel
from genjin.receivables.rules import excuses
from genjin.receivables.rules.excuses import LANGUAGES

POLICY = tomllib.loads(
    (Path(__file__).resolve().parents[2] / "policy/excuses.toml").read_text("utf-8")
)
WANTED = {
    "no_cash", "boss_away", "in_process", "no_invoice", "quality", "unsold", "own_customers",
    "balance_disputed", "rebate_awaited", "predecessor", "together", "will_leave", "unreachable",
    "moved", "insolvent",
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_excuse_has_its_wording_and_its_action_in_every_language(language):
    found = excuses.catalogue(POLICY, language)
    assert {one.code for one in found} >= WANTED
    assert len(found) == len({one.code for one in found}) == len({one.label for one in found})
    for one in [*found, excuses.anger(POLICY, language)]:
        assert len(one.replies) >= 2
        assert one.hints
        assert one.action.code in excuses.ACTIONS
        for text in (*one.replies, *one.hints):
            assert excuses.placeholders(text) <= set(excuses.PLACEHOLDERS)


def test_the_same_reply_needs_the_same_figures_in_every_language():
    said = {language: excuses.catalogue(POLICY, language) for language in LANGUAGES}
    for several in zip(*said.values(), strict=True):
        needs = [[excuses.placeholders(text) for text in one.replies] for one in several]
        assert needs[0] == needs[1] == needs[2], several[0].code
        assert len({len(one.hints) for one in several}) == 1


def test_at_least_one_reply_of_each_excuse_can_be_said_without_any_figure():
    known = {"company": "某某公司"}
    for one in excuses.catalogue(POLICY, "zh-hans"):
        assert excuses.said(one.replies, known), one.code


def test_a_reply_whose_figure_is_not_known_is_left_out():
    replies = ["共{owed}。", "哪天付？", "赶得上{pay_day}吗？"]
    values = {"owed": "¥1,000.00", "pay_day": ""}
    assert excuses.said(replies, values) == ["共¥1,000.00。", "哪天付？"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_five_types_of_customers_with_roles_and_channels_that_exist(language):
    found = excuses.customer_types(POLICY, language)
    assert len(found) == 5
    for one in found:
        assert set(one.ask) <= set(PersonRole.values) - {"informant"}
        assert set(one.channels) <= set(Channel.values)
        assert set(one.levers) <= set(excuses.LEVERS)
        assert all((one.label, one.whom, one.when, one.where, one.form))


def test_hong_kong_reads_the_traditional_wording_and_an_unknown_language_english():
    assert excuses.catalogue(POLICY, "zh-hk") == excuses.catalogue(POLICY, "zh-hant")
    assert excuses.catalogue(POLICY, "fr") == excuses.catalogue(POLICY, "en")


def test_no_wording_lies_about_wages_hunger_or_shames_anybody():
    told = str(POLICY)
    for word in ("饿", "薪水", "老赖", "骗", "丢脸", "面子", "starv", "liar", "ashamed"):
        assert word not in told, word


def test_simplified_and_traditional_wording_keep_to_their_script():
    for language, other in (("zh-hans", "[們帳開說這時過還]"), ("zh-hant", "[们账开说这时过还]")):
        for entry in [*POLICY["excuses"], POLICY["anger"], *POLICY["types"]]:
            assert not re.search(other, str(entry[language])), entry.get("code")


def test_an_action_with_a_wrong_parameter_is_refused():
    entry = {**POLICY["excuses"][0], "then": {"action": "promise", "weeks": 2}}
    with pytest.raises(ValueError, match="nobody knows"):
        excuses.catalogue({"excuses": [entry]}, "en")
