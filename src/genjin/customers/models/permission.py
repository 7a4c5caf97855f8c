"""What the customer allows, and what is stopped for a while."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from genjin.customers import states
from genjin.customers.models.card import Customer
from genjin.foundation.fields import IdField
from genjin.foundation.insert_only import InsertOnly
from genjin.foundation.models import User


class Consent(InsertOnly):
    """One answer of a customer: may we contact them on this channel for this purpose?

    Empty `channel` or `purpose` means every one. The newest row that covers a channel and
    purpose counts; `refused` with both empty is do-not-contact. Insert-only.
    """

    id = IdField()
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="consents")
    channel = models.CharField(max_length=12, blank=True)
    purpose = models.CharField(max_length=12, blank=True)
    answer = models.CharField(max_length=8, choices=states.ConsentAnswer.choices)
    source = models.CharField(max_length=60)
    evidence = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["customer", "-at"], name="consent_by_customer")]

    @property
    def is_given(self) -> bool:
        """Whether the customer agreed."""
        return self.answer == states.ConsentAnswer.GIVEN


class Hold(models.Model):
    """A stated reason to stop some purposes for a customer for a while (FU4).

    `purposes` are codes (sell, collect, …) and effects (`deliver`). It acts from `starts_at` until
    `ends_at` (exclusive) unless released before. `about` names receivables by their ids as text:
    their dunning rests, up to `amount` of `currency` where one is disputed, all of it where none is
    said. `collect_until` is when the dunning of everything else goes on (empty: at the hold's end).
    Source says what placed it: ("person", user id), ("complaint", id) … Renewing makes a new row
    that points at the old one in `renews`.
    """

    id = IdField()
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="holds")
    purposes = ArrayField(models.CharField(max_length=12))
    reason = models.CharField(max_length=12, choices=states.HoldReason.choices)
    note = models.CharField(_("reason in words"), max_length=300, blank=True)
    about = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    amount = models.DecimalField(max_digits=18, decimal_places=3, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    collect_until = models.DateTimeField(null=True, blank=True)
    source_kind = models.CharField(max_length=20)
    source_id = models.CharField(max_length=60, blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    placed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    placed_at = models.DateTimeField(default=timezone.now)
    renews = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    release_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [models.Index(fields=["customer", "ends_at"], name="hold_by_customer")]
        constraints = [
            models.CheckConstraint(
                name="hold_ends_after_it_starts",
                condition=models.Q(ends_at__gt=models.F("starts_at")),
            ),
            models.CheckConstraint(
                name="hold_amount_is_of_what_it_names",
                condition=models.Q(amount__isnull=True)
                | (models.Q(amount__gt=0, about__len__gt=0) & ~models.Q(currency="")),
            ),
        ]
