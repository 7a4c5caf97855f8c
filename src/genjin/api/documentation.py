"""The OpenAPI document in the reader's language, and the page that is made of it.

The library writes the document once, in English; the texts of `PROSE` are translated when it is
asked for. The page is a template of ours: the content policy lets no foreign script in.
"""

from collections.abc import Mapping
from copy import deepcopy
from functools import lru_cache
from typing import Any

from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from genjin.api.service import api

PROSE = ("summary", "description")
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "data": {"type": "object"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "code", "detail"],
                "properties": {
                    "field": {"type": "string"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                    "data": {"type": "object"},
                },
            },
        },
    },
}


@lru_cache(maxsize=1)
def _written() -> dict[str, Any]:
    """The document as the library writes it, with the answer of every error."""
    document: dict[str, Any] = deepcopy(dict(api.get_openapi_schema(path_prefix="/api/v1/")))
    document["components"]["schemas"]["Problem"] = PROBLEM
    reference = {"$ref": "#/components/schemas/Problem"}
    for methods in document["paths"].values():
        for operation in methods.values():
            operation["responses"]["4XX"] = {
                "description": "Problem",
                "content": {"application/problem+json": {"schema": reference}},
            }
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
        document = _translated(_written())
        document["tags"] = []
        return document


def schema() -> dict[str, Any]:
    """The OpenAPI document in the language that is active."""
    return _in(get_language() or "en")
