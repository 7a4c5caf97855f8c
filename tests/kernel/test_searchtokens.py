"""Every way to look for a customer finds the customer, and the check after it agrees."""

from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genjin.kernel import searchtokens
from genjin.kernel.chinese import fold, initials, pinyin_syllables
from genjin.kernel.phone import mask_phone
from genjin.kernel.searchtokens import query_tokens, search_text, tokens_for_customer

HAN = st.sampled_from(
    "张王李赵欧阳曾单解仇区查朴翟缪重庆银行公司华为技术有限小明伟芳娜秀英吕乐長龍貿易賬裏臺"
)
NAMES = st.text(HAN, min_size=2, max_size=30)
MOBILES = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)


def found(query, **customer):
    customer.setdefault("person", True)
    tokens, text = set(tokens_for_customer(**customer)), search_text(**customer)
    plan = query_tokens(query)
    by_index = any(tokens.issuperset(needed) for needed in plan.alternatives)
    return by_index and plan.matches(text)


@pytest.mark.parametrize(
    ("query", "name", "person"),
    [
        ("张三", "张三", True),
        ("張三", "张三", True),
        ("三丰", "張三豐", True),
        ("zhangsan", "张三", True),
        ("zhang san", "张三", True),
        ("ZhangSan", "张三", True),
        ("zhangs", "张三", True),
        ("zhan", "张三", True),
        ("san", "张三丰", True),
        ("sanfeng", "张三丰", True),
        ("zs", "张三", True),
        ("zsf", "张三丰", True),
        ("shanxiongxin", "单雄信", True),
        ("danxiongxin", "单雄信", True),
        ("sxx", "单雄信", True),
        ("dxx", "单雄信", True),
        ("yuchigong", "尉迟恭", True),
        ("weichi", "尉迟恭", True),
        ("lvbu", "吕布", True),
        ("lubu", "吕布", True),
        ("lü", "吕布", True),
        ("lyubu", "吕布", True),
        ("xian", "西安贸易", False),
        ("xi'an", "西安贸易", False),
        ("chongqingyinhang", "重庆银行", False),
        ("cqyh", "重庆银行", False),
        ("公司", "深圳市华为技术有限公司", False),
        ("深圳 华为", "华为深圳公司", False),
        ("欧阳 锋", "欧阳锋", True),
        ("账房", "賬房先生", False),
        ("台湾", "臺灣貿易", False),
        ("lg", "LG电子", False),
        ("LG电子", "LG电子", False),
        ("tcl", "TCL集团", False),
        ("smith", "John Smith", True),
        ("smith john", "John Smith", True),
        ("John Smith", "John Smith", True),
        ("muller", "Hans Müller", True),
        ("张san", "张三", True),
    ],
)
def test_a_name_is_found_by(query, name, person):
    assert found(query, name=name, person=person)


@pytest.mark.parametrize(
    ("query", "phone"),
    [
        ("0013", "+8613800138000"),
        ("13800138000", "+8613800138000"),
        ("138 0013 8000", "+8613800138000"),
        ("+8613800138000", "+8613800138000"),
        ("8613800138000", "+8613800138000"),
        ("010-6552", "+861065529988"),
        ("65529988", "+861065529988"),
        ("91234567", "+85291234567"),
        ("+852 9123 4567", "+85291234567"),
        ("0912345678", "+886912345678"),
        ("4008001234", "+864008001234"),
        ("１３８００１３８０００", "+8613800138000"),
    ],
)
def test_a_phone_is_found_by(query, phone):
    assert found(query, name="张三", phones=[phone])


NUMBERS = {
    "+8613800138000": ("13800138000", "+8613800138000", "138 0013 8000", "8000"),
    "+861065529988": ("010-6552 9988", "65529988", "9988"),
    "+867556552998": ("0755-6552998", "6552998", "2998"),
    "+85291234567": ("+852 9123 4567", "91234567", "4567"),
    "+864008001234": ("4008001234",),
}


@pytest.mark.parametrize(("phone", "queries"), NUMBERS.items())
def test_a_masked_phone_is_found_by_the_whole_of_it_and_by_what_the_mask_shows(phone, queries):
    for query in queries:
        plan = query_tokens(query, masked=True)
        text = search_text(name="张三", person=True, phones=["+8615912345678", phone])
        assert plan.matches(text), query


@pytest.mark.parametrize("phone", NUMBERS)
def test_a_masked_phone_is_not_found_by_a_part_that_tells_one_more_digit(phone):
    text = search_text(name="张三", person=True, phones=[phone])
    digits = text.rpartition("|")[2]
    shown = mask_phone(phone).partition("****")[0].removeprefix("+")
    hidden = digits.removeprefix(shown)[:-4]
    for length in range(4, len(digits)):
        for start in range(len(digits) - length + 1):
            query = digits[start : start + length]
            if query.endswith(hidden + digits[-4:]) or query == digits[-4:]:
                continue
            for typed in (query, f"张三 {query}", f"zhang {query}", f"{digits[-4:]} {query}"):
                assert not query_tokens(typed, masked=True).matches(text), typed
    for typed in ("张三 1", "张三 13", "张三1380", f"张三 {digits[-5:]}"):
        assert not query_tokens(typed, masked=True).matches(text), typed


def test_digits_of_a_name_are_found_when_phones_are_masked():
    for name, query in (("58同城", "58同城"), ("3721科技", "3721"), ("三六零360安全", "360安全")):
        text = search_text(name=name, person=False, other_names=["甲"], phones=["+8613800138000"])
        assert query_tokens(query, masked=True).matches(text)
    text = search_text(name="张三", person=True, other_names=["58同城"], phones=["+8613800138000"])
    assert query_tokens("58同城 张三 8000", masked=True).matches(text)


def test_name_and_phone_together_narrow_the_search():
    assert found("张三 1380", name="张三", phones=["+8613800138000"])
    assert not found("张三 1399", name="张三", phones=["+8613800138000"])


def test_a_contact_person_is_found():
    assert found("zengxm", name="华为公司", person=False, other_names=["曾小明"]) is False
    for query in ("曾小", "zengxiaoming", "zxm"):
        assert found(query, name="华为公司", person=False, other_names=["曾小明"])


@pytest.mark.parametrize(
    ("query", "name"),
    [("李四", "张三"), ("zhangwu", "张三"), ("zw", "张三"), ("三张", "张三"), ("9999", "张三"),
     ("sanzhang", "张三"), ("", "张三"), ("...", "张三")],
)  # fmt: skip
def test_others_are_not_found(query, name):
    assert not found(query, name=name, phones=["+8613800138000"])


def test_pieces_that_stand_apart_are_refused_by_the_check():
    tokens = set(tokens_for_customer(name="三丰张三", person=False))
    plan = query_tokens("张三丰")
    assert set(plan.alternatives[0]) <= tokens
    assert not plan.matches(search_text(name="三丰张三", person=False))


@pytest.mark.parametrize("query", ["张", "z", "3m", "13"])
def test_what_is_too_short_for_the_index_falls_back_to_the_beginning(query):
    plan = query_tokens(query)
    assert plan.alternatives == ()
    assert plan.prefix == query
    assert plan.matches(query + "x")


def test_a_person_with_one_mobile_has_few_tokens():
    tokens = tokens_for_customer(name="张小明", person=True, phones=["+8613800138000"])
    assert len(tokens) <= 22
    assert all(-(2**31) <= token < 2**31 for token in tokens)


def test_tokens_are_the_same_on_every_machine():
    assert query_tokens("张三").alternatives == ((-311178091,),)


@given(NAMES, st.data())
def test_every_part_of_a_name_finds_it(name, data):
    start = data.draw(st.integers(0, len(name) - 2))
    end = data.draw(st.integers(start + 2, len(name)))
    assert found(name[start:end], name=name, person=len(name) < 4)
    assert found(fold(name[start:end]), name=name, person=len(name) < 4)


@given(st.text(HAN, min_size=2, max_size=4), st.data())
def test_every_reading_of_a_name_finds_it(name, data):
    read = [data.draw(st.sampled_from(cell)) for cell in pinyin_syllables(name, person=True)]
    assert found("'".join(read), name=name)
    assert found(" ".join(read[:2]), name=name)


@given(st.text(HAN | st.characters(), max_size=12), st.booleans(), st.lists(NAMES, max_size=2))
def test_the_quick_way_for_plain_names_gives_what_the_other_gives(name, person, others):
    given = {"name": name, "person": person, "other_names": others}
    quick = searchtokens.found_by(**given)
    with patch.object(searchtokens, "_plain_part", lambda name, person: None):
        assert searchtokens.found_by(**given) == quick


@given(st.text(HAN, min_size=2, max_size=10))
def test_the_initials_of_a_name_find_it(name):
    assert found(initials(name, True), name=name)


@given(MOBILES, st.data())
def test_any_four_digits_in_a_row_find_a_phone(phone, data):
    start = data.draw(st.integers(0, 7))
    end = data.draw(st.integers(start + 4, 11))
    assert found(phone[start:end], name="张三", phones=["+86" + phone])


@given(st.text(max_size=300))
def test_nothing_that_can_be_typed_or_entered_breaks_the_search(text):
    query_tokens(text).matches(search_text(name=text, person=True, phones=[text]))
    tokens_for_customer(name=text, person=True, other_names=[text], phones=[text])
