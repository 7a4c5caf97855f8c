"""Choices and state tables of orders, deliveries and credit."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from genjin.kernel.states import StateTable


class PaymentTerm(models.TextChoices):
    """When the customer pays (SA3); the first two are "at once", the others are credit."""

    BEFORE = "before", _("Before delivery")
    ON_DELIVERY = "on_delivery", _("On delivery")
    AFTER = "after", _("After delivery")
    INSTALMENTS = "instalments", _("In instalments")


AT_ONCE = frozenset({PaymentTerm.BEFORE, PaymentTerm.ON_DELIVERY})
ON_CREDIT = frozenset({PaymentTerm.AFTER, PaymentTerm.INSTALMENTS})


class OrderState(models.TextChoices):
    """A draft is nobody's promise; `concluded` counts; `closed` is over, and may be reopened."""

    DRAFT = "draft", pgettext_lazy("order", "Draft")
    TOLD = "told", _("Terms told")
    AGREED = "agreed", _("Terms agreed")
    CONCLUDED = "concluded", _("Concluded")
    CLOSED = "closed", pgettext_lazy("order", "Closed")
    CANCELLED = "cancelled", _("Cancelled")


ORDER_STATES = StateTable(
    states=list(OrderState.values),
    transitions={
        OrderState.DRAFT: {OrderState.TOLD, OrderState.CANCELLED},
        # Changing lines or terms makes a draft of it again: what was told is not what is agreed.
        OrderState.TOLD: {OrderState.AGREED, OrderState.DRAFT, OrderState.CANCELLED},
        OrderState.AGREED: {OrderState.CONCLUDED, OrderState.DRAFT, OrderState.CANCELLED},
        OrderState.CONCLUDED: {OrderState.CLOSED, OrderState.CANCELLED},
        OrderState.CLOSED: {OrderState.CONCLUDED},
    },
)
OPEN_ORDERS = (OrderState.DRAFT, OrderState.TOLD, OrderState.AGREED, OrderState.CONCLUDED)


class LineState(models.TextChoices):
    """A line counts in figures from the moment its order is concluded."""

    DRAFT = "draft", pgettext_lazy("order", "Draft")
    CONCLUDED = "concluded", _("Concluded")
    CANCELLED = "cancelled", _("Cancelled")


LINE_STATES = StateTable(
    states=list(LineState.values),
    transitions={
        LineState.DRAFT: {LineState.CONCLUDED, LineState.CANCELLED},
        LineState.CONCLUDED: {LineState.CANCELLED},
    },
)


class DeliveryState(models.TextChoices):
    PLANNED = "planned", pgettext_lazy("delivery", "Planned")
    RELEASED = "released", _("Released")
    SHIPPED = "shipped", _("On the way")
    DELIVERED = "delivered", _("Delivered")
    REFUSED = "refused", _("Not accepted by the customer")
    CANCELLED = "cancelled", _("Cancelled")


DELIVERY_STATES = StateTable(
    states=list(DeliveryState.values),
    transitions={
        DeliveryState.PLANNED: {DeliveryState.RELEASED, DeliveryState.CANCELLED},
        DeliveryState.RELEASED: {
            DeliveryState.SHIPPED,
            DeliveryState.PLANNED,
            DeliveryState.CANCELLED,
        },
        DeliveryState.SHIPPED: {DeliveryState.DELIVERED, DeliveryState.REFUSED},
    },
)
# What uses up an order line: everything but what never arrived.
ALIVE_DELIVERIES = (
    DeliveryState.PLANNED,
    DeliveryState.RELEASED,
    DeliveryState.SHIPPED,
    DeliveryState.DELIVERED,
)


class Condition(models.TextChoices):
    """How goods arrived."""

    GOOD = "good", _("In good order")
    DAMAGED = "damaged", _("Damaged")
    INCOMPLETE = "incomplete", _("Incomplete")
    WRONG = "wrong", _("Wrong goods")


class CreditStanding(models.TextChoices):
    """`none`: pays at once; `open`: within the limit; `watch`: open and looked at; `stopped`."""

    NONE = "none", _("No credit")
    OPEN = "open", pgettext_lazy("credit", "Open")
    WATCH = "watch", _("Under watch")
    STOPPED = "stopped", pgettext_lazy("credit", "Stopped")


CREDIT_STANDINGS = StateTable(
    states=list(CreditStanding.values),
    transitions={
        CreditStanding.NONE: {CreditStanding.OPEN, CreditStanding.STOPPED},
        CreditStanding.OPEN: {
            CreditStanding.WATCH,
            CreditStanding.STOPPED,
            CreditStanding.NONE,
        },
        CreditStanding.WATCH: {
            CreditStanding.OPEN,
            CreditStanding.STOPPED,
            CreditStanding.NONE,
        },
        CreditStanding.STOPPED: {
            CreditStanding.WATCH,
            CreditStanding.OPEN,
            CreditStanding.NONE,
        },
    },
)


class InquiryCause(models.TextChoices):
    """Why an inquiry into a customer's credit is demanded (SA4)."""

    NEW = "new", _("New customer on credit")
    TERMS = "terms", _("Changed terms")
    NEWS = "news", _("Bad news")
    REVIEW = "review", _("Regular review")


class InquiryResult(models.TextChoices):
    GOOD = "good", pgettext_lazy("inquiry", "Good")
    FAIR = "fair", pgettext_lazy("inquiry", "Fair")
    POOR = "poor", pgettext_lazy("inquiry", "Poor")


class SecurityKind(models.TextChoices):
    DEPOSIT = "deposit", _("Deposit")
    GUARANTEE = "guarantee", _("Guarantee")
    RETENTION = "retention", _("Retention of title")
    MORTGAGE = "mortgage", _("Mortgage or pledge")


class AgreementMeans(models.TextChoices):
    """How a customer was told the terms and agreed to them."""

    CALL = "call", _("Call")
    VISIT = "visit", _("Visit")
    LETTER = "letter", _("Letter")
    EMAIL = "email", _("E-mail")
    MESSAGE = "message", _("Message")
    SIGNED = "signed", _("Signed paper")
    WEB = "web", _("Web")


class PaperKind(models.TextChoices):
    """What a paper is; the codes are those of the number series (policy/numbering.toml)."""

    QUOTATION = "quotation", pgettext_lazy("paper", "Quotation")
    ORDER = "order", pgettext_lazy("paper", "Order")
    CONTRACT = "contract", pgettext_lazy("paper", "Contract")
    DELIVERY = "delivery", pgettext_lazy("paper", "Delivery note")
    BILL = "bill", pgettext_lazy("paper", "Bill")
    PAYMENT_NOTICE = "payment_notice", pgettext_lazy("paper", "Payment notice")
    RECEIPT = "receipt", pgettext_lazy("paper", "Receipt")
    CREDIT_NOTE = "credit_note", pgettext_lazy("paper", "Credit note")
    STATEMENT = "statement", pgettext_lazy("paper", "Statement of account")
    LETTER = "letter", pgettext_lazy("paper", "Letter")


class InvoiceKind(models.TextChoices):
    """What is asked of the tax platform; `red` takes an issued one back, in whole or in part."""

    NORMAL = "normal", pgettext_lazy("invoice", "Normal")
    SPECIAL = "special", pgettext_lazy("invoice", "Special (VAT)")
    RED = "red", pgettext_lazy("invoice", "Red")


class InvoiceState(models.TextChoices):
    """`red`: issued once, and taken back entirely by red ones."""

    REQUESTED = "requested", pgettext_lazy("invoice", "Requested")
    ISSUED = "issued", pgettext_lazy("invoice", "Issued")
    REJECTED = "rejected", pgettext_lazy("invoice", "Not issued")
    RED = "red", pgettext_lazy("invoice", "Taken back")


INVOICE_STATES = StateTable(
    states=list(InvoiceState.values),
    transitions={
        InvoiceState.REQUESTED: {InvoiceState.ISSUED, InvoiceState.REJECTED},
        InvoiceState.ISSUED: {InvoiceState.RED},
    },
)
