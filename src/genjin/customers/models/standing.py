"""What is worked out about a customer from orders and owned products; never typed by hand."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from genjin.customers import states
from genjin.customers.models.card import Customer
from genjin.foundation.fields import IdField, json_object
from genjin.foundation.models import User


class ProductCategory(models.Model):
    """A category of products that customers own, ours or a competitor's (CU4).

    `labels` is {language: text}. `life_years` is after how many years one is due for replacement
    (null: never asked). Sets of cards are kept for each category that is active.
    """

    code = models.SlugField(max_length=40, unique=True)
    labels = json_object()
    life_years = models.PositiveSmallIntegerField(_("years until replacement"), null=True,
                                                  blank=True)  # fmt: skip
    is_active = models.BooleanField(_("active"), default=True)
    position = models.PositiveIntegerField(default=1000)

    def __str__(self) -> str:
        return self.code


class OwnedProduct(models.Model):
    """A product that a customer owns (CU4). `is_ours` false: a competitor's brand.

    `bought_on` is known to `bought_precision`: day, month or year (the missing parts are 1).
    `source` says what proved it: an order, a warranty stub, a person who asked. With
    `owns_none` the row says that the customer was asked and owns nothing of the category; brand
    and the others are then empty. A product that is gone keeps its row with `gone_on`.
    """

    id = IdField()
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="owned")
    category = models.ForeignKey(ProductCategory, models.PROTECT, related_name="+",
                                 verbose_name=_("category"))  # fmt: skip
    owns_none = models.BooleanField(default=False)
    is_ours = models.BooleanField(_("our brand"), default=False)
    brand = models.CharField(_("brand"), max_length=80, blank=True)
    model = models.CharField(_("model"), max_length=80, blank=True)
    serial = models.CharField(_("serial number"), max_length=80, blank=True)
    bought_on = models.DateField(_("bought on"), null=True, blank=True)
    bought_precision = models.CharField(
        max_length=5, choices=states.DatePrecision.choices, default="day"
    )
    condition = models.CharField(
        _("condition"), max_length=8, choices=states.Condition.choices, blank=True
    )
    gone_on = models.DateField(_("gone on"), null=True, blank=True)
    source_kind = models.CharField(max_length=20)
    source_id = models.CharField(max_length=60, blank=True)
    confirmed_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [
            models.Index(fields=["category", "bought_on"], condition=models.Q(gone_on=None),
                         name="owned_by_category"),
            models.Index(fields=["serial"], condition=~models.Q(serial=""), name="owned_serial"),
        ]  # fmt: skip


class Standing(models.Model):
    """Class, list and sets of one customer (CU3, CU4): derived nightly and on each new fact.

    `value_class` empty: no deal in the period. `deal_amount` is the period's concluded orders less
    returns in home currency. `sets` is {category code: fixed|attack|development}; a category that
    is missing was never asked (to be found out). A customer without a row is potential, without
    class and never asked. While `open_opportunities` is above nought, the card's grade with its day
    and amount is that of the best of them (SA2) and no grading of its own.
    """

    customer = models.OneToOneField(Customer, models.CASCADE, primary_key=True,
                                    related_name="standing")  # fmt: skip
    value_class = models.CharField(max_length=1, choices=states.ValueClass.choices, blank=True)
    deal_amount = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    deal_count = models.PositiveIntegerField(default=0)
    first_deal_on = models.DateField(null=True)
    last_deal_on = models.DateField(null=True)
    customer_list = models.CharField(
        max_length=10, choices=states.CustomerList.choices, default="potential"
    )
    sets = json_object()
    open_opportunities = models.PositiveSmallIntegerField(default=0, db_default=0)
    changed_at = models.DateTimeField(default=timezone.now)
