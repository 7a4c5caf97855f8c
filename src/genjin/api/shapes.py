"""What the shapes of all areas share: entries that mean nothing are refused, amounts are text."""

import json
import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.translation import gettext_noop as _
from ninja.parser import Parser
from ninja.renderers import JSONRenderer
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from genjin.foundation.models import User
from genjin.kernel.errors import BadInput, GenjinError
from genjin.kernel.money import decimals_of

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# Moments that every part of the program can reckon with, whatever the zone.
_FIRST_YEAR, _AFTER_YEAR = 1900, 2200
_FIGURE = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,10})?")


class Sent(BaseModel):
    """Something that is sent to us."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def example(**entries: Any) -> ConfigDict:
    """A shape's own example, for the documentation: `model_config = example(…)`."""
    return ConfigDict(json_schema_extra={"examples": [entries]})


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
    if not _FIGURE.fullmatch(value.strip()):
        raise PydanticCustomError("genjin", "amount", {"code": "not_an_amount"})
    return Decimal(value.strip())


Amount = Annotated[
    Decimal,
    BeforeValidator(_amount),
    WithJsonSchema(
        {"type": "string", "pattern": r"^-?[0-9]{1,20}(\.[0-9]{1,10})?$", "examples": ["1200.00"]}
    ),
]


def _moment(value: Any) -> datetime:
    """A moment from its text alone: a number would be read as seconds by the library."""
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        found = None
    if found is None or found.tzinfo is None or not _FIRST_YEAR <= found.year < _AFTER_YEAR:
        raise PydanticCustomError("genjin", "moment", {"code": "not_a_moment"})
    return found


def _day(value: Any) -> date:
    try:
        if not _DAY.fullmatch(value):
            raise ValueError(value)
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise PydanticCustomError("genjin", "day", {"code": "not_a_day"}) from None


Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
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
        except (ValueError, RecursionError) as error:
            raise BodyRefused("not_json") from error
        return body


class Readable(JSONRenderer):
    """Writes answers with their characters as they are."""

    json_dumps_params = {"ensure_ascii": False}
