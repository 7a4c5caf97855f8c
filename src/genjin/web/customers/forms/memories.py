"""News, wanted items and promises."""

from datetime import date, datetime, time
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy

from genjin.followups.states import CommitmentKind
from genjin.foundation.models import User
from genjin.web.customers.forms.base import DATE


class ClipForm(forms.Form):
    """News that opens a call."""

    text = forms.CharField(
        label=gettext_lazy("News"), max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )
    source = forms.CharField(label=gettext_lazy("Source"), max_length=120, required=False)
    expires_on = forms.DateField(
        label=gettext_lazy("Stale after"), required=False, widget=forms.DateInput(attrs=DATE)
    )


class WantedForm(forms.Form):
    text = forms.CharField(label=gettext_lazy("What was asked for"), max_length=200)


class CommitmentForm(forms.Form):
    """Something that we promise the customer."""

    text = forms.CharField(label=gettext_lazy("What we promise"), max_length=300)
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"), choices=CommitmentKind.choices, initial=CommitmentKind.CALL
    )
    owner = forms.ModelChoiceField(label=gettext_lazy("Owner"), queryset=User.objects.none())
    due = forms.DateField(label=gettext_lazy("Due"), widget=forms.DateInput(attrs=DATE))
    due_time = forms.TimeField(
        label=gettext_lazy("Time"), initial=time(10), widget=forms.TimeInput(attrs={"type": "time"})
    )

    remind_at = forms.DateTimeField(
        label=gettext_lazy("Remind at"), required=False,
        help_text=gettext_lazy("Left empty: as usual for this kind."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )  # fmt: skip

    def __init__(self, *args: Any, people: QuerySet[User], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["owner"].queryset = people  # type: ignore[attr-defined]

    def due_at(self) -> datetime:
        day: date = self.cleaned_data["due"]
        return timezone.make_aware(datetime.combine(day, self.cleaned_data["due_time"]))


class PromiseEndForm(forms.Form):
    """A promise that ends without being kept."""

    how = forms.ChoiceField(
        label=gettext_lazy("What became of it"),
        choices=[
            ("broken", gettext_lazy("We did not keep it")),
            ("withdrawn", gettext_lazy("The customer no longer wants it")),
        ],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300)
