"""Events become follow-ups through the gate, each once, whatever is repeated."""

import itertools
import random
from datetime import timedelta

import pytest
from django.db import transaction

from genjin.customers.events import EventRow, emit, emit_many
from genjin.customers.models import Event
from genjin.followups.models import FollowUp, FollowUpRule, Queue, RuleResult
from genjin.followups.operations import place_hold, record_refusal, take_next
from genjin.followups.rulebook import engine
from genjin.followups.rulebook.queues import queues_of
from genjin.followups.rulebook.shipped import sync_shipped_rules
from tests.factories import NOW, make_customer, make_team, make_user

pytestmark = pytest.mark.django_db
DAY = NOW.date()


@pytest.fixture(autouse=True)
def shipped(db):
    sync_shipped_rules()


def switch(code: str, **values) -> FollowUpRule:
    FollowUpRule.objects.filter(code=code).update(**values)
    return FollowUpRule.objects.get(code=code)


def tell(code: str, customer, key: str = "k", on=DAY, **data) -> None:
    emit(code, customer.pk, key=key, on=on, data=data, now=NOW)


def handle_all() -> engine.Handled:
    return engine.handle_all(lambda: NOW)


def planned() -> list[tuple[str, str]]:
    return sorted(FollowUp.objects.values_list("cause_key", "not_before"))


def test_a_delivery_of_dear_goods_plans_the_arrival_check():
    customer = make_customer(phone="+8613800138000")
    tell("goods_delivered", customer, is_dear=True, is_fragile=False, product="双门冰箱")
    handled = handle_all()
    assert (handled.events, handled.planned, handled.missed) == (1, 1, {})
    followup = FollowUp.objects.get()
    event = Event.objects.get()
    assert followup.cause_key == f"rule:arrival-check:{event.pk}"
    assert (followup.source_kind, followup.source_id) == ("rule", "arrival-check")
    assert followup.subject == "货物是否完好到达 · 双门冰箱"
    assert (followup.purpose, followup.channel, followup.state) == ("service", "call", "planned")
    assert followup.not_before.astimezone(NOW.tzinfo).date() == DAY + timedelta(days=2)
    assert event.handled_at == NOW


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"is_dear": False, "is_fragile": False, "is_trial": False}, []),
        ({"is_dear": False, "is_fragile": False, "is_trial": True}, ["trial-check"]),
        ({"is_dear": True, "is_fragile": False, "is_trial": True}, ["arrival-check"]),
        ({"is_dear": False, "is_fragile": True, "is_trial": False}, ["arrival-check"]),
        (
            {"is_dear": True, "is_fragile": True, "needs_installation": True},
            ["arrival-check", "install-job"],
        ),
    ],
)
def test_what_a_delivery_plans(facts, expected):
    tell("goods_delivered", make_customer(), **facts)
    handle_all()
    assert sorted(FollowUp.objects.values_list("source_id", flat=True)) == expected


def test_a_thank_you_for_money_follows_a_collection_contact_and_comes_once_in_thirty_days():
    customer = make_customer()
    tell("payment_received", customer, key="1", after_collection=False)
    tell("payment_received", customer, key="2", after_collection=True)
    tell("payment_received", customer, key="3", after_collection=True, on=DAY - timedelta(days=2))
    handled = handle_all()
    assert (handled.events, handled.planned, handled.missed) == (3, 1, {"capped": 1})
    tell("payment_received", customer, key="4", after_collection=True, on=DAY - timedelta(days=5))
    tell("payment_received", customer, key="5", after_collection=True, on=DAY + timedelta(days=30))
    handled = handle_all()
    assert (handled.planned, handled.missed) == (1, {"capped": 1})
    assert RuleResult.objects.filter(result="capped").count() == 2


def test_two_rules_that_are_switched_off_plan_nothing_and_the_event_is_handled():
    switch("thank-you", is_on=False)
    tell("deal_done", make_customer())
    assert handle_all().planned == 0
    assert not engine.has_waiting()


def test_who_refused_gets_no_follow_up_and_the_reason_is_kept():
    customer = make_customer()
    record_refusal(customer, by=make_user(), now=NOW, source="phone")
    tell("deal_done", customer)
    handled = handle_all()
    assert (handled.planned, handled.missed) == (0, {"do_not_contact": 1})
    result = RuleResult.objects.get()
    assert (result.rule.code, result.result) == ("thank-you", "do_not_contact")


def test_a_hold_keeps_the_follow_up_until_it_ends():
    customer = make_customer()
    place_hold(customer, purposes=["care"], reason="bereavement", note="", days=20,
               source=("", ""), by=make_user(role="supervisor"), now=NOW)  # fmt: skip
    tell("deal_done", customer)
    handle_all()
    followup = FollowUp.objects.get()
    assert followup.state == "planned"
    assert followup.not_before >= NOW + timedelta(days=19)
    assert followup.withheld[0]["code"] == "held"


def test_a_hold_that_ends_before_its_time_leaves_it_where_it_is():
    customer = make_customer()
    place_hold(customer, purposes=["service"], reason="other", note="x", days=1,
               source=("", ""), by=make_user(role="supervisor"), now=NOW)  # fmt: skip
    tell("goods_delivered", customer, is_dear=True)
    handle_all()
    followup = FollowUp.objects.get()
    assert followup.not_before.astimezone(NOW.tzinfo).date() == DAY + timedelta(days=2)
    assert followup.withheld == []


def test_the_custodian_gets_it_and_a_custodian_who_left_does_not():
    here, gone = make_user(), make_user(is_active=False)
    switch("birthday", conditions=[])
    for person in (here, gone):
        tell("birthday", make_customer(custodian=person), key=str(person.pk), person="王")
    handle_all()
    assert set(FollowUp.objects.values_list("assigned_to", flat=True)) == {here.pk, None}


def test_a_merged_card_hands_its_event_on():
    kept = make_customer()
    tell("deal_done", make_customer(merged_into=kept))
    handle_all()
    assert FollowUp.objects.get().customer_id == kept.pk


def test_an_agent_draws_from_the_rulebook_and_another_team_does_not():
    team, other = make_team(), make_team()
    agent, stranger = make_user(team=team), make_user(team=other)
    switch("wanted-in-stock", team=team)
    tell("wanted_in_stock", make_customer(phone="+8613800138000"), item="滤芯")
    handle_all()
    assert [queue.source_id for queue in queues_of(agent)] == [f"service:team{team.pk}"]
    assert queues_of(stranger) == []
    taken = take_next(agent, queues=queues_of(agent), now=NOW)
    assert taken is not None
    assert taken.followup.subject == "所要的商品已到货 · 滤芯"


def _events(count: int) -> list[EventRow]:
    people = [make_customer() for _number in range(12)]
    mixed = random.Random(7)
    kinds = [
        ("goods_delivered", {"is_dear": True}), ("goods_delivered", {"is_dear": False}),
        ("installed", {}), ("wanted_in_stock", {"item": "滤芯"}), ("payment_late", {"amount": 90}),
        ("complaint_settled", {"about": "噪音"}),
    ]  # fmt: skip
    rows = []
    for number in range(count):
        code, data = mixed.choice(kinds)
        day = DAY + timedelta(days=mixed.randrange(-5, 5))
        rows.append(EventRow(code, mixed.choice(people).pk, f"event:{number}", day, data))
    return rows


def _found() -> set[tuple]:
    """Every follow-up by rule and key of its event, with what was planned."""
    keys = {str(pk): key for pk, key in Event.objects.values_list("id", "key")}
    return {
        (one.source_id, keys[one.cause_key[-36:]], one.not_before, one.due_at, one.rank, one.state)
        for one in FollowUp.objects.all()
    }


@pytest.mark.parametrize("seed", range(4))
def test_any_order_batches_kills_and_retries_give_the_same_follow_ups(seed):
    rows = _events(60)
    emit_many(rows, now=NOW)
    engine.handle_batch(NOW, limit=1000)
    expected = _found()
    assert len(expected) > 30
    FollowUp.objects.all().delete()
    Event.objects.all().delete()

    mixed = random.Random(seed)
    mixed.shuffle(rows)
    while rows or engine.has_waiting():
        count = mixed.randrange(20)
        told, rows = rows[:count], rows[count:]
        emit_many(told, now=NOW)
        emit_many(told, now=NOW)  # told twice
        limit, chance = mixed.randrange(1, 15), mixed.random()
        if chance < 0.3:
            with pytest.raises(RuntimeError), transaction.atomic():
                engine.handle_batch(NOW, limit=limit)
                raise RuntimeError("killed")
        else:
            engine.handle_batch(NOW, limit=limit)
        if chance > 0.9:
            Event.objects.update(handled_at=None)  # all of it is handled again
    assert _found() == expected


def test_no_cap_is_passed_in_any_order():
    customer = make_customer()
    days = [DAY + timedelta(days=step) for step in (0, 40, 10, 25, 60, 31, 5)]
    for number, day in enumerate(days):
        tell("payment_received", customer, key=str(number), on=day, after_collection=True)
        engine.handle_batch(NOW, limit=1)
    found = sorted(
        Event.objects.filter(
            pk__in=[one.cause_key[-36:] for one in FollowUp.objects.all()]
        ).values_list("on", flat=True)
    )
    assert len(found) >= 2
    assert all(after - before >= timedelta(days=30) for before, after in itertools.pairwise(found))


def test_one_queue_for_each_purpose():
    for number, code in enumerate(("goods_delivered", "installed", "wanted_in_stock")):
        tell(code, make_customer(), key=str(number), **({"is_dear": True} if not number else {}))
    handle_all()
    assert FollowUp.objects.count() == 3
    assert Queue.objects.filter(source_kind="rulebook").count() == 1
