"""Cheques and acceptance bills: they secure a debt and pay it only when they are cleared (RE1)."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from genjin.customers.models import Customer
from genjin.foundation.fields import IdField
from genjin.foundation.models import User
from genjin.receivables.models.ledger import Account, LedgerEntry, Receivable, money
from genjin.receivables.states import INSTRUMENT_KINDS, InstrumentState, Means


class Instrument(models.Model):
    """A cheque, bank bill or commercial acceptance bill that a customer gave us.

    `drawer` is who pays (often the customer, a third party for an endorsed bill); `payment` the
    ledger's entry once it is cleared.
    """

    id = IdField()
    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="instruments", db_index=False
    )
    account = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(
        _("kind"), max_length=16, choices=[(one.value, one.label) for one in INSTRUMENT_KINDS]
    )
    number = models.CharField(_("number"), max_length=60)
    bank = models.CharField(_("bank"), max_length=120, blank=True)
    drawer = models.CharField(_("drawer"), max_length=120, blank=True)
    amount = money(_("amount"))
    received_on = models.DateField(_("received on"))
    matures_on = models.DateField(_("matures on"))
    state = models.CharField(
        max_length=12, choices=InstrumentState.choices, default=InstrumentState.HELD
    )
    state_since = models.DateField()
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    payment = models.OneToOneField(
        LedgerEntry, models.PROTECT, null=True, related_name="instrument"
    )
    external_key = models.CharField(max_length=120, blank=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(name="instrument_amount_positive", condition=Q(amount__gt=0)),
            models.CheckConstraint(name="instrument_paid_when_cleared", condition=
                ~Q(state="cleared") | Q(payment__isnull=False)),
            models.CheckConstraint(name="instrument_kind", condition=Q(
                kind__in=[Means.CHEQUE, Means.BANK_BILL, Means.COMMERCIAL_BILL])),
            models.UniqueConstraint(fields=["customer", "kind", "bank", "number"],
                                    name="instrument_once", condition=~Q(state="returned")),
            models.UniqueConstraint(fields=["external_key"], name="instrument_external_once",
                                    condition=~Q(external_key="")),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["customer", "-id"], name="instrument_by_customer"),
            models.Index(fields=["matures_on"], name="instrument_waiting",
                         condition=Q(state__in=["held", "presented"])),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"


class InstrumentCover(models.Model):
    """How much of which debt an instrument covers."""

    instrument = models.ForeignKey(Instrument, models.CASCADE, related_name="covers")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", db_index=False)
    receivable = models.ForeignKey(Receivable, models.PROTECT, related_name="covers")
    amount = money()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["instrument", "receivable"], name="cover_once"),
            models.CheckConstraint(name="cover_positive", condition=Q(amount__gt=0)),
        ]
