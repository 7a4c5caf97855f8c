"""Thousands of random operations: the ledger agrees with a plain model, and proves itself.

Every step is made on the ledger and on `plain_ledger`; both allow it or both refuse it, and after
each the account and the debts agree to the cent. A second test holds rows brought in by the
thousand to the same rows one by one.
"""

import random
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal as D

import pytest

from genjin.kernel.errors import GenjinError
from genjin.receivables.models import Account, LedgerEntry, Receivable
from genjin.receivables.operations import ledger
from genjin.receivables.operations.many import bill_many, receive_many
from genjin.receivables.operations.posting import BillRow, CreditRow
from genjin.receivables.proof.proving import prove
from tests.factories import NOW, make_customer
from tests.receivables.books import DAY
from tests.receivables.plain_ledger import Plain

pytestmark = pytest.mark.django_db
CURRENCIES = ("CNY", "JPY", "USD")
ISSUED = DAY - timedelta(days=400)


class Machine:
    """Makes the same random step on both ledgers."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.customers = [make_customer() for _ in range(2)]
        self.plain = {(one.pk, money): Plain() for one in self.customers for money in CURRENCIES}
        self.rows: dict[tuple[object, str], object] = {}
        self.refused = self.done = 0

    def amount(self, currency: str) -> D:
        cents = self.random.choice([1, 33, 50, 100, 333, 1000, 9999])
        return D(cents) if currency == "JPY" else D(cents) / 100

    def day(self) -> date:
        return DAY - timedelta(days=self.random.randrange(90))

    def step(self) -> None:
        customer = self.random.choice(self.customers)
        currency = self.random.choice(CURRENCIES)
        key = (customer.pk, currency)
        plain = self.plain[key]
        names = ["bill", "bill", "charge", "pay", "pay", "pay_named", "credit_note", "allocate",
                 "refund", "write_off", "recover", "reverse_use", "reverse_credit",
                 "reverse_bill"]  # fmt: skip
        name = self.random.choice(names)
        getattr(self, name)(customer, currency, plain, key)
        self.compare(key, plain)

    # Each step: the ledger's answer and the plain one's must be the same.
    def both(self, plain_did: bool, act) -> object:
        try:
            result = act()
        except GenjinError:
            result = None
        assert plain_did == (result is not None)
        self.done, self.refused = self.done + plain_did, self.refused + (not plain_did)
        return result

    def remember(self, key, name: str, row: object) -> None:
        self.rows[key, name] = row

    def uses(self, key, plain: Plain) -> None:
        """Remembers the allocations and refunds that the last step wrote, in their order."""
        known = {row.pk for (of, name), row in self.rows.items() if of == key and name[0] == "u"}
        fresh = LedgerEntry.objects.filter(
            customer=key[0], currency=key[1], kind__in=["allocation", "refund"]
        ).exclude(pk__in=known).order_by("seq")  # fmt: skip
        names = [name for name in plain.uses if (key, name) not in self.rows]
        found = list(fresh)
        assert [one.amount for one in found] == [plain.uses[name]["amount"] for name in names]
        for name, row in zip(names, found, strict=True):
            use = plain.uses[name]
            debt = self.rows[key, use["debt"]].pk if use["debt"] else None
            assert (row.receivable_id, row.credit_id) == (debt, self.rows[key, use["credit"]].pk)
            self.remember(key, name, row)

    def bill(self, customer, currency, plain, key, *, charge: bool = False) -> None:
        amount, issued = self.amount(currency), ISSUED + timedelta(days=self.random.randrange(9))
        due = issued + timedelta(days=self.random.randrange(400))
        if not charge and not self.random.randrange(8):
            due = None
        name = plain.bill(amount, issued, due, charge=charge)
        options = {"amount": amount, "currency": currency, "issued_on": issued, "due_on": due,
                   "by": None, "now": NOW}  # fmt: skip
        make = ledger.charge if charge else ledger.bill
        row = make(customer, **options, **({"note": "interest"} if charge else {}))
        self.remember(key, name, row)
        self.uses(key, plain)
        self.done += 1

    def charge(self, customer, currency, plain, key) -> None:
        self.bill(customer, currency, plain, key, charge=True)

    def pay(self, customer, currency, plain, key, *, named=None, is_note: bool = False) -> None:
        amount, on = self.amount(currency), self.day()
        parts = None
        if named is not None:
            debt, part = named
            if part > amount:
                return
            parts = [(self.rows[key, debt], part)]
        name = plain.credit(amount, on, named=named)
        options = {"amount": amount, "currency": currency, "allocate": parts, "by": None,
                   "now": NOW}  # fmt: skip
        if is_note:
            done = ledger.credit_note(customer, booked_on=on, reason="returned", **options)
        else:
            done = ledger.receive_payment(customer, received_on=on, means="cash", **options)
        assert done.left == plain.left(name)
        self.remember(key, name, done.entry)
        self.uses(key, plain)
        self.done += 1

    def pay_named(self, customer, currency, plain, key) -> None:
        if is_open := [one for one in plain.debts if plain.open(one)]:
            debt = self.random.choice(is_open)
            part = min(plain.open(debt), self.amount(currency))
            self.pay(customer, currency, plain, key, named=(debt, part))

    def credit_note(self, customer, currency, plain, key) -> None:
        self.pay(customer, currency, plain, key, is_note=True)

    def allocate(self, _customer, _currency, plain, key) -> None:
        if plain.credits:
            name = self.random.choice(list(plain.credits))
            entry = self.rows[key, name]
            self.both(plain.allocate(name), lambda: ledger.allocate(entry, by=None, now=NOW))
            self.uses(key, plain)

    def refund(self, _customer, currency, plain, key) -> None:
        if plain.credits:
            name, amount = self.random.choice(list(plain.credits)), self.amount(currency)
            entry = self.rows[key, name]
            self.both(plain.refund(name, amount), lambda: ledger.refund(
                entry, amount=amount, means="transfer", refunded_on=DAY, reason="back", by=None,
                now=NOW))  # fmt: skip
            self.uses(key, plain)

    def write_off(self, _customer, currency, plain, key) -> None:
        self._loss(plain.write_off, ledger.write_off, currency, plain, key)

    def recover(self, _customer, currency, plain, key) -> None:
        self._loss(plain.recover, ledger.recover, currency, plain, key)

    def _loss(self, simply, act, currency, plain, key) -> None:
        if plain.debts:
            name, amount = self.random.choice(list(plain.debts)), self.amount(currency)
            values = {"amount": amount, "reason": "lost", "by": None, "now": NOW}
            self.both(simply(name, amount), lambda: act(self.rows[key, name], **values))

    def _reverse(self, did: bool, entry: LedgerEntry) -> None:
        self.both(did, lambda: ledger.reverse(entry, reason="wrong", by=None, now=NOW))

    def reverse_use(self, _customer, _currency, plain, key) -> None:
        if plain.uses:
            name = self.random.choice(list(plain.uses))
            self._reverse(plain.reverse_use(name), self.rows[key, name])

    def reverse_credit(self, _customer, _currency, plain, key) -> None:
        if plain.credits:
            name = self.random.choice(list(plain.credits))
            self._reverse(plain.reverse_credit(name), self.rows[key, name])

    def reverse_bill(self, _customer, _currency, plain, key) -> None:
        if plain.debts:
            name = self.random.choice(list(plain.debts))
            entry = self.rows[key, name].rows.get(kind__in=["bill", "charge"])
            self._reverse(plain.reverse_bill(name), entry)

    def compare(self, key, plain: Plain) -> None:
        account = Account.objects.filter(customer_id=key[0], currency=key[1]).first()
        if account is None:
            assert plain.rows == 0
            return
        assert (account.open, account.advance) == plain.totals()
        assert account.entries == plain.rows
        rows = Receivable.objects.filter(account=account).values_list("pk", "open_amount")
        assert dict(rows) == {self.rows[key, name].pk: plain.open(name) for name in plain.debts}


@pytest.mark.parametrize("seed", range(4))
def test_random_operations_agree_with_a_plain_model_to_the_cent(seed):
    machine = Machine(seed)
    for _ in range(350):
        machine.step()
    assert machine.done > 150
    assert machine.refused > 20
    found = prove()
    assert found.fault is None
    assert found.rows == sum(one.rows for one in machine.plain.values())


def random_rows(seed: int, customers) -> tuple[list[BillRow], list[CreditRow]]:
    chance = random.Random(seed)
    bills, credits = [], []
    for number in range(60):
        one, money = chance.choice(customers).pk, chance.choice(["CNY", "CNY", "USD"])
        amount = D(chance.randrange(-50, 9999)) / 100
        issued = ISSUED + timedelta(days=chance.randrange(5))
        due = None if chance.random() < 0.1 else issued + timedelta(days=chance.randrange(60))
        bills.append(BillRow(one, amount, money, issued, due, number=f"B{number}",
                             external_key=f"b{chance.randrange(50)}"))  # fmt: skip
    for number in range(90):
        one, money = chance.choice(customers).pk, chance.choice(["CNY", "CNY", "USD"])
        amount = D(chance.randrange(-50, 9999)) / 100
        credits.append(CreditRow(one, amount, money, DAY, reference=f"P{number}",
                                 means=chance.choice(["transfer", "cash", "", "cheque"]),
                                 external_key=f"p{chance.randrange(80)}"))  # fmt: skip
    return bills, credits


def picture(customers) -> list[tuple]:
    """The whole ledger without what differs by itself: ids."""
    place = {one.pk: number for number, one in enumerate(customers)}
    rows = LedgerEntry.objects.filter(customer__in=customers).select_related(
        "receivable", "credit")  # fmt: skip
    return sorted(
        (place[row.customer_id], row.currency, row.seq, row.kind, row.amount, row.means,
         row.reference, row.external_key.partition(":")[2], row.booked_on,
         row.receivable.number if row.receivable else "",
         row.receivable.open_amount if row.receivable else 0,
         row.receivable.state if row.receivable else "", row.credit.seq if row.credit else 0)
        for row in rows
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_rows_by_the_thousand_have_the_effects_of_one_by_one(seed):
    pictures, fates = [], []
    for way in ("many", "single"):
        customers = [make_customer() for _ in range(4)]
        bills, credits = random_rows(seed, customers)
        # The same keys twice in one database: each way has its own.
        bills = [named(row, way) for row in bills]
        credits = [named(row, way) for row in credits]
        size = 25 if way == "many" else 1
        answers = []
        for rows, write in ((bills, bill_many), (credits, receive_many), (bills, bill_many)):
            for at in range(0, len(rows), size):
                answers += write(rows[at : at + size], by=None, now=NOW)
        pictures.append(picture(customers))
        fates.append([
            one.code if isinstance(one, GenjinError) else one.is_known for one in answers
        ])  # fmt: skip
    assert pictures[0] == pictures[1]
    assert fates[0] == fates[1]
    assert {True, False, "bad_input", "key_of_another"} <= set(fates[0])
    assert prove().fault is None


def named(row, way: str):
    return replace(row, external_key=f"{way}:{row.external_key}")
