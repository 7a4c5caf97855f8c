"""What the screens read of messages."""

from datetime import datetime

from django.db.models import Count, Q, QuerySet

from genjin.customers.visibility import visible_to
from genjin.followups.models import OutgoingMessage
from genjin.followups.states import UNBEGUN, MessageState
from genjin.foundation.access import scope_of
from genjin.foundation.models import User

NEEDS, WAITING, SENT, REFUSED, ENDED = "needs", "waiting", "sent", "refused", "ended"
# What each list shows. What needs a person comes first: nobody knows, or it could not be sent.
VIEWS: dict[str, tuple[str, ...]] = {
    NEEDS: (MessageState.UNKNOWN, MessageState.FAILED),
    WAITING: (*UNBEGUN, MessageState.SENDING),
    SENT: (MessageState.SENT,),
    REFUSED: (MessageState.REFUSED,),
    ENDED: (MessageState.WITHHELD, MessageState.CANCELLED, MessageState.NOT_ALLOWED),
}
_COUNTED = (NEEDS, WAITING)


def messages_for(user: User) -> QuerySet[OutgoingMessage]:
    """The messages to the customers in a person's scope."""
    rows = OutgoingMessage.objects.select_related("customer", "point", "created_by")
    if scope_of(user) == "all":
        return rows
    return rows.filter(customer__in=visible_to(user).values("pk"))


def in_view(rows: QuerySet[OutgoingMessage], view: str) -> QuerySet[OutgoingMessage]:
    """The rows of one list: what waits by its time, the rest newest first."""
    found = rows.filter(state__in=VIEWS[view])
    return found.order_by("not_before", "pk") if view == WAITING else found.order_by(
        "-created_at", "-pk")  # fmt: skip


def counts(rows: QuerySet[OutgoingMessage]) -> dict[str, int]:
    """How many are in the lists that somebody has to look at."""
    wanted = [state for view in _COUNTED for state in VIEWS[view]]
    found = rows.filter(state__in=wanted).order_by().aggregate(
        **{view: Count("pk", filter=Q(state__in=VIEWS[view])) for view in _COUNTED}
    )  # fmt: skip
    return dict(found)


def waiting_since(channel: str, now: datetime) -> datetime | None:
    """Since when the longest due message waits; None when nothing is due."""
    due = OutgoingMessage.objects.filter(
        state=MessageState.WAITING, channel=channel, not_before__lte=now
    )
    first = due.order_by("not_before").values_list("not_before", flat=True).first()
    return first
