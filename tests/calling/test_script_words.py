"""Placeholders never lie; a script says what is wrong with it and how it sounds."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genjin.calling.scripts.content import Branch, Content, Part, problems
from genjin.calling.scripts.hints import hints
from genjin.calling.scripts.placeholders import fill, price_values, unknown_in
from genjin.foundation import policy
from genjin.sales.pricing import PriceField, saving

MONTH = PriceField(Decimal(5), "CNY", 1)
NOW = PriceField(Decimal(30), "CNY", 12)


def test_the_saving_is_computed_from_the_price_fields():
    values = price_values({"month": MONTH, "now": NOW}, "zh-hans")
    assert {key: values[key] for key in ("price.year", "saving", "saving.percent")} == {
        "price.year": "¥60.00",
        "saving": "¥30.00",
        "saving.percent": "50%",
    }


@pytest.mark.parametrize(
    "prices",
    [
        {},
        {"now": NOW},
        {"month": MONTH},
        {"month": PriceField(Decimal(2), "CNY", 1), "now": NOW},
        {"month": PriceField(Decimal(5), "USD", 1), "now": NOW},
        {"list": PriceField(Decimal(60), "CNY", 12), "now": PriceField(Decimal(30), "CNY")},
    ],
    ids=["nothing", "no regular", "no price now", "dearer now", "other currency", "unlike terms"],
)
def test_no_saving_is_claimed_where_the_fields_prove_none(prices):
    assert saving(prices) is None
    assert "saving" not in price_values(prices, "zh-hans")


@given(
    month=st.decimals("0.01", "9999", places=2),
    now=st.decimals("0.01", "9999", places=2),
    months=st.integers(1, 36),
)
def test_a_saving_that_is_claimed_is_true(month, now, months):
    prices = {"month": PriceField(month, "CNY", 1), "now": PriceField(now, "CNY", months)}
    found = saving(prices)
    truth = month * 12 - now * 12 / months
    claimed = found.amount if found else Decimal(0)
    assert claimed <= max(truth, 0) < claimed + Decimal("0.01")
    if found:
        assert found.percent <= truth * 100 / (month * 12)
        assert found.per_month * 12 <= found.amount


def test_a_missing_value_is_named_and_never_reads_as_nothing():
    filled = fill("您的{customer.field.plan}一年省{saving}", {"customer.field.plan": "彩铃"})
    assert (filled.text, filled.missing) == ("您的彩铃一年省…", ("saving",))


def test_a_fallback_is_said_where_the_value_is_not_known():
    assert fill("上次{last.contact|不久前}联系过", {}).text == "上次不久前联系过"


def test_a_value_that_looks_like_a_placeholder_is_not_filled_again():
    assert fill("{customer.name}", {"customer.name": "{saving}", "saving": "1"}).text == "{saving}"


def test_braces_that_are_no_placeholder_are_told():
    text = "{saving} {nonsense} {__class__} {customer.field.x} {price.now"
    assert unknown_in(text) == ["nonsense", "{__class__}", "{price.now"]
    assert "customer.field.x" in unknown_in(text, ["plan"])


def script() -> Content:
    return Content(
        parts=(
            Part("open", "opening", "", "您好{customer.address},我是{agent.staff_number}号。",
                 (Branch("有兴趣", "intro"), Branch("没时间", ""))),
            Part("intro", "introduction", "", "{usp},请您听我说一分钟。"),
            Part("close", "closing", "", "谢谢您,我的工号{agent.staff_number}。"),
        ),
        usp="一年为您省下{saving}",
        usp_neutral="有一个新的年付方案",
    )  # fmt: skip


def test_a_whole_script_has_no_problem():
    assert problems(script()) == []


@pytest.mark.parametrize(
    ("change", "place", "code"),
    [
        (lambda c: replace(c, parts=c.parts[:2]), "", "part_missing"),
        (lambda c: replace(c, usp=""), "usp", "usp_missing"),
        (lambda c: replace(c, usp_neutral=" "), "usp", "usp_needs_neutral"),
        (lambda c: replace(c, parts=(c.parts[0], c.parts[2])), "usp", "usp_not_said"),
        (lambda c: replace(c, parts=(*c.parts, c.parts[1])), "intro", "code_twice"),
        (lambda c: replace(c, usp_neutral="省{saving}"), "usp", "neutral_may_be_empty"),
        (lambda c: replace(c, usp="{usp}省{saving}"), "usp", "usp_in_itself"),
        (
            lambda c: replace(
                c, parts=(replace(c.parts[0], branches=(Branch("x"),) * 10), *c.parts[1:])
            ),
            "open",
            "too_many_branches",
        ),
        (
            lambda c: replace(c, parts=(replace(c.parts[0], text="您好"), *c.parts[1:])),
            "open",
            "staff_number_missing",
        ),
        (
            lambda c: replace(
                c, parts=(replace(c.parts[0], branches=(Branch("x", "no"),)), *c.parts[1:])
            ),
            "open",
            "branch_target_unknown",
        ),
    ],
)
def test_what_is_wrong_is_told_where_it_is(change, place, code):
    found = {(problem.place, problem.reason.code) for problem in problems(change(script()))}
    assert (place, code) in found


def words() -> dict:
    return policy.shipped("speech")["hints"]["zh-hans"]


def hint_codes(kind: str, text: str) -> set[str]:
    content = Content(parts=(Part("p", kind, "", text),))
    return {hint.reason.code for hint in hints(content, words())}


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [
        ("introduction", "那个,我们的产品", "hint_filler"),
        ("introduction", "我们是全国第一", "hint_absolute"),
        ("introduction", "我们保证有效", "hint_absolute"),
        ("introduction", "您真有眼光", "hint_flattery"),
        ("introduction", "您现在使用的彩铃业务是", "hint_again"),
        ("asking", "您有没有兴趣?", "hint_invites_no"),
        ("opening", "喂,你好。", "hint_courtesy"),
        ("gatekeeper", "我能和经理通话吗?", "hint_permission"),
        ("introduction", "可以为您节省30元", "hint_typed_saving"),
    ],
)
def test_how_a_script_sounds_is_marked(kind, text, code):
    assert code in hint_codes(kind, text)


def test_everyday_words_that_hold_a_forbidden_one_are_not_marked():
    assert hint_codes("introduction", "最近您第一次来电时提到过") == set()
    assert hint_codes("introduction", "最近最便宜") == {"hint_absolute"}


def test_a_word_inside_a_longer_one_is_marked_once():
    found = hints(Content(usp="可以为您节省30元"), words())
    assert [(hint.place, hint.box, hint.reason.code) for hint in found] == [
        ("usp", "usp", "hint_typed_saving")
    ]


def test_a_computed_saving_and_a_question_for_the_name_are_not_marked():
    assert hint_codes("introduction", "可以为您节省{saving}") == set()
    assert hint_codes("gatekeeper", "请问贵公司行政经理叫什么名字?") == set()


def test_a_hint_marks_the_very_place():
    content = Content(parts=(Part("p", "introduction", "", "我们保证送达"),))
    (hint,) = hints(content, words())
    assert content.parts[0].text[hint.start : hint.end] == "保证"
