"""The sentences of the floor's alarms and the pages where each is put right."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from genjin.kernel.problems import Reason
from genjin.web.ui.figures import number


def alarm(reason: Reason) -> dict[str, Any]:
    """An alarm as the page shows it: text, tone, sign and, where there is one, its page."""
    pages = {
        "escalated": reverse("floor-attention"),
        "unknown_contacts": reverse("floor-attention"),
        "rotation_due": reverse("floor-attention"),
    }
    return {
        "code": reason.code,
        "text": sentence(reason),
        "tone": "bad" if reason.is_blocker else "warn",
        "icon": SIGNS.get(reason.code, "alert-triangle"),
        "url": pages.get(reason.code, ""),
    }


SIGNS = {
    "wrap_up_too_long": "hourglass",
    "break_too_long": "coffee",
    "agent_silent": "wifi-off",
    "nobody_ready": "user-off",
    "queue_dry": "inbox",
    "goal_behind": "trending-down",
    "escalated": "flag",
    "unknown_contacts": "question-mark",
    "rotation_due": "rotate",
}


def sentence(reason: Reason) -> str:
    """One sentence for one alarm of `insight.alarms`."""
    data = dict(reason.data)
    if "count" in data:
        return _counted(reason.code, data["count"]) % {"count": number(data["count"])}
    if "seconds" in data:
        # Whole minutes: a sentence that changes every second would be read out every second.
        data["minutes"] = number(max(data["seconds"] // 60, 1))
    texts = {
        "wrap_up_too_long": _("%(name)s has been wrapping up for %(minutes)s min."),
        "break_too_long": _("%(name)s has been on break for %(minutes)s min."),
        "agent_silent": _("The desk of %(name)s has not answered for %(minutes)s min."),
        "nobody_ready": _("%(campaign)s: customers wait and nobody works on it."),
        "queue_dry": _("%(campaign)s: nobody is left to call now."),
        "goal_behind": _("%(campaign)s: %(successes)s of %(goal)s successes this hour."),
    }
    return texts[reason.code] % data


def _counted(code: str, count: int) -> str:
    if code == "escalated":
        return ngettext(
            "One follow-up is past its time.", "%(count)s follow-ups are past their time.", count
        )
    if code == "unknown_contacts":
        return ngettext(
            "One call was begun and has no outcome.",
            "%(count)s calls were begun and have no outcome.",
            count,
        )
    return ngettext("One agent is due to rotate.", "%(count)s agents are due to rotate.", count)
