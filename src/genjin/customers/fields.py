"""The card's fields as data: what exists, what a value may be, what it is called (CU1).

Shipped fields stand in policy/card_fields.toml; an administrator adds others by
`operations.card_fields`, without code or migration. Values lie in `Customer.fields[code]`.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.db import transaction

from genjin.customers.models import FieldDefinition
from genjin.customers.states import Block, FieldType, Kind
from genjin.foundation import policy
from genjin.foundation.compiled import Compiled
from genjin.kernel.errors import BadInput
from genjin.kernel.problems import Reason

MAX_TEXT = 2000
_YES = frozenset({"1", "true", "yes", "y", "on", "t", "\u662f", "\u6709", "\u5bf9", "\u5c0d"})
_NO = frozenset({"0", "false", "no", "n", "off", "f", "\u5426", "\u65e0", "\u7121", "\u6ca1\u6709"})
# Which other language's words stand in when a label is missing in one's own.
_STAND_INS = {
    "zh-hk": ("zh-hant", "zh-hans", "en"),
    "zh-hant": ("zh-hk", "zh-hans", "en"),
    "zh-hans": ("zh-hant", "en"),
    "en": ("zh-hans", "zh-hant"),
}


_IN_USE = Compiled(
    lambda: FieldDefinition.objects.filter(is_active=True).order_by("position", "id")
)


def definitions(*, with_retired: bool = False) -> list[FieldDefinition]:
    """Every field in the order of the card; one query."""
    if with_retired:
        return list(FieldDefinition.objects.order_by("position", "id"))
    return _IN_USE.all()


def worded(labels: Mapping[str, str], language: str, otherwise: str = "") -> str:
    """The text of `labels` in `language`, or in the nearest one that has it."""
    for code in (language, *_STAND_INS.get(language, ("en",))):
        if text := labels.get(code):
            return text
    return next(iter(labels.values()), "") or otherwise


def label(definition: FieldDefinition, language: str) -> str:
    """What the field is called in `language`."""
    return worded(definition.labels, language, definition.code)


def choice_label(definition: FieldDefinition, code: str, language: str) -> str:
    """What a choice of the field is called; the stored code itself when it is unknown."""
    for choice in definition.choices:
        if choice["code"] == code:
            return worded(choice.get("labels", {}), language, code)
    return code


def choice_labels(definition: FieldDefinition, language: str) -> list[tuple[str, str]]:
    """(code, label) of every choice in its order."""
    return [(c["code"], worded(c.get("labels", {}), language, c["code"])) for c in
            definition.choices]  # fmt: skip


def _refuse(definition: FieldDefinition, code: str, **data: Any) -> BadInput:
    return BadInput({f"fields.{definition.code}": [Reason(code, data)]})


def _text(definition: FieldDefinition, raw: Any) -> str:
    text = str(raw).strip()
    if "\x00" in text:
        raise _refuse(definition, "bad_character")
    if len(text) > MAX_TEXT:
        raise _refuse(definition, "too_long", limit=MAX_TEXT)
    return text


def _number(definition: FieldDefinition, raw: Any) -> int | float:
    if isinstance(raw, bool):
        raise _refuse(definition, "not_a_number", value=str(raw))
    try:
        value = float(str(raw).strip().replace(",", "").replace("\uff0c", ""))
    except ValueError:
        raise _refuse(definition, "not_a_number", value=str(raw)[:40]) from None
    if not math.isfinite(value) or abs(value) >= 1e15:
        raise _refuse(definition, "not_a_number", value=str(raw)[:40])
    return int(value) if value.is_integer() else value


def _date(definition: FieldDefinition, raw: Any) -> str:
    if isinstance(raw, date):
        return raw.isoformat()[:10]
    parts = str(raw).strip().replace("/", "-").replace(".", "-").split("-")
    try:
        year, month, day = (int(part) for part in parts)
        return date(year, month, day).isoformat()
    except ValueError:
        raise _refuse(definition, "not_a_date", value=str(raw)[:40]) from None


def _boolean(definition: FieldDefinition, raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    word = str(raw).strip().lower()
    if word in _YES or word in _NO:
        return word in _YES
    raise _refuse(definition, "not_yes_or_no", value=str(raw)[:40])


def _choice(definition: FieldDefinition, raw: Any) -> str:
    """A choice by its code, or by its label in any language (as files have it)."""
    wanted = str(raw).strip()
    for choice in definition.choices:
        if wanted == choice["code"] or wanted in choice.get("labels", {}).values():
            return str(choice["code"])
    raise _refuse(definition, "not_a_choice", value=wanted[:40])


def _choices(definition: FieldDefinition, raw: Any) -> list[str]:
    several: Iterable[Any] = raw.replace("\u3001", ",").replace("\uff0c", ",").replace(
        ";", ",").split(",") if isinstance(raw, str) else raw  # fmt: skip
    chosen = {_choice(definition, item) for item in several if str(item).strip()}
    return [c["code"] for c in definition.choices if c["code"] in chosen]


_CLEANERS = {
    FieldType.TEXT: _text,
    FieldType.NUMBER: _number,
    FieldType.DATE: _date,
    FieldType.CHOICE: _choice,
    FieldType.CHOICES: _choices,
    FieldType.BOOLEAN: _boolean,
}


def is_empty(raw: Any) -> bool:
    """Whether nothing was entered: the field is then taken off the card."""
    return raw is None or raw == [] or (isinstance(raw, str) and not raw.strip())


def clean_value(definition: FieldDefinition, raw: Any) -> Any:
    """The value as it is stored, from what was typed or read from a file; None for nothing.

    Raises BadInput with the key "fields.<code>": bad_character, too_long, not_a_number,
    not_a_date, not_yes_or_no, not_a_choice.
    """
    if is_empty(raw):
        return None
    return _CLEANERS[FieldType(definition.type)](definition, raw) if raw != [] else None


def clean_values(
    values: Mapping[str, Any], known: Sequence[FieldDefinition] | None = None
) -> dict[str, Any]:
    """Cleans several values by code; None takes a field off. BadInput names every bad one."""
    by_code = {d.code: d for d in (definitions() if known is None else known)}
    cleaned: dict[str, Any] = {}
    problems: dict[str | int, list[Reason]] = {}
    for code, raw in values.items():
        if code not in by_code:
            problems[f"fields.{code}"] = [Reason("unknown_field", {"field": code})]
            continue
        try:
            cleaned[code] = clean_value(by_code[code], raw)
        except BadInput as bad:
            problems.update(bad.problems)
    if problems:
        raise BadInput(problems)
    return cleaned


def display(definition: FieldDefinition, value: Any, language: str) -> Any:
    """A stored value as it is shown: labels for choices; dates and numbers as themselves."""
    if definition.type == FieldType.CHOICE:
        return choice_label(definition, str(value), language)
    if definition.type == FieldType.CHOICES:
        return [choice_label(definition, str(item), language) for item in value]
    if definition.type == FieldType.DATE:
        return date.fromisoformat(value)
    return value


def shipped_definitions() -> list[FieldDefinition]:
    """The fields of policy/card_fields.toml, unsaved. ValueError names a wrong entry."""
    rows = []
    for position, entry in enumerate(policy.shipped("card_fields")["fields"], 1):
        code = entry["code"]
        if entry["type"] not in FieldType.values or entry["block"] not in Block.values:
            raise ValueError(f"card field {code}: unknown type or block")
        if unknown := set(entry.get("kinds", ())) - set(Kind.values):
            raise ValueError(f"card field {code}: unknown kinds {sorted(unknown)}")
        choices = [
            {"code": c["code"], "labels": {k: v for k, v in c.items() if k != "code"}}
            for c in entry.get("choices", ())
        ]
        rows.append(
            FieldDefinition(
                code=code,
                block=entry["block"],
                type=entry["type"],
                labels=dict(entry["labels"]),
                choices=choices,
                unit=entry.get("unit", ""),
                kinds=list(entry.get("kinds", ())),
                is_facet=entry.get("facet", False),
                is_shipped=True,
                position=position * 10,
            )
        )
    return rows


@transaction.atomic
def sync_shipped_fields() -> int:
    """Brings shipped fields into the database; returns how many were added.

    What an administrator changed on a field that exists already (labels, choices, place, facet,
    retired) stays; only choices that are new in the shipped list are added to it.
    """
    existing = {d.code: d for d in FieldDefinition.objects.select_for_update()}
    added = []
    for shipped in shipped_definitions():
        here = existing.get(shipped.code)
        if here is None:
            added.append(shipped)
            continue
        known = {choice["code"] for choice in here.choices}
        fresh = [choice for choice in shipped.choices if choice["code"] not in known]
        if fresh and here.is_shipped:
            here.choices = [*here.choices, *fresh]
            here.save(update_fields=["choices"])
    FieldDefinition.objects.bulk_create(added)
    return len(added)
