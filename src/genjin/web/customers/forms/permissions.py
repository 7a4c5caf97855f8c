"""What the customer allows, what is held, and for which reason."""

from django import forms
from django.utils.translation import gettext_lazy

from genjin.customers.states import HoldReason
from genjin.followups.states import Channel, Purpose


class ConsentForm(forms.Form):
    """What the customer allows or refuses."""

    answer = forms.ChoiceField(
        label=gettext_lazy("Answer"), widget=forms.RadioSelect, initial="refused",
        choices=[("refused", gettext_lazy("Refused")), ("given", gettext_lazy("Agreed"))],
    )  # fmt: skip
    channel = forms.ChoiceField(
        label=gettext_lazy("Channel"), required=False,
        choices=[("", gettext_lazy("every channel")), *Channel.choices],
    )  # fmt: skip
    purpose = forms.ChoiceField(
        label=gettext_lazy("Purpose"), required=False,
        choices=[("", gettext_lazy("every purpose")), *Purpose.choices],
    )  # fmt: skip
    source = forms.CharField(
        label=gettext_lazy("How we know"), max_length=60,
        help_text=gettext_lazy("For example: said on the phone, form of 3 May."),
    )  # fmt: skip
    evidence = forms.CharField(label=gettext_lazy("Evidence"), max_length=300, required=False)


class HoldForm(forms.Form):
    """A hold: what is stopped, why and how long."""

    purposes = forms.MultipleChoiceField(
        label=gettext_lazy("Stops"), initial=["sell"], widget=forms.CheckboxSelectMultiple,
        choices=[*Purpose.choices, ("deliver", gettext_lazy("Deliveries"))],
    )  # fmt: skip
    reason = forms.ChoiceField(label=gettext_lazy("Reason"), choices=HoldReason.choices)
    note = forms.CharField(label=gettext_lazy("Reason in words"), max_length=300)
    days = forms.IntegerField(
        label=gettext_lazy("Days"), min_value=1, max_value=30, initial=14,
        help_text=gettext_lazy("At most 30; then it ends or is renewed with a reason."),
    )  # fmt: skip


class RenewForm(forms.Form):
    note = forms.CharField(label=gettext_lazy("Reason in words"), max_length=300)
    days = forms.IntegerField(label=gettext_lazy("Days"), min_value=1, max_value=30, initial=14)


class ReasonForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300)
