"""Selling on terms: told, agreed, concluded, delivered, owed; refused with the reason (SA3–SA7)."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from genjin.customers.models import Event, TimelineEntry
from genjin.flows import selling
from genjin.followups.operations.permissions import place_hold
from genjin.foundation import approvals
from genjin.kernel.errors import BadInput, Conflict, NotAllowed
from genjin.receivables.models import LedgerEntry, Receivable
from genjin.receivables.operations import ledger
from genjin.sales import credit, delivering, ordering
from genjin.sales.models import CreditAccount, Delivery, Order, OrderLine
from genjin.sales.ordering import LineDraft, TermsDraft
from genjin.sales.terms import Due
from tests.factories import NOW, make_category, make_customer, make_team, make_user

pytestmark = pytest.mark.django_db
TODAY = NOW.date()


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def seller(team):
    return make_user(role="salesperson", team=team)


@pytest.fixture
def manager(team):
    return make_user(role="manager", team=team)


def line(amount, **values):
    return LineDraft(category=make_category(), unit_price=Decimal(amount), **values)


def draft(customer, seller, *lines, term="before", net_days=0, plan=()):
    return ordering.draft_order(
        customer, lines=lines or [line(1000)], rules=credit.terms_rules(), by=seller, now=NOW,
        payment=TermsDraft(term, net_days, tuple(plan)),
    )  # fmt: skip


def agreed(customer, seller, *lines, **terms):
    order = draft(customer, seller, *lines, **terms)
    selling.record_terms(order, answers=["told", "agreed"], means="call", by=seller, now=NOW)
    return order


def concluded(customer, seller, *lines, **terms):
    return selling.conclude_order(agreed(customer, seller, *lines, **terms), by=seller, now=NOW)


def pay(customer, amount, by, on=TODAY):
    return ledger.receive_payment(
        customer, amount=Decimal(amount), currency="CNY", means="transfer", received_on=on, by=by,
        now=NOW,
    )  # fmt: skip


def planned(order, seller, **values):
    return delivering.plan_delivery(order, planned_on=TODAY, by=seller, now=NOW, **values)


def arrived(order, seller, **values):
    delivery = selling.release_delivery(planned(order, seller), by=seller, now=NOW)
    delivery = selling.ship_delivery(delivery, by=seller, now=NOW)
    return selling.record_arrival(
        delivery, delivered_on=TODAY, condition="good", by=seller, now=NOW, **values
    )


def regular(customer, seller, manager, *, limit="10000"):
    """Three orders paid in time, an inquiry, a limit: a customer with open credit."""
    for _ in range(3):
        order = concluded(customer, seller, line(100))
        pay(customer, 100, manager)
        arrived(order, seller)
    credit.record_inquiry(customer, cause="new", made_on=TODAY, source="register", result="good",
                          by=manager, now=NOW)  # fmt: skip
    selling.set_credit(customer, limit=Decimal(limit), standing="open", reason="pays in time",
                       by=manager, now=NOW)  # fmt: skip


def reasons(error):
    return [one["code"] for one in error.value.data["reasons"]]


def test_an_order_is_concluded_only_with_terms_told_and_agreed_on_record(seller):
    customer = make_customer()
    order = draft(customer, seller)
    with pytest.raises(Conflict) as error:
        selling.conclude_order(order, by=seller, now=NOW)
    assert error.value.code == "terms_not_agreed"
    with pytest.raises(Conflict) as error:
        selling.record_terms(order, answers=["agreed"], means="call", by=seller, now=NOW)
    assert error.value.code == "terms_not_told"
    selling.record_terms(order, answers=["told", "agreed"], means="call", by=seller, now=NOW)
    made = selling.conclude_order(order, by=seller, now=NOW)
    assert (made.state, made.number[:3]) == ("concluded", "SO-")
    assert [one.state for one in made.lines.all()] == ["concluded"]
    told = TimelineEntry.objects.filter(customer=customer, kind="order").order_by("id")
    assert [one.code for one in told] == [
        "order_drafted", "terms_told", "terms_agreed", "order_concluded", "order_entered",
    ]  # fmt: skip
    assert Event.objects.filter(code="deal_done").count() == 1


def test_what_was_agreed_is_what_is_concluded(seller):
    order = agreed(make_customer(), seller)
    ordering.change_order(order, lines=[line(2000)], payment=TermsDraft(), by=seller, now=NOW,
                          rules=credit.terms_rules())  # fmt: skip
    with pytest.raises(Conflict) as error:
        selling.conclude_order(order, by=seller, now=NOW)
    assert error.value.code == "terms_not_agreed"
    assert OrderLine.objects.filter(state="concluded").count() == 0


def test_a_company_agrees_by_a_person_or_a_proof(seller):
    order = draft(make_customer(name="华南五金有限公司", kind="organisation"), seller)
    with pytest.raises(BadInput) as error:
        selling.record_terms(order, answers=["told", "agreed"], means="call", by=seller, now=NOW)
    assert list(error.value.problems) == ["person"]
    assert order.agreements.count() == 0
    selling.record_terms(order, answers=["told", "agreed"], means="signed", evidence="scan 7",
                         by=seller, now=NOW)  # fmt: skip
    assert order.agreements.count() == 2


def test_a_new_customer_cannot_buy_on_credit_and_hears_what_is_open(seller):
    order = agreed(make_customer(), seller, term="after", net_days=30)
    with pytest.raises(Conflict) as error:
        selling.conclude_order(order, by=seller, now=NOW)
    assert error.value.code == "term_not_open"
    assert error.value.data["permitted"] == ["before", "on_delivery"]
    assert reasons(error) == ["new_customer", "no_credit", "too_few_paid", "no_inquiry"]
    assert Receivable.objects.count() == 0


def test_credit_opens_only_with_orders_paid_an_inquiry_and_a_named_limit(seller, manager):
    customer = make_customer()
    with pytest.raises(BadInput) as error:
        selling.set_credit(customer, limit=Decimal(1000), standing="open", reason="asked",
                           by=manager, now=NOW)  # fmt: skip
    assert [one.code for one in error.value.problems[""]] == ["too_few_paid", "no_inquiry"]
    with pytest.raises(NotAllowed):
        selling.set_credit(customer, limit=Decimal(1), standing="open", reason="x", by=seller,
                           now=NOW)  # fmt: skip
    regular(customer, seller, manager)
    account = CreditAccount.objects.get(members__customer=customer)
    assert (account.standing, account.limit) == ("open", Decimal(10000))


def test_an_order_past_the_limit_is_refused_with_the_sum(seller, manager):
    customer = make_customer()
    regular(customer, seller, manager)
    first = concluded(customer, seller, line(7000), term="after", net_days=30)
    arrived(first, seller)
    order = agreed(customer, seller, line(3001), term="after", net_days=30)
    with pytest.raises(Conflict) as error:
        selling.conclude_order(order, by=seller, now=NOW)
    assert reasons(error) == ["over_limit"]
    data = error.value.data["reasons"][0]["data"]
    assert (data["used"], data["room"], data["amount"]) == ("7000.00", "3000.00", "3001.00")
    pay(customer, 1, manager)
    assert selling.conclude_order(order, by=seller, now=NOW).state == "concluded"


def test_closing_and_reopening_is_no_way_around_the_limit(seller, manager):
    customer = make_customer()
    regular(customer, seller, manager)
    big = concluded(customer, seller, line(9000), term="after", net_days=30)
    selling.close_order(big, reason="put off", by=seller, now=NOW)
    concluded(customer, seller, line(5000), term="after", net_days=30)
    with pytest.raises(Conflict) as error:
        selling.reopen_order(Order.objects.get(pk=big.pk), reason="now", by=seller, now=NOW)
    assert reasons(error) == ["over_limit"]


def test_a_head_office_and_its_branches_share_one_limit(seller, manager):
    head, branch = make_customer(name="总部"), make_customer(name="分店")
    regular(head, seller, manager)
    credit.share_account([branch], head=head, by=manager, now=NOW, reason="one group")
    concluded(branch, seller, line(6000), term="after", net_days=30)
    order = agreed(head, seller, line(4001), term="after", net_days=30)
    with pytest.raises(Conflict) as error:
        selling.conclude_order(order, by=seller, now=NOW)
    assert reasons(error) == ["over_limit"]


def test_an_exception_needs_a_named_approval_and_holds_for_these_terms_alone(seller, manager, team):
    supervisor = make_user(role="supervisor", team=team)
    order = agreed(make_customer(), seller, line(5000), term="after", net_days=30)
    asked = selling.ask_exception(order, reason="a school, safe", by=seller, now=NOW)
    assert asked.role == "supervisor"
    with pytest.raises(NotAllowed):
        approvals.decide(asked, approve=True, by=seller, now=NOW)
    approvals.decide(asked, approve=True, by=supervisor, now=NOW)
    made = selling.conclude_order(Order.objects.get(pk=order.pk), by=seller, now=NOW)
    assert made.state == "concluded"
    other = agreed(make_customer(), seller, line(5000), term="after", net_days=30)
    asked = selling.ask_exception(other, reason="a school", by=seller, now=NOW)
    ordering.change_order(other, lines=[line(9000)], payment=TermsDraft("after", 30), by=seller,
                          now=NOW, rules=credit.terms_rules())  # fmt: skip
    with pytest.raises(Conflict) as error:
        approvals.decide(asked, approve=True, by=manager, now=NOW)
    assert error.value.code == "order_changed_since"


def test_goods_to_be_paid_before_leave_only_when_they_are_paid(seller, manager):
    customer = make_customer()
    order = concluded(customer, seller, line(1000))
    delivery = planned(order, seller)
    with pytest.raises(selling.DeliveryRefused) as error:
        selling.release_delivery(delivery, by=seller, now=NOW)
    assert [one.code for one in error.value.reasons] == ["not_paid_before"]
    kept = Delivery.objects.get(pk=delivery.pk)
    assert (kept.state, kept.withheld[0]["code"]) == ("planned", "not_paid_before")
    assert TimelineEntry.objects.filter(code="delivery_withheld").count() == 1
    pay(customer, 1000, manager)
    released = selling.release_delivery(kept, by=seller, now=NOW)
    assert (released.state, released.withheld, released.number[:3]) == ("released", [], "DN-")


def test_a_hold_refuses_the_delivery_with_the_reason(seller, manager):
    customer = make_customer()
    order = concluded(customer, seller, line(1000))
    pay(customer, 1000, manager)
    place_hold(customer, purposes=["deliver"], reason="credit", note="cheque bounced",
               starts_at=NOW, ends_at=NOW + timedelta(days=5), source=("person", str(manager.pk)),
               by=manager, now=NOW)  # fmt: skip
    with pytest.raises(selling.DeliveryRefused) as error:
        selling.release_delivery(planned(order, seller), by=seller, now=NOW)
    (reason,) = error.value.reasons
    assert (reason.code, reason.data["note"]) == ("delivery_held", "cheque bounced")


def test_what_arrived_is_owed_by_its_terms_and_told_once(seller, manager):
    customer = make_customer()
    regular(customer, seller, manager)
    order = concluded(customer, seller, line(800, quantity=Decimal(2)), term="after", net_days=30)
    delivery = planned(order, seller, quantities={order.lines.get().pk: Decimal(1)})
    selling.release_delivery(delivery, by=seller, now=NOW)
    delivery = Delivery.objects.get(pk=delivery.pk)
    selling.ship_delivery(delivery, by=seller, now=NOW)
    selling.record_arrival(delivery, delivered_on=TODAY, condition="damaged", note="a dent",
                           receiver="门卫", by=seller, now=NOW)  # fmt: skip
    owed = Receivable.objects.get(source_kind="delivery", source_id=str(delivery.pk))
    assert (owed.amount, owed.due_on) == (Decimal(800), TODAY + timedelta(days=30))
    assert owed.order_ref == str(order.pk)
    event = Event.objects.get(code="goods_delivered", source_id=str(delivery.pk))
    assert event.on == TODAY
    rest = planned(order, seller)
    assert rest.amount == Decimal(800)
    with pytest.raises(BadInput) as error:
        planned(order, seller)
    assert [one.code for one in error.value.problems["lines"]] == ["nothing_left_to_deliver"]


def test_money_taken_by_the_deliverer_pays_what_was_delivered(seller):
    order = concluded(make_customer(), seller, line(500), term="on_delivery")
    delivery = arrived(order, seller, collected_amount=Decimal(500))
    owed = Receivable.objects.get(source_id=str(delivery.pk))
    assert (owed.state, owed.settled_on) == ("settled", TODAY)
    assert LedgerEntry.objects.get(kind="payment").means == "deliverer"


def test_each_instalment_is_a_receivable_and_the_first_is_paid_before_goods_leave(seller, manager):
    customer = make_customer()
    regular(customer, seller, manager)
    plan = [Due(TODAY, Decimal(300)), Due(date(2026, 12, 23), Decimal(350)),
            Due(date(2027, 1, 23), Decimal(350))]  # fmt: skip
    order = concluded(customer, seller, line(1000), term="instalments", plan=plan)
    owed = Receivable.objects.filter(order_ref=str(order.pk)).order_by("position")
    assert [(one.position, one.due_on, one.amount) for one in owed] == [
        (1, TODAY, Decimal(300)), (2, date(2026, 12, 23), Decimal(350)),
        (3, date(2027, 1, 23), Decimal(350))]  # fmt: skip
    assert order.is_verification_needed
    Order.objects.filter(pk=order.pk).update(is_verified=True)
    delivery = planned(order, seller)
    with pytest.raises(selling.DeliveryRefused) as error:
        selling.release_delivery(delivery, by=seller, now=NOW)
    assert [one.code for one in error.value.reasons] == ["instalment_unpaid"]
    pay(customer, 300, manager)
    assert selling.release_delivery(delivery, by=seller, now=NOW).state == "released"


def test_a_sale_in_instalments_waits_for_its_verification(seller, manager):
    customer = make_customer()
    regular(customer, seller, manager)
    plan = [Due(date(2026, 12, 23), Decimal(500)), Due(date(2027, 1, 23), Decimal(500))]
    order = concluded(customer, seller, line(1000), term="instalments", plan=plan)
    with pytest.raises(selling.DeliveryRefused) as error:
        selling.release_delivery(planned(order, seller), by=seller, now=NOW)
    assert [one.code for one in error.value.reasons] == ["not_verified"]


def test_a_cancelled_order_credits_its_bill_and_what_was_paid_is_an_advance(seller, manager):
    customer = make_customer()
    order = concluded(customer, seller, line(1000))
    pay(customer, 400, manager)
    selling.cancel_order(order, reason="changed their mind", by=seller, now=NOW)
    account = customer.accounts.get()
    assert (account.open, account.advance) == (Decimal(0), Decimal(400))
    assert OrderLine.objects.get(order=order).state == "cancelled"


def test_an_order_that_left_is_not_cancelled_any_more(seller, manager):
    customer = make_customer()
    order = concluded(customer, seller, line(1000))
    pay(customer, 1000, manager)
    arrived(order, seller)
    with pytest.raises(Conflict) as error:
        selling.cancel_order(order, reason="too late", by=seller, now=NOW)
    assert error.value.code == "order_was_delivered"
    assert Order.objects.get(pk=order.pk).state == "concluded"


def test_bad_news_restrains_credit_but_never_opens_it(seller, manager):
    customer = make_customer()
    regular(customer, seller, manager)
    made = credit.restrain_credit(customer, standing="stopped", reason="cheque", by=None, now=NOW)
    assert made.standing == "stopped"
    assert credit.restrain_credit(customer, standing="watch", reason="x", by=None, now=NOW) is None
    order = agreed(customer, seller, line(1), term="after", net_days=30)
    with pytest.raises(Conflict) as error:
        selling.ask_exception(order, reason="please", by=seller, now=NOW)
    assert error.value.code == "credit_stopped"
