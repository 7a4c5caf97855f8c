"""The OpenAPI document in the reader's language.

The library writes it once, in English; what `PROSE` names is translated when it is asked for.
`handbook` makes a page of it.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import lru_cache
from typing import Any

from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from genjin.api.service import AREAS, api

PROSE = ("summary", "description")
_TEXT = {"type": "string"}
_ERROR = {
    "title": "Error",
    "type": "object",
    "required": ["field", "code", "detail"],
    "properties": {"field": _TEXT, "code": _TEXT, "detail": _TEXT, "data": {"type": "object"}},
}
_PROBLEM = {
    "title": "Problem",
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": _TEXT,
        "title": _TEXT,
        "status": {"type": "integer"},
        "code": _TEXT,
        "detail": _TEXT,
        "data": {"type": "object"},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/Error"}},
    },
}
_REFUSED = {
    "description": "Problem",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def _references(value: Any) -> Iterator[str]:
    """The names of the shapes that a part of the document points at."""
    if isinstance(value, Mapping):
        if isinstance(target := value.get("$ref"), str):
            yield target.rpartition("/")[2]
        for one in value.values():
            yield from _references(one)
    elif isinstance(value, list):
        for one in value:
            yield from _references(one)


@lru_cache(maxsize=1)
def _written() -> dict[str, Any]:
    """The document as the library writes it, with the answer of every error and of no shape that
    nothing points at."""
    document: dict[str, Any] = deepcopy(dict(api.get_openapi_schema(path_prefix="/api/v1/")))
    document["paths"] = {
        path.replace("{pk}", "{id}"): methods for path, methods in document["paths"].items()
    }
    for methods in document["paths"].values():
        for operation in methods.values():
            told = {str(code): answer for code, answer in operation["responses"].items()}
            operation["responses"] = {**told, "4XX": _REFUSED}
            for one in operation["parameters"]:
                # What our functions call `pk` is an id to everybody else.
                one["name"] = "id" if one["name"] == "pk" else one["name"]
    shapes = {**document["components"]["schemas"], "Problem": _PROBLEM, "Error": _ERROR}
    for shape in shapes.values():
        # What a class says to its reader here is not written for the reader of the document.
        shape.pop("description", None)
    wanted, found = set(_references(document["paths"])), set[str]()
    while wanted - found:
        name = min(wanted - found)
        found.add(name)
        wanted |= set(_references(shapes[name]))
    document["components"]["schemas"] = {
        name: shape for name, shape in shapes.items() if name in found
    }
    document["tags"] = [{"name": area.name, "description": area.title} for area in AREAS]
    return document


def _translated(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            name: _(one) if name in PROSE and isinstance(one, str) and one else _translated(one)
            for name, one in value.items()
        }
    return [_translated(one) for one in value] if isinstance(value, list) else value


@lru_cache(maxsize=8)
def _in(language: str) -> dict[str, Any]:
    with override(language):
        return _translated(_written())


def schema() -> dict[str, Any]:
    """The OpenAPI document in the language that is active."""
    return _in(get_language() or "en")
