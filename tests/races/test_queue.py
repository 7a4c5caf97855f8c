"""Two people, one queue: real connections at once on real PostgreSQL.

Where a race is claimed to be gone, a naive variant of the same step first shows that it is real.
"""

import threading
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, connections, transaction

from genjin.customers.models import Customer
from genjin.followups import claims, jobs
from genjin.followups.models import Contact, FollowUp
from genjin.followups.operations import (
    WithheldError,
    begin_contact,
    close_queue,
    finish,
    place_hold,
    plan_followup,
    plan_for_customers,
    record_interaction,
    record_refusal,
    take_next,
)
from genjin.kernel.errors import Conflict, LostRace
from tests.concurrency import at_once
from tests.factories import NOW, make_customer, make_followup, make_point, make_queue, make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]


def naive_take(user) -> object:
    """Read, then save: what two people at once turn into one follow-up in four hands."""
    row = FollowUp.objects.filter(state="ready").order_by("rank", "id").first()
    if row is None:
        return None
    threading.Event().wait(0.05)
    row.state, row.taken_by, row.lease_until = "taken", user, NOW + timedelta(minutes=15)
    row.save(update_fields=["state", "taken_by", "lease_until"])
    return row.pk


def test_read_and_save_hands_one_row_to_two_and_take_next_does_not():
    queue, users = make_queue(), [make_user() for _ in range(4)]
    for rank in range(4):
        make_followup(queue=queue, rank=rank)
    naive = at_once(*[lambda user=user: naive_take(user) for user in users])
    assert len(set(naive)) < 4
    FollowUp.objects.update(state="ready", taken_by=None, lease_until=None)
    ours = at_once(*[lambda user=user: take_next(user, queues=[queue], now=NOW) for user in users])
    assert len({taken.followup.pk for taken in ours}) == 4


def test_eight_takers_empty_a_queue_without_a_double_or_a_rest():
    queue, users = make_queue(), [make_user() for _ in range(8)]
    lane = make_followup(queue=queue).lane
    customer = make_customer()
    FollowUp.objects.bulk_create(
        FollowUp(customer=customer, queue=queue, lane=lane, purpose="sell", state="ready",
                 cause_key=f"bulk:{number}", not_before=NOW, rank=number)
        for number in range(399)
    )  # fmt: skip

    def empty(user) -> list[object]:
        found = []
        while (taken := take_next(user, queues=[queue], now=NOW)) is not None:
            found.append(taken.followup.pk)
        return found

    hands = at_once(*[lambda user=user: empty(user) for user in users])
    taken = [pk for hand in hands for pk in hand]
    assert (len(taken), len(set(taken))) == (400, 400)
    assert FollowUp.objects.filter(state="taken").count() == 400


def test_own_row_in_two_browsers_of_one_person_is_taken_once():
    queue, user = make_queue(), make_user()
    make_followup(queue=queue, assigned_to=user)
    found = at_once(*[lambda: take_next(user, queues=[queue], now=NOW)] * 3)
    assert sum(taken is not None for taken in found) == 1


def test_two_ticks_return_a_run_out_lease_once():
    queue = make_queue()
    make_followup(queue=queue, state="taken", lease_until=NOW - timedelta(seconds=1))
    ticks = at_once(*[lambda: jobs.tick(NOW)] * 3)
    assert sorted(tick.returned for tick in ticks) == [0, 0, 1]
    assert FollowUp.objects.get().state == "ready"


def test_finishing_while_the_lease_runs_out_ends_in_one_state():
    queue, user, other = make_queue(), make_user(), make_user()
    followup = make_followup(queue=queue, state="taken", taken_by=user,
                             lease_until=NOW - timedelta(seconds=1))  # fmt: skip
    finished, _ticked, _taken = at_once(
        lambda: finish(followup, outcome="sold", by=user, now=NOW),
        lambda: jobs.tick(NOW),
        lambda: take_next(other, queues=[queue], now=NOW),
    )
    row = FollowUp.objects.get()
    if finished is None:
        assert (row.state, row.taken_by) == ("done", user)
    else:
        assert isinstance(finished, LostRace)
        assert row.state in ("ready", "taken")
        assert row.taken_by in (None, other)


def test_taker_who_lost_the_lease_cannot_begin_a_contact():
    queue, first, second = make_queue(), make_user(), make_user()
    customer = make_customer(phone="+8613912345678")
    make_followup(queue=queue, customer=customer)
    lost = take_next(first, queues=[queue], now=NOW, lease_seconds=1).followup
    later = NOW + timedelta(seconds=2)
    jobs.tick(later)
    kept = take_next(second, queues=[queue], now=later).followup
    point = customer.points.get()
    refused, begun = at_once(
        lambda: begin_contact(lost, point=point, by=first, now=later),
        lambda: begin_contact(kept, point=point, by=second, now=later),
    )
    assert isinstance(refused, Conflict)
    assert Contact.objects.get() == begun


def test_two_cards_with_one_number_cannot_both_take_the_last_call_of_its_cap():
    queue, users = make_queue(), [make_user(), make_user()]
    cards = [make_customer(), make_customer()]
    points = [make_point(customer=card, value="+861065529988") for card in cards]
    for minute in (1, 2):
        Contact.objects.create(customer=cards[0], channel="call", purpose="sell", state="closed",
                               address="+861065529988",
                               started_at=NOW - timedelta(minutes=minute))  # fmt: skip
    rows = [
        make_followup(queue=queue, customer=card, state="taken", taken_by=user)
        for card, user in zip(cards, users, strict=True)
    ]
    results = at_once(
        *[
            lambda place=place: begin_contact(
                rows[place], point=points[place], by=users[place], now=NOW
            )
            for place in (0, 1)
        ]
    )
    assert sum(isinstance(one, Contact) for one in results) == 1
    [refused] = [one for one in results if not isinstance(one, Contact)]
    assert isinstance(refused, WithheldError)
    assert Contact.objects.count() == 3


def test_hold_and_take_at_once_never_lead_to_a_contact():
    queue, user = make_queue(), make_user()
    customer = make_customer(phone="+8613912345678")
    make_followup(queue=queue, customer=customer)
    taken, hold = at_once(
        lambda: take_next(user, queues=[queue], now=NOW),
        lambda: place_hold(customer, purposes=["sell"], reason="complaint", note="x", days=3,
                           source=("complaint", "1"), by=user, now=NOW),
    )  # fmt: skip
    assert not isinstance(hold, Exception)
    if taken is None:
        assert FollowUp.objects.get().state == "planned"
        return
    with pytest.raises(WithheldError):
        begin_contact(taken.followup, point=customer.points.get(), by=user, now=NOW)


def test_never_again_in_the_middle_of_a_list_stops_what_else_waits():
    queue, user, other = make_queue(), make_user(), make_user()
    customer = make_customer(phone="+8613912345678")
    for number in range(5):
        plan_followup(customer, queue=queue, purpose="sell", cause_key=f"n:{number}", by=None,
                      now=NOW)  # fmt: skip
    mine = take_next(user, queues=[queue], now=NOW)
    _refusal, theirs = at_once(
        lambda: record_refusal(customer, purpose="sell", source="call", by=user, now=NOW),
        lambda: take_next(other, queues=[queue], now=NOW),
    )
    states = sorted(FollowUp.objects.values_list("state", flat=True))
    assert "ready" not in states
    assert "planned" not in states
    if theirs is not None:
        with pytest.raises(WithheldError):
            begin_contact(theirs.followup, point=customer.points.get(), by=other, now=NOW)
    record_interaction(customer=customer, followup=mine.followup, by=user, now=NOW,
                       outcome="never_again", is_connected=True, is_reached=True,
                       is_success=False, talk_seconds=5, purpose="sell")  # fmt: skip
    finish(mine.followup, outcome="never_again", by=user, now=NOW)


def test_campaign_stopped_during_a_call_hands_out_nothing_new_and_keeps_the_call():
    queue, users = make_queue(), [make_user() for _ in range(4)]
    rows = [make_followup(queue=queue, rank=rank) for rank in range(10)]
    mine = take_next(users[0], queues=[queue], now=NOW)
    at_once(
        lambda: close_queue(queue, by=users[0], now=NOW),
        *[lambda user=user: take_next(user, queues=[queue], now=NOW) for user in users[1:]],
    )
    queue.is_open = True  # what a process may still believe
    assert take_next(users[1], queues=[queue], now=NOW) is None
    finish(mine.followup, outcome="sold", by=users[0], now=NOW)
    assert FollowUp.objects.get(pk=rows[0].pk).state == "done"


def test_planning_one_cause_at_once_plans_it_once():
    queue, customer = make_queue(), make_customer()
    made = at_once(
        *[
            lambda: plan_followup(customer, queue=queue, purpose="sell", cause_key="once",
                                  by=None, now=NOW)
        ] * 4
    )  # fmt: skip
    assert {row.pk for row in made} == {FollowUp.objects.get().pk}


def test_filling_a_queue_twice_at_once_plans_each_customer_once():
    queue = make_queue()
    for number in range(20):
        make_customer(name=f"客户{number}")
    everybody = Customer.objects.all()
    results = at_once(
        *[
            lambda: plan_for_customers(everybody, queue=queue, cause_prefix="c:1", by=None,
                                       now=NOW)
        ] * 3
    )  # fmt: skip
    assert sum(result.planned for result in results) == 20
    assert FollowUp.objects.count() == 20


def test_connection_killed_in_a_take_leaves_the_row_in_the_queue():
    queue, user = make_queue(), make_user()
    make_followup(queue=queue)
    killed = []

    def die_inside() -> object:
        with transaction.atomic():
            taken = take_next(user, queues=[queue], now=NOW)
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                killed.append(cursor.fetchone()[0])
            return taken

    def kill() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", killed)

    def victim() -> object:
        try:
            with transaction.atomic():
                die_inside()
                stranger = threading.Thread(target=lambda: (kill(), connections.close_all()))
                stranger.start()
                stranger.join()
                return FollowUp.objects.count()
        except OperationalError as error:
            return error

    [result] = at_once(victim)
    assert isinstance(result, OperationalError)
    assert FollowUp.objects.get().state == "ready"
    assert take_next(user, queues=[queue], now=NOW) is not None


def test_take_that_meets_a_withheld_row_under_load_moves_it_once_and_goes_on():
    queue, users = make_queue(), [make_user() for _ in range(4)]
    for rank in range(4):
        capped = make_followup(queue=queue, rank=rank)
        Contact.objects.create(customer=capped.customer, channel="call", purpose="sell",
                               address="", is_conversation=True, state="closed",
                               started_at=NOW - timedelta(days=1))  # fmt: skip
    free = [make_followup(queue=queue, rank=10 + rank).pk for rank in range(4)]
    found = at_once(*[lambda user=user: take_next(user, queues=[queue], now=NOW) for user in users])
    assert sorted(taken.followup.pk for taken in found) == sorted(free)
    assert FollowUp.objects.filter(state="planned", withheld__0__code="cap_reached").count() == 4
    assert claims.promote(NOW) == 0
