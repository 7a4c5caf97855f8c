"""``genjin serve``: the web server, set up by the program itself."""

import os

import click
from django.core import checks
from django.db import connections

from genjin.conf import environment
from genjin.conf.launch import start_django, stop_with_parent
from genjin.conf.web_server import WebServer


@click.command(name="serve")
@click.option("--host", default=environment.host, help="Address; GENJIN_HOST or 127.0.0.1.")
@click.option("--port", default=environment.port, type=int, help="Port; GENJIN_PORT or 8000.")
@click.option(
    "--workers",
    default=lambda: min(2, os.cpu_count() or 1),
    type=click.IntRange(1, 64),
    help="Processes; 2, or 1 on a machine with one processor.",
)
@click.option(
    "--threads",
    default=16,
    type=click.IntRange(1, 256),
    show_default=True,
    help="Threads in each process; a live page holds one.",
)
@click.option("--access-log", is_flag=True, help="Write each request to stderr as JSON.")
def command(host: str, port: int, workers: int, threads: int, access_log: bool) -> None:
    """Serve the web pages until told to stop (Ctrl-C or TERM)."""
    stop_with_parent()
    start_django()
    _refuse_what_is_unsafe()
    WebServer(
        host=host, port=port, workers=workers, threads=threads, with_access_log=access_log
    ).run()


def _refuse_what_is_unsafe() -> None:
    """Stops here when a view has no access mark or a table of facts has lost its guards."""
    # models exist only now
    from genjin.foundation.checks import unguarded_tables

    problems = [
        str(message)
        for message in checks.run_checks()
        if message.is_serious() and not message.is_silenced()
    ]
    if tables := unguarded_tables():
        problems.append(
            f'These tables have lost the triggers that keep facts unchanged, or "genjin '
            f'migrate" has not been run: {", ".join(tables)}.'
        )
    # The server's processes are forked from this one and must not share its connections.
    for connection in connections.all(initialized_only=True):
        connection.close()
        close_pool = getattr(connection, "close_pool", None)
        if close_pool is not None:
            close_pool()
    if problems:
        raise click.ClickException("The web server does not start:\n" + "\n".join(problems))
