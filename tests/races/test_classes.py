"""Orders entered while everybody's class is worked out, and two such runs at once."""

from decimal import Decimal

import pytest
from django.db import connection

from genjin.customers.models import Standing, TimelineEntry
from genjin.sales import standing as module
from genjin.sales.orders import enter_order
from genjin.sales.standing import refresh_standings
from tests.concurrency import at_once
from tests.factories import NOW, make_category, make_customer, make_order

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]


def enter(customer, category, amount):
    return enter_order(customer, category=category, ordered_on=NOW.date(), amount=Decimal(amount),
                       by=None, now=NOW)  # fmt: skip


def test_an_order_that_is_entered_while_a_run_writes_is_not_lost(monkeypatch):
    category = make_category()
    known, fresh, other = make_customer(), make_customer(), make_customer()
    enter(known, category, 100)
    make_order(customer=fresh, category=category, amount=50)
    make_order(customer=other, category=category, amount=1)
    write = module._write

    def write_after_an_order(values, **options):
        # Between the run's picture of the orders and its writing, two orders are committed.
        if not options:
            at_once(lambda: enter(known, category, 900), lambda: enter(fresh, category, 7))
        return write(values, **options)

    monkeypatch.setattr(module, "_write", write_after_an_order)
    refresh_standings(now=NOW)
    amounts = dict(Standing.objects.values_list("customer_id", "deal_amount"))
    assert amounts == {known.pk: 1000, fresh.pk: 57, other.pk: 1}
    assert Standing.objects.exclude(value_class="").count() == 3
    monkeypatch.undo()
    refresh_standings(now=NOW)
    classes = dict(Standing.objects.values_list("customer_id", "value_class"))
    assert classes == {known.pk: "A", fresh.pk: "B", other.pk: "C"}


def test_two_runs_at_once_tell_every_change_once():
    category = make_category()
    people = [make_customer() for _ in range(30)]
    for place, one in enumerate(people):
        make_order(customer=one, category=category, amount=10 + place)
    results = at_once(lambda: refresh_standings(now=NOW), lambda: refresh_standings(now=NOW))
    assert sorted(done.changed for done in results) == [0, 30]
    assert TimelineEntry.objects.filter(kind="class").count() == 30
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s",
                       [module._LOCK])  # fmt: skip
        assert cursor.fetchone() == (0,)


def test_two_orders_of_one_customer_at_once_both_count():
    category, customer = make_category(), make_customer()
    at_once(*[lambda amount=amount: enter(customer, category, amount) for amount in (10, 20, 30)])
    assert Standing.objects.get().deal_amount == 60
