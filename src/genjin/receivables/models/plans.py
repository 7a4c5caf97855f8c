"""The collection plan of a day: whom one person presses, in which order, and why (RE4)."""

from decimal import Decimal

from django.db import models
from django.utils import timezone

from genjin.customers.models import Customer
from genjin.foundation.fields import IdField, json_list
from genjin.foundation.models import User
from genjin.receivables.models.ledger import money
from genjin.receivables.states import CollectRole


class CollectionPlan(models.Model):
    """The plan of one person for one day; without a person that of nobody in particular.

    Made anew it replaces itself. Amounts are in the home currency. `place_count` customers are to
    be pressed, for `total_amount`; `left_count` of them do not fit into `budget_minutes`. What is
    held and promised of these customers' debts is told, and how many were spoken with too lately.
    """

    id = IdField()
    day = models.DateField()
    person = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    role = models.CharField(max_length=9, choices=CollectRole.choices)
    currency = models.CharField(max_length=3)
    budget_minutes = models.PositiveIntegerField()
    planned_minutes = models.PositiveIntegerField(default=0)
    place_count = models.PositiveIntegerField(default=0)
    total_amount = money(default=Decimal(0))
    left_count = models.PositiveIntegerField(default=0)
    left_amount = money(default=Decimal(0))
    held_count = models.PositiveIntegerField(default=0)
    held_amount = money(default=Decimal(0))
    promised_count = models.PositiveIntegerField(default=0)
    promised_amount = money(default=Decimal(0))
    resting_count = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField(default=timezone.now)
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["day", "person"], name="plan_of_a_day_once",
                                    nulls_distinct=False),
        ]  # fmt: skip


class PlanPlace(models.Model):
    """One place of a plan: a customer with all debts that this person is to press.

    `number` counts from 1 in the order of urgency, `reasons` say why it stands there. `amount` may
    be dunned, in home currency; `debts` are the ids of the receivables. `way` is the channel.
    """

    plan = models.ForeignKey(CollectionPlan, models.CASCADE, related_name="places")
    number = models.PositiveIntegerField()
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+")
    amount = money()
    debts = json_list()
    way = models.CharField(max_length=12)
    minutes = models.PositiveIntegerField()
    fits = models.BooleanField()
    reasons = json_list()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="place_number_once"),
            models.UniqueConstraint(fields=["plan", "customer"], name="place_customer_once"),
        ]
