"""The page /api/docs: the OpenAPI document as people read it, each operation with an example."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

Schema = Mapping[str, Any]
_SAMPLES = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T09:30:00+08:00",
    "uuid": "01900000-0000-7000-8000-000000000000",
}


@dataclass(frozen=True)
class Row:
    """An entry of a shape, or a parameter: its name, what it is, and what it says."""

    name: str
    kind: str
    shape: str
    is_needed: bool
    text: str
    usual: str = ""


@dataclass(frozen=True)
class Operation:
    """One operation as the page tells it."""

    id: str
    method: str
    path: str
    summary: str
    text: str
    right: str
    parameters: list[Row]
    body: str
    answers: list[tuple[str, str]]
    example: str

    @property
    def writes(self) -> bool:
        return self.method != "GET"


def _parts(schema: Schema) -> Schema:
    """The one thing that an entry is, leaving aside that it may be null."""
    for several in ("anyOf", "allOf"):
        if several in schema:
            kinds = [one for one in schema[several] if one.get("type") != "null"]
            if len(kinds) == 1:
                return {**kinds[0], **{k: v for k, v in schema.items() if k != several}}
    return schema


def shape_of(schema: Schema) -> str:
    """The name of the shape that an entry (or each of its items) has; "" for a plain value."""
    schema = _parts(schema)
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    return shape_of(schema["items"]) if schema.get("type") == "array" else ""


def kind_of(schema: Schema) -> str:
    """What an entry is, in words; without the name of its shape."""
    schema = _parts(schema)
    if "enum" in schema:
        return _("one of: %(values)s") % {
            "values": ", ".join(value or _("empty") for value in schema["enum"])
        }
    if "const" in schema:
        return str(schema["const"])
    if schema.get("type") == "array":
        if shape_of(schema):
            return _("a list of")
        return _("a list of: %(kind)s") % {"kind": kind_of(schema["items"])}
    formats = {
        "date": _("day"),
        "date-time": _("moment"),
        "uuid": _("id"),
    }
    if name := formats.get(str(schema.get("format", ""))):
        return name
    kinds = {
        "string": _("text"),
        "integer": _("whole number"),
        "number": _("number"),
        "boolean": _("true or false"),
        "object": _("object"),
    }
    return kinds.get(str(schema.get("type", "")), "")


def _row(name: str, schema: Schema, *, is_needed: bool) -> Row:
    usual = schema.get("default")
    return Row(
        name=name, kind=kind_of(schema), shape=shape_of(schema), is_needed=is_needed,
        text=str(schema.get("description", "")),
        usual=str(usual) if isinstance(usual, str | int) and usual not in ("", False) else "",
    )  # fmt: skip


def _sample(schema: Schema, name: str) -> Any:
    schema = _parts(schema)
    if "examples" in schema:
        return schema["examples"][0]
    if "enum" in schema:
        return next((value for value in schema["enum"] if value), "")
    if schema.get("type") in ("integer", "number"):
        return max(1, int(schema.get("minimum", 1)))
    return _SAMPLES.get(str(schema.get("format", "")), f"<{name}>")


def _body_sample(shape: Schema) -> dict[str, Any]:
    """The example that a shape has, else the entries that it needs."""
    if "examples" in shape:
        return dict(shape["examples"][0])
    properties = shape.get("properties", {})
    return {name: _sample(properties[name], name) for name in shape.get("required", ())}


def _example(host: str, method: str, path: str, shape: Schema | None) -> str:
    parts = ['curl -H "Authorization: Bearer $GENJIN_TOKEN"']
    if method != "GET":
        parts.append(f"-X {method}")
    if shape is not None:
        body = json.dumps(_body_sample(shape), ensure_ascii=False)
        parts += ['-H "Content-Type: application/json"', f"-d '{body}'"]
    return " \\\n  ".join([*parts, f"{host}{path}"])


def _answers(operation: Schema) -> Iterator[tuple[str, str]]:
    for code, answer in operation["responses"].items():
        content: dict[str, Any] = next(iter(answer.get("content", {}).values()), {})
        yield code, shape_of(content.get("schema", {}))


def _operation(host: str, path: str, method: str, found: Schema, shapes: Schema) -> Operation:
    content: dict[str, Any] = found.get("requestBody", {}).get("content", {})
    body = shape_of(content["application/json"]["schema"]) if content else ""
    return Operation(
        id=found["operationId"], method=method.upper(), path=path, summary=found["summary"],
        text=found.get("description", ""), right=found["x-right"],
        parameters=[
            _row(one["name"], {**one["schema"], "description": one.get("description", "")},
                 is_needed=one["required"])
            for one in found["parameters"]
        ],
        body=body, answers=list(_answers(found)),
        example=_example(host, method.upper(), path, shapes[body] if body else None),
    )  # fmt: skip


def pages(document: Schema, host: str) -> dict[str, Any]:
    """The areas with their operations, and the shapes, for the template."""
    shapes = document["components"]["schemas"]
    found: dict[str, list[Operation]] = {one["name"]: [] for one in document["tags"]}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            made = _operation(host, path, method, operation, shapes)
            found[operation["tags"][0]].append(made)
    return {
        "areas": [
            {"name": one["name"], "title": one["description"], "operations": found[one["name"]]}
            for one in document["tags"]
        ],
        "shapes": [
            {
                "name": name,
                "rows": [
                    _row(entry, schema, is_needed=entry in shape.get("required", ()))
                    for entry, schema in shape.get("properties", {}).items()
                ],
            }
            for name, shape in sorted(shapes.items())
        ],
        "host": host,
    }
