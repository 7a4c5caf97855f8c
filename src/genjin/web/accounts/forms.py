"""Forms of the door, of people and of one's own page. They parse; operations decide."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from genjin.foundation import policy, queries
from genjin.foundation.models import ApiToken, Team, User
from genjin.foundation.tokens import LONGEST_NAME
from genjin.web.accounts import words


class SignInForm(forms.Form):
    username = forms.CharField(
        label=_("Sign-in name"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


def time_zone_field() -> forms.CharField:
    return forms.CharField(
        label=_("Time zone"),
        max_length=60,
        widget=forms.TextInput(attrs={"list": "time-zones", "autocomplete": "off"}),
    )


def language_field() -> forms.ChoiceField:
    return forms.ChoiceField(label=_("Language of the screen"), choices=settings.LANGUAGES)


class PersonForm(forms.Form):
    """One person's card, as the administrator fills it in."""

    name = forms.CharField(label=pgettext_lazy("of a person", "Name"), max_length=80)
    staff_number = forms.CharField(
        label=_("Staff number"),
        max_length=20,
        required=False,
        help_text=_("Said to customers at the beginning and the end of a call."),
    )
    role = forms.ChoiceField(label=_("Role"), choices=words.role_choices)
    team = forms.ModelChoiceField(
        label=_("Team"), queryset=Team.objects.none(), required=False, empty_label="–"
    )
    spoken = forms.MultipleChoiceField(
        label=_("Languages spoken"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Customers who need one of these come to people who speak it."),
    )
    skills = forms.CharField(
        label=_("Skills"),
        required=False,
        max_length=300,
        help_text=_("Words of your own, with commas between; follow-ups may ask for one."),
    )
    language = language_field()
    time_zone = time_zone_field()

    def __init__(self, *args: Any, person: User | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        team, spoken = self.fields["team"], self.fields["spoken"]
        assert isinstance(team, forms.ModelChoiceField)
        assert isinstance(spoken, forms.ChoiceField)
        team.queryset = queries.teams_open_to(person)
        own = [code for code in (person.spoken if person else ()) if code not in words.SPOKEN]
        spoken.choices = [*words.SPOKEN.items(), *((code, code) for code in own)]
        if person is None:
            self.fields["language"].initial = policy.value("organisation.language")
            self.fields["time_zone"].initial = policy.value("organisation.time_zone")


class NewPersonForm(PersonForm):
    username = forms.CharField(
        label=_("Sign-in name"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
    field_order = ("username", "name", "staff_number", "role", "team")


class TeamForm(forms.Form):
    name = forms.CharField(label=_("Name of the team"), max_length=80)


class OwnSettingsForm(forms.Form):
    language = language_field()
    time_zone = time_zone_field()


class TokenForm(forms.Form):
    """An access token for another program; making one asks for the password anew."""

    name = forms.CharField(
        label=_("What it is for"),
        max_length=LONGEST_NAME,
        help_text=_("Such as the name of the other program; you find it again in the list."),
    )
    scope = forms.ChoiceField(
        label=_("What it may do"),
        choices=ApiToken.Scope.choices,
        initial=ApiToken.Scope.READ,
        widget=forms.RadioSelect,
    )
    last_day = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Empty: until somebody revokes it."),
    )
    present = forms.CharField(
        label=_("Your password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class PasswordForm(forms.Form):
    present = forms.CharField(
        label=_("Present password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new = forms.CharField(
        label=_("New password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("New password, once more"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("new") and values.get("again") and values["new"] != values["again"]:
            self.add_error("again", _("The two do not match."))
        return values
