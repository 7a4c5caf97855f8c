"""The ledger's operations (RE1): bills, charges, payments, credit notes, allocations, dates.

Each is one transaction under the lock of the account, writes its line of the customer's history
and its audit entry. What undoes and gives up is in `undoing`, cheques and acceptance bills are in
`instruments`; both are offered here as well. Many at once: `many`.

Errors are BadInput by field or Conflict with a code: over_allocated, not_enough_advance,
wrong_currency, other_customer, already_reversed, nothing_open, key_of_another, card_was_merged,
day_to_come, means_not_money, amount_not_positive, too_many_decimals …
"""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import models, transaction

from genjin.customers import timeline
from genjin.customers.models import Customer
from genjin.foundation import audit
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput, Conflict
from genjin.kernel.problems import Reason
from genjin.receivables.models import LedgerEntry, Receivable
from genjin.receivables.operations.book import day_of, named_parts, opened
from genjin.receivables.operations.posting import (
    KIND,
    AfterCollection,
    BillRow,
    CreditRow,
    Paid,
    Poster,
    day_problem,
    post_bills,
    post_credits,
    single,
)
from genjin.receivables.operations.undoing import recover, refund, reverse, write_off
from genjin.receivables.queries import with_left
from genjin.receivables.states import EntryKind

Named = Iterable[tuple[Receivable | UUID, Decimal]]


def _recorded(action: str, row: models.Model, by: User | None, now: datetime, reason: str,
              **facts: Any) -> None:  # fmt: skip
    audit.record(action, row, by=by, now=now, reason=reason,
                 changes={name: [None, value] for name, value in facts.items()})  # fmt: skip


@transaction.atomic
def bill(
    customer: Customer,
    *,
    amount: Decimal,
    currency: str,
    issued_on: date,
    due_on: date | None,
    number: str = "",
    source: tuple[str, str] = ("entered", ""),
    position: int | None = None,
    order_ref: str = "",
    salesperson: User | None = None,
    limitation_from: date | None = None,
    external_key: str = "",
    note: str = "",
    use_advance: bool | None = None,
    by: User | None,
    now: datetime,
) -> Receivable:
    """Enters an amount that a customer owes; an advance of theirs pays it at once.

    `source` is (kind, id): order, delivery, instalment, import, entered. `due_on` None while a
    condition of the contract is not met. `salesperson` is the card's custodian unless given. The
    same `external_key` again gives the debt that stands under it.
    """
    row = BillRow(
        customer.pk, amount, currency, issued_on, due_on, number=number, source_kind=source[0],
        source_id=str(source[1]), position=position, order_ref=order_ref,
        salesperson_id=salesperson.pk if salesperson else None, limitation_from=limitation_from,
        external_key=external_key, note=note, use_advance=use_advance,
    )  # fmt: skip
    return _billed(row, by=by, now=now)


@transaction.atomic
def charge(
    customer: Customer,
    *,
    amount: Decimal,
    currency: str,
    issued_on: date,
    due_on: date,
    principal: Receivable | None = None,
    number: str = "",
    external_key: str = "",
    note: str,
    use_advance: bool | None = None,
    by: User | None,
    now: datetime,
) -> Receivable:
    """Enters interest or costs that a customer owes, for a debt (`principal`) or in general.

    BadInput `note` required: what is charged, and by which agreement.
    """
    if not note.strip():
        raise BadInput({"note": [Reason("required")]})
    row = BillRow(
        customer.pk, amount, currency, issued_on, due_on, number=number, source_kind="charge",
        source_id=str(principal.pk) if principal else "", is_charge=True,
        salesperson_id=principal.salesperson_id if principal else None,
        principal_id=principal.pk if principal else None,
        order_ref=principal.order_ref if principal else "", external_key=external_key, note=note,
        use_advance=use_advance,
    )  # fmt: skip
    return _billed(row, by=by, now=now)


def _billed(row: BillRow, *, by: User | None, now: datetime) -> Receivable:
    done = single(post_bills([row], by=by, now=now)[0])
    receivable: Receivable = done.receivable
    if not done.is_known:
        _recorded("bill", receivable, by, now, row.note, amount=row.amount, currency=row.currency,
                  due_on=row.due_on, number=row.number, is_charge=row.is_charge)  # fmt: skip
    return receivable


@transaction.atomic
def receive_payment(
    customer: Customer,
    *,
    amount: Decimal,
    currency: str,
    means: str,
    received_on: date,
    reference: str = "",
    allocate: Named | None = None,
    external_key: str = "",
    note: str = "",
    detail: dict[str, Any] | None = None,
    after_collection: bool | None = None,
    by: User | None,
    now: datetime,
) -> Paid:
    """Enters money that came in and allocates it: as named, or oldest due first.

    `allocate` [] leaves all of it as an advance. Cheques and acceptance bills are no money yet:
    `receive_instrument`. `after_collection` says whether a collection contact went before, for
    the thanks (RE8); who does not know leaves it None.
    """
    row = CreditRow(
        customer.pk, amount, currency, received_on, means=means or "?", reference=reference,
        external_key=external_key, note=note, detail=detail or {},
        allocate=None if allocate is None else tuple(named_parts(allocate)),
    )  # fmt: skip
    followed: AfterCollection | None = (
        None if after_collection is None else lambda ids: dict.fromkeys(ids, after_collection)
    )
    return _credited(row, followed, by=by, now=now)


@transaction.atomic
def credit_note(
    customer: Customer,
    *,
    amount: Decimal,
    currency: str,
    booked_on: date,
    reason: str,
    reference: str = "",
    allocate: Named | None = None,
    external_key: str = "",
    by: User | None,
    now: datetime,
) -> Paid:
    """Enters what we credit a customer (returned goods, a price put right, a rebate), as a payment.

    BadInput `reason` required.
    """
    if not reason.strip():
        raise BadInput({"reason": [Reason("required")]})
    row = CreditRow(
        customer.pk, amount, currency, booked_on, reference=reference, external_key=external_key,
        note=reason, allocate=None if allocate is None else tuple(named_parts(allocate)),
    )  # fmt: skip
    return _credited(row, None, by=by, now=now)


def _credited(
    row: CreditRow, followed: AfterCollection | None, *, by: User | None, now: datetime
) -> Paid:
    done: Paid = single(post_credits([row], by=by, now=now, after_collection=followed)[0])
    if not done.is_known:
        _recorded(row.kind.value, done.entry, by, now, row.note, amount=row.amount,
                  currency=row.currency, means=row.means, reference=row.reference,
                  allocated=[[str(one.receivable_id), one.amount] for one in done.allocations],
                  left=done.left)  # fmt: skip
    return done


def root_of(customer_id: UUID) -> UUID:
    """The card that a card counts as: the one it was merged into, or itself."""
    into = Customer.objects.values_list("merged_into_id", flat=True).get(pk=customer_id)
    return into or customer_id


@transaction.atomic
def allocate(
    credit: LedgerEntry,
    *,
    to: Named | None = None,
    note: str = "",
    by: User | None,
    now: datetime,
) -> Paid:
    """Uses what is left of a payment or credit note: as named, or oldest due first.

    Conflict `already_reversed`, `not_a_credit`, `nothing_open`; BadInput `allocate` as
    `receive_payment`.
    """
    if credit.kind not in (EntryKind.PAYMENT, EntryKind.CREDIT_NOTE):
        raise Conflict("not_a_credit", kind=credit.kind)
    key = (root_of(credit.customer_id), credit.currency)
    with opened([key], by=by, now=now) as book:
        book.read_open()
        named = None if to is None else named_parts(to)
        book.read([pk for pk, _amount in named or ()])
        account = book.accounts[credit.account_id]
        entry, left = _standing(credit)
        poster = Poster(book, ())
        found = poster.spread(left, account, named)
        if not found.parts:
            raise Conflict("nothing_open" if left else "not_enough_advance", left=left)
        allocations = book.pay(entry, found.parts, booked_on=book.today, note=note)
        poster.tell(entry, "allocated", paid=poster.told(allocations), left=found.left)
        poster.finish(None)
    _recorded("allocate", entry, by, now, note, left=found.left,
              allocated=[[str(one.receivable_id), one.amount] for one in allocations])  # fmt: skip
    return Paid(entry, allocations, found.left)


def _standing(credit: LedgerEntry) -> tuple[LedgerEntry, Decimal]:
    """A credit as it stands under the lock, with what is left of it."""
    if LedgerEntry.objects.filter(reverses=credit.pk).exists():
        raise Conflict("already_reversed")
    entry = with_left(LedgerEntry.objects.filter(pk=credit.pk)).get()
    return entry, entry.left


@transaction.atomic
def move_due_date(
    receivable: Receivable, *, due_on: date, reason: str, by: User | None, now: datetime
) -> Receivable:
    """Gives an open debt another due day (or its first, once its condition is met), with a reason.

    The limitation period runs from the day after. Conflict `nothing_open`; BadInput `due_on`
    due_before_issued, `reason` required.
    """
    problems: dict[str | int, list[Reason]] = {}
    if not reason.strip():
        problems["reason"] = [Reason("required")]
    if due_on < receivable.issued_on:
        problems["due_on"] = [Reason("due_before_issued", {"issued_on": receivable.issued_on})]
    if problems:
        raise BadInput(problems)
    row = Receivable.objects.select_for_update(of=("self",), no_key=True).get(pk=receivable.pk)
    if not row.open_amount:
        raise Conflict("nothing_open")
    before = row.due_on
    values = {"due_on": due_on, "limitation_from": date.fromordinal(due_on.toordinal() + 1)}
    if audit.change(row, values, by=by, now=now, action="move_due_date", reason=reason):
        timeline.append(
            row.customer_id, kind=KIND, code="ledger_due_moved", by=by, at=now,
            data={"number": row.number, "before": before, "after": due_on, "reason": reason,
                  "amount": row.open_amount, "currency": row.currency},
            source=("receivable", str(row.pk)),
        )  # fmt: skip
    return row


__all__ = [
    "Named",
    "Paid",
    "allocate",
    "bill",
    "charge",
    "credit_note",
    "day_of",
    "day_problem",
    "move_due_date",
    "receive_payment",
    "recover",
    "refund",
    "reverse",
    "root_of",
    "write_off",
]
