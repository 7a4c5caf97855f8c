"""Calls the API as another program does: by token, in JSON."""

import json
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from genjin.foundation.models import ApiToken, User
from genjin.foundation.tokens import make_token


def token_for(user: User, scope: str = "write", **values: Any) -> str:
    """The text of a new token."""
    values = {"name": "ERP", "now": timezone.now(), **values}
    return make_token(user, scope=scope, **values).text


class Caller:
    """One program with its token; `answer.json()` is what it gets."""

    def __init__(self, token: str = "", *, language: str = "en") -> None:
        self.client = Client()
        self.headers = {"Accept-Language": language} if language else {}
        if token:
            self.headers["Authorization"] = f"Bearer {token}"

    def send(self, method: str, path: str, body: Any = None, **more: Any) -> HttpResponse:
        """`path` is what follows /api/v1/; `body` text goes as it is."""
        headers = {**self.headers, **more.pop("headers", {})}
        text = body if isinstance(body, str | bytes) else "" if body is None else json.dumps(body)
        return self.client.generic(
            method, f"/api/v1/{path}", text, content_type="application/json", headers=headers,
            **more,
        )  # fmt: skip

    def get(self, path: str, **more: Any) -> HttpResponse:
        return self.send("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> HttpResponse:
        return self.send("POST", path, body, **more)

    def put(self, path: str, body: Any = None, **more: Any) -> HttpResponse:
        return self.send("PUT", path, body, **more)

    def patch(self, path: str, body: Any = None, **more: Any) -> HttpResponse:
        return self.send("PATCH", path, body, **more)


def as_program(user: User, scope: str = "write", *, language: str = "en") -> Caller:
    return Caller(token_for(user, scope), language=language)


def token_row(text: str) -> ApiToken:
    return ApiToken.objects.get(handle=text.split("_")[1])
