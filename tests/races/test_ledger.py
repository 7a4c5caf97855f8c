"""Two people at one account at once: nothing is paid twice, booked twice or reversed twice."""

from decimal import Decimal as D

import pytest

from genjin.kernel.errors import BadInput, Conflict
from genjin.receivables.models import Account, LedgerEntry, Receivable
from genjin.receivables.operations import instruments, ledger
from genjin.receivables.operations.many import receive_many
from genjin.receivables.operations.posting import CreditRow, Paid
from genjin.receivables.proof.proving import prove
from tests.concurrency import at_once
from tests.factories import NOW, make_customer
from tests.receivables.books import DAY, bill, pay, standing

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]


def kinds(results):
    return sorted(getattr(one, "code", type(one).__name__) for one in results)


def test_two_payments_for_one_debt_at_once_pay_it_once():
    customer = make_customer()
    debt = bill(customer, 100)
    results = at_once(lambda: pay(customer, 100), lambda: pay(customer, 100))
    assert sorted(one.left for one in results) == [0, 100]
    assert (Receivable.objects.get().open_amount, standing(customer)) == (0, (0, 100))
    named = at_once(*[lambda: pay(customer, 1, allocate=[(debt, D(1))])] * 2)
    assert all(isinstance(one, BadInput) for one in named)
    assert prove().fault is None


def test_two_that_name_the_same_debt_at_once_do_not_overpay_it():
    customer = make_customer()
    debt = bill(customer, 100)
    results = at_once(*[lambda: pay(customer, 60, allocate=[(debt, D(60))])] * 2)
    assert kinds(results) == ["Paid", "bad_input"]
    assert standing(customer) == (40, 0)


def test_the_first_entries_of_a_new_account_at_once_open_it_once():
    customer = make_customer()
    results = at_once(*[lambda: pay(customer, 10)] * 4)
    assert kinds(results) == ["Paid"] * 4
    assert (Account.objects.get().entries, standing(customer)) == (4, (0, 40))
    assert prove().fault is None


def test_the_same_import_twice_at_once_books_everything_once():
    customers = [make_customer() for _ in range(5)]
    rows = [CreditRow(customers[place % 5].pk, D(place + 1), "CNY", DAY, means="transfer",
                      external_key=f"p{place}") for place in range(40)]  # fmt: skip
    # The second file is in another order: accounts are locked in one order all the same.
    results = at_once(lambda: receive_many(rows, by=None, now=NOW),
                      lambda: receive_many(rows[::-1], by=None, now=NOW))  # fmt: skip
    assert sorted(sum(one.is_known for one in found) for found in results) == [0, 40]
    assert LedgerEntry.objects.filter(kind="payment").count() == 40
    assert prove().fault is None


def test_one_key_for_two_customers_at_once_is_booked_for_one():
    first, second = make_customer(), make_customer()
    results = at_once(*[lambda one=one: pay(one, 5, external_key="k") for one in (first, second)])
    assert kinds(results) == ["Paid", "key_of_another"]
    assert LedgerEntry.objects.count() == 1
    assert prove().fault is None


def test_a_payment_is_reversed_once():
    customer = make_customer()
    bill(customer, 100)
    paid = pay(customer, 100)
    reverse = [lambda: ledger.reverse(paid.entry, reason="wrong", by=None, now=NOW)] * 3
    assert kinds(at_once(*reverse)) == ["Reversed", "already_reversed", "already_reversed"]
    assert standing(customer) == (100, 0)
    assert prove().fault is None


def test_a_refund_and_an_allocation_at_once_share_what_is_left():
    customer = make_customer()
    paid = pay(customer, 100)
    bill(customer, 80, use_advance=False)
    results = at_once(
        lambda: ledger.allocate(paid.entry, by=None, now=NOW),
        lambda: ledger.refund(paid.entry, amount=D(50), means="cash", refunded_on=DAY,
                              reason="asked for it", by=None, now=NOW),
    )  # fmt: skip
    # Whoever comes second takes what the first left, or is refused: never more than there is.
    assert prove().fault is None
    assert any(isinstance(one, Paid) for one in results)


def test_a_cheque_is_cleared_once():
    customer = make_customer()
    bill(customer, 100)
    row = instruments.receive_instrument(
        customer, kind="cheque", number="1", amount=D(100), currency="CNY", received_on=DAY,
        matures_on=DAY, by=None, now=NOW,
    )  # fmt: skip
    results = at_once(*[lambda: instruments.clear(row, on=DAY, by=None, now=NOW)] * 2)
    assert kinds(results) == ["Paid", "illegal_transition"]
    assert (LedgerEntry.objects.filter(kind="payment").count(), prove().fault) == (1, None)


def test_bills_and_payments_of_many_customers_at_once_do_not_wait_crosswise():
    customers = [make_customer() for _ in range(6)]
    rows = [CreditRow(one.pk, D(3), currency, DAY, means="cash")
            for one in customers for currency in ("CNY", "USD")]  # fmt: skip
    results = at_once(*[
        lambda turn=turn: receive_many(rows[turn:] + rows[:turn], by=None, now=NOW)
        for turn in range(4)
    ])  # fmt: skip
    assert not [one for one in results if isinstance(one, Exception | Conflict)]
    assert LedgerEntry.objects.count() == 48
    assert prove().fault is None
