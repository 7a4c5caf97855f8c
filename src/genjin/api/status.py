"""Whether the system is well, and as whom one is here."""

from datetime import datetime

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_noop as _
from pydantic import Field

from genjin import __version__
from genjin.api.area import Area
from genjin.api.guard import caller, caller_token
from genjin.api.shapes import Shown
from genjin.customers.sentences import sentence
from genjin.foundation import access
from genjin.foundation.models import Heartbeat

area = Area("status", title=_("Status"), says=sentence)


class Status(Shown):
    """The system as a caller needs to know it."""

    version: str = Field(description=_("The version of the product."))
    now: datetime
    worker_seen_at: datetime | None = Field(
        description=_("When the worker was last heard of; more than 30 seconds ago is too long.")
    )
    person: str = Field(description=_("The sign-in name of the token's person."))
    role: str
    token: str = Field(description=_("The name of the token."))
    scope: str = Field(description=_("read or write."))
    expires_at: datetime | None
    rights: list[str] = Field(description=_("What this person may do."))


@area.get("status", right=access.SIGNED_IN, answer=Status, summary=_("See whether all is well"))
def read(request: HttpRequest) -> Status:
    user, token = caller(request), caller_token(request)
    role = access.role_of(user)
    beat = Heartbeat.objects.filter(name="worker").first()
    return Status(
        version=__version__, now=timezone.now(), worker_seen_at=beat.at if beat else None,
        person=user.username, role=user.role, token=token.name, scope=token.scope,
        expires_at=token.expires_at, rights=sorted(role.rights) if role else [],
    )  # fmt: skip
