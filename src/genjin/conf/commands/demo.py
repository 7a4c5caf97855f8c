"""``genjin demo``: a sample organisation to try things with."""

import click

from genjin.conf.launch import start_django, stop_with_parent

CUSTOMERS = 2400


@click.command(name="demo")
@click.option("--if-empty", is_flag=True, help="Do nothing when somebody works here already.")
@click.option("--customers", default=CUSTOMERS, show_default=True, help="How many customers.")
def command(if_empty: bool, customers: int) -> None:
    """Load a sample organisation: people of every role, customers, scripts, a running campaign.

    Its phone numbers lie under a prefix that is not assigned; none can be dialled. The sign-in
    names and their password are printed and kept in GENJIN_HOME/sample-logins.txt.
    """
    stop_with_parent()
    start_django()
    from django.utils import timezone, translation

    from genjin.conf.sample import load
    from genjin.foundation import access, audit

    if not load.is_empty():
        if if_empty:
            return
        raise click.ClickException("Somebody works here already: the sample is for an empty start.")
    click.echo("Loading the sample organisation …", err=True)
    with translation.override("zh-hans"), audit.origin("command"):
        logins = load.load(
            now=timezone.now(), count=customers, say=lambda text: click.echo(text, err=True)
        )
    click.echo("Sign in as (the password is the same for all):")
    for name, role, _ in logins:
        click.echo(f"  {name:<12} {access.roles()[role].labels['en']}")
    click.echo(f"Password: {logins[0][2]}")
