"""The collector's desk: what each outcome of a collection call does (RE5, RE6, RE7, FU4)."""

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from genjin.complaints.models import Complaint
from genjin.complaints.operations import settle_complaint
from genjin.customers.models import Event, Hold
from genjin.flows.collecting import owed_by
from genjin.flows.desk import record_outcome
from genjin.flows.desk_form import OutcomeForm
from genjin.followups.models import Commitment
from genjin.foundation.models import Approval
from genjin.kernel.errors import BadInput
from genjin.receivables.models import ExcuseGiven, PaymentPromise
from genjin.receivables.operations import ledger
from tests.factories import NOW, make_customer, make_followup, make_queue, make_user

pytestmark = pytest.mark.django_db
TODAY = NOW.date()
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def collector():
    return make_user(role="collector")


@pytest.fixture
def customer():
    found = make_customer(name="华南五金", phone="+8613800138000")
    for number, amount, late in (("BL-1", "1000", 40), ("BL-2", "500", 10)):
        ledger.bill(
            found, amount=Decimal(amount), currency="CNY", issued_on=TODAY - timedelta(days=90),
            due_on=TODAY - timedelta(days=late), number=number, by=None, now=NOW,
        )  # fmt: skip
    return found


def call(customer, collector, outcome, **values):
    row = make_followup(customer=customer, queue=make_queue(purpose="collect"), state="taken",
                        purpose="collect", taken_by=collector)  # fmt: skip
    form = OutcomeForm(outcome=outcome, talk_seconds=60, **values)
    return record_outcome(row, by=collector, now=NOW, form=form)


def owed(customer, now=NOW):
    return sum((one.amount for one in owed_by(customer, now)), Decimal(0))


def test_a_promise_suspends_only_what_it_covers(customer, collector):
    call(customer, collector, "promised", promise_amount=Decimal(600),
         promise_date=TODAY + timedelta(days=5))  # fmt: skip
    promise = PaymentPromise.objects.get()
    assert (promise.amount, promise.state) == (Decimal(600), "open")
    assert owed(customer) == Decimal(900)


def test_a_promise_of_one_yuan_buys_nothing(customer, collector):
    make_user(role="manager")
    call(customer, collector, "promised", promise_amount=Decimal(1),
         promise_date=TODAY + timedelta(days=3))  # fmt: skip
    assert PaymentPromise.objects.count() == 0  # far below a third: a supervisor is asked
    assert Approval.objects.get().kind == "payment_promise"
    assert owed(customer) == Decimal(1500)


def test_a_deferral_always_has_a_date(customer, collector):
    with pytest.raises(BadInput) as error:
        call(customer, collector, "promised", promise_amount=Decimal(600))
    assert list(error.value.problems) == ["promise_date"]
    with pytest.raises(BadInput) as error:
        call(customer, collector, "promised", promise_amount=Decimal(9999),
             promise_date=TODAY + timedelta(days=3))  # fmt: skip
    assert list(error.value.problems) == ["promise_amount"]
    assert PaymentPromise.objects.count() == 0


def test_agreeing_to_pay_now_arranges_the_collection_in_the_same_step(customer, collector):
    with pytest.raises(BadInput) as error:
        call(customer, collector, "pays_now", promise_date=TODAY)
    assert list(error.value.problems) == ["arrangement"]
    call(customer, collector, "pays_now", promise_date=TODAY + timedelta(days=1),
         arrangement="visit")  # fmt: skip
    promise = PaymentPromise.objects.get()
    assert (promise.amount, promise.means) == (Decimal(1500), "cash")
    task = Commitment.objects.get()
    assert (task.owner, task.due_at.astimezone(SHANGHAI).date()) == (
        collector, TODAY + timedelta(days=1))  # fmt: skip
    assert owed(customer) == 0


def test_a_dispute_stops_all_dunning_three_working_days_and_then_what_it_names(customer, collector):
    call(customer, collector, "disputes", grievance="two cartons were missing",
         disputed_amount=Decimal(300))  # fmt: skip
    complaint = Complaint.objects.get()
    assert (complaint.kind, complaint.amount, len(complaint.about)) == (
        "dispute", Decimal(300), 2)  # fmt: skip
    hold = Hold.objects.get()
    # Monday the 23rd: Tuesday, Wednesday and Thursday are the three working days.
    assert hold.collect_until.astimezone(SHANGHAI).date() == TODAY + timedelta(days=4)
    assert set(hold.purposes) >= {"sell", "survey", "care", "collect"}
    assert owed(customer) == Decimal(1200)
    settle_complaint(complaint, settlement="credited", by=collector, now=NOW)
    assert owed(customer) == Decimal(1500)
    assert Event.objects.filter(code="complaint_settled").count() == 1


def test_our_own_fault_promises_a_corrected_notice_and_opens_a_complaint(customer, collector):
    with pytest.raises(BadInput) as error:
        call(customer, collector, "our_fault")
    assert list(error.value.problems) == ["grievance"]
    call(customer, collector, "our_fault", grievance="billed twice")
    assert Complaint.objects.get().kind == "our_fault"
    assert Commitment.objects.count() == 1
    assert owed(customer) == 0


def test_anger_is_counted_and_is_a_complaint_only_with_a_grievance(customer, collector):
    call(customer, collector, "angry", next_step="ask for Mrs Wang on Thursday")
    assert (ExcuseGiven.objects.get().code, Complaint.objects.count()) == ("anger", 0)
    assert owed(customer) == Decimal(1500)
    call(customer, collector, "angry", next_step="quality looks into it",
         grievance="the pump leaks")  # fmt: skip
    assert Complaint.objects.get().kind == "grievance"


def test_an_excuse_is_kept_with_what_it_proposes(customer, collector):
    call(customer, collector, "refuses_to_pay", excuse="no_cash", next_step="supervisor calls")
    kept = ExcuseGiven.objects.get()
    assert (kept.code, kept.proposed["action"]) == ("no_cash", "promise")
    with pytest.raises(BadInput) as error:
        call(customer, collector, "refuses_to_pay", excuse="dog_ate_it", next_step="-")
    assert list(error.value.problems) == ["excuse"]
    assert ExcuseGiven.objects.count() == 1


def test_who_says_it_is_paid_is_believed_until_it_was_looked_up(customer, collector):
    call(customer, collector, "says_paid", promise_date=TODAY - timedelta(days=1),
         promise_amount=Decimal(500))  # fmt: skip
    task = Commitment.objects.get()
    assert task.due_at == NOW + timedelta(days=3)
