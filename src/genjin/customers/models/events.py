"""Facts that may call for a contact (FU2)."""

from django.db import models
from django.utils import timezone

from genjin.customers.models.card import Customer
from genjin.foundation.fields import IdField, json_object


class Event(models.Model):
    """One thing that happened to a customer, written in the transaction of its fact.

    `code` names its type in `customers.events`; `key` is unique, so that a fact told twice is one
    event; `data` holds what conditions and sentences read. `on` is the day the event is about
    (delivery day, birthday), `at` when it was written. The rulebook sets `handled_at`.
    """

    id = IdField()
    code = models.CharField(max_length=30)
    key = models.CharField(max_length=120, unique=True)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+", db_index=False)
    source_kind = models.CharField(max_length=20, blank=True)
    source_id = models.CharField(max_length=60, blank=True)
    data = json_object()
    on = models.DateField()
    at = models.DateTimeField(default=timezone.now)
    handled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["id"], condition=models.Q(handled_at=None), name="event_waiting"),
            models.Index(fields=["customer", "-at"], name="event_by_customer"),
        ]
