"""A named selection of customers."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from genjin.customers.models.card import Customer
from genjin.foundation.fields import json_object
from genjin.foundation.models import User


class Segment(models.Model):
    """A named, live selection of customers (客户分群).

    `criteria` is {"all": [condition, …], "none": [condition, …]}; a condition is {"field", "op",
    "values"} over the columns and card fields that `customers.segments` knows. OR inside a
    condition's values, AND across conditions, and NOT for those under "none".
    """

    name = models.CharField(_("name"), max_length=120, unique=True)
    criteria = json_object()
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)
    is_archived = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.name


class SegmentMember(models.Model):
    """A customer of a frozen copy of a segment; `frozen_for` names what froze it."""

    frozen_for = models.CharField(max_length=60)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["frozen_for", "customer"], name="frozen_once")
        ]
