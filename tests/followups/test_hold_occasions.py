"""Holds for a complaint, a bereavement and debts in dispute (FU4)."""

from datetime import timedelta
from decimal import Decimal

import pytest

from genjin.customers import holds
from genjin.customers.models import Customer, Hold
from genjin.followups import gate
from genjin.followups.operations import (
    hold_for_bereavement,
    hold_for_complaint,
    hold_receivables,
    place_hold,
    plan_followup,
    release_hold,
    renew_hold,
)
from genjin.foundation import approvals
from genjin.foundation.models import Approval
from genjin.kernel.errors import BadInput, Conflict
from tests.factories import NOW, SHANGHAI, make_customer, make_queue, make_team, make_user

pytestmark = pytest.mark.django_db
DEBT, OTHER = "receivable-1", "receivable-2"


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


def allowed(customer, purpose, at) -> bool:
    """What the gate says to one, which what it says to many must agree with."""
    answer = gate.ask(customer, purpose=purpose, channel="call", now=at).is_allowed
    everybody = Customer.objects.filter(pk=customer.pk)
    assert gate.forecast(everybody, purpose=purpose, channel="call", now=at).allowed == int(answer)
    return answer


def test_a_complaint_stops_selling_until_settled_and_all_dunning_for_three_working_days(
    customer, collector
):
    row = plan_followup(customer, queue=make_queue(purpose="collect"), purpose="collect",
                        cause_key="c:1", by=None, now=NOW)  # fmt: skip
    hold = hold_for_complaint(customer, complaint="7", about=[DEBT], amount=Decimal(300),
                              currency="CNY", note="货不对板", by=collector, now=NOW)  # fmt: skip
    # Monday the 23rd: three working days later is Thursday the 26th, and Friday is free.
    assert hold.collect_until.astimezone(SHANGHAI).isoformat() == "2026-11-27T00:00:00+08:00"
    thursday, friday = NOW + timedelta(days=3), NOW + timedelta(days=4)
    assert [allowed(customer, "collect", at) for at in (NOW, thursday, friday)] == [
        False, False, True,
    ]  # fmt: skip
    for purpose in ("sell", "survey", "care"):
        assert not allowed(customer, purpose, friday)
    assert allowed(customer, "service", NOW)
    row.refresh_from_db()
    assert (row.state, row.not_before) == ("planned", friday.replace(hour=9))
    assert [one.pk for one in holds.on_receivables([DEBT, OTHER], friday)] == [hold.pk]
    assert holds.on_receivables([OTHER], friday) == []


def test_a_complaint_that_names_no_debt_lets_dunning_go_on_after_three_working_days(
    customer, collector
):
    hold_for_complaint(customer, complaint="8", note="态度", by=collector, now=NOW)
    assert not allowed(customer, "collect", NOW)
    assert allowed(customer, "collect", NOW + timedelta(days=4))


def test_a_disputed_debt_stops_its_own_dunning_and_nothing_else(customer, collector):
    hold = hold_receivables(customer, about=[DEBT], amount=Decimal("99.50"), currency="CNY",
                            note="数量不符", source=("person", str(collector.pk)), by=collector,
                            now=NOW)  # fmt: skip
    assert isinstance(hold, Hold)
    assert (hold.reason, hold.about, hold.amount, hold.ends_at) == (
        "dispute", [DEBT], Decimal("99.5"), NOW + timedelta(days=30),
    )  # fmt: skip
    assert allowed(customer, "collect", NOW)
    assert holds.on_receivables([DEBT], NOW + timedelta(days=30)) == []
    release_hold(hold, by=collector, now=NOW, reason="已对清")
    assert holds.on_receivables([DEBT], NOW) == []


def test_a_second_hold_on_a_debt_within_90_days_waits_for_a_supervisor(customer, collector, chief):
    terms = {"about": [DEBT], "source": ("person", str(collector.pk)), "by": collector}
    hold_receivables(customer, **terms, note="数量不符", now=NOW)
    later = NOW + timedelta(days=40)
    second = {**terms, "about": [OTHER, DEBT], "note": "又说价格不对", "now": later, "days": 10}
    asked = hold_receivables(customer, **second, amount=Decimal(50), currency="CNY")
    assert isinstance(asked, Approval)
    assert (asked.kind, asked.title["data"]["count"]) == ("receivable_hold", 2)
    assert Hold.objects.count() == 1
    with pytest.raises(Conflict, match="already_asked"):
        hold_receivables(customer, **second)
    at = later + timedelta(hours=1)
    approvals.decide(asked, approve=True, by=chief, now=at)
    fresh = Hold.objects.latest("placed_at")
    assert (fresh.placed_by, fresh.about, fresh.amount, fresh.ends_at) == (
        collector, [DEBT, OTHER], Decimal(50), at + timedelta(days=10),
    )  # fmt: skip


def test_another_debt_or_one_held_long_ago_is_held_without_asking(customer, collector):
    terms = {"note": "数量不符", "source": ("person", str(collector.pk)), "by": collector}
    hold_receivables(customer, **terms, about=[DEBT], now=NOW)
    assert isinstance(hold_receivables(customer, **terms, about=[OTHER], now=NOW), Hold)
    after = NOW + timedelta(days=91)
    assert isinstance(hold_receivables(customer, **terms, about=[DEBT], now=after), Hold)


def test_a_renewed_hold_goes_on_naming_its_debts(customer, chief):
    hold = hold_receivables(customer, about=[DEBT], amount=Decimal(5), currency="CNY", note="对账",
                            source=("person", str(chief.pk)), by=chief, now=NOW)  # fmt: skip
    at = NOW + timedelta(days=21)
    renewed = renew_hold(hold, note="仍在对账", by=chief, now=at, days=10)
    assert (renewed.about, renewed.amount, renewed.currency) == ([DEBT], Decimal(5), "CNY")
    assert allowed(customer, "collect", at)
    assert [one.pk for one in holds.on_receivables([DEBT], at)] == [renewed.pk]


def test_bereavement_stops_selling_and_dunning_for_thirty_days(customer, collector):
    hold_for_bereavement(customer, note="家父过世", source=("person", str(collector.pk)),
                         by=collector, now=NOW)  # fmt: skip
    last, after = NOW + timedelta(days=29), NOW + timedelta(days=30)
    assert [allowed(customer, one, last) for one in ("sell", "collect", "service")] == [
        False, False, True,
    ]  # fmt: skip
    assert allowed(customer, "collect", after)


def test_a_credit_hold_stops_deliveries_and_no_contact(customer, chief):
    values = {"reason": "credit", "note": "前款未清", "source": ("credit", "1"), "by": chief}
    hold = place_hold(customer, purposes=["deliver"], **values, days=10, now=NOW)
    assert holds.stops_delivery(customer, NOW) == hold
    assert allowed(customer, "sell", NOW)
    assert holds.stops_delivery(customer, NOW + timedelta(days=10)) is None
    assert holds.stops_delivery(make_customer(), NOW) is None
    release_hold(hold, by=chief, now=NOW, reason="已付款")
    assert holds.stops_delivery(customer, NOW) is None


@pytest.mark.parametrize(
    ("values", "place"),
    [
        ({"purposes": ["sell"], "about": [DEBT]}, "about"),
        ({"purposes": ["collect"], "amount": Decimal(5), "currency": "CNY"}, "amount"),
        ({"purposes": ["collect"], "about": [DEBT], "amount": Decimal(5)}, "amount"),
        ({"purposes": ["collect"], "about": [DEBT], "amount": Decimal(0), "currency": "CNY"},
         "amount"),
    ],
)  # fmt: skip
def test_an_amount_without_its_debts_is_refused(customer, chief, values, place):
    with pytest.raises(BadInput) as bad:
        place_hold(customer, reason="dispute", note="x", source=("person", "1"), by=chief, now=NOW,
                   days=5, **values)  # fmt: skip
    assert place in bad.value.problems
