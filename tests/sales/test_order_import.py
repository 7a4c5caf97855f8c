"""Orders from a list: what comes in, what is told, and that nothing comes in twice."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from genjin.customers.models import Event, OwnedProduct, Standing, TimelineEntry
from genjin.foundation.tabular.output import write_xlsx
from genjin.kernel.errors import BadInput
from genjin.sales.importing import bring_in
from genjin.sales.models import OrderLine
from tests.factories import NOW, make_category, make_customer, make_user

pytestmark = pytest.mark.django_db
TODAY = NOW.date().isoformat()


@pytest.fixture
def write(tmp_path):
    def _write(text: str, name: str = "orders.csv") -> Path:
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return path

    return _write


def faults(done) -> list[tuple[int, list[str]]]:
    return [(one.row, [reason.code for reason in one.reasons]) for one in done.faults]


def test_rows_find_their_customer_by_number_tax_number_or_phone(write):
    category = make_category(code="ac", name="空调")
    first, second = make_customer(), make_customer(tax_number="91350200MA2XYZ1234")
    third = make_customer(phone="+8613800138000")
    done = bring_in(write(
        "客户编号,税号,手机,品类,订单日期,金额,类型\n"
        f'{first.number},,,空调,{TODAY},"1,200.50",\n'
        f",91350200ma2xyz1234,,AC,2026/11/1,300,退货\n"
        f",,138 0013 8000,ac,2026年10月3日,-80,\n"
    ), by=None, now=NOW)  # fmt: skip
    assert (done.written, done.known, done.faults) == (3, 0, [])
    rows = OrderLine.objects.order_by("-amount").values_list("customer_id", "kind", "amount")
    assert list(rows) == [
        (first.pk, "order", Decimal("1200.50")), (second.pk, "return", Decimal(300)),
        (third.pk, "return", Decimal(80)),
    ]  # fmt: skip
    assert Standing.objects.get(customer=first).sets == {"ac": "fixed"}
    assert OwnedProduct.objects.get().category == category
    assert TimelineEntry.objects.filter(kind="order").count() == 3
    assert Event.objects.filter(code="deal_done").count() == 1


def test_the_same_file_twice_and_a_longer_one_write_nothing_twice(write):
    make_category(code="ac")
    customer = make_customer()
    text = f"number,category,date,amount\n{customer.number},ac,{TODAY},100\n" * 1
    text += f"{customer.number},ac,{TODAY},100\n"  # two like orders are two orders
    path = write(text)
    assert bring_in(path, by=None, now=NOW).written == 2
    again = bring_in(path, by=None, now=NOW)
    assert (again.written, again.known) == (0, 2)
    longer = bring_in(write(text + f"{customer.number},ac,{TODAY},100\n"), by=None, now=NOW)
    assert (longer.written, longer.known) == (1, 2)
    assert Standing.objects.get().deal_amount == 300


def test_bad_rows_are_told_with_every_reason_and_the_others_come_in(write):
    make_category(code="ac")
    good, twin = make_customer(), make_customer(phone="+8613800138000")
    make_customer(phone="+8613800138000", name="李四")
    tomorrow = (NOW + timedelta(days=1)).date().isoformat()
    done = bring_in(write(
        "number,phone,category,date,amount,currency,kind,order number\n"
        f"{good.number},,ac,{TODAY},100,,,K1\n"
        f"999999,,fridge,soon,much,,gift,\n"
        f",13800138000,ac,{TODAY},1,,,\n"
        f"{good.number},,ac,{TODAY},1,USD,,\n"
        f"{good.number},,ac,{tomorrow},0,,,\n"
        f"{twin.number},,ac,{TODAY},5,,,K1\n"
        f",,ac,{TODAY},5,,,\n"
    ), by=None, now=NOW)  # fmt: skip
    assert done.written == 1
    assert faults(done) == [
        (3, ["unknown_category", "not_a_date", "not_an_amount_cell", "unknown_order_kind",
             "unknown_customer"]),
        (4, ["several_customers"]),
        (5, ["no_rate"]),
        (6, ["day_to_come", "amount_not_positive"]),
        (7, ["key_of_another"]),
        (8, ["unknown_customer"]),
    ]  # fmt: skip


def test_a_person_brings_in_orders_of_cards_in_their_scope_alone(write):
    make_category(code="ac")
    agent = make_user(role="agent")
    mine, foreign = make_customer(custodian=agent), make_customer()
    done = bring_in(write(
        f"number,category,date,amount\n{mine.number},ac,{TODAY},1\n{foreign.number},ac,{TODAY},1\n"
    ), by=agent, now=NOW)  # fmt: skip
    assert (done.written, faults(done)) == (1, [(3, ["unknown_customer"])])


def test_a_file_without_the_columns_of_an_order_is_refused(write):
    with pytest.raises(BadInput) as bad:
        bring_in(write("name,amount\nx,1\n"), by=None, now=NOW)
    [reason] = bad.value.problems["file"]
    assert reason.data["columns"] == ["category", "ordered_on", "number"]


def test_a_workbook_comes_in_too(tmp_path):
    make_category(code="ac")
    customer = make_customer()
    path = tmp_path / "orders.xlsx"
    write_xlsx(path, [["number", "category", "date", "amount"],
                      [customer.number, "ac", NOW.date(), 12.5]], sheet="a")  # fmt: skip
    assert bring_in(path, by=None, now=NOW).written == 1
    assert OrderLine.objects.get().amount == Decimal("12.5")


def test_old_deals_of_a_list_call_for_no_follow_up(write):
    make_category(code="ac")
    customer = make_customer()
    bring_in(write(f"number,category,date,amount\n{customer.number},ac,2026-01-05,9\n"),
             by=None, now=NOW)  # fmt: skip
    assert not Event.objects.exists()
