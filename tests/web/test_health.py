"""/healthz answers for web, database, worker and the worker's clock."""

from datetime import timedelta

import pytest
from django.utils import timezone

from genjin.foundation import jobs
from genjin.foundation.models import Heartbeat

pytestmark = pytest.mark.django_db


def health(client) -> tuple[int, str]:
    response = client.get("/healthz")
    return response.status_code, response.json()["worker"]


def test_a_system_whose_worker_lives_is_well(client):
    jobs.heartbeat(timezone.now())
    assert health(client) == (200, "ok")


def test_a_worker_that_fell_silent_is_told(client):
    Heartbeat.objects.create(name="worker", at=timezone.now() - timedelta(minutes=2))
    assert health(client) == (503, "no heartbeat")


def test_clock_work_that_fails_is_told_by_name(client, monkeypatch):
    entry = jobs.Tick("queue", 2, lambda now: None, is_failing=True)
    monkeypatch.setitem(jobs._ticks, "queue", entry)
    jobs.heartbeat(timezone.now())
    assert health(client) == (503, "failing: queue")


def test_the_queue_is_part_of_the_workers_clock():
    assert "queue" in jobs._ticks
