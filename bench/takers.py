"""One process of takers: `python -m bench.takers THREADS SEED START SECONDS OUT`, on DATABASE_URL.

Each thread is an agent who takes the next follow-up from three queues, again and again, from
START (seconds since 1970) for SECONDS. OUT gets the ids in the order of taking and the latencies
in milliseconds, by second since START.
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


def work(user: Any, queues: list[Any], seed: int, start: float, end: float, out: dict) -> None:
    from django.db import connection

    from genjin.followups.operations import take_next

    rng = random.Random(seed)
    connection.ensure_connection()
    ids, latencies = [], []
    time.sleep(max(0.0, start - time.time()))
    while (now := time.time()) < end:
        begun = time.perf_counter()
        taken = take_next(user, queues=rng.sample(queues, 3), now=MOMENT)
        took = (time.perf_counter() - begun) * 1000
        if taken is None:
            break
        ids.append(taken.followup.pk.hex)
        latencies.append((int(now - start), took))
    connection.close()
    out[seed] = {"ids": ids, "latencies": latencies}


def main(threads: int, seed: int, start: float, seconds: float, target: Path) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "genjin.conf.settings")
    import django

    django.setup()
    from genjin.followups.models import Queue
    from genjin.foundation.models import User

    users = list(User.objects.filter(username__startswith="bench").order_by("pk"))
    queues = list(Queue.objects.filter(source_kind="bench").order_by("pk"))
    out: dict[int, Any] = {}
    crew = [
        threading.Thread(
            target=work,
            args=(users[(seed + number) % len(users)], queues, seed + number, start,
                  start + seconds, out),
        )
        for number in range(threads)
    ]  # fmt: skip
    for one in crew:
        one.start()
    for one in crew:
        one.join()
    target.write_text(json.dumps(list(out.values())))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]),
         Path(sys.argv[5]))  # fmt: skip
