"""Forms of the account: they read what was typed, the ledger decides."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from genjin.foundation.operations.settings import CURRENCIES
from genjin.receivables.models import Receivable
from genjin.receivables.states import INSTRUMENT_KINDS, MONEY_MEANS
from genjin.web.problems import Needing

DATE = {"type": "date"}
DECIMAL = {"inputmode": "decimal", "autocomplete": "off"}
WAYS = [("rule", _("Oldest due first")), ("named", _("As I say below")),
        ("advance", _("Keep it as an advance"))]  # fmt: skip


def amount(label: Any, **options: Any) -> forms.DecimalField:
    options.setdefault("required", False)
    return forms.DecimalField(
        label=label, max_digits=18, decimal_places=4, widget=forms.TextInput(attrs=DECIMAL),
        **options,
    )  # fmt: skip


def day(label: Any, **options: Any) -> forms.DateField:
    return forms.DateField(
        label=label, widget=forms.DateInput(attrs=DATE), **{"required": False, **options}
    )


def text(label: Any, length: int, **options: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=length, **{"required": False, **options})


def currency() -> forms.ChoiceField:
    return forms.ChoiceField(label=_("Currency"), choices=[(one, one) for one in CURRENCIES])


def reason(**options: Any) -> forms.CharField:
    widget = forms.Textarea({"rows": 2})
    return forms.CharField(
        label=_("Reason"), max_length=300, required=False, widget=widget, **options
    )


def part_name(pk: UUID) -> str:
    return f"part_{pk}"


class Needed(Needing):
    """A form whose needed fields are asked for in our own words."""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for name in self.needed:
            if name not in self.errors and data.get(name) in (None, ""):
                self.add_error(name, _("This is needed."))
        return data


class Spreading(Needed):
    """A form whose amount goes to debts: by the rule, as named in fields of its own, or nowhere."""

    def __init__(self, *args: Any, debts: Sequence[Receivable], **options: Any) -> None:
        super().__init__(*args, **options)
        self.debts = debts
        self.fields["way"] = forms.ChoiceField(
            label=_("What it pays"), choices=WAYS, widget=forms.RadioSelect, initial="rule"
        )
        for one in debts:
            self.fields[part_name(one.pk)] = amount(_("Amount"))

    @property
    def main_fields(self) -> Iterable[forms.BoundField]:
        return (field for field in self if not field.name.startswith("part_"))

    @property
    def parts(self) -> list[dict[str, Any]]:
        """Each debt with its field, for the table below the form."""
        return [{"debt": one, "field": self[part_name(one.pk)]} for one in self.debts]

    def named(self) -> list[tuple[UUID, Decimal]] | None:
        """What was named: None by the rule, nothing for an advance."""
        if self.cleaned_data["way"] == "rule":
            return None
        if self.cleaned_data["way"] == "advance":
            return []
        found = ((one.pk, self.cleaned_data.get(part_name(one.pk))) for one in self.debts)
        return [(pk, part) for pk, part in found if part is not None]


class PaymentForm(Spreading):
    needed = ("amount", "received_on")

    amount = amount(_("Amount"))
    currency = currency()
    means = forms.ChoiceField(label=_("Means"), choices=[(one, one.label) for one in MONEY_MEANS])
    received_on = day(_("Received on"))
    reference = text(_("Reference"), 120, help_text=_("As on the bank's statement or the receipt."))
    note = text(_("Note"), 300)


class CreditNoteForm(Spreading):
    needed = ("amount", "booked_on", "reason")

    amount = amount(_("Amount"))
    currency = currency()
    booked_on = day(_("Day"))
    reference = text(_("Number"), 120)
    reason = reason(help_text=_("Goods returned, a price put right, a rebate …"))


class AllocateForm(Spreading):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["way"].choices = WAYS[:2]  # type: ignore[attr-defined]


class BillForm(Needed):
    needed = ("amount", "issued_on")

    amount = amount(_("Amount"))
    currency = currency()
    number = text(_("Bill number"), 40)
    issued_on = day(_("Issued on"))
    due_on = day(_("Due on"), help_text=_("Empty while a condition of the contract is not met."))
    order_ref = text(_("Order"), 60)
    note = text(_("Note"), 300)


class ChargeForm(Needed):
    needed = ("amount", "issued_on", "due_on", "note")

    amount = amount(_("Amount"))
    currency = currency()
    principal = forms.ModelChoiceField(
        label=_("For the debt"), queryset=Receivable.objects.none(), required=False
    )
    issued_on = day(_("Issued on"))
    due_on = day(_("Due on"))
    note = text(_("What for"), 300, help_text=_("Interest or costs, and by which agreement."))

    def __init__(self, *args: Any, debts: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["principal"].queryset = debts  # type: ignore[attr-defined]


class ReverseForm(Needed):
    needed = ("reason",)

    reason = reason()


class RefundForm(Needed):
    needed = ("amount", "refunded_on", "reason")

    amount = amount(_("Amount"))
    means = forms.ChoiceField(label=_("Means"), choices=[(one, one.label) for one in MONEY_MEANS])
    refunded_on = day(_("Given back on"))
    reference = text(_("Reference"), 120)
    reason = reason()


class LossForm(Needed):
    needed = ("amount", "reason")

    amount = amount(_("Amount"))
    reason = reason()


class DueForm(Needed):
    needed = ("due_on", "reason")

    due_on = day(_("Due on"))
    reason = reason()


class ChequeForm(Needed):
    needed = ("number", "amount", "received_on", "matures_on")

    kind = forms.ChoiceField(
        label=_("Kind"), choices=[(one, one.label) for one in INSTRUMENT_KINDS]
    )
    number = text(_("Number"), 60)
    amount = amount(_("Amount"))
    currency = currency()
    bank = text(_("Bank"), 120)
    drawer = text(_("Drawer"), 120, help_text=_("Empty where the customer draws it."))
    received_on = day(_("Received on"))
    matures_on = day(_("Matures on"))


class ChequeStepForm(Needed):
    needed = ("on",)

    on = day(_("Day"))


class ChequeEndForm(Needed):
    needed = ("on", "reason")

    on = day(_("Day"))
    reason = reason()
