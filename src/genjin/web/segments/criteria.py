"""Between addresses and forms on one side and criteria on the other (CU2).

The customer list and the editor of a segment use the same names, so that a filter is taken along
by its address: `<field>` and `not.<field>` ticks (an empty one: nothing known), `text.<field>` and
`nottext.<field>` what is typed with commas between, `from.<field>`, `to.<field>` and `not.<field>`
a range, `known.<field>` yes or no, `q` a name, `owned.<n>.<part>` an owned product.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from genjin.customers.segments import BETWEEN, CONTAINS, IN, MAX_VALUES, OWNS, SET, SelectionField
from genjin.customers.segments.owned import WHOSE, whose_label
from genjin.customers.states import Condition as ProductCondition
from genjin.kernel import address

MOST_OWNED = 5
_CLOSED = ("choice", "boolean")
_OWNED_PARTS = ("category", "whose", "brand", "older_than_years", "bought_from", "bought_to",
                "condition")  # fmt: skip


def _number(text: str) -> int | float | str:
    try:
        value = float(text.replace(",", ""))
        return int(value) if value.is_integer() else value
    except (ValueError, OverflowError):
        return text[:40]


def _ends(query: QueryDict, field: SelectionField) -> list[Any]:
    texts = [query.get(f"{end}.{field.code}", "").strip()[:40] for end in ("from", "to")]
    if field.type == "number":
        return [_number(text) if text else None for text in texts]
    return [text or None for text in texts]


def _region(text: str) -> str:
    return text if address.division(text) else address.parse_address(text).division


def _typed(query: QueryDict, name: str) -> list[str]:
    text = query.get(name, "")[:2000].replace("\uff0c", ",").replace("\u3001", ",")
    return [one.strip() for one in text.split(",") if one.strip()]


def _fits(field: SelectionField, code: str) -> bool:
    if field.type in _CLOSED:
        return any(code == known for known, _label in field.choices)
    if field.type == "person":
        return not code or (code.isascii() and code.isdigit() and len(code) <= 18)
    return len(code) <= 60 and "\x00" not in code


def _codes(query: QueryDict, field: SelectionField, prefix: str) -> list[str]:
    """The values ticked and typed, each once; what the field does not know is left out."""
    typed = _typed(query, "nottext." + field.code if prefix else f"text.{field.code}")
    found = [*query.getlist(prefix + field.code), *typed]
    if field.type == "region":
        found = [_region(one) if one else "" for one in found if not one or _region(one)]
    return [one for one in dict.fromkeys(found) if _fits(field, one)][:MAX_VALUES]


def _narrowed(codes: Iterable[str]) -> list[str]:
    """Divisions without those above another one: a city ticked in a province narrows it."""
    codes = list(codes)
    above = {one.code for code in codes for one in address.path(code)[:-1]}
    return [code for code in codes if code not in above]


def _choices(query: QueryDict, field: SelectionField) -> list[tuple[str, list[str]]]:
    """("all", codes) and ("none", codes); a value that is excluded is not ticked as well."""
    excluded = _codes(query, field, "not.")
    ticked = [one for one in _codes(query, field, "") if one not in excluded]
    if field.type == "region":
        ticked = _narrowed(ticked)
    return [("all", ticked), ("none", excluded)]


def _owned_one(query: QueryDict, place: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in _OWNED_PARTS:
        if text := query.get(f"owned.{place}.{part}", "").strip()[:80]:
            found[part] = _number(text) if part == "older_than_years" else text
    return found


def _owned(query: QueryDict) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for place in range(MOST_OWNED):
        if one := _owned_one(query, place):
            part = "none" if query.get(f"owned.{place}.not") else "all"
            found.append((part, {"field": "owned", "op": OWNS, "values": [one]}))
    return found


def _read_field(query: QueryDict, field: SelectionField) -> list[tuple[str, dict[str, Any]]]:
    if OWNS in field.ops:
        return _owned(query)
    if CONTAINS in field.ops:
        text = query.get("q", "").strip()[:64]
        return [("all", {"field": field.code, "op": CONTAINS, "values": [text]})] if text else []
    found: list[tuple[str, dict[str, Any]]] = []
    if (known := query.get(f"known.{field.code}")) in ("yes", "no") and SET in field.ops:
        found.append(("all", {"field": field.code, "op": SET, "values": [known == "yes"]}))
    if BETWEEN in field.ops:
        if (ends := _ends(query, field)) != [None, None]:
            part = "none" if query.get(f"not.{field.code}") else "all"
            found.append((part, {"field": field.code, "op": BETWEEN, "values": ends}))
    elif IN in field.ops:
        found += [
            (part, {"field": field.code, "op": IN, "values": codes})
            for part, codes in _choices(query, field) if codes
        ]  # fmt: skip
    return found


def read(query: QueryDict, fields: Sequence[SelectionField]) -> dict[str, Any]:
    """The criteria that an address or a form stands for; what is unknown is left out."""
    found: dict[str, list[dict[str, Any]]] = {"all": [], "none": []}
    for field in fields:
        for part, one in _read_field(query, field):
            found[part].append(one)
    return found


# ── Controls ─────────────────────────────────────────────────────────────────────────────────


def _of_field(criteria: dict[str, Any], code: str, op: str) -> dict[str, list[dict[str, Any]]]:
    return {
        part: [one for one in criteria.get(part, ()) if one["field"] == code and one["op"] == op]
        for part in ("all", "none")
    }


def _texts(conditions: list[dict[str, Any]]) -> list[str]:
    every = [value for one in conditions for value in one["values"]]
    return [str(value).lower() if isinstance(value, bool) else str(value) for value in every]


def _words(field: SelectionField, conditions: list[dict[str, Any]]) -> str:
    texts = [text for text in _texts(conditions) if text]
    if field.type == "region":
        texts = [address.place_name(text) or text for text in texts]
    return ", ".join(texts)


def _known(criteria: dict[str, Any], code: str) -> str:
    for part, conditions in _of_field(criteria, code, SET).items():
        for one in conditions:
            return "yes" if one["values"][0] == (part == "all") else "no"
    return ""


def _range_control(field: SelectionField, criteria: dict[str, Any]) -> dict[str, Any]:
    asked = _of_field(criteria, field.code, BETWEEN)
    part, one = next(((part, c[0]) for part, c in asked.items() if c), ("all", None))
    low, high = one["values"] if one else (None, None)
    shown = "date" if field.type == "date" else "text"
    return {"shape": "range", "from": low, "to": high, "is_not": part == "none", "input": shown,
            "is_used": one is not None}  # fmt: skip


def _choice_control(field: SelectionField, criteria: dict[str, Any]) -> dict[str, Any]:
    op = CONTAINS if CONTAINS in field.ops else IN
    asked = _of_field(criteria, field.code, op)
    ticked, excluded = _texts(asked["all"]), _texts(asked["none"])
    is_used = bool(ticked or excluded)
    if not field.choices:
        shape = "name" if op == CONTAINS else "text"
        return {"shape": shape, "text": _words(field, asked["all"]), "is_used": is_used,
                "not_text": _words(field, asked["none"]),
                "is_region": field.type == "region"}  # fmt: skip
    known = dict(field.choices)
    more = {code: code for code in [*ticked, *excluded] if code not in known}
    options = [
        {"value": code, "label": label, "checked": code in ticked, "excluded": code in excluded}
        for code, label in {**known, **more}.items()
    ]
    return {"shape": "ticks", "options": options, "is_used": is_used,
            "is_excluding": bool(excluded)}  # fmt: skip


def owned_controls(field: SelectionField, criteria: dict[str, Any]) -> list[dict[str, Any]]:
    """A row of controls for each owned product that is asked for, and an empty one."""
    asked = _of_field(criteria, field.code, OWNS)
    rows = [(part, value) for part in asked for one in asked[part] for value in one["values"]]
    if len(rows) < MOST_OWNED:
        rows.append(("all", {}))
    return [
        {
            "name": f"owned.{place}",
            "is_not": part == "none",
            **{name: value.get(name, "") for name in _OWNED_PARTS},
            "categories": field.choices,
            "whose_choices": [(code, whose_label(code)) for code in WHOSE],
            "conditions": [(c, str(label)) for c, label in ProductCondition.choices if c],
        }
        for place, (part, value) in enumerate(rows[:MOST_OWNED])
    ]


def controls(fields: Sequence[SelectionField], criteria: dict[str, Any]) -> list[dict[str, Any]]:
    """The editor's controls with what `criteria` asks now."""
    found = []
    for field in fields:
        if OWNS in field.ops:
            rows = owned_controls(field, criteria)
            one: dict[str, Any] = {"shape": "owned", "rows": rows, "is_used": len(rows) > 1}
        elif BETWEEN in field.ops:
            one = _range_control(field, criteria)
        else:
            one = _choice_control(field, criteria)
        may_be_set = SET in field.ops
        found.append({
            "code": field.code, "label": field.label, "unit": field.unit,
            "may_be_set": may_be_set, "known": _known(criteria, field.code) if may_be_set else "",
            **one,
        })  # fmt: skip
    return found


def field_label(code: str, fields: Sequence[SelectionField]) -> str:
    """What a field is called, for the problem of a condition."""
    return next((one.label for one in fields if one.code == code), "") or _("selection")


def _names_of(part: str, one: dict[str, Any], place: int) -> dict[str, list[str]]:
    """The names of an address that ask one condition; `place` counts owned products."""
    field, values = one["field"], list(one["values"])
    texts = [str(v).lower() if isinstance(v, bool) else str(v) for v in values if v is not None]
    prefix = "not." if part == "none" else ""
    if one["op"] == CONTAINS:
        return {"q": texts}
    if one["op"] == SET:
        return {f"known.{field}": ["yes" if bool(values[0]) == (part == "all") else "no"]}
    if one["op"] == OWNS:
        found = {f"owned.{place}.{name}": [str(text)] for name, text in values[0].items()}
        return found | ({f"owned.{place}.not": ["1"]} if prefix else {})
    if one["op"] == BETWEEN:
        ends = {f"{end}.{field}": [str(value)] for end, value in
                zip(("from", "to"), values, strict=True) if value is not None}  # fmt: skip
        return ends | ({f"not.{field}": ["1"]} if prefix else {})
    return {f"{prefix}{field}": texts}


def address_of(criteria: dict[str, Any], fields: Sequence[SelectionField]) -> str | None:
    """The query of the customer list that asks for `criteria`; None where none says it."""
    query, place = QueryDict(mutable=True), 0
    for part in ("all", "none"):
        for one in criteria.get(part, ()):
            for name, values in _names_of(part, one, place).items():
                query.setlist(name, values)
            place += one["op"] == OWNS
    asked, given = read(query, fields), _plain(criteria)
    is_same = all(
        len(asked[part]) == len(given[part]) and all(one in asked[part] for one in given[part])
        for part in given
    )
    return query.urlencode() if is_same else None


def _plain(criteria: dict[str, Any]) -> dict[str, Any]:
    """Criteria with the texts in which an address gives them back."""
    order = {"all": list(criteria.get("all", ())), "none": list(criteria.get("none", ()))}
    return {
        part: [
            {**one, "values": [str(v).lower() if isinstance(v, bool) and one["op"] == IN else v
                               for v in one["values"]]}
            for one in conditions
        ]
        for part, conditions in order.items()
    }  # fmt: skip
