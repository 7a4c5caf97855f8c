"""Criteria in words, in the reader's language."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from genjin.customers import fields as card_fields
from genjin.customers.segments import owned
from genjin.customers.segments.fields import (
    BETWEEN,
    COLUMNS,
    CONTAINS,
    IN,
    OWNS,
    SET,
    UNKNOWN,
    Condition,
    Criteria,
    Known,
    column_choices,
    conditions_of,
    known_to,
    set_choices,
    set_label,
)
from genjin.customers.states import FieldType
from genjin.foundation.models import Team, User
from genjin.kernel import address

Names = Mapping[str, Mapping[str, str]]


def _value_words(code: str, values: Sequence[Any], known: Known, language: str,
                 names: Names) -> list[str]:  # fmt: skip
    texts = [str(value).lower() if isinstance(value, bool) else str(value) for value in values]
    words: Mapping[str, str] = {}
    definition = known.definition(code)
    if code == "region":
        words = {text: address.place_name(text) for text in texts}
    elif code in names:
        words = names[code]
    elif code in COLUMNS:
        words = dict(column_choices(code))
    elif known.category(code) is not None:
        words = dict(set_choices())
    elif definition is not None and definition.type == FieldType.BOOLEAN:
        words = {"true": _("Yes"), "false": _("No")}
    elif definition is not None:
        words = {text: card_fields.choice_label(definition, text, language) for text in texts}
    return [words.get(text) or (_("not known") if text == UNKNOWN else text) for text in texts]


def _between_words(label: str, low: Any, high: Any, unit: str) -> str:
    unit = f" {unit}" if unit else ""
    if low is None:
        return _("%(field)s at most %(high)s") % {"field": label, "high": f"{high}{unit}"}
    if high is None:
        return _("%(field)s at least %(low)s") % {"field": label, "low": f"{low}{unit}"}
    return _("%(field)s from %(low)s to %(high)s") % {
        "field": label, "low": low, "high": f"{high}{unit}",
    }  # fmt: skip


def _label(code: str, known: Known, language: str) -> str:
    if code in COLUMNS:
        return str(COLUMNS[code][0])
    if category := known.category(code):
        return set_label(category, language)
    definition = known.definition(code)
    return card_fields.label(definition, language) if definition else code


def _positive(one: Condition, known: Known, language: str, names: Names) -> str:
    code, op, values = one["field"], one["op"], one["values"]
    if op == OWNS:
        return _(" or ").join(owned.sentence(value, known, language) for value in values)
    label = _label(code, known, language)
    if op == BETWEEN:
        definition = known.definition(code)
        return _between_words(label, values[0], values[1], definition.unit if definition else "")
    if op == SET:
        form = _("%(field)s is known") if values[0] else _("%(field)s is not known")
        return form % {"field": label}
    words = _value_words(code, values, known, language, names)
    form = _("%(field)s contains %(values)s") if op == CONTAINS else _("%(field)s is %(values)s")
    return form % {"field": label, "values": _(" or ").join(words)}


def _people_names(criteria: Criteria) -> dict[str, dict[str, str]]:
    wanted: dict[str, set[int]] = {"custodian": set(), "team": set()}
    for _part, one in conditions_of(criteria):
        if one["field"] in wanted and one["op"] == IN:
            wanted[one["field"]].update(int(v) for v in one["values"] if str(v).isdecimal())
    found: dict[str, dict[str, str]] = {"custodian": {"": _("nobody")}, "team": {"": _("no team")}}
    if wanted["custodian"]:
        people = User.objects.filter(pk__in=wanted["custodian"])
        found["custodian"] |= {str(u.pk): u.name for u in people}
    if wanted["team"]:
        teams = Team.objects.filter(pk__in=wanted["team"])
        found["team"] |= {str(team.pk): team.name for team in teams}
    return found


def describe_each(criteria: Criteria, language: str = "") -> list[tuple[str, Condition, str]]:
    """("all" or "none", condition, its sentence) of every condition in its order."""
    language = language or translation.get_language() or "en"
    with translation.override(language):
        known, names = known_to(criteria), _people_names(criteria)
        found = []
        for part, one in conditions_of(criteria):
            text = _positive(one, known, language, names)
            if part == "none":
                text = _("not: %(sentence)s") % {"sentence": text}
            found.append((part, one, text))
        return found


def describe(criteria: Criteria, language: str = "") -> list[str]:
    """The criteria as sentences, one for each condition; one sentence for everybody."""
    language = language or translation.get_language() or "en"
    found = [text for _part, _one, text in describe_each(criteria, language)]
    with translation.override(language):
        return found or [_("every customer")]
