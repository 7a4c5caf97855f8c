"""What of a customer's debts may be dunned now: what is open, less holds and promises (FU4, RE6).

Plan, desk and letters ask here; none of them looks at holds and promises by itself.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from genjin.customers import holds
from genjin.customers.models import Customer, Hold
from genjin.receivables import terms
from genjin.receivables.models import PaymentPromise, PromiseCover, Receivable
from genjin.receivables.rules.promises import (
    HeldDebts,
    OpenDebt,
    PromisedDebts,
    Rest,
    rests,
)

ZERO = Decimal(0)


@dataclass(frozen=True)
class Debt:
    """One open debt with what of it is held, promised and may be dunned."""

    receivable: Receivable
    rest: Rest

    def is_due(self, today: date) -> bool:
        return self.receivable.due_on is not None and self.receivable.due_on <= today


def families(customers: Collection[UUID]) -> dict[UUID, UUID]:
    """The customer that each card of these customers' families counts as, themselves included."""
    found = {one: one for one in customers}
    merged = Customer.objects.filter(merged_into__in=customers)
    found.update(merged.values_list("pk", "merged_into_id"))
    return found


def promised(ids: Collection[UUID], today: date) -> list[PromisedDebts]:
    """The promises in force that cover these debts, with what came in for each."""
    covers: dict[UUID, dict[str, Decimal]] = defaultdict(dict)
    paid: dict[UUID, Decimal] = {}
    whole = PromiseCover.objects.filter(
        promise__in=PaymentPromise.objects.filter(
            state="open", until__gte=today, covers__receivable__in=ids
        )
    ).select_related("promise").order_by("pk")  # fmt: skip
    for cover in whole:
        covers[cover.promise_id][str(cover.receivable_id)] = cover.amount
        paid[cover.promise_id] = cover.promise.paid_amount
    return [PromisedDebts(amounts, paid[pk]) for pk, amounts in covers.items()]


def as_held(rows: Iterable[Hold]) -> list[HeldDebts]:
    return [HeldDebts(tuple(hold.about), hold.amount) for hold in rows]


def rests_of(receivables: Collection[Receivable], now: datetime) -> dict[UUID, Rest]:
    """What of these debts is held, promised and may be dunned, by their ids.

    A hold that names other debts besides counts with what it takes off all of them.
    """
    ids = {one.pk for one in receivables}
    acting = holds.on_receivables(map(str, ids), now)
    named = {UUID(key) for hold in acting for key in hold.about} - ids
    others = Receivable.objects.filter(pk__in=named, state="open") if named else ()
    debts = [OpenDebt(str(one.pk), one.open_amount, one.due_on) for one in (*receivables, *others)]
    found = rests(debts, holds=as_held(acting), promises=promised(ids, terms.day_of(now)))
    return {pk: found[str(pk)] for pk in ids}


def debts_of(customers: Collection[UUID], now: datetime) -> dict[UUID, list[Debt]]:
    """The open debts of customers, those of cards merged into them among them, oldest first."""
    root = families(customers)
    rows = Receivable.objects.filter(customer__in=root, state="open").order_by("due_on", "pk")
    receivables = list(rows.select_related("salesperson", "collector"))
    found = rests_of(receivables, now)
    debts: dict[UUID, list[Debt]] = {one: [] for one in customers}
    for one in receivables:
        debts[root[one.customer_id]].append(Debt(one, found[one.pk]))
    return debts


def is_dunnable(debts: Iterable[Debt], last_due: date) -> bool:
    """Whether something that is due by a day may be asked for; dead debts are not."""
    return any(
        one.rest.dunnable > 0 and one.is_due(last_due) and one.receivable.value_class != "dead"
        for one in debts
    )


def totals(debts: Iterable[Debt]) -> Mapping[str, Rest]:
    """Held, promised and dunnable by currency."""
    found: dict[str, Rest] = {}
    for one in debts:
        code = one.receivable.currency
        old = found.get(code, Rest(ZERO, ZERO, ZERO))
        found[code] = Rest(old.held + one.rest.held, old.promised + one.rest.promised,
                           old.dunnable + one.rest.dunnable)  # fmt: skip
    return found
