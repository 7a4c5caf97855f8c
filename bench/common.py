"""What every measurement shares: the result, the database and the random numbers.

A measurement is a module `bench/b<N>_<what>.py` with `run(context) -> list[Measure]`. It repeats
itself and gives medians; figures that depend on the machine are judged beside a peer or the bare
engine measured in the same run.
"""

import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from psycopg import conninfo, sql

EMPTY = "genjin_bench_empty"
SHARED = "genjin_bench"


@dataclass(frozen=True)
class Measure:
    """One figure against its target. `bound` says whether `target` is the least or the most."""

    id: str
    figure: float
    unit: str
    target: float
    bound: Literal["least", "most"] = "most"
    note: str = ""

    @property
    def is_met(self) -> bool:
        if self.bound == "least":
            return self.figure >= self.target
        return self.figure <= self.target

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "figure": round(self.figure, 4),
            "unit": self.unit,
            "target": self.target,
            "bound": self.bound,
            "met": self.is_met,
            "note": self.note,
        }


@dataclass
class Context:
    """Where a measurement runs. `dsn` is the database that Django is connected to as well.

    `scale` (GENJIN_BENCH_SCALE, 1 by default) shrinks the sizes for a quick trial; figures of a
    trial are not results. `rng` starts from the same seed for every measurement.
    """

    server: str
    database: str = SHARED
    scale: float = field(default_factory=lambda: float(os.environ.get("GENJIN_BENCH_SCALE", "1")))
    rng: random.Random = field(default_factory=lambda: random.Random(20261123))

    @property
    def dsn(self) -> str:
        """The address of the database in use, for drivers and child processes (DATABASE_URL)."""
        return with_database(self.server, self.database)

    def scaled(self, count: int, least: int = 1) -> int:
        """The size to use for `count` at this scale."""
        return max(least, int(count * self.scale))

    def connect(self, **options: Any) -> psycopg.Connection[Any]:
        """A connection of its own, autocommitting, beside Django's."""
        return psycopg.connect(self.dsn, autocommit=True, **options)

    def progress(self, text: str) -> None:
        """Tells the person who waits what is happening."""
        print(f"  {time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)

    @contextmanager
    def timed(self, text: str) -> Iterator[None]:
        """Tells what is happening and how long it took."""
        started = time.perf_counter()
        yield
        self.progress(f"{text}: {time.perf_counter() - started:.1f} s")

    def use(self, database: str, *, is_fresh: bool = False) -> None:
        """Turns this context and Django to another database, made empty and migrated if missing.

        `is_fresh` drops what is there first.
        """
        for connection in connections.all():
            connection.close()
        with psycopg.connect(with_database(self.server, "postgres"), autocommit=True) as admin:
            name = sql.Identifier(database)
            if is_fresh:
                admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
            if not _exists(admin, database):
                _ensure_empty(self.server, admin)
                admin.execute(
                    sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, sql.Identifier(EMPTY))
                )
        self.database = database
        point_django_at(self.dsn)


def _exists(admin: psycopg.Connection[Any], database: str) -> bool:
    row = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone()
    return row is not None


def _ensure_empty(server: str, admin: psycopg.Connection[Any]) -> None:
    if not _exists(admin, EMPTY):
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(EMPTY)))
    point_django_at(with_database(server, EMPTY))
    call_command("migrate", verbosity=0, interactive=False)
    for connection in connections.all():
        connection.close()


def with_database(server: str, database: str) -> str:
    """The address `server` with another database's name."""
    parts = urlsplit(server)
    if parts.scheme:
        return urlunsplit(parts._replace(path=f"/{database}"))
    return conninfo.make_conninfo(server, dbname=database)


def point_django_at(dsn: str) -> None:
    """Makes Django's default connection, of this thread and of later ones, use `dsn`."""
    given = conninfo.conninfo_to_dict(dsn)
    os.environ["DATABASE_URL"] = dsn
    for target in (settings.DATABASES["default"], connections["default"].settings_dict):
        target.update(
            NAME=given.get("dbname"),
            USER=given.get("user", ""),
            PASSWORD=given.get("password", ""),
            HOST=given.get("host", ""),
            PORT=str(given.get("port", "")),
        )


def median_of(runs: int, measure: Callable[[], float]) -> float:
    """The median figure of several runs."""
    return statistics.median(measure() for _ in range(runs))


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0 to 1) of `values` do not exceed; nearest rank.

    Raises ValueError when there are none.
    """
    if not values:
        raise ValueError("no values were measured")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered) + 0.5) - 1))]
