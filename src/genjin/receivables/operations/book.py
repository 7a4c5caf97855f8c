"""The ledger as one operation writes it: accounts locked, entries gathered, all written at once.

Every operation of the ledger goes through a `Book`, one payment as well as a file of thousands,
so that both have the same effects. The order of locks is the same everywhere: customers' cards
(shared), then accounts by customer and currency. Debts are written under the lock of their
account, by one conditional statement that is the set-based sibling of `transition()`.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone
from psycopg.types.json import Jsonb

from genjin.foundation.models import User
from genjin.kernel.errors import Conflict, LostRace
from genjin.kernel.ids import uuid7
from genjin.receivables.models import Account, LedgerEntry, Receivable
from genjin.receivables.operations.money_moved import money_moved
from genjin.receivables.queries import credits_left, secured_amounts
from genjin.receivables.rules.allocation import Owed
from genjin.receivables.rules.effects import effect, state_of, written_off_sign
from genjin.receivables.states import RECEIVABLE_STATES, EntryKind, Means

Key = tuple[UUID, str]
Part = tuple[UUID, Decimal]


@dataclass(frozen=True)
class Card:
    """What the ledger needs to know of a customer's card."""

    merged_into_id: UUID | None
    custodian_id: int | None

    @property
    def is_merged(self) -> bool:
        return self.merged_into_id is not None


def day_of(now: datetime) -> date:
    """The organisation's day at a moment."""
    return timezone.localdate(now, timezone.get_default_timezone())


class Book:
    """Accounts that are locked, what was read of them, and what is to be written.

    A row that cannot be booked is refused before anything of it is entered: the methods that
    enter (`owe`, `enter`, `pay`) take what has been checked.
    """

    def __init__(self, *, by: User | None, now: datetime) -> None:
        self.by, self.now, self.today = by, now, day_of(now)
        self.cards: dict[UUID, Card] = {}
        self.accounts: dict[UUID, Account] = {}
        self.receivables: dict[UUID, Receivable] = {}
        self.secured: dict[UUID, Decimal] = {}
        self.credits: dict[UUID, LedgerEntry] = {}
        self.left: dict[UUID, Decimal] = {}
        self._by_key: dict[Key, Account] = {}
        self._families: dict[UUID, list[UUID]] = {}
        self._root: dict[UUID, UUID] = {}
        self._open: dict[UUID, dict[UUID, Receivable]] = {}
        self._before: dict[UUID, tuple[str, Decimal]] = {}
        self._added: list[Receivable] = []
        self.entries: list[LedgerEntry] = []

    # ── Reading under lock ───────────────────────────────────────────────────────────────────

    def lock(self, keys: Collection[Key]) -> None:
        """Locks the accounts of customers in currencies and opens those that are missing.

        Accounts of cards that were merged into these customers' are locked with them.
        """
        ids = sorted({customer for customer, _currency in keys})
        self._lock_cards(ids)
        wanted = sorted(
            key for key in set(keys) if key[0] in self.cards and not self.cards[key[0]].is_merged
        )
        have = set(
            Account.objects.filter(customer_id__in=ids).values_list("customer_id", "currency")
        )
        if missing := [key for key in wanted if key not in have]:
            # In the order of locking: two that open the same accounts do not wait crosswise.
            Account.objects.bulk_create(
                [Account(customer_id=one, currency=currency, changed_at=self.now)
                 for one, currency in missing],
                ignore_conflicts=True,
            )  # fmt: skip
        everyone = {one for family in self._families.values() for one in family}
        self._lock_accounts(
            models.Q(customer_id__in=everyone, currency__in={currency for _, currency in wanted})
        )

    def lock_accounts(self, ids: Collection[UUID]) -> None:
        """Locks accounts that exist, whatever became of their customers' cards."""
        self._lock_accounts(models.Q(pk__in=ids))

    def _lock_cards(self, ids: Sequence[UUID]) -> None:
        with connection.cursor() as cursor:
            # KEY SHARE: a merge must wait, everything else that happens to a card need not.
            cursor.execute(
                "SELECT id, merged_into_id, custodian_id FROM customers_customer "
                "WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE",
                [list(ids)],
            )
            self.cards.update({row[0]: Card(row[1], row[2]) for row in cursor.fetchall()})
            cursor.execute(
                "SELECT id, merged_into_id FROM customers_customer WHERE merged_into_id = ANY(%s)",
                [list(ids)],
            )
            merged = cursor.fetchall()
        for one in ids:
            self._families[one] = [one, *sorted(pk for pk, into in merged if into == one)]
            self._root.update(dict.fromkeys(self._families[one], one))

    def _lock_accounts(self, which: models.Q) -> None:
        rows = Account.objects.select_for_update(of=("self",), no_key=True).filter(which)
        for account in rows.order_by("customer_id", "currency"):
            self.accounts[account.pk] = account
            self._by_key[account.customer_id, account.currency] = account

    def read_open(self) -> None:
        """Reads every open debt of the locked accounts."""
        self._read(models.Q(account_id__in=list(self.accounts), state="open"))

    def read(self, ids: Collection[UUID]) -> None:
        """Reads debts by id, of whatever account and state."""
        if unknown := [pk for pk in ids if pk not in self.receivables]:
            self._read(models.Q(pk__in=unknown))

    def _read(self, which: models.Q) -> None:
        fresh = [one for one in Receivable.objects.filter(which) if one.pk not in self.receivables]
        for one in fresh:
            self.receivables[one.pk] = one
            self._before[one.pk] = (one.state, one.open_amount)
            if one.open_amount > 0:
                self._open.setdefault(one.account_id, {})[one.pk] = one
        self.secured.update(secured_amounts([one.pk for one in fresh]))

    def read_credits(self) -> None:
        """Reads what is left of the payments and credit notes of accounts that have an advance."""
        ids = [account.pk for account in self.accounts.values() if account.advance > 0]
        for entry, left in credits_left(ids) if ids else ():
            self.credits[entry.pk] = entry
            self.left[entry.pk] = left

    # ── Asking ───────────────────────────────────────────────────────────────────────────────

    def account(self, customer_id: UUID, currency: str) -> Account:
        """The locked account of a customer. Conflict `card_was_merged`, `no_such_customer`."""
        card = self.cards.get(customer_id)
        if card is None:
            raise Conflict("no_such_customer")
        if card.is_merged:
            raise Conflict("card_was_merged", into=str(card.merged_into_id))
        return self._by_key[customer_id, currency]

    def is_one(self, first: UUID, second: UUID) -> bool:
        """Whether two cards are the same customer, one merged into the other."""
        return self._root.get(first, first) == self._root.get(second, second)

    def family(self, account: Account) -> list[Account]:
        """The accounts of one currency that count as the customer's, their own first."""
        mine = account.customer_id
        cards = self._families.get(self._root.get(mine, mine), [])
        others = (self._by_key.get((one, account.currency)) for one in cards if one != mine)
        return [account, *(one for one in others if one is not None)]

    def owed(self, account: Account) -> dict[UUID, Owed]:
        """What is open to be paid from this account: its own debts and its family's."""
        return {
            pk: Owed(pk, one.open_amount, one.due_on, one.issued_on, one.is_charge,
                     self.secured.get(pk, Decimal(0)))
            for relative in self.family(account)
            for pk, one in self._open.get(relative.pk, {}).items()
            if one.open_amount > 0
        }  # fmt: skip

    def advances(self, account: Account) -> list[tuple[LedgerEntry, Decimal]]:
        """Payments and credit notes of which something is left, the oldest first."""
        ids = {one.pk for one in self.family(account)}
        found = [
            (entry, self.left[pk])
            for pk, entry in self.credits.items()
            if entry.account_id in ids and self.left[pk] > 0
        ]
        return sorted(found, key=lambda pair: (pair[0].booked_on, pair[0].at, pair[0].pk))

    # ── Entering ─────────────────────────────────────────────────────────────────────────────

    def owe(self, receivable: Receivable, *, kind: str, booked_on: date, **values: Any) -> None:
        """Enters a new debt with the entry that makes it."""
        account = self.accounts[receivable.account_id]
        self.receivables[receivable.pk] = receivable
        self._added.append(receivable)
        self._open.setdefault(account.pk, {})[receivable.pk] = receivable
        # The debt stands with its whole amount; the entry must not raise it once more.
        receivable.open_amount = Decimal(0)
        self.enter(account, kind, receivable.amount, receivable=receivable, booked_on=booked_on,
                   **values)  # fmt: skip

    def enter(
        self,
        account: Account,
        kind: str,
        amount: Decimal,
        *,
        booked_on: date,
        receivable: Receivable | None = None,
        credit: LedgerEntry | None = None,
        reverses: LedgerEntry | None = None,
        is_cancelled: bool = False,
        **values: Any,
    ) -> LedgerEntry:
        """Adds one row to an account, with its effect on the account and the debt."""
        reversed_kind = reverses.kind if reverses else ""
        to_open, to_advance = effect(kind, reversed_kind)
        account.entries += 1
        account.open += to_open * amount
        account.advance += to_advance * amount
        entry = LedgerEntry(
            account=account, customer_id=account.customer_id, currency=account.currency,
            seq=account.entries, kind=kind, reversed_kind=reversed_kind, amount=amount,
            receivable=receivable, credit=credit, reverses=reverses, booked_on=booked_on,
            at=self.now, by=self.by, **values,
        )  # fmt: skip
        self.entries.append(entry)
        if receivable is not None:
            receivable.open_amount += to_open * amount
            receivable.written_off_amount += written_off_sign(kind, reversed_kind) * amount
            self._settle(receivable, booked_on, is_cancelled=is_cancelled)
        if credit is not None:
            self.left[credit.pk] = self.left.get(credit.pk, Decimal(0)) + to_advance * amount
        elif to_advance > 0 and kind != EntryKind.REVERSAL:
            self.credits[entry.pk], self.left[entry.pk] = entry, amount
        return entry

    def _settle(self, receivable: Receivable, on: date, *, is_cancelled: bool) -> None:
        state = state_of(
            receivable.open_amount, receivable.written_off_amount, is_cancelled=is_cancelled
        )
        receivable.state = state
        receivable.settled_on = None if receivable.open_amount else on
        is_open = self._open.setdefault(receivable.account_id, {})
        if receivable.open_amount:
            is_open[receivable.pk] = receivable
        else:
            is_open.pop(receivable.pk, None)

    def pay(
        self, credit: LedgerEntry, parts: Iterable[Part], *, booked_on: date, note: str = ""
    ) -> list[LedgerEntry]:
        """Allocates a payment or credit note to debts, as checked.

        A debt of a merged card stands in that card's account: what pays it is moved there first.
        """
        return [
            self._pay(credit, self.receivables[pk], amount, booked_on=booked_on, note=note)
            for pk, amount in parts
        ]

    def _pay(
        self,
        credit: LedgerEntry,
        receivable: Receivable,
        amount: Decimal,
        *,
        booked_on: date,
        note: str,
    ) -> LedgerEntry:
        if receivable.account_id != credit.account_id:
            credit = self._move(credit, receivable.account_id, amount, booked_on=booked_on)
        account = self.accounts[receivable.account_id]
        return self.enter(account, EntryKind.ALLOCATION, amount, booked_on=booked_on,
                          receivable=receivable, credit=credit, note=note)  # fmt: skip

    def _move(
        self, credit: LedgerEntry, to: UUID, amount: Decimal, *, booked_on: date
    ) -> LedgerEntry:
        # In the order in which they happen, which is how they are read.
        gone, arrived = uuid7(), uuid7()
        self.enter(
            self.accounts[credit.account_id], EntryKind.REFUND, amount, booked_on=booked_on,
            credit=credit, id=gone, means=Means.MOVED, detail={"moved_to": str(arrived)},
        )  # fmt: skip
        return self.enter(
            self.accounts[to], EntryKind.PAYMENT, amount, booked_on=booked_on, id=arrived,
            means=Means.MOVED, detail={"moved_from": str(gone)},
        )  # fmt: skip

    # ── Writing ──────────────────────────────────────────────────────────────────────────────

    def write(self) -> None:
        """Writes what was entered, in a few statements. Conflict `key_of_another`, LostRace."""
        if not self.entries:
            return
        try:
            copy_rows(Receivable, self._added)
            copy_rows(LedgerEntry, self.entries)
        except (psycopg.errors.UniqueViolation, IntegrityError) as error:
            # Accounts are locked, keys were looked up: only another customer's can be in the way.
            raise Conflict("key_of_another", detail=str(error).splitlines()[0][:200]) from error
        self._write_accounts()
        self._write_receivables()
        written, self.entries, self._added = self.entries, [], []
        money_moved(written, by=self.by, now=self.now)

    def _write_accounts(self) -> None:
        ids = sorted({entry.account_id for entry in self.entries})
        rows = [self.accounts[pk] for pk in ids]
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE receivables_account a SET entries = t.entries, open = t.open, "
                "advance = t.advance, changed_at = %s FROM unnest(%s::uuid[], %s::bigint[], "
                "%s::numeric[], %s::numeric[]) t (id, entries, open, advance) WHERE a.id = t.id",
                [self.now, ids, [one.entries for one in rows], [one.open for one in rows],
                 [one.advance for one in rows]],
            )  # fmt: skip
        for one in rows:
            one.changed_at = self.now

    def _write_receivables(self) -> None:
        added = {one.pk for one in self._added}
        changed = []
        for pk in dict.fromkeys(entry.receivable_id for entry in self.entries):
            if pk is None or pk in added:
                continue
            one, (state, _open) = self.receivables[pk], self._before[pk]
            if one.state != state:
                RECEIVABLE_STATES.check(state, one.state)
            changed.append(one)
        if not changed:
            return
        before = [self._before[one.pk] for one in changed]
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE receivables_receivable r SET open_amount = t.open, state = t.state, "
                "written_off_amount = t.off, settled_on = t.settled FROM unnest(%s::uuid[], "
                "%s::numeric[], %s::text[], %s::numeric[], %s::date[], %s::text[], %s::numeric[]) "
                "t (id, open, state, off, settled, state_before, open_before) WHERE r.id = t.id "
                "AND r.state = t.state_before AND r.open_amount = t.open_before",
                [[one.pk for one in changed], [one.open_amount for one in changed],
                 [str(one.state) for one in changed], [one.written_off_amount for one in changed],
                 [one.settled_on for one in changed], [state for state, _ in before],
                 [is_open for _, is_open in before]],
            )  # fmt: skip
            if cursor.rowcount != len(changed):
                raise LostRace("state_changed", kind="receivable")
        for one in changed:
            self._before[one.pk] = (one.state, one.open_amount)


@contextmanager
def opened(keys: Collection[Key], *, by: User | None, now: datetime) -> Iterator[Book]:
    """A book with the accounts of these customers and currencies; written when the block ends."""
    with transaction.atomic():
        book = Book(by=by, now=now)
        book.lock(keys)
        yield book
        book.write()


@contextmanager
def reopened(accounts: Collection[UUID], *, by: User | None, now: datetime) -> Iterator[Book]:
    """A book with accounts that exist, for what corrects them; written when the block ends."""
    with transaction.atomic():
        book = Book(by=by, now=now)
        book.lock_accounts(accounts)
        yield book
        book.write()


def copy_rows(model: type[models.Model], rows: Sequence[models.Model]) -> None:
    """Writes new rows by COPY: the same way for one and for thousands."""
    if not rows:
        return
    fields = [field for field in model._meta.concrete_fields if not field.generated]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    is_json = [isinstance(field, models.JSONField) for field in fields]
    names = [field.attname for field in fields]
    statement = f'COPY "{model._meta.db_table}" ({columns}) FROM STDIN'
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            values = [getattr(row, name) for name in names]
            copy.write_row(
                [Jsonb(value) if of_json else _plain(value)
                 for value, of_json in zip(values, is_json, strict=True)]
            )  # fmt: skip


def _plain(value: Any) -> Any:
    # A choice is written as the text it stands for.
    return str(value) if isinstance(value, str) else value


def named_parts(named: Iterable[tuple[Receivable | UUID, Decimal]]) -> list[Part]:
    """Debts that a person named, by id."""
    return [(one.pk if isinstance(one, Receivable) else one, amount) for one, amount in named]
