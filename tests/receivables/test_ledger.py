"""The operations of the ledger: what each writes, and what it refuses."""

from datetime import date, timedelta
from decimal import Decimal as D

import pytest

from genjin.customers.models import Event, TimelineEntry
from genjin.foundation.models import AuditEntry
from genjin.kernel.errors import BadInput, Conflict, NotAllowed
from genjin.receivables.models import Account, LedgerEntry, Receivable
from genjin.receivables.operations import ledger
from genjin.receivables.operations.many import bill_many, receive_many
from genjin.receivables.operations.posting import BillRow, CreditRow
from tests.factories import NOW, make_customer, make_user
from tests.receivables.books import DAY, bill, pay, standing

pytestmark = pytest.mark.django_db


def kinds(customer):
    """The ledger of a customer as it reads: (seq, kind, amount)."""
    rows = LedgerEntry.objects.filter(customer=customer).order_by("account", "seq")
    return [(row.seq, row.kind, row.amount) for row in rows]


def code_of(error):
    """The codes of what was wrong, wherever it stood."""
    if isinstance(error, BadInput):
        return [reason.code for reasons in error.problems.values() for reason in reasons]
    return [error.code]


def test_a_payment_pays_the_oldest_due_first_and_keeps_the_rest_as_an_advance():
    customer = make_customer()
    late = bill(customer, 100, due=10)
    early = bill(customer, 60, due=-10)
    paid = pay(customer, 200)
    assert [(one.receivable_id, one.amount) for one in paid.allocations] == [
        (early.pk, 60), (late.pk, 100),
    ]  # fmt: skip
    assert paid.left == 40
    assert standing(customer) == (0, 40)
    assert kinds(customer) == [
        (1, "bill", 100), (2, "bill", 60), (3, "payment", 200), (4, "allocation", 60),
        (5, "allocation", 100),
    ]  # fmt: skip
    assert Account.objects.get().balance == -40
    states = {one.pk: (one.state, one.open_amount, one.settled_on)
              for one in Receivable.objects.all()}  # fmt: skip
    assert states == {one.pk: ("settled", 0, DAY) for one in (early, late)}


def test_an_advance_pays_the_next_bill_by_itself():
    customer = make_customer()
    pay(customer, 50)
    assert standing(customer) == (0, 50)
    debt = bill(customer, 80, due=5)
    assert (debt.open_amount, debt.state) == (30, "open")
    assert standing(customer) == (30, 0)


def test_an_advance_is_left_alone_when_it_is_told_so():
    customer = make_customer()
    pay(customer, 50)
    debt = bill(customer, 80, due=5, use_advance=False)
    assert debt.open_amount == 80
    assert standing(customer) == (80, 50)


def test_a_payment_goes_where_it_is_named():
    customer = make_customer()
    first, second = bill(customer, 100, due=-5), bill(customer, 100, due=5)
    paid = pay(customer, 150, allocate=[(second, D(70))])
    assert [(one.receivable_id, one.amount) for one in paid.allocations] == [(second.pk, 70)]
    first.refresh_from_db()
    assert (first.open_amount, paid.left, standing(customer)) == (100, 80, (130, 80))


@pytest.mark.parametrize(
    ("part", "code"),
    [("100.01", "over_allocated"), ("-1", "amount_not_positive"), ("90", "not_enough_advance")],
)
def test_a_payment_that_is_named_wrongly_is_refused_whole(part, code):
    customer = make_customer()
    debt = bill(customer, 100)
    with pytest.raises(BadInput) as refused:
        pay(customer, 80, allocate=[(debt, D(part))])
    assert code in code_of(refused.value)
    assert kinds(customer) == [(1, "bill", 100)]
    assert standing(customer) == (100, 0)


def test_a_debt_of_another_customer_or_currency_is_not_paid():
    customer, other = make_customer(), make_customer()
    theirs, dollars = bill(other, 50), bill(customer, 50, currency="USD")
    for debt, code in ((theirs, "other_customer"), (dollars, "wrong_currency")):
        with pytest.raises(BadInput) as refused:
            pay(customer, 50, allocate=[(debt, D(50))])
        assert code_of(refused.value) == [code]


def test_each_currency_is_an_account_of_its_own():
    customer = make_customer()
    bill(customer, 100)
    bill(customer, 7, currency="USD")
    pay(customer, 40, currency="USD")
    assert standing(customer, "CNY") == (100, 0)
    assert standing(customer, "USD") == (0, 33)


def test_the_same_key_is_booked_once():
    customer = make_customer()
    first = bill(customer, 100, external_key="b1")
    assert bill(customer, 100, external_key="b1").pk == first.pk
    paid = pay(customer, 30, external_key="p1")
    again = pay(customer, 30, external_key="p1")
    assert (again.entry.pk, again.is_known) == (paid.entry.pk, True)
    assert standing(customer) == (70, 0)
    assert AuditEntry.objects.count() == TimelineEntry.objects.count() == 2


@pytest.mark.parametrize("amount", [31, 30])
def test_a_key_of_another_amount_or_customer_is_refused(amount):
    customer, other = make_customer(), make_customer()
    pay(customer, 30, external_key="p1")
    with pytest.raises(Conflict, match="key_of_another"):
        pay(customer if amount == 31 else other, amount, external_key="p1")


def test_reversing_a_payment_takes_its_allocations_back_first():
    customer = make_customer()
    debt = bill(customer, 100, due=-40)
    paid = pay(customer, 120)
    done = ledger.reverse(paid.entry, reason="booked twice", by=None, now=NOW)
    assert [one.reversed_kind for one in (*done.with_it, done.entry)] == ["allocation", "payment"]
    debt.refresh_from_db()
    assert (debt.state, debt.open_amount, debt.settled_on) == ("open", 100, None)
    assert standing(customer) == (100, 0)
    for entry in (paid.entry, paid.allocations[0]):
        with pytest.raises(Conflict, match="already_reversed"):
            ledger.reverse(entry, reason="again", by=None, now=NOW)


def test_an_allocation_is_reversed_alone_and_its_amount_used_elsewhere():
    customer = make_customer()
    first, second = bill(customer, 100, due=-5), bill(customer, 100, due=5)
    paid = pay(customer, 100)
    ledger.reverse(paid.allocations[0], reason="meant for the other", by=None, now=NOW)
    assert standing(customer) == (200, 100)
    moved = ledger.allocate(paid.entry, to=[(second, D(100))], by=None, now=NOW)
    assert moved.left == 0
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state, standing(customer)) == ("open", "settled", (100, 0))


def test_a_bill_of_which_something_is_paid_is_not_reversed():
    customer = make_customer()
    debt = bill(customer, 100)
    entry = debt.rows.get(kind="bill")
    paid = pay(customer, 10)
    with pytest.raises(Conflict, match="bill_in_use"):
        ledger.reverse(entry, reason="wrong", by=None, now=NOW)
    ledger.reverse(paid.entry, reason="wrong", by=None, now=NOW)
    ledger.reverse(entry, reason="wrong", by=None, now=NOW)
    debt.refresh_from_db()
    assert (debt.state, debt.open_amount, standing(customer)) == ("cancelled", 0, (0, 0))


def test_a_reversal_is_not_reversed_and_needs_a_reason():
    customer = make_customer()
    paid = pay(customer, 10)
    with pytest.raises(BadInput):
        ledger.reverse(paid.entry, reason=" ", by=None, now=NOW)
    done = ledger.reverse(paid.entry, reason="wrong", by=None, now=NOW)
    with pytest.raises(Conflict, match="not_reversible"):
        ledger.reverse(done.entry, reason="after all", by=None, now=NOW)


def test_a_credit_note_pays_like_money_and_tells_no_payment():
    customer = make_customer()
    debt = bill(customer, 100)
    done = ledger.credit_note(customer, amount=D(30), currency="CNY", booked_on=DAY,
                              reason="two came back", by=None, now=NOW)  # fmt: skip
    debt.refresh_from_db()
    assert (done.entry.kind, debt.open_amount, standing(customer)) == ("credit_note", 70, (70, 0))
    assert not Event.objects.exists()


def test_what_is_given_back_comes_out_of_the_advance_alone():
    customer = make_customer()
    bill(customer, 30)
    paid = pay(customer, 100)
    refund = {"means": "transfer", "refunded_on": DAY, "reason": "paid twice", "by": None,
              "now": NOW}  # fmt: skip
    with pytest.raises(BadInput) as refused:
        ledger.refund(paid.entry, amount=D(71), **refund)
    assert code_of(refused.value) == ["not_enough_advance"]
    given = ledger.refund(paid.entry, **refund)
    assert (given.amount, standing(customer)) == (70, (0, 0))
    with pytest.raises(Conflict, match="refunded"):
        ledger.reverse(paid.entry, reason="bounced", by=None, now=NOW)
    ledger.reverse(given, reason="came back", by=None, now=NOW)
    assert standing(customer) == (0, 70)


def test_a_debt_is_written_off_and_recovered():
    customer = make_customer()
    debt = bill(customer, 100)
    pay(customer, 20)
    off = ledger.write_off(debt, reason="insolvent", by=None, now=NOW)
    debt.refresh_from_db()
    assert (off.amount, debt.state, debt.open_amount, debt.written_off_amount) == (
        80, "written_off", 0, 80,
    )  # fmt: skip
    with pytest.raises(Conflict, match="nothing_open"):
        ledger.write_off(debt, reason="again", by=None, now=NOW)
    ledger.recover(debt, amount=D(50), reason="the receiver pays", by=None, now=NOW)
    debt.refresh_from_db()
    assert (debt.state, debt.open_amount, standing(customer)) == ("open", 50, (50, 0))
    with pytest.raises(Conflict, match="recovered_since"):
        ledger.reverse(off, reason="after all", by=None, now=NOW)
    pay(customer, 50)
    debt.refresh_from_db()
    assert (debt.state, debt.written_off_amount, standing(customer)) == (
        "written_off", 30, (0, 0),
    )  # fmt: skip


def test_a_dead_debt_is_written_off_with_an_approval_alone():
    debt = bill(make_customer(), 100)
    Receivable.objects.filter(pk=debt.pk).update(value_class="dead")
    with pytest.raises(NotAllowed, match="approval_needed"):
        ledger.write_off(debt, reason="gone", by=make_user(role="finance"), now=NOW)


def test_a_charge_is_paid_before_the_debts_and_names_its_principal():
    customer = make_customer()
    debt = bill(customer, 100, due=-30)
    charge = ledger.charge(customer, amount=D("1.25"), currency="CNY", issued_on=DAY, due_on=DAY,
                           principal=debt, note="interest", by=None, now=NOW)  # fmt: skip
    paid = pay(customer, 50)
    assert [(one.receivable_id, one.amount) for one in paid.allocations] == [
        (charge.pk, D("1.25")), (debt.pk, D("48.75")),
    ]  # fmt: skip
    assert charge.principal_id == debt.pk


def test_a_due_day_is_moved_with_a_reason_and_on_record():
    debt = bill(make_customer(), 100, due=None)
    assert debt.limitation_from is None
    moved = ledger.move_due_date(debt, due_on=DAY + timedelta(days=9), reason="sold through",
                                 by=None, now=NOW)  # fmt: skip
    assert (moved.due_on, moved.limitation_from) == (
        DAY + timedelta(days=9), DAY + timedelta(days=10),
    )  # fmt: skip
    line = TimelineEntry.objects.get(code="ledger_due_moved")
    assert (line.data["before"], line.data["reason"]) == (None, "sold through")


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"amount": D(0)}, "amount_not_positive"),
        ({"amount": D("NaN")}, "amount_not_positive"),
        ({"amount": D("1.001")}, "too_many_decimals"),
        ({"amount": D("1.5"), "currency": "JPY"}, "too_many_decimals"),
        ({"currency": "BHD"}, "currency_too_fine"),
        ({"currency": "yuan"}, "currency_not_understood"),
        ({"received_on": DAY + timedelta(days=1)}, "day_to_come"),
        ({"received_on": date(1900, 1, 1)}, "day_too_old"),
        ({"means": "cheque"}, "means_not_money"),
        ({"means": ""}, "means_not_money"),
        ({"means": "moved"}, "means_not_money"),
        ({"reference": "x" * 121}, "too_long"),
        ({"note": "a\x00b"}, "bad_character"),
    ],
)
def test_a_payment_that_cannot_be_is_refused(values, code):
    with pytest.raises(BadInput) as refused:
        ledger.receive_payment(make_customer(), **{
            "amount": D(10), "currency": "CNY", "means": "cash", "received_on": DAY, "by": None,
            "now": NOW, **values})  # fmt: skip
    assert code_of(refused.value) == [code]
    assert not LedgerEntry.objects.exists()


def test_a_payment_tells_its_delay_once():
    customer = make_customer()
    bill(customer, 10, due=-12)
    bill(customer, 10, due=3)
    paid = pay(customer, 20, after_collection=True)
    event = Event.objects.get(code="payment_received")
    assert (event.key, event.on, event.data) == (
        f"payment:{paid.entry.pk}", DAY,
        {"amount": 20, "days_late": 12, "after_collection": True},
    )  # fmt: skip


def test_many_rows_have_the_effects_of_one_by_one_and_tell_what_is_wrong():
    first, second = make_customer(), make_customer()
    bills = bill_many(
        [BillRow(first.pk, D(100), "CNY", DAY, DAY, external_key="b1"),
         BillRow(second.pk, D(-1), "CNY", DAY, DAY, external_key="b2"),
         BillRow(second.pk, D(5), "CNY", DAY, DAY, external_key="b3")],
        by=None, now=NOW,
    )  # fmt: skip
    assert [type(one).__name__ for one in bills] == ["Billed", "BadInput", "Billed"]
    wanted = [(first, 30, "p1"), (first, 80, "p2"), (second, 5, "p1"), (first, 30, "p1")]
    rows = [CreditRow(one.pk, D(amount), "CNY", DAY, means="transfer", external_key=key)
            for one, amount, key in wanted]  # fmt: skip
    paid = receive_many(rows, by=None, now=NOW)
    assert [getattr(one, "left", None) for one in paid] == [0, 10, None, 0]
    assert (paid[2].code, paid[3].is_known) == ("key_of_another", True)
    again = receive_many(rows[:2], by=None, now=NOW)
    assert [one.is_known for one in again] == [True, True]
    assert (standing(first), standing(second)) == ((0, 10), (5, 0))
    assert [one.action for one in AuditEntry.objects.order_by("id")] == [
        "bill_many", "receive_many",
    ]  # fmt: skip
