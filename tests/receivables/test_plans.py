"""The plans of a day: ranked in SQL as the rules rank, cut, explained, put into the queue (RE4)."""

import random
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from genjin.customers.models import Address
from genjin.followups import stops
from genjin.followups.models import FollowUp, Interaction
from genjin.followups.operations import hold_receivables, take_next
from genjin.foundation import policy
from genjin.kernel.problems import Reason
from genjin.receivables import terms
from genjin.receivables.models import (
    CollectionPlan,
    PaymentCalendar,
    PaymentPromise,
    PlanPlace,
    Receivable,
)
from genjin.receivables.operations import plans as operations
from genjin.receivables.operations.classes import classify_all
from genjin.receivables.operations.news import record_news
from genjin.receivables.operations.paydays import set_calendar, work_out_pay_days
from genjin.receivables.operations.plans import StaleNews, make_plans, make_todays_plans
from genjin.receivables.operations.promises import record_promise
from genjin.receivables.rules.plan import PlaceFacts, order_of
from genjin.sales.models import ExchangeRate
from tests.factories import NOW, make_customer, make_user
from tests.receivables.books import bill, pay

pytestmark = pytest.mark.django_db
TODAY = NOW.date()
LONG_AGO = TODAY - timedelta(days=2000)


@pytest.fixture
def collector():
    return make_user(role="collector")


@pytest.fixture
def seller():
    return make_user(role="salesperson")


@pytest.fixture(autouse=True)
def fresh_news():
    record_news(kind="import", complete_to=TODAY - timedelta(days=3), by=None, now=NOW)
    stops.forget()


def debt(customer, late, amount=1000, *, collector=None, seller=None, **values) -> Receivable:
    row = bill(customer, amount, due=-late, issued_on=LONG_AGO, salesperson=seller, **values)
    if collector is not None:
        Receivable.objects.filter(pk=row.pk).update(collector=collector)
    return row


def broken(customer, number, days_ago=1) -> None:
    for _ in range(number):
        PaymentPromise.objects.create(
            customer=customer, currency="CNY", amount=100, promised_on=TODAY, until=TODAY,
            state="broken", settled_on=TODAY - timedelta(days=days_ago), made_at=NOW,
        )  # fmt: skip


def places(person=None) -> list[PlanPlace]:
    plan = CollectionPlan.objects.get(day=TODAY, person=person)
    return list(plan.places.order_by("number").select_related("customer"))


def codes(place) -> list[str]:
    return [one["code"] for one in place.reasons]


def test_the_statement_ranks_as_the_rules_do(collector, monkeypatch):
    """Many customers with drawn facts: the order of the SQL is that of `order_of`."""
    dice = random.Random(3)
    policy.set_value("organisation.place", "北京市东城区", by=collector, now=NOW)
    for _ in range(70):
        customer = make_customer(name="客")
        for _debt in range(dice.choice([1, 1, 2])):
            debt(customer, dice.choice([-2, 1, 14, 31, 60, 95, 200, 400]),
                 dice.choice([500, 999, 1000, 4000, 9000, 60000]), collector=collector,
                 seller=collector)  # fmt: skip
        broken(customer, dice.choice([0, 0, 0, 1, 2]))
        if dice.random() < 0.4:
            set_calendar(customer, pay_days=[dice.choice([24, 25, 30])], invoice_by_day=None,
                         steps=[{"name": "审核", "days": dice.choice([1, 2, 3])}], by=collector,
                         now=NOW)  # fmt: skip
        if dice.random() < 0.6:
            near = dice.choice([0, 0.1, 0.9])
            Address.objects.create(customer=customer, text="某处", latitude=39.93 + near,
                                   longitude=116.42)  # fmt: skip
    classify_all(NOW)
    seen: list[PlaceFacts] = []
    whole = operations._Run._facts

    def watched(run, row):
        seen.append(whole(run, row))
        return seen[-1]

    monkeypatch.setattr(operations._Run, "_facts", watched)
    make_plans(by=collector, now=NOW, person=collector, minutes=5000)
    found = [str(one.customer_id) for one in places(collector)]
    expected = sorted(seen, key=lambda one: order_of(one, today=TODAY, terms=terms.plan_terms()))
    assert len(found) >= 60
    assert found == [one.customer for one in expected]
    assert len({one.way for one in seen}) >= 2
    assert any(one.distance_km for one in seen)


def test_one_customer_is_one_place_and_says_why_it_stands_there(collector):
    customer, other = make_customer(name="甲"), make_customer(name="乙")
    first = debt(customer, 95, 700, collector=collector)
    second = debt(customer, 40, 500, collector=collector)
    debt(other, 100, 900, collector=collector)
    broken(customer, 1)
    run = make_plans(by=collector, now=NOW)
    (plan,) = run.plans
    assert (plan.person, plan.place_count, plan.total_amount, plan.left_count) == (
        collector, 2, Decimal(2100), 0,
    )  # fmt: skip
    place, following = places(collector)
    assert (place.customer, place.amount, place.debts) == (
        customer, Decimal(1200), [str(first.pk), str(second.pk)],
    )  # fmt: skip
    assert codes(place) == ["promise_broken", "days_late", "owes", "in_class"]
    assert Reason.from_json(place.reasons[1]).data == {
        "days": 95, "due_on": first.due_on.isoformat(),
    }  # fmt: skip
    assert codes(following) == ["days_late", "owes", "in_class"]


def test_the_seller_presses_first_and_then_the_collector(collector, seller):
    fresh, old, nobody = (make_customer(name=name) for name in "甲乙丙")
    debt(fresh, 30, seller=seller, collector=collector)
    debt(old, 31, seller=seller, collector=collector)
    debt(nobody, 31, seller=seller)
    make_plans(by=None, now=NOW)
    assert [one.customer for one in places(seller)] == [fresh]
    assert [one.customer for one in places(collector)] == [old]
    assert [one.customer for one in places(None)] == [nobody]
    roles = dict(CollectionPlan.objects.values_list("person", "role"))
    assert roles == {seller.pk: "seller", collector.pk: "collector", None: "collector"}


def test_who_has_one_debt_in_a_collectors_hands_is_pressed_by_one_person(collector, seller):
    customer = make_customer()
    debt(customer, 5, seller=seller, collector=collector)
    debt(customer, 60, seller=seller, collector=collector)
    make_plans(by=None, now=NOW)
    assert [one.amount for one in places(collector)] == [Decimal(2000)]
    assert not CollectionPlan.objects.filter(person=seller).exists()


def test_the_plan_is_cut_to_the_minutes_and_says_what_is_left(collector):
    people = [make_customer(name=f"客{number}") for number in range(5)]
    for number, customer in enumerate(people):
        debt(customer, 40, 5000 - number, collector=collector)
    (plan,) = make_plans(by=collector, now=NOW, person=collector, minutes=20).plans
    assert (plan.planned_minutes, plan.place_count, plan.left_count, plan.left_amount) == (
        16, 5, 3, Decimal(4998 + 4997 + 4996),
    )  # fmt: skip
    assert [one.fits for one in places(collector)] == [True, True, False, False, False]
    waiting = FollowUp.objects.filter(source_kind="collection").order_by("rank")
    assert [(one.customer, one.rank, one.assigned_to, one.state) for one in waiting] == [
        (people[0], 1, collector, "ready"), (people[1], 2, collector, "ready"),
    ]  # fmt: skip
    assert waiting[0].subject == "欠 ¥5,000.00，已逾期 40 天"
    assert waiting[0].source_id == str(people[0].pk)


def test_what_is_held_or_promised_has_no_place_and_is_told(collector):
    held, said, part = (make_customer(name=name) for name in "甲乙丙")
    one = debt(held, 40, 800, collector=collector)
    debt(said, 40, 600, collector=collector)
    two = debt(part, 40, 900, collector=collector)
    hold_receivables(held, about=[str(one.pk)], note="数量不符", source=("person", "1"),
                     by=collector, now=NOW)  # fmt: skip
    hold_receivables(part, about=[str(two.pk)], amount=Decimal(300), currency="CNY", note="差额",
                     source=("person", "1"), by=collector, now=NOW)  # fmt: skip
    record_promise(said, amount=Decimal(600), currency="CNY", by=collector, now=NOW,
                   promised_on=TODAY + timedelta(days=1))  # fmt: skip
    (plan,) = make_plans(by=collector, now=NOW).plans
    (place,) = places(collector)
    assert (place.customer, place.amount) == (part, Decimal(600))
    assert codes(place)[-1] == "part_held"
    assert (plan.held_count, plan.held_amount, plan.promised_count, plan.promised_amount) == (
        2, Decimal(1100), 1, Decimal(600),
    )  # fmt: skip


def test_a_part_payment_of_a_promise_is_not_kept_still_twice(collector):
    customer = make_customer()
    debt(customer, 40, 1000, collector=collector)
    record_promise(customer, amount=Decimal(600), currency="CNY", by=collector, now=NOW,
                   promised_on=TODAY + timedelta(days=1))  # fmt: skip
    pay(customer, 250, now=NOW + timedelta(minutes=1))
    make_plans(by=collector, now=NOW + timedelta(minutes=2))
    assert [one.amount for one in places(collector)] == [Decimal(400)]


def test_debts_not_due_have_a_place_only_shortly_before_or_on_the_last_day_to_begin(collector):
    soon, later, by_procedure = (make_customer(name=name) for name in "甲乙丙")
    for customer, in_days in ((soon, 3), (later, 4), (by_procedure, 6)):
        debt(customer, -in_days, seller=collector)
    # The 30th is a Monday; five working days before it is today.
    set_calendar(by_procedure, pay_days=[30], invoice_by_day=None, by=collector, now=NOW,
                 steps=[{"name": "审核", "days": 3, "signer": "王主任"},
                        {"name": "付款", "days": 2, "signer": "出纳"}])  # fmt: skip
    make_plans(by=None, now=NOW)
    first, second = places(collector)
    assert (first.customer, second.customer) == (by_procedure, soon)
    assert codes(first) == ["start_today", "falls_due", "owes", "in_class"]
    assert first.reasons[0]["data"]["signers"] == ["王主任", "出纳"]


def test_pay_days_are_worked_out_once_a_day(collector):
    customer = make_customer()
    set_calendar(customer, pay_days=[30], invoice_by_day=None, by=collector, now=NOW,
                 steps=[{"name": "审核", "days": 5}])  # fmt: skip
    assert work_out_pay_days(NOW) == 0
    assert work_out_pay_days(NOW + timedelta(days=1)) == 1
    row = PaymentCalendar.objects.get()
    assert (row.next_pay_on, row.missed_on) == (
        TODAY.replace(month=12, day=30), TODAY.replace(day=30),
    )  # fmt: skip


def test_stale_news_makes_no_plan_and_fresh_news_asks_for_one(collector):
    debt(make_customer(), 40, collector=collector)
    thursday = NOW + timedelta(days=3)
    with pytest.raises(StaleNews) as stale:
        make_plans(by=collector, now=thursday)
    assert stale.value.data["complete_to"] == TODAY - timedelta(days=3)
    assert make_todays_plans(thursday) is None
    assert not CollectionPlan.objects.exists()
    record_news(kind="complete", complete_to=TODAY, by=collector, now=thursday)
    assert make_todays_plans(thursday).planned == 1


def test_made_anew_a_plan_replaces_itself_and_its_waiting_followups(collector):
    near, far = make_customer(name="甲"), make_customer(name="乙")
    debt(near, 40, 5000, collector=collector)
    debt(far, 40, 2000, collector=collector)
    make_plans(by=None, now=NOW)
    assert FollowUp.objects.filter(state="ready").count() == 2
    make_plans(by=collector, now=NOW, person=collector, minutes=8)
    ended = FollowUp.objects.get(state="cancelled")
    assert (ended.customer, ended.end_reason) == (far, "not_on_todays_plan")
    broken(far, 1)
    make_plans(by=collector, now=NOW, person=collector, minutes=30)
    waiting = FollowUp.objects.filter(state="ready").order_by("rank")
    assert [one.customer for one in waiting] == [far, near]
    assert CollectionPlan.objects.count() == 1
    assert take_next(collector, queues=[], now=NOW).followup.customer == far


def talked(customer, *, days_ago, is_reached=True) -> None:
    at = NOW - timedelta(days=days_ago)
    Interaction.objects.create(
        customer=customer, channel="call", purpose="collect", outcome="callback", at=at,
        is_reached=is_reached, local_day=at.date(), local_hour=10,
    )  # fmt: skip


def test_who_was_spoken_with_lately_rests_unless_a_promise_broke_since(collector):
    lately, long_ago, broke, tried = (make_customer(name=name) for name in "甲乙丙丁")
    for customer in (lately, long_ago, broke, tried):
        debt(customer, 40, collector=collector)
    classify_all(NOW)
    talked(lately, days_ago=4)
    talked(long_ago, days_ago=5)
    talked(broke, days_ago=4)
    talked(tried, days_ago=0, is_reached=False)
    broken(broke, 1)
    (plan,) = make_plans(by=None, now=NOW).plans
    assert [one.customer for one in places(collector)] == [broke, long_ago]
    assert (plan.resting_count, plan.place_count) == (2, 2)


def test_debts_in_other_currencies_are_weighed_at_home_and_dead_ones_are_not_pressed(collector):
    dollars, yuan, dead = (make_customer(name=name) for name in "甲乙丙")
    ExchangeRate.objects.create(currency="USD", from_day=TODAY, rate=Decimal(7))
    debt(dollars, 40, 1000, collector=collector, currency="USD")
    debt(yuan, 40, 6000, collector=collector)
    row = debt(dead, 40, 9000, collector=collector)
    Receivable.objects.filter(pk=row.pk).update(value_class="dead")
    make_plans(by=None, now=NOW)
    assert [(one.customer, one.amount) for one in places(collector)] == [
        (dollars, Decimal(7000)), (yuan, Decimal(6000)),
    ]  # fmt: skip


def test_a_debt_whose_limitation_period_ends_soon_says_so(collector):
    customer = make_customer()
    debt(customer, 1035, collector=collector)
    make_plans(by=None, now=NOW)
    (place,) = places(collector)
    told = next(one for one in place.reasons if one["code"] == "limitation_ends")
    assert told["data"]["ends_on"] == TODAY.replace(year=2027, month=1, day=23).isoformat()


def test_merged_cards_are_one_place(collector):
    gone, customer = make_customer(name="旧"), make_customer(name="新")
    debt(gone, 40, 300, collector=collector)
    debt(customer, 40, 200, collector=collector)
    gone.merged_into = customer
    gone.save(update_fields=["merged_into"])
    for person in (None, collector):
        with transaction.atomic():
            make_plans(by=None, now=NOW, person=person)
        assert [(one.customer, one.amount) for one in places(collector)] == [
            (customer, Decimal(500))
        ]


def test_a_person_without_anything_to_press_has_an_empty_plan(seller):
    (plan,) = make_plans(by=seller, now=NOW, person=seller, minutes=60).plans
    assert (plan.place_count, plan.planned_minutes, plan.role) == (0, 0, "seller")
