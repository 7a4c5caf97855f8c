"""Error pages: what happened, in the reader's language, and where to go from here."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from genjin.foundation.access import public


def _page(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    return render(request, "error.html", {"title": title, "text": text}, status=status)


@public
def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 400, _("This request cannot be understood"),
                 _("Go back and try again."))  # fmt: skip


@public
def denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 403, _("This page is not open to you"),
                 _("Ask an administrator if you need it for your work."))  # fmt: skip


@public
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 404, _("There is nothing here"),
                 _("It may have been removed, or you may not see it."))  # fmt: skip


@public
def failed(request: HttpRequest) -> HttpResponse:
    return _page(request, 500, _("Something went wrong on our side"),
                 _("Nothing was half-written. Try again; if it happens again, tell an "
                   "administrator the time."))  # fmt: skip


@public
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _page(request, 403, _("This page was open too long"),
                 _("Load it again and repeat the last step."))  # fmt: skip
