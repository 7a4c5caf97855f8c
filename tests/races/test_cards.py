"""Two people and one card: merging, taking, giving back at once, on real connections."""

import threading
from datetime import timedelta

import pytest

from genjin.customers.models import ContactPoint, CustodyChange, Customer, Merge, PoolWarning
from genjin.customers.operations.card import add_point
from genjin.customers.operations.custody import today_of
from genjin.customers.operations.pool import take_from_pool
from genjin.flows.merging import merge_customers, split_customers
from genjin.flows.pool import return_to_pool
from genjin.followups.models import FollowUp
from genjin.followups.operations import take_next
from genjin.foundation import policy
from genjin.kernel.errors import Conflict, GenjinError, LostRace
from tests.concurrency import at_once
from tests.factories import NOW, make_customer, make_followup, make_queue, make_team, make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]


def merge(survivor, merged, by):
    return merge_customers(survivor, merged, choices={}, by=by, now=NOW)


def naive_take(customer, user) -> bool:
    """Read, then save: what gives one card to two people."""
    row = Customer.objects.get(pk=customer.pk)
    if row.custodian_id is not None:
        return False
    threading.Event().wait(0.05)
    row.custodian = user
    row.save(update_fields=["custodian"])
    return True


def test_read_and_save_gives_one_card_to_two_and_taking_does_not():
    customer, users = make_customer(), [make_user() for _ in range(4)]
    naive = at_once(*[lambda user=user: naive_take(customer, user) for user in users])
    assert sum(one is True for one in naive) > 1
    Customer.objects.update(custodian=None)
    ours = at_once(
        *[lambda user=user: take_from_pool(customer, by=user, now=NOW) for user in users]
    )
    assert sum(one is None for one in ours) == 1
    assert sum(isinstance(one, LostRace) for one in ours) == 3
    change = CustodyChange.objects.get()
    assert Customer.objects.get(pk=customer.pk).custodian == change.after


def test_the_cap_of_a_day_is_exact_though_one_takes_from_eight_windows():
    user = make_user()
    policy.set_value("pool.per_day", 3, by=user, now=NOW)
    cards = [make_customer() for _ in range(8)]
    found = at_once(*[lambda one=one: take_from_pool(one, by=user, now=NOW) for one in cards])
    assert sum(one is None for one in found) == 3
    assert {one.code for one in found if isinstance(one, GenjinError)} == {"pool_day_cap"}
    assert Customer.objects.filter(custodian=user).count() == 3


def test_a_card_that_is_given_to_another_while_it_goes_back_is_not_lost():
    team = make_team()
    first, second = make_user(team=team), make_user(team=team)
    since = NOW - timedelta(days=400)
    cards = [make_customer(custodian=first, custodian_since=since, team=team) for _ in range(6)]
    for one in cards:
        PoolWarning.objects.create(
            customer=one, custodian=first, returns_on=today_of(NOW), days_before=1, reason="x",
            at=NOW - timedelta(days=1),
        )  # fmt: skip

    def take(card):
        for _ in range(400):
            try:
                return take_from_pool(card, by=second, now=NOW)
            except LostRace:
                threading.Event().wait(0.01)
        raise AssertionError("the card never came into the pool")

    found = at_once(lambda: return_to_pool(NOW), *[lambda one=one: take(one) for one in cards])
    assert found[0].cards == 6
    assert found[1:] == [None] * 6
    assert set(Customer.objects.values_list("custodian", flat=True)) == {second.pk}
    assert return_to_pool(NOW).cards == 0


def test_two_merges_of_one_card_at_once_merge_it_once():
    manager = make_user(role="manager")
    merged = make_customer(name="并", phone="+8613800138000")
    survivors = [make_customer(name=f"主{n}") for n in range(3)]
    found = at_once(*[lambda one=one: merge(one, merged, manager) for one in survivors])
    assert sum(isinstance(one, Merge) for one in found) == 1
    assert sum(isinstance(one, LostRace) for one in found) == 2
    survivor = Merge.objects.get().survivor
    assert Customer.objects.get(pk=merged.pk).merged_into == survivor
    assert ContactPoint.objects.get().customer == survivor


def test_two_cards_that_are_merged_into_each_other_at_once_make_one():
    manager = make_user(role="manager")
    one, two = make_customer(name="一"), make_customer(name="二")
    found = at_once(lambda: merge(one, two, manager), lambda: merge(two, one, manager))
    assert sum(isinstance(each, Merge) for each in found) == 1
    assert Customer.objects.filter(merged_into=None).count() == 1


def test_a_number_added_during_a_merge_is_on_the_survivor_or_refused():
    manager = make_user(role="manager")
    survivor, merged = make_customer(name="主"), make_customer(name="并")
    found = at_once(
        lambda: merge(survivor, merged, manager),
        lambda: add_point(merged, value="13800138000", by=manager, now=NOW),
    )
    assert isinstance(found[0], Merge)
    assert not merged.points.exists()
    refused = isinstance(found[1], Conflict)
    assert survivor.points.count() == (0 if refused else 1)


def test_nobody_takes_a_follow_up_of_a_card_while_it_is_merged():
    manager, agent = make_user(role="manager"), make_user()
    survivor = make_customer(name="主")
    merged = make_customer(name="并", phone="+8613800138000")
    queue = make_queue()
    row = make_followup(customer=merged, queue=queue)
    found = at_once(
        lambda: merge(survivor, merged, manager), lambda: take_next(agent, queues=[queue], now=NOW)
    )
    row = FollowUp.objects.get(pk=row.pk)
    if isinstance(found[0], Merge):
        assert row.customer == survivor
        assert found[1] is None or found[1].followup.customer_id == survivor.pk
    else:
        assert found[0].code == "in_hand"
        assert (row.state, row.customer) == ("taken", merged)


def test_two_splits_at_once_split_once():
    manager = make_user(role="manager")
    survivor, merged = make_customer(name="主"), make_customer(name="并")
    made = merge(survivor, merged, manager)
    found = at_once(*[lambda: split_customers(made, by=manager, now=NOW) for _ in range(3)])
    assert sum(isinstance(one, LostRace) for one in found) == 2
    assert Customer.objects.filter(merged_into=None).count() == 2
