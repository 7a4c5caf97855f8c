"""Forms of invoicing. They parse; `sales.invoices.operations` decides."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from genjin.customers.models import Customer
from genjin.foundation.operations.settings import CURRENCIES
from genjin.sales.models import InvoicingDetails
from genjin.sales.states import InvoiceKind
from genjin.web.problems import Needing


class DetailsForm(Needing):
    """What invoices to a customer must say."""

    needed = ("title",)
    title = forms.CharField(
        label=_("Invoice title"),
        max_length=120,
        required=False,
        help_text=_("The name of the firm as the tax office knows it, or of the person."),
    )
    tax_number = forms.CharField(
        label=_("Tax number"),
        max_length=40,
        required=False,
        help_text=_("Not needed for a person."),
    )
    address_phone = forms.CharField(
        label=_("Registered address and phone"), max_length=200, required=False
    )
    bank_account = forms.CharField(label=_("Bank and account"), max_length=200, required=False)
    email = forms.EmailField(
        label=_("E-mail for the invoice"),
        max_length=120,
        required=False,
        help_text=_("Where the electronic invoice is sent."),
    )


class RequestForm(Needing):
    """An invoice asked for."""

    needed = ("amount", "content")
    details = forms.TypedChoiceField(label=_("Invoice title"), coerce=int)
    kind = forms.ChoiceField(
        label=pgettext_lazy("invoice", "Kind"),
        choices=[(one.value, one.label) for one in (InvoiceKind.NORMAL, InvoiceKind.SPECIAL)],
    )
    amount = forms.DecimalField(
        label=_("Amount with tax"), max_digits=18, decimal_places=2, required=False
    )
    currency = forms.ChoiceField(label=_("Currency"), choices=[(one, one) for one in CURRENCIES])
    content = forms.CharField(label=_("Goods or service"), max_length=200, required=False)
    order_reference = forms.CharField(
        label=pgettext_lazy("invoice", "Order"), max_length=80, required=False
    )
    note = forms.CharField(label=_("Note for finance"), max_length=300, required=False)

    def __init__(self, *args: Any, titles: list[InvoicingDetails], **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["details"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [(row.pk, f"{row.title} {row.tax_number}".strip()) for row in titles]


class IssuedForm(Needing):
    """The number and day of an invoice that the platform made."""

    needed = ("number", "issued_on")
    number = forms.CharField(
        label=_("Invoice number"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    issued_on = forms.DateField(
        label=_("Issued on"), widget=forms.DateInput(attrs={"type": "date"})
    )


class RejectForm(Needing):
    needed = ("reason",)
    reason = forms.CharField(label=_("Why not"), max_length=300, required=False)


class RedForm(Needing):
    """How much of an issued invoice is taken back, and why."""

    needed = ("amount", "reason")
    amount = forms.DecimalField(
        label=_("Amount to take back, with tax"), max_digits=18, decimal_places=2, required=False
    )
    reason = forms.CharField(label=_("Reason"), max_length=300, required=False)


def details_initial(customer: Customer) -> dict[str, str]:
    """What the card says already; a firm's name is its title until someone writes another."""
    return {"title": customer.name, "tax_number": customer.tax_number}
