"""Why two cards may be one customer, in the reader's language."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

SHORT = {
    "same_tax_number": _("same tax number"),
    "other_tax_number": _("different tax numbers"),
    "same_phone": _("same phone"),
    "same_landline": _("same fixed line"),
    "same_email": _("same e-mail address"),
    "same_name": _("same name"),
    "same_core_name": _("same name without place and legal form"),
    "near_name": _("similar name"),
    "same_sound": _("name that sounds the same"),
    "same_person_name": _("same name"),
    "near_person_name": _("similar name"),
    "same_person_sound": _("name that sounds the same"),
    "same_contact_person": _("same contact person"),
    "same_address": _("same address"),
    "near_address": _("nearly the same address"),
    "same_county": _("same county or district"),
    "same_city": _("same city"),
    "other_place": _("different places"),
    "other_kind": _("one a person, one an organisation"),
    "other_sex": _("different sex"),
}


def short(code: str) -> str:
    """What a finding is called; its code when a newer version made it."""
    return str(SHORT.get(code, code))


def in_words(evidence: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each finding with what it weighs: {"code", "text", "weight", "speaks_for"}."""
    return [
        {"code": one["code"], "text": short(one["code"]), "weight": one["weight"],
         "speaks_for": one["weight"] > 0}
        for one in evidence
    ]  # fmt: skip
