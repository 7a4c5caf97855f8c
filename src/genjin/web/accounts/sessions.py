"""Open sessions as a page shows them. The key of a session is a secret and never leaves here."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from genjin.foundation import queries
from genjin.foundation.models import User, UserSession

_BROWSERS = (
    ("Edg/", "Edge"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True)
class OpenSession:
    """One open session: where, on what, since when; `handle` names it in a form."""

    handle: str
    device: str
    address: str
    started_at: datetime
    seen_at: datetime
    is_this: bool


def handle_of(key: str) -> str:
    return salted_hmac("genjin.session-list", key).hexdigest()[:24]


def device_of(agent: str) -> str:
    """Browser and system in two words, from what the browser calls itself."""
    browser = next((name for sign, name in _BROWSERS if sign in agent), "")
    system = next((name for sign, name in _SYSTEMS if re.search(sign, agent)), "")
    return ", ".join(filter(None, (browser, system))) or _("Unknown device")


def open_sessions(user: User, *, now: datetime, this_key: str | None = None) -> list[OpenSession]:
    return [
        OpenSession(
            handle=handle_of(row.session_key),
            device=device_of(row.agent),
            address=row.address or "–",
            started_at=row.started_at,
            seen_at=row.seen_at,
            is_this=row.session_key == this_key,
        )
        for row in queries.sessions_of(user, now)
    ]


def keys_for(user: User, handles: Iterable[str]) -> list[str]:
    """The keys of the sessions of `user` that a form named."""
    wanted = list(handles)
    return [
        key
        for key in UserSession.objects.filter(user=user).values_list("session_key", flat=True)
        if any(constant_time_compare(handle_of(key), handle) for handle in wanted)
    ]
