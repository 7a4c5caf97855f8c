"""The database dies under load: afterwards everything works, and nothing is half-written.

A whole system of its own (`genjin up` in a home of its own), six agents in three processes who
take and record, and pages that are loaded all the while. In the middle the server is killed, and
later stopped in order; the takers go on as soon as it answers again.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from genjin.conf.embedded import EmbeddedPostgres
from tests.conf.test_supervisor import System, end, system, until

__all__ = ["system"]
pytestmark = [pytest.mark.race, pytest.mark.timeout(600)]
ROOT = Path(__file__).parents[2]
FOLLOWUPS, PROCESSES = 600, 3

SEED = """
import json, sys, django
django.setup()
from datetime import timedelta
from django.conf import settings
from django.utils import timezone
from tests.factories import (make_campaign, make_customer, make_followup, make_lane, make_queue,
                             make_user, morning_zone)
from tests.browser.conftest import sign_in_cookie
count, agents = int(sys.argv[1]), int(sys.argv[2])
zone = morning_zone()
queue = make_queue(purpose="security", source_kind="campaign", source_id="load")
users = [make_user(language="en") for _ in range(agents)]
make_campaign(queue=queue, agents=tuple(users))
lane = make_lane(purpose="security", time_zone=zone)
now = timezone.now()
for n in range(count):
    customer = make_customer(name=f"客户{n}", phone=f"+86139{n:08d}", time_zone=zone)
    make_followup(customer=customer, queue=queue, lane=lane, rank=n, created_at=now,
                  not_before=now - timedelta(hours=1))
print(json.dumps({"queue": queue.pk, "users": [user.pk for user in users],
                  "cookie": sign_in_cookie(users[0], "http://127.0.0.1/")["value"]}))
"""

TAKER = """
import sys, threading, time, django
django.setup()
from django.db import DatabaseError, InterfaceError, connections
from django.utils import timezone
from genjin.flows.desk import record_outcome
from genjin.flows.desk_form import OutcomeForm
from genjin.followups.models import Queue
from genjin.followups.operations import take_next
from genjin.foundation.models import User
deadline = time.monotonic() + 400

def persist(step):
    "Tries again while the database is away, as a person would."
    while True:
        try:
            return step()
        except (DatabaseError, InterfaceError):
            connections.close_all()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)

def shift(user_pk, queue_pk, out):
    user = persist(lambda: User.objects.get(pk=user_pk))
    queue = persist(lambda: Queue.objects.get(pk=queue_pk))
    while True:
        taken = persist(lambda: take_next(user, queues=[queue], now=timezone.now()))
        if taken is None:
            break
        row = taken.followup
        print("took", row.pk, user_pk, flush=True, file=out)
        form = OutcomeForm(outcome="confirmed", token=str(row.pk), next_step="x", talk_seconds=3)
        persist(lambda: record_outcome(row, by=user, now=timezone.now(), form=form))
        print("done", row.pk, user_pk, flush=True, file=out)
    connections.close_all()

with open(sys.argv[1], "a") as out:
    threads = [threading.Thread(target=shift, args=(int(pk), int(sys.argv[2]), out))
               for pk in sys.argv[3:]]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
"""

LOOK = """
import json, sys, django
django.setup()
from django.db.models import Count
from genjin.customers.models import TimelineEntry
from genjin.followups.models import FollowUp, Interaction
from genjin.flows.desk import record_outcome
from genjin.flows.desk_form import OutcomeForm
from django.utils import timezone

def picture():
    rows = FollowUp.objects.values_list("pk", "state", "taken_by")
    per_row = dict(Interaction.objects.values_list("followup").annotate(n=Count("pk")))
    return {"rows": [[str(pk), state, by, per_row.get(pk, 0)] for pk, state, by in rows],
            "timeline": TimelineEntry.objects.filter(kind="interaction").count(),
            "touched": FollowUp.objects.filter(customer__last_contact_at__isnull=False).count()}

before = picture()
for row in FollowUp.objects.filter(state="taken").select_related("taken_by"):
    form = OutcomeForm(outcome="confirmed", token=str(row.pk), next_step="x", talk_seconds=3)
    record_outcome(row, by=row.taken_by, now=timezone.now(), form=form)
print(json.dumps([before, picture()]))
"""


def environment(system: System) -> dict[str, str]:
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    settings = {"PYTHONPATH": paths, "DJANGO_SETTINGS_MODULE": "genjin.conf.settings"}
    return {**system.environ(), **settings}


def run(system: System, script: str, *arguments: object) -> Any:
    """Runs a script on the system's database and reads what it prints."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(
        command, env=environment(system), capture_output=True, text=True, check=False, timeout=200
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


class Visitor(threading.Thread):
    """Loads the desk's first page again and again and remembers the answers."""

    def __init__(self, system: System, cookie: str) -> None:
        super().__init__(daemon=True)
        self.address = f"http://127.0.0.1:{system.port}/desk"
        self.cookie = cookie
        self.answers: list[int] = []
        self.has_ended = threading.Event()

    def load(self) -> int:
        request = urllib.request.Request(
            self.address, headers={"Cookie": f"genjin_session={self.cookie}"}
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                assert answer.url == self.address, "signed out by the restart"
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def run(self) -> None:
        while not self.has_ended.wait(0.05):
            self.answers.append(self.load())


def test_a_database_restarted_under_load_loses_nothing_and_hands_nothing_out_twice(
    system: System, tmp_path: Path
):
    supervisor = system.up()
    system.wait_until_ready()
    server = EmbeddedPostgres(system.home)
    seeded = run(system, SEED, FOLLOWUPS, PROCESSES * 2)
    visitor = Visitor(system, seeded["cookie"])
    assert visitor.load() == 200
    visitor.start()

    logs = [tmp_path / f"taker{n}" for n in range(PROCESSES)]

    def told(word: str) -> list[str]:
        lines = [line for log in logs if log.exists() for line in log.read_text().splitlines()]
        return [line.split()[1] for line in lines if line.startswith(word)]

    takers = [
        subprocess.Popen(
            [sys.executable, "-c", TAKER, str(log), str(seeded["queue"]),
             *map(str, seeded["users"][n * 2 : n * 2 + 2])],
            env=environment(system),
            stderr=subprocess.PIPE,
            text=True,
        )
        for n, log in enumerate(logs)
    ]  # fmt: skip
    try:
        until(lambda: len(told("done")) > FOLLOWUPS // 6, seconds=180)
        first = server.postmaster_pid()
        assert first
        os.kill(first, signal.SIGKILL)
        until(lambda: server.postmaster_pid() not in (None, first))
        until(lambda: len(told("done")) > FOLLOWUPS // 2, seconds=180)
        second = server.postmaster_pid()
        assert second
        os.kill(second, signal.SIGINT)
        until(lambda: server.postmaster_pid() not in (None, second))
        for taker in takers:
            _, complaints = taker.communicate(timeout=400)
            assert taker.returncode == 0, complaints
    finally:
        for taker in takers:
            taker.kill()
            taker.wait()

    until(system.is_well)
    until(lambda: visitor.load() == 200)
    calm = [visitor.load() for _ in range(20)]
    visitor.has_ended.set()
    visitor.join(60)
    assert calm == [200] * 20
    assert set(visitor.answers) <= {0, 200, 500, 503}
    assert visitor.answers.count(200) > 10

    took, recorded = told("took"), told("done")
    assert len(took) == len(set(took)), "one follow-up was handed out twice"
    before, after = run(system, LOOK)
    states = {pk: (state, count) for pk, state, _by, count in before["rows"]}
    assert len(states) == FOLLOWUPS
    # Whatever was confirmed to a person stands; what the server took along stands wholly or not.
    assert all(states[pk] == ("done", 1) for pk in recorded)
    assert set(states.values()) <= {("done", 1), ("taken", 0)}
    in_hand = [by for _pk, state, by, _count in before["rows"] if state == "taken"]
    assert len(in_hand) <= 2 * len(seeded["users"])
    assert None not in in_hand
    done = sum(state == "done" for state, _count in states.values())
    assert before["timeline"] == before["touched"] == done
    # What was in hand when the server died is still in the same hands and can be recorded.
    assert {(state, count) for _pk, state, _by, count in after["rows"]} == {("done", 1)}
    assert after["timeline"] == FOLLOWUPS
    assert end(supervisor) == 0
    time.sleep(0.2)
    assert system.is_quiet()
