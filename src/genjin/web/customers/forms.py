"""The forms of the card: they read what was typed; operations decide.

A form keeps what it showed in the hidden field `seen` (signed), so that an operation can tell
what this person changed from what somebody else changed meanwhile.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import Any

from django import forms
from django.conf import settings
from django.core import signing
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from genjin.customers import fields as card_fields
from genjin.customers.models import (
    Address,
    ContactPerson,
    ContactPoint,
    Customer,
    FieldDefinition,
)
from genjin.customers.states import (
    FieldType,
    Grade,
    HoldReason,
    Kind,
    PersonRole,
    PointKind,
    PointLabel,
    Sex,
)
from genjin.followups.states import Channel, Purpose
from genjin.foundation.audit import plain
from genjin.foundation.models import User
from genjin.web.customers import words

DATE = {"type": "date"}
LANGUAGES = (
    ("", "–"), ("cmn", gettext_lazy("Mandarin")), ("yue", gettext_lazy("Cantonese")),
    ("nan", gettext_lazy("Min Nan")), ("wuu", gettext_lazy("Wu")), ("hak", gettext_lazy("Hakka")),
    ("en", gettext_lazy("English")),
)  # fmt: skip
MAIN_COLUMNS = (
    "name", "kind", "other_names", "sex", "form_of_address", "language", "time_zone",
    "stated_hours", "tax_number", "region", "source", "is_key", "note",
)  # fmt: skip
HOURS_HELP = gettext_lazy("For example mon-fri 09:00-12:00 14:00-18:00; empty for no wish.")


def _language(code: str) -> str:
    """A language in its own name, as settings have it."""
    return dict(settings.LANGUAGES)[code]


class SeenForm(forms.Form):
    """A form that remembers what it showed."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def stored_name(self, name: str) -> str:
        """The operation's name of a form field."""
        return f"fields.{name.removeprefix('field_')}" if name.startswith("field_") else name

    def remember(self, values: Mapping[str, Any]) -> None:
        """Keeps `values` (by the operation's names) as what the person has before their eyes."""
        self.initial["seen"] = signing.dumps(plain(values), salt="card", compress=True)

    def seen_values(self) -> dict[str, Any] | None:
        """What the person saw, None when it is missing or was tampered with."""
        try:
            return signing.loads(self.cleaned_data.get("seen", ""), salt="card")
        except signing.BadSignature:
            return None

    def values(self) -> dict[str, Any]:
        """What was typed, by the operation's names."""
        return {
            self.stored_name(name): value
            for name, value in self.cleaned_data.items()
            if name != "seen"
        }


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
    is_key = forms.BooleanField(label=gettext_lazy("Key customer"), required=False)
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
        label=gettext_lazy("Stops"), choices=Purpose.choices, initial=["sell"],
        widget=forms.CheckboxSelectMultiple,
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
    owner = forms.ModelChoiceField(label=gettext_lazy("Owner"), queryset=User.objects.none())
    due = forms.DateField(label=gettext_lazy("Due"), widget=forms.DateInput(attrs=DATE))
    due_time = forms.TimeField(
        label=gettext_lazy("Time"), initial=time(10), widget=forms.TimeInput(attrs={"type": "time"})
    )

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


class CustodianForm(forms.Form):
    custodian = forms.ModelChoiceField(
        label=gettext_lazy("Custodian"), queryset=User.objects.none(), required=False,
        empty_label=gettext_lazy("nobody"),
    )  # fmt: skip
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300, required=False)

    def __init__(self, *args: Any, people: QuerySet[User], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["custodian"].queryset = people  # type: ignore[attr-defined]


class CardFieldForm(forms.Form):
    """A field of the card as an administrator makes it."""

    code = forms.CharField(
        label=gettext_lazy("Code"), max_length=40,
        help_text=gettext_lazy("Small letters, digits, underscores; it never changes."),
    )  # fmt: skip
    type = forms.ChoiceField(label=gettext_lazy("Type"), choices=FieldType.choices)
    block = forms.ChoiceField(label=gettext_lazy("Block"), choices=words.Block.choices)
    label_zh_hans = forms.CharField(label=_language("zh-hans"), max_length=120, required=False)
    label_zh_hant = forms.CharField(label=_language("zh-hant"), max_length=120, required=False)
    label_zh_hk = forms.CharField(label=_language("zh-hk"), max_length=120, required=False)
    label_en = forms.CharField(label=_language("en"), max_length=120, required=False)
    choices = forms.CharField(
        label=gettext_lazy("Choices"), required=False, widget=forms.Textarea(attrs={"rows": 6}),
        help_text=gettext_lazy(
            "One in a line: code | simplified | traditional | English. The words may be left out."
        ),
    )  # fmt: skip
    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("Only for"), choices=Kind.choices, required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    unit = forms.CharField(label=gettext_lazy("Unit"), max_length=20, required=False)
    is_facet = forms.BooleanField(
        label=gettext_lazy("Offered as a filter of the customer list"), required=False
    )
    position = forms.IntegerField(label=gettext_lazy("Place"), required=False, min_value=0)

    def __init__(self, *args: Any, definition: FieldDefinition | None = None, **options: Any):
        super().__init__(*args, **options)
        if definition is not None:
            del self.fields["code"], self.fields["type"]

    def labels(self) -> dict[str, str]:
        names = {"zh-hans": "zh_hans", "zh-hant": "zh_hant", "zh-hk": "zh_hk", "en": "en"}
        return {code: text for code, name in names.items()
                if (text := self.cleaned_data[f"label_{name}"].strip())}  # fmt: skip

    def clean_choices(self) -> list[dict[str, Any]]:
        found = []
        for line in self.cleaned_data["choices"].splitlines():
            parts = [part.strip() for part in line.replace("\uff5c", "|").split("|")]
            if not parts[0]:
                continue
            languages = ("zh-hans", "zh-hant", "en")
            labels = {code: text for code, text in zip(languages, parts[1:], strict=False) if text}
            found.append({"code": parts[0], "labels": labels or {"zh-hans": parts[0]}})
        return found


def card_field_initial(definition: FieldDefinition) -> dict[str, Any]:
    """A field of the card as the form shows it."""
    lines = []
    for choice in definition.choices:
        labels = choice.get("labels", {})
        texts = [labels.get(code, "") for code in ("zh-hans", "zh-hant", "en")]
        lines.append(" | ".join([choice["code"], *texts]))
    labels = {f"label_{code.replace('-', '_')}": text for code, text in definition.labels.items()}
    return {
        **labels,
        "block": definition.block,
        "choices": "\n".join(lines),
        "kinds": definition.kinds,
        "unit": definition.unit,
        "is_facet": definition.is_facet,
        "position": definition.position,
    }
