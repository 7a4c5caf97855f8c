"""Open items and payments from files: nothing twice, nothing guessed (RE15)."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings

from genjin.customers.models import Customer
from genjin.customers.operations.external_keys import set_key
from genjin.kernel.errors import BadInput, Conflict, NotAllowed
from genjin.receivables.importing import bringing, mapping
from genjin.receivables.models import Account, LedgerEntry, Receivable, WaitingPayment
from genjin.receivables.operations import ledger
from genjin.receivables.operations.waiting import book_waiting, dismiss_waiting
from tests.factories import NOW, make_customer, make_user

pytestmark = pytest.mark.django_db
MAPS = settings.BASE_DIR / "examples" / "maps"
TODAY = NOW.date()


def write(folder: Path, text: str) -> Path:
    path = folder / "file.csv"
    path.write_text(text, "utf-8")
    return path


def bring(path, kind="payments", **options):
    return bringing.bring_in(path, kind=kind, by=None, now=NOW, **options)


def owes(customer, number, amount, *, due=TODAY, currency="CNY"):
    return ledger.bill(
        customer, amount=Decimal(amount), currency=currency, issued_on=date(2026, 10, 1),
        due_on=due, number=number, by=None, now=NOW,
    )  # fmt: skip


def codes(done):
    return [(fault.row, [one.code for one in fault.reasons]) for fault in done.faults]


def test_a_statement_pays_what_is_certain_and_keeps_the_rest(tmp_path):
    first, second = make_customer(name="华南五金"), make_customer(name="北方贸易")
    bill = owes(first, "BL-2026-00017", "1000")
    other = owes(second, "BL-2026-00020", "640")
    path = write(tmp_path, (
        "交易日期,金额,摘要,对方户名\n"
        "2026-11-20,\"1,000.00\",货款 BL-2026-00017,华南五金\n"
        "2026-11-20,640,,北方贸易\n"
        "2026-11-21,17.5,,路人甲\n"
        "2026-11-21,abc,,路人甲\n"
        "2026-13-41,5,,路人甲\n"))  # fmt: skip
    run, done = bring(path)
    assert (done.rows, done.booked, done.waiting, done.known) == (5, 1, 2, 0)
    assert codes(done) == [(5, ["not_an_amount_cell"]), (6, ["impossible_date"])]
    bill.refresh_from_db()
    assert (bill.state, bill.settled_on) == ("settled", date(2026, 11, 20))
    other.refresh_from_db()
    assert other.open_amount == Decimal(640)
    waiting = {one.payer: one for one in WaitingPayment.objects.all()}
    proposal = waiting["北方贸易"]
    assert (proposal.customer, proposal.parts) == (second, [[str(other.pk), "640"]])
    assert waiting["路人甲"].reason["code"] == "payer_unknown"
    assert run.waiting == 2


def test_the_same_file_twice_books_nothing_twice(tmp_path):
    customer = make_customer()
    owes(customer, "BL-1000", "100")
    owes(customer, "BL-1001", "100")
    line = "2026-11-20,60,BL-1000\n"
    path = write(tmp_path, f"date,amount,reference\n{line}{line}2026-11-20,5,nothing\n")
    _run, done = bring(path)
    assert (done.booked, done.waiting) == (1, 2)  # the second 60 is more than is left
    before = LedgerEntry.objects.count()
    _run, again = bring(path)
    assert (again.booked, again.waiting, again.known) == (0, 0, 3)
    assert LedgerEntry.objects.count() == before
    longer = write(tmp_path, path.read_text("utf-8") + "2026-11-21,40,BL-1000\n")
    _run, more = bring(longer)
    assert (more.booked, more.known) == (1, 3)
    assert Receivable.objects.get(number="BL-1000").state == "settled"


def test_two_lines_of_one_file_never_pay_one_bill_twice(tmp_path):
    customer = make_customer(name="华南五金")
    bill = owes(customer, "BL-1000", "100")
    path = write(tmp_path, (
        "date,amount,reference,key\n"
        "2026-11-20,100,BL-1000,t1\n2026-11-20,100,BL-1000,t2\n"))  # fmt: skip
    _run, done = bring(path)
    assert (done.booked, done.waiting) == (1, 1)
    bill.refresh_from_db()
    assert bill.state == "settled"
    assert Account.objects.get().advance == 0


def test_a_trial_writes_nothing_and_says_the_same(tmp_path):
    customer = make_customer()
    owes(customer, "BL-1000", "100")
    path = write(tmp_path, "date,amount,reference\n2026-11-20,100,BL-1000\n2026-11-20,7,?\n")
    run, done = bring(path, is_trial=True)
    assert (run, done.booked, done.waiting) == (None, 1, 1)
    assert LedgerEntry.objects.filter(kind="payment").count() == 0
    assert WaitingPayment.objects.count() == 0


def test_a_person_books_or_dismisses_what_waits_and_only_once(tmp_path):
    customer = make_customer(name="华南五金")
    bill = owes(customer, "BL-1000", "100")
    bring(write(tmp_path, "date,amount,payer\n2026-11-20,80,华南五金\n2026-11-20,3,利息\n"))
    mine, interest = WaitingPayment.objects.order_by("row")
    clerk, agent = make_user(role="finance"), make_user(role="agent")
    with pytest.raises(NotAllowed):
        book_waiting(mine, customer=customer, parts=None, by=agent, now=NOW)
    paid = book_waiting(mine, customer=customer, parts=[(bill.pk, Decimal(80))], by=clerk, now=NOW)
    bill.refresh_from_db()
    assert (bill.open_amount, paid.left) == (Decimal(20), Decimal(0))
    with pytest.raises(Conflict):
        book_waiting(mine, customer=customer, parts=None, by=clerk, now=NOW)
    with pytest.raises(BadInput):
        dismiss_waiting(interest, reason=" ", by=clerk, now=NOW)
    dismiss_waiting(interest, reason="bank interest", by=clerk, now=NOW)
    assert sorted(WaitingPayment.objects.values_list("state", flat=True)) == [
        "booked", "dismissed"]  # fmt: skip


def test_open_items_come_in_once_with_their_faults_told(tmp_path):
    customer = make_customer()
    set_key(customer, "C-1", by=None, now=NOW)
    path = write(tmp_path, (
        "customer key,invoice,invoice date,due date,amount\n"
        "C-1,A1,2026-10-01,2026-10-31,100\n"
        "C-1,A1,2026-10-01,2026-10-31,100\n"
        "C-9,A2,2026-10-01,2026-10-31,100\n"
        "C-1,,2026-10-01,2026-10-31,100\n"
        "C-1,A3,2026-10-01,2026-10-31,-5\n"))  # fmt: skip
    _run, done = bring(path, kind="items")
    assert done.booked == 1
    assert codes(done) == [
        (3, ["number_twice"]), (4, ["unknown_customer"]), (5, ["cell_needed"]),
        (6, ["amount_not_positive"]),
    ]  # fmt: skip
    _run, again = bring(path, kind="items")
    assert (again.booked, again.known) == (0, 1)


def test_a_file_without_the_columns_says_which(tmp_path):
    with pytest.raises(BadInput) as error:
        bring(write(tmp_path, "when,what\n1,2\n"))
    (reason,) = error.value.problems["file"]
    assert reason.data["columns"] == ["received_on", "amount"]


def test_the_real_invoices_come_in_whole_and_stand_as_the_file_says(shared):
    """Held against DuckDB's reading of the file itself."""
    import duckdb

    path = shared / "data" / "accounts-receivable.csv"
    chosen = mapping.from_toml((MAPS / "accounts-receivable.toml").read_text("utf-8"), "items")
    _run, done = bring(path, kind="items", chosen=chosen)
    assert (done.booked, done.faults) == (2466, [])
    told = duckdb.sql(f"""
        SELECT count(*), count(DISTINCT customerID), sum(InvoiceAmount::DECIMAL(18,2)),
          count(*) FILTER (WHERE strptime(SettledDate, '%m/%d/%Y')
                                 > strptime(DueDate, '%m/%d/%Y'))
        FROM read_csv('{path}', all_varchar=true)""").fetchall()  # fmt: skip
    rows = Receivable.objects.values_list("amount", "due_on", "settled_on")
    late = sum(settled > due for _amount, due, settled in rows)
    assert (len(rows), Customer.objects.count(), sum(one[0] for one in rows), late) == told[0]
    assert Account.objects.exclude(open=0, advance=0).count() == 0
    _run, again = bring(path, kind="items", chosen=chosen)
    assert (again.booked, again.known) == (0, 2466)
