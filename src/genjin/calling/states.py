"""Choices and state tables of telephone work."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from genjin.kernel.states import StateTable


class CampaignKind(models.TextChoices):
    """Outbound kinds; each has its purpose for the gate in `PURPOSE_OF`."""

    SELLING = "selling", _("Selling")
    SURVEY = "survey", _("Survey")
    MARKET_TEST = "market_test", _("Market test")
    SALES_SUPPORT = "sales_support", _("Sales support")
    SERVICE = "service", _("Service call")
    RETURN_CALL = "return_call", _("Return call")
    DATA = "data", _("Data gathering")


PURPOSE_OF = {
    CampaignKind.SELLING: "sell",
    CampaignKind.SURVEY: "survey",
    CampaignKind.MARKET_TEST: "survey",
    CampaignKind.SALES_SUPPORT: "sell",
    CampaignKind.SERVICE: "service",
    CampaignKind.RETURN_CALL: "care",
    CampaignKind.DATA: "survey",
}


class CampaignState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    BRIEFING = "briefing", _("Briefing")
    PILOT = "pilot", _("Pilot")
    RUNNING = "running", _("Running")
    PAUSED = "paused", _("Stopped for now")
    REVIEW = "review", _("Closing review")
    CLOSED = "closed", _("Closed")


_C = CampaignState
CAMPAIGN_STATES = StateTable(
    states=list(CampaignState.values),
    transitions={
        _C.DRAFT: {_C.BRIEFING, _C.CLOSED},
        _C.BRIEFING: {_C.DRAFT, _C.PILOT, _C.CLOSED},
        _C.PILOT: {_C.RUNNING, _C.PAUSED, _C.REVIEW},
        _C.RUNNING: {_C.PAUSED, _C.REVIEW},
        _C.PAUSED: {_C.PILOT, _C.RUNNING, _C.REVIEW},
        _C.REVIEW: {_C.RUNNING, _C.CLOSED},
    },
)
CALLING = (_C.PILOT, _C.RUNNING)


class AgentState(models.TextChoices):
    """示闲, 通话, 话后整理, 示忙, 小休; `off` is signed out."""

    OFF = "off", pgettext_lazy("agent", "Off")
    READY = "ready", pgettext_lazy("agent", "Ready")
    ON_CALL = "on_call", pgettext_lazy("agent", "On call")
    WRAP_UP = "wrap_up", pgettext_lazy("agent", "Wrap-up")
    BUSY = "busy", pgettext_lazy("agent", "Busy")
    BREAK = "break", pgettext_lazy("agent", "Break")


_A = AgentState
_WORKING = {_A.READY, _A.ON_CALL, _A.WRAP_UP, _A.BUSY, _A.BREAK, _A.OFF}
AGENT_STATES = StateTable(
    states=list(AgentState.values),
    transitions={state: _WORKING - {state} for state in AgentState},
)


class IntroductionState(models.TextChoices):
    """An agent's own introduction is used only when someone else approved it (CA2)."""

    PROPOSED = "proposed", _("Waits for approval")
    APPROVED = "approved", _("Approved")
    REFUSED = "refused", _("Refused")


INTRODUCTION_STATES = StateTable(
    states=list(IntroductionState.values),
    transitions={
        IntroductionState.PROPOSED: {IntroductionState.APPROVED, IntroductionState.REFUSED},
    },
)
