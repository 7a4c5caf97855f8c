"""The ledger: accounts, amounts owed, and every movement of money (RE1).

Amounts are in the main unit of their currency, exact. `operations.ledger` is the only writer;
`proof` recomputes everything that stands in `Account` and `Receivable` from the entries.
"""

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Upper
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from genjin.customers.models import Customer
from genjin.foundation.fields import IdField, json_object
from genjin.foundation.insert_only import InsertOnly
from genjin.foundation.models import User
from genjin.receivables.states import EntryKind, Means, ReceivableState, ValueClass


def money(verbose_name: Any = None, **options: Any) -> models.DecimalField:
    return models.DecimalField(verbose_name, max_digits=18, decimal_places=2, **options)


class Account(models.Model):
    """What one customer owes us, and we them, in one currency; kept under its row lock.

    `open` is what is owed, `advance` (预收款) what was paid or credited and not yet allocated,
    `entries` how many rows the ledger has for it: their `seq` runs from 1 to `entries`. An account
    stays with the card it was opened for when cards are merged (`customers.family` joins them).
    """

    id = IdField()
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="accounts", db_index=False)
    currency = models.CharField(max_length=3)
    entries = models.BigIntegerField(default=0)
    open = money(default=Decimal(0))
    advance = money(default=Decimal(0))
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "currency"], name="account_once"),
            models.CheckConstraint(name="account_not_negative", condition=Q(
                open__gte=0, advance__gte=0, entries__gte=0)),
        ]  # fmt: skip

    @property
    def balance(self) -> Decimal:
        """What they owe in the end; below nought we owe them."""
        return self.open - self.advance


class Receivable(models.Model):
    """One amount owed: a bill of ours, an instalment, a charge, or an open item brought in (RE1).

    `amount` never changes; `open_amount` is what is left of it, and `state` is open exactly
    while something is. `due_on` is null while a condition of the contract is not met (goods not
    sold through yet). `source_kind`/`source_id` name what it came from: order, delivery,
    instalment, import, entered, charge. A charge (`is_charge`: interest, costs) may name its
    `principal`. `plain_number` is the number without case and signs, as payers write it.
    `value_class` is one of the five classes, `class_since` the day it came into it, and
    `limitation_from` the day from which the limitation period runs.
    """

    id = IdField()
    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="receivables", db_index=False
    )
    account = models.ForeignKey(Account, models.PROTECT, related_name="receivables", db_index=False)
    currency = models.CharField(max_length=3)
    number = models.CharField(_("bill number"), max_length=40, blank=True)
    plain_number = models.GeneratedField(
        expression=Func(
            Upper("number"), Value("[^0-9A-Z]"), Value(""), Value("g"),
            function="regexp_replace",
        ),
        output_field=models.CharField(max_length=40), db_persist=True,
    )  # fmt: skip
    source_kind = models.CharField(max_length=20)
    source_id = models.CharField(max_length=60, blank=True)
    position = models.PositiveSmallIntegerField(_("instalment"), null=True)
    is_charge = models.BooleanField(default=False)
    principal = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="charges", db_index=False
    )
    issued_on = models.DateField(_("issued on"))
    due_on = models.DateField(_("due on"), null=True)
    amount = money(_("amount"))
    open_amount = money()
    written_off_amount = money(default=Decimal(0))
    state = models.CharField(
        max_length=12, choices=ReceivableState.choices, default=ReceivableState.OPEN
    )
    value_class = models.CharField(
        max_length=12, choices=ValueClass.choices, default=ValueClass.OUTSTANDING
    )
    class_since = models.DateField()
    salesperson = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", db_index=False
    )
    collector = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    order_ref = models.CharField(max_length=60, blank=True)
    limitation_from = models.DateField(null=True)
    settled_on = models.DateField(null=True)
    external_key = models.CharField(max_length=120, blank=True)
    note = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(name="receivable_amount_positive", condition=Q(amount__gt=0)),
            models.CheckConstraint(name="receivable_open_in_amount", condition=Q(
                open_amount__gte=0, open_amount__lte=F("amount"))),
            models.CheckConstraint(name="receivable_off_in_amount", condition=Q(
                written_off_amount__gte=0, written_off_amount__lte=F("amount"))),
            models.CheckConstraint(name="receivable_open_while_owed", condition=
                Q(state="open", open_amount__gt=0) | ~Q(state="open") & Q(open_amount=0)),
            models.CheckConstraint(name="receivable_principal_of_charge", condition=
                Q(principal=None) | Q(is_charge=True)),
            models.UniqueConstraint(fields=["external_key"], name="receivable_external_once",
                                    condition=~Q(external_key="")),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["customer", "due_on"], name="receivable_open_customer",
                         condition=Q(state="open")),
            models.Index(fields=["due_on", "id"], name="receivable_open_due",
                         condition=Q(state="open")),
            models.Index(fields=["salesperson", "due_on"], name="receivable_open_salesperson",
                         condition=Q(state="open")),
            models.Index(fields=["collector", "due_on"], name="receivable_open_collector",
                         condition=Q(state="open", collector__isnull=False)),
            models.Index(fields=["value_class", "due_on"], name="receivable_open_class",
                         condition=Q(state="open")),
            models.Index(fields=["customer", "-id"], name="receivable_by_customer"),
            models.Index(fields=["source_kind", "source_id"], name="receivable_by_source"),
            models.Index(fields=["number"], name="receivable_by_number",
                         condition=~Q(number="")),
            models.Index(fields=["plain_number"], name="receivable_open_number",
                         condition=Q(state="open")),
            models.Index(fields=["open_amount", "currency"], name="receivable_open_amount",
                         condition=Q(state="open")),
            models.Index(fields=["order_ref"], name="receivable_by_order",
                         condition=~Q(order_ref="")),
            models.Index(fields=["principal"], name="receivable_by_principal",
                         condition=Q(principal__isnull=False)),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.number or f"{self.source_kind} {self.source_id}".strip()

    def days_overdue(self, today: Any) -> int:
        """Days past due; nought when it is not due, or has no day yet."""
        return max((today - self.due_on).days, 0) if self.due_on else 0


def _needs(kinds: tuple[str, ...], *, receivable: bool, credit: bool) -> Q:
    """Rows of these kinds, or reversals of them, name a debt and a credit, or none."""
    of_kind = Q(kind__in=kinds) | Q(kind="reversal", reversed_kind__in=kinds)
    return of_kind & Q(receivable__isnull=not receivable, credit__isnull=not credit)


class LedgerEntry(InsertOnly):
    """One movement in an account. Insert-only: a mistake is reversed by another row.

    bill, charge: `receivable` owes `amount`. payment (with its `means`), credit_note: `amount` is
    there to be allocated. allocation: `amount` of `credit` (a payment or credit note) pays
    `receivable`. refund: `amount` of `credit` goes back. write_off: `amount` of `receivable` is
    given up; recovery: it is owed again after all. reversal: undoes the entry it `reverses`,
    whole, and carries that entry's kind (`reversed_kind`), amount, receivable and credit.

    `booked_on` is the day it counts for, `at` when it was written; `seq` its place in the account.
    `external_key` is another system's name for it: nothing is booked twice.
    """

    id = IdField()
    account = models.ForeignKey(Account, models.PROTECT, related_name="rows", db_index=False)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="ledger", db_index=False)
    currency = models.CharField(max_length=3)
    seq = models.BigIntegerField()
    kind = models.CharField(max_length=12, choices=EntryKind.choices)
    reversed_kind = models.CharField(max_length=12, blank=True)
    amount = money()
    receivable = models.ForeignKey(
        Receivable, models.PROTECT, null=True, related_name="rows", db_index=False
    )
    credit = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="uses", db_index=False
    )
    reverses = models.OneToOneField("self", models.PROTECT, null=True, related_name="reversal")
    booked_on = models.DateField()
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    means = models.CharField(max_length=16, choices=Means.choices, blank=True)
    reference = models.CharField(max_length=120, blank=True)
    note = models.CharField(max_length=300, blank=True)
    external_key = models.CharField(max_length=120, blank=True)
    detail = json_object()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "seq"], name="ledger_gapless"),
            models.UniqueConstraint(fields=["external_key"], name="ledger_external_once",
                                    condition=~Q(external_key="")),
            models.CheckConstraint(name="ledger_amount_positive", condition=Q(
                amount__gt=0, seq__gte=1)),
            models.CheckConstraint(name="ledger_reversal_whole", condition=
                Q(kind="reversal", reverses__isnull=False, reversed_kind__in=[
                    kind for kind in EntryKind.values if kind != "reversal"])
                | ~Q(kind="reversal") & Q(reverses__isnull=True, reversed_kind="")),
            models.CheckConstraint(name="ledger_columns_by_kind", condition=
                _needs(("bill", "charge", "write_off", "recovery"), receivable=True, credit=False)
                | _needs(("payment", "credit_note"), receivable=False, credit=False)
                | _needs(("allocation",), receivable=True, credit=True)
                | _needs(("refund",), receivable=False, credit=True)),
            models.CheckConstraint(name="ledger_means_of_money", condition=
                Q(kind__in=["payment", "refund"]) & ~Q(means="")
                | ~Q(kind__in=["payment", "refund"]) & Q(means="")),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["customer", "-id"], name="ledger_newest"),
            models.Index(fields=["receivable"], name="ledger_of_receivable",
                         condition=Q(receivable__isnull=False)),
            models.Index(fields=["credit"], name="ledger_of_credit",
                         condition=Q(credit__isnull=False)),
            models.Index(fields=["booked_on", "kind"], name="ledger_by_day"),
            models.Index(fields=["at"], name="ledger_by_moment"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.kind} {self.amount} {self.currency}"


class LedgerDay(InsertOnly):
    """What the ledger came to on one day in one currency, closed the night after. Insert-only.

    `totals` is {kind: [rows, amount]} of the entries written on `day` (reversals by what they
    reverse, as "reversal:payment"); `content` a sum of keyed digests over these rows, so that a
    row that is changed, added or gone is seen whatever else was adjusted; `digest` chains the day
    to the one closed before it.
    """

    day = models.DateField()
    currency = models.CharField(max_length=3)
    number = models.PositiveIntegerField(unique=True)
    rows = models.BigIntegerField()
    totals = json_object()
    content = models.CharField(max_length=60)
    key_id = models.CharField(max_length=16)
    digest = models.BinaryField(max_length=32)
    closed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["day", "currency"], name="ledger_day_once"),
        ]
