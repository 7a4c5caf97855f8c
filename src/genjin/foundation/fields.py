"""Shapes of column that several domains share."""

from typing import Any

from django.db import models

from genjin.kernel.ids import uuid7


class IdField(models.UUIDField):
    """A time-ordered UUIDv7 primary key, made by the process that writes the row."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("primary_key", True)
        options.setdefault("default", uuid7)
        options.setdefault("editable", False)
        super().__init__(**options)


def json_object(**options: Any) -> models.JSONField:
    """A JSON object column that is never null; empty means nothing was said."""
    return models.JSONField(default=dict, blank=True, **options)


def json_list(**options: Any) -> models.JSONField:
    """A JSON list column that is never null."""
    return models.JSONField(default=list, blank=True, **options)
