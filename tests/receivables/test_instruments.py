"""Cheques and acceptance bills: secured and not paid until they are cleared."""

from datetime import timedelta
from decimal import Decimal as D

import pytest

from genjin.customers.models import Event, TimelineEntry
from genjin.kernel.errors import BadInput, Conflict
from genjin.kernel.states import IllegalTransition
from genjin.receivables.models import LedgerEntry
from genjin.receivables.operations import instruments, ledger
from genjin.receivables.proof.proving import prove
from genjin.receivables.queries import secured_amount
from tests.factories import NOW, make_customer
from tests.receivables.books import DAY, bill, pay, standing

pytestmark = pytest.mark.django_db


def cheque(customer, amount, **values):
    options = {"kind": "cheque", "number": "0042", "bank": "工商银行", "currency": "CNY",
               "received_on": DAY - timedelta(days=20), "matures_on": DAY, "by": None, "now": NOW,
               **values}  # fmt: skip
    return instruments.receive_instrument(customer, amount=D(amount), **options)


def clear(row):
    return instruments.clear(row, on=DAY, by=None, now=NOW)


def dishonour(row):
    return instruments.dishonour(row, on=DAY, reason="no funds", by=None, now=NOW)


def covers(row):
    return list(row.covers.order_by("pk").values_list("receivable_id", "amount"))


def test_a_cheque_secures_the_oldest_debts_and_pays_nothing():
    customer = make_customer()
    second, first = bill(customer, 100, due=9), bill(customer, 60, due=-9)
    row = cheque(customer, 90)
    assert covers(row) == [(first.pk, 60), (second.pk, 30)]
    assert (secured_amount(first), secured_amount(second)) == (60, 30)
    assert standing(customer) == (160, 0)
    assert LedgerEntry.objects.exclude(kind="bill").count() == 0


def test_money_that_comes_meanwhile_pays_what_no_cheque_secures():
    customer = make_customer()
    first, second = bill(customer, 60, due=-9), bill(customer, 100, due=9)
    cheque(customer, 60)
    paid = pay(customer, 120)
    assert [(one.receivable_id, one.amount) for one in paid.allocations] == [(second.pk, 100)]
    first.refresh_from_db()
    assert (paid.left, first.open_amount) == (20, 60)


def test_a_debt_is_not_secured_twice():
    customer = make_customer()
    debt = bill(customer, 60)
    cheque(customer, 50)
    with pytest.raises(BadInput) as refused:
        cheque(customer, 20, number="0043", covers=[(debt, D(20))])
    assert refused.value.problems["covers"][0].code == "over_allocated"
    assert covers(cheque(customer, 20, number="0043")) == [(debt.pk, 10)]


def test_a_cleared_cheque_pays_what_it_covers():
    customer = make_customer()
    debt = bill(customer, 60)
    row = cheque(customer, 70)
    paid = clear(instruments.present(row, on=DAY, by=None, now=NOW))
    debt.refresh_from_db()
    row.refresh_from_db()
    assert (paid.entry.means, paid.entry.reference, paid.left) == ("cheque", "0042", 10)
    assert (debt.state, row.state, row.payment_id) == ("settled", "cleared", paid.entry.pk)
    assert (secured_amount(debt), standing(customer)) == (0, (0, 10))
    assert Event.objects.get(code="payment_received").data["amount"] == 70


def test_what_was_paid_meanwhile_leaves_the_cheque_as_an_advance():
    customer = make_customer()
    debt = bill(customer, 60)
    row = cheque(customer, 60)
    pay(customer, 60, allocate=[(debt, D(60))])
    assert (clear(row).left, standing(customer)) == (60, (0, 60))


def test_a_cheque_that_is_refused_before_it_is_cleared_frees_what_it_secured():
    customer = make_customer()
    debt = bill(customer, 60)
    row = cheque(customer, 60)
    done = dishonour(row)
    assert (done.open_again, done.reversed, done.instrument.state) == (
        {debt.pk: 60}, None, "dishonoured",
    )  # fmt: skip
    assert secured_amount(debt) == 0
    event = Event.objects.get(code="instrument_dishonoured")
    assert event.data == {"amount": 60, "kind": "cheque", "number": "0042", "reason": "no funds"}


def test_a_cheque_that_bounces_after_it_was_cleared_reopens_the_debt():
    customer = make_customer()
    debt = bill(customer, 60)
    row = cheque(customer, 70)
    clear(row)
    done = dishonour(row)
    debt.refresh_from_db()
    assert (done.open_again, debt.state, standing(customer)) == ({debt.pk: 60}, "open", (60, 0))
    assert [one.reversed_kind for one in (*done.reversed.with_it, done.reversed.entry)] == [
        "allocation", "payment",
    ]  # fmt: skip
    again = clear(instruments.present(row, on=DAY, by=None, now=NOW))
    assert (again.left, prove().fault) == (10, None)


def test_a_payment_by_cheque_is_taken_back_through_the_cheque_alone():
    customer = make_customer()
    bill(customer, 60)
    paid = clear(cheque(customer, 60))
    with pytest.raises(Conflict, match="payment_of_instrument"):
        ledger.reverse(paid.entry, reason="wrong", by=None, now=NOW)


def test_a_cheque_goes_its_way_and_no_other():
    row = cheque(make_customer(), 60)
    clear(row)
    for step in (clear, lambda one: instruments.present(one, on=DAY, by=None, now=NOW)):
        with pytest.raises(IllegalTransition):
            step(row)
    assert LedgerEntry.objects.count() == 1


def test_a_returned_cheque_secures_nothing_and_may_come_again():
    customer = make_customer()
    debt = bill(customer, 60)
    row = cheque(customer, 60)
    with pytest.raises(BadInput, match="held_already"):
        cheque(customer, 60)
    instruments.give_back(row, on=DAY, reason="paid by transfer", by=None, now=NOW)
    assert secured_amount(debt) == 0
    assert cheque(customer, 60).pk != row.pk


def test_the_same_key_takes_a_cheque_in_once():
    customer = make_customer()
    first = cheque(customer, 60, external_key="c1")
    assert cheque(customer, 60, external_key="c1").pk == first.pk
    with pytest.raises(Conflict, match="key_of_another"):
        cheque(make_customer(), 60, external_key="c1")
    assert TimelineEntry.objects.filter(code="instrument_received").count() == 1


@pytest.mark.parametrize(
    ("values", "field", "code"),
    [
        ({"kind": "cash"}, "kind", "not_a_choice"),
        ({"number": " "}, "number", "required"),
        ({"received_on": DAY + timedelta(days=1)}, "received_on", "day_to_come"),
        ({"bank": "x" * 121}, "bank", "too_long"),
        ({"currency": "??"}, "currency", "currency_not_understood"),
    ],
)
def test_a_cheque_that_cannot_be_is_refused(values, field, code):
    with pytest.raises(BadInput) as refused:
        cheque(make_customer(), 60, **values)
    assert refused.value.problems[field][0].code == code
