"""The sentences for what stands against a campaign or a field of it, in the reader's language."""

from collections.abc import Mapping
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from genjin.kernel.problems import Reason
from genjin.kernel.worktime import WeeklyHours


def _day(value: Any) -> str:
    return date_format(value, "Y-m-d") if hasattr(value, "year") else str(value)


def sentence(reason: Reason) -> str:
    """One sentence for a reason of `calling.rules` or `calling.operations.campaigns`."""
    data = dict(reason.data)
    plain = {
        "required": _("This is needed."),
        "no_segment": _("Choose the segment of customers to call."),
        "no_hours": _("State the hours in which it calls."),
        "script_not_published": _("Choose a script with a published version."),
        "no_briefing": _("Write the briefing that every agent reads before the first call."),
        "no_questions": _("Ask at least one question about the briefing."),
        "no_goals": _("State a goal for the month, the day or the hour."),
        "no_agents": _("Choose at least one agent."),
        "pilot_not_begun": _("The pilot week has not begun."),
        "hours_not_understood": _("Write hours like 09:00-11:30 13:30-17:30."),
        "at_least_one": _("This must be at least one."),
        "goal_not_understood": _("A goal is a number that is not negative."),
        "campaign_over": _("The campaign is over and cannot be changed any more."),
        "campaign_not_ready": _("Something is still missing before this step."),
        "state_changed": _("Somebody else changed the campaign meanwhile. Look again."),
    }
    found = plain.get(reason.code) or _counted(reason.code, data) or _with_values(reason.code)
    return found % {name: _day(value) for name, value in data.items()} if data else found


def _counted(code: str, data: dict[str, Any]) -> str:
    if code == "nobody_briefed":
        return ngettext(
            "The agent has not passed the briefing yet.",
            "None of the %(agents)s agents has passed the briefing yet.",
            data["agents"],
        )
    if code == "calls_in_hand":
        return ngettext(
            "One call is still in hand.", "%(count)s calls are still in hand.", data["count"]
        )
    return ""


def _with_values(code: str) -> str:
    return {
        "already_over": _("Its last day, %(ends_on)s, is over."),
        "pilot_unfinished": _(
            "The pilot week lasts until %(until)s. To end it earlier, state the reason."
        ),
        "ends_before_start": _("The last day lies before the first, %(starts_on)s."),
        "name_taken": _("Another campaign is called “%(name)s”."),
        "question_incomplete": _(
            "Question %(number)s needs a text, at least two answers and the right one marked."
        ),
        "retry_out_of_bounds": _("Try again after at least one minute, at most twenty times."),
        "not_later": _("Choose a day after %(rotates_on)s."),
        "already_filled": _("Customers are already chosen; make another campaign for others."),
        "illegal_transition": _("This step does not follow the present state."),
    }.get(code) or _("This is not possible now.")


WEEKDAYS = (
    gettext_lazy("Monday"), gettext_lazy("Tuesday"), gettext_lazy("Wednesday"),
    gettext_lazy("Thursday"), gettext_lazy("Friday"), gettext_lazy("Saturday"),
    gettext_lazy("Sunday"),
)  # fmt: skip


def hours_in_words(weekly: str) -> list[tuple[str, str]]:
    """Weekly hours as people read them: days alike together, each with its spans."""
    codes = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    text = WeeklyHours.parse(weekly).format()
    found = []
    for part in text.split("; ") if text != "closed" else ():
        days, spans = part.split(" ", 1)
        names = [str(WEEKDAYS[codes.index(code)]) for code in days.split("-")]
        found.append((" – ".join(names), spans.replace("-", "–").replace(" ", ", ")))
    return found


def heading(code: str) -> str:
    """Why the gate holds customers back, short enough for a list with counts."""
    return {
        "do_not_contact": _("Wants no contact at all"),
        "consent_refused": _("Refused this purpose"),
        "consent_missing": _("Has not agreed to this purpose"),
        "held": _("On hold"),
        "cooling_off": _("Said no not long ago"),
        "cap_reached": _("Contacted often enough lately"),
        "outer_hours": _("Outside the hours the law allows"),
        "stated_hours": _("Outside the hours the customer stated"),
        "quiet_hours": _("Outside working hours"),
        "queue_hours": _("Outside the campaign's hours"),
        "holiday": _("Public holiday"),
        "number_not_in_order": _("No number in order"),
        "outcome_unknown": _("A call without an outcome"),
    }.get(code) or _("Other reasons")


def sheet_blocks(sheet: Mapping[str, str]) -> list[tuple[str, str]]:
    """The blocks of a campaign's sheet that say something, with their names (CA1)."""
    names = {
        "product": _("Product"),
        "price": _("Price"),
        "process": _("Process"),
        "people": _("People"),
    }
    return [(label, sheet[name]) for name, label in names.items() if sheet.get(name)]
