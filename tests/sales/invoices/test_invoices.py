"""Tax invoices: asked for, issued, refused, taken back by red ones."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from genjin.customers.models import TimelineEntry
from genjin.foundation.models import AuditEntry
from genjin.kernel.errors import BadInput, Conflict, LostRace
from genjin.sales.invoices import operations
from genjin.sales.invoices.operations import (
    Source,
    left_of,
    record_issued,
    reject,
    request_invoice,
    request_red,
    retire_details,
    save_details,
)
from genjin.sales.invoices.queries import asked, counts, details_of, page_after
from genjin.sales.invoices.rules import details_problems, is_invoice_number, request_problems
from genjin.sales.models import InvoiceRequest
from tests.factories import NOW, make_customer, make_team, make_user

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 23)
FIRM = {
    "title": "华强贸易有限公司",
    "tax_number": "91310115MA1K35XYZ1",
    "address_phone": "深圳市福田区 0755-5550100",
    "bank_account": "中国银行 1234",
    "email": "ap@example.test",
}


def asked_for(customer=None, *, amount="1000", source=None, kind="special", **details):
    customer = customer or make_customer()
    own = save_details(customer, {**FIRM, **details}, by=None, now=NOW)
    return request_invoice(
        customer, details=own, kind=kind, amount=Decimal(amount), currency="CNY",
        content="打印机", by=None, now=NOW, source=source,
    )  # fmt: skip


def issued(number="25442000000012345678", **values):
    row = asked_for(**values)
    record_issued(row, number=number, issued_on=DAY, by=None, now=NOW)
    return row


def codes(error):
    return {place: [one.code for one in all_] for place, all_ in error.value.problems.items()}


@pytest.mark.parametrize(
    ("tax_number", "expected"),
    [
        ("91310115MA1K35XYZ1", {}),
        ("12345678", {}),
        ("", {}),
        ("1234567", {"tax_number": ["not_a_tax_number"]}),
        ("9131 0115", {"tax_number": ["not_a_tax_number"]}),
        ("编号12345678", {"tax_number": ["not_a_tax_number"]}),
    ],
)
def test_what_a_tax_number_is(tax_number, expected):
    found = details_problems({**FIRM, "tax_number": tax_number})
    assert {place: [one.code for one in all_] for place, all_ in found.items()} == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {}),
        ({"kind": "normal", "tax_number": "", "bank_account": ""}, {}),
        ({"bank_account": "", "address_phone": ""}, {"kind": ["special_needs"]}),
        ({"kind": "red"}, {"kind": ["not_a_choice"]}),
        ({"title": ""}, {"title": ["required"]}),
        ({"content": ""}, {"content": ["required"]}),
        ({"amount": Decimal(0)}, {"amount": ["amount_not_positive"]}),
        ({"amount": Decimal("NaN")}, {"amount": ["amount_not_positive"]}),
        ({"amount": Decimal("1.005")}, {"amount": ["too_many_decimals"]}),
    ],
)
def test_what_an_invoice_must_say_before_it_is_asked_for(changes, expected):
    given = {"kind": "special", "amount": Decimal(10), "content": "x", **FIRM, **changes}
    kind, amount, content = (given.pop(name) for name in ("kind", "amount", "content"))
    found = request_problems(kind, given, amount=amount, currency="CNY", content=content)
    assert {place: [one.code for one in all_] for place, all_ in found.items()} == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [("25442000000012345678", True), ("AB-12345678", True), ("12345", False), ("", False),
     ("2544 2000", False), ("ABC_1234567", False)],
)  # fmt: skip
def test_what_the_number_of_an_invoice_looks_like(number, expected):
    assert is_invoice_number(number) is expected


def test_a_request_keeps_what_the_details_said():
    customer, user = make_customer(), make_user()
    own = save_details(customer, {**FIRM, "tax_number": "9131 0115ma1k35xyz1"}, by=user, now=NOW)
    row = request_invoice(
        customer, details=own, kind="special", amount=Decimal("10030"), currency="CNY",
        content=" 打印机 ", by=user, now=NOW, order_reference="SO-1",
    )  # fmt: skip
    save_details(customer, {**FIRM, "title": "新名称"}, by=user, now=NOW, details=own)
    row.refresh_from_db()
    assert {name: getattr(row, name) for name in operations.DETAILS} == FIRM
    assert (row.state, row.content, row.order_reference) == ("requested", "打印机", "SO-1")
    assert TimelineEntry.objects.get(kind="invoice").code == "invoice_requested"
    assert AuditEntry.objects.filter(object_kind="invoicingdetails").count() == 2
    assert details_of(customer).get().title == "新名称"


def test_details_that_were_taken_off_are_not_used_any_more():
    customer = make_customer()
    own = save_details(customer, FIRM, by=None, now=NOW)
    stale = details_of(customer).get()
    retire_details(own, by=None, now=NOW)
    retire_details(own, by=None, now=NOW)
    assert not details_of(customer).exists()
    with pytest.raises(Conflict) as error:
        save_details(customer, FIRM, by=None, now=NOW, details=stale)
    assert error.value.code == "details_retired"
    own.refresh_from_db()
    with pytest.raises(Conflict):
        request_invoice(
            customer, details=own, kind="normal", amount=Decimal(1), currency="CNY", content="x",
            by=None, now=NOW,
        )  # fmt: skip
    assert AuditEntry.objects.filter(action="retire").count() == 1


def test_a_source_is_asked_for_once_until_it_is_refused_or_taken_back():
    source = Source("order", "o-1")
    first = asked_for(source=source)
    with pytest.raises(Conflict) as error:
        asked_for(source=source)
    assert error.value.code == "invoice_asked_already"
    reject(first, reason="税号有误", by=None, now=NOW)
    second = asked_for(source=source)
    record_issued(second, number="11111111", issued_on=DAY, by=None, now=NOW)
    with pytest.raises(Conflict):
        asked_for(source=source)
    red = request_red(second, amount=Decimal(1000), reason="退货", by=None, now=NOW)
    record_issued(red, number="22222222", issued_on=DAY, by=None, now=NOW)
    assert asked_for(source=source).state == "requested"


def test_an_issued_invoice_keeps_its_number_and_day():
    user = make_user(role="manager")
    row = asked_for()
    record_issued(row, number=" 25442000000012345678 ", issued_on=DAY, by=user, now=NOW)
    row.refresh_from_db()
    assert (row.state, row.number, row.issued_on, row.settled_by) == (
        "issued", "25442000000012345678", DAY, user
    )  # fmt: skip
    with pytest.raises(LostRace):
        reject(InvoiceRequest(pk=row.pk, state="requested", customer=row.customer),
               reason="x", by=user, now=NOW)  # fmt: skip


@pytest.mark.parametrize(
    ("number", "day", "expected"),
    [
        ("12", DAY, {"number": ["not_an_invoice_number"]}),
        ("25442000000012345678", DAY, {"number": ["number_is_taken"]}),
        ("33333333", DAY + timedelta(days=1), {"issued_on": ["day_to_come"]}),
    ],
)
def test_a_number_that_cannot_be_is_refused(number, day, expected):
    issued()
    row = asked_for()
    with pytest.raises(BadInput) as error:
        record_issued(row, number=number, issued_on=day, by=None, now=NOW)
    assert codes(error) == expected
    row.refresh_from_db()
    assert (row.state, row.number) == ("requested", "")


def test_red_ones_take_an_invoice_back_piece_by_piece():
    first = issued(amount="1000")
    part = request_red(first, amount=Decimal(400), reason="部分退货", by=None, now=NOW)
    assert left_of(first) == Decimal(600)
    with pytest.raises(BadInput) as error:
        request_red(first, amount=Decimal(601), reason="x", by=None, now=NOW)
    assert codes(error) == {"amount": ["more_than_is_left"]}
    record_issued(part, number="44444444", issued_on=DAY, by=None, now=NOW)
    first.refresh_from_db()
    assert first.state == "issued"
    rest = request_red(first, amount=Decimal(600), reason="全部退货", by=None, now=NOW)
    record_issued(rest, number="55555555", issued_on=DAY, by=None, now=NOW)
    first.refresh_from_db()
    assert (first.state, left_of(first)) == ("red", 0)
    assert [one.kind for one in first.red_ones.all()] == ["red", "red"]
    assert TimelineEntry.objects.filter(code="invoice_red").count() == 1
    with pytest.raises(Conflict):
        request_red(first, amount=Decimal(1), reason="x", by=None, now=NOW)


def test_a_red_one_that_is_refused_leaves_all_of_it_to_take_back():
    first = issued(amount="1000")
    red = request_red(first, amount=Decimal(1000), reason="x", by=None, now=NOW)
    reject(red, reason="不符合规定", by=None, now=NOW)
    assert left_of(first) == Decimal(1000)


def test_a_red_one_is_not_older_than_what_it_takes_back():
    red = request_red(issued(), amount=Decimal(1), reason="x", by=None, now=NOW)
    with pytest.raises(BadInput) as error:
        record_issued(red, number="66666666", issued_on=DAY - timedelta(days=1), by=None, now=NOW)
    assert codes(error) == {"issued_on": ["before_the_first"]}


def test_only_an_issued_invoice_is_taken_back_and_never_a_red_one():
    waiting = asked_for()
    red = request_red(issued(), amount=Decimal(1), reason="x", by=None, now=NOW)
    record_issued(red, number="77777777", issued_on=DAY, by=None, now=NOW)
    for row in (waiting, red):
        with pytest.raises(Conflict) as error:
            request_red(row, amount=Decimal(1), reason="x", by=None, now=NOW)
        assert error.value.code == "not_issued"


def test_a_refusal_needs_its_reason():
    with pytest.raises(BadInput) as error:
        reject(asked_for(), reason=" ", by=None, now=NOW)
    assert codes(error) == {"reason": ["required"]}


def test_finance_sees_what_waits_from_the_oldest_on_within_its_scope():
    team = make_team()
    boss, all_ = make_user(role="supervisor", team=team), make_user(role="manager")
    rows = [asked_for(make_customer(team=team)) for _ in range(3)]
    foreign = asked_for()
    record_issued(rows[1], number="88888888", issued_on=DAY, by=None, now=NOW)
    assert list(asked(boss, state="requested")) == [rows[0], rows[2]]
    assert list(asked(all_)) == [foreign, rows[2], rows[1], rows[0]]
    assert list(asked(all_, words="88888888")) == [rows[1]]
    assert page_after(asked(boss, state="requested"), "requested", rows[0].pk) == [rows[2]]
    assert counts(boss) == {"requested": 2, "issued": 1}
