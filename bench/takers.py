"""One process of takers: `python -m bench.takers THREADS SEED SECONDS OUT`, on DATABASE_URL.

Each thread is an agent who takes the next follow-up from three queues, again and again, for
SECONDS. The process says "ready" when every thread is connected and has its plan, and starts at
the moment (seconds since 1970) that it then reads from its input. OUT gets the ids in the order
of taking and the latencies in milliseconds, by second since the start.
"""

import json
import os
import random
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

# A Monday morning in Shanghai, inside working hours.
MOMENT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def work(user: Any, queues: list[Any], seed: int, gate: "Gate", out: dict[int, Any]) -> None:
    from django.db import connection

    from genjin.followups.operations import take_next

    rng = random.Random(seed)
    # Nothing is found in no queue, but the connection then has the statement and its plan.
    take_next(user, queues=[], now=MOMENT)
    ids: list[str] = []
    latencies: list[tuple[int, float]] = []
    gate.ready.wait()
    gate.opened.wait()
    start = gate.start
    time.sleep(max(0.0, start - time.time()))
    while (now := time.time()) < start + gate.seconds:
        begun = time.perf_counter()
        taken = take_next(user, queues=rng.sample(queues, 3), now=MOMENT)
        took = (time.perf_counter() - begun) * 1000
        if taken is None:
            break
        ids.append(taken.followup.pk.hex)
        latencies.append((int(now - start), took))
    connection.close()
    out[seed] = {"ids": ids, "latencies": latencies}


class Gate:
    """Lets all takers of a process, and of its sister, start at one moment."""

    def __init__(self, threads: int, seconds: float) -> None:
        self.ready = threading.Barrier(threads + 1)
        self.opened = threading.Event()
        self.start = 0.0
        self.seconds = seconds


def main(threads: int, seed: int, seconds: float, target: Path) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "genjin.conf.settings")
    import django

    django.setup()
    from genjin.followups.models import Queue
    from genjin.foundation.models import User

    users = list(User.objects.filter(username__startswith="bench").order_by("pk"))
    queues = list(Queue.objects.filter(source_kind="bench").order_by("pk"))
    out: dict[int, Any] = {}
    gate = Gate(threads, seconds)
    crew = [
        threading.Thread(
            target=work,
            args=(users[(seed + number) % len(users)], queues, seed + number, gate, out),
        )
        for number in range(threads)
    ]
    for one in crew:
        one.start()
    gate.ready.wait()
    print("ready", flush=True)
    gate.start = float(sys.stdin.readline())
    gate.opened.set()
    for one in crew:
        one.join()
    target.write_text(json.dumps(list(out.values())))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), Path(sys.argv[4]))
