"""B9: 100,000 events become follow-ups, at least 2,000 a second, exactly once although killed.

A process of its own handles the events, as the worker does, with the shipped rules. In a first run
it is left alone and timed. In a second run it is killed (SIGKILL) again and again in the middle of
its work and started anew; at the end each event that a rule wants has its one follow-up.
"""

import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bench import data
from bench.common import Context, Measure

DATABASE = "genjin_bench_rulebook"
EVENTS = 100_000
CUSTOMERS = 100_000
KILLS = 5
# A Monday morning in Shanghai.
MOMENT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
DAY = date(2026, 11, 23)
_WORK = f"""
import django
django.setup()
from datetime import datetime
from genjin.followups.rulebook import engine
now = datetime.fromisoformat({MOMENT.isoformat()!r})
print("ready", flush=True)
while engine.handle_batch(now).events:
    print("batch", flush=True)
"""


def _event(rng: random.Random, number: int) -> tuple[str, dict[str, Any]]:
    """An event that a shipped rule turns into one follow-up; one in ten wants none."""
    if number % 10 == 9:
        return "goods_delivered", {"is_dear": False, "is_fragile": False, "is_trial": False}
    return rng.choice(
        [
            ("goods_delivered", {"is_dear": True, "is_fragile": False, "product": "冰箱"}),
            ("installed", {"product": "空调", "is_dear": True}),
            ("wanted_in_stock", {"item": "滤芯", "days_waiting": 12}),
            ("complaint_settled", {"about": "噪音", "days_open": 4}),
            ("payment_late", {"amount": 1200, "days_late": 3}),
        ]
    )


def _prepare(context: Context, count: int) -> int:
    """Customers, rules and events that wait; returns how many follow-ups must come of them."""
    from genjin.customers.events import EventRow, emit_many
    from genjin.followups.rulebook.shipped import sync_shipped_rules

    context.use(DATABASE)
    data.ensure_customers(context, context.scaled(CUSTOMERS, 1000))
    sync_shipped_rules()
    with context.connect() as connection:
        connection.execute("SET genjin.allow_truncate = on")
        connection.execute(
            "TRUNCATE customers_event, followups_followup, followups_ruleresult CASCADE"
        )
    rng = random.Random(9)
    customers = context.scaled(CUSTOMERS, 1000)
    rows, wanted = [], 0
    for number in range(count):
        code, told = _event(rng, number)
        wanted += number % 10 != 9
        rows.append(
            EventRow(code, data.customer_id(rng.randrange(customers)), f"bench:{number}",
                     DAY - timedelta(days=rng.randrange(3)), told)
        )  # fmt: skip
    with context.timed(f"{count:,} events told"):
        emit_many(rows, now=MOMENT)
    with context.connect() as connection:
        connection.execute("VACUUM (ANALYZE) customers_event, followups_followup")
    return wanted


def _worker() -> subprocess.Popen[str]:
    environment = {**os.environ, "GENJIN_LOG_LEVEL": "ERROR"}
    process = subprocess.Popen(
        [sys.executable, "-c", _WORK], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert process.stdout is not None
    if process.stdout.readline().strip() != "ready":
        raise RuntimeError("the worker did not start")
    return process


def _counts(context: Context) -> tuple[int, int, int]:
    """Events that wait, follow-ups, and events of a rule that have more or less than one."""
    with context.connect() as connection:
        row = connection.execute(
            """SELECT (SELECT count(*) FROM customers_event WHERE handled_at IS NULL),
                 (SELECT count(*) FROM followups_followup),
                 (SELECT count(*) FROM (
                    SELECT right(cause_key, 36) FROM followups_followup GROUP BY 1
                    HAVING count(*) > 1) twice)"""
        ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1]), int(row[2])


def _undisturbed(context: Context, count: int) -> float:
    wanted = _prepare(context, count)
    worker = _worker()
    started = time.perf_counter()
    worker.wait()
    seconds = time.perf_counter() - started
    waiting, made, _twice = _counts(context)
    if (waiting, made) != (0, wanted):
        raise RuntimeError(f"{waiting} events wait, {made} of {wanted} follow-ups")
    context.progress(f"{count / seconds:,.0f} events/s, {made:,} follow-ups")
    return count / seconds


def _killed(context: Context, count: int) -> tuple[int, int]:
    """How many follow-ups are missing, and how many are there twice, after kills in the middle."""
    wanted = _prepare(context, count)
    rng = random.Random(5)
    for number in range(KILLS):
        worker = _worker()
        assert worker.stdout is not None
        for _batch in range(rng.randrange(1, 4)):
            worker.stdout.readline()
        time.sleep(rng.random() * 0.4)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        waiting, made, _twice = _counts(context)
        context.progress(f"killed for the {number + 1}. time: {waiting:,} wait, {made:,} planned")
    _worker().wait()
    waiting, made, twice = _counts(context)
    return abs(wanted - made) + waiting, twice


def run(context: Context) -> list[Measure]:
    """Measures the rate, then counts what kills in the middle lose or double."""
    count = context.scaled(EVENTS, 10_000)
    rates = sorted(_undisturbed(context, count) for _ in range(3))
    lost, twice = _killed(context, count)
    note = f"{count:,} events, nine in ten make a follow-up"
    return [
        Measure("B9", rates[1], "events/s", 2000, "least", f"{note}; {rates[0]:,.0f} to "
                f"{rates[2]:,.0f}"),
        Measure("B9-lost", lost, "missing", 0, "most", f"worker killed {KILLS} times"),
        Measure("B9-doubles", twice, "planned twice", 0, "most", f"worker killed {KILLS} times"),
    ]  # fmt: skip
