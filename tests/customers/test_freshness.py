"""Every field knows when and by what it was last confirmed; old cards come up for review (CU6)."""

from datetime import timedelta

import pytest

from genjin.customers import freshness
from genjin.customers.models import Customer, TimelineEntry
from genjin.customers.operations.card import change_customer
from genjin.customers.operations.confirming import confirm_card, record_occasion
from genjin.foundation import policy
from genjin.kernel.errors import BadInput
from tests.factories import NOW, make_customer, make_user

pytestmark = pytest.mark.django_db
OLD = NOW + timedelta(days=181)


def reloaded(customer: Customer) -> Customer:
    return Customer.objects.get(pk=customer.pk)


def test_a_card_is_old_when_nobody_confirmed_it_for_half_a_year():
    customer, by = make_customer(), make_user()
    assert not freshness.of_card(customer, NOW + timedelta(days=180)).is_stale
    assert freshness.of_card(customer, OLD).is_stale
    assert list(freshness.stale(Customer.objects.all(), OLD)) == [customer]
    confirm_card(customer, by=by, now=OLD)
    card = freshness.of_card(reloaded(customer), OLD)
    assert (card.at, card.source, card.is_stale) == (OLD, "confirmed", False)
    assert not freshness.stale(Customer.objects.all(), OLD).exists()


def test_what_is_changed_is_confirmed_and_the_rest_stays_old():
    customer, by = make_customer(), make_user()
    change_customer(customer, {"tax_number": "91310000"}, by=by, now=OLD)
    row = reloaded(customer)
    field = freshness.of_field(row, "tax_number", OLD)
    assert (field.at, field.source, field.is_stale) == (OLD, "entered", False)
    assert freshness.of_field(row, "name", OLD).is_stale


@pytest.mark.parametrize("occasion", policy.shipped("freshness")["occasions"])
def test_each_of_the_ten_occasions_proves_its_fields_and_is_told(occasion):
    customer = make_customer()
    record_occasion(customer, occasion, by=None, now=OLD, source=("delivery", "7"))
    row = reloaded(customer)
    for field in freshness.occasions()[occasion]:
        assert freshness.of_field(row, field, OLD).source == occasion
    entry = TimelineEntry.objects.get(customer=customer, kind="occasion")
    assert entry.code == f"occasion_{occasion}"
    assert entry.data["proved"] == freshness.occasions()[occasion]


def test_there_are_ten_occasions_and_an_unknown_one_is_refused():
    assert len(freshness.occasions()) == 10
    with pytest.raises(BadInput):
        record_occasion(make_customer(), "birthday", by=None, now=NOW)


def test_two_occasions_at_once_keep_both():
    customer = make_customer()
    one, other = reloaded(customer), reloaded(customer)
    record_occasion(one, "invoice_stub", by=None, now=NOW)
    record_occasion(other, "delivery_stub", by=None, now=NOW)
    assert set(reloaded(customer).confirmed) == {"name", "tax_number", "addresses", "people"}


def test_confirming_the_whole_card_is_newer_than_what_was_proved_before():
    customer, by = make_customer(), make_user()
    record_occasion(customer, "invoice_stub", by=None, now=NOW)
    confirm_card(customer, by=by, now=OLD)
    assert freshness.of_field(reloaded(customer), "name", OLD).source == "confirmed"
