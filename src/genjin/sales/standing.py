"""Classes A/B/C and deal amounts of all customers (CU3), in SQL over all orders.

`rules` says the same for plain values. A run over everybody works from one picture of the orders:
a temporary table with the deals of each customer, another with the amounts in their order. It
writes only standings that differ, a hundred thousand at a time, and leaves out those that an order
changed meanwhile: their own transaction has written the amounts, and the last step gives them
their class. Two runs come one after the other.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from genjin.customers.operations.standing import refresh_list, refresh_sets
from genjin.foundation import audit, policy
from genjin.foundation.models import User
from genjin.sales import class_sql
from genjin.sales.models import ClassRun
from genjin.sales.rules import ClassRules, Floors, KeyRules, period_start

Progress = Callable[[int, int], None]
_CHUNK = 100_000
_LOCK = 0x636C6173  # "clas"


def class_rules() -> ClassRules:
    """Cut-offs and period in force."""
    return ClassRules(
        int(policy.value("classes.months")),
        Decimal(str(policy.value("classes.a_percent"))),
        Decimal(str(policy.value("classes.b_percent"))),
    )


def key_rules() -> KeyRules:
    """Who is proposed as a key customer, as it is in force."""
    found = {name: policy.value(f"classes.key_customers.{name}")
             for name in ("classes", "classes_with_potential", "grades", "potentials")}  # fmt: skip
    amount = policy.value("classes.key_customers.expected_amount")
    return KeyRules(**found, expected_amount=Decimal(str(amount)))


def newest_run() -> ClassRun | None:
    """The run that the present classes come from."""
    return ClassRun.objects.order_by("-at", "-pk").first()


def floors_of(run: ClassRun | None) -> Floors:
    """The least amounts of the classes in a run."""
    return Floors(run.total, run.a_floor, run.b_floor) if run else Floors(Decimal(0))


@dataclass(frozen=True)
class Refreshed:
    """What a run did: how many customers have each class, and how many standings changed."""

    counts: dict[str, int]
    changed: int


@contextmanager
def _alone() -> Iterator[None]:
    """One run at a time; the next one waits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def _period(now: datetime, rules: ClassRules) -> dict[str, Any]:
    today: date = timezone.localdate(now)
    return {"from": period_start(today, rules.months), "to": today, "now": now,
            "months": rules.months, "a": rules.a_percent, "b": rules.b_percent}  # fmt: skip


def _keep(cursor: Any, name: str, statement: str, values: dict[str, Any]) -> None:
    """Makes a temporary table of a selection, so that it is worked out once."""
    cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{name}")
    cursor.execute(f"CREATE TEMPORARY TABLE {name} AS {statement}", values)
    cursor.execute(f"ANALYZE {name}")


def _write(values: dict[str, Any], *, of_some: bool = False) -> int:
    """Writes standings that differ, with what the timeline tells; returns how many."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(class_sql.write(of_some=of_some), values)
        return int(cursor.fetchone()[0])


def refresh_standings(
    customers: Iterable[UUID] | None = None,
    *,
    now: datetime,
    by: User | None = None,
    on_progress: Progress | None = None,
) -> Refreshed:
    """Works out deal amounts, classes and lists anew (CU3, CU4): for everybody, or for `customers`.

    For everybody the floors of the classes are found anew and kept as a `ClassRun`. For single
    customers (whose cards the caller has locked) those of the newest run count. Every class or
    list that changes is on the timeline with the amounts behind it.
    """
    if customers is not None:
        return _refresh_some(list(customers), now=now, by=by)
    with _alone():
        return _refresh_everybody(now=now, by=by, on_progress=on_progress)


def _refresh_everybody(
    *, now: datetime, by: User | None, on_progress: Progress | None
) -> Refreshed:
    rules = class_rules()
    values = {**_period(now, rules), "by": by.pk if by else None}
    with connection.cursor() as cursor:
        with transaction.atomic():  # deals and standings as they are at one moment
            if not connection.savepoint_ids:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            _keep(cursor, "genjin_deals", class_sql.deals(), values)
            _keep(cursor, "genjin_amounts", class_sql.AMOUNTS, values)
            cursor.execute(class_sql.FLOORS, values)
            total, a_floor, b_floor = cursor.fetchone() or (Decimal(0), None, None)
            values |= {"total": total, "a_floor": a_floor, "b_floor": b_floor}
            _keep(cursor, "genjin_moved", class_sql.moved(), values)
        cursor.execute("CREATE INDEX ON genjin_moved (number)")
        cursor.execute("SELECT count(*) FROM genjin_moved")
        count = cursor.fetchone()[0]
    run = ClassRun.objects.create(
        at=now, period_from=values["from"], period_to=values["to"], a_percent=rules.a_percent,
        b_percent=rules.b_percent, total=total, a_floor=a_floor, b_floor=b_floor, by=by,
    )  # fmt: skip
    changed = 0
    for after in range(0, count, _CHUNK):
        changed += _write({**values, "after": after, "until": after + _CHUNK})
        if on_progress:
            on_progress(min(count, after + _CHUNK), count)
    with connection.cursor() as cursor:
        cursor.execute(class_sql.settle(), values)
        changed += cursor.fetchone()[0]
    refresh_list(None, now, by=values["by"])
    return _finish(run, changed, by=by, now=now)


def _finish(run: ClassRun, changed: int, *, by: User | None, now: datetime) -> Refreshed:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE genjin_deals, genjin_amounts, genjin_moved")
        cursor.execute("SELECT value_class, count(*) FROM customers_standing GROUP BY 1")
        counts = {code or "none": count for code, count in cursor.fetchall()}
    run.counts, run.changed_count = counts, changed
    run.save(update_fields=["counts", "changed_count"])
    if changed:
        audit.record("refresh", ("classes", str(run.pk)), by=by, now=now,
                     changes={"standings": [None, changed]})  # fmt: skip
    return Refreshed(counts, changed)


@transaction.atomic
def _refresh_some(ids: list[UUID], *, now: datetime, by: User | None) -> Refreshed:
    if not ids:
        return Refreshed({}, 0)
    run = newest_run()
    rules = class_rules()
    if run:
        rules = ClassRules(rules.months, run.a_percent, run.b_percent)
    found = floors_of(run)
    values = {
        **_period(now, rules), "by": by.pk if by else None, "ids": ids, "total": found.total,
        "a_floor": found.a, "b_floor": found.b,
    }  # fmt: skip
    changed = _write({**values, "after": 0, "until": len(ids)}, of_some=True)
    refresh_list(ids, now, by=values["by"])
    return Refreshed({}, changed)


def refresh_all_sets(now: datetime) -> int:
    """Puts every card into its boxes anew, after categories were added or retired."""
    return refresh_sets(None, now)
