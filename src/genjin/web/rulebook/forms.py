"""The form of one rule: it parses; `followups.rulebook.operations` decides."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from genjin.followups.models import FollowUpRule
from genjin.followups.rulebook import sentences
from genjin.followups.states import Channel, Purpose
from genjin.foundation.models import Team
from genjin.kernel.errors import BadInput
from genjin.web.rulebook.words import problem

NUMBERS = ("delay_days", "delay_hours", "at_hour", "window_days", "expires_days", "once_per_days",
           "rank")  # fmt: skip


def _number(label: Any, help_text: Any = "", *, required: bool = True) -> forms.IntegerField:
    return forms.IntegerField(
        label=label, required=required, help_text=help_text,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )  # fmt: skip


class RuleForm(forms.Form):
    """What a rule says, apart from its event and its conditions."""

    name = forms.CharField(label=_("Name"), max_length=120)
    subject = forms.CharField(
        label=_("What the contact is about"), max_length=120,
        help_text=_("Shown to whoever makes the contact; what it concerns is added by itself."),
    )  # fmt: skip
    channel = forms.ChoiceField(label=_("Channel"), choices=Channel.choices)
    purpose = forms.ChoiceField(label=_("Purpose"), choices=Purpose.choices)
    delay_days = _number(_("Days after the event"), _("Negative: days before it."))
    delay_hours = _number(_("Hours after the event"), _("Counts where no hour is given."))
    at_hour = _number(_("From hour"), _("0 to 23; empty: from the start of the day."),
                      required=False)  # fmt: skip
    window_days = _number(_("Days to do it in"), _("Then it goes up to the supervisor."))
    expires_days = _number(_("Loses its sense after days"),
                           _("Counted from the event; empty: never."), required=False)  # fmt: skip
    once_per_days = _number(_("At most once in days"), _("For one customer; empty: every time."),
                            required=False)  # fmt: skip
    rank = _number(_("Priority"), _("1 to 999; the lower comes first."))
    assign_to = forms.ChoiceField(label=_("Who makes it"), choices=list(sentences.ASSIGNED.items()))
    team = forms.ModelChoiceField(
        label=_("Team"), required=False, queryset=Team.objects.filter(is_active=True),
        empty_label=_("Every team"),
    )  # fmt: skip

    def __init__(self, *args: Any, language: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.language = language

    @classmethod
    def of(cls, rule: FollowUpRule, data: Any, *, language: str) -> "RuleForm":
        """The form of a rule that exists, or of a new one with its first values."""
        plain = ("channel", "purpose", "assign_to", "team", *NUMBERS)
        initial = {name: getattr(rule, name) for name in plain} | {
            "name": sentences.name_of(rule, language) if rule.labels else "",
            "subject": sentences.Subjects([rule], language).of(rule.code, {})
            if rule.subject
            else "",
        }
        return cls(data, initial=initial, language=language)

    def values(self, rule: FollowUpRule) -> dict[str, Any]:
        """What was typed, as the operation takes it; names of other languages stay."""
        data = {**self.cleaned_data}
        for name, column in (("name", "labels"), ("subject", "subject")):
            text, known = data.pop(name).strip(), getattr(rule, column)
            shown = self.initial.get(name, "")
            data[column] = known if known and text == shown else {**known, self.language: text}
        return data

    def take(self, error: BadInput) -> None:
        """Shows an operation's refusals beside the fields they belong to."""
        columns = {"labels": "name"}
        for name, reasons in error.problems.items():
            field = columns.get(str(name), str(name))
            for reason in reasons:
                self.add_error(field if field in self.fields else None, problem(reason))


class NewRuleForm(forms.Form):
    """Which event a new rule is for."""

    event = forms.ChoiceField(label=_("Event"))

    def __init__(self, *args: Any, choices: list[tuple[str, Any]], **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["event"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices
