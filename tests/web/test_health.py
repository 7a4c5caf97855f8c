"""/healthz answers for web, database, worker and the worker's clock."""

import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from genjin.foundation import jobs
from genjin.foundation.models import Heartbeat

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Every tick of this process ran just now."""
    for entry in jobs._ticks.values():
        monkeypatch.setattr(entry, "ran_at", timezone.now())


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


@pytest.mark.parametrize("name", ["queue", "rulebook", "timetable"])
def test_what_must_run_and_does_not_is_told_though_the_worker_lives(client, monkeypatch, name):
    monkeypatch.setattr(jobs._ticks[name], "ran_at", timezone.now() - timedelta(seconds=61))
    jobs.heartbeat(timezone.now())
    assert health(client) == (503, f"failing: {name}")
    monkeypatch.setattr(jobs._ticks[name], "ran_at", timezone.now())
    jobs.heartbeat(timezone.now())
    assert health(client) == (200, "ok")


def test_what_another_worker_ran_counts(client, monkeypatch):
    jobs.heartbeat(timezone.now())
    monkeypatch.setattr(jobs._ticks["queue"], "ran_at", timezone.now() - timedelta(minutes=5))
    jobs.heartbeat(timezone.now())
    assert health(client) == (200, "ok")


@pytest.mark.django_db(transaction=True)
def test_the_ticker_notes_what_it_ran(monkeypatch):
    stop, long_ago = threading.Event(), timezone.now() - timedelta(hours=1)
    mine = jobs.Tick("mine", 60, lambda now: stop.set(), must_run=True, ran_at=long_ago)
    held = jobs.Tick("held", 60, lambda now: None, must_run=True, ran_at=long_ago)
    monkeypatch.setattr(jobs, "_ticks", {"held": held, "mine": mine})
    monkeypatch.setattr(jobs, "run_tick", _unless("held", jobs.run_tick))
    jobs.run_ticker(stop)
    assert mine.ran_at > long_ago
    assert held.ran_at == long_ago


def _unless(held, run):
    """As if another worker were at the tick `held`."""
    return lambda name, now: False if name == held else run(name, now)


def test_what_must_run_is_part_of_the_workers_clock():
    assert {"messages", "queue", "rulebook", "timetable"} == {
        entry.name for entry in jobs._ticks.values() if entry.must_run
    }
