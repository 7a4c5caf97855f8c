"""Names are folded, read and parted as the trade searches and sorts them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genjin.kernel.chinese import (
    fold,
    initials,
    is_rare,
    pinyin_key,
    pinyin_syllables,
    segment_pinyin,
    syllable_starts,
    syllables,
)


@pytest.mark.parametrize(
    "group", [["帐", "账", "帳", "賬"], ["台", "臺"], ["里", "裡", "裏"], ["乾", "干", "幹"],
              ["ＡＢＣ", "abc", "A.B.C."], ["張 三", "张三", "张·三"], ["José", "JOSE"]],
)  # fmt: skip
def test_variants_fold_to_one(group):
    assert len({fold(each) for each in group}) == 1


def test_different_names_stay_different():
    assert fold("张三") != fold("章三")
    assert fold("  …！ ") == ""


@given(st.text(max_size=60))
def test_folding_twice_changes_nothing(text):
    assert fold(fold(text)) == fold(text)


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), max_size=12),
       st.integers(0, 12), st.integers(0, 12))  # fmt: skip
def test_a_part_folds_to_a_part(text, start, end):
    assert fold(text[start:end]) in fold(text)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("张三", "zhang san"), ("單雄信", "shan xiong xin"), ("曾国藩", "zeng guo fan"),
        ("解缙", "xie jin"), ("仇英", "qiu ying"), ("区志强", "ou zhi qiang"),
        ("查良镛", "zha liang yong"), ("朴志敏", "piao zhi min"), ("翟天临", "zhai tian lin"),
        ("缪斯", "miao si"), ("任华", "ren hua"), ("尉文", "wei wen"), ("尉迟恭", "yu chi gong"),
        ("万俟卨", "mo qi xie"), ("長孫無忌", "zhang sun wu ji"), ("歐陽鋒", "ou yang feng"),
        ("诸葛亮", "zhu ge liang"), ("司马光", "si ma guang"), ("吕布", "lv bu"),
        ("黑大", "he da"), ("王·小明", "wang xiao ming"), ("John Smith", "john smith"), ("", ""),
    ],
)  # fmt: skip
def test_a_person_is_read_by_the_surname(name, key):
    assert pinyin_key(name, True) == key
    assert initials(name, True) == "".join(word[0] for word in key.split())


def test_a_company_is_not_read_as_a_surname():
    assert pinyin_syllables("单位", person=False)[0][0] == "dan"
    assert "chong" in pinyin_syllables("重庆", person=False)[0]
    assert pinyin_key("TCL集团", False) == "tcl ji tuan"


def test_every_reading_of_a_surname_is_kept():
    assert pinyin_syllables("单", person=True) == [("shan", "dan", "chan")]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("zhangsan", [["zhang", "san"]]),
        ("xian", [["xian"], ["xi", "an"]]),
        ("xi'an", [["xi", "an"]]),
        ("zhangs", [["zhang", "s"]]),
        ("fangan", [["fang", "an"], ["fan", "gan"]]),
        ("lyubu", [["lv", "bu"]]),
        ("lü", [["lv"]]),
        ("zs", []),
        ("", []),
    ],
)
def test_letters_part_into_syllables(typed, first):
    assert segment_pinyin(typed)[: len(first)] == first
    assert bool(segment_pinyin(typed)) == bool(first)


@given(st.text("aeginhuzxs' ", max_size=80))
def test_segments_are_syllables_and_few(typed):
    ways = segment_pinyin(typed)
    assert len(ways) <= 8
    for way in ways:
        assert all(one in syllables() for one in way[:-1])
        assert way[-1] in syllable_starts()


@pytest.mark.parametrize(
    ("char", "rare"),
    [("张", False), ("張", False), ("三", False), ("堃", True), ("玥", True), ("a", False),
     ("。", False), ("🙂", False)],
)  # fmt: skip
def test_rare_characters_are_those_not_learnt_at_school(char, rare):
    assert is_rare(char) is rare
