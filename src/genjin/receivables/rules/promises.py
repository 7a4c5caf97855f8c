"""What a promise to pay is worth: may it be taken, what does it keep still, was it kept.

A deferral always has a date. A promise keeps dunning still for what it covers alone, until its date
plus one working day; who promises one yuan has bought one yuan's rest (RE6).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from genjin.kernel.problems import Reason, Severity
from genjin.kernel.workdays import WorkCalendar

ZERO = Decimal(0)


@dataclass(frozen=True)
class PromiseTerms:
    """The limits of policy/collection.toml: days, per cent, counts."""

    after_working_days: int = 1
    longest_days: int = 15
    least_percent: int = 30
    broken_before: int = 2
    counts_days: int = 365
    partly_from_percent: int = 50

    @classmethod
    def of_policy(cls, policy: Mapping[str, Any]) -> "PromiseTerms":
        return cls(**{name: int(value) for name, value in policy["promises"].items()})


def rests_until(promised_on: date, *, calendar: WorkCalendar, terms: PromiseTerms) -> date:
    """The last day on which dunning rests: the day promised and a working day for the bank."""
    return calendar.add_working_days(promised_on, terms.after_working_days)


def problems(amount: Decimal, promised_on: date | None, *, owed: Decimal, today: date) -> dict[
    str, list[Reason]
]:  # fmt: skip
    """What is wrong with a promise, by field; `owed` is what is open of the debts it covers."""
    found: dict[str, list[Reason]] = {}
    if promised_on is None:
        found["promised_on"] = [Reason("deferral_needs_a_date")]
    elif promised_on < today:
        found["promised_on"] = [Reason("promised_day_is_past", {"today": today})]
    if owed <= 0:
        found["covers"] = [Reason("nothing_is_owed")]
    elif amount <= 0:
        found["amount"] = [Reason("not_positive")]
    elif amount > owed:
        found["amount"] = [Reason("more_than_is_owed", {"owed": owed})]
    return found


def needs_supervisor(
    amount: Decimal,
    promised_on: date,
    *,
    today: date,
    due: Decimal,
    promised_already: Decimal,
    broken: int,
    terms: PromiseTerms,
) -> list[Reason]:
    """Why a supervisor must agree; empty when whoever talks to the customer may.

    `due` is what the customer should have paid by now; `promised_already` what other promises in
    force cover of it, which counts together with this one; `broken` the promises broken lately.
    """
    found = []
    days = (promised_on - today).days
    if days > terms.longest_days:
        found.append(Reason("promise_far_ahead", {"days": days, "limit": terms.longest_days}))
    if due > 0 and (amount + promised_already) * 100 < due * terms.least_percent:
        share = int((amount + promised_already) * 100 / due)
        found.append(
            Reason("promise_small", {"percent": share, "limit": terms.least_percent, "due": due})
        )
    if broken >= terms.broken_before:
        found.append(Reason("promises_broken_before", {"count": broken}))
    return [Reason(one.code, one.data, Severity.WARNING) for one in found]


@dataclass(frozen=True)
class Promise:
    """A promise as money is measured against it. `until` is the last day that still counts.

    `takes_papers`: a cheque or acceptance bill handed over counts, because one was promised.
    """

    key: str
    amount: Decimal
    made_at: datetime
    promised_on: date
    until: date
    takes_papers: bool = False


@dataclass(frozen=True)
class Receipt:
    """Money, or a cheque, that came in: known since `at`, counting for the day `booked_on`."""

    key: str
    amount: Decimal
    at: datetime
    booked_on: date
    is_paper: bool = False


@dataclass(frozen=True)
class Kept:
    """What came for a promise: in all, and by the last day that counts."""

    paid: Decimal = ZERO
    in_time: Decimal = ZERO


def settle(promises: Iterable[Promise], receipts: Iterable[Receipt]) -> dict[str, Kept]:
    """What came in for each promise of one customer in one currency.

    A receipt fills promises made before it became known, the one that falls due first in front,
    and counts once: two promises are not kept by one payment.
    """
    ordered = sorted(promises, key=lambda one: (one.promised_on, one.made_at, one.key))
    found = {one.key: Kept() for one in ordered}
    for receipt in sorted(receipts, key=lambda one: (one.booked_on, one.at, one.key)):
        left = receipt.amount
        for promise in ordered:
            if left <= 0:
                break
            known = found[promise.key]
            if promise.made_at > receipt.at or (receipt.is_paper and not promise.takes_papers):
                continue
            part = min(left, promise.amount - known.paid)
            in_time = part if receipt.booked_on <= promise.until else ZERO
            found[promise.key] = Kept(known.paid + part, known.in_time + in_time)
            left -= part
    return found


def verdict(
    promise: Promise,
    kept: Kept,
    *,
    owed: Decimal,
    complete_to: date | None,
    terms: PromiseTerms,
) -> str:
    """What became of it: open, kept, partly, broken, or cancelled when nothing is owed any more.

    Kept is known as soon as the money is there. Broken is said only when payments are known to the
    last day that counts (`complete_to`): nobody is called a promise breaker on old news.
    """
    if kept.in_time >= promise.amount:
        return "kept"
    if owed <= 0:
        # Credited, written off or paid late in full: there is nothing left to keep.
        return "cancelled" if kept.paid < promise.amount else "partly"
    if complete_to is None or complete_to < promise.until:
        return "open"
    enough = kept.in_time * 100 >= promise.amount * terms.partly_from_percent
    return "partly" if enough and kept.in_time > 0 else "broken"


@dataclass(frozen=True)
class OpenDebt:
    """A debt with what is open of it."""

    key: str
    open_amount: Decimal
    due_on: date | None


def oldest_first(debts: Iterable[OpenDebt]) -> list[OpenDebt]:
    """In the order in which money goes to them; what has no day yet comes last."""
    return sorted(debts, key=lambda one: (one.due_on is None, one.due_on or date.max, one.key))


def spread(amount: Decimal, debts: Iterable[OpenDebt]) -> dict[str, Decimal]:
    """An amount over debts, the oldest first; each gets what is open of it at most."""
    found: dict[str, Decimal] = {}
    for debt in oldest_first(debts):
        part = min(amount, debt.open_amount)
        if part > 0:
            found[debt.key] = part
            amount -= part
    return found


@dataclass(frozen=True)
class HeldDebts:
    """A hold that names debts; `amount` None takes all that is open of them."""

    about: tuple[str, ...]
    amount: Decimal | None = None


@dataclass(frozen=True)
class PromisedDebts:
    """A promise in force: how much of which debt it covers, and what came in for it already."""

    covers: Mapping[str, Decimal]
    paid: Decimal = ZERO


@dataclass(frozen=True)
class Rest:
    """What of one debt is held, what is promised, and what may be dunned."""

    held: Decimal
    promised: Decimal
    dunnable: Decimal


def rests(
    debts: Sequence[OpenDebt],
    *,
    holds: Iterable[HeldDebts] = (),
    promises: Iterable[PromisedDebts] = (),
) -> dict[str, Rest]:
    """What may still be dunned of each debt, when holds and promises in force are taken off.

    A hold takes its amount off the debts it names, the oldest first. What came in for a promise is
    not kept still twice. Nothing is taken off that is not open any more.
    """
    by_key = {debt.key: debt for debt in debts}
    held = dict.fromkeys(by_key, ZERO)
    for hold in holds:
        named = [by_key[key] for key in hold.about if key in by_key]
        free = [
            OpenDebt(debt.key, debt.open_amount - held[debt.key], debt.due_on) for debt in named
        ]
        whole = sum((debt.open_amount for debt in free), ZERO)
        for key, part in spread(whole if hold.amount is None else hold.amount, free).items():
            held[key] += part
    promised = dict.fromkeys(by_key, ZERO)
    for promise in promises:
        paid = promise.paid
        for key, amount in promise.covers.items():
            off = min(paid, amount)
            paid -= off
            if key in promised:
                promised[key] += amount - off
    found = {}
    for key, debt in by_key.items():
        still = min(promised[key], debt.open_amount - held[key])
        found[key] = Rest(held[key], still, debt.open_amount - held[key] - still)
    return found
