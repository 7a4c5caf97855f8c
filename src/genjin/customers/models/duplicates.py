"""Cards that may be one customer, their merging, and whose customer it is (CU10, CU17)."""

from django.db import models
from django.utils import timezone

from genjin.customers import states
from genjin.customers.models.card import Customer
from genjin.foundation.fields import IdField, json_list, json_object
from genjin.foundation.models import User


class DuplicatePair(models.Model):
    """Two cards that may be one customer. `first.number < second.number` always.

    `evidence` is a list of {"code", "weight", "first", "second"}; `score` their sum, 0 to 100.
    With two custodians it is a collision (撞单): `is_collision`.
    """

    id = IdField()
    first = models.ForeignKey(Customer, models.CASCADE, related_name="+")
    second = models.ForeignKey(Customer, models.CASCADE, related_name="+")
    score = models.PositiveSmallIntegerField()
    evidence = json_list()
    is_collision = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=states.PairState.choices, default="open")
    found_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["first", "second"], name="pair_once")]
        indexes = [
            models.Index(fields=["-score", "-found_at"], condition=models.Q(state="open"),
                         name="pair_open"),
        ]  # fmt: skip


class Merge(models.Model):
    """One card merged into another. `moved` says exactly what moved, so that it can be undone.

    `moved` is {"rows": {table: [ids]}, "values": {column: [survivor before, after]}}. Facts
    (interactions, timeline, consents) stay where they were written: a survivor's history reads
    both cards.
    """

    id = IdField()
    survivor = models.ForeignKey(Customer, models.PROTECT, related_name="merges")
    merged = models.ForeignKey(Customer, models.PROTECT, related_name="+")
    pair = models.ForeignKey(DuplicatePair, models.SET_NULL, null=True, related_name="+")
    moved = json_object()
    reason = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
