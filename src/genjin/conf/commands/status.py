"""``genjin status``: what is in the database, and whether the system is well."""

import json
import platform
from typing import Any

import click
from django.utils import timezone

from genjin import __version__
from genjin.conf.launch import start_django

WORKER_IS_LATE_AFTER_SECONDS = 30


@click.command(name="status")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(as_json: bool) -> None:
    """Count customers, follow-ups, interactions and jobs; name the versions."""
    start_django()
    found = _gather()
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    for line in _lines(found):
        click.echo(line)


def _gather() -> dict[str, Any]:
    import django
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    pending = [
        f"{migration.app_label}.{migration.name}"
        for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())
    ]
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        (server,) = cursor.fetchone()
    found: dict[str, Any] = {
        "versions": {
            "genjin": __version__,
            "python": platform.python_version(),
            "django": django.get_version(),
            "postgresql": server.split()[0],
        },
        "migrations_pending": pending,
    }
    return found if pending else found | _counts()


def _counts() -> dict[str, Any]:
    """The figures that need every table; left out while migrations are pending."""
    from django.db.models import Count

    from genjin.customers.models import Customer
    from genjin.flows import timetable
    from genjin.followups.models import FollowUp, Interaction
    from genjin.followups.states import State
    from genjin.foundation.jobs import counts_by_state
    from genjin.foundation.models import Heartbeat

    states = dict.fromkeys(State.values, 0)
    states |= dict(FollowUp.objects.values_list("state").annotate(Count("pk")).order_by())
    beat = Heartbeat.objects.filter(name="worker").first()
    age = (timezone.now() - beat.at).total_seconds() if beat else None
    return {
        "customers": Customer.objects.filter(merged_into=None).count(),
        "followups": states,
        "interactions": Interaction.objects.count(),
        "jobs": counts_by_state(),
        "timetable": [
            {
                "name": record.name,
                "done_for": record.day.isoformat() if record.day else None,
                "is_due": record.is_due,
                "error": record.error,
            }
            for record in timetable.records(timezone.now())
        ],
        "worker": {
            "is_well": age is not None and age < WORKER_IS_LATE_AFTER_SECONDS,
            "seen_at": beat.at.isoformat() if beat else None,
            "seconds_ago": round(age, 1) if age is not None else None,
        },
    }


def _lines(found: dict[str, Any]) -> list[str]:
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    lines = [f"Versions      {versions}"]
    if found["migrations_pending"]:
        count = len(found["migrations_pending"])
        return [*lines, f'Migrations    {count} pending: run "genjin migrate"']
    worker = found["worker"]
    if worker["seconds_ago"] is None:
        state = "has never run"
    else:
        word = "is well" if worker["is_well"] else "is silent"
        state = f"{word}, last heard of {worker['seconds_ago']:,.0f} s ago"
    return [
        *lines,
        "Migrations    none pending",
        f"Worker        {state}",
        f"Customers     {found['customers']:,}",
        f"Follow-ups    {_listed(found['followups'])}",
        f"Interactions  {found['interactions']:,}",
        f"Jobs          {_listed(found['jobs'])}",
        f"Timetable     {_daily(found['timetable'])}",
    ]


def _daily(entries: list[dict[str, Any]]) -> str:
    """What of the daily timetable is done, due or went wrong."""
    wrong = [f"{entry['name']} failed: {entry['error']}" for entry in entries if entry["error"]]
    due = sum(entry["is_due"] for entry in entries)
    return "; ".join([f"{len(entries) - due} of {len(entries)} not due", *wrong])


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items()) or "none"
