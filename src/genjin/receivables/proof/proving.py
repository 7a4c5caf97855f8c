"""Runs the proof over everything, in one snapshot, and says what it found."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from genjin.receivables.proof import days
from genjin.receivables.proof.statements import ACCOUNTS, CHECKS, KINDS, TOTALS

Tell = Callable[[str, int, int], None]
STEPS = len(CHECKS) + 3


@dataclass(frozen=True)
class Proof:
    """What the proof found. `fault` is the first wrong row: its code and what was expected.

    `totals` by currency: accounts, entries, open, advance and balance as proved from the entries,
    and what each kind came to less its reversals.
    """

    rows: int
    accounts: int
    days: int
    seconds: float
    totals: list[dict[str, Any]] = field(default_factory=list)
    fault: dict[str, Any] | None = None

    @property
    def is_sound(self) -> bool:
        return self.fault is None

    def to_json(self) -> dict[str, Any]:
        return {
            "sound": self.is_sound,
            "rows": self.rows,
            "accounts": self.accounts,
            "days": self.days,
            "totals": self.totals,
            "fault": self.fault,
            "seconds": round(self.seconds, 2),
        }


def prove(tell: Tell | None = None) -> Proof:
    """Recomputes every account and debt from the entries and compares; reads, writes nothing.

    `tell(code, done, total)` hears each step. Runs in one snapshot: operations go on meanwhile.
    """
    started = time.monotonic()
    has_begun = connection.in_atomic_block
    with transaction.atomic():
        steps = _Steps(tell)
        with connection.cursor() as cursor:
            if not has_begun:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            steps.begin("accounts")
            cursor.execute(ACCOUNTS)
            totals, fault = _totals()
            for code, statement in CHECKS:
                steps.begin(code)
                if fault is None and (row := _first(statement)):
                    fault = {"code": code, **row}
            cursor.execute("DROP TABLE genjin_proof")
        steps.begin("days")
        closed, day_fault = days.first_fault()
        steps.begin("")
    return Proof(
        rows=sum(one["entries"] for one in totals), accounts=sum(one["accounts"] for one in totals),
        days=closed, seconds=time.monotonic() - started, totals=totals, fault=fault or day_fault,
    )  # fmt: skip


class _Steps:
    def __init__(self, tell: Tell | None) -> None:
        self._tell, self._done = tell, 0

    def begin(self, code: str) -> None:
        if self._tell is not None:
            self._tell(code, self._done, STEPS)
        self._done += 1


def _first(statement: str) -> dict[str, Any] | None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        row = cursor.fetchone()
        if row is None:
            return None
        names = [column[0] for column in cursor.description]
        return {
            name: str(value) if isinstance(value, Decimal) else value
            for name, value in zip(names, row, strict=True)
        }


def _totals() -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    with connection.cursor() as cursor:
        cursor.execute(KINDS)
        kinds: dict[str, dict[str, str]] = {}
        for currency, acts, amount in cursor.fetchall():
            kinds.setdefault(currency, {})[acts] = str(amount)
        cursor.execute(TOTALS)
        found = []
        for currency, accounts, rows, _open, _advance, proved, advance in cursor.fetchall():
            found.append({
                "currency": currency, "accounts": accounts, "entries": int(rows),
                "open": str(proved), "advance": str(advance), "balance": str(proved - advance),
                "kinds": kinds.pop(currency, {}),
            })  # fmt: skip
    # Entries of a currency in which no account exists: their account was taken away.
    lost = next(iter(sorted(kinds)), None)
    fault = {"code": "account_lost", "currency": lost} if lost else None
    return found, fault
