"""What happened, newest first, and the small memories beside it."""

from django.db import models
from django.utils import timezone

from genjin.customers.models.card import Customer
from genjin.customers.models.standing import ProductCategory
from genjin.foundation.fields import IdField, json_object
from genjin.foundation.insert_only import InsertOnly
from genjin.foundation.models import User


class TimelineEntry(InsertOnly):
    """One line of a customer's history, of whatever kind (CU16). Insert-only.

    `kind` filters (interaction, change, consent, hold, grade, import, commitment, order …), `code`
    chooses the sentence and `data` fills it: a screen renders them in the reader's language. The
    fact itself is the row that (`source_kind`, `source_id`) names.
    """

    id = IdField()
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="timeline", db_index=False)
    at = models.DateTimeField()
    kind = models.CharField(max_length=16)
    code = models.CharField(max_length=40)
    data = json_object()
    source_kind = models.CharField(max_length=20, blank=True)
    source_id = models.CharField(max_length=60, blank=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        indexes = [
            models.Index(fields=["customer", "-at", "-id"], name="timeline_newest"),
            models.Index(fields=["customer", "kind", "-at", "-id"], name="timeline_by_kind"),
            models.Index(fields=["by"], name="timeline_by_person",
                         condition=models.Q(by__isnull=False)),
        ]  # fmt: skip


class NewsClip(models.Model):
    """A piece of news about a customer that opens a call well, until it is stale (CA4)."""

    id = IdField()
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="clips")
    text = models.CharField(max_length=500)
    source = models.CharField(max_length=120, blank=True)
    date = models.DateField()
    expires_on = models.DateField()
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")


class WantedItem(models.Model):
    """What a customer asked for and we did not have (CU12).

    `product_code` names the catalogue's product once it is known which; `in_stock_at` is when
    they were to be told. It is closed when they were told or no longer wish it.
    """

    id = IdField()
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="wanted")
    text = models.CharField(max_length=200)
    category = models.ForeignKey(ProductCategory, models.PROTECT, null=True, related_name="+")
    product_code = models.CharField(max_length=40, blank=True)
    in_stock_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
