"""The account of a customer: what it shows, what is entered there, and who may."""

from datetime import timedelta
from decimal import Decimal as D

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from tests.factories import make_customer, make_user
from tests.receivables.books import standing

from genjin.foundation import approvals
from genjin.foundation.models import Approval
from genjin.kernel.problems import Reason
from genjin.receivables import jobs
from genjin.receivables.models import Instrument, LedgerEntry, Receivable
from genjin.receivables.operations import instruments, ledger
from genjin.receivables.sentences import SENTENCES, sentence

pytestmark = pytest.mark.django_db


def today():
    return timezone.localdate(timezone=timezone.get_default_timezone())


@pytest.fixture
def customer():
    return make_customer(name="华东贸易")


@pytest.fixture
def finance():
    return signed_in("finance")


def signed_in(role, **fields):
    client = Client()
    client.user = make_user(role=role, language="en", **fields)
    client.force_login(client.user)
    return client


def debt(customer, amount, *, due=0, **values):
    options = {"currency": "CNY", "issued_on": today() - timedelta(days=100),
               "due_on": today() + timedelta(days=due), "by": None, "now": timezone.now(),
               **values}  # fmt: skip
    return ledger.bill(customer, amount=D(amount), **options)


def paid(customer, amount, **values):
    options = {"currency": "CNY", "means": "transfer", "received_on": today(), "by": None,
               "now": timezone.now(), **values}  # fmt: skip
    return ledger.receive_payment(customer, amount=D(amount), **options)


def url(name, customer, *args):
    return reverse(name, args=[customer.pk, *args])


def text_of(answer):
    return " ".join(answer.content.decode().split())


def payment(**values):
    return {"amount": "60", "currency": "CNY", "means": "cash", "received_on": today().isoformat(),
            "way": "rule", "reference": "", "note": "", **values}  # fmt: skip


def test_the_account_shows_what_is_open_overdue_and_in_advance(finance, customer):
    debt(customer, 100, due=-40, number="B-1")
    debt(customer, 50, due=10, number="B-2")
    paid(customer, 7, currency="USD")
    shown = text_of(finance.get(url("customer-account", customer)))
    for words in ("CN¥150.00", "CN¥100.00 overdue", "$7.00", "40 days late", "due in 10 days",
                  "B-1", "B-2", "in the customer"):  # fmt: skip
        assert words in shown, words


def test_a_payment_is_recorded_and_pays_the_oldest_first(finance, customer):
    late, early = debt(customer, 100, due=9), debt(customer, 40, due=-9)
    answer = finance.post(url("account-payment", customer), payment(reference="R-1"))
    assert answer.status_code == 302
    assert {one.pk: one.open_amount for one in Receivable.objects.all()} == {
        late.pk: 80, early.pk: 0,
    }  # fmt: skip
    entry = LedgerEntry.objects.get(kind="payment")
    assert (entry.by, entry.reference, entry.means) == (finance.user, "R-1", "cash")


def test_a_payment_goes_where_it_was_typed(finance, customer):
    first, second = debt(customer, 100, due=-9), debt(customer, 100, due=9)
    finance.post(url("account-payment", customer),
                 payment(way="named", **{f"part_{second.pk}": "60"}))  # fmt: skip
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.open_amount, second.open_amount) == (100, 40)


def test_what_is_wrong_stands_beside_it_and_nothing_is_booked(finance, customer):
    one = debt(customer, 50)
    answer = finance.post(url("account-payment", customer), payment(
        way="named", **{f"part_{one.pk}": "60"}))  # fmt: skip
    assert answer.status_code == 422
    assert "Only CN¥50.00 is open; CN¥60.00 is asked." in text_of(answer)
    answer = finance.post(url("account-payment", customer), payment(amount="", received_on=""))
    assert answer.context["form"].errors.keys() == {"amount", "received_on"}
    coming = (today() + timedelta(days=3)).isoformat()
    answer = finance.post(url("account-payment", customer), payment(received_on=coming))
    assert "This day is still to come." in text_of(answer)
    assert LedgerEntry.objects.count() == 1


def test_an_advance_is_used_given_back_and_taken_back(finance, customer):
    entry = paid(customer, 100).entry
    debt(customer, 30, use_advance=False)
    finance.post(url("entry-allocate", customer, entry.pk), {"way": "rule"})
    assert standing(customer) == (0, 70)
    refund = {"amount": "70", "means": "transfer", "refunded_on": today().isoformat(),
              "reason": "closed", "reference": ""}  # fmt: skip
    finance.post(url("entry-refund", customer, entry.pk), refund)
    assert standing(customer) == (0, 0)
    answer = finance.post(url("entry-reverse", customer, entry.pk), {"reason": "bounced"})
    assert answer.status_code == 422
    assert "CN¥70.00 of it was given back; reverse the refund first." in text_of(answer)


def test_a_cheque_is_taken_in_cleared_and_dishonoured(finance, customer):
    one = debt(customer, 80)
    day = today().isoformat()
    finance.post(url("account-cheque", customer), {
        "kind": "cheque", "number": "C-7", "amount": "80", "currency": "CNY", "bank": "工行",
        "drawer": "", "received_on": day, "matures_on": day})  # fmt: skip
    cheque = Instrument.objects.get()
    shown = text_of(finance.get(url("customer-account", customer)))
    assert "CN¥80.00 secured by cheques" in shown
    finance.post(url("cheque-step", customer, cheque.pk, "clear"), {"on": today().isoformat()})
    one.refresh_from_db()
    assert one.state == "settled"
    step = url("cheque-step", customer, cheque.pk, "dishonour")
    assert finance.post(step, {"on": today().isoformat()}).status_code == 422
    finance.post(step, {"on": today().isoformat(), "reason": "no funds"})
    one.refresh_from_db()
    assert (one.state, standing(customer)) == ("open", (80, 0))


def test_bills_charges_and_credit_notes_are_entered(finance, customer):
    day = today().isoformat()
    finance.post(url("account-bill", customer), {
        "amount": "100", "currency": "CNY", "number": "B-9", "issued_on": day, "due_on": "",
        "order_ref": "", "note": ""})  # fmt: skip
    one = Receivable.objects.get()
    finance.post(url("account-charge", customer), {
        "amount": "5", "currency": "CNY", "principal": str(one.pk), "issued_on": day,
        "due_on": day, "note": "interest"})  # fmt: skip
    finance.post(url("account-credit-note", customer), {
        "amount": "25", "currency": "CNY", "booked_on": day, "reference": "", "way": "rule",
        "reason": "one came back"})  # fmt: skip
    assert standing(customer) == (80, 0)
    assert Receivable.objects.get(is_charge=True).principal == one


def test_a_due_day_is_moved_and_a_debt_written_off_and_recovered(finance, customer):
    one = debt(customer, 100)
    day = (today() + timedelta(days=30)).isoformat()
    assert finance.post(url("debt-due", customer, one.pk), {"due_on": day}).status_code == 422
    finance.post(url("debt-due", customer, one.pk), {"due_on": day, "reason": "agreed"})
    finance.post(url("debt-write-off", customer, one.pk), {"amount": "100", "reason": "gone"})
    one.refresh_from_db()
    assert (one.due_on.isoformat(), one.state) == (day, "written_off")
    finance.post(url("debt-recover", customer, one.pk), {"amount": "60", "reason": "paid"})
    assert standing(customer) == (60, 0)
    shown = text_of(finance.get(url("debt", customer, one.pk)))
    assert "Recovery" in shown
    assert "CN¥40.00" in shown


def test_a_dead_debt_is_written_off_when_somebody_else_approves(finance, customer):
    one = debt(customer, 100)
    Receivable.objects.filter(pk=one.pk).update(value_class="dead")
    manager = make_user(role="manager")
    finance.post(url("debt-write-off", customer, one.pk), {"reason": "the company is gone"})
    one.refresh_from_db()
    assert one.state == "open"
    asked = Approval.objects.get()
    shown = text_of(finance.get(reverse("approval", args=[asked.pk])))
    assert "Write off 100.00 CNY of 华东贸易" in shown
    approvals.decide(asked, approve=True, by=manager, now=timezone.now())
    one.refresh_from_db()
    assert (one.state, one.rows.get(kind="write_off").detail) == (
        "written_off", {"approval": str(asked.pk)},
    )  # fmt: skip


def test_older_entries_come_by_the_page(finance, customer):
    for number in range(45):
        paid(customer, number + 1, currency="USD", reference=f"R{number:02}")
    answer = finance.get(url("customer-account", customer))
    assert "R44" in text_of(answer)
    assert "R04" not in text_of(answer)
    more = url("account-entries", customer) + f"?before={answer.context['more']}"
    whole, part = finance.get(more), finance.get(more, headers={"HX-Request": "true"})
    for shown in (text_of(whole), text_of(part)):
        assert "R04" in shown
        assert "R05" not in shown
    assert "<html" in text_of(whole)
    assert "<html" not in text_of(part)
    assert finance.get(url("account-entries", customer) + "?before=nonsense").status_code == 200


def test_the_pages_cost_the_same_with_few_rows_and_with_many(finance, customer):
    def cost(address):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert finance.get(address).status_code == 200
        # Settings are read once a second, whatever the page.
        return sum("policysetting" not in one["sql"] for one in queries.captured_queries)

    one = debt(customer, 100)
    paid(customer, 10)
    instruments.receive_instrument(
        customer, kind="cheque", number="0", amount=D(1), currency="CNY", received_on=today(),
        matures_on=today(), by=None, now=timezone.now(),
    )  # fmt: skip
    pages = [url("customer-account", customer), url("account-payment", customer),
             url("debt", customer, one.pk), url("customer", customer)]  # fmt: skip
    for page in pages:
        finance.get(page)
    few = [cost(page) for page in pages]
    for number in range(6):
        debt(customer, 20)
        paid(customer, 3, means="cash")
        instruments.receive_instrument(
            customer, kind="cheque", number=f"C{number}", amount=D(1), currency="CNY",
            received_on=today(), matures_on=today(), by=None, now=timezone.now(),
        )  # fmt: skip
    assert [cost(page) for page in pages] == few


def test_who_may_only_look_gets_no_buttons_and_another_scope_nothing(customer):
    team = make_user(role="supervisor").team
    agent = signed_in("agent", team=team)
    mine = make_customer(custodian=agent.user)
    debt(mine, 10)
    shown = text_of(agent.get(url("customer-account", mine)))
    assert "Record a payment" not in shown
    assert agent.get(url("customer-account", customer)).status_code == 404
    assert agent.post(url("account-payment", mine), payment()).status_code == 403


def test_another_customers_entry_or_debt_is_not_reached(finance, customer):
    other = make_customer()
    one, entry = debt(other, 10), paid(other, 3).entry
    for name, pk in (("debt", one.pk), ("debt-write-off", one.pk), ("entry-reverse", entry.pk)):
        assert finance.get(url(name, customer, pk)).status_code == 404


def test_the_card_and_its_history_tell_of_the_money(finance, customer):
    debt(customer, 100, due=-1, number="B-1")
    entry = paid(customer, 30, reference="R-1").entry
    ledger.reverse(entry, reason="booked twice", by=None, now=timezone.now())
    shown = text_of(finance.get(url("customer", customer)))
    for words in ("Owed and paid", "Of it overdue", "Billed: CN¥100.00 (B-1)",
                  "Paid: CN¥30.00, Bank transfer", "Reversed: Payment of CN¥30.00",
                  "booked twice"):  # fmt: skip
        assert words in shown, words


def test_the_check_runs_on_demand_and_its_result_is_shown(finance, customer):
    debt(customer, 100)
    assert finance.post(reverse("ledger-check")).status_code == 302
    jobs.check_nightly(timezone.now())
    shown = text_of(finance.get(reverse("ledger-check")))
    assert "The ledger is in order" in shown
    assert "CN¥100.00" in shown


def test_every_reason_has_its_sentence():
    data = {"limit": 3, "currency": "CNY", "most": 2, "year": 1980, "issued_on": today(),
            "received_on": today(), "open": D(1), "wanted": D(2), "left": D(1), "payment": "USD",
            "amount": D(1), "number": "7"}  # fmt: skip
    assert all(sentence(Reason(code, data)) for code in SENTENCES)
