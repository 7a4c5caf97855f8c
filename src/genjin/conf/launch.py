"""What every command does before its work: the database at hand, Django set up.

Also: processes that stop together with the one that started them.
"""

import os
import signal
import threading
import time

import click
import django

from genjin.conf import embedded, environment

STOPS_WITH = "GENJIN_STOPS_WITH"
_POLL_SECONDS = 0.5
_PATIENCE_SECONDS = 15


def database_at_hand() -> str:
    """Gives the database's address; starts or joins the embedded server without DATABASE_URL.

    Raises click.ClickException with a sentence for the operator.
    """
    if given := os.environ.get("DATABASE_URL"):
        return given
    try:
        return embedded.acquire(environment.home())
    except embedded.EmbeddedPostgresError as error:
        raise click.ClickException(str(error)) from error


def start_django(*, with_database: bool = True) -> None:
    """Sets Django up, with the database running unless told otherwise."""
    if with_database:
        database_at_hand()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "genjin.conf.settings")
    django.setup()


def stop_with_parent() -> None:
    """Ends this process when the one that started it is gone, even by kill -9.

    ``GENJIN_STOPS_WITH`` holds the pid of that parent; without it the process stays.
    """
    parent = int(os.environ.pop(STOPS_WITH, "0") or 0)
    if parent:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_POLL_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_PATIENCE_SECONDS)
    os._exit(1)
