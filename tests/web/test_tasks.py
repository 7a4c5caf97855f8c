"""Long tasks and jobs on screen: progress, stop, error, try again."""

import pytest
from django.db import connection
from django.test import Client
from tests.factories import NOW, make_team, make_user

from genjin.foundation import jobs
from genjin.foundation.models import AuditEntry

pytestmark = pytest.mark.django_db


def as_role(role: str, **fields) -> Client:
    client = Client()
    client.force_login(make_user(role=role, language="en", **fields))
    return client


def failed_job() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status, attempts) "
            "VALUES ('default', 'tests.job', '{\"run\": 7}', 'failed', 3) RETURNING id"
        )
        return cursor.fetchone()[0]


def test_a_running_task_shows_its_progress_and_asks_again():
    task = jobs.start_long_task("test", "45,211 rows", by=None, now=NOW, total=200)
    jobs.run_long_task(task)
    jobs.progress(task, 50)
    html = as_role("manager").get("/tasks").content.decode()
    assert "50 of 200" in html
    assert 'hx-get="/tasks/now"' in html
    jobs.finish_long_task(task)
    html = as_role("manager").get("/tasks/now").content.decode()
    assert "hx-get" not in html
    assert "<html" not in html


def test_a_task_that_failed_says_why():
    task = jobs.start_long_task("test", "A file", by=None, now=NOW)
    jobs.run_long_task(task)
    jobs.fail_long_task(task, "Row 17 is not UTF-8.")
    assert "Row 17 is not UTF-8." in as_role("manager").get("/tasks").content.decode()


def test_a_task_is_stopped_by_hand_and_this_is_on_record():
    task = jobs.start_long_task("test", "A file", by=None, now=NOW)
    jobs.run_long_task(task)
    as_role("manager").post(f"/tasks/{task.pk}/stop")
    assert jobs.is_cancelled(task)
    assert AuditEntry.objects.filter(object_kind="longtask", object_id=str(task.pk)).count() == 1


def test_stopping_what_has_ended_changes_nothing():
    task = jobs.start_long_task("test", "A file", by=None, now=NOW)
    jobs.run_long_task(task)
    jobs.finish_long_task(task)
    client = as_role("manager")
    assert client.post(f"/tasks/{task.pk}/stop").status_code == 302
    task.refresh_from_db()
    assert task.state == "done"


def test_a_supervisor_sees_and_stops_the_tasks_of_the_team_alone():
    ours, others = make_team(), make_team()
    client = as_role("supervisor", team=ours)
    near = jobs.start_long_task("test", "Ours", by=make_user(team=ours), now=NOW)
    far = jobs.start_long_task("test", "Theirs", by=make_user(team=others), now=NOW)
    html = client.get("/tasks").content.decode()
    assert ("Ours" in html, "Theirs" in html) == (True, False)
    assert client.post(f"/tasks/{far.pk}/stop").status_code == 404
    assert client.post(f"/tasks/{near.pk}/stop").status_code == 302
    assert (jobs.is_cancelled(near), jobs.is_cancelled(far)) == (True, False)


def test_a_failed_job_is_tried_again_once():
    waiting = jobs.counts_by_state().get("todo", 0)  # tests with commits leave theirs behind
    job, client = failed_job(), as_role("administrator")
    assert "tests.job" in client.get("/tasks").content.decode()
    client.post(f"/tasks/jobs/{job}/retry")
    assert jobs.counts_by_state() == {"todo": waiting + 1}
    client.post(f"/tasks/jobs/{job}/retry")
    assert jobs.counts_by_state() == {"todo": waiting + 1}
    assert AuditEntry.objects.filter(action="retry", object_id=str(job)).count() == 1


def test_the_jobs_are_shown_to_administrators_alone():
    failed_job()
    assert "tests.job" not in as_role("manager").get("/tasks").content.decode()


def test_an_empty_page_says_what_will_stand_here():
    assert "No long task yet" in as_role("manager").get("/tasks").content.decode()
