"""Personal access tokens: made, revoked, and asked for at every request of the API (PL4, PL6).

A token never can more than its person: it ends with them, waits while their name is locked or
their password must be changed, and its scope only narrows their rights. The handle in it names
the token, so that guesses of its secret are counted for the person as wrong passwords are; a
token that names nothing is counted for the address it came from.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from genjin.foundation import access, audit, policy, throttle
from genjin.foundation.compiled import Compiled
from genjin.foundation.models import ApiToken, User
from genjin.foundation.sign_in import LockedOut, count_wrong, locked_until
from genjin.kernel.errors import BadInput, Conflict, GenjinError, NotAllowed
from genjin.kernel.problems import Reason

RIGHT = "api.use"
LONGEST_NAME = 80
_FORM = re.compile(r"gj_([a-z0-9]{10})_([A-Za-z0-9_-]{43})")
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"


class TokenRefused(GenjinError):
    """Nothing, or nothing of ours, or something that ended: `code` says which.

    token_missing, token_wrong, token_ended.
    """


class TooManyRequests(GenjinError):
    """More requests than the policy lets through; `seconds` is when the next one passes."""

    code = "too_many_requests"


@dataclass(frozen=True)
class NewToken:
    """A token just made, with the text that is shown this once."""

    token: ApiToken
    text: str


def _digest(secret: str) -> str:
    # The secret is 32 random bytes: there is nothing to slow down as with a password.
    return hashlib.sha256(secret.encode()).hexdigest()


def _name(name: str) -> tuple[str, Reason | None]:
    name = name.strip()
    if not name:
        return name, Reason("required")
    if "\x00" in name:
        return name, Reason("bad_character")
    if len(name) > LONGEST_NAME:
        return name, Reason("too_long", {"limit": LONGEST_NAME})
    return name, None


def in_force(now: datetime) -> Q:
    """Tokens that open something: neither revoked nor past their end."""
    return Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=now))


def tokens_of(user: User) -> QuerySet[ApiToken]:
    """The tokens of a person, those in force and those that ended, the newest first."""
    return ApiToken.objects.filter(user=user).select_related("revoked_by").order_by("-made_at")


@transaction.atomic
def make_token(
    user: User, *, name: str, scope: str, last_day: date | None = None, now: datetime
) -> NewToken:
    """Makes a token for oneself; its text is in the answer and nowhere else.

    `last_day` is the last day on which it opens, in the person's own time zone. Raises BadInput
    (required, too_long, bad_character, not_a_choice, day_is_past), Conflict `too_many_tokens`,
    NotAllowed without the right api.use.
    """
    access.require_right(user, RIGHT)
    problems: dict[str | int, list[Reason]] = {}
    name, wrong = _name(name)
    if wrong:
        problems["name"] = [wrong]
    if scope not in ApiToken.Scope.values:
        problems["scope"] = [Reason("not_a_choice", {"value": scope[:10]})]
    if last_day is not None and last_day < timezone.localdate(now):
        problems["last_day"] = [Reason("day_is_past")]
    if problems:
        raise BadInput(problems)
    User.objects.select_for_update().get(pk=user.pk)
    most = int(policy.value("security.tokens.most"))
    if ApiToken.objects.filter(in_force(now), user=user).count() >= most:
        raise Conflict("too_many_tokens", most=most)
    handle = "".join(secrets.choice(_ALPHABET) for _ in range(10))
    secret = secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user, name=name, scope=scope, handle=handle, digest=_digest(secret), made_at=now,
        expires_at=_end_of(last_day),
    )  # fmt: skip
    audit.record("add", token, by=user, now=now, changes={
        "scope": [None, scope], "last_day": [None, last_day], "user": [None, user.pk],
    })  # fmt: skip
    return NewToken(token, f"gj_{handle}_{secret}")


def _end_of(day: date | None) -> datetime | None:
    """The moment after a day, in the time zone that is active."""
    if day is None or day == date.max:
        return None
    begin = datetime.combine(day + timedelta(days=1), datetime.min.time())
    return timezone.make_aware(begin)


@transaction.atomic
def revoke_token(token: ApiToken, *, by: User, now: datetime) -> bool:
    """Ends a token for good, by its person or an administrator; False when it had ended already.

    Raises NotAllowed for anybody else.
    """
    if token.user_id != by.pk:
        access.require_right(by, "users.manage")
    row = ApiToken.objects.select_for_update(of=("self",)).select_related("user").get(pk=token.pk)
    if row.revoked_at is not None:
        return False
    _revoke(row, by, now)
    return True


def _revoke(row: ApiToken, by: User, now: datetime) -> None:
    row.revoked_at, row.revoked_by = now, by
    row.save(update_fields=["revoked_at", "revoked_by"])
    audit.record("revoke", row, by=by, now=now, changes={"user": [row.user_id, None]})


@transaction.atomic
def revoke_all(user: User, *, by: User, now: datetime) -> int:
    """Ends every token of a person; returns how many."""
    rows = list(
        ApiToken.objects.select_for_update(of=("self",))
        .filter(user=user, revoked_at=None)
        .select_related("user")
        .order_by("pk")
    )
    for row in rows:
        _revoke(row, by, now)
    return len(rows)


_BY_HANDLE = Compiled(
    lambda handle: ApiToken.objects.filter(handle=handle).select_related("user__team"), handle=str
)


def authenticate(presented: str, *, address: str | None, now: datetime) -> ApiToken:
    """The token that a request carries, with its person, or the reason why it opens nothing.

    Raises TokenRefused, LockedOut (as for the person's password), NotAllowed
    (password_change_needed, or without the right api.use), TooManyRequests.
    """
    if not presented:
        raise TokenRefused("token_missing")
    form = _FORM.fullmatch(presented)
    token = _BY_HANDLE.first(handle=form[1]) if form else None
    if token is None or form is None:
        _refuse_stranger(address, now)
        raise TokenRefused("token_wrong")
    person = token.user
    if until := locked_until(person.username, now):
        raise LockedOut(until=until)
    if not constant_time_compare(token.digest, _digest(form[2])):
        if until := count_wrong(person.username, address=address, now=now):
            raise LockedOut(until=until)
        raise TokenRefused("token_wrong")
    is_over = token.expires_at is not None and token.expires_at <= now
    if token.revoked_at is not None or is_over or not person.is_active:
        raise TokenRefused("token_ended")
    if person.must_change_password:
        raise NotAllowed("password_change_needed")
    access.require_right(person, RIGHT)
    _let_through(token)
    _note_use(token, address, now)
    return token


def _refuse_stranger(address: str | None, now: datetime) -> None:
    """Counts a token that names nothing for its address. Raises LockedOut after too many.

    Others at the same address go on: what a token opens does not depend on it.
    """
    if until := count_wrong(f"token from {address or '?'}", address=address, now=now):
        raise LockedOut(until=until)


def _let_through(token: ApiToken) -> None:
    per_minute = int(policy.value("security.tokens.per_minute"))
    if wait := throttle.seconds_to_wait(token.handle, "api", per_minute=per_minute):
        raise TooManyRequests(seconds=int(wait) + 1)


def _note_use(token: ApiToken, address: str | None, now: datetime) -> None:
    """Writes that a token was used, at most once a minute."""
    minute_ago = now - timedelta(minutes=1)
    if token.used_at is None or token.used_at < minute_ago or token.used_from != address:
        ApiToken.objects.filter(pk=token.pk).filter(
            Q(used_at=None) | Q(used_at__lt=minute_ago) | ~Q(used_from=address) | Q(used_from=None)
        ).update(used_at=now, used_from=address)
