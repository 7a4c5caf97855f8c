"""Worked examples: two cards, what speaks for and against their being one customer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genjin.customers.duplicates.rules import SHOWN, SURE, Side, edits, likeness, score

MOBILE, OTHER = "+8613800138000", "+8613800138001"
PUDONG, SHANGHAI, BEIJING = "310115", "310000", "110101"


def codes(first: Side, second: Side) -> list[str]:
    return [one.code for one in score(first, second).evidence]


def organisation(name: str, **values) -> Side:
    return Side(name, kind="organisation", **values)


def test_the_same_mobile_number_makes_a_candidate_by_itself():
    found = score(
        Side("张三", phones=frozenset({MOBILE})), Side("李四", phones=frozenset({MOBILE}))
    )
    assert found.total == 60
    assert [(one.code, one.first) for one in found.evidence] == [("same_phone", MOBILE)]
    assert found.is_shown


def test_a_landline_that_a_house_shares_needs_a_name_beside_it():
    phone = frozenset({"+862126601234"})
    first, second = (Side(name, phones=phone, landlines=phone) for name in ("张三", "李四"))
    assert not score(first, second).is_shown
    same = Side("張三", phones=phone, landlines=phone)
    assert score(first, same).total == 70


def test_the_same_tax_number_outweighs_another_name_and_another_place():
    first = organisation("大华贸易有限公司", tax_number="91310000a", region=PUDONG)
    second = organisation("宏远电器", tax_number="91310000A", region=BEIJING)
    found = score(first, second)
    assert codes(first, second) == ["same_tax_number", "other_place"]
    assert found.total == 65


def test_another_tax_number_speaks_against_equal_names_in_one_city():
    first = organisation("大华贸易有限公司", tax_number="91310000A", region=PUDONG)
    second = organisation("大华贸易有限公司", tax_number="91310000B", region=PUDONG)
    assert not score(first, second).is_shown
    assert score(first, second).total == 5


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        ("大华贸易有限公司", "大華貿易有限公司", "same_name"),
        ("上海市大华贸易有限公司", "大華貿易股份有限公司", "same_core_name"),
        ("上海恒源祥服饰有限公司", "恒原祥服饰", "near_name"),
        ("鸿运来饭店管理有限公司", "宏运来饭店管理有限公司", "near_name"),
        ("鸿运来", "宏韵莱", "same_sound"),
    ],
)  # fmt: skip
def test_names_of_organisations(first, second, code):
    assert codes(organisation(first), organisation(second)) == [code]


def test_a_legal_form_in_common_is_nothing_in_common():
    assert codes(organisation("大华贸易有限公司"), organisation("宏远电器有限公司")) == []


def test_a_similar_organisation_in_the_same_place_is_a_candidate_elsewhere_it_is_not():
    here = organisation("上海市大华贸易有限公司", region=PUDONG)
    assert score(here, organisation("大华贸易", region=PUDONG)).total == 63
    assert score(here, organisation("上海市大华贸易有限公司", region=SHANGHAI)).total == 62
    assert score(here, organisation("大话贸易有限公司", region=PUDONG)).total == SHOWN
    assert not score(here, organisation("大华贸易", region=BEIJING)).is_shown
    street = ("浦东新区世纪大道100号",)
    first = organisation("上海市大华贸易有限公司", region=PUDONG, addresses=street)
    second = organisation("大华贸易", region=PUDONG, addresses=("上海市浦东新区世纪大道100号",))
    assert score(first, second).total == 98 >= SURE


def test_two_persons_of_one_name_need_the_same_house():
    first = Side("王芳", region=PUDONG, addresses=("上海市浦东新区世纪大道100号2栋301室",))
    assert not score(first, Side("王芳", region=PUDONG)).is_shown
    assert score(first, Side("王芳", region=PUDONG, addresses=first.addresses)).total == 75
    next_door = ("上海市浦东新区世纪大道100号2栋302室",)
    assert not score(first, Side("王芳", region=PUDONG, addresses=next_door)).is_shown


def test_other_sex_and_another_kind_speak_against():
    phone = frozenset({MOBILE})
    first = Side("张三", phones=phone, sex="m")
    assert score(first, Side("张三", phones=phone, sex="f")).total == 60
    assert score(first, Side("李四", phones=phone, sex="f")).total == 35
    assert score(first, organisation("大华贸易", phones=phone)).total == 40


def test_a_place_alone_is_no_evidence():
    first = Side("张三", region=PUDONG, addresses=("上海市浦东新区世纪大道100号",))
    second = Side("李四", region=PUDONG, addresses=("上海市浦东新区世纪大道100号",))
    assert score(first, second).total == 0


def test_a_contact_person_in_common_adds_to_a_near_name():
    first = organisation("鸿运来饭店", region=SHANGHAI, people=("王经理",))
    second = organisation("鸿运莱饭店", region=SHANGHAI, people=("王經理",))
    assert "same_contact_person" in codes(first, second)


names = st.text(alphabet="张王李芳华大远 a1", max_size=6)


@given(names, names)
def test_edits_are_a_distance(first, second):
    assert edits(first, second) == edits(second, first)
    assert (edits(first, second) == 0) == (first == second)
    assert abs(len(first) - len(second)) <= edits(first, second) <= max(len(first), len(second))


def test_a_swap_of_neighbours_is_one_edit():
    assert edits("恒源祥", "恒祥源") == 1
    assert likeness("恒源祥服饰", "恒祥源服饰") == 0.8
    assert likeness("", "") == 0.0


@given(
    names, names, st.frozensets(st.sampled_from([MOBILE, OTHER])),
    st.frozensets(st.sampled_from([MOBILE, OTHER])), st.sampled_from(["person", "organisation"]),
)  # fmt: skip
def test_the_order_of_two_cards_changes_nothing_but_the_sides(one, two, phones, others, kind):
    first, second = Side(one, kind=kind, phones=phones), Side(two, phones=others)
    there, back = score(first, second), score(second, first)
    assert there.total == back.total
    assert 0 <= there.total <= 100
    assert sorted((e.code, e.first, e.second) for e in there.evidence) == sorted(
        (e.code, e.second, e.first) for e in back.evidence
    )
