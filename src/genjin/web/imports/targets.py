"""What a column can become, in the words of the mapping screen."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import get_language, gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from genjin.customers import fields
from genjin.customers.models import FieldDefinition
from genjin.customers.states import FieldType

NEW_FIELD = "new"
FIELD_PREFIX = "field:"
PHONES = {
    "phone:mobile": _("Mobile"),
    "phone:work": _("Phone at work"),
    "phone:home": _("Phone at home"),
    "phone:other": _("Other phone"),
}
_GROUPS: Sequence[tuple[Any, Sequence[tuple[str, Any]]]] = (
    (
        _("Customer"),
        (
            ("name", _("Name")),
            ("other_name", _("Other name")),
            ("kind", _("Person or organisation")),
            ("sex", _("Sex")),
            ("form_of_address", _("Form of address")),
            ("tax_number", _("Tax number")),
            ("language", _("Language")),
            ("time_zone", _("Time zone")),
            ("region", _("Region code")),
            ("source", _("Source")),
            ("grade", _("Grade A–E")),
            ("note", _("Note")),
        ),
    ),
    (
        _("How to reach them"),
        (
            *PHONES.items(),
            ("email", _("E-mail")),
            ("address", _("Address")),
            ("postcode", _("Postcode")),
            ("latitude", _("Latitude")),
            ("longitude", _("Longitude")),
        ),
    ),
    (
        _("Contact person"),
        (
            ("person_name", _("Name of the contact person")),
            ("person_title", _("Position")),
            ("person_role", _("Role")),
            ("person_phone", _("Phone of the contact person")),
        ),
    ),
    (_("Who looks after them"), (("custodian", _("Custodian")), ("team", _("Team")))),
)
TYPES = [
    (FieldType.TEXT.value, _("Text")),
    (FieldType.NUMBER.value, pgettext_lazy("kind of value", "Number")),
    (FieldType.DATE.value, _("Date")),
    (FieldType.CHOICE.value, _("Choice, from the values in the file")),
    (FieldType.BOOLEAN.value, _("Yes or no")),
]


def groups(
    definitions: Sequence[FieldDefinition], *, may_add: bool
) -> list[tuple[str, list[tuple[str, str]]]]:
    """The choices of a column by group: (group, [(code, label)]); card fields at the end.

    A new field is offered to those who may add one.
    """
    language = get_language() or "en"
    listed = [(str(name), [(c, str(label)) for c, label in items]) for name, items in _GROUPS]
    own = [(f"{FIELD_PREFIX}{d.code}", fields.label(d, language)) for d in definitions]
    if may_add:
        own.insert(0, (NEW_FIELD, gettext("New card field …")))
    return [*listed, (gettext("Card fields"), own)]


def choice_of(rule: dict[str, Any], known: set[str]) -> str:
    """The code under which a rule is chosen on the screen."""
    target = rule.get("target", "ignore")
    if target == "phone":
        return f"phone:{rule.get('label', 'mobile')}"
    if target == "field":
        return f"{FIELD_PREFIX}{rule['field']}" if rule["field"] in known else NEW_FIELD
    return str(target)
