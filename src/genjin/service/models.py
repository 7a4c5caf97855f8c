"""What was shipped, who registered it, and how long we answer for it."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from genjin.customers.models import Customer, OwnedProduct
from genjin.foundation.fields import IdField, json_list, json_object
from genjin.foundation.insert_only import InsertOnly
from genjin.foundation.models import User
from genjin.sales.models import Product


class ShippedSerial(models.Model):
    """A piece that left us: its serial number, to whom and for which area.

    `dealer` is the customer it was shipped to (null: sold by ourselves); `region` the
    administrative division in which that dealer may sell (empty: anywhere).
    """

    serial = models.CharField(_("serial number"), max_length=80, unique=True)
    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    dealer = models.ForeignKey(Customer, models.PROTECT, null=True, blank=True, related_name="+")
    region = models.CharField(_("region"), max_length=12, blank=True)
    shipped_on = models.DateField(_("shipped on"))


class WarrantyStub(InsertOnly):
    """What an owner sent in, as it came (CU13). Insert-only.

    `problems` are codes found on arrival: serial_unknown, serial_doubled, out_of_area. `origin`
    is a keyed digest of the sender's network address, for the rate limit and for nothing else.
    """

    id = IdField()
    serial = models.CharField(max_length=80)
    product = models.ForeignKey(Product, models.PROTECT, null=True, related_name="+")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+")
    owned = models.ForeignKey(OwnedProduct, models.PROTECT, related_name="+")
    content = json_object()
    problems = json_list()
    agreed_to_dealer = models.BooleanField(default=False)
    language = models.CharField(max_length=12)
    origin = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(fields=["serial"], name="stub_by_serial"),
            models.Index(fields=["-at"], name="stub_newest"),
        ]


class Warranty(models.Model):
    """A warranty that runs: from a day until a day, under a certificate number.

    `terms` is what was promised, as it stood in policy/warranty.toml that day.
    """

    number = models.CharField(max_length=24, unique=True)
    owned = models.OneToOneField(OwnedProduct, models.PROTECT, related_name="warranty")
    stub = models.ForeignKey(WarrantyStub, models.PROTECT, null=True, related_name="+")
    starts_on = models.DateField()
    ends_on = models.DateField()
    terms = json_object()
    made_at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")


class StubReview(models.Model):
    """What was done about a stub with a problem (grey goods, cross-area selling)."""

    stub = models.OneToOneField(WarrantyStub, models.PROTECT, related_name="review")
    decision = models.CharField(max_length=20)
    note = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
