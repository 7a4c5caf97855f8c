"""The ledger under a million random operations by two writers that are killed at random (RE1).

`python -m bench.ledger_million [--operations 1000000] [--customers 2000] [--kill 4 15]`, run by
hand. Writes to a database of its own. Two processes book bills, payments, credit notes and cheques
by the hundred and one by one, allocate, reverse, refund, write off and recover, on the same
customers. Every 4 to 15 seconds one of them is ended by kill -9 and started again; it goes on with
the step that it had not acknowledged, so what was booked before the kill comes a second time.
In the end:

* `check-ledger` proves every account, every debt and all in all from the entries;
* every acknowledged row stands in the ledger exactly once, under its key.

An operation is a row of a file or one operation on its own; both are counted. Prints one JSON
object and ends with 1 when anything is wrong.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

WRITERS = 2
DATABASE = "genjin_bench_ledger"
TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
CURRENCIES = ("CNY", "CNY", "CNY", "USD")
# Of a hundred steps, so many are a file of rows; the others are one operation each.
FILES_PERCENT = 10
ROWS = (20, 180)


class Writer:
    """One writing process: steps that are told by their number alone, so a step can come again."""

    def __init__(self, name: str, folder: Path, target: int) -> None:
        from genjin.customers.models import Customer

        self.name, self.target = name, target
        self.journal = folder / f"{name}.journal"
        self.customers = list(Customer.objects.order_by("number").values_list("pk", flat=True))

    def run(self) -> None:
        """Goes on behind the last acknowledged step until the target is reached."""
        step, done = self._acknowledged()
        with self.journal.open("a", encoding="ascii") as journal:
            while done < self.target:
                step += 1
                chance = random.Random(f"{self.name}:{step}")
                count, what = self._step(step, chance)
                done += count
                # A killed process loses nothing that it handed to the kernel.
                journal.write(f"{step} {count} {what}\n")
                journal.flush()

    def _acknowledged(self) -> tuple[int, int]:
        lines = self.journal.read_text("ascii").splitlines() if self.journal.exists() else []
        whole = [line.split() for line in lines if len(line.split()) == 3]
        return len(whole), sum(int(count) for _step, count, _what in whole)

    def _step(self, step: int, chance: random.Random) -> tuple[int, str]:
        if chance.randrange(100) < FILES_PERCENT:
            return self._file(step, chance)
        return 1, self._single(step, chance)

    # ── Files of rows ────────────────────────────────────────────────────────────────────────

    def _file(self, step: int, chance: random.Random) -> tuple[int, str]:
        from genjin.kernel.errors import Conflict, GenjinError
        from genjin.receivables.operations.many import bill_many, receive_many

        count = chance.randint(*ROWS)
        is_bills = chance.random() < 0.5
        make, write = (self._bill, bill_many) if is_bills else (self._credit, receive_many)
        rows = [make(f"{self.name}:{step}:{number}", chance) for number in range(count)]
        answers = write(rows, by=None, now=NOW)
        if wrong := [one for one in answers if isinstance(one, GenjinError)]:
            raise Conflict("row_refused", answer=str(wrong[0]))
        return count, "bills" if is_bills else "payments"

    def _bill(self, key: str, chance: random.Random) -> Any:
        from genjin.receivables.operations.posting import BillRow

        issued = TODAY - timedelta(days=chance.randrange(400))
        due = None if chance.random() < 0.03 else issued + timedelta(days=chance.randrange(90))
        return BillRow(chance.choice(self.customers), self._amount(chance),
                       chance.choice(CURRENCIES), issued, due, external_key=key,
                       is_charge=chance.random() < 0.05)  # fmt: skip

    def _credit(self, key: str, chance: random.Random) -> Any:
        from genjin.receivables.operations.posting import CreditRow

        return CreditRow(chance.choice(self.customers), self._amount(chance),
                         chance.choice(CURRENCIES), TODAY - timedelta(days=chance.randrange(60)),
                         means=chance.choice(["transfer", "cash", "wechat", "giro", ""]),
                         external_key=key)  # fmt: skip

    def _amount(self, chance: random.Random) -> Decimal:
        return Decimal(chance.randrange(1, 1_000_000)) / 100

    # ── One operation ────────────────────────────────────────────────────────────────────────

    def _single(self, step: int, chance: random.Random) -> str:
        from genjin.kernel.errors import GenjinError

        names = ["reverse", "reverse", "allocate", "refund", "write_off", "recover", "cheque",
                 "payment"]  # fmt: skip
        name = chance.choice(names)
        try:
            is_done = getattr(self, f"_{name}")(step, chance)
        except GenjinError as error:
            return f"{name}:{error.code}"
        return name if is_done is not None else f"{name}:nothing"

    def _some(self, rows: Any, chance: random.Random) -> Any:
        """A random row of a random customer's."""
        found = list(rows.filter(customer_id=chance.choice(self.customers)).order_by("-id")[:20])
        return chance.choice(found) if found else None

    def _reverse(self, _step: int, chance: random.Random) -> Any:
        from genjin.receivables.models import LedgerEntry
        from genjin.receivables.operations import ledger

        entry = self._some(LedgerEntry.objects.exclude(kind="reversal"), chance)
        return entry and ledger.reverse(entry, reason="wrong", by=None, now=NOW)

    def _allocate(self, _step: int, chance: random.Random) -> Any:
        from genjin.receivables.models import LedgerEntry
        from genjin.receivables.operations import ledger

        entry = self._some(LedgerEntry.objects.filter(kind="payment"), chance)
        return entry and ledger.allocate(entry, by=None, now=NOW)

    def _refund(self, _step: int, chance: random.Random) -> Any:
        from genjin.receivables.models import LedgerEntry
        from genjin.receivables.operations import ledger

        entry = self._some(LedgerEntry.objects.filter(kind="payment"), chance)
        return entry and ledger.refund(entry, means="transfer", refunded_on=TODAY,
                                       reason="too much", by=None, now=NOW)  # fmt: skip

    def _write_off(self, _step: int, chance: random.Random) -> Any:
        from genjin.receivables.models import Receivable
        from genjin.receivables.operations import ledger

        debt = self._some(Receivable.objects.filter(state="open"), chance)
        return debt and ledger.write_off(debt, reason="gone", by=None, now=NOW)

    def _recover(self, _step: int, chance: random.Random) -> Any:
        from genjin.receivables.models import Receivable
        from genjin.receivables.operations import ledger

        debt = self._some(Receivable.objects.filter(written_off_amount__gt=0), chance)
        return debt and ledger.recover(debt, reason="came", by=None, now=NOW)

    def _payment(self, step: int, chance: random.Random) -> Any:
        from genjin.customers.models import Customer
        from genjin.receivables.operations import ledger

        customer = Customer.objects.get(pk=chance.choice(self.customers))
        return ledger.receive_payment(
            customer, amount=self._amount(chance), currency="CNY", means="transfer",
            received_on=TODAY, external_key=f"{self.name}:{step}:0", by=None, now=NOW,
        )  # fmt: skip

    def _cheque(self, step: int, chance: random.Random) -> Any:
        from genjin.customers.models import Customer
        from genjin.receivables.operations import instruments

        customer = Customer.objects.get(pk=chance.choice(self.customers))
        row = instruments.receive_instrument(
            customer, kind="cheque", number=f"{self.name}{step}", amount=self._amount(chance),
            currency="CNY", received_on=TODAY, matures_on=TODAY,
            external_key=f"cheque:{self.name}:{step}", by=None, now=NOW,
        )  # fmt: skip
        if chance.random() < 0.7:
            instruments.clear(row, on=TODAY, by=None, now=NOW)
            if chance.random() < 0.3:
                instruments.dishonour(row, on=TODAY, reason="no funds", by=None, now=NOW)
        return row


# ── The run ──────────────────────────────────────────────────────────────────────────────────


def _start(name: str, folder: Path, target: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "bench.ledger_million", "--write", name, "--folder",
               str(folder), "--operations", str(target)]  # fmt: skip
    return subprocess.Popen(command)


def _drive(folder: Path, target: int, pause: tuple[float, float]) -> int:
    """Keeps the writers going until both reach their target; returns how often one was killed."""
    names = [f"w{number}" for number in range(1, WRITERS + 1)]
    running = {name: _start(name, folder, target) for name in names}
    killed, next_kill = 0, time.monotonic() + random.uniform(*pause)
    while running:
        time.sleep(0.2)
        for name, process in list(running.items()):
            if (code := process.poll()) is None:
                continue
            del running[name]
            if code == -signal.SIGKILL:
                running[name] = _start(name, folder, target)
            elif code:
                raise SystemExit(f"{name} ended with {code}")
        if running and time.monotonic() > next_kill:
            random.choice(list(running.values())).kill()
            killed, next_kill = killed + 1, time.monotonic() + random.uniform(*pause)
    return killed


def _acknowledged(folder: Path) -> tuple[dict[str, int], dict[str, int]]:
    """Operations by what they did, and keyed rows by writer, as the journals say."""
    what: dict[str, int] = {}
    keyed: dict[str, int] = {}
    for path in sorted(folder.glob("*.journal")):
        for line in path.read_text("ascii").splitlines():
            _step, count, name = line.split()
            what[name] = what.get(name, 0) + int(count)
            if name in ("bills", "payments", "payment"):
                keyed[path.stem] = keyed.get(path.stem, 0) + int(count)
    return what, keyed


def _stored(names: list[str]) -> dict[str, int]:
    from genjin.receivables.models import LedgerEntry

    return {name: LedgerEntry.objects.filter(external_key__startswith=f"{name}:").count()
            for name in names}  # fmt: skip


def main(options: argparse.Namespace) -> int:
    """Fills a database, lets the writers loose, proves what they left."""
    from bench.__main__ import server

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "genjin.conf.settings")
    os.environ.setdefault("GENJIN_LOG_LEVEL", "ERROR")
    address, temporary = server()
    import django

    django.setup()
    from bench.common import Context
    from genjin.customers.models import Customer
    from genjin.receivables.proof.proving import prove

    context = Context(address)
    context.use(DATABASE, is_fresh=True)
    Customer.objects.bulk_create(
        Customer(name=f"客户{number}", kind="person") for number in range(options.customers)
    )
    folder = Path(os.environ["GENJIN_HOME"] if temporary else ".") / "ledger-journals"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    started = time.monotonic()
    killed = _drive(folder, options.operations // WRITERS, tuple(options.kill))
    seconds = time.monotonic() - started
    what, keyed = _acknowledged(folder)
    found = prove()
    stored = _stored(sorted(keyed))
    result = {
        "operations": sum(what.values()), "seconds": round(seconds, 1),
        "per_second": round(sum(what.values()) / seconds), "kills": killed,
        "by_kind": dict(sorted(what.items())), "keyed_acknowledged": keyed,
        "keyed_stored": stored, "proof": found.to_json(),
    }  # fmt: skip
    print(json.dumps(result, ensure_ascii=False, indent=1))
    if temporary:
        from genjin.conf import embedded

        embedded.EmbeddedPostgres(temporary).stop()
        shutil.rmtree(temporary, ignore_errors=True)
    return 0 if found.is_sound and stored == keyed else 1


def write(options: argparse.Namespace) -> int:
    """A writing process: DATABASE_URL names the database."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "genjin.conf.settings")
    import django

    django.setup()
    Writer(options.write, options.folder, options.operations).run()
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--operations", type=int, default=1_000_000)
    parser.add_argument("--customers", type=int, default=2000)
    parser.add_argument("--kill", type=float, nargs=2, default=(4, 15), metavar="SECONDS")
    parser.add_argument("--write", default="", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    chosen = _options()
    raise SystemExit(write(chosen) if chosen.write else main(chosen))
