"""The people at a customer, their numbers and their addresses."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy, pgettext_lazy

from genjin.customers.models import Address, ContactPerson, ContactPoint, Customer
from genjin.customers.states import PersonRole, PointKind, PointLabel, Sex
from genjin.followups.states import Channel
from genjin.web.customers import words
from genjin.web.customers.forms.base import DATE, HOURS_HELP, LANGUAGES, SeenForm


class PersonForm(SeenForm):
    """A person at a customer."""

    name = forms.CharField(label=pgettext_lazy("of a person", "Name"), max_length=200)
    job_title = forms.CharField(label=gettext_lazy("Position"), max_length=80, required=False)
    roles = forms.MultipleChoiceField(
        label=gettext_lazy("Roles"), choices=PersonRole.choices, required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    sex = forms.ChoiceField(label=gettext_lazy("Sex"), choices=Sex.choices, required=False)
    form_of_address = forms.CharField(
        label=gettext_lazy("Form of address"), max_length=40, required=False
    )
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=LANGUAGES, required=False)
    preferred_channel = forms.ChoiceField(
        label=gettext_lazy("Preferred channel"), choices=[("", "–"), *Channel.choices],
        required=False,
    )  # fmt: skip
    stated_hours = forms.CharField(
        label=gettext_lazy("Hours asked for"), max_length=300, required=False, help_text=HOURS_HELP
    )
    is_birthday_lunar = forms.BooleanField(label=gettext_lazy("Lunar birthday"), required=False)
    birth_year = forms.IntegerField(label=gettext_lazy("Year of birth"), required=False)
    birth_month = forms.IntegerField(label=gettext_lazy("Month of birth"), required=False)
    birth_day = forms.IntegerField(label=gettext_lazy("Day of birth"), required=False)
    event_kind = forms.ChoiceField(
        label=gettext_lazy("New family event"), choices=[("", "–"), *words.EVENT_LABELS.items()],
        required=False,
    )  # fmt: skip
    event_who = forms.CharField(label=gettext_lazy("Whose"), max_length=80, required=False)
    event_date = forms.DateField(
        label=gettext_lazy("Day of the event"), required=False, widget=forms.DateInput(attrs=DATE)
    )
    is_child = forms.BooleanField(label=gettext_lazy("Child"), required=False)
    guardian_consent_by = forms.CharField(
        label=gettext_lazy("Guardian who agreed"), max_length=80, required=False
    )
    note = forms.CharField(
        label=gettext_lazy("Note"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    is_active = forms.BooleanField(
        label=gettext_lazy("Is still at this customer"), required=False, initial=True
    )

    def __init__(self, *args: Any, sees_informant: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        self.sees_informant = sees_informant
        if not sees_informant:
            self.fields["roles"].choices = [  # type: ignore[attr-defined]
                one for one in PersonRole.choices if one[0] != PersonRole.INFORMANT
            ]

    def person_values(self, person: ContactPerson | None, now: datetime) -> dict[str, Any]:
        """What the operation gets: hidden roles are kept, a new event is added to the others."""
        found = self.values()
        kind, who, day = (found.pop(f"event_{part}") for part in ("kind", "who", "date"))
        events = list(person.events) if person else []
        if kind:
            events.append({"kind": kind, "who": who, "date": day.isoformat() if day else "",
                           "note": ""})  # fmt: skip
            found["events"] = events
        if person and not self.sees_informant and PersonRole.INFORMANT in person.roles:
            found["roles"] = [*found["roles"], PersonRole.INFORMANT.value]
        had = person.guardian_consent_at if person else None
        found["guardian_consent_at"] = (had or now) if found["guardian_consent_by"] else None
        return found


def person_initial(person: ContactPerson) -> dict[str, Any]:
    """The person as the form shows them."""
    names = [name for name in PersonForm.base_fields if hasattr(person, name)]
    found = {name: getattr(person, name) for name in names}
    found["stated_hours"] = person.stated_hours.weekly if person.stated_hours else ""
    return found


class PointForm(SeenForm):
    """A number or account; its digits are entered once and never changed."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=PointKind.choices)
    value = forms.CharField(label=gettext_lazy("Number or account"), max_length=254)
    label = forms.ChoiceField(
        label=gettext_lazy("Where"), choices=[("", "–"), *PointLabel.choices], required=False
    )
    person = forms.ModelChoiceField(
        label=gettext_lazy("Person"), queryset=ContactPerson.objects.none(), required=False
    )
    stated_hours = forms.CharField(
        label=gettext_lazy("Hours of this number"), max_length=300, required=False,
        help_text=HOURS_HELP,
    )  # fmt: skip

    def __init__(
        self, *args: Any, customer: Customer, point: ContactPoint | None = None, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        people = ContactPerson.objects.filter(customer=customer, is_active=True)
        self.fields["person"].queryset = people  # type: ignore[attr-defined]
        if point is not None:
            del self.fields["value"], self.fields["kind"]


class AddressForm(SeenForm):
    """An address; region and coordinates are found by themselves or set by hand."""

    text = forms.CharField(label=gettext_lazy("Address"), max_length=300)
    postcode = forms.CharField(label=gettext_lazy("Postcode"), max_length=12, required=False)
    latitude = forms.DecimalField(
        label=gettext_lazy("Latitude"), required=False, max_digits=9, decimal_places=6,
        help_text=gettext_lazy("Empty: the centre of the district is taken."),
    )  # fmt: skip
    longitude = forms.DecimalField(
        label=gettext_lazy("Longitude"), required=False, max_digits=9, decimal_places=6
    )
    system = forms.ChoiceField(label=gettext_lazy("System"), choices=Address.System.choices)
