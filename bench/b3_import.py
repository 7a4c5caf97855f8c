"""B3: bringing in a list: 1,000,000 rows of 20 columns with checks, pinyin and duplicates.

The rate at 10,000 rows is the median of three runs on an empty database; the rate at 1,000,000
is one run. Memory is the resident set of this process and its workers, without the database's,
sampled while the import runs.
"""

import csv
import random
import statistics
import tempfile
import threading
import time
from pathlib import Path

import psutil
from django.utils import timezone

from bench.common import Context, Measure
from bench.data import name_of, phone_of
from genjin.customers.importing import operations
from genjin.customers.importing.mapping import from_toml

DATABASE = "genjin_bench_import"
SMALL, LARGE = 10_000, 1_000_000
MAP = """
name = "bench"
[columns]
name = "name"
tax = "tax_number"
address = "address"
person = "person_name"
note = "note"
region = "region"
sex = "sex"
[columns.mobile]
target = "phone"
label = "mobile"
[columns.mail]
target = "email"
[columns.since]
field = "since"
type = "date"
[columns.level]
field = "level"
type = "choice"
facet = true
[columns.level.values]
gold = { code = "gold" }
silver = { code = "silver" }
none = { code = "none" }
[columns.newsletter]
field = "newsletter"
type = "boolean"
"""
NUMBERS = [f"n{place}" for place in range(8)]
HEADER = ["name", "mobile", "tax", "address", "person", "mail", "note", "region", "sex", "since",
          "level", "newsletter", *NUMBERS]  # fmt: skip


def mapping() -> str:
    return MAP + "".join(f'[columns.{n}]\nfield = "{n}"\ntype = "number"\n' for n in NUMBERS)


def write_list(path: Path, rows: int, rng: random.Random, offset: int) -> int:
    """Writes a list; one row in 100 is a double in the file, one in 200 has a fault."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for place in range(rows):
            index = offset + (place if place % 100 or not place else place - 1)
            kind, name = name_of(index)
            phone = phone_of(index)[3:] if place % 200 != 7 else "12"
            is_firm = kind == "organisation"
            writer.writerow([
                name, phone, f"91{index:016d}" if is_firm else "",
                f"中山路{index % 900}号" if place % 4 == 0 else "",
                name_of(index + 1)[1] if is_firm else "", f"a{index}@example.com" if place % 5 == 0
                else "", "", "310000", "" if is_firm else "fm"[index % 2],
                f"20{index % 20 + 5:02d}-0{index % 9 + 1}-1{index % 9}",
                ("gold", "silver", "none")[index % 3], ("yes", "no")[index % 2],
                *[rng.randrange(10_000) for _ in NUMBERS],
            ])  # fmt: skip
    return rows


class Memory:
    """The most memory that this process and its children held together while watched."""

    def __init__(self) -> None:
        self.most = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Memory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        me = psutil.Process()
        while not self._stop.wait(0.5):
            held = 0
            for process in (me, *me.children(recursive=True)):
                try:
                    if "postgres" not in process.name():
                        held += process.memory_info().rss
                except psutil.Error:
                    continue
            self.most = max(self.most, held)


def bring_in(path: Path) -> float:
    """Rows a second of one import, from looking at the file to the last commit."""
    started = time.perf_counter()
    now = timezone.now()
    run = operations.receive(path, name=path.name, by=None, now=now)
    operations.set_mapping(run, from_toml(mapping()), on_duplicate="skip", by=None, now=now)
    operations.write(run, by=None, now=now)
    return run.next_row / (time.perf_counter() - started)


def run(context: Context) -> list[Measure]:
    """The rate at a million rows, its share of the rate at ten thousand, and the memory."""
    large = context.scaled(LARGE, least=SMALL)
    with tempfile.TemporaryDirectory() as folder:
        small_rates = []
        for turn in range(3):
            context.use(DATABASE, is_fresh=True)
            path = Path(folder) / f"small-{turn}.csv"
            write_list(path, SMALL, context.rng, 0)
            small_rates.append(bring_in(path))
            context.progress(f"{SMALL:,} rows: {small_rates[-1]:,.0f} rows/s")
        path = Path(folder) / "large.csv"
        with context.timed(f"a list of {large:,} rows"):
            write_list(path, large, context.rng, 0)
        context.use(DATABASE, is_fresh=True)
        with Memory() as memory:
            rate = bring_in(path)
        context.progress(f"{large:,} rows: {rate:,.0f} rows/s")
    small = statistics.median(small_rates)
    megabytes = memory.most / 1024**2
    return [
        Measure("B3", rate, "rows/s", 10_000, "least", f"{large:,} rows of {len(HEADER)} columns"),
        Measure("B3", rate / small, "share", 0.8, "least", f"of {small:,.0f} rows/s at {SMALL:,}"),
        Measure("B3", megabytes, "MB", 600, "most", "memory of the import and its workers"),
    ]
