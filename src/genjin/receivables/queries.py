"""What screens and operations read of receivables."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Case, DecimalField, F, OuterRef, QuerySet, Subquery, Sum, When
from django.db.models.functions import Coalesce

from genjin.customers.family import family_of
from genjin.customers.models import Customer
from genjin.receivables.models import Account, InstrumentCover, LedgerEntry, Receivable
from genjin.receivables.states import SECURING, EntryKind

_NOUGHT = Decimal(0)
_MONEY: DecimalField = DecimalField(max_digits=18, decimal_places=2)


def secured_amounts(receivable_ids: Iterable[UUID]) -> dict[UUID, Decimal]:
    """How much of debts is secured by cheques and bills that are not cleared yet, by debt."""
    rows = (
        InstrumentCover.objects.filter(
            receivable_id__in=list(receivable_ids), instrument__state__in=SECURING
        )
        .order_by()
        .values_list("receivable_id")
        .annotate(secured=Sum("amount"))
    )
    return dict(rows)


def secured_amount(receivable: Receivable) -> Decimal:
    """How much of a debt is secured and not paid; never more than is open."""
    found = secured_amounts([receivable.pk]).get(receivable.pk, _NOUGHT)
    return min(found, receivable.open_amount)


def with_left(credits: QuerySet[LedgerEntry]) -> QuerySet[Any]:
    """Payments and credit notes with `left`: what is neither allocated nor given back."""
    uses = (
        LedgerEntry.objects.filter(credit=OuterRef("pk"))
        .order_by()
        .values("credit")
        .annotate(used=Sum(Case(When(kind=EntryKind.REVERSAL, then=-F("amount")),
                                default=F("amount"), output_field=_MONEY)))
        .values("used")
    )  # fmt: skip
    used = Coalesce(Subquery(uses, output_field=_MONEY), _NOUGHT, output_field=_MONEY)
    return credits.annotate(left=F("amount") - used)


def credits_left(account_ids: Sequence[UUID]) -> Iterator[tuple[LedgerEntry, Decimal]]:
    """The payments and credit notes of accounts of which something is left, the oldest first."""
    standing = LedgerEntry.objects.filter(
        account_id__in=list(account_ids), kind__in=[EntryKind.PAYMENT, EntryKind.CREDIT_NOTE],
        reversal=None,
    )  # fmt: skip
    for entry in with_left(standing).filter(left__gt=0).order_by("booked_on", "at", "id"):
        yield entry, entry.left


@dataclass
class Standing:
    """What a customer owes in one currency: open, advance, balance, and what is overdue."""

    currency: str
    open: Decimal = _NOUGHT
    advance: Decimal = _NOUGHT
    overdue: Decimal = _NOUGHT
    secured: Decimal = _NOUGHT
    accounts: list[Account] = field(default_factory=list)

    @property
    def balance(self) -> Decimal:
        return self.open - self.advance


def accounts_of(customer_id: UUID) -> list[Account]:
    """The accounts of a customer and of the cards merged into theirs, by currency."""
    rows = Account.objects.filter(customer_id__in=family_of(customer_id))
    return list(rows.order_by("currency", "customer_id"))


def standings(customer: Customer, *, today: date | None = None) -> list[Standing]:
    """What a customer owes by currency, merged cards included; overdue where `today` is given."""
    found: dict[str, Standing] = {}
    for account in accounts_of(customer.pk):
        one = found.setdefault(account.currency, Standing(account.currency))
        one.open += account.open
        one.advance += account.advance
        one.accounts.append(account)
    if today is not None and found:
        _add_overdue(found, today)
    return list(found.values())


def _add_overdue(found: dict[str, Standing], today: date) -> None:
    accounts = [account.pk for one in found.values() for account in one.accounts]
    owed = Receivable.objects.filter(account__in=accounts, state="open").order_by()
    late = owed.filter(due_on__lt=today).values_list("currency").annotate(sum=Sum("open_amount"))
    for currency, amount in late:
        found[currency].overdue = amount
    covers = (
        InstrumentCover.objects.filter(
            receivable__account__in=accounts, receivable__state="open",
            instrument__state__in=SECURING,
        )
        .order_by()
        .values_list("receivable__currency")
        .annotate(sum=Sum("amount"))
    )  # fmt: skip
    for currency, amount in covers:
        found[currency].secured = amount
