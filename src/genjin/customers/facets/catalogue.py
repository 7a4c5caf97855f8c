"""Which facets there are, what they and their values are called, and their live counts (CU2)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.utils import translation
from django.utils.translation import gettext as _

from genjin.customers import fields as card_fields
from genjin.customers.facets.counting import Tally, tally
from genjin.customers.facets.ticks import COLUMNS, FIELD_TYPES
from genjin.customers.segments.fields import (
    COLUMNS as SELECTION_COLUMNS,
)
from genjin.customers.segments.fields import (
    IN,
    SET,
    UNKNOWN,
    Criteria,
    active_categories,
    column_choices,
    conditions_of,
    set_choices,
    set_label,
    yes_or_no,
)
from genjin.customers.states import FieldType
from genjin.foundation.models import Team, User
from genjin.kernel import address

MOST_VALUES = 60
"""Of values that nobody counted out (custodians, sources) the most frequent are offered."""
_FIRST = ("region", "kind", "value_class", "customer_list")
_THEN = ("grade", "prospect_state", "visiting_grade", "is_key")
_LAST = ("custodian", "team", "source")
_OPEN = frozenset({"region", *_LAST})


@dataclass(frozen=True)
class FacetValue:
    """One hole: how many of the selection have it, whatever else of its facet is ticked.

    An empty `code`: nothing is known. `children` are the divisions below a province.
    """

    code: str
    label: str
    count: int
    is_ticked: bool = False
    is_excluded: bool = False
    children: tuple["FacetValue", ...] = ()

    @property
    def is_used(self) -> bool:
        return self.is_ticked or self.is_excluded or any(one.is_used for one in self.children)


@dataclass(frozen=True)
class Facet:
    """One facet with its values in the order to be shown; `hidden` of them were left out."""

    code: str
    label: str
    values: Sequence[FacetValue]
    hidden: int = 0

    @property
    def used(self) -> int:
        """How many of its values are ticked or excluded."""
        every = [*self.values, *(one for value in self.values for one in value.children)]
        return sum(one.is_ticked or one.is_excluded for one in every)


@dataclass(frozen=True)
class Counted:
    """A selection by its facets."""

    total: int
    facets: list[Facet]


@dataclass(frozen=True)
class _Kind:
    code: str
    label: str
    choices: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class _Marks:
    """The values that are ticked and excluded, by facet."""

    ticked: dict[str, set[str]] = field(default_factory=dict)
    excluded: dict[str, set[str]] = field(default_factory=dict)

    def add(self, facet: str, values: Iterable[str], *, is_none: bool) -> None:
        found = self.excluded if is_none else self.ticked
        found.setdefault(facet, set()).update(values)

    def of(self, facet: str) -> set[str]:
        return self.ticked.get(facet, set()) | self.excluded.get(facet, set())

    def value(self, facet: str, code: str, label: str, count: int) -> FacetValue:
        return FacetValue(code, label, count, code in self.ticked.get(facet, ()),
                          code in self.excluded.get(facet, ()))  # fmt: skip


def _marks(criteria: Criteria) -> _Marks:
    marks = _Marks()
    for part, one in conditions_of(criteria):
        is_none = part == "none"
        if one["op"] == IN:
            texts = [str(v).lower() if isinstance(v, bool) else str(v) for v in one["values"]]
            marks.add(one["field"], texts, is_none=is_none)
        elif one["op"] == SET:
            marks.add(one["field"], [UNKNOWN], is_none=is_none != bool(one["values"][0]))
    return marks


def _kinds(language: str) -> list[_Kind]:
    def columns(codes: Iterable[str]) -> list[_Kind]:
        return [_Kind(code, str(SELECTION_COLUMNS[code][0]), column_choices(code))
                for code in codes]  # fmt: skip

    sets = [_Kind(f"set.{one.code}", set_label(one, language), set_choices())
            for one in active_categories()]  # fmt: skip
    fields = [
        _Kind(
            f"fields.{one.code}", card_fields.label(one, language),
            yes_or_no() if one.type == FieldType.BOOLEAN
            else card_fields.choice_labels(one, language),
        )
        for one in card_fields.definitions() if one.is_facet and one.type in FIELD_TYPES
    ]  # fmt: skip
    return [*columns(_FIRST), *sets, *columns(_THEN), *fields, *columns(_LAST)]


def facet_codes() -> list[str]:
    """The codes of all facets that a card's edge has now."""
    fields = [one for one in card_fields.definitions() if one.is_facet and one.type in FIELD_TYPES]
    sets = [f"set.{one.code}" for one in active_categories()]
    return [*COLUMNS, *sets, *(f"fields.{one.code}" for one in fields)]


def _names(facet: str, codes: Iterable[str]) -> Mapping[str, str]:
    wanted = [int(code) for code in codes if code.isdecimal()]
    if facet == "custodian":
        return {str(pk): name for pk, name in
                User.objects.filter(pk__in=wanted).values_list("pk", "name")}  # fmt: skip
    if facet == "team":
        return {str(team.pk): team.name for team in Team.objects.filter(pk__in=wanted)}
    return {}


def _unknown_label(facet: str, choices: Mapping[str, str]) -> str:
    if facet in ("custodian", "team"):
        return _("Nobody") if facet == "custodian" else _("No team")
    return choices.get("") or _("Not known")


def _open_values(kind: _Kind, counts: Mapping[str, int], marks: _Marks
                 ) -> tuple[list[FacetValue], int]:  # fmt: skip
    """The values of a facet without a list of its own, the most frequent first."""
    marked = marks.of(kind.code) - {UNKNOWN}
    codes = sorted({*counts, *marked} - {UNKNOWN}, key=lambda code: (-counts.get(code, 0), code))
    shown = [code for place, code in enumerate(codes) if place < MOST_VALUES or code in marked]
    names = _names(kind.code, shown)
    values = [marks.value(kind.code, code, names.get(code, code), counts.get(code, 0))
              for code in shown]  # fmt: skip
    return values, len(codes) - len(shown)


def _regions(marks: _Marks, counted: Tally, places: Mapping[str, list[str]]) -> list[FacetValue]:
    counts = counted.by_facet.get("region", {})
    below = counted.by_facet.get("place", {})

    def value(code: str, count: int) -> FacetValue:
        one = address.division(code)
        return marks.value("region", code, one.name if one else code, count)

    provinces = sorted({*counts, *places} - {UNKNOWN}, key=lambda c: (-counts.get(c, 0), c))
    found = []
    for code in provinces:
        children = [value(one, below.get(one, 0)) for one in places.get(code, ())]
        shown = sorted((one for one in children if one.count or one.is_used),
                       key=lambda one: (-one.count, one.code))  # fmt: skip
        found.append(replace(value(code, counts.get(code, 0)), children=tuple(shown)))
    return found


def _places(marks: _Marks) -> dict[str, list[str]]:
    """The divisions to be shown below each province in which something is ticked."""
    paths = [address.path(code) for code in marks.of("region") if code]
    provinces = sorted({path[0].code for path in paths if path})
    return {code: [one.code for one in address.children(code)] for code in provinces}


def _facet(kind: _Kind, counted: Tally, marks: _Marks, places: Mapping[str, list[str]]) -> Facet:
    counts = counted.by_facet.get(kind.code, {})
    choices, hidden = dict(kind.choices), 0
    if kind.code == "region":
        values = _regions(marks, counted, places)
    elif kind.code in _OPEN:
        values, hidden = _open_values(kind, counts, marks)
    else:
        codes = [code for code in choices if code != UNKNOWN]
        codes += sorted({*counts, *marks.of(kind.code)} - {*choices, UNKNOWN})
        every = [marks.value(kind.code, code, choices.get(code, code), counts.get(code, 0))
                 for code in codes]  # fmt: skip
        values = [one for one in every if one.count or one.is_used]
    unknown = marks.value(kind.code, UNKNOWN, _unknown_label(kind.code, choices),
                          counted.unknown(kind.code))  # fmt: skip
    if unknown.is_used or (unknown.count and values):
        values = [*values, unknown]
    return Facet(kind.code, kind.label, values, hidden)


def counted_facets(criteria: Criteria, *, user: User | None, language: str = "") -> Counted:
    """A selection's size and its facets with live counts, in a handful of queries.

    Facets of which nothing is known in the whole selection are left out. Raises BadInput for
    criteria that cannot be asked.
    """
    language = language or translation.get_language() or "en"
    with translation.override(language):
        kinds, marks = _kinds(language), _marks(criteria)
        places = _places(marks)
        counted = tally(criteria, user=user, facets=[kind.code for kind in kinds],
                        places=[code for codes in places.values() for code in codes])  # fmt: skip
        facets = [_facet(kind, counted, marks, places) for kind in kinds]
        return Counted(counted.total, [one for one in facets if one.values])


def facet_counts(criteria: Criteria, *, user: User | None, language: str = "") -> list[Facet]:
    """The facets of a selection with live counts, as `counted_facets` gives them."""
    return counted_facets(criteria, user=user, language=language).facets
