"""Books what is certain of a bank's lines and keeps the rest for a person (RE15)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from genjin.foundation.models import User
from genjin.receivables.importing.customers import seen_by
from genjin.receivables.importing.reading import Read
from genjin.receivables.models import LedgerEntry, Receivable, StatementFile, WaitingPayment
from genjin.receivables.operations.many import receive_many
from genjin.receivables.operations.posting import CreditRow, Outcome
from genjin.receivables.rules.matching import (
    Line,
    Match,
    OpenBill,
    match,
    plain_name,
    plain_number,
    words_of,
)

WAITING, KNOWN = "waiting", "known"


def book(
    good: Sequence[tuple[Read, str]], run: StatementFile | None, *, by: User | None, now: datetime
) -> list[Outcome | str]:
    """Books each line that is certain; an outcome for each, in their order: `Paid`, an error, or
    the words WAITING or KNOWN.

    A bill that a line of this part pays is open no more for the next: lines are matched one after
    the other against what is left.
    """
    known = _known([key for _read, key in good])
    books = OpenBooks([read for read, key in good if key not in known], by)
    found: list[Match | None] = []
    for read, key in good:
        if key in known:
            found.append(None)
            continue
        known.add(key)
        one = books.match(_line(read))
        if one.is_certain:
            books.use(one)
        found.append(one)
    certain = [(read, key, one) for (read, key), one in zip(good, found, strict=True)
               if one is not None and one.is_certain]  # fmt: skip
    rows = [_row(read, key, one) for read, key, one in certain]
    source = run.name if run else ""
    outcomes = iter(receive_many(rows, source=source, by=by, now=now))
    result: list[Outcome | str] = []
    waiting: list[WaitingPayment] = []
    for (read, key), answer in zip(good, found, strict=True):
        if answer is None:
            result.append(KNOWN)
        elif answer.is_certain:
            read.customer_id = answer.customer_id
            result.append(next(outcomes))
        else:
            waiting.append(_waiting(read, key, answer, run))
            result.append(WAITING)
    if run is not None:
        WaitingPayment.objects.bulk_create(waiting)
    return result


def _known(keys: Sequence[str]) -> set[str]:
    """The lines that were booked, or wait, or were dismissed before."""
    booked = LedgerEntry.objects.filter(external_key__in=keys)
    waits = WaitingPayment.objects.filter(key__in=keys)
    return {*booked.values_list("external_key", flat=True), *waits.values_list("key", flat=True)}


def _line(read: Read) -> Line:
    values = read.values
    return Line(
        values["amount"], values["currency"], values["reference"], values["payer"],
        read.customer_id,
    )  # fmt: skip


def _row(read: Read, key: str, one: Match) -> CreditRow:
    values = read.values
    assert one.customer_id is not None
    detail = {"match": one.reason.code, **({"payer": values["payer"]} if values["payer"] else {})}
    return CreditRow(
        one.customer_id, values["amount"], values["currency"], values["received_on"],
        means=values["means"], reference=values["reference"], external_key=key,
        note=values["note"], allocate=one.parts, detail=detail,
    )  # fmt: skip


def _waiting(read: Read, key: str, one: Match, run: StatementFile | None) -> WaitingPayment:
    values = read.values
    reason = one.reason.to_json()
    reason["data"] = {**reason["data"], "others": [str(pk) for pk in one.others]}
    return WaitingPayment(
        file=run, key=key, row=read.row.number, amount=values["amount"],
        currency=values["currency"], received_on=values["received_on"], means=values["means"],
        reference=values["reference"], payer=values["payer"], note=values["note"],
        customer_id=one.customer_id, reason=reason, certainty=one.certainty.value,
        parts=[[str(pk), str(amount)] for pk, amount in one.parts],
    )  # fmt: skip


class OpenBooks:
    """What is open for the lines of one part: read in a few statements, used up line by line."""

    def __init__(self, reads: Iterable[Read], by: User | None) -> None:
        self._reads = list(reads)
        self._by = by
        self._payers = self._known_payers()
        self._bills = self._open_bills()
        self._build()

    def _known_payers(self) -> dict[str, list[UUID]]:
        """Customers by the payer's name as it stands on the statement."""
        names = {read.values["payer"] for read in self._reads if read.values["payer"]}
        found: dict[str, list[UUID]] = {}
        for name, pk in seen_by(self._by).filter(name__in=names).values_list("name", "pk"):
            found.setdefault(plain_name(name), []).append(pk)
        return found

    def _open_bills(self) -> dict[UUID, OpenBill]:
        """The open debts that any line of the part may be for."""
        words = {word for read in self._reads for word in words_of(read.values["reference"])}
        owners = {read.customer_id for read in self._reads if read.customer_id}
        owners |= {pk for found in self._payers.values() for pk in found}
        amounts = {read.values["amount"] for read in self._reads if not read.customer_id}
        rows = Receivable.objects.filter(state="open").filter(
            Q(customer__in=owners)
            | Q(plain_number__in=words)
            | Q(open_amount__in=amounts)
        )  # fmt: skip
        if self._by is not None:
            rows = rows.filter(customer__in=seen_by(self._by).order_by().values("pk"))
        named = rows.filter(plain_number__in=words).values_list("customer_id", flat=True)
        more = Receivable.objects.filter(state="open", customer__in=set(named) - owners)
        columns = ("id", "customer_id", "number", "currency", "open_amount", "due_on")
        return {
            row[0]: OpenBill(*row)
            for chosen in (rows, more)
            for row in chosen.order_by().values_list(*columns)
        }

    def _build(self) -> None:
        self._by_number: dict[str, list[OpenBill]] = {}
        self._by_customer: dict[UUID, list[OpenBill]] = {}
        self._by_amount: dict[tuple[str, object], list[OpenBill]] = {}
        for bill in self._bills.values():
            self._enter(bill)

    def _enter(self, bill: OpenBill) -> None:
        self._by_number.setdefault(plain_number(bill.number), []).append(bill)
        self._by_customer.setdefault(bill.customer_id, []).append(bill)
        self._by_amount.setdefault((bill.currency, bill.open_amount), []).append(bill)

    def match(self, line: Line) -> Match:
        """Whose a line is, by what is left open now."""
        return match(
            line, by_number=self._by_number, by_customer=self._by_customer, payers=self._payers,
            by_amount=self._by_amount,  # type: ignore[arg-type]
        )  # fmt: skip

    def use(self, one: Match) -> None:
        """Takes what a line pays off what is open for the next."""
        for pk, amount in one.parts:
            bill = self._bills[pk]
            for index, key in (
                (self._by_number, plain_number(bill.number)),
                (self._by_customer, bill.customer_id),
                (self._by_amount, (bill.currency, bill.open_amount)),
            ):
                index[key].remove(bill)  # type: ignore[index]
            left = bill.open_amount - amount
            if left > 0:
                self._bills[pk] = bill = OpenBill(
                    bill.id, bill.customer_id, bill.number, bill.currency, left, bill.due_on
                )
                self._enter(bill)
