"""Signing in: the lock-out after wrong tries, and the list of open sessions (PL4).

Tries are counted for the name within a sliding window, whether or not the name exists, so that
neither the message nor the delay tells which names do. Spellings that open the same account
(capitals, a long or a dotless letter) are one name.
"""

from datetime import datetime, timedelta

from django.contrib.auth import SESSION_KEY, authenticate, login, logout, update_session_auth_hash
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.http import HttpRequest

from genjin.foundation import audit, policy
from genjin.foundation.models import SignInAttempt, User, UserSession
from genjin.kernel.errors import GenjinError


class WrongCredentials(GenjinError):
    """The name or the password is wrong; which one is not said."""

    code = "wrong_credentials"


class LockedOut(GenjinError):
    """Too many wrong tries for this name; `until` is when the next one counts again."""

    code = "locked_out"


def locked_until(username: str, now: datetime) -> datetime | None:
    """When the lock of `username` ends, or None where it is not locked.

    `security.lockout.tries` wrong tries since the last right one (or since an administrator
    opened the name), within `security.lockout.minutes`, lock the name until those minutes after
    the last of them.
    """
    tries = int(policy.value("security.lockout.tries"))
    minutes = timedelta(minutes=int(policy.value("security.lockout.minutes")))
    recent = SignInAttempt.objects.filter(
        username=username.lower()[:60], at__gt=now - minutes, was_locked=False
    ).order_by("-at")
    wrong: list[datetime] = []
    for attempt in recent[:tries]:
        if attempt.was_right or attempt.is_unlock:
            break
        wrong.append(attempt.at)
    return wrong[0] + minutes if len(wrong) >= tries else None


def _remember(
    username: str, address: str | None, now: datetime, *, right: bool, locked: bool = False
) -> None:
    SignInAttempt.objects.create(
        username=username.lower()[:60], address=address, at=now, was_right=right, was_locked=locked
    )


def _name_counted(typed: str) -> str:
    """The name for which tries are counted: the account's own, however it was spelled."""
    try:
        return User.objects.get_by_natural_key(typed).username
    except User.DoesNotExist:
        return typed


def _take_turns(name: str) -> None:
    """Tries for one name wait for each other, so that many at once are not all counted as one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"genjin.sign_in:{name.lower()[:60]}"],
        )


def _lock_out(name: str, now: datetime) -> datetime | None:
    """When the lock of a name ends that the last wrong try closed, put into the audit trail."""
    until = locked_until(name, now)
    if until:
        kind_and_id = ("user", name.lower()[:60])
        audit.record("locked_out", kind_and_id, by=None, now=now, label=name[:200])
    return until


@transaction.atomic
def count_wrong(name: str, *, address: str | None, now: datetime) -> datetime | None:
    """Counts a wrong secret for a name as a wrong password is; the end of its lock, if it has one.

    For secrets that are no passwords, such as tokens. Nothing is counted while the name is locked.
    """
    _take_turns(name)
    if until := locked_until(name, now):
        return until
    _remember(name, address, now, right=False)
    return _lock_out(name, now)


@transaction.atomic
def _tried(
    request: HttpRequest, username: str, password: str, now: datetime
) -> tuple[User | None, datetime | None]:
    """Tries the password once: (the person or None, the end of the lock or None)."""
    name = _name_counted(username)
    _take_turns(name)
    address = request.META.get("REMOTE_ADDR")
    if until := locked_until(name, now):
        _remember(name, address, now, right=False, locked=True)
        return None, until
    user = authenticate(request, username=username, password=password)
    _remember(name, address, now, right=user is not None)
    if isinstance(user, User):
        return user, None
    return None, _lock_out(name, now)


def sign_in(request: HttpRequest, *, username: str, password: str, now: datetime) -> User:
    """Signs a person in and opens their session. Raises `WrongCredentials` or `LockedOut`."""
    user, until = _tried(request, username.strip(), password, now)
    if until is not None:
        raise LockedOut(until=until)
    if user is None:
        raise WrongCredentials
    address = request.META.get("REMOTE_ADDR")
    with transaction.atomic():
        login(request, user)
        if not request.session.session_key:
            request.session.save()
        UserSession.objects.update_or_create(
            session_key=request.session.session_key,
            defaults={
                "user": user,
                "started_at": now,
                "seen_at": now,
                "address": address,
                "agent": request.headers.get("User-Agent", "")[:200],
            },
        )
    return user


def confirm_password(request: HttpRequest, user: User, password: str, *, now: datetime) -> None:
    """Makes sure that whoever sits at an open session knows its password.

    A wrong one counts as a wrong sign-in for the name: the lock is the same. Raises
    `WrongCredentials` or `LockedOut`.
    """
    found, until = _tried(request, user.username, password, now)
    if until is not None:
        raise LockedOut(until=until)
    if found is None:
        raise WrongCredentials


@transaction.atomic
def renew_session(request: HttpRequest, user: User, *, now: datetime) -> None:
    """Keeps the present session, under a new key, after its owner changed the password."""
    before = request.session.session_key
    update_session_auth_hash(request, user)
    request.session.save()
    UserSession.objects.filter(user=user).exclude(session_key=before).delete()
    UserSession.objects.filter(session_key=before).update(
        session_key=request.session.session_key, seen_at=now
    )


def note_presence(session_key: str, now: datetime) -> None:
    """Writes that a session was used, at most once a minute."""
    UserSession.objects.filter(
        session_key=session_key, seen_at__lt=now - timedelta(minutes=1)
    ).update(seen_at=now)


def person_of(session_key: str, now: datetime) -> User | None:
    """Whose open session this is, as they are now; for answers that outlast their request."""
    session = Session.objects.filter(session_key=session_key, expire_date__gt=now).first()
    owner = session.get_decoded().get(SESSION_KEY) if session else None
    return User.objects.filter(pk=owner, is_active=True).first() if owner else None


def forget_ended_sessions(now: datetime) -> int:
    """Removes the sessions that ran out, and their lines in the session list."""
    Session.objects.filter(expire_date__lte=now).delete()
    open_keys = Session.objects.filter(session_key=OuterRef("session_key"))
    return UserSession.objects.filter(~Exists(open_keys)).delete()[0]


def sign_out(request: HttpRequest) -> None:
    """Ends the present session."""
    UserSession.objects.filter(session_key=request.session.session_key).delete()
    logout(request)


@transaction.atomic
def end_sessions(user: User, *, by: User, now: datetime, keys: list[str] | None = None) -> int:
    """Ends the sessions of `user` (those named by `keys`, else all); returns how many."""
    sessions = UserSession.objects.filter(user=user)
    if keys is not None:
        sessions = sessions.filter(session_key__in=keys)
    ended = list(sessions.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=ended).delete()
    sessions.filter(session_key__in=ended).delete()
    if ended:
        audit.record("end_sessions", user, by=by, now=now, changes={"sessions": [len(ended), 0]})
    return len(ended)
