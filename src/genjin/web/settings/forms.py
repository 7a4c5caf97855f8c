"""Forms of the settings. They parse; `foundation.operations.settings` and the policy decide."""

import re
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from genjin.followups.profiles import EditableRule
from genjin.followups.states import Channel, Purpose
from genjin.foundation import policy
from genjin.foundation.operations.settings import CURRENCIES, PLAIN
from genjin.kernel.errors import BadInput

UNITS = {"minutes": 60, "hours": 3600, "days": 86400}
_LONGEST_RANGE = timedelta(days=40)


class PlainForm(forms.Form):
    """Plain settings; `keys` gives the policy key of each field."""

    keys: dict[str, str] = {}

    def __init__(self, *args: Any, **options: Any) -> None:
        initial = {name: policy.value(key) for name, key in self.keys.items()}
        options["initial"] = initial
        super().__init__(*args, **options)
        for name, key in self.keys.items():
            field, setting = self.fields[name], PLAIN[key]
            if setting.kind == "integer":
                field.widget.attrs |= {"min": setting.least, "max": setting.most}

    def values(self) -> dict[str, Any]:
        return {key: self.cleaned_data[name] for name, key in self.keys.items()}

    def take(self, error: BadInput, sentence: Any) -> None:
        """Puts the problems of the operation beside their fields."""
        names = {key: name for name, key in self.keys.items()}
        for key, reasons in error.problems.items():
            for reason in reasons:
                self.add_error(names[str(key)], sentence(reason))


class OrganisationForm(PlainForm):
    keys = {
        "name": "organisation.name",
        "place": "organisation.place",
        "currency": "organisation.currency",
        "time_zone": "organisation.time_zone",
        "language": "organisation.language",
    }
    name = forms.CharField(
        label=_("Name of the organisation"),
        max_length=80,
        required=False,
        help_text=_("Scripts read it out where they say {organisation}."),
    )
    place = forms.CharField(
        label=_("Where we are"),
        max_length=200,
        required=False,
        help_text=_("An address; cards say how far a customer is from its district."),
    )
    currency = forms.ChoiceField(
        label=_("Home currency"),
        choices=[(code, code) for code in CURRENCIES],
        help_text=_("What an amount is in when nothing else is said."),
    )
    time_zone = forms.CharField(
        label=_("Time zone"),
        max_length=60,
        widget=forms.TextInput(attrs={"list": "time-zones", "autocomplete": "off"}),
        help_text=_("Days of figures and plans begin by this clock; new people start with it."),
    )
    language = forms.ChoiceField(
        label=_("Language of new people"),
        choices=settings.LANGUAGES,
        help_text=_("Also of the sign-in page, where the browser asks for none of these."),
    )


class HeadForm(PlainForm):
    keys = {
        name: f"organisation.papers.{name}"
        for name in (
            "registered_name",
            "address",
            "phone",
            "email",
            "website",
            "tax_number",
            "bank",
            "account",
            "foot",
        )
    }
    registered_name = forms.CharField(
        label=_("Name in the register"),
        max_length=120,
        required=False,
        help_text=_("Only where it differs from the name of the organisation."),
    )
    address = forms.CharField(
        label=pgettext_lazy("paper", "Address"), max_length=160, required=False
    )
    phone = forms.CharField(label=pgettext_lazy("paper", "Phone"), max_length=60, required=False)
    email = forms.EmailField(label=pgettext_lazy("paper", "E-mail"), max_length=80, required=False)
    website = forms.CharField(
        label=pgettext_lazy("paper", "Website"), max_length=80, required=False
    )
    tax_number = forms.CharField(
        label=_("Tax number"),
        max_length=40,
        required=False,
        help_text=_("Or the number of the business register."),
    )
    bank = forms.CharField(label=pgettext_lazy("paper", "Bank"), max_length=120, required=False)
    account = forms.CharField(
        label=pgettext_lazy("paper", "Account"),
        max_length=60,
        required=False,
        help_text=_("Bills and payment notices ask to pay to it."),
    )
    foot = forms.CharField(
        label=_("Line at the foot of every page"),
        max_length=120,
        required=False,
        help_text=_("Beside the number of the paper; the name where this is empty."),
    )


class WorkForm(PlainForm):
    keys = {
        "tries": "security.lockout.tries",
        "minutes": "security.lockout.minutes",
        "lease": "contact.lease.seconds",
        "wrap_up": "organisation.desk.wrap_up_seconds",
    }
    tries = forms.IntegerField(
        label=_("Wrong tries in a row that lock a name"), help_text=_("Between 3 and 20.")
    )
    minutes = forms.IntegerField(
        label=_("Minutes until the lock opens by itself"), help_text=_("Between 1 and 1440.")
    )
    lease = forms.IntegerField(
        label=_("Seconds a follow-up stays in hand without a sign of life"),
        help_text=_("Then it goes back to the queue. Between 60 and 14400."),
    )
    wrap_up = forms.IntegerField(
        label=_("Seconds for notes after a call, in a new campaign"),
        help_text=_("Each campaign may set its own. Between 0 and 900."),
    )


def unit_of(seconds: int) -> str:
    """The largest unit that the length is a whole number of."""
    return next(name for name, size in reversed(UNITS.items()) if seconds % size == 0)


class RuleForm(forms.Form):
    """The form of one sentence of the contact policy: one value or, for a cap, two."""

    def __init__(self, *args: Any, rules: Iterable[EditableRule], **options: Any) -> None:
        super().__init__(*args, **options)
        self.rules = list(rules)
        for place, rule in enumerate(self.rules):
            self._add(f"v{place}", rule)

    def _add(self, name: str, rule: EditableRule) -> None:
        if rule.kind == "hours":
            self.fields[name] = forms.CharField(
                label=_("Hours"), initial=rule.value, required=False, max_length=400,
                widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
                help_text=_(
                    "Such as: mon-fri 09:00-11:30 13:30-17:30; sat 09:00-12:00. Empty: never."
                ),
            )  # fmt: skip
        elif rule.label.endswith(".seconds"):
            self._add_span(name, int(rule.value))
        elif rule.kind == "integer":
            label = _("Days") if rule.label == "days" else _("At most")
            self.fields[name] = forms.IntegerField(label=label, initial=rule.value)
        else:
            words = Purpose.choices if rule.kind == "purposes" else Channel.choices
            self.fields[name] = forms.MultipleChoiceField(
                label=_("Purposes") if rule.kind == "purposes" else _("Channels"),
                choices=words, initial=rule.value, required=False,
                widget=forms.CheckboxSelectMultiple,
            )  # fmt: skip

    def _add_span(self, name: str, seconds: int) -> None:
        unit = unit_of(seconds)
        self.fields[name] = forms.IntegerField(label=_("Within"), initial=seconds // UNITS[unit])
        self.fields[f"{name}_unit"] = forms.ChoiceField(
            label=_("Unit"),
            choices=[
                ("minutes", _("minutes")),
                ("hours", pgettext_lazy("unit", "hours")),
                ("days", _("days")),
            ],
            initial=unit,
        )

    def values(self) -> dict[str, Any]:
        """What was entered, by policy key and by the name of its field."""
        found = {}
        for place, rule in enumerate(self.rules):
            value = self.cleaned_data[f"v{place}"]
            if rule.label.endswith(".seconds"):
                value *= UNITS[self.cleaned_data[f"v{place}_unit"]]
            found[rule.key] = (f"v{place}", value)
        return found


class CheckForm(forms.Form):
    """May this customer be called now?"""

    customer = forms.CharField(label=_("Customer"), max_length=64)
    purpose = forms.ChoiceField(label=_("Purpose"), choices=Purpose.choices, initial="sell")
    channel = forms.ChoiceField(label=_("Channel"), choices=Channel.choices, initial="call")


_DAY = r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})"
_LINE = re.compile(rf"{_DAY}(?:\s*(?:~|–|—|\.\.|to|\s-\s)\s*{_DAY})?", re.ASCII)


def days_in(text: str) -> list[date]:
    """Reads days and spans of days: 2027-01-01, or 2027-02-05 – 2027-02-11; one a line or by comma.

    Raises ValidationError with the part that cannot be read.
    """
    days: list[date] = []
    for part in filter(None, map(str.strip, re.split(r"[\n,;，；、]+", text))):
        found = _LINE.fullmatch(part)
        try:
            if not found:
                raise ValueError(part)
            numbers = [int(number) for number in found.groups() if number]
            first, last = date(*numbers[:3]), date(*numbers[-3:])
            if not timedelta(0) <= last - first <= _LONGEST_RANGE:
                raise ValueError(part)
        except ValueError:
            raise ValidationError(
                _now("“%(part)s” is not a day or a span of days.") % {"part": part[:60]}
            ) from None
        days += [first + timedelta(days=step) for step in range((last - first).days + 1)]
    return days


class YearForm(forms.Form):
    """The official days of one year."""

    year = forms.IntegerField(label=_("Year"), min_value=2020, max_value=2100)
    off = forms.CharField(
        label=_("Days off"),
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        help_text=_(
            "One day or span a line: 2027-02-05 – 2027-02-11. Ordinary weekends need no entry."
        ),
    )
    worked = forms.CharField(
        label=_("Weekend days that are worked in exchange"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
    )

    def clean_off(self) -> list[date]:
        return days_in(self.cleaned_data["off"])

    def clean_worked(self) -> list[date]:
        return days_in(self.cleaned_data["worked"])
