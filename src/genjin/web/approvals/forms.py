"""Forms of the inbox."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from genjin.foundation.models import User


class DecisionForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"), max_length=300, required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Needed for a refusal."),
    )  # fmt: skip


class AwayForm(forms.Form):
    to = forms.ModelChoiceField(label=_("Who decides for you"), queryset=User.objects.none())
    starts_on = forms.DateField(label=_("First day"), widget=forms.DateInput({"type": "date"}))
    ends_on = forms.DateField(label=_("Last day"), widget=forms.DateInput({"type": "date"}))

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = User.objects.filter(is_active=True).exclude(pk=person.pk).order_by("name", "pk")
        self.fields["to"].queryset = others  # type: ignore[attr-defined]
