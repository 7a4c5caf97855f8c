"""What screens and operations read of receivables."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Case, DecimalField, F, OuterRef, QuerySet, Subquery, Sum, When
from django.db.models.functions import Coalesce

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
