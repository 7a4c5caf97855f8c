"""Promises: recorded, kept still, found from the ledger, and judged on fresh news alone (RE6)."""

from datetime import timedelta
from decimal import Decimal

import pytest

from genjin.customers.models import TimelineEntry
from genjin.followups import stops
from genjin.followups.models import FollowUp
from genjin.followups.operations import (
    begin_contact,
    hold_receivables,
    plan_followup,
    take_next,
)
from genjin.foundation import approvals
from genjin.foundation.models import Approval
from genjin.kernel.errors import BadInput
from genjin.receivables import resting
from genjin.receivables.models import Interruption, PaymentPromise
from genjin.receivables.operations import instruments, ledger
from genjin.receivables.operations.news import record_news
from genjin.receivables.operations.promises import break_promises, cancel_promise, record_promise
from tests.factories import NOW, make_customer, make_queue, make_team, make_user
from tests.receivables.books import bill, pay

pytestmark = pytest.mark.django_db
TODAY = NOW.date()
WEDNESDAY = TODAY + timedelta(days=2)


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def collector(team):
    return make_user(role="collector", team=team)


@pytest.fixture
def chief(team):
    return make_user(role="supervisor", team=team)


@pytest.fixture
def customer():
    return make_customer(phone="+8613800138000")


def promised(customer, by, amount, **values) -> PaymentPromise:
    made = record_promise(customer, **{
        "amount": Decimal(amount), "currency": "CNY", "promised_on": WEDNESDAY, "by": by,
        "now": NOW, **values,
    })  # fmt: skip
    assert isinstance(made, PaymentPromise)
    return made


def dunnable(customer, at=NOW) -> Decimal:
    debts = resting.debts_of([customer.pk], at)[customer.pk]
    return sum((one.rest.dunnable for one in debts), Decimal(0))


def state(promise) -> tuple[str, Decimal]:
    promise.refresh_from_db()
    return promise.state, promise.paid_amount


def dunning(customer, key="c:1", **values) -> FollowUp:
    record_news(kind="import", complete_to=TODAY - timedelta(days=3), by=None, now=NOW)
    stops.forget()
    return plan_followup(customer, queue=make_queue(purpose="collect"), purpose="collect",
                         cause_key=key, by=None, now=NOW, **values)  # fmt: skip


def test_a_promise_covers_the_oldest_debt_first_and_keeps_that_much_still(customer, collector):
    old, new = bill(customer, 1000, due=-40), bill(customer, 500, due=-5)
    promise = promised(customer, collector, 1200, said_by="王会计", means="transfer")
    assert {one.receivable_id: one.amount for one in promise.covers.all()} == {
        old.pk: Decimal(1000), new.pk: Decimal(200),
    }  # fmt: skip
    assert (promise.until, promise.state) == (WEDNESDAY + timedelta(days=1), "open")
    assert dunnable(customer) == Decimal(300)
    assert dunnable(customer, NOW + timedelta(days=3)) == Decimal(300)
    assert dunnable(customer, NOW + timedelta(days=4)) == Decimal(1500)
    told = TimelineEntry.objects.get(code="payment_promised")
    assert (told.data["amount"], told.data["said_by"]) == ("1200.00", "王会计")


def test_dunning_ends_when_all_is_promised_and_a_callback_asked_for_stays(customer, collector):
    bill(customer, 1000, due=-40)
    row, asked = dunning(customer), dunning(customer, "c:2", asked_at=NOW + timedelta(days=1))
    promised(customer, collector, 1000)
    row.refresh_from_db()
    asked.refresh_from_db()
    assert (row.state, row.end_reason) == ("cancelled", "nothing_to_dun")
    assert asked.state == "planned"


def test_a_part_promised_leaves_the_dunning_of_the_rest(customer, collector):
    bill(customer, 1000, due=-40)
    row = dunning(customer)
    promised(customer, collector, 400)
    row.refresh_from_db()
    assert (row.state, dunnable(customer)) == ("ready", Decimal(600))


@pytest.mark.parametrize(
    ("values", "place", "code"),
    [
        ({"promised_on": None}, "promised_on", "deferral_needs_a_date"),
        ({"promised_on": TODAY - timedelta(days=1)}, "promised_on", "promised_day_is_past"),
        ({"amount": Decimal(0)}, "amount", "not_positive"),
        ({"amount": Decimal(1001)}, "amount", "more_than_is_owed"),
        ({"amount": Decimal("9.999")}, "amount", "too_many_decimals"),
        ({"means": "gold"}, "means", "not_a_choice"),
        ({"currency": "USD"}, "covers", "nothing_is_owed"),
    ],
)
def test_a_wrong_promise_is_refused_and_nothing_is_written(
    customer, collector, values, place, code
):
    bill(customer, 1000, due=-40)
    with pytest.raises(BadInput) as bad:
        record_promise(customer, **{"amount": Decimal(900), "currency": "CNY",
                                    "promised_on": WEDNESDAY, "by": collector, "now": NOW,
                                    **values})  # fmt: skip
    assert [one.code for one in bad.value.problems[place]] == [code]
    assert not PaymentPromise.objects.exists()


def test_covers_that_do_not_add_up_or_are_not_theirs_are_refused(customer, collector):
    debt, other = bill(customer, 1000, due=-40), bill(make_customer(), 1000, due=-40)
    for covers in (
        [(debt.pk, Decimal(800))],
        [(other.pk, Decimal(900))],
        [(debt.pk, Decimal(1900)), (debt.pk, Decimal(-1000))],
        [(debt.pk, Decimal(1000)), (other.pk, Decimal(-100))],
    ):
        with pytest.raises(BadInput):
            promised(customer, collector, 900, covers=covers)
    promise = promised(customer, collector, 900, covers=[(debt.pk, Decimal(900))])
    assert promise.covers.get().receivable_id == debt.pk


def test_what_is_promised_is_not_promised_twice(customer, collector):
    bill(customer, 1000, due=-40)
    promised(customer, collector, 700)
    with pytest.raises(BadInput):
        promised(customer, collector, 400)
    second = promised(customer, collector, 300, promised_on=WEDNESDAY + timedelta(days=5))
    assert (second.covers.get().amount, dunnable(customer)) == (Decimal(300), Decimal(0))


def test_one_yuan_needs_a_supervisor_and_buys_one_yuans_rest(customer, collector, chief):
    bill(customer, 1000, due=-40)
    asked = record_promise(customer, amount=Decimal(1), currency="CNY", promised_on=WEDNESDAY,
                           note="先付一元", by=collector, now=NOW)  # fmt: skip
    assert isinstance(asked, Approval)
    assert asked.kind == "payment_promise"
    assert [one["value"]["code"] for one in asked.evidence if one["code"] == "why"] == [
        "promise_small"
    ]
    assert dunnable(customer) == Decimal(1000)
    approvals.decide(asked, approve=True, by=chief, now=NOW + timedelta(hours=1))
    made = PaymentPromise.objects.get()
    assert (made.made_by, made.approval, dunnable(customer)) == (
        collector, str(asked.pk), Decimal(999),
    )  # fmt: skip


def test_a_supervisor_takes_a_far_promise_without_asking(customer, chief):
    bill(customer, 1000, due=-40)
    made = promised(customer, chief, 1000, promised_on=TODAY + timedelta(days=30))
    assert made.state == "open"


def test_an_approved_promise_whose_debt_was_paid_meanwhile_is_not_approved(
    customer, collector, chief
):
    bill(customer, 1000, due=-40)
    asked = record_promise(customer, amount=Decimal(1000), currency="CNY", by=collector, now=NOW,
                           promised_on=TODAY + timedelta(days=20), note="月底")  # fmt: skip
    pay(customer, 400)
    with pytest.raises(BadInput):
        approvals.decide(asked, approve=True, by=chief, now=NOW)
    asked.refresh_from_db()
    assert asked.state == "asked"


def test_after_two_broken_promises_the_next_is_a_supervisors(customer, collector, chief):
    bill(customer, 1000, due=-40)
    for number in range(2):
        PaymentPromise.objects.create(
            customer=customer, currency="CNY", amount=10, promised_on=TODAY, until=TODAY,
            state="broken", settled_on=TODAY - timedelta(days=number + 1), made_at=NOW,
        )  # fmt: skip
    made = record_promise(customer, amount=Decimal(1000), currency="CNY", promised_on=WEDNESDAY,
                          note="再信一次", by=collector, now=NOW)  # fmt: skip
    assert isinstance(made, Approval)


def test_kept_is_known_at_once_when_the_money_comes(customer, collector):
    bill(customer, 1000, due=-40)
    promise = promised(customer, collector, 1000)
    pay(customer, 400, now=NOW + timedelta(hours=2))
    assert state(promise) == ("open", Decimal(400))
    assert dunnable(customer, NOW + timedelta(hours=3)) == Decimal(0)
    pay(customer, 600, now=NOW + timedelta(hours=4))
    assert state(promise) == ("kept", Decimal(1000))
    assert TimelineEntry.objects.filter(code="promise_kept").count() == 1


def test_money_that_pays_an_older_debt_keeps_the_promise_too(customer, collector):
    old, new = bill(customer, 500, due=-50), bill(customer, 1000, due=-5)
    promise = promised(customer, collector, 600, receivables=[new.pk])
    pay(customer, 600, now=NOW + timedelta(hours=2))
    assert state(promise) == ("kept", Decimal(600))
    old.refresh_from_db()
    assert old.open_amount == 0


def test_one_payment_keeps_one_promise(customer, collector):
    bill(customer, 2000, due=-40)
    first = promised(customer, collector, 1000)
    second = promised(customer, collector, 1000, promised_on=WEDNESDAY + timedelta(days=7))
    pay(customer, 1000, now=NOW + timedelta(hours=1))
    assert (state(first), state(second)) == (("kept", Decimal(1000)), ("open", Decimal(0)))


def test_broken_is_said_only_when_payments_are_known_to_its_last_day(customer, collector):
    debt = bill(customer, 1000, due=-40)
    promise = promised(customer, collector, 1000)
    after = NOW + timedelta(days=4)
    assert break_promises(after) == 0
    record_news(kind="complete", complete_to=WEDNESDAY, by=collector, now=after)
    assert (break_promises(after), state(promise)[0]) == (0, "open")
    record_news(kind="import", complete_to=promise.until, by=collector, now=after)
    assert (break_promises(after), state(promise)[0]) == (1, "broken")
    assert promise.settled_on == after.date()
    debt.refresh_from_db()
    assert break_promises(after) == 0


def test_a_payment_that_is_found_to_have_come_in_time_mends_a_broken_promise(customer, collector):
    bill(customer, 1000, due=-40)
    promise = promised(customer, collector, 1000)
    after = NOW + timedelta(days=4)
    record_news(kind="import", complete_to=promise.until, by=collector, now=after)
    break_promises(after)
    pay(customer, 1000, received_on=WEDNESDAY, now=after)
    assert state(promise) == ("kept", Decimal(1000))


def test_a_payment_that_is_reversed_breaks_what_it_kept(customer, collector):
    bill(customer, 1000, due=-40)
    promise = promised(customer, collector, 1000)
    paid = pay(customer, 1000, now=NOW + timedelta(hours=1))
    assert state(promise)[0] == "kept"
    after = NOW + timedelta(days=4)
    record_news(kind="import", complete_to=promise.until, by=collector, now=after)
    ledger.reverse(paid.entry, reason="退票", by=None, now=after)
    assert state(promise) == ("broken", Decimal(0))


def test_a_credit_note_is_no_payment_but_leaves_nothing_to_keep(customer, collector):
    bill(customer, 1000, due=-40)
    promise = promised(customer, collector, 1000)
    ledger.credit_note(customer, amount=Decimal(400), currency="CNY", booked_on=TODAY,
                       reason="退货", by=None, now=NOW)  # fmt: skip
    assert state(promise) == ("open", Decimal(0))
    ledger.credit_note(customer, amount=Decimal(600), currency="CNY", booked_on=TODAY,
                       reason="退货", by=None, now=NOW)  # fmt: skip
    assert state(promise) == ("cancelled", Decimal(0))


def test_a_cheque_keeps_a_promise_of_a_cheque_and_its_money_does_not_count_twice(
    customer, collector
):
    bill(customer, 2000, due=-40)
    promise = promised(customer, collector, 1000, means="cheque")
    other = promised(customer, collector, 1000, promised_on=WEDNESDAY + timedelta(days=7))
    later = NOW + timedelta(hours=1)
    paper = instruments.receive_instrument(
        customer, kind="cheque", number="77", amount=Decimal(1000), currency="CNY",
        received_on=TODAY, matures_on=TODAY + timedelta(days=3), by=None, now=later,
    )  # fmt: skip
    type(paper).objects.filter(pk=paper.pk).update(created_at=later)
    after = NOW + timedelta(days=4)
    record_news(kind="import", complete_to=promise.until, by=collector, now=after)
    assert break_promises(after) == 1
    assert state(promise) == ("kept", Decimal(1000))
    instruments.clear(paper, on=after.date(), by=None, now=after)
    assert (state(promise)[0], state(other)) == ("kept", ("open", Decimal(0)))


def test_a_promise_and_a_part_payment_begin_the_limitation_period_anew(customer, collector):
    debt = bill(customer, 1000, due=-40)
    promised(customer, collector, 1000, said_by="王会计")
    pay(customer, 300, reference="回单9", now=NOW + timedelta(days=1))
    kinds = Interruption.objects.order_by("pk").values_list("kind", "on")
    assert list(kinds) == [("promise", TODAY), ("part_payment", TODAY)]
    debt.refresh_from_db()
    assert debt.limitation_from == TODAY
    assert "王会计" in Interruption.objects.get(kind="promise").proof


def test_a_cancelled_promise_is_dunned_again_and_needs_words(customer, collector):
    bill(customer, 1000, due=-40)
    promise = promised(customer, collector, 1000)
    with pytest.raises(BadInput):
        cancel_promise(promise, reason=" ", by=collector, now=NOW)
    cancel_promise(promise, reason="记错客户", by=collector, now=NOW)
    assert (promise.state, dunnable(customer)) == ("cancelled", Decimal(1000))


def test_a_hold_and_a_promise_never_take_off_more_than_is_open(customer, collector):
    debt = bill(customer, 1000, due=-40)
    promised(customer, collector, 600)
    hold_receivables(customer, about=[str(debt.pk)], amount=Decimal(700), currency="CNY",
                     note="数量不符", source=("person", "1"), by=collector, now=NOW)  # fmt: skip
    (found,) = resting.debts_of([customer.pk], NOW)[customer.pk]
    assert (found.rest.held, found.rest.promised, found.rest.dunnable) == (700, 300, 0)


def test_money_ends_the_dunning_of_whoever_paid_in_the_same_transaction(customer):
    bill(customer, 1000, due=-40)
    row = dunning(customer)
    pay(customer, 999)
    row.refresh_from_db()
    assert row.state == "ready"
    pay(customer, 1)
    row.refresh_from_db()
    assert (row.state, row.end_reason) == ("cancelled", "nothing_to_dun")


def test_what_is_in_hand_and_not_begun_ends_when_the_money_comes(customer, collector):
    bill(customer, 1000, due=-40)
    record_news(kind="import", complete_to=TODAY, by=collector, now=NOW)
    row = dunning(customer)
    assert take_next(collector, queues=[row.queue], now=NOW).followup == row
    pay(customer, 1000)
    row.refresh_from_db()
    assert row.state == "cancelled"
    bill(customer, 500, due=-3)
    begun = dunning(customer, "c:2")
    taken = take_next(collector, queues=[begun.queue], now=NOW).followup
    begin_contact(taken, point=customer.points.get(), by=collector, now=NOW)
    pay(customer, 500)
    begun.refresh_from_db()
    assert begun.state == "taken"


def test_debts_of_a_merged_card_count_as_the_survivors(customer, collector):
    gone = make_customer(name="旧卡")
    bill(gone, 800, due=-40)
    gone.merged_into = customer
    gone.save(update_fields=["merged_into"])
    promise = promised(customer, collector, 800)
    assert promise.covers.get().customer_id == gone.pk
    assert dunnable(customer) == 0
