"""Products at hand while talking (CA12), and what was ordered of them (CU3)."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from genjin.customers.models import Customer, ProductCategory
from genjin.foundation.fields import IdField, json_list, json_object
from genjin.foundation.models import User


class Product(models.Model):
    """Something we sell, with its FAB sheet: features, advantages, benefits (lists of sentences).

    `is_main` and a higher list price come first when products are named to a customer.
    """

    code = models.CharField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    category = models.CharField(_("category"), max_length=80, blank=True)
    kind = models.ForeignKey(
        ProductCategory, models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("product category"),
    )  # fmt: skip
    in_stock = models.BooleanField(_("in stock"), default=True)
    is_dear = models.BooleanField(_("dear"), default=False)
    is_fragile = models.BooleanField(_("fragile"), default=False)
    needs_installation = models.BooleanField(_("needs installation"), default=False)
    maintenance_months = models.PositiveSmallIntegerField(
        _("months between maintenance"), null=True, blank=True
    )
    is_main = models.BooleanField(_("main product"), default=False)
    features = json_list()
    advantages = json_list()
    benefits = json_list()
    description = models.TextField(_("description"), blank=True)
    search_text = models.TextField(blank=True, editable=False)
    search_tokens = ArrayField(models.IntegerField(), default=list, editable=False)
    is_active = models.BooleanField(_("active"), default=True)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        indexes = [GinIndex(fields=["search_tokens"], name="product_search")]

    def __str__(self) -> str:
        return self.name


class Price(models.Model):
    """A price of a product: its field code (list, now, month, year …), amount, currency and term.

    Script placeholders compute from these fields and from nothing that was typed as a total.
    `months` is how many months the amount pays for (null: once and for all).
    """

    product = models.ForeignKey(Product, models.CASCADE, related_name="prices")
    code = models.SlugField(_("price field"), max_length=20)
    label = models.CharField(_("label"), max_length=60)
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    months = models.PositiveSmallIntegerField(_("months paid for"), null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["product", "code"], name="price_field_once"),
            models.CheckConstraint(name="price_not_negative", condition=models.Q(amount__gte=0)),
        ]


class Comparison(models.Model):
    """How a product stands against one of a competitor's, point by point."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="comparisons")
    competitor = models.CharField(_("competitor"), max_length=120)
    point = models.CharField(_("point"), max_length=120)
    ours = models.CharField(_("ours"), max_length=200)
    theirs = models.CharField(_("theirs"), max_length=200)
    source = models.CharField(_("source"), max_length=200, blank=True)


class KnowledgeCard(models.Model):
    """A short answer to a question that customers ask, found by typing while talking."""

    product = models.ForeignKey(
        Product, models.CASCADE, null=True, blank=True, related_name="cards"
    )
    title = models.CharField(_("title"), max_length=160)
    body = models.TextField(_("text"))
    search_text = models.TextField(blank=True, editable=False)
    search_tokens = ArrayField(models.IntegerField(), default=list, editable=False)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [GinIndex(fields=["search_tokens"], name="knowledge_search")]

    def __str__(self) -> str:
        return self.title


class Order(models.Model):
    """One line of what a customer bought or gave back (CU3), as far as classes and lists need it.

    `kind` return counts against the amount, which is never negative. `home_amount` is in the
    organisation's home currency at `rate` of the day. `external_key` is another system's name for
    it: the same key is written once. An order that was cancelled counts nowhere.
    """

    class Kind(models.TextChoices):
        ORDER = "order", pgettext_lazy("sales", "Order")
        RETURN = "return", pgettext_lazy("sales", "Return")

    class State(models.TextChoices):
        CONCLUDED = "concluded", _("Concluded")
        CANCELLED = "cancelled", _("Cancelled")

    id = IdField()
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="orders", db_index=False)
    kind = models.CharField(_("kind"), max_length=6, choices=Kind.choices, default=Kind.ORDER)
    state = models.CharField(max_length=9, choices=State.choices, default=State.CONCLUDED)
    category = models.ForeignKey(ProductCategory, models.PROTECT, related_name="+",
                                 db_index=False, verbose_name=_("category"))  # fmt: skip
    product = models.ForeignKey(Product, models.PROTECT, null=True, blank=True, related_name="+",
                                db_index=False, verbose_name=_("product"))  # fmt: skip
    ordered_on = models.DateField(_("ordered on"))
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    rate = models.DecimalField(max_digits=18, decimal_places=8, default=1)
    home_amount = models.DecimalField(max_digits=18, decimal_places=2)
    is_trial = models.BooleanField(_("bought as a trial for a larger order"), default=False)
    note = models.CharField(_("note"), max_length=300, blank=True)
    source = models.CharField(max_length=12, default="entered")
    external_key = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        constraints = [
            models.CheckConstraint(name="order_amount_positive", condition=models.Q(amount__gte=0)),
            models.UniqueConstraint(fields=["external_key"], name="order_external_once",
                                    condition=~models.Q(external_key="")),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["customer", "-ordered_on"], name="order_by_customer"),
            models.Index(fields=["ordered_on"], name="order_by_day"),
        ]


class ExchangeRate(models.Model):
    """How much home currency one unit of a currency was worth from a day on."""

    currency = models.CharField(_("currency"), max_length=3)
    from_day = models.DateField(_("from"))
    rate = models.DecimalField(_("rate"), max_digits=18, decimal_places=8)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["currency", "from_day"], name="rate_once_a_day"),
            models.CheckConstraint(name="rate_positive", condition=models.Q(rate__gt=0)),
        ]


class ClassRun(models.Model):
    """One run over all customers that gave them their classes (CU3); the newest explains them.

    `total` is what all customers with a deal brought from `period_from` to `period_to` (both
    included), in home currency; `a_floor` and `b_floor` the least amounts of A and B in that run
    (null: nobody had a deal). Between two runs a customer with a new order is put by them.
    """

    at = models.DateTimeField()
    period_from = models.DateField()
    period_to = models.DateField()
    a_percent = models.DecimalField(max_digits=5, decimal_places=2)
    b_percent = models.DecimalField(max_digits=5, decimal_places=2)
    total = models.DecimalField(max_digits=20, decimal_places=2)
    a_floor = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    b_floor = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    counts = json_object()
    changed_count = models.PositiveIntegerField(default=0)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["-at"], name="class_run_newest")]


class KeyDecision(models.Model):
    """What a manager decided about a proposal to mark a key customer (CU3), with the reason.

    `basis` is the proposal's reason as data: while it stays the same, a refused proposal does not
    come again. `is_key` is what the card said afterwards.
    """

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+")
    is_key = models.BooleanField()
    basis = json_object()
    reason = models.CharField(_("reason"), max_length=300)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["customer", "-at"], name="key_decision_newest")]
