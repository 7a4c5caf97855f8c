"""Cards that were merged: each account stays with its card, and money finds its way."""

from decimal import Decimal as D

import pytest

from genjin.flows.merging import merge_customers, split_customers
from genjin.kernel.errors import Conflict
from genjin.receivables.models import LedgerEntry, Receivable
from genjin.receivables.operations import ledger
from genjin.receivables.proof.proving import prove
from genjin.receivables.queries import standings
from tests.factories import NOW, make_customer, make_user
from tests.receivables.books import bill, pay, standing

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair():
    """A survivor who owes 100 and the card merged into it, which owes 40 since earlier."""
    survivor, merged = make_customer(), make_customer()
    bill(survivor, 100, due=9)
    bill(merged, 40, due=-9)
    merge = merge_customers(survivor, merged, choices={}, by=make_user(role="manager"), now=NOW)
    merged.refresh_from_db()
    return survivor, merged, merge


def test_nothing_is_booked_on_the_card_that_is_gone(pair):
    survivor, merged, _merge = pair
    with pytest.raises(Conflict, match="card_was_merged"):
        bill(merged, 10)
    with pytest.raises(Conflict, match="card_was_merged"):
        pay(merged, 10)
    (found,) = standings(survivor)
    assert (found.open, found.advance) == (140, 0)


def test_a_payment_pays_the_debts_of_both_cards_oldest_first(pair):
    survivor, merged, _merge = pair
    paid = pay(survivor, 60)
    assert [one.amount for one in paid.allocations] == [40, 20]
    assert (standing(survivor), standing(merged)) == ((80, 0), (0, 0))
    assert list(
        LedgerEntry.objects.filter(means="moved").order_by("at", "id").values_list("kind", "amount")
    ) == [("refund", 40), ("payment", 40)]  # fmt: skip
    assert prove().fault is None


def test_reversing_such_a_payment_takes_back_what_was_moved(pair):
    survivor, merged, _merge = pair
    paid = pay(survivor, 60)
    ledger.reverse(paid.entry, reason="bounced", by=None, now=NOW)
    assert (standing(survivor), standing(merged)) == ((100, 0), (40, 0))
    assert prove().fault is None
    assert all(one.state == "open" for one in Receivable.objects.all())


def test_an_advance_of_the_merged_card_pays_a_new_bill(pair):
    survivor, merged, _merge = pair
    paid = pay(survivor, 200)
    assert (paid.left, standing(survivor)) == (60, (0, 60))
    undone = LedgerEntry.objects.get(kind="allocation", customer=merged)
    ledger.reverse(undone, reason="waived", by=None, now=NOW)
    assert standing(merged) == (40, 40)
    debt = bill(survivor, 70)
    assert (debt.open_amount, standing(survivor), standing(merged)) == (0, (0, 0), (40, 30))
    assert prove().fault is None


def test_after_a_split_each_has_its_own_again(pair):
    survivor, merged, merge = pair
    pay(survivor, 60)
    split_customers(merge, by=make_user(role="manager"), now=NOW)
    pay(merged, 5)
    assert (standing(survivor), standing(merged)) == ((80, 0), (0, 5))
    with pytest.raises(Exception, match="other_customer"):
        pay(survivor, 5, allocate=[(Receivable.objects.get(customer=merged), D(5))])
    assert prove().fault is None
