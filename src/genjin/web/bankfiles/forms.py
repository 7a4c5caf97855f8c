"""Forms of files of open items and payments, and of deciding about a line that waits."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from genjin.receivables.models import Receivable, StatementFile
from genjin.web.orders.words import money


class BankFileForm(forms.Form):
    """A file, what it holds, and how it is read where its headings do not say it."""

    kind = forms.ChoiceField(
        label=_("What the file holds"), choices=StatementFile.Kind.choices, initial="payments",
        widget=forms.RadioSelect,
    )  # fmt: skip
    file = forms.FileField(
        label=_("File"), help_text=_("CSV or XLSX with a heading row."),
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx,.txt"}),
    )  # fmt: skip
    map = forms.FileField(
        label=_("Map"), required=False, widget=forms.FileInput(attrs={"accept": ".toml"}),
        help_text=_("Says which column holds what; without one the headings decide."),
    )  # fmt: skip

    def map_text(self) -> str:
        """The map's text, "" without one."""
        given = self.cleaned_data.get("map")
        if given is None:
            return ""
        try:
            return str(given.read(64 * 1024).decode("utf-8"))
        except UnicodeDecodeError:
            raise forms.ValidationError(_("The map is a text file in UTF-8.")) from None


class DecideForm(forms.Form):
    """Whose payment a line is and what it pays."""

    note = forms.CharField(label=_("Note"), max_length=300, required=False)

    def __init__(
        self, data: Any = None, *, bills: Sequence[Receivable], proposed: dict[str, str]
    ) -> None:
        super().__init__(data)
        self.bills = bills
        for bill in bills:
            self.fields[f"bill-{bill.pk}"] = forms.DecimalField(
                label=bill.number or str(bill), required=False, min_value=0, max_digits=18,
                decimal_places=2, initial=proposed.get(str(bill.pk)),
                widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
                help_text=money(bill.open_amount, bill.currency),
            )  # fmt: skip

    def parts(self) -> list[tuple[UUID, Decimal]]:
        """The debts that an amount was given to."""
        return [
            (bill.pk, amount)
            for bill in self.bills
            if (amount := self.cleaned_data.get(f"bill-{bill.pk}"))
        ]

    def rows(self) -> list[dict[str, Any]]:
        """Each debt with its field, for the table."""
        return [
            {"bill": bill, "field": self[f"bill-{bill.pk}"],
             "open": money(bill.open_amount, bill.currency)}
            for bill in self.bills
        ]  # fmt: skip


class DismissForm(forms.Form):
    """Why a line is no customer's payment."""

    reason = forms.CharField(label=_("Reason"), max_length=300)
