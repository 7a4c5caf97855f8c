"""Files of open items and payments, and the payments in them that wait for a person (RE15)."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from genjin.customers.models import Customer
from genjin.foundation.fields import IdField, json_list, json_object
from genjin.foundation.models import User
from genjin.kernel.states import StateTable
from genjin.receivables.models.ledger import LedgerEntry, money


class WaitingState(models.TextChoices):
    WAITING = "waiting", pgettext_lazy("payment", "Waits for a person")
    BOOKED = "booked", _("Booked")
    DISMISSED = "dismissed", _("Not a payment of a customer")


WAITING_STATES = StateTable(
    states=list(WaitingState.values),
    transitions={WaitingState.WAITING: {WaitingState.BOOKED, WaitingState.DISMISSED}},
)


class StatementFile(models.Model):
    """A file that was brought in: what became of its rows, and where those with faults are."""

    class Kind(models.TextChoices):
        ITEMS = "items", _("Open items")
        PAYMENTS = "payments", _("Payments")

    id = IdField()
    kind = models.CharField(max_length=8, choices=Kind.choices)
    name = models.CharField(max_length=160)
    digest = models.CharField(max_length=64)
    rows = models.PositiveIntegerField(default=0)
    booked = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)
    waiting = models.PositiveIntegerField(default=0)
    faults = models.PositiveIntegerField(default=0)
    faults_path = models.CharField(max_length=300, blank=True)
    begun_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["-begun_at"], name="statement_file_newest")]

    def __str__(self) -> str:
        return self.name


class WaitingPayment(models.Model):
    """A line of a statement that is not certainly somebody's payment, with a proposal (RE15).

    `key` is the line's name: the same line twice waits once and is booked once. `customer` and
    `parts` [[debt, amount]] are the proposal, `reason` says why it is no more than that.
    """

    id = IdField()
    file = models.ForeignKey(StatementFile, models.PROTECT, related_name="lines")
    key = models.CharField(max_length=110, unique=True)
    row = models.PositiveIntegerField()
    state = models.CharField(max_length=9, choices=WaitingState.choices, default="waiting")
    amount = money(_("amount"))
    currency = models.CharField(max_length=3)
    received_on = models.DateField()
    means = models.CharField(max_length=16)
    reference = models.CharField(max_length=120, blank=True)
    payer = models.CharField(max_length=120, blank=True)
    note = models.CharField(max_length=300, blank=True)
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="waiting_payments"
    )
    parts = json_list()
    reason = json_object()
    certainty = models.CharField(max_length=8)
    entry = models.OneToOneField(LedgerEntry, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decision_note = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="waiting_amount_positive", condition=Q(amount__gt=0)),
            models.CheckConstraint(
                name="booked_line_has_its_entry",
                condition=~Q(state="booked") | Q(entry__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["received_on", "id"], name="payment_waiting", condition=Q(state="waiting")
            )
        ]

    def __str__(self) -> str:
        return f"{self.received_on} {self.amount} {self.currency}"
