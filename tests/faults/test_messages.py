"""The worker is killed while it sends: no message is lost, none goes twice."""

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from datetime import timedelta

import pytest

from genjin.followups.delivery import claims, sending
from genjin.followups.models import Contact, Interaction, OutgoingMessage
from tests.concurrency import at_once
from tests.factories import NOW
from tests.faults.test_rulebook import address
from tests.followups.delivery.mail import make_reader, write

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]
COUNT = 60

WORKER = """
import sys, django
django.setup()
from datetime import datetime
from genjin.followups.delivery import sending
now = datetime.fromisoformat(sys.argv[1])
sending.run("email", seconds=300, clock=lambda: now)
"""


def write_many(count: int = COUNT) -> None:
    for number in range(count):
        write(make_reader(f"r{number}@example.com"), key=f"m:{number}")


def start_worker(mail_server, now) -> subprocess.Popen:
    environment = {
        **os.environ, "DATABASE_URL": address(), "DJANGO_SETTINGS_MODULE": "genjin.conf.settings",
        "GENJIN_SMTP": f"plain+smtp://{mail_server.host}:{mail_server.port}",
        "GENJIN_MAIL_FROM": "house@example.org", "GENJIN_PRODUCTION": "1",
    }  # fmt: skip
    return subprocess.Popen([sys.executable, "-c", WORKER, now.isoformat()], env=environment)


def kill_when(mail_server, worker: subprocess.Popen, *, arrived: int) -> None:
    """Kills the worker right after the server has taken so many messages, before it answers."""
    came = threading.Event()
    before = mail_server.handle_DATA

    async def stop_there(server, session, envelope):
        answer = await before(server, session, envelope)
        if len(mail_server.received) >= arrived and not came.is_set():
            came.set()
            worker.send_signal(signal.SIGKILL)
            worker.wait()
        return answer

    mail_server.handle_DATA = stop_there
    assert came.wait(60)
    mail_server.handle_DATA = before


def test_two_killed_workers_lose_nothing_and_double_nothing(mail_server):
    write_many()
    at = NOW
    for arrived in (7, 31):
        worker = start_worker(mail_server, at)
        kill_when(mail_server, worker, arrived=arrived)
        assert OutgoingMessage.objects.filter(state="sending").count() == 1
        at += timedelta(minutes=30)
        back, lost = claims.give_up_on_leases(at)
        assert (back > 0, lost) == (True, 1)
    run = sending.run("email", seconds=120, clock=lambda: at)
    sending.remember("email", at)
    states = Counter(OutgoingMessage.objects.values_list("state", flat=True))
    assert states == {"sent": COUNT - 2, "unknown": 2}
    assert run.sent == COUNT - 31
    assert Counter(mail_server.recipients) == {f"r{number}@example.com": 1
                                               for number in range(COUNT)}  # fmt: skip
    assert len(set(mail_server.ids())) == COUNT
    assert Interaction.objects.count() == COUNT - 2
    contacts = Counter(Contact.objects.values_list("state", flat=True))
    assert contacts == {"closed": COUNT - 2, "unknown": 2}


def test_three_senders_at_once_send_each_message_once(mail_server):
    write_many()
    runs = at_once(*[lambda: sending.run("email", seconds=120, clock=lambda: NOW)] * 3)
    assert sum(run.sent for run in runs) == COUNT
    assert Counter(mail_server.recipients) == {f"r{number}@example.com": 1
                                               for number in range(COUNT)}  # fmt: skip
    assert Interaction.objects.count() == COUNT
