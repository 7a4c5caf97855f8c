"""``genjin up``: everything at once, in the foreground."""

import sys

import click

from genjin.conf.supervisor import Supervisor


@click.command(name="up")
@click.option("--no-demo", is_flag=True, help="Do not load the sample organisation.")
def command(no_demo: bool) -> None:
    """Start the whole system and keep it running until Ctrl-C.

    Starts the embedded database (or uses DATABASE_URL), brings its tables up to date, loads a
    sample organisation into an empty one, and runs web and worker.
    """
    sys.exit(Supervisor(with_demo=not no_demo).run())
