"""Why a setting is refused, in the reader's language."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from genjin.followups import sentences as followups
from genjin.kernel.problems import Reason

_SENTENCES = {
    "not_a_choice": gettext_lazy("This is none of the choices."),
    "too_long": gettext_lazy("This is too long."),
    "unknown_time_zone": gettext_lazy("There is no such time zone; write it as Asia/Shanghai."),
    "unknown_place": gettext_lazy("No district is known in this address."),
    "another_year": gettext_lazy("There is a day of another year among them."),
    "no_days": gettext_lazy("Enter the days off of the whole year."),
    "both_off_and_worked": gettext_lazy("A day stands in both lists."),
    "not_a_weekend_day": gettext_lazy("Only Saturdays and Sundays are worked in exchange."),
}


def sentence(reason: Reason) -> str:
    if reason.code in _SENTENCES:
        return str(_SENTENCES[reason.code])
    if followups.knows(reason.code):
        return followups.sentence(reason)
    return _("This cannot be taken.")
