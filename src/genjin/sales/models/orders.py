"""What customers buy: orders with their terms, and the lines that figures are made of."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from genjin.customers.models import ContactPerson, Customer, ProductCategory
from genjin.foundation.fields import IdField, json_list, json_object
from genjin.foundation.insert_only import InsertOnly
from genjin.foundation.models import Approval, User
from genjin.sales import states
from genjin.sales.models.catalogue import Product


class Order(models.Model):
    """One order as a customer agrees to it: its lines and when it is paid (SA3).

    It is concluded only when its terms were told and agreed, on record (`TermsAgreement`).
    `payment_term` says when it is paid; `net_days` counts from delivery for `after`;
    `instalments` is the plan for that term: [{"due_on" | "days", "amount"}], in the order's
    currency, whose sum is the total. `total` is the sum of its lines. `exception` is the approval
    that lets terms stand which the rules refuse. `number` is drawn when it is concluded.
    `is_verification_needed` keeps deliveries back until someone other than the seller has
    confirmed the deal with the customer (FU11).
    """

    id = IdField()
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="orders", db_index=False)
    number = models.CharField(_("number"), max_length=40, blank=True)
    state = models.CharField(max_length=10, choices=states.OrderState.choices, default="draft")
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    total = models.DecimalField(_("total"), max_digits=18, decimal_places=2, default=0)
    payment_term = models.CharField(
        _("payment"), max_length=12, choices=states.PaymentTerm.choices, default="before"
    )
    net_days = models.PositiveSmallIntegerField(_("days to pay after delivery"), default=0)
    instalments = json_list()
    deliver_on = models.DateField(_("delivery wished on"), null=True, blank=True)
    deliver_to = models.CharField(_("delivered to"), max_length=300, blank=True)
    seller = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    source_kind = models.CharField(max_length=20, blank=True)
    source_id = models.CharField(max_length=60, blank=True)
    external_key = models.CharField(max_length=80, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True)
    exception = models.ForeignKey(
        Approval, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    is_verification_needed = models.BooleanField(default=False)
    is_verified = models.BooleanField(default=False)
    concluded_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["number"], name="order_number_once", condition=~models.Q(number="")
            ),
            models.UniqueConstraint(
                fields=["external_key"], name="order_key_once", condition=~models.Q(external_key="")
            ),
            models.CheckConstraint(
                name="order_total_not_negative", condition=models.Q(total__gte=0)
            ),
            models.CheckConstraint(
                name="concluded_order_has_number",
                condition=models.Q(state__in=["draft", "told", "agreed", "cancelled"])
                | ~models.Q(number=""),
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-created_at"], name="order_of_customer"),
            models.Index(fields=["state", "-created_at"], name="order_by_state"),
            models.Index(fields=["seller", "-created_at"], name="order_by_seller"),
        ]

    def __str__(self) -> str:
        return self.number or str(self.id)

    @property
    def is_at_once(self) -> bool:
        """Whether it is paid before or on delivery; everything else is credit."""
        return self.payment_term in states.AT_ONCE


class OrderLine(models.Model):
    """One line of what a customer bought or gave back: what classes, lists and figures count (CU3).

    A line of an `order` counts from the moment the order is concluded; one without stands for
    itself (entered by hand, imported history). `kind` return counts against the amount, which is
    never negative. `home_amount` is in the organisation's home currency at `rate` of the day.
    `quantity` times `unit_price` less what was granted is `amount`. A trial names what for
    (`trial_for`: the later quantity) and when it is decided; a gift for whom and when it is given.
    `external_key` is another system's name for it: the same key is written once. A line that was
    cancelled counts nowhere.
    """

    class Kind(models.TextChoices):
        ORDER = "order", pgettext_lazy("sales", "Order")
        RETURN = "return", pgettext_lazy("sales", "Return")

    State = states.LineState

    id = IdField()
    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="order_lines", db_index=False
    )
    order = models.ForeignKey(
        Order, models.PROTECT, null=True, blank=True, related_name="lines", db_index=False
    )
    position = models.PositiveSmallIntegerField(default=1, db_default=1)
    kind = models.CharField(_("kind"), max_length=6, choices=Kind.choices, default=Kind.ORDER)
    state = models.CharField(
        max_length=9, choices=states.LineState.choices, default=states.LineState.CONCLUDED
    )
    category = models.ForeignKey(ProductCategory, models.PROTECT, related_name="+",
                                 db_index=False, verbose_name=_("category"))  # fmt: skip
    product = models.ForeignKey(Product, models.PROTECT, null=True, blank=True, related_name="+",
                                db_index=False, verbose_name=_("product"))  # fmt: skip
    text = models.CharField(_("description"), max_length=200, blank=True, db_default="")
    quantity = models.DecimalField(
        _("quantity"), max_digits=14, decimal_places=3, default=1, db_default=1
    )
    unit_price = models.DecimalField(
        _("unit price"), max_digits=18, decimal_places=4, null=True, blank=True
    )
    ordered_on = models.DateField(_("ordered on"))
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    rate = models.DecimalField(max_digits=18, decimal_places=8, default=1)
    home_amount = models.DecimalField(max_digits=18, decimal_places=2)
    is_trial = models.BooleanField(_("bought as a trial for a larger order"), default=False)
    trial_for = models.CharField(_("trial for"), max_length=120, blank=True, db_default="")
    trial_decided_on = models.DateField(_("trial decided on"), null=True, blank=True)
    is_gift = models.BooleanField(_("a gift"), default=False, db_default=False)
    gift_for = models.CharField(_("gift for"), max_length=120, blank=True, db_default="")
    gift_on = models.DateField(_("given on"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    source = models.CharField(max_length=12, default="entered")
    external_key = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        constraints = [
            models.CheckConstraint(name="order_amount_positive", condition=models.Q(amount__gte=0)),
            models.CheckConstraint(
                name="line_quantity_positive", condition=models.Q(quantity__gt=0)
            ),
            models.UniqueConstraint(fields=["external_key"], name="order_external_once",
                                    condition=~models.Q(external_key="")),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["customer", "-ordered_on"], name="order_by_customer"),
            models.Index(fields=["ordered_on"], name="order_by_day"),
            models.Index(
                fields=["order", "position"],
                name="line_of_order",
                condition=models.Q(order__isnull=False),
            ),
        ]


class TermsAgreement(InsertOnly):
    """What a customer was told of an order's terms, and what they answered (SA3). Insert-only.

    `terms` is the whole of what was told: lines, total, payment, due days. `answer` told, agreed
    or refused; `person` who answered, `means` how, `evidence` where the proof lies (interaction
    id, number of a recording, a signed paper).
    """

    class Answer(models.TextChoices):
        TOLD = "told", _("Told")
        AGREED = "agreed", _("Agreed")
        REFUSED = "refused", _("Did not agree")

    id = IdField()
    order = models.ForeignKey(Order, models.PROTECT, related_name="agreements")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", db_index=False)
    answer = models.CharField(max_length=8, choices=Answer.choices)
    terms = json_object()
    digest = models.CharField(max_length=64)
    person = models.ForeignKey(ContactPerson, models.PROTECT, null=True, related_name="+")
    means = models.CharField(max_length=8, choices=states.AgreementMeans.choices)
    evidence = models.CharField(_("proof"), max_length=300, blank=True)
    words = models.CharField(_("in the customer's words"), max_length=500, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")


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
