"""The base of every expected failure: a code and data, ignorant of HTTP and of languages.

An error that belongs to one operation is defined beside that operation, from one of these.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from genjin.kernel.problems import Reason, jsonable


class GenjinError(Exception):
    """An expected failure that the user is told about in a sentence of their own language.

    ``code`` names the fact, ``data`` holds the values of the sentence.
    """

    code: str = "error"
    data: dict[str, Any]

    def __init__(self, code: str = "", data: Mapping[str, Any] | None = None, **values: Any):
        self.code = code or type(self).code
        self.data = {**(data or {}), **values}
        super().__init__(self.code, self.data)

    def __str__(self) -> str:
        values = ", ".join(f"{key}={value!r}" for key, value in self.data.items())
        return f"{self.code} ({values})" if values else self.code

    def to_json(self) -> dict[str, Any]:
        """Give the form for an API answer or a stored job error: ``{"code", "data"}``."""
        return {"code": self.code, "data": jsonable(self.data)}


Problems = Mapping[str | int, Iterable[Reason | str] | Reason | str]


def _as_reasons(found: Iterable[Reason | str] | Reason | str) -> list[Reason]:
    several = [found] if isinstance(found, Reason | str) else list(found)
    return [item if isinstance(item, Reason) else Reason(item) for item in several]


class BadInput(GenjinError):
    """What was entered cannot be taken; ``problems`` says where and why.

    ``problems`` maps a field's name or a row's number to its reasons; the key "" stands for the
    whole form. A bare code instead of a mapping is a problem of the whole form.
    """

    code = "bad_input"

    def __init__(self, problems: Problems | str | None = None, **values: Any):
        if isinstance(problems, str):
            problems = {"": [Reason(problems, values)]}
        self.problems: dict[str | int, list[Reason]] = {
            place: _as_reasons(found) for place, found in (problems or {}).items()
        }
        listed = {
            str(place): [reason.to_json() for reason in reasons]
            for place, reasons in self.problems.items()
        }
        super().__init__(data={**values, "problems": listed})

    def __reduce__(self) -> tuple[Any, ...]:
        values = {key: value for key, value in self.data.items() if key != "problems"}
        return _bad_input, (self.problems, values)


def _bad_input(problems: Problems, values: dict[str, Any]) -> BadInput:
    return BadInput(problems, **values)


class LostRace(GenjinError):
    """Somebody else changed the row first; nothing was written, look again and decide anew."""

    code = "lost_race"


class NotAllowed(GenjinError):
    """This person may not do this, whatever the state of the thing."""

    code = "not_allowed"


class Conflict(GenjinError):
    """The facts as they stand forbid this: it exists already, is closed, is held."""

    code = "conflict"
