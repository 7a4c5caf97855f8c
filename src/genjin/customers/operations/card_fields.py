"""Adds, changes and retires the card's fields (CU1): an administrator's work, no migration."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max

from genjin.customers.models import FieldDefinition
from genjin.customers.states import Block, FieldType, Kind
from genjin.foundation import audit
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput
from genjin.kernel.problems import Reason

_CODE = re.compile(r"[a-z][a-z0-9_]{0,38}[a-z0-9]|[a-z]")
_CHOICE_CODE = re.compile(r"[^\s,;\x00]{1,60}")
_WITH_CHOICES = (FieldType.CHOICE, FieldType.CHOICES)


def _labels_problem(labels: Mapping[str, str]) -> Reason | None:
    texts = [text for text in labels.values() if text.strip()]
    if not texts:
        return Reason("required")
    return Reason("too_long", {"limit": 120}) if any(len(text) > 120 for text in texts) else None


def _choices_problem(type_: str, choices: Sequence[Mapping[str, Any]]) -> Reason | None:
    codes = [str(choice.get("code", "")) for choice in choices]
    if type_ in _WITH_CHOICES and not codes:
        return Reason("choices_needed")
    if len(set(codes)) != len(codes):
        return Reason("choice_twice")
    if len(codes) > 500:
        return Reason("too_many_choices", {"limit": 500})
    bad = [code for code in codes if not _CHOICE_CODE.fullmatch(code)]
    return Reason("bad_choice_code", {"value": bad[0]}) if bad else None


def _check(values: Mapping[str, Any]) -> None:
    problems: dict[str | int, list[Reason]] = {}
    found = {
        "block": None if values["block"] in Block.values else Reason("not_a_choice"),
        "type": None if values["type"] in FieldType.values else Reason("not_a_choice"),
        "labels": _labels_problem(values["labels"]),
        "choices": _choices_problem(values["type"], values["choices"]),
        "kinds": Reason("not_a_choice") if set(values["kinds"]) - set(Kind.values) else None,
        "unit": Reason("too_long", {"limit": 20}) if len(values["unit"]) > 20 else None,
    }
    problems.update({name: [reason] for name, reason in found.items() if reason})
    if problems:
        raise BadInput(problems)


def add_field(
    *,
    code: str,
    type: str,
    labels: Mapping[str, str],
    by: User | None,
    now: datetime,
    block: str = "custom",
    choices: Sequence[Mapping[str, Any]] = (),
    kinds: Sequence[str] = (),
    unit: str = "",
    is_facet: bool = False,
) -> FieldDefinition:
    """Adds a field to every card. Raises BadInput: code (bad_code, code_taken), labels, choices.

    `choices` are {"code", "labels": {language: text}}.
    """
    if not _CODE.fullmatch(code):
        raise BadInput({"code": [Reason("bad_code", {"value": code[:40]})]})
    values = {
        "block": block, "type": type, "labels": {k: v.strip() for k, v in labels.items() if v},
        "choices": [dict(choice) for choice in choices], "kinds": list(kinds), "unit": unit.strip(),
        "is_facet": is_facet and type in (*_WITH_CHOICES, FieldType.BOOLEAN),
    }  # fmt: skip
    _check(values)
    try:
        with transaction.atomic():
            last = FieldDefinition.objects.aggregate(last=Max("position"))["last"] or 0
            row = FieldDefinition.objects.create(code=code, position=max(1000, last + 10), **values)
            audit.record("add", row, by=by, now=now, changes={"definition": [None, values]})
    except IntegrityError:
        raise BadInput({"code": [Reason("code_taken", {"value": code})]}) from None
    return row


@transaction.atomic
def change_field(
    definition: FieldDefinition, values: Mapping[str, Any], *, by: User | None, now: datetime
) -> dict[str, list[Any]]:
    """Changes labels, choices, unit, block, place or whether it is a facet; never code or type.

    A choice cannot be dropped, since cards may hold it; its words can be changed.
    """
    row = FieldDefinition.objects.select_for_update().get(pk=definition.pk)
    allowed = {"labels", "choices", "unit", "block", "position", "is_facet", "kinds"}
    if unknown := set(values) - allowed:
        raise KeyError(f"cannot change {sorted(unknown)}")
    after = {name: values.get(name, getattr(row, name)) for name in allowed} | {"type": row.type}
    kept = {choice["code"] for choice in after["choices"]}
    if lost := [choice["code"] for choice in row.choices if choice["code"] not in kept]:
        raise BadInput({"choices": [Reason("choice_in_use", {"value": lost[0]})]})
    _check(after)
    changes = audit.change(row, values, by=by, now=now)
    definition.refresh_from_db()
    return changes


@transaction.atomic
def retire_field(
    definition: FieldDefinition, *, by: User | None, now: datetime, is_active: bool = False
) -> None:
    """Takes a field off the cards (values stay stored), or brings it back."""
    row = FieldDefinition.objects.select_for_update().get(pk=definition.pk)
    audit.change(row, {"is_active": is_active}, by=by, now=now)
    definition.is_active = is_active
