"""Access tokens for other programs: made on one's own page, revoked there or by administrators."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from genjin.foundation import sign_in, tokens
from genjin.foundation.access import access, signed_in
from genjin.foundation.models import ApiToken, User
from genjin.kernel.errors import BadInput, Conflict
from genjin.kernel.problems import Reason
from genjin.web.accounts import words
from genjin.web.accounts.forms import TokenForm
from genjin.web.problems import add_problems

# Ended ones that a page still shows.
_ENDED_SHOWN = 5


@dataclass(frozen=True)
class TokenLine:
    """A token as a page shows it."""

    row: ApiToken
    is_open: bool


def lines(user: User, now: datetime) -> list[TokenLine]:
    """The tokens of a person: those in force, then the last that ended."""
    rows = [TokenLine(row, _is_open(row, now)) for row in tokens.tokens_of(user)]
    return [one for one in rows if one.is_open] + [one for one in rows if not one.is_open][
        :_ENDED_SHOWN
    ]


def _is_open(row: ApiToken, now: datetime) -> bool:
    return row.revoked_at is None and (row.expires_at is None or row.expires_at > now)


def _me(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


@require_http_methods(["GET", "POST"])
@access(tokens.RIGHT)
def make(request: HttpRequest) -> HttpResponse:
    """A new token; the answer shows its text this once."""
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and (made := _made(request, form)):
        # Kept nowhere, so there is nothing to redirect to.
        return render(request, "accounts/token_made.html", {"made": made})
    status = 422 if form.errors else 200
    return render(request, "accounts/token_new.html", {"form": form}, status=status)


def _made(request: HttpRequest, form: TokenForm) -> tokens.NewToken | None:
    me, now, values = _me(request), timezone.now(), dict[str, Any](form.cleaned_data)
    try:
        sign_in.confirm_password(request, me, values.pop("present"), now=now)
        return tokens.make_token(me, **values, now=now)
    except sign_in.WrongCredentials:
        form.add_error("present", words.sentence(Reason("wrong_password")))
    except sign_in.LockedOut as error:
        form.add_error(None, words.locked_until(error.data["until"]))
    except BadInput as error:
        add_problems(form, error, words.sentence)
    except Conflict as error:
        form.add_error(None, words.sentence(error))
    return None


def _revoked(request: HttpRequest, token: ApiToken) -> None:
    if tokens.revoke_token(token, by=_me(request), now=timezone.now()):
        text = _("“%(name)s” opens nothing any more.") % {"name": token.name}
        messages.success(request, text)


@require_POST
@signed_in
def revoke_own(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ends one of one's own tokens."""
    _revoked(request, get_object_or_404(ApiToken, pk=pk, user=_me(request)))
    return redirect("me")


@require_POST
@access("users.manage")
def revoke_of(request: HttpRequest, pk: int, token_pk: UUID) -> HttpResponse:
    """Ends a token of somebody."""
    _revoked(request, get_object_or_404(ApiToken, pk=token_pk, user=pk))
    return redirect("user", pk=pk)
