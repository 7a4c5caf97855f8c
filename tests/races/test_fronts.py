"""A take begins where the ready rows of a lane begin, and misses none that came before them."""

import random
import time
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction

from genjin.followups import fronts, jobs
from genjin.followups.models import FollowUp
from genjin.followups.operations import release, take_next
from tests.concurrency import at_once
from tests.factories import NOW, make_followup, make_lane, make_queue, make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]


@pytest.fixture
def queue():
    fronts.forget()
    queue = make_queue()
    for rank in range(10, 20):
        make_followup(queue=queue, rank=rank)
    yield queue
    fronts.forget()


def take(queue, user=None) -> FollowUp:
    taken = take_next(user or make_user(), queues=[queue], now=NOW)
    assert taken is not None
    return taken.followup


def entries_read(queue, user) -> int:
    """How many entries of the index of ready rows a take of this person reads."""

    def read() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_force_next_flush()")
            cursor.execute(
                "SELECT idx_tup_read FROM pg_stat_user_indexes "
                "WHERE indexrelname = 'followup_ready'"
            )
            return int(cursor.fetchone()[0])

    before = read()
    take(queue, user)
    return read() - before


def test_what_was_taken_under_a_long_report_is_not_walked_past_each_time(queue):
    lane, customer = FollowUp.objects.first().lane, FollowUp.objects.first().customer
    FollowUp.objects.bulk_create(
        FollowUp(customer=customer, queue=queue, lane=lane, purpose="sell", state="ready",
                 cause_key=f"bulk:{number}", not_before=NOW, rank=number)
        for number in range(100, 500)
    )  # fmt: skip
    user = make_user()
    report = connections.create_connection("default")
    try:
        with report.cursor() as cursor:
            cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            cursor.execute("SELECT count(*) FROM followups_followup")
            for _ in range(300):
                take(queue, user)
            fronts.forget()
            from_the_beginning = entries_read(queue, user)
            from_its_front = entries_read(queue, user)
    finally:
        report.close()
    assert from_the_beginning > 300
    assert from_its_front < 20


def test_the_order_holds_whatever_comes_back_or_comes_up(queue):
    user = make_user()
    assert [take(queue, user).rank for _ in range(3)] == [10, 11, 12]
    release(FollowUp.objects.get(rank=11), by=user, now=NOW)
    assert take(queue, user).rank == 11
    make_followup(queue=queue, rank=1)
    assert take(queue, user).rank == 1
    make_followup(queue=queue, rank=2, state="planned", not_before=NOW - timedelta(seconds=1))
    jobs.tick(NOW)
    assert take(queue, user).rank == 2
    FollowUp.objects.filter(rank=19).update(rank=0)
    assert take(queue, user).rank == 0
    assert take(queue, user).rank == 13
    FollowUp.objects.filter(rank=10).update(state="ready", taken_by=None)
    assert take(queue, user).rank == 10


def test_the_order_across_lanes_holds_while_other_processes_take(queue):
    FollowUp.objects.all().delete()
    hours = ("", "daily 08:00-21:00", "mon-sun 07:00-21:30", "daily 06:00-22:00")
    lanes = [make_lane(weekly=weekly, is_important=i) for weekly in hours for i in (True, False)]
    numbers = random.Random(7)
    for rank in numbers.sample(range(1000), 80):
        make_followup(queue=queue, rank=rank, lane=numbers.choice(lanes))

    def left() -> list[int]:
        """The ranks that wait, in the order of work: important ones without hours come first."""
        waiting = FollowUp.objects.filter(state="ready").select_related("lane")
        return [
            row.rank
            for row in sorted(
                waiting,
                key=lambda row: (not (row.lane.is_important and not row.lane.weekly), row.rank),
            )
        ]

    user, other = make_user(), make_user()
    while waiting := left():
        assert take(queue, user).rank == waiting[0]
        elsewhere = FollowUp.objects.filter(rank__in=[numbers.choice(waiting)])
        elsewhere.filter(state="ready").update(
            state="taken", taken_by=other, lease_until=NOW + timedelta(minutes=15)
        )
    assert take_next(user, queues=[queue], now=NOW) is None


def test_a_lane_that_is_all_in_other_hands_is_passed_over_and_not_forgotten(queue):
    user, lane = make_user(), make_lane(weekly="daily 08:00-21:00")
    later = [make_followup(queue=queue, rank=rank, lane=lane).rank for rank in (30, 31)]
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT id FROM followups_followup WHERE rank < 20 FOR UPDATE")
            assert [take(queue, user).rank for _ in later] == later
            cursor.execute("ROLLBACK")
    finally:
        other.close()
    assert take(queue, user).rank == 10


def test_a_queue_that_was_closed_meanwhile_is_passed_over(queue):
    user, next_queue = make_user(), make_queue()
    make_followup(queue=next_queue, rank=50)
    assert take(queue, user).rank == 10
    type(queue).objects.filter(pk=queue.pk).update(is_open=False)
    taken = take_next(user, queues=[queue, next_queue], now=NOW)
    assert taken is not None
    assert (taken.followup.queue_id, taken.followup.rank) == (next_queue.pk, 50)
    assert take_next(user, queues=[queue], now=NOW) is None
    type(queue).objects.filter(pk=queue.pk).update(is_open=True)
    assert take(queue, user).rank == 11


def test_what_a_rolled_back_take_held_is_next(queue):
    user = make_user()
    take(queue, user)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        assert [take(queue, user).rank for _ in range(2)] == [11, 12]
        raise ZeroDivisionError
    assert take(queue, user).rank == 11


def test_a_row_that_came_up_unseen_waits_a_second_at_most(queue):
    user = make_user()
    released = take(queue, user)
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(
                "UPDATE followups_followup SET state = 'ready', taken_by_id = NULL WHERE id = %s",
                [released.pk],
            )
            # Counted already and not to be seen yet: the front is kept without it.
            assert [take(queue, user).rank for _ in range(2)] == [11, 12]
            cursor.execute("COMMIT")
    finally:
        other.close()
    time.sleep(fronts.KEPT_SECONDS + 0.05)
    assert take(queue, user).rank == 10


def test_the_last_row_is_found_even_where_it_came_up_unseen(queue):
    user = make_user()
    first = take(queue, user)
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(
                "UPDATE followups_followup SET state = 'ready', taken_by_id = NULL WHERE id = %s",
                [first.pk],
            )
            assert [take(queue, user).rank for _ in range(9)] == list(range(11, 20))
            cursor.execute("COMMIT")
    finally:
        other.close()
    assert take(queue, user).rank == 10
    assert take_next(user, queues=[queue], now=NOW) is None


def test_takers_and_those_who_give_back_lose_nothing(queue):
    users = [make_user() for _ in range(4)]

    def take_and_give_back(user) -> int:
        number = 0
        for turn in range(30):
            if (taken := take_next(user, queues=[queue], now=NOW)) is not None:
                number += 1
                if turn % 3:
                    release(taken.followup, by=user, now=NOW)
        return number

    at_once(*[lambda user=user: take_and_give_back(user) for user in users])
    while take_next(users[0], queues=[queue], now=NOW) is not None:
        pass
    assert FollowUp.objects.filter(state="taken").count() == 10
