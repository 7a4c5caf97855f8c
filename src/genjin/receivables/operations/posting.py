"""Bills and payments as rows: how one is checked and entered, alone or among thousands (RE1).

`post_bills` and `post_payments` take rows and give an outcome for each; what cannot be booked is
told and leaves the others alone. `ledger` calls them for one row, `many` for a file of them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from genjin.customers import events
from genjin.customers.models import TimelineEntry
from genjin.foundation import policy
from genjin.foundation.audit import plain
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput, Conflict, GenjinError
from genjin.kernel.ids import uuid7
from genjin.kernel.problems import Reason
from genjin.receivables.models import Account, LedgerEntry, Receivable
from genjin.receivables.operations.book import Book, Part, opened
from genjin.receivables.rules.allocation import Charges, Spread, spread, spread_named
from genjin.receivables.rules.amounts import amount_problem, currency_problem
from genjin.receivables.states import MONEY_MEANS, EntryKind

Problems = dict[str | int, list[Reason]]
AfterCollection = Callable[[Sequence[UUID]], Mapping[UUID, bool]]
KIND = "ledger"
OLDEST = date(1980, 1, 1)
_DUE_WITHIN = timedelta(days=365 * 30)
_LIMITS = {"number": 40, "source_kind": 20, "source_id": 60, "order_ref": 60,
           "external_key": 120, "reference": 120, "note": 300}  # fmt: skip


@dataclass(frozen=True)
class BillRow:
    """An amount that a customer comes to owe; `due_on` None while a condition is not met.

    `salesperson_id` None means the custodian of the card. A charge (interest, costs) may name the
    debt it is for. `use_advance` None means what policy/receivables.toml says.
    """

    customer_id: UUID
    amount: Decimal
    currency: str
    issued_on: date
    due_on: date | None
    number: str = ""
    source_kind: str = "entered"
    source_id: str = ""
    position: int | None = None
    order_ref: str = ""
    salesperson_id: int | None = None
    limitation_from: date | None = None
    external_key: str = ""
    note: str = ""
    is_charge: bool = False
    principal_id: UUID | None = None
    use_advance: bool | None = None


@dataclass(frozen=True)
class CreditRow:
    """Money that came in, or a credit note (`means` empty).

    `allocate` None spreads it over what is open by the rule; a list names debts and amounts, and
    what is not named stays an advance. `paid_by` says who paid where it was somebody else.
    """

    customer_id: UUID
    amount: Decimal
    currency: str
    booked_on: date
    means: str = ""
    reference: str = ""
    external_key: str = ""
    note: str = ""
    allocate: tuple[Part, ...] | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> EntryKind:
        return EntryKind.PAYMENT if self.means else EntryKind.CREDIT_NOTE


@dataclass(frozen=True)
class Billed:
    """A debt that was entered (or was known by its key), and the advance that paid of it."""

    receivable: Receivable
    allocations: list[LedgerEntry] = field(default_factory=list)
    is_known: bool = False


@dataclass(frozen=True)
class Paid:
    """A payment or credit note that was entered (or was known by its key).

    `allocations` are what it paid; `left` is what stays an advance.
    """

    entry: LedgerEntry
    allocations: list[LedgerEntry] = field(default_factory=list)
    left: Decimal = Decimal(0)
    is_known: bool = False


Outcome = Billed | Paid | GenjinError


# ── Checking ─────────────────────────────────────────────────────────────────────────────────


def text_problems(row: Any) -> Problems:
    found: Problems = {}
    for name, limit in _LIMITS.items():
        text = getattr(row, name, "")
        if len(text) > limit:
            found[name] = [Reason("too_long", {"limit": limit})]
        elif "\x00" in text:
            found[name] = [Reason("bad_character")]
    return found


def money_problems(amount: Decimal, currency: str) -> Problems:
    if wrong := currency_problem(currency):
        return {"currency": [wrong]}
    if wrong := amount_problem(amount, currency):
        return {"amount": [wrong]}
    return {}


def day_problem(day: date | None, today: date) -> Reason | None:
    """Why nothing can be booked for a day; None when it can."""
    if day is None:
        return Reason("required")
    if day > today:
        return Reason("day_to_come", {"day": day})
    return Reason("day_too_old", {"year": OLDEST.year}) if day < OLDEST else None


def check_bill(row: BillRow, today: date) -> None:
    """BadInput by field: amount_not_positive, too_many_decimals, currency_not_understood,
    currency_too_fine, day_to_come, day_too_old, due_before_issued, due_too_far, too_long."""
    problems = text_problems(row) | money_problems(row.amount, row.currency)
    if wrong := day_problem(row.issued_on, today):
        problems["issued_on"] = [wrong]
    if row.due_on is not None and row.due_on < row.issued_on:
        problems["due_on"] = [Reason("due_before_issued", {"issued_on": row.issued_on})]
    elif row.due_on is not None and row.due_on > row.issued_on + _DUE_WITHIN:
        problems["due_on"] = [Reason("due_too_far")]
    if problems:
        raise BadInput(problems)


def check_credit(row: CreditRow, today: date) -> None:
    """BadInput by field, as `check_bill`; means_not_money for cheques and unknown means."""
    problems = text_problems(row) | money_problems(row.amount, row.currency)
    if wrong := day_problem(row.booked_on, today):
        problems["booked_on"] = [wrong]
    if row.means and row.means not in MONEY_MEANS and "instrument" not in row.detail:
        problems["means"] = [Reason("means_not_money", {"means": row.means})]
    if problems:
        raise BadInput(problems)


def charges_rule() -> Charges:
    return Charges(policy.value("receivables.allocation.charges", "first"))


# ── Entering ─────────────────────────────────────────────────────────────────────────────────


def _known(keys: Iterable[str]) -> dict[str, LedgerEntry]:
    """What stands under external keys already."""
    wanted = [key for key in keys if key]
    if not wanted:
        return {}
    rows = LedgerEntry.objects.filter(external_key__in=wanted).select_related("receivable")
    return {entry.external_key: entry for entry in rows}


class Poster:
    """Enters rows into a book and gathers what is told of them."""

    def __init__(self, book: Book, keys: Iterable[str]) -> None:
        self.book = book
        self.known = _known(keys)
        self.charges = charges_rule()
        self.uses_advance = bool(policy.value("receivables.allocation.use_advance", True))
        self.lines: list[TimelineEntry] = []
        self.events: list[tuple[LedgerEntry, list[LedgerEntry]]] = []

    def bill(self, row: BillRow) -> Billed:
        """Enters a debt, and pays it from what the customer paid in advance."""
        book = self.book
        check_bill(row, book.today)
        kind = EntryKind.CHARGE if row.is_charge else EntryKind.BILL
        known = self._booked(row, kind)
        if known is not None and known.receivable is not None:
            return Billed(known.receivable, is_known=True)
        account = book.account(row.customer_id, row.currency)
        receivable = self._receivable(row, account)
        book.owe(receivable, kind=kind, booked_on=row.issued_on, external_key=row.external_key,
                 reference=row.number, note=row.note)  # fmt: skip
        entry = book.entries[-1]
        self._remember(entry)
        allocations = []
        if row.use_advance if row.use_advance is not None else self.uses_advance:
            allocations = self.pay_from_advance(receivable, account)
        self.tell(entry, kind.value, number=row.number, due_on=row.due_on,
                  paid=sum((one.amount for one in allocations), Decimal(0)))  # fmt: skip
        return Billed(receivable, allocations)

    def _receivable(self, row: BillRow, account: Account) -> Receivable:
        book = self.book
        principal = None
        if row.principal_id is not None:
            principal = book.receivables.get(row.principal_id)
            if principal is None or principal.account_id not in {
                one.pk for one in book.family(account)
            }:
                raise Conflict("other_customer")
        limitation = row.limitation_from
        if limitation is None and row.due_on is not None:
            limitation = row.due_on + timedelta(days=1)
        custodian = book.cards[row.customer_id].custodian_id
        return Receivable(
            id=uuid7(), customer_id=row.customer_id, account=account, currency=row.currency,
            number=row.number, source_kind=row.source_kind, source_id=row.source_id,
            position=row.position, is_charge=row.is_charge, principal=principal,
            issued_on=row.issued_on, due_on=row.due_on, amount=row.amount,
            open_amount=row.amount, class_since=book.today,
            salesperson_id=row.salesperson_id or custodian, order_ref=row.order_ref,
            limitation_from=limitation, external_key=row.external_key, note=row.note,
            created_at=book.now,
        )  # fmt: skip

    def pay_from_advance(self, receivable: Receivable, account: Account) -> list[LedgerEntry]:
        """Pays a debt from advances, the oldest first."""
        found: list[LedgerEntry] = []
        for credit, left in self.book.advances(account):
            if not (part := min(left, receivable.open_amount)):
                break
            found += self.book.pay(credit, [(receivable.pk, part)], booked_on=self.book.today)
        return found

    def credit(self, row: CreditRow) -> Paid:
        """Enters a payment or credit note and allocates it."""
        book = self.book
        check_credit(row, book.today)
        if known := self._booked(row, row.kind):
            return Paid(known, is_known=True)
        account = book.account(row.customer_id, row.currency)
        found = self.spread(row.amount, account, row.allocate)
        entry = book.enter(
            account, row.kind, row.amount, booked_on=row.booked_on, means=row.means,
            reference=row.reference, external_key=row.external_key, note=row.note,
            detail=plain(row.detail),
        )  # fmt: skip
        self._remember(entry)
        allocations = book.pay(entry, found.parts, booked_on=row.booked_on)
        self.tell(entry, row.kind.value, means=row.means, reference=row.reference,
                  paid=self.told(allocations), left=found.left, note=row.note)  # fmt: skip
        if row.kind == EntryKind.PAYMENT:
            self.events.append((entry, allocations))
        return Paid(entry, allocations, found.left)

    def spread(self, amount: Decimal, account: Account, named: Sequence[Part] | None) -> Spread:
        """Which debts an amount pays. BadInput `allocate` with what is wrong with those named."""
        owed = self.book.owed(account)
        if named is None:
            return spread(amount, owed.values(), charges=self.charges)
        for pk, _part in named:
            self._check_named(pk, account)
        found = spread_named(amount, owed, named)
        if found.problems:
            raise BadInput({"allocate": list(found.problems)})
        return found

    def _check_named(self, pk: UUID, account: Account) -> None:
        named = self.book.receivables.get(pk)
        if named is None:
            raise BadInput({"allocate": [Reason("no_such_receivable", {"receivable": pk})]})
        if named.currency != account.currency:
            data = {"receivable": pk, "currency": named.currency, "payment": account.currency}
            raise BadInput({"allocate": [Reason("wrong_currency", data)]})
        if named.account_id not in {one.pk for one in self.book.family(account)}:
            raise BadInput({"allocate": [Reason("other_customer", {"receivable": pk})]})

    def _booked(self, row: BillRow | CreditRow, kind: EntryKind) -> LedgerEntry | None:
        """The entry of a row that was booked before.

        Conflict `key_of_another` when the key stands for another customer, kind or amount.
        """
        known = self.known.get(row.external_key) if row.external_key else None
        if known is not None and not (
            (known.kind, known.amount, known.currency) == (kind, row.amount, row.currency)
            and self.book.is_one(known.customer_id, row.customer_id)
        ):
            raise Conflict("key_of_another", key=row.external_key, amount=known.amount,
                           currency=known.currency)  # fmt: skip
        return known

    def _remember(self, entry: LedgerEntry) -> None:
        if entry.external_key:
            self.known[entry.external_key] = entry

    # ── Telling ──────────────────────────────────────────────────────────────────────────────

    def told(self, allocations: Iterable[LedgerEntry]) -> list[dict[str, Any]]:
        """Allocations as the history tells them: which debt, how much, what is left of it."""
        return [
            {"receivable": str(one.receivable_id), "amount": str(one.amount),
             "number": self.book.receivables[one.receivable_id].number,
             "left": str(self.book.receivables[one.receivable_id].open_amount)}
            for one in allocations if one.receivable_id
        ]  # fmt: skip

    def tell(self, entry: LedgerEntry, code: str, **data: Any) -> None:
        """Adds a line to the customer's history."""
        facts = {"amount": entry.amount, "currency": entry.currency, "on": entry.booked_on, **data}
        self.lines.append(
            TimelineEntry(
                customer_id=entry.customer_id, kind=KIND, code=f"ledger_{code}",
                data=plain(facts), source_kind="ledger", source_id=str(entry.pk),
                by=self.book.by, at=self.book.now,
            )
        )  # fmt: skip

    def finish(self, after_collection: AfterCollection | None) -> None:
        """Writes the lines of the history and tells the payments as events."""
        TimelineEntry.objects.bulk_create(self.lines, batch_size=2000)
        customers = sorted({entry.customer_id for entry, _ in self.events})
        followed = after_collection(customers) if after_collection and customers else {}
        events.emit_many(
            [self._event(entry, parts, followed.get(entry.customer_id))
             for entry, parts in self.events],
            now=self.book.now,
        )  # fmt: skip

    def _event(
        self, entry: LedgerEntry, parts: Iterable[LedgerEntry], followed: bool | None
    ) -> events.EventRow:
        paid = [self.book.receivables[one.receivable_id] for one in parts if one.receivable_id]
        late = [one.days_overdue(entry.booked_on) for one in paid if one.due_on]
        return events.EventRow(
            "payment_received", entry.customer_id, f"payment:{entry.pk}", entry.booked_on,
            {"amount": entry.amount, "days_late": max(late, default=None),
             "after_collection": followed},
            source=("ledger", str(entry.pk)),
        )  # fmt: skip


# ── Rows of one kind ─────────────────────────────────────────────────────────────────────────


def post_bills(rows: Sequence[BillRow], *, by: User | None, now: datetime) -> list[Outcome]:
    """Enters debts in one transaction; an outcome for each row, in their order."""
    with _poster(rows, by=by, now=now) as poster:
        poster.book.read([row.principal_id for row in rows if row.principal_id])
        poster.book.read_credits()
        if poster.book.credits:
            poster.book.read_open()
        found = [_tried(poster.bill, row) for row in rows]
        poster.finish(None)
    return found


def post_credits(
    rows: Sequence[CreditRow],
    *,
    by: User | None,
    now: datetime,
    after_collection: AfterCollection | None = None,
) -> list[Outcome]:
    """Enters payments and credit notes in one transaction; an outcome for each row."""
    with _poster(rows, by=by, now=now) as poster:
        poster.book.read_open()
        poster.book.read([pk for row in rows for pk, _amount in row.allocate or ()])
        found = [_tried(poster.credit, row) for row in rows]
        poster.finish(after_collection)
    return found


@contextmanager
def _poster(
    rows: Sequence[BillRow] | Sequence[CreditRow], *, by: User | None, now: datetime
) -> Iterator[Poster]:
    """A book with the accounts of these rows; written when the block ends."""
    keys = {(row.customer_id, row.currency) for row in rows if not currency_problem(row.currency)}
    with opened(keys, by=by, now=now) as book:
        yield Poster(book, (row.external_key for row in rows))


def _tried(enter: Callable[[Any], Billed | Paid], row: BillRow | CreditRow) -> Outcome:
    try:
        return enter(row)
    except GenjinError as error:
        return error


def single(outcome: Outcome) -> Any:
    """The outcome of one row, or its error raised."""
    if isinstance(outcome, GenjinError):
        raise outcome
    return outcome
