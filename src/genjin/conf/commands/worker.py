"""``genjin worker``: runs the jobs that the product enqueues, and its clock."""

import asyncio
import threading
from typing import cast

import click
from django.db import connections
from procrastinate import App

from genjin.conf.launch import start_django, stop_with_parent


@click.command(name="worker")
@click.option("--concurrency", default=4, show_default=True, help="Jobs at the same time.")
@click.option(
    "--patience",
    default=8.0,
    show_default=True,
    help="Seconds that running jobs get to end when told to stop; what is cut off is repeated.",
)
def command(concurrency: int, patience: float) -> None:
    """Run the jobs and the clock until told to stop (Ctrl-C or TERM)."""
    stop_with_parent()
    start_django()
    # models exist only now
    from procrastinate.contrib.django import app
    from procrastinate.contrib.django.django_connector import DjangoConnector

    from genjin.foundation.jobs import run_ticker

    stop = threading.Event()
    ticker = threading.Thread(target=run_ticker, args=(stop,), name="ticker")
    ticker.start()
    connector = cast(DjangoConnector, app.connector).get_worker_connector()
    try:
        with app.replace_connector(connector) as app_of_worker:
            asyncio.run(_run(app_of_worker, concurrency=concurrency, patience=patience))
    finally:
        stop.set()
        ticker.join()
        connections.close_all()


async def _run(app: App, *, concurrency: int, patience: float) -> None:
    async with app.open_async():
        await app.run_worker_async(
            concurrency=concurrency, shutdown_graceful_timeout=patience, name="genjin"
        )
