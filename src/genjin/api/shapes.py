"""What the shapes of all areas share: entries that mean nothing are refused, amounts are text."""

import json
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.utils.translation import gettext_noop as _
from ninja.parser import Parser
from ninja.renderers import JSONRenderer
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from genjin.foundation.models import User
from genjin.kernel.errors import BadInput, GenjinError
from genjin.kernel.money import decimals_of


class Sent(BaseModel):
    """Something that is sent to us."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Shown(BaseModel):
    """Something that we answer."""

    model_config = ConfigDict(frozen=True)


class Person(Shown):
    """One of our people."""

    id: int
    name: str


def person(user: User | None) -> Person | None:
    return Person(id=user.pk, name=user.name) if user else None


def _amount(value: Any) -> Decimal:
    """An amount from its text; a number of JSON may have lost a cent on its way."""
    if not isinstance(value, str):
        raise PydanticCustomError("genjin", "amount", {"code": "amount_is_text"})
    try:
        if not value.isascii() or "_" in value or len(value) > 40:
            raise InvalidOperation
        return Decimal(value.strip())
    except InvalidOperation:
        raise PydanticCustomError("genjin", "amount", {"code": "not_an_amount"}) from None


Amount = Annotated[
    Decimal,
    BeforeValidator(_amount),
    WithJsonSchema(
        {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$", "examples": ["1200.00"]}
    ),
]
Currency = Annotated[str, Field(max_length=3, description=_("Three letters, such as CNY."))]


def money(amount: Decimal, currency: str) -> str:
    """An amount as text, with as many digits as its currency has."""
    return f"{amount:.{decimals_of(currency)}f}"


class BodyRefused(GenjinError):
    """A body that cannot be read; `code` says why."""


def _without_nul(value: Any, place: str = "") -> None:
    """No text holds NUL or half a character: the database takes neither, and nobody types one."""
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= char <= "\udfff" for char in value):
            raise BadInput({place: "bad_character"})
    elif isinstance(value, dict):
        for name, one in value.items():
            _without_nul(name, place)
            _without_nul(one, f"{place}.{name}".lstrip("."))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            _without_nul(one, f"{place}.{number}".lstrip("."))


def _no_constant(name: str) -> Any:
    raise ValueError(name)


class Json(Parser):
    """Reads bodies: JSON in UTF-8, without numbers that JSON does not have."""

    def parse_body(self, request: HttpRequest) -> Any:
        try:
            body = json.loads(request.body.decode(), parse_constant=_no_constant)
            _without_nul(body)
        except RequestDataTooBig as error:
            raise BodyRefused("body_too_large") from error
        except (ValueError, RecursionError) as error:
            raise BodyRefused("not_json") from error
        return body


class Readable(JSONRenderer):
    """Writes answers with their characters as they are."""

    json_dumps_params = {"ensure_ascii": False}
