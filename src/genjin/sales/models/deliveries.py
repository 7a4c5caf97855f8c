"""What went to whom on which day for how much, and how it arrived (SA5)."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from genjin.customers.models import Customer
from genjin.foundation.fields import IdField, json_list
from genjin.foundation.models import User
from genjin.sales import states
from genjin.sales.models.orders import Order, OrderLine


class Delivery(models.Model):
    """One delivery of an order, whole or in part.

    `amount` is the sum of its lines in the order's currency; what it is owed by when is written to
    the ledger when it arrives. `released` passed holds, credit and verification; `withheld` keeps
    the reasons of the last refusal. `proof` says where the signed note or photograph lies,
    `receiver` who took the goods, `condition` how they arrived, `deliverer` who brought them.
    `collected_amount` is what the deliverer was to take and took for terms "on delivery".
    """

    id = IdField()
    order = models.ForeignKey(Order, models.PROTECT, related_name="deliveries")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="deliveries")
    number = models.CharField(_("number"), max_length=40, blank=True)
    state = models.CharField(max_length=9, choices=states.DeliveryState.choices, default="planned")
    planned_on = models.DateField(_("planned for"))
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)
    deliver_to = models.CharField(_("delivered to"), max_length=300, blank=True)
    deliverer = models.CharField(_("deliverer"), max_length=120, blank=True)
    tracking = models.CharField(_("tracking number"), max_length=80, blank=True)
    withheld = json_list()
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    shipped_at = models.DateTimeField(null=True, blank=True)
    delivered_on = models.DateField(_("delivered on"), null=True, blank=True)
    receiver = models.CharField(_("taken by"), max_length=120, blank=True)
    proof = models.CharField(_("proof of delivery"), max_length=300, blank=True)
    condition = models.CharField(
        _("condition on arrival"), max_length=10, choices=states.Condition.choices, blank=True
    )
    collected_amount = models.DecimalField(
        _("taken by the deliverer"), max_digits=18, decimal_places=2, default=0
    )
    note = models.CharField(_("note"), max_length=300, blank=True)
    external_key = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="delivery_amount_not_negative", condition=models.Q(amount__gte=0)
            ),
            models.UniqueConstraint(
                fields=["number"], name="delivery_number_once", condition=~models.Q(number="")
            ),
            models.UniqueConstraint(
                fields=["external_key"],
                name="delivery_key_once",
                condition=~models.Q(external_key=""),
            ),
            models.CheckConstraint(
                name="delivered_has_a_day",
                condition=~models.Q(state="delivered") | models.Q(delivered_on__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["state", "planned_on"], name="delivery_by_state"),
            models.Index(fields=["customer", "-planned_on"], name="delivery_of_customer"),
        ]

    def __str__(self) -> str:
        return self.number or str(self.id)


class DeliveryLine(models.Model):
    """How much of one order line a delivery carries, and its part of the amount."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="lines")
    order_line = models.ForeignKey(OrderLine, models.PROTECT, related_name="delivery_lines")
    quantity = models.DecimalField(_("quantity"), max_digits=14, decimal_places=3)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2)
    serials = json_list()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["delivery", "order_line"], name="delivery_line_once"),
            models.CheckConstraint(
                name="delivery_quantity_positive", condition=models.Q(quantity__gt=0)
            ),
        ]
