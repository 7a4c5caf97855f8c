"""Tax invoices (数电发票, 電子發票): what a customer's must say, and each one asked for (SA12).

Our own paper for an amount due is a bill. The tax invoice is made on the authority's platform; here
it is requested, and its number is kept.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from genjin.customers.models import Customer
from genjin.foundation.fields import IdField
from genjin.foundation.models import User
from genjin.sales import states


class InvoicingDetails(models.Model):
    """What an invoice to this customer must say. A customer may have several, for several firms."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="invoicing")
    title = models.CharField(_("invoice title"), max_length=120)
    tax_number = models.CharField(_("tax number"), max_length=30, blank=True)
    address_phone = models.CharField(_("registered address and phone"), max_length=200, blank=True)
    bank_account = models.CharField(_("bank and account"), max_length=200, blank=True)
    email = models.EmailField(_("e-mail for the invoice"), max_length=120, blank=True)
    retired_at = models.DateTimeField(null=True)
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["customer"], name="invoicing_of_customer")]

    def __str__(self) -> str:
        return self.title


class InvoiceRequest(models.Model):
    """One invoice asked for, or a red one that takes an issued one back (`reverses`).

    The details are a copy: what stands on the invoice does not change when the customer moves.
    `source_kind` and `source_id` name what it is for; a source has one request that is open or
    issued. Amounts are with tax, in `currency`, above nothing; a red one's counts against the one
    it reverses, which is `red` once all of it is taken back.
    """

    id = IdField()
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="invoice_requests")
    kind = models.CharField(max_length=8, choices=states.InvoiceKind.choices)
    state = models.CharField(
        max_length=10, choices=states.InvoiceState.choices, default=states.InvoiceState.REQUESTED
    )
    title = models.CharField(_("invoice title"), max_length=120)
    tax_number = models.CharField(_("tax number"), max_length=30, blank=True)
    address_phone = models.CharField(_("registered address and phone"), max_length=200, blank=True)
    bank_account = models.CharField(_("bank and account"), max_length=200, blank=True)
    email = models.EmailField(_("e-mail for the invoice"), max_length=120, blank=True)
    content = models.CharField(_("goods or service"), max_length=200)
    amount = models.DecimalField(_("amount with tax"), max_digits=18, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)
    order_reference = models.CharField(pgettext_lazy("invoice", "order"), max_length=80, blank=True)
    source_kind = models.CharField(max_length=30, blank=True)
    source_id = models.CharField(max_length=80, blank=True)
    reverses = models.ForeignKey("self", models.PROTECT, null=True, related_name="red_ones")
    note = models.CharField(_("note"), max_length=300, blank=True)
    number = models.CharField(_("invoice number"), max_length=40, blank=True)
    issued_on = models.DateField(_("issued on"), null=True)
    refusal = models.CharField(_("why not"), max_length=300, blank=True)
    requested_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    requested_at = models.DateTimeField()
    settled_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="invoice_amount_positive", condition=Q(amount__gt=0)),
            models.UniqueConstraint(
                fields=["number"], name="invoice_number_once", condition=~Q(number="")
            ),
            models.UniqueConstraint(
                fields=["source_kind", "source_id"],
                name="invoice_of_source_once",
                condition=~Q(source_id="") & Q(state__in=["requested", "issued"]),
            ),
            models.CheckConstraint(
                name="invoice_issued_has_number",
                condition=~Q(state__in=["issued", "red"])
                | (~Q(number="") & Q(issued_on__isnull=False)),
            ),
            models.CheckConstraint(
                name="invoice_red_reverses",
                condition=Q(kind="red", reverses__isnull=False)
                | (~Q(kind="red") & Q(reverses=None)),
            ),
        ]
        indexes = [
            models.Index(fields=["state", "requested_at"], name="invoice_by_state"),
            models.Index(fields=["customer", "-requested_at"], name="invoice_of_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.number}".strip()
