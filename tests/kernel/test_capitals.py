"""Amounts in capitals, by the rules of the People's Bank and the forms of Taiwan and Hong Kong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genjin.kernel.capitals import in_capitals


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("1409.50", "CNY", "人民币壹仟肆佰零玖元伍角整"),
        ("6007.14", "CNY", "人民币陆仟零柒元壹角肆分"),
        ("107000.53", "CNY", "人民币壹拾万零柒仟元伍角叁分"),
        ("16409.02", "CNY", "人民币壹万陆仟肆佰零玖元零贰分"),
        ("325.04", "CNY", "人民币叁佰贰拾伍元零肆分"),
        ("100000000", "CNY", "人民币壹亿元整"),
        ("100010001", "CNY", "人民币壹亿零壹万零壹元整"),
        ("0.05", "CNY", "人民币伍分"),
        ("0", "CNY", "人民币零元整"),
        ("25300", "TWD", "新臺幣貳萬伍仟參佰元整"),
        ("1800", "HKD", "港幣壹仟捌佰元正"),
    ],
)
def test_an_amount_reads_as_the_paper_has_it(amount, currency, text):
    assert in_capitals(amount, currency) == text


@pytest.mark.parametrize(("amount", "currency"), [("1", "USD"), ("-1", "CNY"), (10**12, "CNY")])
def test_what_cannot_be_written_is_refused(amount, currency):
    with pytest.raises(ValueError, match="no capitals"):
        in_capitals(amount, currency)


@given(st.integers(0, 10**14 - 1))
def test_no_two_noughts_stand_together_and_different_amounts_differ(cents):
    amount = f"{cents // 100}.{cents % 100:02}"
    text = in_capitals(amount, "CNY")
    assert "零零" not in text
    other = f"{(cents + 1) // 100}.{(cents + 1) % 100:02}"
    assert cents == 10**14 - 1 or in_capitals(other, "CNY") != text
