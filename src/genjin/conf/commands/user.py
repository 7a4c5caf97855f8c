"""``genjin user``: the people who sign in, from the command line."""

import sys

import click
from django.utils import timezone

from genjin.conf.launch import start_django

# Why an entry is refused, for the operator; the screens say the same in the user's language.
_SENTENCES = {
    "bad_username": "The sign-in name has 2 to 60 letters, digits or . _ - + @.",
    "username_taken": "Somebody has this sign-in name already.",
    "name_length": "The name has 1 to 80 characters.",
    "too_long": "This is too long.",
    "staff_number_taken": "Somebody has this staff number already.",
    "team_closed": "This team is closed.",
    "unknown_language": "The product does not speak this language.",
    "unknown_time_zone": "There is no such time zone.",
    "bad_language_code": "Languages are codes such as cmn, yue or en.",
}


@click.group(name="user")
def command() -> None:
    """Add the people who work here."""


@command.command(name="add")
@click.argument("username")
@click.option("--name", default="", help="Name as shown; the sign-in name unless given.")
@click.option("--role", required=True, help="Role: a code of policy/roles.toml, such as agent.")
@click.option("--team", default="", help="Name of the team; made when it does not exist.")
@click.option("--staff-number", default="", help="Staff number, said to customers.")
@click.option("--language", default="", help="zh-hans, zh-hant, zh-hk or en.")
@click.option("--time-zone", default="", help="Such as Asia/Shanghai.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--password-prompt", is_flag=True, help="Ask for the password on the terminal.")
def add(
    *,
    username: str,
    name: str,
    role: str,
    team: str,
    staff_number: str,
    language: str,
    time_zone: str,
    password_stdin: bool,
    password_prompt: bool,
) -> None:
    """Add the person USERNAME.

    Without a password option one is made, printed once, and must be changed at the first
    sign-in.
    """
    start_django()
    # models exist only now
    from django.db import transaction

    from genjin.foundation import access, audit
    from genjin.foundation.models import Team
    from genjin.foundation.operations.users import add_team, add_user
    from genjin.foundation.passwords import WeakPassword
    from genjin.kernel.errors import BadInput

    if role not in access.roles():
        raise click.ClickException(f"There is no role {role}: {', '.join(access.roles())}.")
    password = _password(password_stdin, password_prompt)
    now = timezone.now()
    try:
        with audit.origin("command"), transaction.atomic():
            group = Team.objects.filter(name__iexact=team.strip()).first() if team else None
            if team and group is None:
                group = add_team(name=team, by=None, now=now)
            made = add_user(
                username=username,
                name=name or username,
                role=role,
                team=group,
                staff_number=staff_number,
                language=language,
                time_zone=time_zone,
                password=password,
                by=None,
                now=now,
            )
    except BadInput as error:
        lines = [
            f"{place or username}: {_SENTENCES.get(reason.code, reason.code)}"
            for place, reasons in error.problems.items()
            for reason in reasons
        ]
        raise click.ClickException("\n".join(lines)) from error
    except WeakPassword as error:
        raise click.ClickException(" ".join(error.messages)) from error
    click.echo(f"Added {made.user.username} ({role}).", err=True)
    if made.password:
        click.echo(made.password)


def _password(from_stdin: bool, by_prompt: bool) -> str | None:
    if from_stdin and by_prompt:
        raise click.UsageError("Give one of --password-stdin and --password-prompt.")
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if by_prompt:
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return None
