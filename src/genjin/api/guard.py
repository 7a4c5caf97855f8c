"""Lets a request of the API through: whose token it is, and whether that person may do this.

Sessions play no part here: `middleware.WithoutCookies` has taken every cookie off the request.
"""

import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone, translation
from django.utils.translation.trans_real import (
    get_supported_language_variant,
    parse_accept_lang_header,
)
from ninja.security import HttpBearer

from genjin.foundation import access
from genjin.foundation.models import ApiToken, User
from genjin.foundation.tokens import authenticate
from genjin.kernel.errors import BadInput, GenjinError, NotAllowed
from genjin.kernel.problems import Reason

SAFE = ("GET", "HEAD", "OPTIONS")
Sentence = Callable[[Reason | GenjinError], str]


def _asks_for_a_language(header: str) -> bool:
    """Whether Accept-Language names one that we speak."""
    for code, _weight in parse_accept_lang_header(header.lower()):
        try:
            get_supported_language_variant(code)
        except LookupError:
            continue
        return True
    return False


def token_of(request: HttpRequest) -> ApiToken:
    """The token that a request carries; its person's clock counts from here on, and their language
    unless another is asked for.

    Raises what `tokens.authenticate` raises.
    """
    kind, _space, presented = request.headers.get("Authorization", "").partition(" ")
    token = authenticate(
        presented.strip() if kind.lower() == "bearer" else "",
        address=request.META.get("REMOTE_ADDR"),
        now=timezone.now(),
    )
    timezone.activate(zoneinfo.ZoneInfo(token.user.time_zone))
    if not _asks_for_a_language(request.headers.get("Accept-Language", "")):
        translation.activate(token.user.language)
    return token


@dataclass(frozen=True)
class Caller:
    """Who calls: the person, and the token by which another program acts for them."""

    user: User
    token: ApiToken


class Token(HttpBearer):
    """Opens one operation to tokens of people with `right`; what writes needs the scope write.

    `says` puts what the area refuses into words. `query` are the names that may stand in the
    address.
    """

    def __init__(self, right: str, says: Sentence) -> None:
        super().__init__()
        self.right = right
        self.says = says
        self.query: frozenset[str] = frozenset()

    def __call__(self, request: HttpRequest) -> Caller:
        request.api_says = self.says  # type: ignore[attr-defined]
        token = token_of(request)
        person = token.user
        if self.right != access.SIGNED_IN:
            access.require_right(person, self.right)
        if request.method not in SAFE and token.scope != ApiToken.Scope.WRITE:
            raise NotAllowed("token_only_reads")
        self._refuse_unknown(request)
        return Caller(person, token)

    def _refuse_unknown(self, request: HttpRequest) -> None:
        """A name in the address that means nothing is a mistake, and not left aside silently."""
        problems: dict[str | int, str] = {
            name[:80]: "unknown_parameter" for name in request.GET if name not in self.query
        }
        for name in request.GET:
            if any("\x00" in text for text in request.GET.getlist(name)):
                problems[name[:80]] = "bad_character"
        if problems:
            raise BadInput(problems)

    def authenticate(self, request: HttpRequest, token: str) -> None:
        raise NotImplementedError("`__call__` does it all")


class Nobody(HttpBearer):
    """Stands before an operation that names no right: it opens to nobody."""

    def __call__(self, request: HttpRequest) -> None:
        raise PermissionDenied("unmarked operation")

    def authenticate(self, request: HttpRequest, token: str) -> None:
        raise NotImplementedError("`__call__` does it all")


def caller(request: HttpRequest) -> User:
    """The person for whom an operation acts."""
    found: Caller = request.auth  # type: ignore[attr-defined]
    return found.user


def caller_token(request: HttpRequest) -> ApiToken:
    """The token by which an operation was called."""
    found: Caller = request.auth  # type: ignore[attr-defined]
    return found.token
