"""Say why something may not be done, as data that a screen, a job and a log can all read.

A rule returns reasons; it never builds sentences. The sentence for a code is made where the
user's language is known.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID


class Severity(StrEnum):
    """A blocker forbids; a warning is shown and may be passed over."""

    BLOCKER = "blocker"
    WARNING = "warning"


def jsonable(value: Any) -> Any:
    """Turn a value of a reason into what JSON knows: instants and days as ISO 8601, money as text.

    Raises TypeError for anything else, since a reason must be readable years later.
    """
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(jsonable(item) for item in value)
    raise TypeError(f"a reason cannot hold a {type(value).__name__}")


@dataclass(frozen=True)
class Reason:
    """One reason: a code in snake case, the values its sentence needs, and how grave it is."""

    code: str
    data: Mapping[str, Any] = field(default_factory=dict)
    severity: Severity = Severity.BLOCKER

    def __post_init__(self) -> None:
        if not self.code:
            raise ValueError("a reason needs a code")
        object.__setattr__(self, "data", MappingProxyType(dict(self.data)))
        object.__setattr__(self, "severity", Severity(self.severity))

    def __hash__(self) -> int:
        return hash((self.code, self.severity))

    def __reduce__(self) -> tuple[Any, ...]:
        # A mapping proxy cannot be pickled; jobs and test workers pickle reasons.
        return type(self), (self.code, dict(self.data), self.severity)

    @property
    def is_blocker(self) -> bool:
        return self.severity is Severity.BLOCKER

    def to_json(self) -> dict[str, Any]:
        """Give the form that is stored and sent: ``{"code", "severity", "data"}``."""
        return {"code": self.code, "severity": self.severity.value, "data": jsonable(self.data)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Reason":
        """Read what ``to_json`` wrote. Instants and money come back as text."""
        return cls(
            value["code"], value.get("data") or {}, Severity(value.get("severity", "blocker"))
        )


def blockers(reasons: Iterable[Reason]) -> list[Reason]:
    """Keep the reasons that forbid, in their order."""
    return [reason for reason in reasons if reason.is_blocker]


def warnings(reasons: Iterable[Reason]) -> list[Reason]:
    """Keep the reasons that only warn, in their order."""
    return [reason for reason in reasons if not reason.is_blocker]
