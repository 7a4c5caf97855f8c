"""Errors of the API as problem+json (RFC 9457): the codes and the sentences of the screens.

    {"type": "urn:genjin:problem:bad_input", "title": …, "status": 422, "code": "bad_input",
     "detail": …, "errors": [{"field": "amount", "code": "amount_not_positive", "detail": …}]}

`detail` is written in the language of Accept-Language, else in that of the token's person. Where
several entries are wrong all of them are told at once.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.responses import NinjaJSONEncoder

from genjin.api.guard import Sentence
from genjin.customers.sentences import sentence as card_sentence
from genjin.foundation.sign_in import LockedOut
from genjin.foundation.tokens import TokenRefused, TooManyRequests
from genjin.kernel.errors import BadInput, GenjinError, NotAllowed
from genjin.kernel.problems import Reason, jsonable

CONTENT_TYPE = "application/problem+json"
_REALM = 'Bearer realm="Genjin"'


def _titles() -> dict[int, str]:
    return {
        400: _("This request cannot be understood"),
        401: _("A valid access token is needed"),
        403: _("This is not open to you"),
        404: _("There is nothing here"),
        405: _("This cannot be done here"),
        409: _("The facts as they stand forbid this"),
        413: _("This is too much at once"),
        422: _("Some entries cannot be taken"),
        429: _("Too many requests"),
        500: _("Something went wrong on our side"),
    }


def _own() -> dict[str, str]:
    """Sentences for what only the API meets; the areas have theirs."""
    return {
        "token_missing": _("Send your access token: “Authorization: Bearer …”."),
        "token_wrong": _("This access token is not known."),
        "token_ended": _("This access token was revoked or has run out."),
        "token_only_reads": _("This access token may only read."),
        "password_change_needed": _("Sign in and choose your own password first."),
        "too_many_requests": _("Too many requests: wait %(seconds)s seconds."),
        "not_json": _("The body is not JSON in UTF-8."),
        "body_too_large": _("The body is too large."),
        "nothing_here": _("It may have been removed, or you may not see it."),
        "no_such_method": _("This address knows other methods: %(allowed)s."),
        "failed": _("Nothing was half-written. Try again; if it happens again, tell an "
                    "administrator the time."),
        "bad_input": _("Look at each of the errors."),
        "unknown_parameter": _("This parameter means nothing here."),
        "unknown_entry": _("This entry means nothing here."),
        "not_an_id": _("This is not an id."),
        "not_a_moment": _("This is not a moment, such as 2026-01-31T09:30:00+08:00."),
        "not_a_day": _("This is not a day, such as 2026-01-31."),
        "not_a_text": _("This is not a text."),
        "not_a_list": _("This is not a list."),
        "not_an_object": _("This is not an object."),
        "not_a_whole_number": _("This is not a whole number."),
        "not_true_or_false": _("This is neither true nor false."),
        "not_an_amount": _("This is not an amount."),
        "amount_is_text": _("An amount is a text in quotation marks, such as “1200.00”."),
        "not_a_cursor": _("This is not the “next” of an answer of ours."),
        "out_of_range": _("This number is too small or too large."),
        "too_many": _("These are too many; at most %(limit)s."),
        "not_understood": _("This cannot be understood."),
    }  # fmt: skip


def _locked(error: LockedOut) -> str:
    until = timezone.localtime(error.data["until"]).strftime("%H:%M")
    return _("Too many wrong tries. Tokens work again at %(time)s.") % {"time": until}


def words(found: Reason | GenjinError, says: Sentence) -> str:
    """The sentence for a reason: what only the API meets, else as the area's screens say it."""
    if isinstance(found, LockedOut):
        return _locked(found)
    if isinstance(found, Reason | GenjinError) and (text := _own().get(found.code)):
        return text % dict(found.data) if "%(" in text else text
    return says(found)


def answer(
    status: int, code: str, detail: str, *, data: Mapping[str, Any] | None = None, **more: Any
) -> HttpResponse:
    """One problem as an answer."""
    content = {
        "type": f"urn:genjin:problem:{code}",
        "title": _titles().get(status, ""),
        "status": status,
        "code": code,
        "detail": detail,
        **({"data": jsonable(dict(data))} if data else {}),
        **more,
    }
    text = json.dumps(content, ensure_ascii=False, cls=NinjaJSONEncoder)
    response = HttpResponse(text.encode("utf-8", "replace"), status=status,
                            content_type=CONTENT_TYPE)  # fmt: skip
    if status == 401:
        response["WWW-Authenticate"] = _REALM
    return response


def _says(request: HttpRequest) -> Sentence:
    return getattr(request, "api_says", card_sentence)


def of_code(status: int, code: str, **data: Any) -> HttpResponse:
    """A problem that only the API meets."""
    return answer(status, code, words(Reason(code, data), card_sentence), data=data)


def _errors(bad: BadInput, says: Sentence) -> Iterator[dict[str, Any]]:
    for place, reasons in bad.problems.items():
        for reason in reasons:
            yield {
                "field": str(place),
                "code": reason.code,
                "detail": words(reason, says),
                **({"data": jsonable(dict(reason.data))} if reason.data else {}),
            }


def _status_of(error: GenjinError) -> int:
    if isinstance(error, TokenRefused):
        return 401
    if isinstance(error, NotAllowed | LockedOut):
        return 403
    return 429 if isinstance(error, TooManyRequests) else 409


def of_error(request: HttpRequest, error: GenjinError) -> HttpResponse:
    """An expected failure as the screens tell it."""
    says = _says(request)
    if isinstance(error, BadInput):
        told = list(_errors(error, says))
        detail = told[0]["detail"] if len(told) == 1 else _own()["bad_input"]
        return answer(422, "bad_input", detail, errors=told)
    response = answer(_status_of(error), error.code, words(error, says), data=error.data)
    if isinstance(error, TooManyRequests):
        response["Retry-After"] = str(error.data["seconds"])
    elif isinstance(error, LockedOut):
        seconds = (error.data["until"] - timezone.now()).total_seconds()
        response["Retry-After"] = str(max(1, int(seconds) + 1))
    return response


# What pydantic found, by the beginning of its name, as a code of ours.
_FOUND = {
    "missing": "required",
    "string_too_short": "required",
    "string_too_long": "too_long",
    "string_type": "not_a_text",
    "string_unicode": "bad_character",
    "extra_forbidden": "unknown_entry",
    "date": "not_a_day",
    "timezone": "not_a_moment",
    "uuid": "not_an_id",
    "int": "not_a_whole_number",
    "bool": "not_true_or_false",
    "enum": "not_a_choice",
    "literal": "not_a_choice",
    "list": "not_a_list",
    "too_long": "too_many",
    "dict": "not_an_object",
    "model": "not_an_object",
}
_MOMENTS = ("datetime", "timezone")


def _reason(found: Mapping[str, Any]) -> Reason:
    kind, context = str(found["type"]), found.get("ctx") or {}
    if kind == "genjin":
        return Reason(context["code"])
    if kind.startswith(_MOMENTS):
        return Reason("not_a_moment")
    if kind in ("greater_than_equal", "less_than", "less_than_equal"):
        return Reason("out_of_range")
    code = next((ours for begin, ours in _FOUND.items() if kind.startswith(begin)), "")
    if code in ("too_long", "too_many"):
        return Reason(code, {"limit": context.get("max_length")})
    return Reason(code or "not_understood")


def _place(found: Mapping[str, Any]) -> str:
    """Where in the request something is wrong, as the one who sent it names it: "phones.0"."""
    source, *rest = found["loc"]
    # The body has a name in our function, of which nobody outside knows.
    return ".".join(str(part) for part in (rest[1:] if source == "body" else rest))


def of_shape(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Entries that have not the shape that the schema asks for."""
    problems: dict[str | int, list[Reason]] = {}
    for found in error.errors:
        problems.setdefault(_place(found), []).append(_reason(found))
    return of_error(request, BadInput(problems))


def _of_http(request: HttpRequest, error: HttpError) -> HttpResponse:
    """A body that cannot be read (`shapes.Json` says why)."""
    cause = error.__cause__
    if isinstance(cause, GenjinError) and not isinstance(cause, BadInput):
        return of_code(400, cause.code)
    if isinstance(cause, BadInput):
        return of_error(request, cause)
    return of_code(error.status_code, "not_json")


def _of_nothing(request: HttpRequest, _error: Exception) -> HttpResponse:
    return of_code(404, "nothing_here")


def _of_size(request: HttpRequest, _error: Exception) -> HttpResponse:
    return of_code(413, "body_too_large")


def _of_refusal(request: HttpRequest, _error: Exception) -> HttpResponse:
    return answer(403, "right_missing", card_sentence(Reason("right_missing")))


def register(api: NinjaAPI) -> None:
    """Tells the API how each kind of error is answered; others are faults of ours (500)."""
    handlers: dict[type[Exception], Callable[..., HttpResponse]] = {
        GenjinError: of_error,
        ValidationError: of_shape,
        HttpError: _of_http,
        Http404: _of_nothing,
        RequestDataTooBig: _of_size,
        PermissionDenied: _of_refusal,
    }
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, handler)
