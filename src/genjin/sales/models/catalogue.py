"""Products at hand while talking (CA12): prices, comparisons, short answers."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from genjin.customers.models import ProductCategory
from genjin.foundation.fields import json_list
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
