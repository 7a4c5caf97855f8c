"""``genjin migrate``: the tables as this version of the program needs them."""

import click
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from genjin.conf.launch import start_django, stop_with_parent

_LOCK = 0x67656E6A  # "genj": migrations of several machines take turns


@click.command(name="migrate")
def command() -> None:
    """Bring the database's tables up to date; safe to repeat and to run on several machines."""
    stop_with_parent()
    start_django()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        click.echo(f"Bringing the tables up to date ({len(plan)} steps) …", err=True)
        call_command("migrate", interactive=False, verbosity=0)
    _bring_in_shipped_fields()
    click.echo("The tables are up to date.", err=True)


def _bring_in_shipped_fields() -> None:
    # models exist only once Django is up
    from genjin.customers.fields import sync_shipped_fields
    from genjin.followups.rulebook.shipped import sync_shipped_rules

    sync_shipped_fields()
    sync_shipped_rules()
