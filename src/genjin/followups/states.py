"""Choices and state tables of the queue."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from genjin.kernel.states import StateTable


class Purpose(models.TextChoices):
    SERVICE = "service", _("Service")
    COLLECT = "collect", _("Collection")
    SELL = "sell", _("Selling")
    SURVEY = "survey", _("Survey")
    CARE = "care", _("Care")
    SECURITY = "security", _("Security")


class Channel(models.TextChoices):
    CALL = "call", _("Call")
    VISIT = "visit", _("Visit")
    LETTER = "letter", _("Letter")
    EMAIL = "email", _("E-mail")
    MESSAGE = "message", _("Message")
    FAX = "fax", _("Fax")
    WEB = "web", _("Web")


class State(models.TextChoices):
    """`planned` waits for its time; `ready` may be taken; `taken` is in one person's hands."""

    PLANNED = "planned", _("Planned")
    READY = "ready", pgettext_lazy("follow-up", "Ready")
    TAKEN = "taken", _("In hand")
    DONE = "done", _("Done")
    CANCELLED = "cancelled", _("Cancelled")
    EXPIRED = "expired", _("Expired")


FOLLOWUP_STATES = StateTable(
    states=list(State.values),
    transitions={
        State.PLANNED: {State.READY, State.TAKEN, State.CANCELLED, State.EXPIRED},
        State.READY: {State.PLANNED, State.TAKEN, State.CANCELLED, State.EXPIRED},
        State.TAKEN: {State.PLANNED, State.READY, State.DONE, State.CANCELLED},
        # A call back to a message that we left opens what it ended (FU5).
        State.DONE: {State.TAKEN},
    },
)
OPEN = (State.PLANNED, State.READY, State.TAKEN)
WAITING = (State.PLANNED, State.READY)


class ContactState(models.TextChoices):
    """Written before the contact is made; `unknown` is never repeated by machine."""

    STARTED = "started", _("Started")
    CLOSED = "closed", _("Closed")
    UNKNOWN = "unknown", _("Outcome not known")


CONTACT_STATES = StateTable(
    states=list(ContactState.values),
    transitions={
        ContactState.STARTED: {ContactState.CLOSED, ContactState.UNKNOWN},
        ContactState.UNKNOWN: {ContactState.CLOSED},
    },
)


class CommitmentKind(models.TextChoices):
    """What was promised (FU9)."""

    CALL = "call", _("Call back")
    DATE = "date", pgettext_lazy("promise", "A date")
    GIFT = "gift", _("Gift")
    REBATE = "rebate", _("Rebate")
    PAPERS = "papers", _("Papers or data")
    OTHER = "other", _("Other")


class CommitmentState(models.TextChoices):
    OPEN = "open", _("Open")
    KEPT = "kept", _("Kept")
    BROKEN = "broken", _("Broken")
    WITHDRAWN = "withdrawn", _("Withdrawn")


COMMITMENT_STATES = StateTable(
    states=list(CommitmentState.values),
    transitions={
        CommitmentState.OPEN: {
            CommitmentState.KEPT,
            CommitmentState.BROKEN,
            CommitmentState.WITHDRAWN,
        },
    },
)


class MessageState(models.TextChoices):
    """What became of a message that a machine sends.

    `claimed` lies with a worker and was not begun; `sending` may be under way at the server;
    `unknown` was begun and nobody knows whether the server took it: it waits for a person.
    """

    WAITING = "waiting", pgettext_lazy("message", "Waiting")
    CLAIMED = "claimed", pgettext_lazy("message", "About to go")
    SENDING = "sending", pgettext_lazy("message", "Being sent")
    SENT = "sent", pgettext_lazy("message", "Sent")
    UNKNOWN = "unknown", pgettext_lazy("message", "Not known whether sent")
    REFUSED = "refused", pgettext_lazy("message", "Refused by the server")
    FAILED = "failed", pgettext_lazy("message", "Could not be sent")
    WITHHELD = "withheld", pgettext_lazy("message", "Held back")
    CANCELLED = "cancelled", pgettext_lazy("message", "Cancelled")
    NOT_ALLOWED = "not_allowed", pgettext_lazy("message", "Not sent: outside production")


_M = MessageState
_ENDS_UNSENT = {_M.CANCELLED, _M.WITHHELD, _M.NOT_ALLOWED, _M.FAILED}
MESSAGE_STATES = StateTable(
    states=list(_M.values),
    transitions={
        _M.WAITING: {_M.CLAIMED, *_ENDS_UNSENT},
        _M.CLAIMED: {_M.SENDING, _M.WAITING, *_ENDS_UNSENT},
        _M.SENDING: {_M.SENT, _M.WAITING, _M.REFUSED, _M.FAILED, _M.UNKNOWN},
        # A worker that was believed dead may still bring the server's answer.
        _M.UNKNOWN: {_M.SENT, _M.WAITING, _M.REFUSED, _M.FAILED, _M.CANCELLED},
        _M.FAILED: {_M.WAITING, _M.CANCELLED},
    },
)
# Not begun: a fact or a person may still stop it.
UNBEGUN = (_M.WAITING, _M.CLAIMED)
# The channels on which a machine delivers; on the others a person does.
MACHINE_CHANNELS = (Channel.EMAIL,)


class AskedState(models.TextChoices):
    """What came of asking a customer for consent; `asked` is no consent."""

    ASKED = "asked", pgettext_lazy("consent", "Asked, not answered yet")
    AGREED = "agreed", pgettext_lazy("consent", "Agreed")
    DECLINED = "declined", pgettext_lazy("consent", "Declined")


ASKED_STATES = StateTable(
    states=list(AskedState.values),
    transitions={AskedState.ASKED: {AskedState.AGREED, AskedState.DECLINED}},
)
