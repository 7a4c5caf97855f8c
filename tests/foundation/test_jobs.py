"""Jobs live and die with the transaction of their fact; what a dead worker held comes back."""

import pytest
from django.db import connection, transaction
from django.utils import timezone

from genjin.foundation import jobs
from genjin.foundation.models import LongTask
from genjin.kernel.errors import LostRace
from genjin.kernel.states import IllegalTransition
from tests.factories import NOW, make_user


@jobs.job("tests.nothing")
def nothing(number: int) -> None:
    """Does nothing; it is only put in the queue."""


def waiting() -> int:
    return jobs.counts_by_state().get("todo", 0)


@pytest.mark.django_db
def test_a_job_is_enqueued_with_its_fact_and_rolls_back_with_it():
    before = waiting()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        jobs.enqueue(nothing, number=1)
        assert waiting() == before + 1
        raise ZeroDivisionError
    assert waiting() == before
    jobs.enqueue(nothing, number=2)
    assert waiting() == before + 1


@pytest.mark.django_db
def test_a_job_that_is_wanted_once_is_enqueued_once():
    assert jobs.enqueue(nothing, once="tests.once", number=1) is not None
    assert jobs.enqueue(nothing, once="tests.once", number=1) is None


@pytest.mark.django_db
def test_the_job_of_a_dead_worker_comes_back():
    job_id = jobs.enqueue(nothing, number=3)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', worker_id = NULL WHERE id = %s",
            [job_id],
        )
        assert jobs.retry_stalled(timezone.now()) == 1
        cursor.execute("SELECT status::text FROM procrastinate_jobs WHERE id = %s", [job_id])
        assert cursor.fetchone() == ("todo",)


@pytest.mark.django_db
def test_a_long_task_moves_only_along_its_states():
    task = jobs.start_long_task("test", "A test", by=make_user(), now=NOW, total=10)
    jobs.run_long_task(task)
    jobs.progress(task, 4)
    jobs.finish_long_task(task, {"rows": 10})
    task.refresh_from_db()
    assert (task.state, task.done_count, task.result) == ("done", 4, {"rows": 10})
    with pytest.raises(IllegalTransition):
        jobs.fail_long_task(task, "too late")


@pytest.mark.django_db
def test_who_comes_second_loses_the_race():
    task = jobs.start_long_task("test", "A test", by=None, now=NOW)
    stale = LongTask.objects.get(pk=task.pk)
    jobs.run_long_task(task)
    with pytest.raises(LostRace):
        jobs.run_long_task(stale)
