"""Between the editor of a segment and criteria: one control for each field that can be asked.

Names of controls: `is.<field>` ticks or texts, `not.<field>` yes for NOT, `from.<field>` and
`to.<field>` the ends of a range, `set.<field>` yes or no: whether anything is known.
"""

from typing import Any

from django.http import QueryDict

from genjin.customers.segments import BETWEEN, CONTAINS, IN, SET, SelectionField
from genjin.kernel import address


def _number(text: str) -> int | float | None:
    try:
        value = float(text.replace(",", ""))
    except ValueError:
        return None
    return int(value) if value.is_integer() else value


def _ends(query: QueryDict, field: SelectionField) -> list[Any]:
    texts = [query.get(f"{end}.{field.code}", "").strip() for end in ("from", "to")]
    if field.type == "number":
        return [_number(text) if text else None for text in texts]
    return [text or None for text in texts]


def _values(query: QueryDict, field: SelectionField) -> list[str]:
    found = [text.strip() for text in query.getlist(f"is.{field.code}") if text.strip()]
    if field.type == "region":
        typed = [one for text in found for one in text.replace("\uff0c", ",").split(",")]
        return [code for one in typed if (code := _region(one.strip()))]
    if field.type == "text":
        return [part.strip() for text in found for part in text.replace("\uff0c", ",").split(",")
                if part.strip()]  # fmt: skip
    return found


def _region(text: str) -> str:
    return text if address.division(text) else address.parse_address(text).division


def read(query: QueryDict, fields: list[SelectionField]) -> dict[str, Any]:
    """The criteria that the editor's controls stand for."""
    found: dict[str, list[dict[str, Any]]] = {"all": [], "none": []}
    for field in fields:
        if (known := query.get(f"set.{field.code}")) in ("yes", "no") and SET in field.ops:
            one = {"field": field.code, "op": SET, "values": [known == "yes"]}
            found["all"].append(one)
        if BETWEEN in field.ops:
            op, values = BETWEEN, _ends(query, field)
            is_asked = values != [None, None]
        else:
            op = CONTAINS if CONTAINS in field.ops else IN
            values = _values(query, field)
            is_asked = bool(values)
        if is_asked:
            part = "none" if query.get(f"not.{field.code}") else "all"
            found[part].append({"field": field.code, "op": op, "values": values})
    return found


def controls(fields: list[SelectionField], criteria: dict[str, Any]) -> list[dict[str, Any]]:
    """The editor's controls with what `criteria` asks now."""
    asked: dict[str, tuple[str, dict[str, Any]]] = {}
    known: dict[str, str] = {}
    for part in ("all", "none"):
        for one in criteria.get(part, ()):
            if one["op"] == SET:
                known[one["field"]] = "yes" if one["values"][0] == (part == "all") else "no"
            else:
                asked[one["field"]] = (part, one)
    return [
        {
            **_control(field, *asked.get(field.code, ("all", None))),
            "may_be_set": SET in field.ops,
            "known": known.get(field.code, ""),
        }
        for field in fields
    ]


def _control(field: SelectionField, part: str, one: dict[str, Any] | None) -> dict[str, Any]:
    values = list(one["values"]) if one else []
    texts = {str(value).lower() if isinstance(value, bool) else str(value) for value in values}
    shape = "range" if BETWEEN in field.ops else "ticks" if field.choices else "text"
    ends = [*values, None, None][:2] if shape == "range" else [None, None]
    if field.type == "region":
        texts = {address.place_name(text) for text in texts}
    return {
        "code": field.code,
        "label": field.label,
        "unit": field.unit,
        "shape": shape,
        "input": "date" if field.type == "date" else "text",
        "is_used": one is not None,
        "is_not": part == "none",
        "text": ", ".join(sorted(texts)) if shape == "text" else "",
        "from": ends[0],
        "to": ends[1],
        "options": [{"value": code, "label": label, "checked": code in texts}
                    for code, label in field.choices if code],
    }  # fmt: skip
