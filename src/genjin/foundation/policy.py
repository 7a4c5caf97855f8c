"""Loads policy/*.toml: what the organisation decided, as data with its reasons beside it.

A value that an administrator changed on the settings screen (`PolicySetting`) lies over the
shipped one. Keys are paths: "contact.cn-mainland.caps". Loaded files are kept; settings are read
once a second at most, so a change acts everywhere within a second.
"""

import threading
import time
import tomllib
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.conf import settings as django_settings
from django.db import transaction

from genjin.foundation import audit
from genjin.foundation.models import PolicySetting, User

_FRESH_SECONDS = 1.0
_lock = threading.Lock()
_cached: dict[str, Any] = {}
_cached_at = float("-inf")


@lru_cache
def shipped(name: str) -> Mapping[str, Any]:
    """The content of policy/<name>.toml."""
    return tomllib.loads((django_settings.POLICY_DIR / f"{name}.toml").read_text("utf-8"))


def overrides() -> Mapping[str, Any]:
    """What administrators set, by key."""
    global _cached, _cached_at  # noqa: PLW0603 - one small cache for the process
    with _lock:
        if time.monotonic() - _cached_at > _FRESH_SECONDS:
            found = dict(PolicySetting.objects.values_list("key", "value"))
            # The same object as long as nothing changed: others keep what they made of it.
            _cached = _cached if found == _cached else found
            _cached_at = time.monotonic()
        return _cached


def forget() -> None:
    """Drops what is cached, so that the next question reads the database."""
    global _cached_at  # noqa: PLW0603
    _cached_at = float("-inf")


def value(key: str, default: Any = None) -> Any:
    """The value in force: the administrator's, else the shipped one, else `default`."""
    if key in (own := overrides()):
        return own[key]
    return shipped_value(key, default)


def shipped_value(key: str, default: Any = None) -> Any:
    """What policy/*.toml says for a key, whatever an administrator set."""
    name, *path = key.split(".")
    found: Any = shipped(name)
    for part in path:
        if not isinstance(found, Mapping) or part not in found:
            return default
        found = found[part]
    return found


@transaction.atomic
def set_value(key: str, new: Any, *, by: User, now: datetime, reason: str = "") -> None:
    """Sets `key` for the whole organisation, audited with what it was before."""
    before = value(key)
    if before == new:
        return
    PolicySetting.objects.update_or_create(
        key=key, defaults={"value": new, "changed_at": now, "changed_by": by}
    )
    audit.record(
        "policy", ("policy", key), by=by, now=now, changes={key: [before, new]}, reason=reason
    )
    forget()


@transaction.atomic
def reset_value(key: str, *, by: User, now: datetime) -> None:
    """Goes back to what is shipped."""
    before = value(key)
    if PolicySetting.objects.filter(key=key).delete()[0]:
        forget()
        audit.record("policy", ("policy", key), by=by, now=now, changes={key: [before, value(key)]})
