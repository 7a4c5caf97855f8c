"""The fields of the card as an administrator makes them."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy

from genjin.customers.models import FieldDefinition
from genjin.customers.states import FieldType, Kind
from genjin.web.customers import words


def _language(code: str) -> str:
    """A language in its own name, as settings have it."""
    return dict(settings.LANGUAGES)[code]


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
