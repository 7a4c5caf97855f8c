"""A fact outside the card stops a purpose for everybody: gate, queue and forecast alike (RE4)."""

from datetime import timedelta

import pytest

from genjin.customers.models import Customer
from genjin.followups import gate, stops
from genjin.followups.gate import WithheldError
from genjin.followups.operations import begin_contact, plan_followup, take_next
from genjin.kernel.problems import Reason
from tests.factories import NOW, make_customer, make_queue, make_user

pytestmark = pytest.mark.django_db
REASON = Reason("payment_news_stale", {"complete_to": NOW.date(), "age": 3, "limit": 2})


class Switch:
    """Whether the purpose is stopped at this moment of the test."""

    is_on = False

    def __call__(self, now):
        return REASON if self.is_on else None

    def turn(self, on: bool) -> None:
        self.is_on = on
        stops.forget()


@pytest.fixture
def switch(monkeypatch):
    monkeypatch.setattr(stops, "_stops", {})
    made = Switch()
    stops.register("collect", made)
    return made


def test_what_is_stopped_is_not_handed_out_and_comes_back_by_itself(switch):
    agent, queue = make_user(), make_queue(purpose="collect")
    customer = make_customer(phone="+8613800138000")
    row = plan_followup(customer, queue=queue, purpose="collect", cause_key="c:1", by=None, now=NOW)
    switch.turn(True)
    assert take_next(agent, queues=[queue], now=NOW) is None
    row.refresh_from_db()
    assert row.state == "ready"
    switch.turn(False)
    assert take_next(agent, queues=[queue], now=NOW).followup == row


def test_the_stop_comes_even_between_taking_and_ringing(switch):
    agent, queue = make_user(), make_queue(purpose="collect")
    customer = make_customer(phone="+8613800138000")
    plan_followup(customer, queue=queue, purpose="collect", cause_key="c:1", by=None, now=NOW)
    taken = take_next(agent, queues=[queue], now=NOW).followup
    switch.turn(True)
    point = customer.points.get()
    with pytest.raises(WithheldError) as held:
        begin_contact(taken, point=point, by=agent, now=NOW)
    assert [one.code for one in held.value.reasons] == ["payment_news_stale"]


def test_what_waits_for_one_person_by_name_is_set_aside_and_asked_again(switch):
    agent, queue = make_user(), make_queue(purpose="collect")
    row = plan_followup(make_customer(), queue=queue, purpose="collect", cause_key="c:1", by=None,
                        assigned_to=agent, now=NOW)  # fmt: skip
    switch.turn(True)
    assert take_next(agent, queues=[queue], now=NOW) is None
    row.refresh_from_db()
    assert (row.state, row.not_before) == ("planned", NOW + timedelta(minutes=30))
    switch.turn(False)
    later = NOW + timedelta(minutes=31)
    assert take_next(agent, queues=[queue], now=later).followup == row


def test_gate_and_forecast_say_the_same_and_other_purposes_go_on(switch):
    customer = make_customer()
    switch.turn(True)
    answer = gate.ask(customer, purpose="collect", channel="call", now=NOW)
    assert (answer.reasons, answer.next_allowed_at) == ((REASON,), NOW + timedelta(minutes=30))
    everybody = Customer.objects.all()
    found = gate.forecast(everybody, purpose="collect", channel="letter", now=NOW)
    assert found.held_back == {"payment_news_stale": 1}
    assert gate.ask(customer, purpose="service", channel="call", now=NOW).is_allowed
