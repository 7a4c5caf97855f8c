"""A customer as one row of a file tells it, before anything is written. Pure."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class PhoneDraft:
    """A number: `value` its normal form, `status` of `customers.states.PointStatus`."""

    value: str
    raw: str
    label: str
    extension: str = ""
    status: str = "ok"


@dataclass(slots=True)
class Draft:
    """What a row says. `columns` are columns of Customer, only those that the row fills."""

    number: int
    columns: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    other_names: list[str] = field(default_factory=list)
    phones: list[PhoneDraft] = field(default_factory=list)
    emails: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    postcode: str = ""
    latitude: str = ""
    longitude: str = ""
    system: str = "wgs84"
    person: dict[str, str] = field(default_factory=dict)
    person_phones: list[PhoneDraft] = field(default_factory=list)
    new_choices: list[tuple[str, str]] = field(default_factory=list)
    problems: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def refuse(self, place: str, code: str, **data: Any) -> None:
        """Notes why the row cannot come in: at which column, the code, the sentence's values."""
        self.problems.append((place, code, data))

    @property
    def keys(self) -> tuple[str, ...]:
        """What duplicates are found by: phones as they are, the tax number behind "tax:"."""
        found = [phone.value for phone in self.phones if phone.value[0] == "+"]
        if self.person_phones:
            found += [phone.value for phone in self.person_phones if phone.value[0] == "+"]
        if tax := self.columns.get("tax_number"):
            found.append(f"tax:{tax}")
        return tuple(dict.fromkeys(found)) if len(found) > 1 else tuple(found)
