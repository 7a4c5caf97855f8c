"""What a customer complains about."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from genjin.customers.models import Customer
from genjin.foundation.fields import IdField
from genjin.foundation.models import User
from genjin.kernel.states import StateTable


class ComplaintState(models.TextChoices):
    OPEN = "open", pgettext_lazy("complaint", "Open")
    SETTLED = "settled", pgettext_lazy("complaint", "Settled")


class ComplaintKind(models.TextChoices):
    """Whose fault it is said to be: ours by our own admission, or one that is looked into."""

    OUR_FAULT = "our_fault", _("Our own fault")
    GRIEVANCE = "grievance", _("Grievance")
    DISPUTE = "dispute", _("Disputed amount")


COMPLAINT_STATES = StateTable(
    states=list(ComplaintState.values),
    transitions={ComplaintState.OPEN: {ComplaintState.SETTLED}},
)


class Complaint(models.Model):
    """One complaint: what it is about, the debts it names, how much is disputed, how it ended.

    `about` are ids of receivables. `source` names where it was heard: ("interaction", id).
    """

    id = IdField()
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="complaints")
    kind = models.CharField(max_length=10, choices=ComplaintKind.choices)
    state = models.CharField(max_length=8, choices=ComplaintState.choices, default="open")
    text = models.CharField(_("what it is about"), max_length=500)
    about = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    amount = models.DecimalField(
        _("disputed"), max_digits=18, decimal_places=2, null=True, blank=True
    )
    currency = models.CharField(max_length=3, blank=True)
    source_kind = models.CharField(max_length=20, blank=True)
    source_id = models.CharField(max_length=60, blank=True)
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    settlement = models.CharField(_("how it was settled"), max_length=500, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["customer", "-opened_at"], name="complaint_of_customer"),
            models.Index(fields=["opened_at"], name="complaint_open", condition=Q(state="open")),
        ]
        constraints = [
            models.CheckConstraint(
                name="complaint_disputes_something",
                condition=Q(amount=None) | Q(amount__gt=0) & ~Q(currency=""),
            )
        ]

    def __str__(self) -> str:
        return self.text[:80]
