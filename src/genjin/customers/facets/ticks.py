"""What of a selection the bitmaps answer, and what is left for a query of its own."""

from dataclasses import dataclass
from typing import Any

from genjin.customers.segments.fields import (
    IN,
    SET,
    UNKNOWN,
    Condition,
    Criteria,
    Known,
    conditions_of,
)
from genjin.customers.states import FieldType
from genjin.kernel import address

COLUMNS = ("region", "kind", "value_class", "customer_list", "grade", "prospect_state",
           "visiting_grade", "is_key", "custodian", "team", "source")  # fmt: skip
FIELD_TYPES = (FieldType.CHOICE, FieldType.CHOICES, FieldType.BOOLEAN)
PLACE = "place"
"""The divisions right below a province, a facet of their own among the bitmaps."""


@dataclass(frozen=True)
class Tick:
    """One condition on a facet: any of `values`, or nothing known; `is_none` turns it round."""

    facet: str
    values: tuple[str, ...]
    has_unknown: bool = False
    is_none: bool = False

    @property
    def bit_pairs(self) -> list[tuple[str, str]]:
        """(facet, value) of the bitmaps that it needs."""
        pairs = [(self.facet, value) for value in self.values]
        if self.facet == "region":
            pairs = [place_pair(value) for value in self.values]
        return [*pairs, (self.facet, UNKNOWN)] if self.has_unknown else pairs

    @property
    def row_pairs(self) -> list[tuple[str, str]]:
        """(facet, value) of which a card's own row has one."""
        if self.facet != "region":
            return [(self.facet, value) for value in self.values]
        return [("region", code) for value in self.values for code in address.within(value)]


def place_pair(code: str) -> tuple[str, str]:
    """The bitmap of a province or of a division right below one."""
    return ("region", code) if len(address.path(code)) == 1 else (PLACE, code)


def places_of(code: str) -> list[tuple[str, str]]:
    """The bitmaps in which a card of the region `code` stands; none for an unknown code."""
    found = address.path(code)
    return [("region", found[0].code), *((PLACE, one.code) for one in found[1:2])] if found else []


def _is_facet(code: str, known: Known) -> bool:
    definition = known.definition(code)
    if definition is not None:
        return definition.type in FIELD_TYPES
    return code in COLUMNS or code.startswith("set.")


def _texts(values: Any) -> tuple[str, ...]:
    return tuple(str(value).lower() if isinstance(value, bool) else str(value) for value in values)


def _tick(part: str, one: Condition, known: Known) -> Tick | None:
    code, op, is_none = one["field"], one["op"], part == "none"
    if not _is_facet(code, known):
        return None
    if op == SET:
        return Tick(code, (), has_unknown=True, is_none=bool(one["values"][0]) != is_none)
    if op != IN:
        return None
    texts = _texts(one["values"])
    values = tuple(text for text in texts if text != UNKNOWN)
    if code == "region" and any(len(address.path(text)) > 2 for text in values):
        return None
    if code in ("custodian", "team"):
        values = tuple(str(int(text)) for text in values)
    return Tick(code, values, has_unknown=UNKNOWN in texts, is_none=is_none)


def split(criteria: Criteria, known: Known) -> tuple[list[Tick], dict[str, list[Condition]]]:
    """The conditions that bitmaps answer, and criteria of the others."""
    ticks, rest = [], {"all": [], "none": []}  # type: ignore[var-annotated]
    for part, one in conditions_of(criteria):
        tick = _tick(part, one, known)
        if tick is None:
            rest[part].append(one)
        else:
            ticks.append(tick)
    return ticks, rest
