"""The list of pairs: what comes on it, what stays off it, what is found anew."""

from datetime import timedelta

import pytest

from genjin.customers.duplicates.finding import likely, side
from genjin.customers.duplicates.scanning import scan_cards, scan_duplicates, scanned_until
from genjin.customers.models import Address, Customer, DuplicatePair
from tests.factories import NOW, make_customer, make_point, make_user

pytestmark = pytest.mark.django_db
PHONE = "+8613800138000"


def organisation(name, **values):
    return make_customer(name=name, kind="organisation", **values)


def pairs():
    rows = DuplicatePair.objects.order_by("first__number").select_related("first", "second")
    return [(row.first.name, row.second.name) for row in rows]


def test_the_same_number_is_found_whoever_keeps_it_and_is_then_a_collision():
    first = make_customer(name="张三", phone=PHONE, custodian=make_user())
    second = make_customer(name="李四", phone=PHONE, custodian=make_user())
    make_customer(name="王五", phone="+8613800138001")
    assert scan_duplicates(NOW) == 1
    pair = DuplicatePair.objects.get()
    assert (pair.first, pair.second, pair.score) == (first, second, 60)
    assert pair.is_collision
    assert pair.evidence == [{"code": "same_phone", "weight": 60, "first": PHONE, "second": PHONE}]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("上海市大华贸易有限公司", "大華貿易股份有限公司"),
        ("鸿运来饭店管理有限公司", "鸿运来饭庄管理有限公司"),
        ("鸿运来饭店管理", "宏运来饭店管理"),
        ("恒源祥服饰", "恒源翔服饰有限公司"),
    ],
)
def test_similar_names_in_one_place_are_found_by_their_keys(first, second):
    organisation(first, region="310115")
    organisation("宏远电器有限公司", region="310115")
    organisation(second, region="310115")
    assert scan_duplicates(NOW) == 1
    assert pairs() == [(first, second)]


def test_a_similar_name_in_another_place_is_not_a_pair():
    organisation("上海市大华贸易有限公司", region="310115")
    organisation("大华贸易有限公司", region="110101")
    assert scan_duplicates(NOW) == 0


def test_persons_of_one_name_in_one_house_are_a_pair():
    for _ in range(2):
        one = make_customer(name="王芳", region="310115")
        Address.objects.create(customer=one, text="上海市浦东新区世纪大道100号2栋301室")
    make_customer(name="王芳", region="310115")
    assert scan_duplicates(NOW) == 1


def test_only_changed_cards_are_asked_and_a_full_scan_asks_all():
    make_customer(name="张三", phone=PHONE)
    before = NOW + timedelta(minutes=1)
    assert scan_duplicates(before) == 0
    assert scanned_until() == before
    old = make_customer(name="李四", changed_at=NOW - timedelta(days=1))
    make_point(customer=old, value=PHONE)
    assert scan_duplicates(NOW + timedelta(hours=1)) == 0
    assert scan_duplicates(NOW + timedelta(hours=2), is_full=True) == 1
    assert scan_duplicates(NOW + timedelta(hours=3), is_full=True) == 0


def test_a_pair_that_was_decided_stays_decided_and_one_that_is_no_pair_goes():
    first, second = (make_customer(name=name, phone=PHONE) for name in ("张三", "李四"))
    scan_cards([first.pk], now=NOW)
    DuplicatePair.objects.update(state="distinct")
    assert scan_cards([first.pk, second.pk], now=NOW) == 0
    assert DuplicatePair.objects.get().state == "distinct"
    DuplicatePair.objects.update(state="open")
    second.points.update(value="+8613800138009")
    scan_cards([second.pk], now=NOW)
    assert not DuplicatePair.objects.exists()


def test_merged_cards_are_compared_with_nothing():
    first = make_customer(name="张三", phone=PHONE)
    make_customer(name="张三", phone=PHONE, merged_into=first)
    assert scan_duplicates(NOW) == 0


def test_a_number_that_hundreds_share_does_not_fill_the_list(django_assert_max_num_queries):
    for _ in range(60):
        make_customer(name="总机", phone="+862126601234")
    probe = make_customer(name="李四", phone="+862126601234")
    with django_assert_max_num_queries(30):
        scan_cards([probe.pk], now=NOW)
    assert DuplicatePair.objects.filter(second=probe).count() == 0


def test_at_entry_the_likeliest_come_first_with_what_speaks_for_them():
    organisation("大华贸易有限公司", tax_number="91310000A")
    same = make_customer(name="大華貿易", kind="organisation", phone=PHONE, region="310115")
    probe = side(name="大华贸易", kind="organisation", phones=[PHONE], region="310115")
    found = likely(probe, least=25)
    assert [(one.customer.name, one.score.total) for one in found] == [
        ("大華貿易", 100), ("大华贸易有限公司", 48),
    ]  # fmt: skip
    assert [one.code for one in found[0].score.evidence] == [
        "same_phone", "same_name", "same_county",
    ]  # fmt: skip
    Customer.objects.filter(pk=same.pk).update(merged_into=Customer.objects.exclude(pk=same.pk)[0])
    assert len(likely(probe, least=25)) == 1
