"""Several programs feed the same customer or the same order at once, on real connections (PL6)."""

import threading
from datetime import date
from decimal import Decimal

import pytest

from genjin.customers.models import Customer, ExternalKey
from genjin.flows.cards import feed_card
from genjin.foundation import sign_in
from genjin.foundation.models import SignInAttempt
from genjin.foundation.tokens import authenticate, make_token
from genjin.kernel.errors import Conflict, GenjinError
from genjin.sales.models import OrderLine
from genjin.sales.orders import enter_order
from tests.concurrency import at_once
from tests.factories import NOW, make_category, make_customer, make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]
CARD = {"kind": "person", "name": "张三", "phones": ["13812345678"]}


def naive_feed(user) -> Customer:
    """Look, then open: what opens one customer several times."""
    if ExternalKey.objects.filter(key="erp:1").exists():
        return ExternalKey.objects.get(key="erp:1").customer
    threading.Event().wait(0.05)
    made = make_customer(custodian=user)
    ExternalKey.objects.get_or_create(key="erp:1", defaults={"customer": made})
    return made


def test_looking_and_opening_opens_a_customer_twice_and_feeding_does_not():
    user = make_user()
    at_once(*[lambda: naive_feed(user) for _ in range(4)])
    assert Customer.objects.count() > 1
    found = at_once(*[lambda: feed_card("erp:2", CARD, by=user, now=NOW) for _ in range(4)])
    assert sorted(one.is_new for one in found) == [False, False, False, True]
    assert len({one.customer.pk for one in found}) == 1
    assert Customer.objects.filter(name="张三", points__value="+8613812345678").count() == 1


def test_one_number_for_two_customers_is_entered_for_one_of_them():
    user, category = make_user(), make_category()
    customers = [make_customer() for _ in range(4)]

    def enter(customer):
        return enter_order(
            customer, category=category, ordered_on=date(2026, 1, 31), amount=Decimal("10"),
            external_key="A-1", by=user, now=NOW,
        )  # fmt: skip

    found = at_once(*[lambda one=one: enter(one) for one in customers])
    assert sum(isinstance(one, OrderLine) for one in found) == 1
    refused = [one for one in found if isinstance(one, Conflict)]
    assert [one.code for one in refused] == ["key_of_another"] * 3
    assert OrderLine.objects.count() == 1


def test_many_guesses_at_once_are_counted_each():
    person = make_user()
    text = make_token(person, name="ERP", scope="read", now=NOW).text

    def guess(number):
        wrong = text[:-2] + f"{number:02}"
        return authenticate(wrong, address="198.51.100.7", now=NOW)

    found = at_once(*[lambda number=number: guess(number) for number in range(8)])
    assert all(isinstance(one, GenjinError) for one in found)
    assert sign_in.locked_until(person.username, NOW) is not None
    assert SignInAttempt.objects.filter(username=person.username).count() == 5
