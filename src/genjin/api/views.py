"""The API as Django sees it: its views with their mark, its schema, its documentation page."""

import logging
from collections.abc import Callable
from typing import Any

from django.core.signals import got_request_exception
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from genjin.api import documentation, handbook, problems
from genjin.api.guard import token_of
from genjin.foundation import audit
from genjin.foundation.access import by_token, has_right, signed_in
from genjin.foundation.models import User
from genjin.foundation.tokens import RIGHT
from genjin.kernel.errors import GenjinError

logger = logging.getLogger(__name__)
View = Callable[..., HttpResponse]


def of_api(view: View) -> View:
    """A view of the library as one of ours: marked, its changes known as the API's, its faults
    answered as problems."""

    def answered(request: HttpRequest, **parts: Any) -> HttpResponse:
        if "\x00" in request.path:
            return problems.of_code(404, "nothing_here")
        try:
            with audit.origin("api", request.META.get("REMOTE_ADDR")):
                response = view(request, **parts)
        except Exception:
            got_request_exception.send(sender=of_api, request=request)
            logger.exception("the API failed", extra={"path": request.path})
            return problems.of_code(500, "failed")
        if isinstance(response, HttpResponseNotAllowed):
            problem = problems.of_code(405, "no_such_method", allowed=response["Allow"])
            problem["Allow"] = response["Allow"]
            return problem
        return response

    answered.csrf_exempt = True  # type: ignore[attr-defined]
    return by_token(answered)


def _nothing(request: HttpRequest, rest: str = "") -> HttpResponse:
    try:
        token_of(request)
    except GenjinError as error:
        return problems.of_error(request, error)
    return problems.of_code(404, "nothing_here")


nothing_here = of_api(_nothing)


@signed_in
@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """The documentation: a page of ours, made of the same document."""
    host = request.build_absolute_uri("/").rstrip("/")
    context = handbook.pages(documentation.schema(), host)
    context["may_make_tokens"] = has_right(request.user, RIGHT)
    return render(request, "api/docs.html", context)


@by_token
@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document, for those who signed in or carry a token."""
    user = request.user
    if not isinstance(user, User) or user.must_change_password:
        try:
            token_of(request)
        except GenjinError as error:
            return problems.of_error(request, error)
    return JsonResponse(documentation.schema(), json_dumps_params={"ensure_ascii": False})
