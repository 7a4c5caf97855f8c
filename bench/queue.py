"""The queue that B1 and B2 take from, and the crew that takes."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import data
from bench.common import Context, percentile
from genjin.conf.embedded_binaries import find_binaries

ROOT = Path(__file__).resolve().parents[1]
QUEUES = 50
THREADS = 16
PROCESSES = 2
# Lanes that are open on a Monday at ten in Shanghai, and lanes that are not.
OPEN_WEEKS = ("", "mon-fri 09:30-11:00", "daily 09:00-12:00", "mon-wed 10:00-11:30")
CLOSED_WEEKS = tuple(f"mon-sun {hour}:{minute}-20:30" for hour in (14, 15, 16, 17, 18, 19)
                     for minute in ("00", "10", "20", "30", "40", "50"))  # fmt: skip


@dataclass(frozen=True)
class Taking:
    """What a crew did: ids in the order of each taker, and (second, milliseconds) of each take."""

    ids: list[str]
    latencies: list[tuple[int, float]]
    seconds: float

    @property
    def rate(self) -> float:
        return len(self.ids) / self.seconds

    def rate_between(self, first: int, last: int) -> float:
        """Takes a second from second `first` (included) to `last` (excluded)."""
        return sum(first <= second < last for second, _ in self.latencies) / (last - first)

    @property
    def p95(self) -> float:
        return percentile([took for _, took in self.latencies], 0.95)


def prepare(context: Context, *, rows: int, closed_share: float) -> None:
    """Fills a database of its own: `rows` follow-ups in 50 queues, in open and closed lanes.

    `closed_share` of the rows wait where nothing may be taken now: nine in ten of them in lanes
    that are closed at this hour, the others on hold, as `place_hold` leaves them.
    """
    context.use("genjin_bench_queue")
    data.ensure_customers(context, rows)
    with context.connect() as connection:
        connection.execute("SET genjin.allow_truncate = on")
        connection.execute(
            "TRUNCATE followups_followup, followups_lane, followups_queue, customers_hold CASCADE"
        )
    with context.timed(f"{rows:,} follow-ups, {closed_share:.0%} of them not now"):
        _people_and_queues(context)
        _followups(context, rows, closed_share)


def _people_and_queues(context: Context) -> None:
    with context.connect() as connection:
        connection.execute(
            """INSERT INTO foundation_user (username, password, name, staff_number, role, language,
                 time_zone, spoken, skills, is_active, must_change_password, created_at)
               SELECT 'bench' || n, '', '坐席' || n, 'B' || n, 'agent', 'zh-hans',
                 'Asia/Shanghai', '{}', '{}', true, false, now()
               FROM generate_series(1, 32) n ON CONFLICT DO NOTHING"""
        )
        connection.execute(
            """INSERT INTO followups_queue (name, source_kind, source_id, purpose, channel, weekly,
                 is_open, band, skills)
               SELECT 'queue ' || n, 'bench', n::text, 'sell', 'call', '', true, 50, '{}'
               FROM generate_series(1, %s) n""",
            (QUEUES,),
        )
        for weekly in (*OPEN_WEEKS, *CLOSED_WEEKS):
            connection.execute(
                """INSERT INTO followups_lane (purpose, time_zone, weekly, language, skills,
                     is_important)
                   SELECT 'sell', 'Asia/Shanghai', %s, '', '{}', n = 1
                   FROM generate_series(0, 1) n""",
                (weekly,),
            )
        connection.execute("ANALYZE followups_lane")


def _followups(context: Context, rows: int, closed_share: float) -> None:
    with context.connect() as connection:
        connection.execute("SELECT setseed(0.5)")
        connection.execute(
            """
            WITH lanes AS (
              SELECT array_agg(id ORDER BY id) FILTER (WHERE weekly = ANY(%(open)s)) AS open,
                array_agg(id ORDER BY id) FILTER (WHERE NOT weekly = ANY(%(open)s)) AS closed
              FROM followups_lane
            ), queues AS (
              SELECT array_agg(id ORDER BY id) AS ids FROM followups_queue
            ), rows AS (
              SELECT c.id, row_number() OVER () AS n, random() < %(closed)s AS is_closed,
                random() < 0.1 AS is_held, (random() * 1e9)::bigint AS rank
              FROM (SELECT id FROM customers_customer ORDER BY id LIMIT %(rows)s) c
            )
            INSERT INTO followups_followup (id, customer_id, queue_id, lane_id, channel, purpose,
              cause_key, source_kind, source_id, subject, state, rank, not_before, tries,
              last_outcome, withheld, created_at, end_reason)
            SELECT gen_random_uuid(), r.id, queues.ids[1 + n %% %(queues)s],
              CASE WHEN is_closed AND NOT is_held
                   THEN lanes.closed[1 + (n / 50) %% array_length(lanes.closed, 1)]
                   ELSE lanes.open[1 + (n / 50) %% array_length(lanes.open, 1)] END,
              'call', 'sell', 'bench:' || r.id, 'bench', '', '',
              CASE WHEN is_closed AND is_held THEN 'planned' ELSE 'ready' END, rank,
              CASE WHEN is_closed AND is_held THEN '2026-12-20'::timestamptz
                   ELSE '2026-11-20'::timestamptz END,
              0, '', '[]', '2026-11-20', ''
            FROM rows r, lanes, queues
            """,
            {"open": list(OPEN_WEEKS), "closed": closed_share, "queues": QUEUES, "rows": rows},
        )
        connection.execute(
            """INSERT INTO customers_hold (id, customer_id, purposes, reason, note, source_kind,
                 source_id, starts_at, ends_at, placed_at, release_reason, about, currency)
               SELECT gen_random_uuid(), customer_id, '{sell}', 'complaint', '', 'bench', '',
                 '2026-11-20', '2026-12-20', '2026-11-20', '', '{}', ''
               FROM followups_followup WHERE state = 'planned'"""
        )
        connection.execute("VACUUM (ANALYZE) followups_followup, customers_hold")


def tidy(context: Context) -> None:
    """What autovacuum would do in the meantime; every measurement starts from the same state."""
    with context.connect() as connection:
        connection.execute("VACUUM (ANALYZE) followups_followup")
        connection.execute("CHECKPOINT")


def take(context: Context, seconds: float, *, seed: int) -> Taking:
    """Lets 32 takers in 2 processes take for a while."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{number}.json" for number in range(PROCESSES)]
        crews = [
            subprocess.Popen(
                [sys.executable, "-m", "bench.takers", str(THREADS), str(seed + 100 * number),
                 str(seconds), str(file)],
                cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                env={**os.environ, "DATABASE_URL": context.dsn,
                     "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
            )
            for number, file in enumerate(files)
        ]  # fmt: skip
        for crew in crews:
            if crew.stdout is None or crew.stdout.readline() != "ready\n":
                raise RuntimeError("a crew of takers did not start")
        start = time.time() + 0.5
        for crew in crews:
            if crew.stdin is not None:
                crew.stdin.write(f"{start}\n")
                crew.stdin.close()
        for crew in crews:
            crew.wait()
        if sum(crew.returncode for crew in crews):
            raise RuntimeError("a crew of takers failed")
        results = [one for file in files for one in json.loads(file.read_text())]
    return Taking(
        ids=[pk for one in results for pk in one["ids"]],
        latencies=[(second, took) for one in results for second, took in one["latencies"]],
        seconds=seconds,
    )


BARE = """\\set queue random({first}, {last})
\\set user random({user}, {user} + 31)
UPDATE followups_followup SET state = 'taken', taken_by_id = :user, taken_at = now(),
  lease_until = now() + interval '15 minutes'
WHERE id = (SELECT id FROM followups_followup
  WHERE queue_id = :queue AND state = 'ready' AND assigned_to_id IS NULL
  ORDER BY lane_id, rank, id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id;
"""


def take_bare(context: Context, seconds: float) -> float:
    """The rate of a bare UPDATE … SKIP LOCKED by pgbench, 32 clients, on the same table."""
    with context.connect() as connection:
        first, last = connection.execute("SELECT min(id), max(id) FROM followups_queue").fetchone()
        (user,) = connection.execute("SELECT min(id) FROM foundation_user").fetchone()
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(BARE.format(first=first, last=last, user=user))
        script.flush()
        done = subprocess.run(
            [find_binaries().program("pgbench"), "-n", "-M", "prepared", "-c",
             str(THREADS * PROCESSES), "-j", str(PROCESSES), "-T", str(max(1, round(seconds))),
             "-f", script.name, context.dsn],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if not found:
        raise RuntimeError(done.stdout + done.stderr)
    return float(found[1])


@contextmanager
def report_running(context: Context) -> Iterator[None]:
    """A report that looks at one snapshot of the database all the while."""
    with context.connect() as connection:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        connection.execute("SELECT count(*) FROM followups_queue")
        yield
        connection.execute("COMMIT")
