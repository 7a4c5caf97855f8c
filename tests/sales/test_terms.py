"""On which terms a customer may buy: tables of plain values (SA3, SA4, SA5)."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genjin.sales import terms
from genjin.sales.terms import CreditFacts, DeliveryFacts, Due, GradeRule, TermsRules

TODAY = date(2026, 11, 23)
RULES = TermsRules()
GOOD = {
    "orders": 5, "paid_in_time": 4, "standing": "open", "limit": Decimal(10000),
    "inquiry_on": date(2026, 3, 1), "inquiry_result": "good",
}  # fmt: skip


def ways(amount=1000, *, offered=None, is_excepted=False, **changes):
    return terms.ways_of_paying(
        CreditFacts(**{**GOOD, **changes}), RULES, amount=Decimal(amount), today=TODAY,
        offered=offered, is_excepted=is_excepted,
    )  # fmt: skip


def codes(found, term="after"):
    return [reason.code for reason in found.against[term]]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"orders": 2}, ["new_customer"]),
        ({"orders": 3}, []),
        ({"paid_in_time": 2}, ["too_few_paid"]),
        ({"standing": "none"}, ["no_credit"]),
        ({"standing": "stopped"}, ["credit_stopped"]),
        ({"standing": "watch"}, []),
        ({"inquiry_on": None}, ["no_inquiry"]),
        ({"inquiry_on": date(2025, 11, 22)}, ["inquiry_too_old"]),
        ({"inquiry_on": date(2025, 11, 23)}, []),
        ({"inquiry_result": "poor"}, ["inquiry_poor"]),
        ({"inquiry_wanted": "news"}, ["inquiry_wanted"]),
        ({"used": Decimal(8000), "committed": Decimal(1000)}, []),
        ({"used": Decimal(8000), "committed": Decimal("1000.01")}, ["over_limit"]),
        ({"overdue": Decimal(1), "overdue_days": 30}, []),
        ({"overdue": Decimal(1), "overdue_days": 31}, ["overdue"]),
        (
            {"orders": 0, "paid_in_time": 0, "standing": "none", "inquiry_on": None},
            ["new_customer", "no_credit", "too_few_paid", "no_inquiry"],
        ),
    ],
)
def test_credit_is_open_only_where_nothing_stands_against_it(changes, expected):
    found = ways(**changes)
    assert codes(found) == expected
    assert codes(found, "instalments") == expected
    assert found.is_open("before")
    assert found.is_open("on_delivery")


def test_the_reason_over_the_limit_carries_the_whole_sum():
    (reason,) = ways(3000, used=Decimal(7000), committed=Decimal(500)).against["after"]
    assert dict(reason.data) == {
        "limit": Decimal(10000), "used": Decimal(7000), "committed": Decimal(500),
        "room": Decimal(2500), "amount": Decimal(3000), "currency": "CNY",
    }  # fmt: skip


def test_a_campaign_offers_no_more_than_the_stricter_rules_leave():
    assert ways(offered=["after"], orders=0).permitted == []
    assert ways(offered=["before", "after"]).permitted == ["before", "after"]
    assert codes(ways(offered=["before"])) == ["not_offered"]


def test_an_exception_passes_the_rules_for_new_customers_and_credit_but_no_stopped_credit():
    passed = ways(50000, orders=0, is_excepted=True)
    assert passed.is_open("after")
    assert [one.code for one in passed.by_exception] == ["new_customer", "over_limit"]
    assert codes(ways(is_excepted=True, standing="stopped")) == ["credit_stopped"]


def test_under_pressure_only_payment_before_delivery_is_left():
    assert ways(prepayment_only=True).permitted == ["before"]


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        ([(0, 400), (30, 300), (60, 300)], []),
        ([(0, 1000)], ["number_of_instalments"]),
        ([(0, 400), (30, 500)], ["instalments_do_not_add_up"]),
        ([(30, 500), (0, 500)], ["instalments_out_of_order"]),
        ([(0, 500), (0, 500)], ["instalments_out_of_order"]),
        ([(-1, 500), (30, 500)], ["instalment_in_the_past"]),
        ([(0, 1000), (30, 0)], ["amount_not_positive"]),
    ],
)
def test_instalments_add_up_and_follow_each_other(plan, expected):
    dues = [Due(TODAY + timedelta(days=days), Decimal(amount)) for days, amount in plan]
    found = terms.plan_problems(dues, total=Decimal(1000), rules=RULES, today=TODAY)
    assert [reason.code for reason in found] == expected


@given(
    total=st.decimals(min_value=1, max_value=10**9, places=2),
    count=st.integers(min_value=2, max_value=24),
    first_on=st.dates(min_value=date(2020, 1, 1), max_value=date(2040, 12, 31)),
)
def test_an_even_plan_always_comes_to_the_total(total, count, first_on):
    plan = terms.even_plan(total, count=count, first_on=first_on, step=Decimal("0.01"))
    assert sum(one.amount for one in plan) == total
    days = [one.due_on for one in plan]
    assert days == sorted(set(days))
    assert days[0] == first_on


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
    ],
)
def test_a_month_later_is_the_same_day_or_the_last_of_the_month(day, months, expected):
    assert terms.months_later(day, months) == expected


def delivery(term="after", **changes):
    values = {"term": term, "amount": Decimal(500), "currency": "CNY", "total": Decimal(1000),
              "credit": CreditFacts(**GOOD), **changes}  # fmt: skip
    found = terms.delivery_problems(DeliveryFacts(**values), RULES)
    return [reason.code for reason in found]


@pytest.mark.parametrize(
    ("term", "changes", "expected"),
    [
        ("after", {}, []),
        ("after", {"holds": ({"reason": "credit"},)}, ["delivery_held"]),
        ("before", {"holds": ({"reason": "credit"},), "covered": Decimal(500)}, ["delivery_held"]),
        ("after", {"is_verification_missing": True}, ["not_verified"]),
        ("before", {"covered": Decimal("499.99")}, ["not_paid_before"]),
        ("before", {"covered": Decimal(500)}, []),
        ("before", {"covered": Decimal(999), "delivered": Decimal(500)}, ["not_paid_before"]),
        ("before", {"covered": Decimal(1000), "delivered": Decimal(500)}, []),
        ("on_delivery", {}, []),
        ("instalments", {"billed_unpaid": Decimal(1)}, ["instalment_unpaid"]),
        ("after", {"credit": CreditFacts(**{**GOOD, "standing": "stopped"})}, ["credit_stopped"]),
        (
            "after",
            {"credit": CreditFacts(**{**GOOD, "used": Decimal(9800), "committed": Decimal(500)})},
            ["over_limit"],
        ),
        (
            "after",
            {"credit": CreditFacts(**{**GOOD, "prepayment_only": True})},
            ["not_paid_before"],
        ),
        (
            "on_delivery",
            {"credit": CreditFacts(**{**GOOD, "standing": "stopped"})},
            [],
        ),
    ],
)
def test_goods_leave_only_when_nothing_keeps_them(term, changes, expected):
    assert delivery(term, **changes) == expected


@pytest.mark.parametrize(
    ("term", "net_days", "expected"),
    [
        ("on_delivery", 0, [(TODAY, Decimal(500))]),
        ("after", 30, [(date(2026, 12, 23), Decimal(500))]),
        ("before", 0, []),
        ("instalments", 0, []),
    ],
)
def test_what_arrived_is_due_by_its_terms(term, net_days, expected):
    dues = terms.due_days(term, delivered_on=TODAY, net_days=net_days, amount=Decimal(500))
    assert [(one.due_on, one.amount) for one in dues] == expected


GRADES = [
    GradeRule("A", 0, 10, "good"), GradeRule("B", 7, 5, "fair"), GradeRule("C", 30, 3, "fair"),
    GradeRule("D", 100000, 0, "poor"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("late", "paid", "result", "expected"),
    [
        (0, 12, "good", "A"),
        (0, 12, "fair", "B"),
        (1, 12, "good", "B"),
        (8, 12, "good", "C"),
        (31, 12, "good", "D"),
        (0, 4, "good", "C"),
        (0, 0, "good", "D"),
        (0, 0, "", ""),
        (0, 12, "", "D"),
    ],
)
def test_the_credit_grade_is_the_first_that_fits(late, paid, result, expected):
    grade, basis = terms.credit_grade(GRADES, late_days=late, paid_orders=paid, result=result)
    assert (grade, basis["late_days"], basis["paid_orders"]) == (expected, late, paid)
