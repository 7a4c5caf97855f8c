"""The form that corrects a record of the logbook."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from genjin.calling.models import Campaign
from genjin.flows.purposes import outcomes_for
from genjin.followups.models import Interaction


class CorrectionForm(forms.Form):
    """The whole corrected content, and why."""

    template_name = "partials/form.html"
    code = forms.ChoiceField(label=_("Outcome"))
    talk_seconds = forms.IntegerField(
        label=_("Talk time (seconds)"), min_value=0, max_value=6 * 3600
    )
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    next_step = forms.CharField(label=_("Next step"), required=False, max_length=300)
    reason = forms.CharField(
        label=_("Reason for the correction"),
        max_length=300,
        help_text=_("Both records stay and are shown; the figures follow the corrected one."),
    )

    def __init__(
        self, *arguments: Any, interaction: Interaction, campaign: Campaign | None, **named: Any
    ) -> None:
        named.setdefault(
            "initial",
            {
                "code": interaction.outcome,
                "talk_seconds": interaction.talk_seconds,
                "note": interaction.note,
                "next_step": interaction.next_step,
            },
        )
        super().__init__(*arguments, **named)
        rules = outcomes_for(interaction.purpose, campaign.kind if campaign else "")
        code = self.fields["code"]
        assert isinstance(code, forms.ChoiceField)
        code.choices = [(rule.code, rule.label) for rule in rules]
