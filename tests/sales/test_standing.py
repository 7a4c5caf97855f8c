"""CU3, CU4: classes and lists in SQL, and what they leave on the timeline."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genjin.customers.models import Customer, Standing, TimelineEntry
from genjin.foundation import policy
from genjin.sales.models import ClassRun, OrderLine
from genjin.sales.rules import ClassRules, classes, period_start
from genjin.sales.standing import refresh_standings
from tests.factories import NOW, make_category, make_customer, make_order, make_user

pytestmark = pytest.mark.django_db
TODAY = NOW.date()


def class_of(customer: Customer) -> str:
    row = Standing.objects.filter(customer=customer).first()
    return row.value_class if row else ""


def told(customer: Customer, kind: str) -> list[dict]:
    rows = TimelineEntry.objects.filter(customer=customer, kind=kind).order_by("at", "id")
    return [row.data for row in rows]


def buyers(*amounts: int) -> list[Customer]:
    category = make_category()
    found = []
    for amount in amounts:
        found.append(make_customer())
        make_order(customer=found[-1], category=category, amount=amount)
    return found


def test_a_run_gives_everybody_their_class_and_tells_why():
    first, second, third = buyers(800, 150, 50)
    nobody = make_customer()
    done = refresh_standings(now=NOW)
    assert [class_of(one) for one in (first, second, third, nobody)] == ["A", "B", "C", ""]
    assert done.counts == {"A": 1, "B": 1, "C": 1}
    assert done.changed == 3
    [entry] = told(second, "class")
    assert entry == {
        "before": "", "after": "B", "amount": "150.00", "orders": 1, "share": "95.00",
        "a_percent": "80", "b_percent": "95", "a_floor": "800.00", "b_floor": "150.00",
        "total": "1000.00", "months": 12, "from": "2025-11-24", "to": "2026-11-23",
    }  # fmt: skip
    assert told(second, "list") == [{"before": "potential", "after": "existing"}]
    assert told(nobody, "class") == told(nobody, "list") == []
    run = ClassRun.objects.get()
    assert (run.total, run.a_floor, run.b_floor, run.changed_count) == (1000, 800, 150, 3)


def test_a_second_run_over_the_same_orders_writes_nothing():
    buyers(800, 150, 50)
    refresh_standings(now=NOW)
    rows = list(Standing.objects.order_by("pk").values())
    before = TimelineEntry.objects.count()
    assert refresh_standings(now=NOW + timedelta(hours=3)).changed == 0
    assert list(Standing.objects.order_by("pk").values()) == rows
    assert TimelineEntry.objects.count() == before


def test_orders_leave_the_period_and_returns_cancelled_and_foreign_amounts_count_as_they_should():
    category, customer = make_category(), make_customer()
    other = make_customer()
    make_order(customer=other, category=category, amount=1)
    make_order(customer=customer, category=category, amount=700, home_amount=5000, currency="USD")
    make_order(customer=customer, category=category, amount=200, kind="return")
    make_order(customer=customer, category=category, amount=9999, state="cancelled")
    make_order(customer=customer, category=category, amount=300, ordered_on=date(2025, 11, 24))
    make_order(customer=customer, category=category, amount=70, ordered_on=date(2025, 11, 23))
    refresh_standings(now=NOW)
    row = Standing.objects.get(customer=customer)
    assert (row.deal_amount, row.deal_count, row.first_deal_on, row.last_deal_on) == (
        Decimal(5100), 2, date(2025, 11, 23), TODAY)  # fmt: skip
    refresh_standings(now=NOW + timedelta(days=366))
    row.refresh_from_db()
    assert (row.value_class, row.deal_amount, row.customer_list) == ("", 0, "existing")
    assert [entry["after"] for entry in told(customer, "class")] == ["A", ""]


def test_what_was_given_back_whole_is_no_deal():
    [customer] = buyers(100)
    make_order(customer=customer, amount=100, kind="return")
    make_order(customer=make_customer(), amount=5)
    refresh_standings(now=NOW)
    row = Standing.objects.get(customer=customer)
    assert (row.value_class, row.deal_amount, row.customer_list) == ("", 0, "existing")


def test_cut_offs_and_period_are_settings():
    first, second, third = buyers(500, 300, 200)
    admin = make_user(role="administrator")
    policy.set_value("classes.a_percent", 50, by=admin, now=NOW)
    policy.set_value("classes.b_percent", 60, by=admin, now=NOW)
    refresh_standings(now=NOW)
    assert [class_of(one) for one in (first, second, third)] == ["A", "B", "C"]
    policy.set_value("classes.months", 1, by=admin, now=NOW)
    refresh_standings(now=NOW + timedelta(days=40))
    assert [class_of(one) for one in (first, second, third)] == ["", "", ""]


def test_graded_prospects_stand_on_the_probable_list_and_buyers_on_the_existing_one():
    [buyer] = buyers(10)
    graded = make_customer(grade="C", grade_set_at=NOW)
    ordinary = make_customer(grade="D", grade_set_at=NOW)
    refresh_standings(now=NOW)
    assert Standing.objects.get(customer=buyer).customer_list == "existing"
    assert Standing.objects.get(customer=graded).customer_list == "probable"
    assert not Standing.objects.filter(customer=ordinary).exists()
    Customer.objects.filter(pk=graded.pk).update(grade="E")
    refresh_standings(now=NOW)
    assert [entry["after"] for entry in told(graded, "list")] == ["probable", "potential"]


def test_between_two_runs_a_customer_stands_by_the_floors_of_the_newest():
    first, second, third = buyers(800, 150, 50)
    refresh_standings(now=NOW)
    make_order(customer=third, amount=700)
    later = NOW + timedelta(hours=1)
    refresh_standings([third.pk], now=later)
    assert [class_of(one) for one in (first, second, third)] == ["A", "B", "B"]
    entry = told(third, "class")[-1]
    assert (entry["before"], entry["after"], entry["amount"], entry["share"]) == (
        "C", "B", "750.00", "100.00")  # fmt: skip
    assert ClassRun.objects.count() == 1
    refresh_standings(now=later)
    assert [class_of(one) for one in (first, second, third)] == ["A", "B", "A"]


ORDERS = st.lists(
    st.tuples(
        st.integers(0, 9),
        st.decimals(min_value="0.01", max_value=3000, places=2),
        st.sampled_from(["order", "order", "order", "return"]),
        st.sampled_from(["concluded", "concluded", "concluded", "cancelled"]),
        st.integers(0, 500),
    ),
    max_size=40,
)


@given(ORDERS, st.integers(1, 98), st.integers(1, 24))
@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_sql_and_the_rule_say_the_same(orders, a_percent, months):
    OrderLine.objects.all().delete()
    Standing.objects.all().delete()
    people = {place: make_customer() for place in {order[0] for order in orders}}
    category = make_category()
    admin = make_user(role="administrator")
    for key, value in (("a_percent", a_percent), ("b_percent", a_percent + 1), ("months", months)):
        policy.set_value(f"classes.{key}", value, by=admin, now=NOW)
    policy.forget()
    for place, amount, kind, state, age in orders:
        make_order(customer=people[place], category=category, amount=amount, kind=kind, state=state,
                   ordered_on=TODAY - timedelta(days=age))  # fmt: skip
    refresh_standings(now=NOW)
    rules = ClassRules(months, Decimal(a_percent), Decimal(a_percent + 1))
    start = period_start(TODAY, months)
    amounts = dict.fromkeys(people, Decimal(0))
    for place, amount, kind, state, age in orders:
        if state == "concluded" and TODAY - timedelta(days=age) >= start:
            amounts[place] += amount if kind == "order" else -amount
    expected = classes(amounts, rules)
    assert {place: class_of(one) for place, one in people.items()} == expected
