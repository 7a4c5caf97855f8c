"""Cheques and acceptance bills (RE1): they secure debts until they are cleared, then they pay.

A receipt books nothing in the ledger. Clearing books the payment and allocates it to what the
paper covers; dishonour before that frees the debts again, after it the payment is reversed and
the debts are open as before. `dishonour` tells an event, from which a warning signal and the stop
of credit follow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from genjin.customers import events, timeline
from genjin.customers.models import Customer
from genjin.foundation import audit
from genjin.foundation.models import User
from genjin.foundation.transitions import transition
from genjin.kernel.errors import BadInput, Conflict
from genjin.kernel.problems import Reason
from genjin.receivables.models import Instrument, InstrumentCover
from genjin.receivables.operations.book import Part, day_of, named_parts, opened
from genjin.receivables.operations.ledger import Named, root_of
from genjin.receivables.operations.posting import (
    KIND,
    CreditRow,
    Paid,
    charges_rule,
    day_problem,
    money_problems,
    post_credits,
    single,
    text_problems,
)
from genjin.receivables.operations.undoing import Reversed, reverse
from genjin.receivables.rules.allocation import Owed, spread, spread_named
from genjin.receivables.states import INSTRUMENT_KINDS, INSTRUMENT_STATES, InstrumentState

S = InstrumentState


@dataclass(frozen=True)
class Dishonoured:
    """What a dishonour did: the debts that stand open again by amount, and what was reversed."""

    instrument: Instrument
    open_again: Mapping[UUID, Decimal] = field(default_factory=dict)
    reversed: Reversed | None = None


@transaction.atomic
def receive_instrument(
    customer: Customer,
    *,
    kind: str,
    number: str,
    amount: Decimal,
    currency: str,
    received_on: date,
    matures_on: date,
    bank: str = "",
    drawer: str = "",
    covers: Named | None = None,
    external_key: str = "",
    by: User | None,
    now: datetime,
) -> Instrument:
    """Takes a cheque or bill in; it secures the debts it `covers`, or the oldest due by default.

    What another paper secures already is not secured twice. Errors as `receive_payment`;
    `kind` not_a_choice, `number` required or `known` (held from this customer already).
    """
    found = _checked(kind, number, bank, drawer, external_key, amount, currency, received_on,
                     matures_on, day_of(now))  # fmt: skip
    if found:
        raise BadInput(found)
    with opened([(customer.pk, currency)], by=by, now=now) as book:
        account = book.account(customer.pk, currency)
        if known := _known(external_key, customer, kind, amount):
            return known
        _not_held(customer, kind, bank, number)
        book.read_open()
        named = None if covers is None else named_parts(covers)
        owed = book.owed(account)
        parts = _covered(amount, owed, named)
        row = Instrument.objects.create(
            customer=customer, account=account, kind=kind, number=number.strip(), bank=bank.strip(),
            drawer=drawer.strip(), amount=amount, received_on=received_on, matures_on=matures_on,
            state_since=received_on, external_key=external_key, by=by, created_at=now,
        )  # fmt: skip
        InstrumentCover.objects.bulk_create(
            InstrumentCover(instrument=row, customer_id=book.receivables[pk].customer_id,
                            receivable_id=pk, amount=part)
            for pk, part in parts
        )  # fmt: skip
    audit.record("add", row, by=by, now=now, changes={
        "amount": [None, amount], "currency": [None, currency], "matures_on": [None, matures_on],
        "covers": [None, [[str(pk), part] for pk, part in parts]]})  # fmt: skip
    _tell(row, "received", by=by, now=now, matures_on=matures_on)
    return row


def _checked(
    kind: str, number: str, bank: str, drawer: str, external_key: str, amount: Decimal,
    currency: str, received_on: date, matures_on: date, today: date,
) -> dict[str | int, list[Reason]]:  # fmt: skip
    @dataclass
    class Texts:
        number: str
        external_key: str

    problems = text_problems(Texts(number, external_key)) | money_problems(amount, currency)
    for name, text in (("bank", bank), ("drawer", drawer)):
        if len(text) > 120:
            problems[name] = [Reason("too_long", {"limit": 120})]
        elif "\x00" in text:
            problems[name] = [Reason("bad_character")]
    if kind not in INSTRUMENT_KINDS:
        problems["kind"] = [Reason("not_a_choice", {"value": kind[:20]})]
    if not number.strip():
        problems["number"] = [Reason("required")]
    if wrong := day_problem(received_on, today):
        problems["received_on"] = [wrong]
    if matures_on.year > today.year + 10:
        problems["matures_on"] = [Reason("due_too_far")]
    return problems


def _known(external_key: str, customer: Customer, kind: str, amount: Decimal) -> Instrument | None:
    if not external_key:
        return None
    known = Instrument.objects.filter(external_key=external_key).first()
    if known and (known.customer_id, known.kind, known.amount) != (customer.pk, kind, amount):
        raise Conflict("key_of_another", key=external_key)
    return known


def _not_held(customer: Customer, kind: str, bank: str, number: str) -> None:
    held = Instrument.objects.filter(
        customer=customer, kind=kind, bank=bank.strip(), number=number.strip()
    ).exclude(state=S.RETURNED)
    if held.exists():
        raise BadInput({"number": [Reason("held_already", {"number": number.strip()})]})


def _covered(
    amount: Decimal, owed: Mapping[UUID, Owed], named: Sequence[Part] | None
) -> Sequence[Part]:
    if named is None:
        return spread(amount, owed.values(), charges=charges_rule()).parts
    free = {
        pk: Owed(pk, one.free, one.due_on, one.issued_on, one.is_charge) for pk, one in owed.items()
    }
    found = spread_named(amount, free, named)
    if found.problems:
        raise BadInput({"covers": list(found.problems)})
    return found.parts


# ── Its way ──────────────────────────────────────────────────────────────────────────────────


def _locked(instrument: Instrument) -> Instrument:
    rows = Instrument.objects.select_for_update(of=("self",)).select_related("account")
    return rows.get(pk=instrument.pk)


def _day(name: str, day: date, row: Instrument, now: datetime) -> None:
    wrong = day_problem(day, day_of(now))
    if wrong is None and day < row.received_on:
        wrong = Reason("before_received", {"received_on": row.received_on})
    if wrong:
        raise BadInput({name: [wrong]})


@transaction.atomic
def present(instrument: Instrument, *, on: date, by: User | None, now: datetime) -> Instrument:
    """Hands a paper to the bank for payment. LostRace, IllegalTransition, BadInput `on`."""
    row = _locked(instrument)
    _day("on", on, row, now)
    transition(row, field="state", table=INSTRUMENT_STATES, to=S.PRESENTED, by=by, now=now,
               state_since=on)  # fmt: skip
    _tell(row, "presented", by=by, now=now, on=on)
    return row


@transaction.atomic
def clear(instrument: Instrument, *, on: date, by: User | None, now: datetime) -> Paid:
    """The bank paid: books the payment and allocates it to what the paper covers.

    What a covered debt no longer owes stays an advance. Errors as `present`.
    """
    row = Instrument.objects.select_related("account").get(pk=instrument.pk)
    _day("on", on, row, now)
    # The account first, as everywhere, then the paper.
    with opened([(root_of(row.customer_id), row.account.currency)], by=by, now=now):
        row = _locked(instrument)
        paid = _paid(row, on, by=by, now=now)
        transition(row, field="state", table=INSTRUMENT_STATES, to=S.CLEARED, by=by, now=now,
                   state_since=on, payment=paid.entry)  # fmt: skip
        audit.record("payment", paid.entry, by=by, now=now, changes={
            "amount": [None, row.amount], "instrument": [None, str(row.pk)],
            "left": [None, paid.left]})  # fmt: skip
    _tell(row, "cleared", by=by, now=now, on=on, left=paid.left)
    return paid


def _paid(row: Instrument, on: date, *, by: User | None, now: datetime) -> Paid:
    INSTRUMENT_STATES.check(row.state, S.CLEARED)
    covers = row.covers.select_related("receivable").order_by("pk")
    parts = [
        (cover.receivable_id, part)
        for cover in covers
        if (part := min(cover.amount, cover.receivable.open_amount))
    ]
    payment = CreditRow(
        root_of(row.customer_id), row.amount, row.account.currency, on, means=row.kind,
        reference=row.number, allocate=tuple(parts), detail={"instrument": str(row.pk)},
    )  # fmt: skip
    paid: Paid = single(post_credits([payment], by=by, now=now)[0])
    return paid


@transaction.atomic
def dishonour(
    instrument: Instrument, *, on: date, reason: str, by: User | None, now: datetime
) -> Dishonoured:
    """The bank refused, or took the money back: the debts stand open again.

    BadInput `reason` required; errors as `present` and, after clearing, as `reverse`.
    """
    if not reason.strip():
        raise BadInput({"reason": [Reason("required")]})
    row = Instrument.objects.select_related("account").get(pk=instrument.pk)
    _day("on", on, row, now)
    undone = None
    with opened([(root_of(row.customer_id), row.account.currency)], by=by, now=now):
        row = _locked(instrument)
        if row.state == S.CLEARED and row.payment is not None:
            undone = reverse(
                row.payment, reason=reason, booked_on=on, is_dishonoured=True, by=by, now=now
            )
        open_again = _freed(row, undone)
        transition(row, field="state", table=INSTRUMENT_STATES, to=S.DISHONOURED, by=by, now=now,
                   reason=reason, state_since=on)  # fmt: skip
        Instrument.objects.filter(pk=row.pk).update(reason=reason.strip()[:300])
    _tell(row, "dishonoured", by=by, now=now, on=on, reason=reason)
    events.emit(
        "instrument_dishonoured", row.customer_id, key=f"dishonoured:{row.pk}:{on}", on=on,
        data={"amount": row.amount, "kind": row.kind, "number": row.number, "reason": reason},
        now=now, source=("instrument", str(row.pk)),
    )  # fmt: skip
    return Dishonoured(row, open_again, undone)


def _freed(row: Instrument, undone: Reversed | None) -> dict[UUID, Decimal]:
    """What stands open again by debt: what was paid by it, or else what was secured."""
    if undone is None:
        return dict(row.covers.values_list("receivable_id", "amount"))
    found: dict[UUID, Decimal] = {}
    for one in undone.with_it:
        if one.receivable_id:
            found[one.receivable_id] = found.get(one.receivable_id, Decimal(0)) + one.amount
    return found


@transaction.atomic
def give_back(
    instrument: Instrument, *, on: date, reason: str, by: User | None, now: datetime
) -> Instrument:
    """Returns a paper to whoever gave it (paid otherwise, or refused). BadInput, LostRace."""
    if not reason.strip():
        raise BadInput({"reason": [Reason("required")]})
    row = _locked(instrument)
    _day("on", on, row, now)
    transition(row, field="state", table=INSTRUMENT_STATES, to=S.RETURNED, by=by, now=now,
               reason=reason, state_since=on)  # fmt: skip
    _tell(row, "returned", by=by, now=now, on=on, reason=reason)
    return row


def _tell(row: Instrument, code: str, *, by: User | None, now: datetime, **facts: Any) -> None:
    told = {"kind": row.kind, "number": row.number, "bank": row.bank, "amount": row.amount,
            "currency": row.account.currency, **facts}  # fmt: skip
    timeline.append(row.customer_id, kind=KIND, code=f"instrument_{code}", data=told, by=by, at=now,
                    source=("instrument", str(row.pk)))  # fmt: skip
