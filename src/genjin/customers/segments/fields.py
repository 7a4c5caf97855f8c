"""What customers can be selected by: columns, what was derived, owned products, card fields."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from genjin.customers import fields as card_fields
from genjin.customers.models import FacetBits, FieldDefinition, ProductCategory
from genjin.customers.states import (
    CardSet,
    CustomerList,
    FieldType,
    Grade,
    Kind,
    ProspectState,
    Sex,
    ValueClass,
    VisitingGrade,
)
from genjin.foundation.models import Team, User

IN, BETWEEN, SET, CONTAINS, OWNS = "in", "between", "set", "contains", "owns"
MOST_SOURCES = 200
UNKNOWN = ""
"""Among the values of `in`: nothing is known."""

Condition = Mapping[str, Any]
Criteria = Mapping[str, Any]


@dataclass(frozen=True)
class SelectionField:
    """One thing that customers can be selected by. `type` says which control suits it:
    choice, region, person, number, date, boolean, text, owned. `choices` are (code, label)."""

    code: str
    label: str
    type: str
    ops: tuple[str, ...]
    choices: list[tuple[str, str]] = field(default_factory=list)
    block: str = ""
    unit: str = ""


COLUMNS: dict[str, tuple[Any, str, tuple[str, ...]]] = {
    "kind": (gettext_lazy("kind"), "choice", (IN,)),
    "value_class": (gettext_lazy("class"), "choice", (IN,)),
    "customer_list": (gettext_lazy("list"), "choice", (IN,)),
    "grade": (gettext_lazy("grade"), "choice", (IN,)),
    "prospect_state": (gettext_lazy("prospect"), "choice", (IN,)),
    "visiting_grade": (gettext_lazy("visiting grade"), "choice", (IN,)),
    "sex": (gettext_lazy("sex"), "choice", (IN,)),
    "is_key": (gettext_lazy("key customer"), "boolean", (IN,)),
    "region": (gettext_lazy("region"), "region", (IN, SET)),
    "custodian": (gettext_lazy("custodian"), "person", (IN, SET)),
    "team": (gettext_lazy("team"), "person", (IN, SET)),
    "source": (gettext_lazy("source"), "source", (IN,)),
    "language": (gettext_lazy("language"), "text", (IN,)),
    "created": (gettext_lazy("card opened"), "date", (BETWEEN,)),
    "last_contact": (gettext_lazy("last contact"), "date", (BETWEEN, SET)),
    "name": (gettext_lazy("name"), "text", (CONTAINS,)),
    "owned": (gettext_lazy("owned product"), "owned", (OWNS,)),
}
CHOICES: dict[str, Any] = {
    "kind": Kind, "grade": Grade, "sex": Sex, "value_class": ValueClass,
    "customer_list": CustomerList, "prospect_state": ProspectState,
    "visiting_grade": VisitingGrade,
}  # fmt: skip
OPS_OF_TYPE = {
    FieldType.CHOICE: ("choice", (IN, SET)),
    FieldType.CHOICES: ("choice", (IN, SET)),
    FieldType.BOOLEAN: ("boolean", (IN, SET)),
    FieldType.NUMBER: ("number", (BETWEEN, SET)),
    FieldType.DATE: ("date", (BETWEEN, SET)),
    FieldType.TEXT: ("text", (SET,)),
}


@dataclass(frozen=True)
class Known:
    """The card fields and product categories that criteria may name, by code."""

    definitions: Mapping[str, FieldDefinition]
    categories: Mapping[str, ProductCategory]

    def definition(self, code: str) -> FieldDefinition | None:
        """The card field that a condition's field names."""
        if not code.startswith("fields."):
            return None
        return self.definitions.get(code.removeprefix("fields."))

    def category(self, code: str) -> ProductCategory | None:
        """The category whose set of cards a condition's field names."""
        return self.categories.get(code.removeprefix("set.")) if code.startswith("set.") else None


def conditions_of(criteria: Criteria) -> Iterator[tuple[str, Condition]]:
    """("all" or "none", condition) of every condition."""
    for part in ("all", "none"):
        for one in criteria.get(part, ()):
            yield part, one


def known_to(criteria: Criteria) -> Known:
    """The fields and categories, also retired ones; no query for what is not named."""
    named = [str(one.get("field", "")) for _part, one in conditions_of(criteria)]
    has_fields = any(code.startswith("fields.") for code in named)
    has_categories = any(code == "owned" or code.startswith("set.") for code in named)
    return Known(
        {d.code: d for d in card_fields.definitions(with_retired=True)} if has_fields else {},
        {c.code: c for c in ProductCategory.objects.all()} if has_categories else {},
    )


def yes_or_no() -> list[tuple[str, str]]:
    """The choices of a yes/no question."""
    return [("true", _("Yes")), ("false", _("No"))]


def column_choices(code: str) -> list[tuple[str, str]]:
    """(code, label) of a column's choices; an empty code says that nothing is known."""
    if code == "is_key":
        return yes_or_no()
    choices = CHOICES.get(code)
    return [(str(one), str(label)) for one, label in choices.choices] if choices else []


def set_label(category: ProductCategory, language: str) -> str:
    """What the cards' set for one product category is called."""
    return _("Cards for %(category)s") % {"category": category_label(category, language)}


def category_label(category: ProductCategory, language: str) -> str:
    """What a product category is called in `language`."""
    return card_fields.worded(category.labels, language, category.code)


def set_choices() -> list[tuple[str, str]]:
    """(code, label) of the boxes in which a card may stand."""
    return [(str(one), str(label)) for one, label in CardSet.choices]


def active_categories() -> list[ProductCategory]:
    """The product categories in use, in their order."""
    return list(ProductCategory.objects.filter(is_active=True).order_by("position", "pk"))


def sources() -> list[str]:
    """The sources that cards have, as far as they are many."""
    found = FacetBits.objects.filter(facet="source").exclude(value="")
    return list(found.order_by("value").values_list("value", flat=True).distinct()[:MOST_SOURCES])


def _people(code: str) -> list[tuple[str, str]]:
    if code == "custodian":
        users = User.objects.filter(is_active=True).order_by("name", "pk")
        return [("", _("Nobody")), *((str(one.pk), str(one)) for one in users)]
    teams = Team.objects.order_by("name", "pk")
    return [("", _("No team")), *((str(one.pk), one.name) for one in teams)]


def _of_column(code: str, language: str, categories: list[ProductCategory]) -> SelectionField:
    label, kind, ops = COLUMNS[code]
    choices = column_choices(code)
    if kind == "person":
        choices = _people(code)
    elif kind == "source":
        choices = [("", _("Not known")), *((one, one) for one in sources())]
    elif kind == "owned":
        choices = [(one.code, category_label(one, language)) for one in categories]
    return SelectionField(code, str(label), kind, ops, choices)


def _of_definition(definition: FieldDefinition, language: str) -> SelectionField:
    kind, ops = OPS_OF_TYPE[FieldType(definition.type)]
    choices = card_fields.choice_labels(definition, language)
    if definition.type == FieldType.BOOLEAN:
        choices = yes_or_no()
    return SelectionField(
        f"fields.{definition.code}", card_fields.label(definition, language), kind, ops,
        [*choices, ("", _("Not known"))] if choices else [], definition.block, definition.unit,
    )  # fmt: skip


def fields_for_selection(language: str = "") -> list[SelectionField]:
    """Everything that customers can be selected by, in the reader's language; five queries.

    Columns first, then the sets of cards, then every card field that is a facet, a number or a
    date.
    """
    language = language or translation.get_language() or "en"
    with translation.override(language):
        categories = active_categories()
        found = [_of_column(code, language, categories) for code in COLUMNS]
        found += [
            SelectionField(f"set.{one.code}", set_label(one, language), "choice", (IN,),
                           set_choices())
            for one in categories
        ]  # fmt: skip
        return found + [
            _of_definition(d, language)
            for d in card_fields.definitions()
            if d.is_facet or d.type in (FieldType.NUMBER, FieldType.DATE, FieldType.BOOLEAN)
        ]
