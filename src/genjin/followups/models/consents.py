"""Asking for consent, and the customer's own page of wishes (MA1)."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from genjin.customers.models import ContactPoint, Customer
from genjin.followups import states
from genjin.foundation.fields import IdField
from genjin.foundation.models import User


class ConsentRequest(models.Model):
    """One time that a customer was asked for consent: by whom, when, for what, and the answer.

    On a channel that has to be confirmed (`Profile.double_opt_in`) it is `asked` until the
    customer follows the link that was sent there; the consents are written then. `purposes`
    empty means every one. `source` says where it was asked (desk, card, web). After `expires_at`
    the link asks no more.
    """

    id = IdField()
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="consent_requests")
    point = models.ForeignKey(ContactPoint, models.SET_NULL, null=True, related_name="+")
    channel = models.CharField(max_length=12, choices=states.Channel.choices)
    purposes = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    state = models.CharField(max_length=8, choices=states.AskedState.choices, default="asked")
    source = models.CharField(max_length=20)
    evidence = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=12, blank=True)
    asked_at = models.DateTimeField(default=timezone.now)
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["point", "-asked_at"], name="consent_asked_by_point"),
        ]


class PreferenceKey(models.Model):
    """What makes the links to one customer's page of wishes valid, for one of their addresses.

    A link carries `number`; raising it makes every link given out before lead nowhere.
    """

    point = models.OneToOneField(ContactPoint, models.CASCADE, primary_key=True, related_name="+")
    number = models.PositiveIntegerField(default=1)
    opened_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+",
                                   db_index=False)  # fmt: skip
