"""Who had a card, looked at it, lent it or took it out; and the pool (CU8, CU17)."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from genjin.customers import states
from genjin.customers.models.card import Customer
from genjin.foundation.fields import IdField, json_list, json_object
from genjin.foundation.insert_only import InsertOnly
from genjin.foundation.models import Team, User


class CustodyChange(InsertOnly):
    """One move of a card from a custodian to another or into the pool. Insert-only.

    `reason` is a code (assigned, taken, returned_no_contact, returned_no_deal,
    returned_protection, given_back, collision, merge …).
    """

    id = IdField()
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="custody_changes")
    before = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    after = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    team = models.ForeignKey(Team, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=24)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [
            models.Index(fields=["customer", "-at"], name="custody_by_customer"),
            models.Index(fields=["after", "-at"], name="custody_taken"),
            models.Index(fields=["before", "-at"], name="custody_lost"),
        ]


class CardAccess(InsertOnly):
    """Someone looked at, lent, printed or exported a card, or saw a whole number. Insert-only."""

    id = IdField()
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", db_index=False)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    action = models.CharField(max_length=12, choices=states.AccessAction.choices)
    at = models.DateTimeField(default=timezone.now)
    detail = json_object()

    class Meta:
        indexes = [
            models.Index(fields=["customer", "-at"], name="access_by_customer"),
            models.Index(fields=["by", "-at"], name="access_by_person"),
            models.Index(fields=["-at"], name="access_newest"),
        ]


class CardLoan(models.Model):
    """A card lent to someone outside its scope until a day, with a reason."""

    id = IdField()
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="loans")
    to = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("lent to"))
    reason = models.CharField(_("reason"), max_length=300)
    lent_at = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField(_("until"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["to", "until"], condition=models.Q(ended_at=None),
                         name="loan_open"),
        ]  # fmt: skip


class CustomerExport(models.Model):
    """A file of customers that someone took out, with right, reason and watermark (CU8).

    `mark` is the code that the file carries in each row and in its properties: it names this row.
    `criteria` is the selection at that moment; `columns` what was written; `digest` the SHA-256
    of the file as handed out.
    """

    id = IdField()
    mark = models.CharField(max_length=24, unique=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    reason = models.CharField(_("reason"), max_length=300)
    recipient = models.CharField(_("handed to"), max_length=160, blank=True)
    criteria = json_object()
    segment_name = models.CharField(max_length=120, blank=True)
    columns = json_list()
    format = models.CharField(max_length=4, default="xlsx")
    state = models.CharField(max_length=10, choices=states.ExportState.choices, default="asked")
    approval = models.UUIDField(null=True, blank=True)
    row_count = models.PositiveIntegerField(null=True)
    stored_path = models.CharField(max_length=500, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    error = models.CharField(max_length=300, blank=True)
    asked_at = models.DateTimeField(default=timezone.now)
    made_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    fetched_at = models.DateTimeField(null=True)


class PoolWarning(models.Model):
    """A warning that a card will return to the pool on a day: 7, 3 and 1 days before (CU17)."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+")
    custodian = models.ForeignKey(User, models.CASCADE, related_name="+")
    returns_on = models.DateField()
    days_before = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=24)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "custodian", "returns_on", "days_before"],
                name="pool_warning_once",
            )
        ]
