"""Shows what the first rows of a file become by a mapping, before anything is checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from genjin.customers import fields
from genjin.customers.importing import mapping as mappings
from genjin.customers.importing import preparing
from genjin.customers.importing.draft import Draft
from genjin.customers.importing.rows import RowCleaner
from genjin.customers.importing.sentences import error_sentences, row_sentence
from genjin.customers.models import CustomerImport, FieldDefinition
from genjin.foundation.tabular.table import Row
from genjin.kernel.errors import BadInput
from genjin.web.imports.targets import choice_of

SAMPLE_ROWS = 200
SHOWN_ROWS = 6
_SHOWN_CELL = 60
# Columns of the card that are worth showing beside the name.
_OWN = (
    ("tax_number", _("Tax number")),
    ("sex", _("Sex")),
    ("grade", _("Grade")),
    ("source", _("Source")),
    ("region", _("Region code")),
    ("note", _("Note")),
)


@dataclass
class Column:
    """One line of the mapping table."""

    place: int
    name: str
    sample: list[str]
    choice: str
    label: str
    type: str
    is_facet: bool


@dataclass
class Card:
    """One row as the card that it becomes."""

    row: int
    name: str
    reach: list[str]
    facts: list[tuple[str, Any]]
    problems: list[str]


def sample_of(run: CustomerImport) -> list[Row]:
    """The first filled rows of the file. Raises UnreadableTable."""
    rows = (row for row in preparing.table_of(run).rows() if any(row.cells))
    return list(islice(rows, SAMPLE_ROWS))


def columns_of(
    run: CustomerImport, mapping: Mapping[str, Any], sample: Sequence[Row], known: set[str]
) -> list[Column]:
    """The mapping table: a line for each column with its first values."""
    lines = []
    for place, name in enumerate(run.columns):
        rule = mapping.get("columns", {}).get(name, {})
        create = rule.get("create", {})
        cells = [row.cells[place] for row in sample if place < len(row.cells)]
        seen = list(dict.fromkeys(cell[:_SHOWN_CELL] for cell in cells if cell.strip()))[:3]
        lines.append(
            Column(
                place=place,
                name=name,
                sample=seen,
                choice=choice_of(rule, known),
                label=fields.worded(create.get("labels", {}), get_language() or "en", name),
                type=create.get("type", "text"),
                is_facet=bool(create.get("facet")),
            )
        )
    return lines


def cards_of(
    run: CustomerImport, mapping: Mapping[str, Any], sample: Sequence[Row]
) -> tuple[list[Card], list[str]]:
    """The first rows as cards, and what is wrong with the mapping itself."""
    trial = CustomerImport(columns=run.columns, mapping=dict(mapping))
    try:
        cleaner = RowCleaner(preparing.spec_for(trial))
    except BadInput as bad:
        return [], error_sentences(bad)
    names = _field_names(mapping)
    shown = sample[:SHOWN_ROWS]
    return [_card(cleaner.clean(row.number, row.cells), names) for row in shown], []


def _field_names(mapping: Mapping[str, Any]) -> dict[str, str]:
    language = get_language() or "en"
    rules = mappings.field_rules({"composed": {}, **mapping})
    names = {
        code: fields.worded(rule.get("create", {}).get("labels", {}), language, code)
        for code, rule in rules.items()
    }
    for definition in FieldDefinition.objects.filter(code__in=names):
        names[definition.code] = fields.label(definition, language)
    return names


def _card(draft: Draft, names: Mapping[str, str]) -> Card:
    columns = draft.columns
    reach = [phone.raw for phone in (*draft.phones, *draft.person_phones)]
    reach += [*draft.emails, *draft.addresses, *draft.person.values()]
    own = [(label, columns.get(code)) for code, label in _OWN]
    facts = [(str(label), value) for label, value in own if value]
    facts += [(names.get(code, code), value) for code, value in draft.fields.items()]
    problems = [
        row_sentence({"column": place, "code": code, "data": data})
        for place, code, data in draft.problems
    ]
    return Card(draft.number, columns.get("name", ""), reach, facts, problems)
