"""Who is asking: the session and its person, read for every request with two planned statements."""

from datetime import datetime
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from genjin.foundation.compiled import Compiled
from genjin.foundation.models import User

_SESSION = Compiled(
    lambda key, now: Session.objects.filter(session_key=key, expire_date__gt=now),
    key=str,
    now=datetime,
)
_PERSON = Compiled(lambda pk: User.objects.filter(pk=pk), pk=int)


class SessionStore(db.SessionStore):
    """Sessions in the database, as Django keeps them."""

    def _get_session_from_db(self) -> Session | None:
        key = self.session_key or ""
        found = _SESSION.first(key=key, now=timezone.now()) if key.isalnum() else None
        if found is None:
            self._session_key = None
        return found


class Backend(ModelBackend):
    """Signs in by name and password; rights stand in policy/roles.toml and not here."""

    def get_user(self, user_id: Any) -> User | None:
        person = _PERSON.first(pk=int(user_id))
        return person if person is not None and self.user_can_authenticate(person) else None
