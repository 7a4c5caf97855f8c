"""Takes promises to pay, and finds from the ledger whether they were kept (RE6).

A promise is one transaction under the lock of the customer's accounts, so that money and promise
follow each other. `judge` finds what became of the promises of one customer: at once when money
moves, and every night for those whose last day is over (`break_promises`).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from genjin.customers import timeline
from genjin.customers.models import ContactPerson, Customer
from genjin.foundation import approvals, audit
from genjin.foundation.access import has_right
from genjin.foundation.models import Approval, User
from genjin.foundation.transitions import transition
from genjin.kernel.errors import BadInput, Conflict
from genjin.kernel.money import format_money, quantise
from genjin.kernel.problems import Reason
from genjin.receivables import news, resting, terms
from genjin.receivables.models import (
    Account,
    Instrument,
    LedgerEntry,
    PaymentPromise,
    PromiseCover,
    Receivable,
)
from genjin.receivables.operations.classes import classify_some
from genjin.receivables.operations.dunning import settle_dunning
from genjin.receivables.operations.limitation import interrupt_limitation
from genjin.receivables.rules import promises as rules
from genjin.receivables.states import INSTRUMENT_KINDS, PROMISE_STATES, Means, PromiseState

APPROVAL = "payment_promise"
SUPERVISOR_RIGHT = "followups.reassign"
KIND = "collection"
# How far back promises are judged anew when money is found or goes back.
_LOOK_BACK = timedelta(days=400)
Covers = Iterable[tuple[UUID, Decimal]]


def _lock(customer: Customer, currency: str) -> None:
    """Money and promises of one customer follow each other: the ledger's lock, in its order."""
    family = list(resting.families([customer.pk]))
    accounts = Account.objects.select_for_update(of=("self",), no_key=True)
    list(accounts.filter(customer__in=family, currency=currency).order_by("customer_id"))


def _open_debts(customer: Customer, currency: str, now: datetime) -> list[resting.Debt]:
    debts = resting.debts_of([customer.pk], now)[customer.pk]
    return [one for one in debts if one.receivable.currency == currency]


@transaction.atomic
def record_promise(
    customer: Customer,
    *,
    amount: Decimal,
    currency: str,
    promised_on: date | None,
    by: User,
    now: datetime,
    means: str = "",
    person: ContactPerson | None = None,
    said_by: str = "",
    covers: Covers | None = None,
    receivables: Collection[UUID] | None = None,
    note: str = "",
    interaction: str = "",
) -> PaymentPromise | Approval:
    """Records that a customer promised to pay an amount by a day; dunning rests for what it covers.

    It covers `covers` (debt and amount), else the debts in `receivables` or all open ones, the
    oldest first. One beyond the limits is a supervisor's: promised to somebody else it becomes an
    approval (`payment_promise`) and nothing rests until that is decided. Raises BadInput by field
    (deferral_needs_a_date, promised_day_is_past, not_positive, more_than_is_owed, nothing_is_owed,
    not_a_choice), Conflict `card_was_merged`, `already_asked`.
    """
    if customer.merged_into_id is not None:
        raise Conflict("card_was_merged", into=str(customer.merged_into_id))
    _lock(customer, currency)
    debts = _open_debts(customer, currency, now)
    parts = _covered(amount, debts, covers=covers, receivables=receivables)
    _check(amount, currency, promised_on, means=means, said_by=said_by, note=note, debts=debts,
           parts=parts, receivables=receivables, now=now)  # fmt: skip
    assert promised_on is not None  # checked
    values: dict[str, Any] = {
        "amount": quantise(amount, currency), "currency": currency, "promised_on": promised_on,
        "means": means, "said_by": said_by.strip() or (person.name if person else ""),
        "note": note.strip(), "interaction": interaction,
    }  # fmt: skip
    reasons = _beyond(customer, values, debts=debts, now=now)
    if reasons and not has_right(by, SUPERVISOR_RIGHT):
        return _ask(customer, values, parts, person=person, reasons=reasons, by=by, now=now)
    return _write(customer, values, parts, person=person, by=by, now=now)


def _covered(
    amount: Decimal,
    debts: Collection[resting.Debt],
    *,
    covers: Covers | None,
    receivables: Collection[UUID] | None,
) -> dict[UUID, Decimal]:
    """How much of which debt: what is promised already is not promised once more."""
    if covers is not None:
        named = list(covers)
        if any(part <= 0 for _pk, part in named):
            raise BadInput({"covers": [Reason("not_positive")]})
        return {
            pk: sum((part for one, part in named if one == pk), Decimal(0)) for pk, _part in named
        }
    free = [
        rules.OpenDebt(str(one.receivable.pk), _free(one), one.receivable.due_on)
        for one in debts
        if receivables is None or one.receivable.pk in receivables
    ]
    return {UUID(key): part for key, part in rules.spread(amount, free).items()}


def _free(debt: resting.Debt) -> Decimal:
    return debt.receivable.open_amount - debt.rest.promised


def _check(
    amount: Decimal,
    currency: str,
    promised_on: date | None,
    *,
    means: str,
    said_by: str,
    note: str,
    debts: Collection[resting.Debt],
    parts: dict[UUID, Decimal],
    receivables: Collection[UUID] | None,
    now: datetime,
) -> None:
    free = {one.receivable.pk: _free(one) for one in debts}
    chosen = set(receivables) if receivables is not None else set(free)
    owed = sum((part for pk, part in free.items() if pk in chosen), Decimal(0))
    found = rules.problems(amount, promised_on, owed=owed, today=terms.day_of(now))
    problems: dict[str | int, list[Reason]] = dict(found.items())
    if not problems.get("amount") and not problems.get("covers"):
        if set(parts) - set(free):
            problems["covers"] = [Reason("nothing_is_owed")]
        elif any(part <= 0 or part > free[pk] for pk, part in parts.items()):
            problems["covers"] = [Reason("more_than_is_owed", {"owed": owed})]
        elif sum(parts.values()) != amount:
            problems["covers"] = [Reason("covers_do_not_add_up", {"amount": amount})]
    if quantise(amount, currency) != amount:
        problems["amount"] = [Reason("too_many_decimals")]
    if means and means not in Means.values:
        problems["means"] = [Reason("not_a_choice", {"value": means[:20]})]
    if len(said_by) > 120 or len(note) > 300:
        problems["said_by" if len(said_by) > 120 else "note"] = [Reason("too_long")]
    if problems:
        raise BadInput(problems)


def broken_lately(customers: Collection[UUID], now: datetime) -> dict[UUID, int]:
    """How many promises customers broke within the time that counts."""
    since = terms.day_of(now) - timedelta(days=terms.promise_terms().counts_days)
    root = resting.families(customers)
    found: dict[UUID, int] = defaultdict(int)
    rows = PaymentPromise.objects.filter(
        customer__in=root, state=PromiseState.BROKEN, settled_on__gte=since
    )
    for pk in rows.values_list("customer_id", flat=True):
        found[root[pk]] += 1
    return found


def _beyond(
    customer: Customer, values: dict[str, Any], *, debts: Collection[resting.Debt], now: datetime
) -> list[Reason]:
    today = terms.day_of(now)
    due = [one for one in debts if one.is_due(today)]
    return rules.needs_supervisor(
        values["amount"], values["promised_on"], today=today,
        due=sum((one.receivable.open_amount - one.rest.held for one in due), Decimal(0)),
        promised_already=sum((one.rest.promised for one in due), Decimal(0)),
        broken=broken_lately([customer.pk], now).get(customer.pk, 0),
        terms=terms.promise_terms(),
    )  # fmt: skip


def _ask(
    customer: Customer,
    values: dict[str, Any],
    parts: dict[UUID, Decimal],
    *,
    person: ContactPerson | None,
    reasons: list[Reason],
    by: User,
    now: datetime,
) -> Approval:
    shown = format_money(values["amount"], values["currency"])
    return approvals.ask(
        APPROVAL,
        subject=("customer", str(customer.pk)),
        title={"code": APPROVAL, "data": {"customer": customer.name, "amount": shown,
                                          "day": values["promised_on"].isoformat()}},
        evidence=[
            {"code": "customer", "value": customer.name, "url": f"/customers/{customer.pk}"},
            *({"code": "why", "value": one.to_json()} for one in reasons),
        ],
        payload={**values, "customer": str(customer.pk),
                 "person": str(person.pk) if person else None,
                 "covers": [[str(pk), part] for pk, part in parts.items()]},
        reason=values["note"] or values["said_by"] or shown,
        by=by,
        now=now,
    )  # fmt: skip


@transaction.atomic
def carry_out_promise(approval: Approval, by: User | None, now: datetime) -> None:
    """The promise that was approved, in the name of whoever took it.

    Raises BadInput when its day is over or less is owed meanwhile: nothing is approved then.
    """
    payload = dict(approval.payload)
    customer = Customer.objects.get(pk=payload.pop("customer"))
    if customer.merged_into_id is not None:
        raise Conflict("card_was_merged", into=str(customer.merged_into_id))
    person = ContactPerson.objects.filter(pk=payload.pop("person")).first()
    parts = {UUID(pk): Decimal(part) for pk, part in payload.pop("covers")}
    values = {**payload, "amount": Decimal(payload["amount"]),
              "promised_on": date.fromisoformat(payload["promised_on"])}  # fmt: skip
    _lock(customer, values["currency"])
    debts = _open_debts(customer, values["currency"], now)
    _check(values["amount"], values["currency"], values["promised_on"], means=values["means"],
           said_by=values["said_by"], note=values["note"], debts=debts, parts=parts,
           receivables=None, now=now)  # fmt: skip
    _write(customer, values, parts, person=person, by=approval.asked_by, now=now,
           approval=str(approval.pk))  # fmt: skip


def _write(
    customer: Customer,
    values: dict[str, Any],
    parts: dict[UUID, Decimal],
    *,
    person: ContactPerson | None,
    by: User | None,
    now: datetime,
    approval: str = "",
) -> PaymentPromise:
    until = rules.rests_until(
        values["promised_on"], calendar=terms.work_calendar(), terms=terms.promise_terms()
    )
    promise = PaymentPromise.objects.create(
        customer=customer, person=person, until=until, approval=approval, made_at=now, made_by=by,
        **values,
    )  # fmt: skip
    debts = Receivable.objects.in_bulk(list(parts))
    PromiseCover.objects.bulk_create(
        [
            PromiseCover(promise=promise, customer_id=debts[pk].customer_id, receivable_id=pk,
                         amount=part)
            for pk, part in parts.items()
        ]
    )  # fmt: skip
    told = _told(promise)
    audit.record("promise", promise, by=by, now=now, reason=values["note"],
                 changes={name: [None, value] for name, value in told.items()})  # fmt: skip
    timeline.append(customer.pk, kind=KIND, code="payment_promised", data=told, by=by, at=now,
                    source=("payment_promise", str(promise.pk)))  # fmt: skip
    interrupt_limitation(
        list(debts.values()), kind="promise", on=terms.day_of(now), by=None, now=now,
        proof=_proof(promise), source=("payment_promise", str(promise.pk)),
    )  # fmt: skip
    settle_dunning([customer.pk], by=by, now=now)
    return promise


def _told(promise: PaymentPromise) -> dict[str, Any]:
    return {"amount": promise.amount, "currency": promise.currency,
            "promised_on": promise.promised_on, "until": promise.until,
            "said_by": promise.said_by, "means": promise.means,
            "note": promise.note}  # fmt: skip


def _proof(promise: PaymentPromise) -> str:
    amount = format_money(promise.amount, promise.currency)
    return f"{promise.said_by} {amount} {promise.promised_on.isoformat()}".strip()


@transaction.atomic
def cancel_promise(promise: PaymentPromise, *, reason: str, by: User, now: datetime) -> None:
    """Takes back a promise that was recorded in error; what it kept still is dunned again.

    BadInput `reason` required, LostRace when it is not open any more.
    """
    if not reason.strip():
        raise BadInput({"reason": [Reason("required")]})
    transition(promise, field="state", table=PROMISE_STATES, to=PromiseState.CANCELLED, by=by,
               now=now, reason=reason.strip(), settled_on=terms.day_of(now))  # fmt: skip
    _tell(promise, by=by, now=now, reason=reason.strip())


def _tell(promise: PaymentPromise, *, by: User | None, now: datetime, reason: str = "") -> None:
    timeline.append(promise.customer_id, kind=KIND, code=f"promise_{promise.state}",
                    data={**_told(promise), "paid": promise.paid_amount, "reason": reason}, by=by,
                    at=now, source=("payment_promise", str(promise.pk)))  # fmt: skip


# ── What became of them ──────────────────────────────────────────────────────────────────────


@transaction.atomic
def judge(
    customer_id: UUID, currency: str, *, by: User | None, now: datetime
) -> list[PaymentPromise]:
    """Finds from the ledger what became of a customer's promises; returns those that changed.

    The caller need not hold the accounts: what moves meanwhile is judged by whoever moves it.
    """
    family = list(resting.families([customer_id]))
    rows = list(
        PaymentPromise.objects.select_for_update(of=("self",))
        .filter(customer__in=family, currency=currency, made_at__gte=now - _LOOK_BACK)
        .exclude(state=PromiseState.CANCELLED)
        .order_by("pk")
    )
    if not rows:
        return []
    came = rules.settle([_measured(one) for one in rows], _receipts(family, currency, rows))
    known, owed = news.complete_to(), _owed(rows)
    changed, is_worse = [], False
    for one in rows:
        kept = came[str(one.pk)]
        state = rules.verdict(_measured(one), kept, owed=owed[one.pk], complete_to=known,
                              terms=terms.promise_terms())  # fmt: skip
        if state == "cancelled" and one.state != PromiseState.OPEN:
            state = one.state
        before = one.state
        if _settle(one, state, kept.paid, by=by, now=now):
            changed.append(one)
            is_worse = is_worse or PromiseState.BROKEN in (before, state)
    if is_worse:
        covers = PromiseCover.objects.filter(promise__in=changed)
        classify_some(covers.values_list("receivable_id", flat=True), now=now)
    return changed


def _measured(row: PaymentPromise) -> rules.Promise:
    return rules.Promise(str(row.pk), row.amount, row.made_at, row.promised_on, row.until,
                         row.means in INSTRUMENT_KINDS)  # fmt: skip


def _owed(rows: Collection[PaymentPromise]) -> dict[UUID, Decimal]:
    """What is still open of the debts that each promise covers."""
    covers = PromiseCover.objects.filter(promise__in=rows).order_by()
    return dict(covers.values_list("promise").annotate(Sum("receivable__open_amount")))


def _receipts(
    family: Collection[UUID], currency: str, rows: Collection[PaymentPromise]
) -> list[rules.Receipt]:
    """Money and papers that came in since the first of these promises."""
    since = min(one.made_at for one in rows)
    papers = Instrument.objects.none()
    if any(one.means in INSTRUMENT_KINDS for one in rows):
        papers = Instrument.objects.filter(
            customer__in=family, account__currency=currency, created_at__gte=since,
            state__in=["held", "presented", "cleared"],
        )  # fmt: skip
    payments = LedgerEntry.objects.filter(
        customer__in=family, currency=currency, kind="payment", at__gte=since, reversal=None
    ).exclude(means=Means.MOVED)  # fmt: skip
    # What a paper brought is counted with the paper that was handed over.
    counted = {str(one.pk) for one in papers}
    return [
        *(
            rules.Receipt(str(one.pk), one.amount, one.at, one.booked_on)
            for one in payments
            if one.detail.get("instrument") not in counted
        ),
        *(
            rules.Receipt(str(one.pk), one.amount, one.created_at, one.received_on, is_paper=True)
            for one in papers
        ),
    ]


def _settle(
    promise: PaymentPromise, state: str, paid: Decimal, *, by: User | None, now: datetime
) -> bool:
    """Writes what became of a promise; says whether its state changed."""
    if state == promise.state:
        if paid != promise.paid_amount:
            promise.paid_amount = paid
            promise.save(update_fields=["paid_amount"])
        return False
    settled_on = None if state == PromiseState.OPEN else terms.day_of(now)
    transition(promise, field="state", table=PROMISE_STATES, to=state, by=by, now=now,
               paid_amount=paid, settled_on=settled_on)  # fmt: skip
    _tell(promise, by=by, now=now)
    return True


def break_promises(now: datetime) -> int:
    """Says what became of every promise whose last day is over; returns how many were settled.

    While payments are not known to that day it stays open: nobody is called a promise breaker on
    old news. Each customer is a transaction of its own.
    """
    over = PaymentPromise.objects.filter(state="open", until__lt=terms.day_of(now)).order_by()
    count = 0
    for customer, currency in over.values_list("customer_id", "currency").distinct():
        count += len(judge(customer, currency, by=None, now=now))
    return count


def register_kinds() -> None:
    """Says what the approval of a promise does."""
    approvals.register(APPROVAL, carry_out=carry_out_promise)
