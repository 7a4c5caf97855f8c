"""Forms of exports."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from genjin.customers.exporting.columns import columns
from genjin.web.problems import Needing

ALWAYS = ("number", "name", "kind", "region", "custodian")


class ExportForm(Needing):
    """Which columns, in which form, why and for whom."""

    needed = ("columns", "reason")

    columns = forms.MultipleChoiceField(
        label=_("Columns"), widget=forms.CheckboxSelectMultiple, required=False
    )
    format = forms.ChoiceField(label=_("File"), choices=[("xlsx", "XLSX"), ("csv", "CSV")])
    reason = forms.CharField(
        label=_("Reason"), max_length=300, required=False, widget=forms.Textarea({"rows": 2}),
        help_text=_("It stands in the file and stays on record."),
    )  # fmt: skip
    recipient = forms.CharField(
        label=_("Handed to"), max_length=160, required=False,
        help_text=_("Who gets the file, when it is not for yourself."),
    )  # fmt: skip

    def __init__(self, *args: Any, language: str, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"columns": list(ALWAYS)})
        super().__init__(*args, **kwargs)
        choices = [(column.code, column.label) for column in columns(language)]
        self.fields["columns"].choices = choices  # type: ignore[attr-defined]


class TraceForm(forms.Form):
    """A file that turned up somewhere, or the mark that somebody read out."""

    file = forms.FileField(label=_("File"), required=False)
    mark = forms.CharField(label=_("or its mark"), max_length=40, required=False)
