"""CU3: who is A, B or C, on plain amounts."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genjin.sales.rules import ClassRules, KeyRules, classes, floors, key_reason, period_start

D = Decimal
RULES = ClassRules()
AMOUNTS = st.lists(st.decimals(min_value=-50, max_value=5000, places=2), max_size=40)


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        ([], []),
        ([0], [""]),
        ([-5, 0], ["", ""]),
        ([10], ["A"]),
        ([80, 15, 5], ["A", "B", "C"]),
        ([79, 16, 5], ["A", "A", "C"]),  # the second crosses 80 %, the third begins at 95 %
        ([50, 50], ["A", "A"]),
        ([40, 40, 20], ["A", "A", "B"]),
        ([79, 10, 10, 1], ["A", "A", "A", "C"]),  # equal amounts share, though one would do
        ([100, -30, 0], ["A", "", ""]),
    ],
)
def test_shares_of_the_amount_make_the_class(amounts, expected):
    found = classes({place: D(amount) for place, amount in enumerate(amounts)}, RULES)
    assert [found[place] for place in range(len(amounts))] == expected


@given(AMOUNTS)
def test_a_greater_amount_never_has_a_lower_class(amounts):
    found = classes(dict(enumerate(amounts)), RULES)
    ordered = sorted(range(len(amounts)), key=lambda place: amounts[place], reverse=True)
    ranks = [("ABC" + "").find(found[place]) if found[place] else 3 for place in ordered]
    assert ranks == sorted(ranks)
    assert all((found[place] == "") == (amounts[place] <= 0) for place in ordered)


@given(AMOUNTS)
def test_who_is_a_without_its_last_amount_stays_below_the_cut_off(amounts):
    deals = [amount for amount in amounts if amount > 0]
    found = floors(amounts, RULES)
    if not deals:
        assert (found.total, found.a, found.b) == (0, None, None)
        return
    total = sum(deals)
    above = sum(amount for amount in deals if amount > found.a)
    down_to = sum(amount for amount in deals if amount >= found.a)
    assert above * 100 < 80 * total
    assert down_to * 100 >= 80 * total


def test_the_period_ends_today_and_begins_on_the_day_after():
    assert period_start(date(2026, 11, 23), 12) == date(2025, 11, 24)
    assert period_start(date(2024, 2, 29), 12) == date(2023, 3, 1)
    assert period_start(date(2026, 3, 31), 1) == date(2026, 3, 1)
    assert period_start(date(2026, 1, 15), 1) == date(2025, 12, 16)


KEY = KeyRules(["A"], ["B"], ["A", "B"], ["high"], D(100000))


@pytest.mark.parametrize(
    ("value_class", "grade", "potential", "amount", "code"),
    [
        ("A", "", "", None, "key_by_class"),
        ("B", "", "high", None, "key_by_potential"),
        ("B", "A", "low", D(200000), None),
        ("C", "A", "high", None, None),
        ("", "A", "high", None, "key_prospect_potential"),
        ("", "B", "", D(100000), "key_prospect_amount"),
        ("", "B", "", D("99999.99"), None),
        ("", "C", "high", D(100000), None),
        ("", "", "high", None, None),
    ],
)
def test_key_customers_are_proposed_from_class_potential_and_grade(
    value_class, grade, potential, amount, code
):
    found = key_reason(value_class=value_class, grade=grade, potential=potential,
                       expected_amount=amount, rules=KEY)  # fmt: skip
    assert (found.code if found else None) == code
