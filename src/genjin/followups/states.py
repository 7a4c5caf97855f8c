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
