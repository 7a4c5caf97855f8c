"""When what was asked for comes in, each who asked is told, once for each time it comes (CU12)."""

from datetime import timedelta

import pytest

from genjin.customers.models import Event, WantedItem
from genjin.customers.operations.memories import add_wanted, close_wanted
from genjin.flows.desk import record_outcome
from genjin.flows.desk_form import OutcomeForm
from genjin.followups.models import FollowUp
from genjin.followups.operations import begin_contact, take
from genjin.followups.rulebook import engine
from genjin.followups.rulebook.shipped import sync_shipped_rules
from genjin.kernel.errors import NotAllowed
from genjin.sales import wanted
from genjin.sales.models import Product
from tests.factories import NOW, make_customer, make_user

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=40)


@pytest.fixture
def lamp():
    return Product.objects.create(code="L-1", name="台灯", in_stock=False)


@pytest.fixture
def manager():
    return make_user(role="manager")


def ask(text: str = "台灯", **fields) -> WantedItem:
    return add_wanted(make_customer(phone="+8613800138000", **fields), text, None, NOW)


def test_also_those_who_asked_long_ago_are_told_and_those_who_were_served_are_not(lamp, manager):
    first, second, closed = ask(), ask("l-1"), ask()
    close_wanted(closed, by=manager, now=NOW)
    ask("冰箱")
    assert wanted.came_into_stock(lamp, by=manager, now=LATER) == 2
    told = Event.objects.order_by("key")
    assert {event.source_id for event in told} == {str(first.pk), str(second.pk)}
    assert told[0].data == {"item": told[0].data["item"], "product": "台灯", "days_waiting": 40}
    assert wanted.came_into_stock(lamp, by=manager, now=LATER) == 0


def test_after_it_was_gone_again_who_still_waits_is_told_anew(lamp, manager):
    ask()
    wanted.came_into_stock(lamp, by=manager, now=NOW)
    wanted.went_out_of_stock(lamp, by=manager, now=NOW + timedelta(days=3))
    assert wanted.came_into_stock(lamp, by=manager, now=LATER) == 1
    assert Event.objects.count() == 2


def test_demand_counts_the_same_product_under_its_names(lamp):
    for text in ("台灯", "L-1", "滤芯", "滤芯", "滤芯"):
        ask(text)
    found = wanted.demand()
    assert [(one.text, one.product, one.count) for one in found] == [
        ("滤芯", None, 3), ("台灯", lamp, 2),
    ]  # fmt: skip


def test_what_is_no_product_of_ours_can_come_in_too(manager):
    ask("滤芯")
    assert wanted.text_came_in("滤芯", by=manager, now=NOW) == 1
    assert Event.objects.get().data["item"] == "滤芯"


def test_an_agent_may_not_say_so(lamp):
    with pytest.raises(NotAllowed):
        wanted.came_into_stock(lamp, by=make_user(), now=NOW)


def test_the_talk_closes_the_wish(lamp, manager):
    sync_shipped_rules()
    item = ask()
    wanted.came_into_stock(lamp, by=manager, now=NOW)
    engine.handle_all(lambda: NOW)
    agent, followup = make_user(), FollowUp.objects.get()
    take(followup, by=agent, now=NOW)
    begin_contact(followup, point=followup.customer.points.get(), by=agent, now=NOW)
    form = OutcomeForm(outcome="settled", token="t", next_step="x", talk_seconds=9)
    record_outcome(followup, by=agent, now=NOW, form=form)
    item.refresh_from_db()
    assert item.closed_at == NOW
