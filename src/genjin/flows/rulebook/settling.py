"""What a contact of the rulebook settles beside its own follow-up."""

from datetime import datetime
from uuid import UUID

from genjin.customers.models import Event, WantedItem
from genjin.customers.operations.memories import close_wanted
from genjin.followups.models import FollowUp
from genjin.followups.rulebook.about import SOURCE
from genjin.foundation.models import User


def settle(followup: FollowUp, *, by: User, now: datetime) -> None:
    """Closes the wish that a customer was told about (CU12). The caller holds the transaction."""
    if followup.source_kind != SOURCE:
        return
    event = Event.objects.filter(pk=UUID(followup.cause_key[-36:])).first()
    if event is None or event.source_kind != "wanteditem":
        return
    for item in WantedItem.objects.filter(pk=event.source_id):
        close_wanted(item, by=by, now=now)
