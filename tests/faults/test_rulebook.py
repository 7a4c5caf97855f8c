"""The worker is killed while it handles events: each event still gets its one follow-up."""

import os
import signal
import subprocess
import sys
from datetime import timedelta

import pytest
from django.db import connection
from psycopg.conninfo import make_conninfo

from genjin.customers.events import EventRow, emit_many
from genjin.customers.models import Event
from genjin.followups.models import FollowUp, RuleResult
from genjin.followups.rulebook import engine
from genjin.followups.rulebook.shipped import sync_shipped_rules
from tests.concurrency import at_once
from tests.factories import NOW, make_customer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]
EVENTS = 60

# Handles small batches, and stays in the middle of the third, where the test kills it.
WORKER = """
import sys, time, django
django.setup()
from datetime import datetime
from genjin.followups.rulebook import engine
now = datetime.fromisoformat(sys.argv[1])
mark = engine._mark
done = 0
def wait(ids, moment):
    global done
    mark(ids, moment)
    done += 1
    if done == 3:
        print("in the middle", flush=True)
        time.sleep(120)
engine._mark = wait
while engine.handle_batch(now, limit=10).events:
    pass
"""


def address() -> str:
    """The test's own database, for another process."""
    known = connection.settings_dict
    return make_conninfo(
        dbname=known["NAME"], user=known["USER"], password=known["PASSWORD"] or None,
        host=known["HOST"], port=known["PORT"] or None,
    )  # fmt: skip


def tell(count: int) -> None:
    sync_shipped_rules()
    people = [make_customer() for _number in range(10)]
    emit_many(
        [
            EventRow("payment_received", people[number % 10].pk, f"e:{number}",
                     NOW.date() - timedelta(days=number % 3), {"after_collection": True})
            if number % 4 == 0
            else EventRow("installed", people[number % 10].pk, f"e:{number}", NOW.date(), {})
            for number in range(count)
        ],
        now=NOW,
    )  # fmt: skip


def test_a_killed_worker_loses_nothing_and_doubles_nothing():
    tell(EVENTS)
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, NOW.isoformat()], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "DATABASE_URL": address()},
    )  # fmt: skip
    assert worker.stdout is not None
    assert worker.stdout.readline().strip() == "in the middle"
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    assert Event.objects.filter(handled_at=None).count() == EVENTS - 20

    engine.handle_all(lambda: NOW)
    assert not engine.has_waiting()
    causes = list(FollowUp.objects.values_list("cause_key", flat=True))
    assert len(causes) == len(set(causes))
    checks = FollowUp.objects.filter(source_id="usage-check").count()
    assert checks == Event.objects.filter(code="installed").count()
    thanked = FollowUp.objects.filter(source_id="payment-thanks")
    assert thanked.count() == thanked.values("customer").distinct().count()
    capped = RuleResult.objects.filter(result="capped").count()
    assert thanked.count() + capped == Event.objects.filter(code="payment_received").count()


def test_two_workers_at_once_plan_each_event_once_and_pass_no_cap():
    tell(EVENTS)

    def work() -> int:
        planned = 0
        while engine.has_waiting():
            planned += engine.handle_batch(NOW, limit=7).planned
        return planned

    assert sum(at_once(work, work, work)) == FollowUp.objects.count()
    checks = FollowUp.objects.filter(source_id="usage-check").count()
    assert checks == Event.objects.filter(code="installed").count()
    thanked = FollowUp.objects.filter(source_id="payment-thanks")
    assert thanked.count() == thanked.values("customer").distinct().count()
