"""What takes back: reversals, write-offs and what is recovered of them, refunds (RE1).

Nothing is changed or removed: each is a new row that names what it takes back.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from genjin.customers import timeline
from genjin.foundation import audit
from genjin.foundation.models import Approval, User
from genjin.kernel.errors import BadInput, Conflict, NotAllowed
from genjin.kernel.problems import Reason
from genjin.receivables.models import LedgerEntry, Receivable
from genjin.receivables.operations.book import Book, day_of, reopened
from genjin.receivables.operations.posting import KIND, day_problem, money_problems
from genjin.receivables.queries import with_left
from genjin.receivables.states import MONEY_MEANS, EntryKind, Means, ValueClass

K = EntryKind


@dataclass(frozen=True)
class Reversed:
    """What a reversal wrote: the one asked for, and those it brought with it, in order."""

    entry: LedgerEntry
    with_it: list[LedgerEntry] = field(default_factory=list)


def _required(**texts: str) -> None:
    if missing := [name for name, text in texts.items() if not text.strip()]:
        raise BadInput({name: [Reason("required")] for name in missing})


def _checked_day(name: str, day: date, now: datetime) -> None:
    if wrong := day_problem(day, day_of(now)):
        raise BadInput({name: [wrong]})


# ── Reversing ────────────────────────────────────────────────────────────────────────────────


def _uses_of(entry: LedgerEntry) -> list[LedgerEntry]:
    """Allocations and refunds of a credit that stand, the newest first."""
    uses = LedgerEntry.objects.filter(
        credit=entry.pk, kind__in=[K.ALLOCATION, K.REFUND], reversal=None
    )
    return list(uses.order_by("-at", "-id"))


def _counterpart(entry: LedgerEntry) -> UUID | None:
    """The payment that arrived in the account of a merged card, of a refund that moved it there."""
    to = entry.detail.get("moved_to")
    return UUID(to) if to else None


def _accounts_of(entry: LedgerEntry) -> set[UUID]:
    """The accounts that reversing an entry touches."""
    refunds = [one for one in _uses_of(entry) if one.means == Means.MOVED]
    arrived = [pk for one in [entry, *refunds] if (pk := _counterpart(one))]
    others = LedgerEntry.objects.filter(pk__in=arrived).values_list("account_id", flat=True)
    return {entry.account_id, *others}


@transaction.atomic
def reverse(
    entry: LedgerEntry,
    *,
    reason: str,
    booked_on: date | None = None,
    is_dishonoured: bool = False,
    by: User | None,
    now: datetime,
) -> Reversed:
    """Takes an entry back whole, with a reason; of a payment its allocations go first.

    An allocation can be reversed alone: its amount is an advance again. Conflict:
    already_reversed; not_reversible (a reversal, or money moved between accounts by itself);
    refunded (give the refund back first); bill_in_use (something of it is paid or written off);
    allocated_since (of a recovery whose money came); recovered_since (of a write-off);
    payment_of_instrument (`instruments.dishonour` takes the payment of a cheque back).
    """
    _required(reason=reason)
    if booked_on is not None:
        _checked_day("booked_on", booked_on, now)
    if entry.kind == K.REVERSAL or "moved_from" in entry.detail:
        raise Conflict("not_reversible", kind=entry.kind)
    if "instrument" in entry.detail and not is_dishonoured:
        raise Conflict("payment_of_instrument", instrument=entry.detail["instrument"])
    with reopened(_accounts_of(entry), by=by, now=now) as book:
        day = booked_on or book.today
        undone = _Undoing(book, day, reason).undo(entry)
    told = [[one.reversed_kind, one.amount] for one in undone]
    audit.record(
        "reverse", entry, by=by, now=now, reason=reason, changes={"reversed": [None, told]}
    )
    timeline.append(
        entry.customer_id, kind=KIND, code="ledger_reversed", by=by, at=now,
        data={"kind": entry.kind, "amount": entry.amount, "currency": entry.currency,
              "on": day, "reference": entry.reference, "reason": reason},
        source=("ledger", str(undone[-1].pk)),
    )  # fmt: skip
    return Reversed(undone[-1], undone[:-1])


class _Undoing:
    """Reverses an entry and what stands on it, into a book that is locked."""

    def __init__(self, book: Book, day: date, reason: str) -> None:
        self.book, self.day, self.reason = book, day, reason

    def undo(self, entry: LedgerEntry) -> list[LedgerEntry]:
        """The reversals it took, the asked one last."""
        if LedgerEntry.objects.filter(reverses=entry.pk).exists():
            raise Conflict("already_reversed", kind=entry.kind)
        before: list[LedgerEntry] = []
        if entry.kind in (K.PAYMENT, K.CREDIT_NOTE):
            before = self._uses(entry)
        elif to := _counterpart(entry):
            before = self._arrived(to)
        receivable = None
        if entry.receivable_id:
            self.book.read([entry.receivable_id])
            receivable = self.book.receivables[entry.receivable_id]
            self._check(entry, receivable)
        done = self.book.enter(
            self.book.accounts[entry.account_id], K.REVERSAL, entry.amount, booked_on=self.day,
            receivable=receivable, credit=entry.credit, reverses=entry,
            is_cancelled=entry.kind in (K.BILL, K.CHARGE), note=self.reason,
        )  # fmt: skip
        return [*before, done]

    def _uses(self, entry: LedgerEntry) -> list[LedgerEntry]:
        uses = _uses_of(entry)
        if given := [one for one in uses if one.kind == K.REFUND and one.means != Means.MOVED]:
            raise Conflict("refunded", amount=given[0].amount, currency=entry.currency)
        return [done for one in uses for done in self.undo(one)]

    def _arrived(self, pk: UUID) -> list[LedgerEntry]:
        arrived = LedgerEntry.objects.get(pk=pk)
        if arrived.account_id not in self.book.accounts:
            # It was moved between the look before the lock and the lock.
            raise Conflict("changed_meanwhile")
        return self.undo(arrived)

    def _check(self, entry: LedgerEntry, receivable: Receivable) -> None:
        facts = {"open": receivable.open_amount, "amount": entry.amount}
        if entry.kind in (K.BILL, K.CHARGE) and receivable.open_amount != receivable.amount:
            raise Conflict("bill_in_use", **facts)
        if entry.kind == K.RECOVERY and receivable.open_amount < entry.amount:
            raise Conflict("allocated_since", **facts)
        if entry.kind == K.WRITE_OFF and receivable.written_off_amount < entry.amount:
            raise Conflict("recovered_since", **facts)


# ── Giving up, and getting it after all ──────────────────────────────────────────────────────


@transaction.atomic
def write_off(
    receivable: Receivable,
    *,
    amount: Decimal | None = None,
    reason: str,
    approval: Approval | None = None,
    booked_on: date | None = None,
    by: User | None,
    now: datetime,
) -> LedgerEntry:
    """Gives up what is open of a debt, or a part of it, with a reason.

    A dead debt needs an approval that was given. NotAllowed `approval_needed`; Conflict
    `nothing_open`; BadInput `amount` over_allocated.
    """
    _required(reason=reason)
    day = booked_on or day_of(now)
    _checked_day("booked_on", day, now)
    with reopened([receivable.account_id], by=by, now=now) as book:
        row = _read(book, receivable)
        if row.value_class == ValueClass.DEAD and (
            approval is None or approval.state != Approval.State.APPROVED
        ):
            raise NotAllowed("approval_needed")
        if not row.open_amount:
            raise Conflict("nothing_open")
        wanted = _amount(row, amount, row.open_amount, "over_allocated")
        detail = {"approval": str(approval.pk)} if approval else {}
        entry = book.enter(book.accounts[row.account_id], K.WRITE_OFF, wanted, receivable=row,
                           booked_on=day, note=reason, detail=detail)  # fmt: skip
    _tell(entry, "write_off", reason, row=row, by=by, now=now)
    return entry


@transaction.atomic
def recover(
    receivable: Receivable,
    *,
    amount: Decimal | None = None,
    reason: str,
    booked_on: date | None = None,
    by: User | None,
    now: datetime,
) -> LedgerEntry:
    """A debt that was written off is owed again after all, whole or in part.

    The money that comes is then received as any payment. Conflict `nothing_written_off`; BadInput
    `amount` more_than_written_off.
    """
    _required(reason=reason)
    day = booked_on or day_of(now)
    _checked_day("booked_on", day, now)
    with reopened([receivable.account_id], by=by, now=now) as book:
        row = _read(book, receivable)
        if not row.written_off_amount:
            raise Conflict("nothing_written_off")
        wanted = _amount(row, amount, row.written_off_amount, "more_than_written_off")
        entry = book.enter(book.accounts[row.account_id], K.RECOVERY, wanted, receivable=row,
                           booked_on=day, note=reason)  # fmt: skip
    _tell(entry, "recovery", reason, row=row, by=by, now=now)
    return entry


def _read(book: Book, receivable: Receivable) -> Receivable:
    book.read([receivable.pk])
    return book.receivables[receivable.pk]


def _amount(row: Receivable, amount: Decimal | None, most: Decimal, code: str) -> Decimal:
    if amount is None:
        return most
    if problems := money_problems(amount, row.currency):
        raise BadInput(problems)
    if amount > most:
        data = {"receivable": row.pk, "open": most, "wanted": amount}
        raise BadInput({"amount": [Reason(code, data)]})
    return amount


# ── Giving money back ────────────────────────────────────────────────────────────────────────


@transaction.atomic
def refund(
    credit: LedgerEntry,
    *,
    amount: Decimal | None = None,
    means: str,
    refunded_on: date,
    reference: str = "",
    reason: str,
    external_key: str = "",
    by: User | None,
    now: datetime,
) -> LedgerEntry:
    """Gives back what is left of a payment or credit note, or a part of it.

    Conflict `already_reversed`, `not_a_credit`, `key_of_another`; BadInput `amount`
    not_enough_advance, `means` means_not_money. The same key again gives the refund it stands for.
    """
    _required(reason=reason)
    _checked_day("refunded_on", refunded_on, now)
    if credit.kind not in (K.PAYMENT, K.CREDIT_NOTE):
        raise Conflict("not_a_credit", kind=credit.kind)
    if means not in MONEY_MEANS:
        raise BadInput({"means": [Reason("means_not_money", {"means": means})]})
    with reopened([credit.account_id], by=by, now=now) as book:
        if known := _refunded(external_key, credit):
            return known
        if LedgerEntry.objects.filter(reverses=credit.pk).exists():
            raise Conflict("already_reversed", kind=credit.kind)
        left = with_left(LedgerEntry.objects.filter(pk=credit.pk)).get().left
        wanted = left if amount is None else amount
        if amount is not None and (problems := money_problems(amount, credit.currency)):
            raise BadInput(problems)
        if wanted > left or not left:
            data = {"left": left, "wanted": wanted}
            raise BadInput({"amount": [Reason("not_enough_advance", data)]})
        entry = book.enter(book.accounts[credit.account_id], K.REFUND, wanted, credit=credit,
                           booked_on=refunded_on, means=means, reference=reference, note=reason,
                           external_key=external_key)  # fmt: skip
    _tell(entry, "refund", reason, by=by, now=now, means=means, reference=reference)
    return entry


def _refunded(key: str, credit: LedgerEntry) -> LedgerEntry | None:
    known = LedgerEntry.objects.filter(external_key=key).first() if key else None
    if known is not None and (known.kind, known.credit_id) != (K.REFUND, credit.pk):
        raise Conflict("key_of_another", key=key)
    return known


def _tell(
    entry: LedgerEntry, code: str, reason: str, *, row: Receivable | None = None,
    by: User | None, now: datetime, **facts: Any,
) -> None:  # fmt: skip
    told = {"amount": entry.amount, "currency": entry.currency, "on": entry.booked_on,
            "number": row.number if row else "", "reason": reason, **facts}  # fmt: skip
    timeline.append(entry.customer_id, kind=KIND, code=f"ledger_{code}", data=told, by=by, at=now,
                    source=("ledger", str(entry.pk)))  # fmt: skip
    changes = {name: [None, value] for name, value in told.items() if name != "reason"}
    audit.record(code, entry, by=by, now=now, reason=reason, changes=changes)
