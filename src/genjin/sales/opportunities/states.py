"""Choices of opportunities. Stages are policy/pipeline.toml's own and no state."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from genjin.kernel.states import StateTable


class OpportunityState(models.TextChoices):
    """Won needs an order, lost a reason; dropped is what we gave up ourselves."""

    OPEN = "open", pgettext_lazy("opportunity", "Open")
    WON = "won", pgettext_lazy("opportunity", "Won")
    LOST = "lost", pgettext_lazy("opportunity", "Lost")
    DROPPED = "dropped", pgettext_lazy("opportunity", "Given up")


_S = OpportunityState
# A won one comes back when its order is cancelled; a lost or dropped one when they ask again.
OPPORTUNITY_STATES = StateTable(
    states=list(_S.values),
    transitions={
        _S.OPEN: {_S.WON, _S.LOST, _S.DROPPED},
        _S.WON: {_S.OPEN},
        _S.LOST: {_S.OPEN},
        _S.DROPPED: {_S.OPEN},
    },
    initial=_S.OPEN,
)


class Move(models.TextChoices):
    """What a move moved."""

    OPENED = "opened", _("Opened")
    STAGE = "stage", _("Stage")
    GRADE = "grade", _("Grade")
    CONFIRMED = "confirmed", _("Grade confirmed")
    FIGURES = "figures", _("Amount and day")
    OWNER = "owner", _("Owner")
    STATE = "state", _("State")
