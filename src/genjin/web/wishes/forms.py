"""The form of the page of wishes: what, on which way, and when."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.utils.translation import pgettext_lazy as pgettext

from genjin.followups.operations.wishes import Cell, cells
from genjin.followups.sentences import hours_in_words
from genjin.followups.wishes.letters import purpose_for_customers
from genjin.kernel.worktime import WeeklyHours

KEEP, USUAL, OWN = "keep", "usual", "own"
CHANNELS = {
    "call": gettext_lazy("by telephone"),
    "message": gettext_lazy("by text message"),
    "email": gettext_lazy("by e-mail"),
    "letter": gettext_lazy("by post"),
    "visit": gettext_lazy("by a visit"),
    "fax": gettext_lazy("by fax"),
    "web": gettext_lazy("on the web"),
}
DAYS = (
    ("mon", pgettext("short day", "Mon")), ("tue", pgettext("short day", "Tue")),
    ("wed", pgettext("short day", "Wed")), ("thu", pgettext("short day", "Thu")),
    ("fri", pgettext("short day", "Fri")), ("sat", pgettext("short day", "Sat")),
    ("sun", pgettext("short day", "Sun")),
)  # fmt: skip


def _time(label: Any) -> forms.TimeField:
    return forms.TimeField(
        label=label, required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )


class WishesForm(forms.Form):
    """A tick for each purpose and channel, and the hours at which to ring."""

    days = forms.MultipleChoiceField(
        label=gettext_lazy("Days"), required=False, choices=DAYS,
        initial=["mon", "tue", "wed", "thu", "fri"],
    )  # fmt: skip
    from_1 = _time(gettext_lazy("from"))
    to_1 = _time(gettext_lazy("until"))
    from_2 = _time(gettext_lazy("and from"))
    to_2 = _time(gettext_lazy("until"))

    def __init__(self, *arguments: Any, allowed: dict[Cell, bool], hours: str, **named: Any):
        super().__init__(*arguments, **named)
        self.hours_now = hours
        for purpose, channel in cells():
            self.fields[f"{purpose}.{channel}"] = forms.BooleanField(
                label=CHANNELS.get(channel, channel), required=False,
                initial=allowed.get((purpose, channel), False),
            )  # fmt: skip
        kept = [(KEEP, _("As until now: %(hours)s") % {"hours": hours_in_words(hours)})]
        self.fields["when"] = forms.ChoiceField(
            required=False, widget=forms.RadioSelect, initial=KEEP if hours else USUAL,
            choices=[*(kept if hours else []), (USUAL, _("At the usual hours of work")),
                     (OWN, _("Only at these times:"))],
        )  # fmt: skip

    def rows(self) -> list[dict[str, Any]]:
        """For each purpose its ticks."""
        found: dict[str, list[Any]] = {}
        for purpose, channel in cells():
            found.setdefault(purpose, []).append(self[f"{purpose}.{channel}"])
        return [
            {"label": purpose_for_customers(purpose), "ticks": ticks}
            for purpose, ticks in found.items()
        ]

    def times(self) -> list[Any]:
        return [self[name] for name in ("from_1", "to_1", "from_2", "to_2")]

    def wanted(self) -> dict[Cell, bool]:
        return {cell: bool(self.cleaned_data[f"{cell[0]}.{cell[1]}"]) for cell in cells()}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        data["hours"] = None
        if data.get("when") == USUAL:
            data["hours"] = "" if self.hours_now else None
        elif data.get("when") == OWN:
            data["hours"] = self._own(data)
        return data

    def _own(self, data: dict[str, Any]) -> str | None:
        """The weekly text of what was chosen; a half-filled choice is told beside it."""
        spans = [
            (data[f"from_{place}"], data[f"to_{place}"])
            for place in (1, 2)
            if data.get(f"from_{place}") or data.get(f"to_{place}")
        ]
        if not data.get("days") or not spans:
            self.add_error("when", _("Choose days and times."))
            return None
        if any(start is None or end is None or start >= end for start, end in spans):
            self.add_error("when", _("Each time needs a beginning and a later end."))
            return None
        hours = " ".join(f"{start:%H:%M}-{end:%H:%M}" for start, end in spans)
        return str(WeeklyHours.parse("; ".join(f"{day} {hours}" for day in data["days"])))


class PointForm(forms.Form):
    """Another number or address."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        choices=[("phone", gettext_lazy("Telephone")), ("email", gettext_lazy("E-mail"))],
    )
    value = forms.CharField(label=gettext_lazy("Number or address"), max_length=254)
