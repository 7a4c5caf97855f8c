"""Orders entered and cancelled, and what follows from them (CU3, CU4)."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from genjin.customers.models import Event, OwnedProduct, Standing, TimelineEntry
from genjin.foundation import policy
from genjin.foundation.models import AuditEntry
from genjin.kernel.errors import BadInput, Conflict, LostRace
from genjin.sales.models import ExchangeRate, OrderLine, Product
from genjin.sales.orders import cancel_order, enter_order, rate_on, set_rate
from genjin.sales.standing import refresh_standings
from tests.factories import NOW, make_category, make_customer, make_user

pytestmark = pytest.mark.django_db
TODAY = NOW.date()


def enter(customer, category, amount=100, **values):
    return enter_order(customer, category=category, by=None, now=NOW, amount=Decimal(amount),
                       **{"ordered_on": TODAY, **values})  # fmt: skip


def codes(error: BadInput) -> dict:
    return {place: [reason.code for reason in found] for place, found in error.problems.items()}


def test_an_order_moves_standing_sets_timeline_and_tells_the_deal():
    user, customer, category = make_user(), make_customer(), make_category(code="heater")
    product = Product.objects.create(code="H1", name="暖霖热水器", kind=category, is_dear=True)
    order = enter_order(
        customer, category=category, ordered_on=TODAY, amount=Decimal("2599.50"), product=product,
        is_trial=True, by=user, now=NOW,
    )  # fmt: skip
    row = Standing.objects.get(customer=customer)
    assert (row.deal_amount, row.deal_count, row.customer_list) == (
        Decimal("2599.50"),
        1,
        "existing",
    )
    assert row.sets == {"heater": "fixed"}
    owned = OwnedProduct.objects.get()
    assert (owned.is_ours, owned.model, owned.bought_on, owned.source_id) == (
        True, "暖霖热水器", TODAY, str(order.pk))  # fmt: skip
    kinds = TimelineEntry.objects.filter(customer=customer).values_list("kind", "code")
    assert set(kinds) == {
        ("order", "order_entered"), ("list", "list_moved"), ("set", "set_moved")}  # fmt: skip
    event = Event.objects.get()
    assert (event.code, event.on, event.data["is_first"], event.data["is_trial"]) == (
        "deal_done", TODAY, True, True)  # fmt: skip
    assert event.data["is_dear"] is True
    assert AuditEntry.objects.filter(object_kind="orderline", action="add").count() == 1


def test_a_second_deal_is_not_the_first_and_a_return_is_no_deal():
    customer, category = make_customer(), make_category()
    enter(customer, category)
    enter(customer, category)
    enter(customer, category, kind="return")
    assert sorted(Event.objects.values_list("data__is_first", flat=True)) == [False, True]
    assert Standing.objects.get().deal_amount == 100


def test_what_is_given_back_is_owned_no_more_and_bought_again_it_is():
    customer, category = make_customer(), make_category(code="ac")
    enter(customer, category)
    enter(customer, category, kind="return")
    assert Standing.objects.get().sets == {"ac": "development"}
    assert OwnedProduct.objects.get().gone_on == TODAY
    enter(customer, category)
    assert Standing.objects.get().sets == {"ac": "fixed"}
    assert sorted(OwnedProduct.objects.values_list("gone_on", flat=True), key=str) == [TODAY, None]


def test_a_cancelled_order_counts_nowhere_and_cannot_be_cancelled_twice():
    customer, category = make_customer(), make_category(code="ac")
    order = enter(customer, category)
    shown = OrderLine.objects.get(pk=order.pk)
    cancel_order(order, reason="录错", by=None, now=NOW)
    row = Standing.objects.get()
    assert (row.deal_amount, row.deal_count, row.first_deal_on, row.customer_list) == (
        0, 0, None, "potential")  # fmt: skip
    assert row.sets == {"ac": "development"}
    with pytest.raises(LostRace):
        cancel_order(shown, reason="x", by=None, now=NOW)


def test_cancelling_asks_for_a_reason():
    order = enter(make_customer(), make_category())
    with pytest.raises(BadInput) as bad:
        cancel_order(order, reason=" ", by=None, now=NOW)
    assert codes(bad.value) == {"reason": ["required"]}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"amount": 0}, {"amount": ["amount_not_positive"]}),
        ({"amount": -1}, {"amount": ["amount_not_positive"]}),
        ({"amount": "NaN"}, {"amount": ["amount_not_positive"]}),
        ({"amount": "1.005"}, {"amount": ["too_many_decimals"]}),
        ({"amount": "1e13"}, {"amount": ["amount_not_positive"]}),
        ({"currency": "US"}, {"currency": ["currency_not_understood"]}),
        ({"currency": "USD"}, {"currency": ["no_rate"]}),
        ({"ordered_on": TODAY + timedelta(days=1)}, {"ordered_on": ["day_to_come"]}),
        ({"ordered_on": date(1900, 1, 1)}, {"ordered_on": ["day_too_old"]}),
        ({"kind": "gift"}, {"kind": ["not_a_choice"]}),
        ({"external_key": "x" * 81}, {"external_key": ["too_long"]}),
        ({"note": "a\x00"}, {"note": ["bad_character"]}),
    ],
)
def test_what_cannot_be_an_order_is_refused_with_the_reason_at_its_field(values, expected):
    with pytest.raises(BadInput) as bad:
        enter(make_customer(), make_category(), **values)
    assert codes(bad.value) == expected
    assert not OrderLine.objects.exists()


def test_a_retired_category_takes_no_order():
    with pytest.raises(BadInput) as bad:
        enter(make_customer(), make_category(is_active=False))
    assert codes(bad.value) == {"category": ["category_retired"]}


def test_a_foreign_amount_counts_at_the_rate_of_its_day():
    admin, customer, category = make_user(role="administrator"), make_customer(), make_category()
    for day, rate in ((date(2026, 11, 1), "7.10"), (date(2026, 11, 20), "7.2")):
        set_rate(currency="usd", from_day=day, rate=Decimal(rate), by=admin, now=NOW)
    assert rate_on("USD", date(2026, 10, 31)) is None
    before = enter(customer, category, 10, currency="USD", ordered_on=date(2026, 11, 19))
    after = enter(customer, category, 10, currency="usd", ordered_on=TODAY)
    assert (before.home_amount, after.home_amount) == (Decimal("71.00"), Decimal("72.00"))
    assert Standing.objects.get().deal_amount == Decimal("143.00")
    set_rate(currency="USD", from_day=date(2026, 11, 20), rate=Decimal(9), by=admin, now=NOW)
    assert ExchangeRate.objects.count() == 2
    assert OrderLine.objects.get(pk=after.pk).home_amount == Decimal("72.00")


def test_a_currency_without_decimals_takes_whole_amounts():
    admin = make_user(role="administrator")
    set_rate(currency="JPY", from_day=TODAY, rate=Decimal("0.0481"), by=admin, now=NOW)
    with pytest.raises(BadInput) as bad:
        enter(make_customer(), make_category(), "10.5", currency="JPY")
    assert codes(bad.value) == {"amount": ["too_many_decimals"]}
    assert enter(make_customer(), make_category(), 1000, currency="JPY").home_amount == Decimal(
        "48.10"
    )


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"currency": "CNY"}, {"currency": ["rate_of_home"]}),
        ({"currency": "dollar"}, {"currency": ["currency_not_understood"]}),
        ({"rate": Decimal(0)}, {"rate": ["not_a_rate"]}),
        ({"rate": Decimal("0.000000001")}, {"rate": ["not_a_rate"]}),
        ({"rate": Decimal("Infinity")}, {"rate": ["not_a_rate"]}),
    ],
)
def test_a_rate_that_is_none_is_refused(values, expected):
    admin = make_user(role="administrator")
    with pytest.raises(BadInput) as bad:
        set_rate(**{"currency": "USD", "from_day": TODAY, "rate": Decimal(7), "by": admin,
                    "now": NOW, **values})  # fmt: skip
    assert codes(bad.value) == expected


def test_the_same_external_key_is_written_once_and_never_for_another_customer():
    customer, category = make_customer(), make_category()
    first = enter(customer, category, external_key="ERP-1")
    assert enter(customer, category, 999, external_key="ERP-1") == first
    assert OrderLine.objects.count() == 1
    with pytest.raises(Conflict):
        enter(make_customer(), category, external_key="ERP-1")


def test_an_order_after_a_run_gives_the_class_by_its_floors_at_once():
    big, small, category = make_customer(), make_customer(), make_category()
    enter(big, category, 900)
    enter(small, category, 100)
    refresh_standings(now=NOW)
    assert Standing.objects.get(customer=small).value_class == "B"
    enter(small, category, 850)
    assert Standing.objects.get(customer=small).value_class == "A"
    entry = TimelineEntry.objects.filter(customer=small, kind="class").order_by("-id").first()
    assert (entry.data["before"], entry.data["after"], entry.data["amount"]) == ("B", "A", "950.00")


def test_home_currency_is_a_setting():
    admin = make_user(role="administrator")
    policy.set_value("organisation.currency", "TWD", by=admin, now=NOW)
    order = enter(make_customer(), make_category(), 100)
    assert (order.currency, order.rate) == ("TWD", 1)
