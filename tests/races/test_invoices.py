"""Red invoices and numbers at once: nothing is taken back twice."""

from datetime import date
from decimal import Decimal

import pytest

from genjin.kernel.errors import BadInput, LostRace
from genjin.sales.invoices.operations import (
    record_issued,
    request_invoice,
    request_red,
    save_details,
)
from genjin.sales.models import InvoiceRequest
from tests.concurrency import at_once
from tests.factories import NOW, make_customer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]
DAY = date(2026, 11, 23)


def asked_for(amount=1000):
    customer = make_customer()
    own = save_details(customer, {"title": "华强"}, by=None, now=NOW)
    return request_invoice(
        customer, details=own, kind="normal", amount=Decimal(amount), currency="CNY",
        content="x", by=None, now=NOW,
    )  # fmt: skip


def copy(row):
    return InvoiceRequest.objects.get(pk=row.pk)


def test_more_than_an_invoice_is_never_taken_back_though_many_ask_at_once():
    row = asked_for()
    record_issued(row, number="11111111", issued_on=DAY, by=None, now=NOW)
    found = at_once(
        *[lambda: request_red(copy(row), amount=Decimal(400), reason="x", by=None, now=NOW)] * 6
    )
    assert sum(isinstance(one, InvoiceRequest) for one in found) == 2
    assert sum(isinstance(one, BadInput) for one in found) == 4
    reds = [one for one in found if isinstance(one, InvoiceRequest)]
    rest = request_red(copy(row), amount=Decimal(200), reason="x", by=None, now=NOW)
    issue = [
        lambda one=one, n=n: record_issued(
            copy(one), number=f"2222222{n}", issued_on=DAY, by=None, now=NOW
        )
        for n, one in enumerate([*reds, rest])
    ]
    assert at_once(*issue) == [None, None, None]
    assert copy(row).state == "red"


def test_two_people_who_enter_a_number_at_once_leave_one():
    row = asked_for()
    found = at_once(
        *[
            lambda n=n: record_issued(
                copy(row), number=f"3333333{n}", issued_on=DAY, by=None, now=NOW
            )
            for n in range(3)
        ]
    )
    assert sum(one is None for one in found) == 1
    assert sum(isinstance(one, LostRace) for one in found) == 2
