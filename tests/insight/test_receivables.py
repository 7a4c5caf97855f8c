"""Figures of what is owed, held against DuckDB's reading of the real file (RE13, RE15)."""

from datetime import date, timedelta
from decimal import Decimal

import duckdb
import pytest
from django.conf import settings

from genjin.customers.models import ExternalKey
from genjin.insight import receivables as figures
from genjin.receivables.importing import bringing, mapping
from genjin.receivables.operations import ledger
from tests.factories import NOW, make_customer

pytestmark = pytest.mark.django_db
DAY = date(2013, 6, 30)
TODAY = NOW.date()


def owes(customer, amount, due, *, issued=None):
    return ledger.bill(
        customer, amount=Decimal(amount), currency="CNY", issued_on=issued or due, due_on=due,
        number="", by=None, now=NOW,
    )  # fmt: skip


def pay(customer, amount, on):
    return ledger.receive_payment(
        customer, amount=Decimal(amount), currency="CNY", means="transfer", received_on=on,
        by=None, now=NOW,
    )  # fmt: skip


def test_the_real_file_ages_as_an_independent_reading_says(shared):
    path = shared / "data" / "accounts-receivable.csv"
    text = (settings.BASE_DIR / "examples" / "maps" / "accounts-receivable.toml").read_text("utf-8")
    bringing.bring_in(path, kind="items", by=None, now=NOW, chosen=mapping.from_toml(text, "items"))
    duckdb.sql(f"""CREATE OR REPLACE TEMP TABLE bills AS SELECT customerID AS who,
        strptime(InvoiceDate, '%m/%d/%Y')::DATE AS issued,
        strptime(DueDate, '%m/%d/%Y')::DATE AS due,
        strptime(SettledDate, '%m/%d/%Y')::DATE AS settled,
        InvoiceAmount::DECIMAL(18,2) AS amount FROM read_csv('{path}', all_varchar=true)""")
    told = duckdb.sql(f"""
        SELECT sum(amount) FILTER (WHERE late <= 0),
          sum(amount) FILTER (WHERE late BETWEEN 1 AND 30),
          sum(amount) FILTER (WHERE late BETWEEN 31 AND 60),
          sum(amount) FILTER (WHERE late BETWEEN 61 AND 90), sum(amount) FILTER (WHERE late > 90),
          count(*)
        FROM (SELECT amount, DATE '{DAY}' - due AS late FROM bills
              WHERE issued <= DATE '{DAY}' AND settled > DATE '{DAY}')
        """).fetchall()[0]  # fmt: skip
    (found,) = figures.ageing(DAY)
    assert found.count == told[-1] > 0
    assert list(found.buckets.values()) == [amount or Decimal(0) for amount in told[:-1]]

    first = DAY - timedelta(days=89)
    dso, effectiveness = duckdb.sql(f"""
        WITH s AS (SELECT
          sum(amount) FILTER (WHERE issued <= DATE '{DAY}' AND settled > DATE '{DAY}') AS at_end,
          sum(amount) FILTER (WHERE issued < DATE '{first}' AND settled >= DATE '{first}') AS begin,
          sum(amount) FILTER (WHERE issued BETWEEN DATE '{first}' AND DATE '{DAY}') AS sold,
          sum(amount) FILTER (WHERE issued <= DATE '{DAY}' AND settled > DATE '{DAY}'
                              AND due >= DATE '{DAY}') AS not_due FROM bills)
        SELECT at_end * 90 / sold, (begin + sold - at_end) * 100 / (begin + sold - not_due)
        FROM s""").fetchall()[0]  # fmt: skip
    (pace,) = figures.speed(DAY, days=90)
    assert abs(Decimal(str(dso)) - pace.dso) <= Decimal("0.05")
    assert abs(Decimal(str(effectiveness)) - pace.effectiveness) <= Decimal("0.05")

    told = dict(
        duckdb.sql("""SELECT who, (count(*), count(*) FILTER (WHERE settled > due))
        FROM bills GROUP BY 1""").fetchall()
    )
    names = dict(ExternalKey.objects.values_list("customer_id", "key"))
    late = {names[one.customer_id]: (one.settled, one.late)
            for one in figures.paid_late(until=TODAY)}  # fmt: skip
    assert late == {who: tuple(counts) for who, counts in told.items()}


def test_a_past_day_is_read_by_what_was_booked_until_then():
    customer = make_customer()
    owes(customer, 1000, TODAY - timedelta(days=40))
    owes(customer, 500, TODAY + timedelta(days=5), issued=TODAY - timedelta(days=2))
    paid = pay(customer, 300, TODAY - timedelta(days=1))
    (now,) = figures.ageing(TODAY)
    assert {name: amount for name, amount in now.buckets.items() if amount} == {
        "not_due": Decimal(500), "d60": Decimal(700)}  # fmt: skip
    (before,) = figures.ageing(TODAY - timedelta(days=2))
    assert (before.total, before.overdue) == (Decimal(1500), Decimal(1000))
    ledger.reverse(paid.entry, reason="wrong account", booked_on=TODAY, by=None, now=NOW)
    assert figures.open_at(TODAY) == {"CNY": Decimal(1500)}
    assert figures.open_at(TODAY - timedelta(days=1)) == {"CNY": Decimal(1200)}


@pytest.mark.parametrize(
    ("late", "bucket"),
    [(0, "not_due"), (1, "d30"), (30, "d30"), (31, "d60"), (60, "d60"), (61, "d90"), (90, "d90"),
     (91, "older")],
)  # fmt: skip
def test_a_debt_stands_in_the_bucket_of_its_days(late, bucket):
    owes(make_customer(), 10, TODAY - timedelta(days=late))
    (found,) = figures.ageing(TODAY)
    assert [name for name, amount in found.buckets.items() if amount] == [bucket]


def test_money_is_expected_when_this_customer_usually_pays():
    customer = make_customer()
    monday = TODAY - timedelta(days=TODAY.weekday())
    owes(customer, 100, monday - timedelta(days=70))
    pay(customer, 100, monday - timedelta(days=56))  # a fortnight late
    owes(customer, 400, monday + timedelta(days=8), issued=TODAY)
    weeks = figures.forecast(TODAY)
    assert len(weeks) == 13
    due = {place: one.due for place, one in enumerate(weeks) if one.due}
    expected = {place: one.expected for place, one in enumerate(weeks) if one.expected}
    assert (due, expected) == ({1: Decimal(400)}, {3: Decimal(400)})
