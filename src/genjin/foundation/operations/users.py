"""People and teams: the only writers of both (PL4, PL5).

The system is never left without an administrator: what would take the right `users.manage` from
its last holder is refused, also when two do it to each other at once. Nobody changes their own
role or switches themselves off.
"""

import re
import zoneinfo
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from genjin.foundation import access, audit, policy
from genjin.foundation.models import SignInAttempt, Team, User
from genjin.foundation.passwords import check_password_strength, generated_password
from genjin.foundation.sign_in import end_sessions, locked_until
from genjin.foundation.tokens import revoke_all
from genjin.kernel.errors import BadInput, Conflict, NotAllowed

CHANGEABLE = frozenset(
    {"name", "role", "team", "staff_number", "language", "time_zone", "spoken", "skills",
     "is_active"}
)  # fmt: skip
OWN = frozenset({"language", "time_zone"})
_USERNAME = re.compile(r"[\w.@+-]{2,60}")
_CODE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})?")


@dataclass(frozen=True)
class NewUser:
    """A person just added, with the password to hand over (empty when the caller chose it)."""

    user: User
    password: str


def _clean(values: Mapping[str, Any], row: User) -> dict[str, Any]:
    """Checks and tidies `values`. Raises BadInput with the problems by field."""
    cleaned = {
        name: value.strip() if isinstance(value, str) else value for name, value in values.items()
    }
    for name in ("spoken", "skills"):
        if name in cleaned:
            cleaned[name] = _codes(cleaned[name])
    problems: dict[str | int, str] = {name: code for name, code in _problems(cleaned, row) if code}
    if problems:
        raise BadInput(problems)
    return cleaned


def _codes(raw: str | Iterable[str]) -> list[str]:
    """Codes from a list or from a text with commas or spaces, each once, in their order."""
    parts = re.split(r"[\s,;，、；]+", raw) if isinstance(raw, str) else list(raw)
    return list(dict.fromkeys(part.strip().lower() for part in parts if part.strip()))


def _problems(values: Mapping[str, Any], row: User) -> Iterable[tuple[str, str]]:
    for name, value in values.items():
        if name in _CHECKS:
            yield name, _CHECKS[name](value, row)


def _username_problem(value: str, row: User) -> str:
    if not _USERNAME.fullmatch(value):
        return "bad_username"
    taken = User.objects.exclude(pk=row.pk).filter(username__iexact=value).exists()
    return "username_taken" if taken else ""


def _staff_number_problem(value: str, row: User) -> str:
    if len(value) > 20:
        return "too_long"
    taken = value and User.objects.exclude(pk=row.pk).filter(staff_number=value).exists()
    return "staff_number_taken" if taken else ""


def _team_problem(value: Team | None, row: User) -> str:
    is_closed = value is not None and not value.is_active and value.pk != row.team_id
    return "team_closed" if is_closed else ""


def _unless(is_right: bool, code: str) -> str:
    return "" if is_right else code


_CHECKS: dict[str, Callable[[Any, User], str]] = {
    "username": _username_problem,
    "name": lambda value, _row: _unless(0 < len(value) <= 80, "name_length"),
    "staff_number": _staff_number_problem,
    "role": lambda value, _row: _unless(value in access.roles(), "unknown_role"),
    "team": _team_problem,
    "language": lambda value, _row: _unless(value in dict(settings.LANGUAGES), "unknown_language"),
    "time_zone": lambda value, _row: _unless(
        value in zoneinfo.available_timezones(), "unknown_time_zone"
    ),
    "spoken": lambda value, _row: _unless(all(map(_CODE.fullmatch, value)), "bad_language_code"),
    "skills": lambda value, _row: _unless(all(len(code) <= 40 for code in value), "too_long"),
}


@transaction.atomic
def add_user(
    *,
    username: str,
    name: str,
    role: str,
    by: User | None,
    now: datetime,
    team: Team | None = None,
    staff_number: str = "",
    language: str = "",
    time_zone: str = "",
    spoken: str | Iterable[str] = (),
    skills: str | Iterable[str] = (),
    password: str | None = None,
) -> NewUser:
    """Gives a person a sign-in. Without `password` one is made that must be changed at once.

    `by` is None on the command line. Raises BadInput (problems by field) and WeakPassword.
    """
    user = User(created_at=now)
    values = _clean(
        {
            "username": username,
            "name": name,
            "role": role,
            "team": team,
            "staff_number": staff_number,
            "language": language or str(policy.value("organisation.language")),
            "time_zone": time_zone or str(policy.value("organisation.time_zone")),
            "spoken": spoken,
            "skills": skills,
        },
        user,
    )
    for field, value in values.items():
        setattr(user, field, value)
    if password is not None:
        check_password_strength(password, user)
    made = generated_password() if password is None else ""
    user.must_change_password = password is None
    user.set_password(password or made)
    user.save(force_insert=True)
    told = {field: [None, value] for field, value in values.items() if value}
    audit.record("add", user, by=by, now=now, changes=told)
    return NewUser(user, made)


def _lock_managers() -> list[User]:
    """The active people who may manage people, locked in the order of their keys."""
    codes = [code for code, role in access.roles().items() if "users.manage" in role.rights]
    rows = User.objects.filter(role__in=codes, is_active=True)
    return list(rows.select_for_update().order_by("pk"))


def _refuse_unsafe(user: User, values: Mapping[str, Any], by: User) -> None:
    loses_role = "role" in values and values["role"] != user.role
    leaves = values.get("is_active", user.is_active) is False and user.is_active
    if not (loses_role or leaves):
        return
    if user.pk == by.pk:
        raise NotAllowed("own_role" if loses_role else "own_account")
    managers = _lock_managers()
    stays = not leaves and "users.manage" in access.roles()[values.get("role", user.role)].rights
    if not stays and [row.pk for row in managers] == [user.pk]:
        raise Conflict("last_administrator")


@transaction.atomic
def change_user(
    user: User, values: Mapping[str, Any], *, by: User, now: datetime, reason: str = ""
) -> dict[str, list[Any]]:
    """Changes a person's card; returns what changed. Switching off ends sessions and tokens.

    Raises BadInput by field, NotAllowed (`own_role`, `own_account`), Conflict
    (`last_administrator`).
    """
    if unknown := set(values) - CHANGEABLE:
        raise KeyError(sorted(unknown)[0])
    _lock_managers()  # before the row itself, so that two administrators do not wait in a ring
    row = User.objects.select_for_update(of=("self",)).select_related("team").get(pk=user.pk)
    cleaned = _clean(values, row)
    _refuse_unsafe(row, cleaned, by)
    if cleaned.get("is_active") is False and row.is_active:
        end_sessions(row, by=by, now=now)
        revoke_all(row, by=by, now=now)
    return audit.change(row, cleaned, by=by, now=now, reason=reason)


@transaction.atomic
def change_own_settings(
    user: User, values: Mapping[str, Any], *, now: datetime
) -> dict[str, list[Any]]:
    """Changes the language and time zone of the screen for oneself."""
    if unknown := set(values) - OWN:
        raise KeyError(sorted(unknown)[0])
    return audit.change(user, _clean(values, user), by=user, now=now)


@transaction.atomic
def reset_password(user: User, *, by: User, now: datetime) -> str:
    """Makes a new password to hand over and opens the name; ends the person's sessions.

    Returns the password; it is kept nowhere.
    """
    made = generated_password()
    user.set_password(made)
    user.must_change_password = True
    user.save(update_fields=["password", "must_change_password"])
    end_sessions(user, by=by, now=now)
    audit.record("reset_password", user, by=by, now=now)
    unlock_name(user.username, by=by, now=now)
    return made


@transaction.atomic
def change_own_password(user: User, *, present: str, new: str, now: datetime) -> None:
    """Changes one's own password; the caller renews the session it came from.

    Every other session of the person ends by itself, since it carries a mark of the old one.
    Raises BadInput (`wrong_password`, `same_password`) and WeakPassword.
    """
    if not user.check_password(present):
        raise BadInput({"present": "wrong_password"})
    if user.check_password(new):
        raise BadInput({"new": "same_password"})
    check_password_strength(new, user)
    user.set_password(new)
    user.must_change_password = False
    user.save(update_fields=["password", "must_change_password"])
    audit.record("change_password", user, by=user, now=now)


@transaction.atomic
def unlock_name(username: str, *, by: User, now: datetime) -> bool:
    """Opens a name that wrong tries had locked; says whether it was locked.

    The tries stay on record; an entry that says "opened" ends their count.
    """
    username = username.strip().lower()[:60]
    if locked_until(username, now) is None:
        return False
    SignInAttempt.objects.create(username=username, at=now, was_right=False, is_unlock=True)
    audit.record("unlock", ("user", username), by=by, now=now, label=username)
    return True


def _team_name(name: str, row: Team | None) -> str:
    name = name.strip()
    if not 0 < len(name) <= 80:
        raise BadInput({"name": "name_length"})
    others = Team.objects.exclude(pk=row.pk) if row else Team.objects.all()
    if others.filter(name__iexact=name).exists():
        raise BadInput({"name": "team_name_taken"})
    return name


@transaction.atomic
def add_team(*, name: str, by: User | None, now: datetime) -> Team:
    """Makes a team. Raises BadInput (`name_length`, `team_name_taken`)."""
    team = Team.objects.create(name=_team_name(name, None))
    audit.record("add", team, by=by, now=now, changes={"name": [None, team.name]})
    return team


@transaction.atomic
def change_team(
    team: Team, *, by: User, now: datetime, name: str | None = None, is_active: bool | None = None
) -> dict[str, list[Any]]:
    """Renames, closes or opens a team. Raises Conflict (`team_has_members`) for one in use."""
    row = Team.objects.select_for_update().get(pk=team.pk)
    values: dict[str, Any] = {}
    if name is not None:
        values["name"] = _team_name(name, row)
    if is_active is not None:
        if not is_active and row.members.filter(is_active=True).exists():
            raise Conflict("team_has_members")
        values["is_active"] = is_active
    return audit.change(row, values, by=by, now=now)
