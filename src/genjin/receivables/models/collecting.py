"""What is done about debts: classes, promises, excuses, news of payments, pay days (RE2–RE6)."""

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from genjin.customers.models import ContactPerson, Customer
from genjin.foundation.fields import IdField, json_list, json_object
from genjin.foundation.insert_only import InsertOnly
from genjin.foundation.models import User
from genjin.receivables.models.ledger import Receivable, money
from genjin.receivables.states import (
    InterruptionKind,
    Means,
    NewsKind,
    PromiseState,
    ValueClass,
)


class ClassMove(InsertOnly):
    """One debt that changed its class: by a rule, or by a person with a reason. Insert-only.

    `rule` is the code of the rule and `evidence` the figures it saw. A move by hand keeps in
    `ruled_class` what the rules said on that day: it stands until they find the debt worse.
    `approval` names the decision that made a debt dead.
    """

    id = IdField()
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", db_index=False)
    receivable = models.ForeignKey(
        Receivable, models.PROTECT, related_name="class_moves", db_index=False
    )
    before = models.CharField(max_length=12, choices=ValueClass.choices)
    after = models.CharField(max_length=12, choices=ValueClass.choices)
    is_by_hand = models.BooleanField(default=False)
    ruled_class = models.CharField(max_length=12, choices=ValueClass.choices)
    rule = models.CharField(max_length=40, blank=True)
    evidence = json_object()
    reason = models.CharField(max_length=300, blank=True)
    approval = models.CharField(max_length=60, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        indexes = [
            models.Index(fields=["receivable", "-at"], name="class_move_newest"),
            models.Index(fields=["receivable"], name="class_move_by_hand",
                         condition=Q(is_by_hand=True)),
        ]  # fmt: skip
        constraints = [
            models.CheckConstraint(name="class_move_by_hand_says_why",
                                   condition=Q(is_by_hand=False) | ~Q(reason="")),
        ]  # fmt: skip


class PaymentPromise(models.Model):
    """A customer's promise to pay an amount by a day (RE6).

    It keeps dunning still for what its covers name, until `until` (the last day that counts: the
    day promised and a working day for the bank). `paid_amount` is what came in for it, `state`
    is found from the ledger. `means` is how it is to be paid, `said_by` who promised; `approval`
    names the decision of a supervisor, where one was needed.
    """

    id = IdField()
    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="payment_promises", db_index=False
    )
    currency = models.CharField(max_length=3)
    amount = money(_("amount"))
    promised_on = models.DateField(_("promised for"))
    until = models.DateField()
    means = models.CharField(_("means"), max_length=16, choices=Means.choices, blank=True)
    person = models.ForeignKey(
        ContactPerson, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    said_by = models.CharField(_("who promised"), max_length=120, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    state = models.CharField(max_length=9, choices=PromiseState.choices, default="open")
    paid_amount = money(default=Decimal(0))
    settled_on = models.DateField(null=True)
    approval = models.CharField(max_length=60, blank=True)
    interaction = models.CharField(max_length=60, blank=True)
    made_at = models.DateTimeField(default=timezone.now)
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        indexes = [
            models.Index(fields=["customer", "-made_at"], name="promise_by_customer"),
            models.Index(fields=["until"], condition=Q(state="open"), name="promise_open"),
            models.Index(fields=["settled_on"], condition=Q(state="broken"),
                         name="promise_broken"),
        ]  # fmt: skip
        constraints = [
            models.CheckConstraint(name="promise_amount_positive", condition=Q(amount__gt=0)),
            models.CheckConstraint(name="promise_rests_to_its_day",
                                   condition=Q(until__gte=models.F("promised_on"))),
            models.CheckConstraint(name="promise_open_or_settled", condition=
                Q(state="open", settled_on=None) | ~Q(state="open") & Q(settled_on__isnull=False)),
        ]  # fmt: skip


class PromiseCover(models.Model):
    """How much of which debt a promise covers, in the order in which money goes to them."""

    promise = models.ForeignKey(PaymentPromise, models.CASCADE, related_name="covers")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", db_index=False)
    receivable = models.ForeignKey(Receivable, models.PROTECT, related_name="promise_covers")
    amount = money()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["promise", "receivable"], name="promise_cover_once"),
            models.CheckConstraint(name="promise_cover_positive", condition=Q(amount__gt=0)),
        ]


class ExcuseGiven(InsertOnly):
    """An excuse that a customer gave, as coded in policy/excuses.toml, or anger. Insert-only.

    `proposed` is the action of the catalogue, `taken` what the person did instead or the same.
    """

    id = IdField()
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", db_index=False)
    code = models.CharField(max_length=24)
    is_grievance = models.BooleanField(default=False)
    is_evasion = models.BooleanField(default=False)
    proposed = json_object()
    taken = models.CharField(max_length=24, blank=True)
    note = models.CharField(max_length=500, blank=True)
    interaction = models.CharField(max_length=60, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        indexes = [
            models.Index(fields=["customer", "-at"], name="excuse_by_customer"),
            models.Index(fields=["code", "at"], name="excuse_by_code"),
        ]


class PaymentNews(InsertOnly):
    """That payments are known up to a day: from a file, an interface, or because finance says so.

    The newest day counts, whatever told it. Insert-only.
    """

    id = IdField()
    kind = models.CharField(max_length=8, choices=NewsKind.choices)
    complete_to = models.DateField(_("payments are complete to"))
    note = models.CharField(_("note"), max_length=300, blank=True)
    source_id = models.CharField(max_length=60, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        indexes = [models.Index(fields=["-complete_to"], name="payment_news_newest")]


class PaymentCalendar(models.Model):
    """When and how a customer pays (RE11): see `rules.paydays.Procedure` for the shapes.

    `payer_type` is one of the types of policy/excuses.toml. `next_pay_on` and `start_by` are worked
    out every night: the next pay day that can still be reached, and the last day to begin.
    """

    customer = models.OneToOneField(
        Customer, models.PROTECT, primary_key=True, related_name="payment_calendar"
    )
    pay_days = json_list()
    invoice_by_day = models.PositiveSmallIntegerField(_("bill in by"), null=True, blank=True)
    steps = json_list()
    payer_type = models.CharField(_("type of payer"), max_length=24, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True)
    next_pay_on = models.DateField(null=True)
    start_by = models.DateField(null=True)
    missed_on = models.DateField(null=True)
    worked_out_on = models.DateField(null=True)
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", db_index=False
    )

    class Meta:
        indexes = [models.Index(fields=["start_by"], name="payment_calendar_start")]


class Interruption(InsertOnly):
    """Something that begins the limitation period of a debt anew, with its proof. Insert-only."""

    id = IdField()
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", db_index=False)
    receivable = models.ForeignKey(Receivable, models.PROTECT, related_name="interruptions")
    on = models.DateField(_("on"))
    kind = models.CharField(_("kind"), max_length=16, choices=InterruptionKind.choices)
    proof = models.CharField(_("proof"), max_length=300)
    source_kind = models.CharField(max_length=20, blank=True)
    source_id = models.CharField(max_length=60, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
