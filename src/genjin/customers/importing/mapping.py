"""What each column of a file becomes on the card: the mapping, checked and compiled. Pure.

The normal form, stored with every import, is JSON:
{"columns": {column: rule}, "constants": {target: value}, "generate": {target: {…}},
 "composed": {field code: rule with "parts"}, "bad_phones": "error" | "keep",
 "coordinates": "wgs84" | "gcj02"}
A rule is {"target": one of TARGETS} and, as needed: "label" (of a phone), "field" and "create"
(a card field and how to make it where it is missing), "choices" (its choices, in order),
"values" (text in the file → value), "empty" (texts that mean nothing), "dates" (order of day and
month). In a mapping file a value may be {"code", "labels"}, which makes a choice of it.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from genjin.kernel.errors import BadInput
from genjin.kernel.problems import Reason

IGNORE, FIELD, PHONE = "ignore", "field", "phone"
COLUMNS = (
    "kind", "name", "sex", "form_of_address", "language", "time_zone", "tax_number", "region",
    "note", "source", "grade", "custodian", "team",
)  # fmt: skip
TARGETS = (
    IGNORE, *COLUMNS, "other_name", PHONE, "email", "address", "postcode", "latitude", "longitude",
    "person_name", "person_role", "person_title", "person_phone", FIELD,
)  # fmt: skip
# What may stand more than once in a file.
SEVERAL = frozenset({IGNORE, PHONE, "email", "address", "other_name", "note", FIELD})
CONSTANTS = (*COLUMNS,)
GENERATED = ("name", "phone")
PHONE_LABELS = ("mobile", "work", "home", "other")
FIELD_TYPES = ("text", "number", "date", "choice", "choices", "boolean")
BLOCKS = ("basic", "traits", "business", "trade", "custom")
DATE_ORDERS = ("", "dmy", "mdy")
BAD_PHONES = ("error", "keep")
COORDINATES = ("wgs84", "gcj02")
_CODE = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_CREATE_KEYS = ("type", "labels", "block", "facet", "unit", "extend")


@dataclass(frozen=True)
class FieldSpec:
    """A card field as the cleaning of rows needs it: `choices` maps text, casefolded, to a code.

    `extends` lets values that are not in the list become new choices.
    """

    code: str
    type: str
    choices: Mapping[str, str] = field(default_factory=dict)
    extends: bool = False


@dataclass(frozen=True)
class Spec:
    """All that the cleaning of rows needs; it travels to the worker processes once.

    `people` maps a sign-in name, staff number or name (casefolded) to (user id, team id); `teams`
    a name to its id.
    """

    columns: tuple[str, ...]
    mapping: Mapping[str, Any]
    fields: Mapping[str, FieldSpec] = field(default_factory=dict)
    people: Mapping[str, tuple[int, int | None]] = field(default_factory=dict)
    teams: Mapping[str, int] = field(default_factory=dict)
    phone_region: str = "CN"


def from_toml(text: str) -> dict[str, Any]:
    """Reads a mapping file into the normal form. Raises BadInput naming line or entry."""
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # Beside what is no TOML: numbers of thousands of digits, brackets in brackets without end.
        raise BadInput("mapping_not_toml", detail=str(error)[:200]) from None
    _check_shape(data)
    columns = {name: _rule(entry) for name, entry in data.get("columns", {}).items()}
    composed = {code: _rule({"field": code, **e}) for code, e in data.get("composed", {}).items()}
    return checked(
        {
            "name": str(data.get("name", ""))[:120],
            "columns": columns,
            "constants": data.get("constants", {}),
            "generate": {k: _generator(v) for k, v in data.get("generate", {}).items()},
            "composed": composed,
            "bad_phones": data.get("bad_phones", "error"),
            "coordinates": data.get("coordinates", "wgs84"),
        }
    )


# What each entry of a rule holds; what is not named holds one plain value.
_SHAPES: Mapping[str, type | tuple[type, ...]] = {
    "values": Mapping, "parts": Mapping, "labels": Mapping, "choices": list, "empty": list,
}  # fmt: skip
_PLAIN = (str, int, float, bool)


def _check_shape(data: Mapping[str, Any]) -> None:
    """Refuses tables where values belong and the other way round, naming the entry."""
    for part in ("columns", "constants", "generate", "composed"):
        if not isinstance(data.get(part, {}), Mapping):
            raise BadInput("mapping_not_toml", detail=part)
    rules = [
        (part, *item) for part in ("columns", "composed") for item in data.get(part, {}).items()
    ]
    for part, name, rule in rules:
        if part == "columns" and not isinstance(rule, Mapping):
            continue
        entries = rule.items() if isinstance(rule, Mapping) else [(part, None)]
        for key, value in entries:
            if not isinstance(value, _SHAPES.get(key, _PLAIN)):
                raise BadInput("mapping_not_toml", detail=f"{name}: {key}"[:200])


def _generator(entry: Any) -> dict[str, Any]:
    return dict(entry) if isinstance(entry, Mapping) else {}


def _rule(entry: Any) -> dict[str, Any]:
    if isinstance(entry, str):
        return {"target": entry}
    if not isinstance(entry, Mapping):
        return {"target": ""}
    rule = dict(entry)
    if "field" in rule:
        rule.setdefault("target", FIELD)
    create = {key: rule.pop(key) for key in _CREATE_KEYS if key in rule}
    if create:
        rule["create"] = create
    return rule


def checked(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """The mapping in its normal form. Raises BadInput: a key for each column that is wrong.

    Codes: unknown_target, two_columns_for_one (target), bad_field_code, unknown_type,
    unknown_label, unknown_constant, unknown_generator, no_name.
    """
    problems: dict[str | int, list[Reason]] = {}
    columns = {name: _with_choices(rule) for name, rule in mapping.get("columns", {}).items()}
    taken: set[tuple[str, str]] = set()
    for name, rule in columns.items():
        if found := _rule_problem(rule, taken):
            problems[name] = [found]
    composed = {code: dict(rule) for code, rule in mapping.get("composed", {}).items()}
    for code, rule in composed.items():
        if found := _rule_problem(rule, taken):
            problems[code] = [found]
    constants = {k: str(v) for k, v in mapping.get("constants", {}).items() if str(v) != ""}
    general = [Reason("unknown_constant", {"name": k}) for k in constants if k not in CONSTANTS]
    generate = dict(mapping.get("generate", {}))
    general += [Reason("unknown_generator", {"name": k}) for k in generate if k not in GENERATED]
    coordinates = mapping.get("coordinates", "wgs84")
    if coordinates not in COORDINATES:
        general.append(Reason("unknown_target", {"target": str(coordinates)}))
    bad_phones = mapping.get("bad_phones", "error")
    if bad_phones not in BAD_PHONES:
        general.append(Reason("unknown_target", {"target": str(bad_phones)}))
    targets = {rule.get("target") for rule in columns.values()}
    if not targets & {"name"} and "name" not in generate and "name" not in constants:
        general.append(Reason("no_name"))
    if general:
        problems[""] = general
    if problems:
        raise BadInput(problems)
    return {
        "name": str(mapping.get("name", ""))[:120],
        "columns": columns,
        "constants": constants,
        "generate": generate,
        "composed": composed,
        "bad_phones": bad_phones,
        "coordinates": coordinates,
    }


def _rule_problem(rule: Mapping[str, Any], taken: set[tuple[str, str]]) -> Reason | None:
    target = rule.get("target", "")
    if target not in TARGETS:
        return Reason("unknown_target", {"target": str(target)[:60]})
    key = (target, str(rule.get("field", "")))
    if key in taken and (target not in SEVERAL or target == FIELD):
        return Reason("two_columns_for_one", {"target": target, "field": key[1]})
    taken.add(key)
    if target == FIELD:
        return _field_problem(rule)
    if target == PHONE and rule.get("label", "mobile") not in PHONE_LABELS:
        return Reason("unknown_label", {"label": str(rule["label"])[:60]})
    return None


def _field_problem(rule: Mapping[str, Any]) -> Reason | None:
    if not _CODE.fullmatch(str(rule.get("field", ""))):
        return Reason("bad_field_code", {"field": str(rule.get("field", ""))[:60]})
    create = rule.get("create", {})
    if create.get("type", "text") not in FIELD_TYPES or create.get("block", "custom") not in BLOCKS:
        return Reason("unknown_type", {"type": str(create.get("type", ""))[:60]})
    return None


def field_rules(mapping: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The rules that fill card fields, by field code."""
    rules = [*mapping["columns"].values(), *mapping["composed"].values()]
    return {rule["field"]: rule for rule in rules if rule["target"] == FIELD}


def missing_columns(mapping: Mapping[str, Any], columns: tuple[str, ...]) -> list[str]:
    """Columns that the mapping names and the file lacks."""
    wanted = [name for name, rule in mapping["columns"].items() if rule["target"] != IGNORE]
    for rule in mapping["composed"].values():
        wanted += [part for part in rule.get("parts", {}).values() if not str(part).isdigit()]
    return [name for name in wanted if name not in columns]


def choices_of(rule: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The choices that a rule brings along for its card field, in order: {"code", "labels"}."""
    return [
        {"code": str(choice["code"]), "labels": dict(choice.get("labels", {}))}
        for choice in rule.get("choices", ())
    ]


def _with_choices(rule: Mapping[str, Any]) -> dict[str, Any]:
    """The rule with the choices of its value map as a list: the database forgets keys' order."""
    values = rule.get("values", {})
    listed = [value for value in values.values() if isinstance(value, Mapping) and "code" in value]
    if not listed:
        return dict(rule)
    choices = {str(value["code"]): value for value in reversed(listed)}
    plain = {
        raw: value["code"] if isinstance(value, Mapping) and "code" in value else value
        for raw, value in values.items()
    }
    ordered = [choices[code] for code in dict.fromkeys(str(value["code"]) for value in listed)]
    return {**rule, "values": plain, "choices": choices_of({"choices": ordered})}
