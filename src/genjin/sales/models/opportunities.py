"""Possible deals (SA2), every move they made and what is known of them."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from genjin.customers.models import Customer, ProductCategory
from genjin.customers.states import Grade
from genjin.foundation.fields import IdField
from genjin.foundation.insert_only import InsertOnly
from genjin.foundation.models import User
from genjin.sales.models.catalogue import Product
from genjin.sales.models.orders import Order
from genjin.sales.opportunities import states

_GRADES = [(code, label) for code, label in Grade.choices if code]


class Opportunity(models.Model):
    """One possible deal with one customer: what, how much, when, how far, how sure (SA2).

    `stage` is a code of policy/pipeline.toml; `after` is for won ones alone. `home_amount` is
    `amount` in home currency at `rate`, of the day it was said; both are null while no amount is
    known. `expected_on` is the day the customer should decide. A grade stands for its term from
    `grade_set_at`. `order` is what it became, drafted from the stage of agreement on and concluded
    of won ones; lost ones have a reason (a code of the policy) and words.
    `source_kind` and `source_id` name what it came from: a follow-up, a campaign, a person.
    """

    id = IdField()
    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="opportunities", db_index=False
    )
    title = models.CharField(_("title"), max_length=120)
    product = models.ForeignKey(
        Product, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("product"),
    )  # fmt: skip
    category = models.ForeignKey(
        ProductCategory, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("category"),
    )  # fmt: skip
    amount = models.DecimalField(
        _("expected amount"), max_digits=18, decimal_places=2, null=True, blank=True
    )
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    rate = models.DecimalField(max_digits=18, decimal_places=8, default=1)
    home_amount = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    expected_on = models.DateField(_("expected close"), null=True, blank=True)
    stage = models.CharField(_("stage"), max_length=20)
    stage_at = models.DateTimeField()
    grade = models.CharField(_("grade"), max_length=1, choices=_GRADES)
    grade_set_at = models.DateTimeField()
    state = models.CharField(
        _("state"), max_length=8, choices=states.OpportunityState.choices, default="open"
    )
    owner = models.ForeignKey(
        User, models.PROTECT, related_name="+", db_index=False, verbose_name=_("owner")
    )
    next_step = models.CharField(_("next step"), max_length=300, blank=True)
    next_on = models.DateField(_("next step on"), null=True, blank=True)
    order = models.ForeignKey(
        Order, models.PROTECT, null=True, blank=True, related_name="opportunities", db_index=False
    )
    lost_reason = models.CharField(_("reason"), max_length=20, blank=True)
    rival = models.CharField(_("rival"), max_length=80, blank=True)
    end_words = models.CharField(_("in words"), max_length=500, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    source_kind = models.CharField(max_length=20, blank=True)
    source_id = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", db_index=False
    )
    moved_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="opportunity_graded", condition=models.Q(grade__in=["A", "B", "C", "D", "E"])
            ),
            models.CheckConstraint(
                name="opportunity_amount_in_home_currency",
                condition=models.Q(amount=None, home_amount=None)
                | models.Q(amount__gte=0, home_amount__gte=0),
            ),
            models.UniqueConstraint(
                name="order_of_one_opportunity",
                fields=["order"],
                condition=models.Q(order__isnull=False),
            ),
            models.CheckConstraint(
                name="won_opportunity_has_order",
                condition=~models.Q(state="won") | models.Q(order__isnull=False),
            ),
            models.CheckConstraint(
                name="lost_opportunity_has_reason",
                condition=~models.Q(state="lost") | ~models.Q(lost_reason=""),
            ),
            models.CheckConstraint(
                name="ended_opportunity_has_day",
                condition=models.Q(state="open", ended_at=None)
                | (~models.Q(state="open") & models.Q(ended_at__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "state"], name="opportunity_of_customer"),
            models.Index(fields=["expected_on", "id"], name="opportunity_open_by_day",
                         condition=models.Q(state="open")),
            models.Index(fields=["grade", "grade_set_at"], name="opportunity_open_graded",
                         condition=models.Q(state="open")),
            models.Index(fields=["owner", "state"], name="opportunity_by_owner"),
            models.Index(fields=["state", "ended_at"], name="opportunity_by_end"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.title


class OpportunityMove(InsertOnly):
    """One step of an opportunity, with what it came to by then. Insert-only.

    `what` says what moved from `before` to `after`. The other columns are the opportunity as it
    stood after the move: the newest move before a day gives it as of that day.
    """

    id = IdField()
    opportunity = models.ForeignKey(
        Opportunity, models.PROTECT, related_name="moves", db_index=False
    )
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    what = models.CharField(max_length=10, choices=states.Move.choices)
    before = models.CharField(max_length=120, blank=True)
    after = models.CharField(max_length=120, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    stage = models.CharField(max_length=20)
    grade = models.CharField(max_length=1)
    state = models.CharField(max_length=8)
    home_amount = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    expected_on = models.DateField(null=True)
    owner = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)

    class Meta:
        indexes = [models.Index(fields=["opportunity", "-at", "-id"], name="opportunity_moves")]


class OpportunityFact(InsertOnly):
    """What was found out for a stage, in words; the newest of a code counts. Insert-only.

    An empty text takes back what was noted.
    """

    id = IdField()
    opportunity = models.ForeignKey(
        Opportunity, models.PROTECT, related_name="facts", db_index=False
    )
    code = models.CharField(max_length=20)
    text = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        indexes = [
            models.Index(fields=["opportunity", "code", "-at", "-id"], name="opportunity_facts")
        ]
