"""What follows when money moves, in the transaction that moves it (RE2, RE4, RE6).

The ledger calls this for every entry it writes, one payment or a file of thousands alike: promises
are judged, a part payment begins the limitation period anew, and dunning that has lost its ground
ends before anybody rings.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

from django.db.models import Q

from genjin.customers.models import Customer
from genjin.foundation.models import User
from genjin.receivables.models import LedgerEntry, PaymentPromise, Receivable
from genjin.receivables.operations.dunning import settle_dunning
from genjin.receivables.operations.limitation import interrupt_limitation
from genjin.receivables.operations.promises import judge
from genjin.receivables.states import EntryKind

# What lowers or raises what a customer owes; new bills do not end any dunning.
_CHANGES = frozenset(EntryKind) - {EntryKind.BILL, EntryKind.CHARGE}


def money_moved(entries: Sequence[LedgerEntry], *, by: User | None, now: datetime) -> None:
    """Settles what these entries settle. The caller holds their accounts and has written them."""
    moved = [one for one in entries if one.kind in _CHANGES]
    if not moved:
        return
    _interrupt(moved, now=now)
    root = _roots({one.customer_id for one in moved})
    _judge({(root[one.customer_id], one.currency) for one in moved}, root, by=by, now=now)
    settle_dunning(set(root.values()), by=by, now=now)


def _roots(ids: Collection[UUID]) -> dict[UUID, UUID]:
    rows = Customer.objects.filter(pk__in=ids).values_list("pk", "merged_into_id")
    return {pk: into or pk for pk, into in rows}


def _interrupt(entries: Sequence[LedgerEntry], *, now: datetime) -> None:
    """A part payment acknowledges the rest, if the customer made it."""
    paid: dict[tuple[date, str], list[Receivable]] = defaultdict(list)
    for one in entries:
        debt, credit = one.receivable, one.credit
        if one.kind != EntryKind.ALLOCATION or debt is None or credit is None:
            continue
        if credit.kind == EntryKind.PAYMENT and debt.open_amount > 0:
            proof = f"{credit.means} {credit.reference}".strip()
            paid[credit.booked_on, proof].append(debt)
    for (on, proof), debts in paid.items():
        interrupt_limitation(debts, kind="part_payment", on=on, proof=proof, by=None, now=now)


def _judge(
    accounts: Collection[tuple[UUID, str]],
    root: dict[UUID, UUID],
    *,
    by: User | None,
    now: datetime,
) -> None:
    ids = {customer for customer, _currency in accounts}
    promised = PaymentPromise.objects.filter(
        Q(customer__in=ids) | Q(customer__in=set(root))
    ).order_by()  # fmt: skip
    having = set(promised.values_list("customer_id", "currency").distinct())
    known = {(root.get(customer, customer), currency) for customer, currency in having}
    for customer, currency in sorted(known & set(accounts)):
        judge(customer, currency, by=by, now=now)
