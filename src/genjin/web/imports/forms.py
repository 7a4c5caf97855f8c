"""Reads the upload and the mapping screen; what is decided with it is decided in the domain."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from genjin.customers.importing import mapping as mappings
from genjin.customers.importing import words
from genjin.foundation.tabular.table import Row
from genjin.web.imports.targets import FIELD_PREFIX, NEW_FIELD

_NUMBER = re.compile(r"[+-]?\d[\d,]*(\.\d+)?", re.ASCII)
_MOST_CHOICES = 25


class UploadForm(forms.Form):
    """The file, and a mapping file for those who have one."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV or XLSX with a heading row; one customer in each row."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx"}),
    )
    map = forms.FileField(
        label=_("Mapping file"),
        required=False,
        help_text=_("Only if you were given one (.toml); the next page maps the columns by hand."),
        widget=forms.FileInput(attrs={"accept": ".toml"}),
    )


def guessed(columns: Sequence[str]) -> dict[str, Any]:
    """A first mapping by the names of the columns."""
    return {"columns": words.guess(list(columns))}


def with_new_fields(
    mapping: Mapping[str, Any], columns: Sequence[str], sample: Sequence[Row]
) -> dict[str, Any]:
    """The mapping with a new card field for each column that is ignored so far."""
    rules = {name: dict(mapping.get("columns", {}).get(name, {})) for name in columns}
    taken = {rule.get("field") for rule in rules.values()}
    for place, name in enumerate(columns):
        if rules[name].get("target", "ignore") != "ignore":
            continue
        cells = [row.cells[place].strip() for row in sample if place < len(row.cells)]
        code = free_code(name, place, taken)
        rules[name] = {"target": "field", "field": code, "create": guessed_type(name, cells)}
    return {**mapping, "columns": rules}


def free_code(name: str, place: int, taken: set[Any]) -> str:
    """A code for a new field that no other has."""
    code = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:30]
    if not re.match(r"[a-z]", code):
        code = f"field_{place + 1}"
    stem, count = code, 2
    while code in taken:
        code, count = f"{stem}_{count}", count + 1
    taken.add(code)
    return code


def guessed_type(name: str, cells: Sequence[str]) -> dict[str, Any]:
    """How a field for these values is made: number, choice (a facet), or text."""
    filled = [cell for cell in cells if cell]
    create: dict[str, Any] = {"labels": {get_language() or "en": name}, "type": "text"}
    if filled and all(_NUMBER.fullmatch(cell) for cell in filled):
        create["type"] = "number"
    elif {cell.casefold() for cell in filled} and {c.casefold() for c in filled} <= {"yes", "no"}:
        create |= {"type": "boolean", "facet": True}
    elif 1 < len(set(filled)) <= min(_MOST_CHOICES, max(2, len(filled) // 3)):
        create |= {"type": "choice", "facet": True, "extend": True}
    return create


def mapping_from_post(
    post: QueryDict, columns: Sequence[str], base: Mapping[str, Any]
) -> dict[str, Any]:
    """The mapping that the screen shows. What a rule says beyond the screen stays from `base`."""
    before = base.get("columns", {})
    taken: set[Any] = {rule.get("field") for rule in before.values()} - {None}
    rules = {
        name: _rule(post, place, name, before.get(name, {}), taken)
        for place, name in enumerate(columns)
    }
    generate: dict[str, Any] = {
        key: {} for key in mappings.GENERATED if post.get(f"generate-{key}")
    }
    constants = {**base.get("constants", {})}
    for key in ("kind", "source"):
        if f"constant-{key}" in post:
            constants[key] = str(post[f"constant-{key}"]).strip()
    return {
        "name": base.get("name", ""),
        "columns": rules,
        "constants": constants,
        "generate": generate,
        "composed": base.get("composed", {}),
        "bad_phones": "keep" if post.get("bad_phones") else "error",
    }


def _rule(
    post: QueryDict, place: int, name: str, before: Mapping[str, Any], taken: set[Any]
) -> dict[str, Any]:
    chosen = post.get(f"target-{place}", "ignore")
    if chosen.startswith("phone:"):
        return {"target": "phone", "label": chosen.partition(":")[2]}
    if chosen.startswith(FIELD_PREFIX):
        code = chosen.removeprefix(FIELD_PREFIX)
        return dict(before) if before.get("field") == code else {"target": "field", "field": code}
    if chosen != NEW_FIELD:
        return dict(before) if before.get("target") == chosen else {"target": chosen}
    if "create" in before:
        rule = {**before, "create": dict(before["create"])}
    else:
        rule = {"target": "field", "field": free_code(name, place, taken), "create": {}}
    create = rule["create"]
    kind = post.get(f"type-{place}") or create.get("type", "text")
    if create.get("type") != kind:
        for key in ("values", "choices"):
            rule.pop(key, None)
    create["type"] = kind
    label = post.get(f"label-{place}", "").strip()[:80]
    create["labels"] = {**create.get("labels", {}), get_language() or "en": label or name}
    create["facet"] = bool(post.get(f"facet-{place}")) if f"type-{place}" in post else (
        kind in ("choice", "boolean")
    )  # fmt: skip
    create["extend"] = kind == "choice" and not rule.get("values")
    return rule
