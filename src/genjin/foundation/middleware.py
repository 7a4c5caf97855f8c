"""What happens around every request: headers, the person's language and zone, default deny."""

import time
import zoneinfo
from collections.abc import Callable
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation

from genjin.foundation import access, audit, sign_in
from genjin.foundation.models import User

Next = Callable[[HttpRequest], HttpResponse]

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; manifest-src 'self'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class SecurityHeaders:
    """Strict headers on every answer; pages about people are never kept by a cache."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, content in HEADERS.items():
            response.headers.setdefault(name, content)
        if not request.path.startswith("/static/"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


class PersonalSettings:
    """The signed-in person's language and time zone, and the origin of what they change."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if isinstance(user, User):
            translation.activate(user.language)
            request.LANGUAGE_CODE = user.language
            timezone.activate(zoneinfo.ZoneInfo(user.time_zone))
        with audit.origin("screen", request.META.get("REMOTE_ADDR")):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", translation.get_language() or "")
        timezone.deactivate()
        return response


def _to_password_page(request: HttpRequest) -> HttpResponse:
    url = reverse("password")
    if request.headers.get("HX-Request"):
        answer = HttpResponse(status=200)
        answer["HX-Redirect"] = url
        return answer
    return redirect(url)


class Presence:
    """Notes, at most once a minute, that a signed-in session is in use.

    Each process remembers what it noted, so that nearly every request costs no query for it.
    """

    KEPT = 10_000

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response
        self.noted: dict[str, float] = {}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        key = request.session.session_key
        if key and request.user.is_authenticated and self._is_due(key):
            sign_in.note_presence(key, timezone.now())
        return response

    def _is_due(self, key: str) -> bool:
        moment = time.monotonic()
        if moment - self.noted.get(key, float("-inf")) < 60:
            return False
        if len(self.noted) >= self.KEPT:
            self.noted.clear()
        self.noted[key] = moment
        return True


class DefaultDeny:
    """Opens a view only to those whom its mark names; a view without a mark opens to nobody."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        requirement = getattr(view, "required_right", None)
        if requirement is None:
            raise PermissionDenied("unmarked view")
        if requirement in (access.PUBLIC, access.TOKEN):
            return None
        if not request.user.is_authenticated:
            if request.headers.get("HX-Request"):
                answer = HttpResponse(status=401)
                answer["HX-Refresh"] = "true"
                return answer
            return redirect_to_login(request.get_full_path())
        if request.user.must_change_password and not getattr(
            view, "opens_before_password_change", False
        ):
            return _to_password_page(request)
        if requirement != access.SIGNED_IN and not access.has_right(request.user, requirement):
            raise PermissionDenied(requirement)
        _refuse_nul(request)
        return None


def _refuse_nul(request: HttpRequest) -> None:
    """No text holds the character NUL: the database takes none, and nobody types one."""
    for sent in (request.GET, request.POST):
        if any("\x00" in text for name in sent for text in (name, *sent.getlist(name))):
            raise BadRequest("NUL in what was sent")
