"""Credit of customers: limit, standing, inquiries, securities, pressure (SA4, SA6, CU15)."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from genjin.customers.models import Customer
from genjin.foundation.fields import IdField, json_object
from genjin.foundation.insert_only import InsertOnly
from genjin.foundation.models import User
from genjin.sales import states


class CreditAccount(models.Model):
    """The credit of one customer, or of a head office and its branches together (SA4).

    `limit` in `currency`, set by a named person (`CreditDecision`). `grade` A–D is found by rule
    (`sales.credit.rules`). Whoever decides about using credit locks this row first, so that two
    orders cannot both take the last of it.
    """

    id = IdField()
    name = models.CharField(_("name"), max_length=200, blank=True)
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    limit = models.DecimalField(_("limit"), max_digits=18, decimal_places=2, default=0)
    standing = models.CharField(
        _("standing"), max_length=8, choices=states.CreditStanding.choices, default="none"
    )
    grade = models.CharField(_("credit grade"), max_length=1, blank=True)
    grade_basis = json_object()
    inquiry_wanted = models.CharField(max_length=8, choices=states.InquiryCause.choices, blank=True)
    inquiry_wanted_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="credit_limit_not_negative", condition=models.Q(limit__gte=0)
            )
        ]

    def __str__(self) -> str:
        return self.name or str(self.id)


class CreditMember(models.Model):
    """Which credit account a customer uses; one at most. The head office is marked."""

    customer = models.OneToOneField(
        Customer, models.PROTECT, primary_key=True, related_name="credit_member"
    )
    account = models.ForeignKey(CreditAccount, models.PROTECT, related_name="members")
    is_head = models.BooleanField(default=False)


class CreditDecision(InsertOnly):
    """Who set which limit and standing, and why. Insert-only."""

    id = IdField()
    account = models.ForeignKey(CreditAccount, models.PROTECT, related_name="decisions")
    limit = models.DecimalField(max_digits=18, decimal_places=2)
    standing = models.CharField(max_length=8, choices=states.CreditStanding.choices)
    grade = models.CharField(max_length=1, blank=True)
    reason = models.CharField(_("reason"), max_length=300)
    approval = models.CharField(max_length=60, blank=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()


class CreditInquiry(InsertOnly):
    """An inquiry into a customer's credit: its day, where it came from, what it found."""

    id = IdField()
    account = models.ForeignKey(CreditAccount, models.PROTECT, related_name="inquiries")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+")
    cause = models.CharField(max_length=8, choices=states.InquiryCause.choices)
    made_on = models.DateField(_("made on"))
    source = models.CharField(_("source"), max_length=120)
    result = models.CharField(_("result"), max_length=5, choices=states.InquiryResult.choices)
    finding = models.CharField(_("what was found"), max_length=1000, blank=True)
    suggested_limit = models.DecimalField(max_digits=18, decimal_places=2, null=True, blank=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()


class Security(models.Model):
    """What secures a customer's debt until a day (none: for as long as it stands)."""

    id = IdField()
    account = models.ForeignKey(CreditAccount, models.PROTECT, related_name="securities")
    kind = models.CharField(_("kind"), max_length=10, choices=states.SecurityKind.choices)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    given_on = models.DateField(_("given on"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    evidence = models.CharField(_("proof"), max_length=300, blank=True)
    released_at = models.DateTimeField(null=True, blank=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
