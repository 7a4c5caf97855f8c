"""The command line ``genjin``: finds each command's module when it is called.

The list below is all that ``--help`` needs, so it answers without loading Django.
"""

import importlib
from dataclasses import dataclass

import click

from genjin import __version__


@dataclass(frozen=True)
class _Entry:
    module: str
    about: str


COMMANDS = {
    "up": _Entry("up", "Start everything: database, web and worker; load a sample at first."),
    "serve": _Entry("serve", "Serve the web pages."),
    "worker": _Entry("worker", "Run the jobs and the clock."),
    "migrate": _Entry("migrate", "Bring the database's tables up to date."),
    "demo": _Entry("demo", "Load a sample organisation to try things with."),
    "user": _Entry("user", "Add the people who work here."),
    "import": _Entry("imports", "Bring in customers or orders from a file."),
    "status": _Entry("status", "Count customers, follow-ups, interactions and jobs."),
    "verify-scores": _Entry("verify_scores", "Check that no score of a customer was changed."),
    "check-ledger": _Entry("check_ledger", "Prove what customers owe from the ledger's entries."),
    "manage": _Entry("manage", "Run one of Django's own management commands."),
}
EPILOG = """
\b
Settings come from the environment:
  GENJIN_HOME   directory of the data (and of the embedded database)
  GENJIN_HOST   address to serve on, 127.0.0.1 unless set
  GENJIN_PORT   port to serve on, 8000 unless set
  DATABASE_URL  a PostgreSQL server (15 or later) to use instead of the embedded one
  GENJIN_SCORE_KEY  what signs scores; a file in GENJIN_HOME unless set
  GENJIN_SMTP   mail server: smtp://name:password@host:587 (STARTTLS), smtps://…, or plain+smtp://…
  GENJIN_MAIL_FROM  the address that mail comes from
  GENJIN_PUBLIC_URL  where customers reach us, for links in mail: https://crm.example.org
  GENJIN_PRODUCTION  1 for the real installation: elsewhere mail reaches nobody …
  GENJIN_MAIL_ALLOW  … but these addresses and domains, separated by commas
"""


class CommandsByName(click.Group):
    """Loads a command from ``genjin.conf.commands`` when its name is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"genjin.conf.commands.{COMMANDS[cmd_name].module}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.about) for name, entry in COMMANDS.items()])


@click.group(
    cls=CommandsByName, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="genjin")
def main() -> None:
    """Genjin (跟进): customer cards, telephone work and follow-up in one queue.

    "genjin COMMAND --help" tells more about one command.
    """
