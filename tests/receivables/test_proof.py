"""The proof finds whatever was done to the ledger behind its back, and nothing else."""

import json
from datetime import timedelta
from decimal import Decimal as D

import pytest
from click.testing import CliRunner
from django.db import connection

from genjin.conf.commands import check_ledger
from genjin.customers.models import Customer
from genjin.foundation.models import LongTask
from genjin.receivables import jobs
from genjin.receivables.models import LedgerDay, LedgerEntry
from genjin.receivables.operations import instruments, ledger
from genjin.receivables.proof import days
from genjin.receivables.proof.proving import prove
from genjin.receivables.proof.statements import CHECKS
from tests.factories import NOW, make_customer
from tests.receivables.books import DAY, bill, pay
from tests.scores import fresh_home

pytestmark = pytest.mark.django_db
TOMORROW = NOW + timedelta(days=1)


@pytest.fixture(autouse=True)
def home(settings, tmp_path, monkeypatch):
    """Signing keys of this test alone."""
    monkeypatch.setattr(check_ledger, "start_django", lambda: None)
    return fresh_home(settings, tmp_path, monkeypatch)


def tamper(statement: str, *values) -> None:
    """Changes tables as somebody would who owns the database: triggers and checks off."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, values)
        cursor.execute("SET LOCAL session_replication_role = origin")


def a_ledger() -> Customer:
    """A customer with something of every kind."""
    customer = make_customer()
    first, second = bill(customer, 100, due=-90), bill(customer, 50, due=-5, number="B-2")
    ledger.charge(customer, amount=D(2), currency="CNY", issued_on=DAY, due_on=DAY, note="interest",
                  principal=first, by=None, now=NOW)  # fmt: skip
    pay(customer, 80)
    wrong = pay(customer, 7, currency="USD")
    ledger.refund(wrong.entry, amount=D(3), means="transfer", refunded_on=DAY, reason="too much",
                  by=None, now=NOW)  # fmt: skip
    undone = pay(customer, 5)
    ledger.reverse(undone.entry, reason="not ours", by=None, now=NOW)
    ledger.write_off(second, amount=D(10), reason="goodwill", by=None, now=NOW)
    ledger.recover(second, amount=D(4), reason="paid after all", by=None, now=NOW)
    cheque = instruments.receive_instrument(
        customer, kind="cheque", number="77", amount=D(20), currency="CNY", received_on=DAY,
        matures_on=DAY, by=None, now=NOW,
    )  # fmt: skip
    instruments.clear(cheque, on=DAY, by=None, now=NOW)
    return customer


def test_a_sound_ledger_is_proved_with_its_totals():
    a_ledger()
    found = prove()
    assert found.is_sound
    assert found.totals == [
        {"currency": "CNY", "accounts": 1, "entries": 14, "open": "46.00", "advance": "0.00",
         "balance": "46.00",
         "kinds": {"bill": "150.00", "charge": "2.00", "payment": "100.00",
                   "allocation": "100.00", "write_off": "10.00", "recovery": "4.00"}},
        {"currency": "USD", "accounts": 1, "entries": 2, "open": "0.00", "advance": "4.00",
         "balance": "-4.00", "kinds": {"payment": "7.00", "refund": "3.00"}},
    ]  # fmt: skip


NEWEST = "(SELECT id FROM receivables_ledgerentry WHERE currency = 'USD' ORDER BY seq DESC LIMIT 1)"


@pytest.mark.parametrize(
    ("code", "statement"),
    [
        ("rows_lost", f"DELETE FROM receivables_ledgerentry WHERE id = {NEWEST}"),
        ("rows_lost", "DELETE FROM receivables_ledgerentry WHERE kind = 'write_off'"),
        ("account_open", "UPDATE receivables_account SET open = 45 WHERE currency = 'CNY'"),
        ("account_advance", "UPDATE receivables_account SET advance = 9 WHERE currency = 'USD'"),
        ("receivable_open",
         "UPDATE receivables_receivable SET open_amount = 3 WHERE number = 'B-2'"),
        ("receivable_open",
         "UPDATE receivables_receivable SET written_off_amount = 3 WHERE number = 'B-2'"),
        ("receivable_open", "UPDATE receivables_receivable SET amount = 51 WHERE number = 'B-2'"),
        ("receivable_state",
         "UPDATE receivables_receivable SET state = 'cancelled' WHERE state = 'settled'"),
        ("account_open", "UPDATE receivables_ledgerentry SET amount = 1 WHERE kind = 'recovery'"),
        ("astray", "UPDATE receivables_ledgerentry SET currency = 'USD' WHERE kind = 'recovery'"),
        ("reversal_unlike",
         "UPDATE receivables_ledgerentry SET reversed_kind = 'credit_note' "
         "WHERE reversed_kind = 'payment'"),
        ("instrument_unpaid", "UPDATE receivables_instrument SET amount = 21"),
        ("account_lost", "DELETE FROM receivables_account WHERE currency = 'USD'"),
    ],
)  # fmt: skip
def test_whatever_is_done_behind_the_ledgers_back_is_found_and_named(code, statement):
    a_ledger()
    tamper(statement)
    assert prove().fault["code"] == code
    answer = CliRunner().invoke(check_ledger.command, ["--quiet"])
    assert answer.exit_code == 1
    assert "WRONG: " in answer.stdout


def test_an_overused_payment_and_an_overpaid_bill_are_found():
    """Two faults that hide behind sums that agree: an allocation turned to another payment."""
    customer = make_customer()
    bill(customer, 100)
    small = pay(customer, 10, allocate=[])
    big = pay(customer, 60)
    tamper("UPDATE receivables_ledgerentry SET credit_id = %s WHERE id = %s", small.entry.pk,
           big.allocations[0].pk)  # fmt: skip
    assert prove().fault["code"] == "credit_overused"


def test_the_command_proves_and_keeps_the_result():
    a_ledger()
    answer = CliRunner().invoke(check_ledger.command, ["--json"])
    content = json.loads(answer.stdout)
    assert (answer.exit_code, content["sound"], content["rows"]) == (0, True, 16)
    assert LongTask.objects.get(kind="check_ledger").result == content


def test_every_fault_has_its_sentence():
    others = {"account_lost", "day_changed", "day_unsigned", "day_key_missing"}
    assert set(check_ledger.SENTENCES) == {code for code, _ in CHECKS} | others


def test_a_closed_day_remembers_its_rows():
    a_ledger()
    assert days.close_days(NOW) == 0
    assert days.close_days(TOMORROW) == 2
    assert days.close_days(TOMORROW) == 0
    assert prove().days == 2
    day = LedgerDay.objects.get(currency="USD")
    assert (day.rows, day.totals) == (2, {"payment": [1, "7.00"], "refund": [1, "3.00"]})


@pytest.mark.parametrize(
    "statement",
    [
        # The row and whatever remembers it: only the closed day can tell.
        "UPDATE receivables_ledgerentry SET note = 'another' WHERE kind = 'refund'",
        "UPDATE receivables_ledgerentry SET booked_on = booked_on - 1 WHERE kind = 'payment'",
        f"WITH gone AS (DELETE FROM receivables_ledgerentry WHERE id = {NEWEST} RETURNING amount) "
        "UPDATE receivables_account SET entries = entries - 1, advance = advance + gone.amount "
        "FROM gone WHERE currency = 'USD'",
    ],
)
def test_a_change_that_adjusts_the_account_too_is_found_by_the_closed_day(statement):
    a_ledger()
    days.close_days(TOMORROW)
    tamper(statement)
    assert prove().fault["code"] == "day_changed"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE receivables_ledgerday SET rows = rows + 1 WHERE number = 1",
        "DELETE FROM receivables_ledgerday WHERE number = 1",
    ],
)
def test_the_record_of_a_closed_day_cannot_be_changed_unseen(statement):
    a_ledger()
    days.close_days(TOMORROW)
    tamper(statement)
    assert prove().fault["code"] == "day_unsigned"


def test_an_entry_that_is_written_into_a_closed_day_is_found():
    customer = a_ledger()
    days.close_days(TOMORROW)
    pay(customer, 1, currency="USD")
    assert prove().fault == {"code": "day_changed", "day": DAY.isoformat(), "currency": "USD",
                             "expected": 2, "found": 3}  # fmt: skip


def test_the_night_closes_and_proves_and_shows_red_when_it_fails():
    a_ledger()
    jobs.check_nightly(TOMORROW)
    assert jobs.last_result().result["sound"]
    tamper("UPDATE receivables_account SET open = open + 1 WHERE currency = 'CNY'")
    with pytest.raises(jobs.LedgerWrong, match="account_open"):
        jobs.check_nightly(TOMORROW + timedelta(days=1))
    assert not jobs.last_result().result["sound"]


def test_an_empty_ledger_is_sound():
    assert (prove().is_sound, LedgerEntry.objects.count()) == (True, 0)
