"""What is changed on a card moves what waits for that customer in the queue."""

from datetime import timedelta

import pytest

from genjin.customers.operations.card import add_person
from genjin.flows import cards
from genjin.followups.models import FollowUp
from genjin.followups.operations import plan_followup, take_next
from tests.factories import NOW, make_customer, make_point, make_queue, make_user

pytestmark = pytest.mark.django_db
AFTERNOON = "mon-fri 14:00-16:00"


@pytest.fixture
def waiting():
    customer = make_customer(name="王小明", phone="+8613800138000", language="cmn")
    plan_followup(customer, queue=make_queue(), purpose="sell", cause_key="t:1", by=None, now=NOW)
    return FollowUp.objects.select_related("queue", "customer").get()


def next_of(agent, waiting, at=NOW):
    return take_next(agent, queues=[waiting.queue], now=at)


def test_hours_stated_on_the_card_keep_the_waiting_follow_up_until_they_begin(waiting):
    agent = make_user()
    cards.change_customer(waiting.customer, {"stated_hours": AFTERNOON}, by=agent, now=NOW)
    assert FollowUp.objects.get().lane.weekly == AFTERNOON
    assert next_of(agent, waiting) is None
    assert next_of(agent, waiting, NOW.replace(hour=14, minute=30)).followup.pk == waiting.pk


def test_hours_taken_back_let_the_follow_up_go_at_once(waiting):
    agent = make_user()
    cards.change_customer(waiting.customer, {"stated_hours": AFTERNOON}, by=agent, now=NOW)
    cards.change_customer(waiting.customer, {"stated_hours": ""}, by=agent, now=NOW)
    assert next_of(agent, waiting).followup.pk == waiting.pk


def test_hours_of_the_first_number_count_and_go_with_it(waiting):
    agent = make_user()
    point = waiting.customer.points.get()
    make_point(customer=waiting.customer, value="+8613900139000", position=1)
    cards.change_point(point, {"stated_hours": AFTERNOON}, by=agent, now=NOW)
    assert FollowUp.objects.get().lane.weekly == AFTERNOON
    cards.retire_point(point, by=agent, now=NOW)
    assert FollowUp.objects.get().lane.weekly == ""


def test_a_language_set_on_the_card_finds_who_speaks_it(waiting):
    clerk, speaker = make_user(), make_user(spoken=["yue"])
    cards.change_customer(waiting.customer, {"language": "yue"}, by=clerk, now=NOW)
    assert next_of(clerk, waiting) is None
    assert next_of(speaker, waiting).followup.pk == waiting.pk


def test_an_important_customer_moves_to_the_morning(waiting):
    agent = make_user()
    cards.change_customer(waiting.customer, {"is_key": True}, by=agent, now=NOW)
    assert FollowUp.objects.get().lane.is_important


def test_the_hours_of_the_person_who_is_called_count():
    agent = make_user()
    customer = make_customer(name="大同公司", kind="organisation", phone="+8613800138000")
    person = add_person(customer, name="刘厂长", by=agent, now=NOW)
    queue = make_queue()
    plan_followup(customer, queue=queue, purpose="sell", cause_key="t:2", by=None, now=NOW,
                  person=person)  # fmt: skip
    cards.change_person(person, {"stated_hours": AFTERNOON}, by=agent, now=NOW)
    assert FollowUp.objects.get().lane.weekly == AFTERNOON


def test_a_follow_up_in_hand_stays_there(waiting):
    agent = make_user()
    held = next_of(agent, waiting).followup
    cards.change_customer(waiting.customer, {"stated_hours": AFTERNOON}, by=agent,
                          now=NOW + timedelta(minutes=1))  # fmt: skip
    assert FollowUp.objects.get().taken_by_id == agent.pk == held.taken_by_id
