"""Whose payment a line of a bank's statement is, and what it pays (RE15). Pure.

Three things are looked at, in this order: numbers of our bills in the reference, the customer, the
amount. What is certain is booked by itself; what is only likely is a proposal that waits for a
person, with the reason; nothing is guessed silently.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import combinations
from uuid import UUID

from genjin.kernel.problems import Reason

# Bills of one customer among which the sum of several is looked for.
MOST_SUMMED = 12
LARGEST_SUM_OF = 3
# A number that is shorter says too little: years, days, house numbers look like it.
SHORTEST_NUMBER = 4
_WORD = re.compile(r"[0-9A-Z][0-9A-Z/_.\-]*[0-9A-Z]|[0-9A-Z]")


class Certainty(StrEnum):
    """`certain` is booked by itself; `likely` and `unknown` wait for a person."""

    CERTAIN = "certain"
    LIKELY = "likely"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class OpenBill:
    """A debt that a payment may be for; `open_amount` is what is left of it."""

    id: UUID
    customer_id: UUID
    number: str
    currency: str
    open_amount: Decimal
    due_on: date | None


@dataclass(frozen=True)
class Line:
    """A line of a statement: `customer_id` where the file names the customer."""

    amount: Decimal
    currency: str
    reference: str = ""
    payer: str = ""
    customer_id: UUID | None = None


@dataclass(frozen=True)
class Match:
    """Whose it is and what it pays. `parts` (debt, amount); the rest becomes an advance."""

    certainty: Certainty
    reason: Reason
    customer_id: UUID | None = None
    parts: tuple[tuple[UUID, Decimal], ...] = ()
    others: tuple[UUID, ...] = field(default=())

    @property
    def is_certain(self) -> bool:
        return self.certainty is Certainty.CERTAIN


def words_of(reference: str) -> list[str]:
    """The words of a reference that may be numbers of bills, as `plain_number` writes them."""
    text = unicodedata.normalize("NFKC", reference).upper()
    found = [plain_number(word) for word in _WORD.findall(text)]
    return [word for word in dict.fromkeys(found) if len(word) >= SHORTEST_NUMBER]


def plain_number(number: str) -> str:
    """A number as it is compared: without case and signs, so that BL-2026/7 is BL20267."""
    text = unicodedata.normalize("NFKC", number).upper()
    return "".join(char for char in text if char.isascii() and char.isalnum())


def match(
    line: Line,
    *,
    by_number: Mapping[str, Sequence[OpenBill]],
    by_customer: Mapping[UUID, Sequence[OpenBill]],
    payers: Mapping[str, Sequence[UUID]],
    by_amount: Mapping[tuple[str, Decimal], Sequence[OpenBill]],
) -> Match:
    """Whose payment a line is. The mappings hold what is open for the words and people of it.

    `by_number` by `plain_number`, `payers` customers by the payer's name as `plain_name` writes
    it, `by_amount` open bills by currency and exact amount.
    """
    named = _named_bills(line, by_number)
    owners = {bill.customer_id for bill in named}
    if named and (line.customer_id is not None or len(owners) == 1):
        return _by_reference(line, named, by_customer)
    if len(owners) > 1:
        return Match(Certainty.UNKNOWN, Reason("several_customers_named"), others=_ids(owners))
    if line.customer_id is not None:
        return _by_customer(line, line.customer_id, by_customer, is_named=True)
    known = list(dict.fromkeys(payers.get(plain_name(line.payer), ()))) if line.payer else []
    if len(known) == 1:
        return _by_customer(line, known[0], by_customer, is_named=False)
    if len(known) > 1:
        return Match(Certainty.UNKNOWN, Reason("payer_of_several"), others=_ids(known))
    return _by_amount(line, by_amount)


def plain_name(name: str) -> str:
    """A payer's name as it is compared."""
    text = unicodedata.normalize("NFKC", name).casefold()
    return "".join(char for char in text if char.isalnum())


def _ids(found: Iterable[UUID]) -> tuple[UUID, ...]:
    return tuple(sorted(found, key=str))


def _named_bills(line: Line, by_number: Mapping[str, Sequence[OpenBill]]) -> list[OpenBill]:
    """The bills in the line's currency that its reference names; of the customer, if it has one."""
    found: dict[UUID, OpenBill] = {}
    for word in words_of(line.reference):
        for bill in by_number.get(word, ()):
            if bill.currency == line.currency and line.customer_id in (None, bill.customer_id):
                found[bill.id] = bill
    return sorted(found.values(), key=_order)


def _order(bill: OpenBill) -> tuple[date, str]:
    return (bill.due_on or date.max, str(bill.id))


def _spread(amount: Decimal, bills: Iterable[OpenBill]) -> tuple[tuple[UUID, Decimal], ...]:
    """The amount over bills in their order."""
    parts = []
    for bill in bills:
        part = min(amount, bill.open_amount)
        if part > 0:
            parts.append((bill.id, part))
            amount -= part
    return tuple(parts)


def _by_reference(
    line: Line, named: Sequence[OpenBill], by_customer: Mapping[UUID, Sequence[OpenBill]]
) -> Match:
    """Bills are named: they are paid; more than they come to is a question to a person.

    Part of a bill is certain: that is what customers do who pay in parts. More than all the named
    bills may be meant for others of the same customer, or be a mistake.
    """
    owner = named[0].customer_id
    total = sum((bill.open_amount for bill in named), Decimal(0))
    numbers = [bill.number for bill in named]
    if line.amount <= total:
        reason = Reason("reference_names", {"numbers": numbers})
        return Match(Certainty.CERTAIN, reason, owner, _spread(line.amount, named))
    others = [bill for bill in by_customer.get(owner, ()) if bill not in named]
    parts = _spread(line.amount, [*named, *sorted(others, key=_order)])
    data = {"numbers": numbers, "over": line.amount - total, "currency": line.currency}
    return Match(Certainty.LIKELY, Reason("reference_names_less", data), owner, parts)


def _by_customer(
    line: Line, owner: UUID, by_customer: Mapping[UUID, Sequence[OpenBill]], *, is_named: bool
) -> Match:
    """The customer is known: an amount that fits exactly one way is certain where the file named
    the customer, likely where only the payer's name says so."""
    bills = sorted(
        (one for one in by_customer.get(owner, ()) if one.currency == line.currency), key=_order
    )
    sure = Certainty.CERTAIN if is_named else Certainty.LIKELY
    exact = [bill for bill in bills if bill.open_amount == line.amount]
    if len(exact) == 1:
        reason = Reason("amount_of_one", {"number": exact[0].number})
        return Match(sure, reason, owner, ((exact[0].id, line.amount),))
    if bills and sum((bill.open_amount for bill in bills), Decimal(0)) == line.amount:
        return Match(sure, Reason("amount_of_all"), owner, _spread(line.amount, bills))
    if len(exact) > 1:
        reason = Reason("amount_of_several", {"count": len(exact)})
        return Match(Certainty.LIKELY, reason, owner, ((exact[0].id, line.amount),),
                     tuple(bill.id for bill in exact[1:]))  # fmt: skip
    sums = _sums(line.amount, bills)
    if len(sums) == 1:
        numbers = [bill.number for bill in sums[0]]
        return Match(Certainty.LIKELY, Reason("sum_of", {"numbers": numbers}), owner,
                     _spread(line.amount, sums[0]))  # fmt: skip
    reason = Reason("customer_only" if bills else "nothing_open")
    return Match(Certainty.LIKELY, reason, owner, _spread(line.amount, bills))


def _sums(amount: Decimal, bills: Sequence[OpenBill]) -> list[tuple[OpenBill, ...]]:
    """Two or three bills that come to exactly the amount; none where there are too many to tell."""
    if len(bills) > MOST_SUMMED:
        return []
    return [
        chosen
        for count in range(2, LARGEST_SUM_OF + 1)
        for chosen in combinations(bills, count)
        if sum((bill.open_amount for bill in chosen), Decimal(0)) == amount
    ]


def _by_amount(line: Line, by_amount: Mapping[tuple[str, Decimal], Sequence[OpenBill]]) -> Match:
    """Nothing but the amount: a single bill of it is a proposal, never more."""
    found = by_amount.get((line.currency, line.amount), ())
    if len(found) == 1:
        bill = found[0]
        reason = Reason("only_bill_of_amount", {"number": bill.number})
        return Match(Certainty.LIKELY, reason, bill.customer_id, ((bill.id, line.amount),))
    return Match(Certainty.UNKNOWN, Reason("payer_unknown"),
                 others=_ids({bill.customer_id for bill in found}))  # fmt: skip
