"""Why a message waits or ended unsent, as sentences; `followups.sentences` says them."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

Data = Mapping[str, Any]


def _when(value: Any) -> str:
    moment = parse_datetime(value) if isinstance(value, str) else value
    if moment is None:
        return "–"
    local = localtime(moment)
    return f"{date_format(local, 'SHORT_DATE_FORMAT')} {date_format(local, 'H:i')}"


SENTENCES: dict[str, Callable[[Data], str]] = {
    "message_expired": lambda data: (
        _("It had lost its sense by %(time)s.") % {"time": _when(data.get("at"))}
    ),
    "address_retired": lambda _data: _("The address is no longer on the card."),
    "outside_production": lambda _data: _(
        "This installation is not the real one, and the address is not on its list of those that"
        " may be written to."
    ),
    "sample_organisation": lambda _data: _(
        "These are invented people of the sample organisation; nothing is sent to them."
    ),
    "cannot_be_written": lambda data: (
        _("It could not be put together: %(error)s") % {"error": data.get("error", "")}
    ),
    "gave_up": lambda data: _("Given up after %(tries)s tries.") % {"tries": data.get("tries", "")},
    "guard_failed": lambda _data: _(
        "Whether it is still right to send it could not be found out; tried again later."
    ),
    "cancelled_because": lambda data: _("Stopped: %(reason)s") % {"reason": data.get("reason", "")},
    "message_not_sent": lambda data: (
        _("The message did not go; the server said: %(reply)s") % {"reply": data.get("reply", "")}
    ),
    "needs_a_person": lambda _data: _("A person has to do this one."),
    "nothing_composed": lambda _data: _("Its text is not written by the system."),
    "no_address": lambda _data: _("The customer has no address in order for it."),
    "bad_input": lambda _data: _("What was to be sent is not complete."),
    "message_moved_on": lambda _data: _("Somebody else decided about this message; look again."),
}
