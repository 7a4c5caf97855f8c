"""What orders make of a customer: runs of the classes, decisions on key customers (CU3)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from genjin.customers.models import Customer
from genjin.foundation.fields import json_object
from genjin.foundation.models import User


class ClassRun(models.Model):
    """One run over all customers that gave them their classes (CU3); the newest explains them.

    `total` is what all customers with a deal brought from `period_from` to `period_to` (both
    included), in home currency; `a_floor` and `b_floor` the least amounts of A and B in that run
    (null: nobody had a deal). Between two runs a customer with a new order is put by them.
    """

    at = models.DateTimeField()
    period_from = models.DateField()
    period_to = models.DateField()
    a_percent = models.DecimalField(max_digits=5, decimal_places=2)
    b_percent = models.DecimalField(max_digits=5, decimal_places=2)
    total = models.DecimalField(max_digits=20, decimal_places=2)
    a_floor = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    b_floor = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    counts = json_object()
    changed_count = models.PositiveIntegerField(default=0)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["-at"], name="class_run_newest")]


class KeyDecision(models.Model):
    """What a manager decided about a proposal to mark a key customer (CU3), with the reason.

    `basis` is the proposal's reason as data: while it stays the same, a refused proposal does not
    come again. `is_key` is what the card said afterwards.
    """

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+")
    is_key = models.BooleanField()
    basis = json_object()
    reason = models.CharField(_("reason"), max_length=300)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["customer", "-at"], name="key_decision_newest")]
