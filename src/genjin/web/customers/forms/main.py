"""The card itself: opening one, its columns, its blocks of fields, who keeps it."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from genjin.customers import fields as card_fields
from genjin.customers.models import Customer, FieldDefinition
from genjin.customers.states import FieldType, Grade, Kind, Sex
from genjin.foundation.models import User
from genjin.web.customers import words
from genjin.web.customers.forms.base import DATE, HOURS_HELP, LANGUAGES, SeenForm

MAIN_COLUMNS = (
    "name", "kind", "other_names", "sex", "form_of_address", "language", "time_zone",
    "stated_hours", "tax_number", "region", "source", "note",
)  # fmt: skip


class NewCustomerForm(forms.Form):
    """What is needed to open a card."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"), choices=Kind.choices, initial=Kind.PERSON,
        widget=forms.RadioSelect,
    )  # fmt: skip
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=200,
        widget=forms.TextInput(attrs={"autofocus": True}),
    )
    phones = forms.CharField(
        label=gettext_lazy("Phone"), max_length=300, required=False,
        help_text=gettext_lazy("Several are parted by commas."),
    )  # fmt: skip
    emails = forms.CharField(label=gettext_lazy("E-mail"), max_length=254, required=False)
    person_name = forms.CharField(
        label=gettext_lazy("Contact person"), max_length=200, required=False,
        help_text=gettext_lazy("For an organisation."),
    )  # fmt: skip
    tax_number = forms.CharField(label=gettext_lazy("Tax number"), max_length=40, required=False)
    address = forms.CharField(label=gettext_lazy("Address"), max_length=300, required=False)
    source = forms.CharField(label=gettext_lazy("Source"), max_length=60, required=False)


class MainForm(SeenForm):
    """The card's own columns."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=Kind.choices)
    other_names = forms.CharField(
        label=gettext_lazy("Other names"), required=False,
        help_text=gettext_lazy("Former or short names, parted by commas."),
    )  # fmt: skip
    sex = forms.ChoiceField(label=gettext_lazy("Sex"), choices=Sex.choices, required=False)
    form_of_address = forms.CharField(
        label=gettext_lazy("Form of address"), max_length=40, required=False
    )
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=LANGUAGES, required=False)
    time_zone = forms.CharField(
        label=gettext_lazy("Time zone"), max_length=60, required=False,
        help_text=gettext_lazy("Only if it differs from ours, for example Asia/Urumqi."),
    )  # fmt: skip
    stated_hours = forms.CharField(
        label=gettext_lazy("Hours asked for"), max_length=300, required=False, help_text=HOURS_HELP
    )
    tax_number = forms.CharField(label=gettext_lazy("Tax number"), max_length=40, required=False)
    region = forms.CharField(
        label=gettext_lazy("Region"), max_length=60, required=False,
        help_text=gettext_lazy("Province, city or county as in an address."),
    )  # fmt: skip
    source = forms.CharField(label=gettext_lazy("Source"), max_length=60, required=False)
    note = forms.CharField(
        label=gettext_lazy("Note"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def clean_other_names(self) -> list[str]:
        text = self.cleaned_data["other_names"].replace("\u3001", ",").replace("\uff0c", ",")
        return [name for part in text.split(",") if (name := part.strip())]

    def clean_region(self) -> str:
        text = self.cleaned_data["region"].strip()
        if not text or words.address.division(text):
            return text
        found = words.address.parse_address(text)
        if not found.division or found.rest:
            raise forms.ValidationError(_("This region is not known."))
        return found.division


def main_values(customer: Customer) -> dict[str, Any]:
    """The columns as they stand, by the operation's names."""
    return {name: getattr(customer, name) for name in MAIN_COLUMNS}


def main_initial(customer: Customer) -> dict[str, Any]:
    """The columns as the form shows them."""
    found = main_values(customer)
    found["other_names"] = ", ".join(customer.other_names)
    found["region"] = words.place(customer.region)
    found["stated_hours"] = customer.stated_hours.weekly if customer.stated_hours else ""
    return found


def control_of(definition: FieldDefinition) -> forms.Field:
    """The form field that suits a card field."""
    language = words.language()
    label = card_fields.label(definition, language)
    choices = card_fields.choice_labels(definition, language)
    options: dict[str, Any] = {"label": label, "required": False}
    if definition.unit:
        options["label"] = _("%(label)s (%(unit)s)") % {"label": label, "unit": definition.unit}
    match definition.type:
        case FieldType.CHOICE:
            return forms.ChoiceField(choices=[("", "–"), *choices], **options)
        case FieldType.CHOICES:
            return forms.MultipleChoiceField(
                choices=choices, widget=forms.CheckboxSelectMultiple, **options
            )
        case FieldType.BOOLEAN:
            yes_no = [("", "–"), ("true", _("Yes")), ("false", _("No"))]
            return forms.ChoiceField(choices=yes_no, **options)
        case FieldType.DATE:
            return forms.CharField(widget=forms.DateInput(attrs=DATE), **options)
        case FieldType.NUMBER:
            return forms.CharField(
                widget=forms.TextInput(attrs={"inputmode": "decimal"}), **options
            )
    return forms.CharField(max_length=card_fields.MAX_TEXT, **options)


class BlockForm(SeenForm):
    """The card fields of one block."""

    def __init__(self, *args: Any, definitions: Iterable[FieldDefinition], **options: Any) -> None:
        super().__init__(*args, **options)
        for definition in definitions:
            self.fields[f"field_{definition.code}"] = control_of(definition)

    def values(self) -> dict[str, Any]:
        """Nothing typed takes a field off: None."""
        return {name: None if card_fields.is_empty(value) else value
                for name, value in super().values().items()}  # fmt: skip


def block_values(customer: Customer, definitions: Iterable[FieldDefinition]) -> dict[str, Any]:
    """The block as it stands on the card, by the operation's names."""
    return {f"fields.{d.code}": customer.fields.get(d.code) for d in definitions}


def block_initial(customer: Customer, definitions: Iterable[FieldDefinition]) -> dict[str, Any]:
    """The block as the form shows it."""
    found = {}
    for definition in definitions:
        value = customer.fields.get(definition.code)
        if isinstance(value, bool):
            value = "true" if value else "false"
        found[f"field_{definition.code}"] = value
    return found


class GradeForm(forms.Form):
    """How soon a prospect should close."""

    grade = forms.ChoiceField(label=gettext_lazy("Grade"), choices=Grade.choices, required=False)
    expected_close_date = forms.DateField(
        label=gettext_lazy("Expected close"), required=False, widget=forms.DateInput(attrs=DATE)
    )
    expected_amount = forms.DecimalField(
        label=gettext_lazy("Expected amount"), required=False, min_value=0, max_digits=18,
        decimal_places=2,
    )  # fmt: skip


class CustodianForm(forms.Form):
    custodian = forms.ModelChoiceField(
        label=gettext_lazy("Custodian"), queryset=User.objects.none(), required=False,
        empty_label=gettext_lazy("nobody"),
    )  # fmt: skip
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300, required=False)

    def __init__(self, *args: Any, people: QuerySet[User], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["custodian"].queryset = people  # type: ignore[attr-defined]
