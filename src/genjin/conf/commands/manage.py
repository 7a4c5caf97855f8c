"""``genjin manage``: Django's own management commands."""

import os

import click
from django.core.management import execute_from_command_line

from genjin.conf.launch import database_at_hand


@click.command(
    name="manage",
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> None:
    """Run one of Django's own management commands, such as "genjin manage shell"."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "genjin.conf.settings")
    if arguments and arguments[0] not in {"help", "collectstatic", "--help", "-h"}:
        database_at_hand()
    execute_from_command_line(["genjin manage", *arguments])
