"""Names of what stands on a card, in the reader's language: columns, choices, values."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from genjin.customers import fields as card_fields
from genjin.customers.models import FieldDefinition
from genjin.customers.states import (
    Block,
    Grade,
    HoldReason,
    Kind,
    PersonRole,
    PointLabel,
    PointStatus,
    ProspectState,
    Sex,
    VisitingGrade,
)
from genjin.followups.states import Channel, Purpose
from genjin.kernel import address
from genjin.kernel.chinese import is_rare, pinyin_syllables
from genjin.kernel.lunar import next_solar_date

COLUMN_LABELS = {
    "name": gettext_lazy("Name"),
    "kind": gettext_lazy("Kind"),
    "other_names": gettext_lazy("Other names"),
    "sex": gettext_lazy("Sex"),
    "form_of_address": gettext_lazy("Form of address"),
    "language": gettext_lazy("Language"),
    "time_zone": gettext_lazy("Time zone"),
    "tax_number": gettext_lazy("Tax number"),
    "region": gettext_lazy("Region"),
    "stated_hours": gettext_lazy("Hours asked for"),
    "custodian": gettext_lazy("Custodian"),
    "team": gettext_lazy("Team"),
    "grade": gettext_lazy("Grade"),
    "expected_close_date": gettext_lazy("Expected close"),
    "expected_amount": gettext_lazy("Expected amount"),
    "is_key": gettext_lazy("Key customer"),
    "source": gettext_lazy("Source"),
    "prospect_state": gettext_lazy("Prospect"),
    "paused_until": gettext_lazy("Paused until"),
    "visiting_grade": gettext_lazy("Visiting grade"),
    "note": gettext_lazy("Note"),
    "label": gettext_lazy("Kind"),
    "status": gettext_lazy("State"),
    "is_active": gettext_lazy("On the card"),
    "text": gettext_lazy("Address"),
    "postcode": gettext_lazy("Postcode"),
    "division": gettext_lazy("Region"),
    "latitude": gettext_lazy("Latitude"),
    "longitude": gettext_lazy("Longitude"),
    "precision": gettext_lazy("Precision"),
    "system": gettext_lazy("System"),
    "job_title": gettext_lazy("Position"),
    "roles": gettext_lazy("Roles"),
    "preferred_channel": gettext_lazy("Preferred channel"),
    "is_birthday_lunar": gettext_lazy("Lunar birthday"),
    "birth_year": gettext_lazy("Year of birth"),
    "birth_month": gettext_lazy("Month of birth"),
    "birth_day": gettext_lazy("Day of birth"),
    "is_child": gettext_lazy("Child"),
    "guardian_consent_by": gettext_lazy("Guardian"),
    "guardian_consent_at": gettext_lazy("Consent of the guardian"),
    "events": gettext_lazy("Family events"),
    "person": gettext_lazy("Person"),
}
_CHOICES: dict[str, type] = {
    "kind": Kind,
    "sex": Sex,
    "grade": Grade,
    "prospect_state": ProspectState,
    "visiting_grade": VisitingGrade,
    "status": PointStatus,
    "label": PointLabel,
    "preferred_channel": Channel,
}
EVENT_LABELS = {
    "exam": gettext_lazy("School examination"),
    "wedding": gettext_lazy("Wedding"),
    "birth": gettext_lazy("Birth of a child"),
    "parent_birthday": gettext_lazy("A parent's round birthday"),
    "moving": gettext_lazy("Moving house"),
    "other": gettext_lazy("Other"),
}


def language() -> str:
    """The reader's language as the data of labels has it."""
    return translation.get_language() or "en"


def choice(labels: Any, code: str) -> str:
    """The label of a code of TextChoices; the code itself when it is unknown."""
    return str(dict(labels.choices).get(code, code))


def purposes(codes: Any) -> str:
    """What a hold stops, contacts and deliveries."""
    labels = {**dict(Purpose.choices), "deliver": _("Deliveries")}
    return _(", ").join(str(labels.get(code, code)) for code in codes)


def purpose(code: str) -> str:
    return choice(Purpose, code) if code else _("every purpose")


def channel(code: str) -> str:
    return choice(Channel, code) if code else _("every channel")


# Where an answer came from, when no person wrote it in their own words.
_CONSENT_SOURCES = {
    "desk": gettext_lazy("said in a call"),
    "web": gettext_lazy("answered by link"),
    "wishes": gettext_lazy("chosen on their page"),
    "one_click": gettext_lazy("unsubscribed by one click"),
    "warranty_stub": gettext_lazy("on the warranty page"),
}


def consent_source(text: str) -> str:
    """Where a customer's answer came from; in the words of whoever wrote it down, else ours."""
    return str(_CONSENT_SOURCES.get(text, text))


def hold_reason(code: str) -> str:
    return choice(HoldReason, code)


def role(code: str) -> str:
    return choice(PersonRole, code)


def block(code: str) -> str:
    return choice(Block, code)


def place(code: str) -> str:
    """A region as people write it."""
    return address.place_name(code)


def rare_reading(name: str, *, person: bool) -> str:
    """The pinyin of a name that holds a rare character, else "" (CU9)."""
    if not any(is_rare(char) for char in name):
        return ""
    return " ".join(cell[0] for cell in pinyin_syllables(name, person=person))


def column_label(name: str, definitions: Mapping[str, FieldDefinition]) -> str:
    """What a field of the card is called: a column, or "fields.<code>"."""
    if name.startswith("fields."):
        code = name.removeprefix("fields.")
        definition = definitions.get(code)
        return card_fields.label(definition, language()) if definition else code
    return str(COLUMN_LABELS.get(name, name))


def value_text(  # noqa: PLR0911 - a table
    name: str, value: Any, definitions: Mapping[str, FieldDefinition]
) -> str:
    """A stored value as a reader sees it; an en dash for nothing."""
    if value is None or value in ("", []):
        return "–"
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if name.startswith("fields."):
        definition = definitions.get(name.removeprefix("fields."))
        if definition is not None:
            value = card_fields.display(definition, value, language())
    elif name in ("region", "division"):
        return place(str(value)) or str(value)
    elif name in _CHOICES:
        return choice(_CHOICES[name], str(value))
    elif name == "roles":
        return _(", ").join(role(str(one)) for one in value)
    if isinstance(value, list):
        return _(", ").join(event_text(one) for one in value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def event_text(item: Any) -> str:
    """A family event (or any item of a list) in one line."""
    if isinstance(item, dict):
        kind = EVENT_LABELS.get(str(item.get("kind", "")), "")
        return " ".join(str(part) for part in (kind, item.get("who"), item.get("date")) if part)
    return str(item)


def coming_lunar_day(month: int, day: int) -> str:
    """The solar date on which a lunar day is kept next; today's counts."""
    yesterday = timezone.localdate() - timedelta(days=1)
    return next_solar_date(month, day, yesterday).isoformat()
