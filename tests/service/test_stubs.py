"""A stub makes or updates the card, the owned product and the warranty, once (CU13)."""

from datetime import date, timedelta

import pytest

from genjin.customers.fields import sync_shipped_fields
from genjin.customers.models import (
    Consent,
    ContactPoint,
    Customer,
    Event,
    OwnedProduct,
    ProductCategory,
    TimelineEntry,
)
from genjin.kernel.errors import BadInput, Conflict, LostRace, NotAllowed
from genjin.sales.models import Product
from genjin.service import rules
from genjin.service.models import ShippedSerial, Warranty, WarrantyStub
from genjin.service.operations import (
    SerialRow,
    TooMany,
    add_shipped,
    register_stub,
    review_stub,
)
from tests.concurrency import at_once
from tests.factories import NOW, make_customer, make_user

SHANGHAI = "310000"
GUANGDONG = "440000"


@pytest.fixture
def product(db) -> Product:
    sync_shipped_fields()
    category = ProductCategory.objects.create(code="aircon", labels={"en": "Air conditioner"})
    return Product.objects.create(code="AC-1", name="清风 1.5 匹", kind=category)


def shipped(product: Product, serial: str = "AC100001", region: str = "") -> ShippedSerial:
    return ShippedSerial.objects.create(serial=serial, product=product, region=region,
                                        shipped_on=date(2026, 9, 1))  # fmt: skip


def content(**more) -> dict:
    return {"name": "张三", "phone": "138 0013 8000", "address": "上海市浦东新区世纪大道1号",
            "product": "AC-1", "serial": "ac 100001", "bought_on": date(2026, 10, 5),
            "agreed_to_dealer": True, "agreed_to_calls": False, **more}  # fmt: skip


def registered(now=NOW, **more):
    return register_stub(content(**more), language="zh-hans", origin="o", now=now)


def test_a_stub_of_a_stranger_opens_a_card_with_product_and_warranty(product):
    shipped(product)
    found = registered()
    assert found.problems == []
    customer = Customer.objects.get()
    assert (customer.name, customer.custodian, customer.source) == ("张三", None, "warranty_stub")
    owned = OwnedProduct.objects.get(customer=customer)
    assert (owned.is_ours, owned.serial, owned.bought_on) == (True, "AC100001", date(2026, 10, 5))
    assert found.warranty is not None
    assert found.warranty.ends_on == date(2027, 10, 4)
    assert customer.fields["dealer_list"] is True
    assert TimelineEntry.objects.filter(code="occasion_warranty_stub").count() == 1
    assert Event.objects.get(code="warranty_registered").customer == customer
    assert not Consent.objects.exists()


def test_a_known_owner_is_found_by_number_and_name_and_nothing_is_overwritten(product):
    shipped(product)
    known = make_customer(name="張三", phone="+8613800138000", note="老客户")
    found = registered(agreed_to_calls=True)
    assert found.customer == known
    known.refresh_from_db()
    assert (known.name, known.note) == ("張三", "老客户")
    assert known.addresses.get().text == "上海市浦东新区世纪大道1号"
    assert Consent.objects.get().purpose == "sell"
    other = registered(name="李四", serial="AC100002")
    assert other.customer != known


def test_the_same_stub_again_gives_the_same_certificate(product):
    shipped(product)
    first, again = registered(), registered(address="")
    assert again.warranty == first.warranty
    assert WarrantyStub.objects.count() == OwnedProduct.objects.count() == 1


@pytest.mark.parametrize(
    ("more", "problem", "gets_certificate"),
    [
        ({"serial": "ZZ999999"}, "serial_unknown", False),
        ({"phone": "13900139000", "name": "王五"}, "serial_doubled", False),
        ({"address": "广东省广州市天河区天河路1号", "serial": "AC100002"}, "out_of_area", True),
    ],
)
def test_unknown_doubled_and_strayed_goods_are_told_and_kept(
    product, more, problem, gets_certificate
):
    shipped(product, region=SHANGHAI)
    shipped(product, "AC100002", region=SHANGHAI)
    registered()
    found = registered(**more)
    assert found.problems == [problem]
    assert (found.warranty is not None) is gets_certificate
    assert WarrantyStub.objects.filter(problems__contains=[problem]).count() == 1


def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_written(product):
    with pytest.raises(BadInput) as wrong:
        registered(name="", phone="12", serial="?", product="XX", bought_on=date(2030, 1, 1),
                   address="x" * 301)  # fmt: skip
    assert set(wrong.value.problems) == {
        "name", "phone", "serial", "product", "bought_on", "address",
    }  # fmt: skip
    assert not Customer.objects.exists()


def test_a_flood_from_one_place_is_stopped_and_a_person_goes_on_later(product):
    for number in range(10):
        registered(serial=f"AC20000{number}")
    with pytest.raises(TooMany):
        registered(serial="AC300000")
    assert registered(serial="AC200001").stub.serial == "AC200001"
    assert registered(NOW + timedelta(hours=1, seconds=1), serial="AC300000").stub.serial


def test_a_review_decides_once_and_starts_the_warranty(product):
    found = registered()
    clerk = make_user(role="service")
    with pytest.raises(NotAllowed):
        review_stub(found.stub, accept=True, note="", by=make_user(), now=NOW)
    with pytest.raises(BadInput):
        review_stub(found.stub, accept=False, note=" ", by=clerk, now=NOW)
    assert review_stub(found.stub, accept=True, note="有发票", by=clerk, now=NOW) is not None
    with pytest.raises(LostRace):
        review_stub(found.stub, accept=False, note="假货", by=clerk, now=NOW)
    shipped(product, "AC100009")
    with pytest.raises(Conflict, match="nothing_to_review"):
        good = registered(serial="AC100009", phone="13700137000")
        review_stub(good.stub, accept=True, note="", by=clerk, now=NOW)


def test_shipped_pieces_come_in_all_or_none(product):
    clerk, dealer = make_user(role="service"), make_customer(name="浦东电器行")
    good = SerialRow(2, "ac-1", "AC-1", str(dealer.number), "上海市", date(2026, 9, 1))
    bad = SerialRow(3, "?", "NO", "99999999", "火星", None)
    with pytest.raises(BadInput) as wrong:
        add_shipped([good, bad], by=clerk, now=NOW)
    assert {reason.code for reason in wrong.value.problems[3]} == {
        "not_a_serial", "unknown_product", "unknown_dealer", "unknown_region", "not_a_date",
    }  # fmt: skip
    assert not ShippedSerial.objects.exists()
    assert add_shipped([good], by=clerk, now=NOW) == 1
    assert add_shipped([good], by=clerk, now=NOW) == 0


@pytest.mark.parametrize(
    ("bought", "months", "last"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 27)),
        (date(2024, 2, 29), 12, date(2025, 2, 27)),
        (date(2026, 12, 1), 12, date(2027, 11, 30)),
        (date(2026, 11, 15), 72, date(2032, 11, 14)),
    ],
)
def test_a_warranty_ends_a_day_before_its_date_returns(bought, months, last):
    assert rules.ends_on(bought, months) == last


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("ａｃ－１００", "AC-100"), (" a b 1 ", "AB1"), ("a", None), ("中文号", None)],
)
def test_serials_are_folded_before_they_are_compared(typed, kept):
    assert rules.clean_serial(typed) == kept


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_one_serial_by_two_owners_at_once_is_doubled_for_one_of_them():
    sync_shipped_fields()
    category = ProductCategory.objects.create(code="aircon")
    product = Product.objects.create(code="AC-1", name="清风", kind=category)
    shipped(product)
    results = at_once(
        *[
            lambda phone=phone: registered(phone=phone, name=f"客户{phone[-1]}")
            for phone in ("13800138001", "13800138002", "13800138003")
        ]
    )
    assert sorted(len(found.problems) for found in results) == [0, 1, 1]
    assert Warranty.objects.count() == 1
    assert ContactPoint.objects.count() == 3
