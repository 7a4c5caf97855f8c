"""The stub's page for owners, and its staff pages (CU13)."""

from datetime import date

import pytest
from django.urls import reverse
from tests.factories import make_customer, make_user

from genjin.customers.fields import sync_shipped_fields
from genjin.customers.models import Customer, CustomerExport, ProductCategory
from genjin.sales.models import Product
from genjin.service.models import ShippedSerial, Warranty, WarrantyStub
from genjin.web import throttle

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def product():
    throttle.forget()
    sync_shipped_fields()
    category = ProductCategory.objects.create(code="aircon")
    made = Product.objects.create(code="AC-1", name="清风 1.5 匹", kind=category)
    ShippedSerial.objects.create(serial="AC1", product=made, shipped_on=date(2026, 9, 1))
    return made


def sent(client, **more):
    stub = {"product": "AC-1", "serial": "AC1", "bought_on": "2026-10-05", "name": "张三",
            "phone": "13800138000", "agreed_to_dealer": "on", **more}  # fmt: skip
    return client.post(reverse("warranty"), stub, headers={"accept-language": "en"})


def test_an_owner_registers_without_a_login_and_gets_the_certificate(client):
    page = client.get(reverse("warranty"), {"p": "AC-1", "s": "AC1"}).content.decode()
    assert 'value="AC1"' in page
    answer = sent(client)
    certificate = client.get(answer.url, headers={"accept-language": "en"}).content.decode()
    assert Warranty.objects.get().number in certificate
    assert "张*" in certificate
    assert "13800138000" not in certificate
    assert "2027" in certificate


@pytest.mark.parametrize(
    ("language", "written"), [("en", "en"), ("zh-hans", "zh-Hans"), ("zh-hant", "zh-Hant-TW")]
)
def test_the_page_speaks_three_languages(client, language, written):
    page = client.get(reverse("warranty"), headers={"accept-language": language})
    assert f'<html lang="{written}"' in page.content.decode()


def test_wrong_entries_stay_in_the_form_with_their_problem_beside_them(client):
    answer = sent(client, phone="12", bought_on="2099-01-01", name="")
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "This is not a phone number." in text
    assert "This day has not come yet." in text
    assert 'value="AC1"' in text
    assert not Customer.objects.exists()


def test_a_flood_is_answered_with_a_wait_and_writes_nothing(client):
    codes = [sent(client, serial=f"AC-{number}").status_code for number in range(12)]
    assert codes == [302] * 10 + [429] * 2
    assert WarrantyStub.objects.count() == 10


def test_an_unknown_serial_waits_and_a_clerk_decides(client):
    answer = sent(client, serial="ZZ-9")
    waiting = client.get(answer.url, headers={"accept-language": "en"}).content.decode()
    assert "not among what we shipped" in waiting
    client.force_login(make_user(role="service", language="en"))
    listed = client.get(reverse("warranties"), {"show": "problems"}).content.decode()
    assert "ZZ-9" in listed
    url = reverse("warranty-stub", args=[WarrantyStub.objects.get().pk])
    assert client.post(url, {"answer": "refuse"}).status_code == 422
    client.post(url, {"answer": "accept", "note": "有发票"})
    client.logout()
    assert Warranty.objects.get().number in client.get(answer.url).content.decode()


def test_a_forged_link_leads_nowhere(client):
    sent(client)
    assert client.get(reverse("warranty-certificate", args=["x:y:z"])).status_code == 404


def test_shipped_lines_are_read_and_wrong_ones_named(client):
    client.force_login(make_user(role="service", language="en"))
    url = reverse("warranty-shipped")
    wrong = client.post(url, {"rows": "AC2,AC-1,,,2026-09-01\nAC3,NO,,,2026-09-01"})
    assert wrong.status_code == 422
    assert "Line 2" in wrong.content.decode()
    assert ShippedSerial.objects.count() == 1
    client.post(url, {"rows": "AC2，AC-1,,上海市,2026-09-01"})
    assert ShippedSerial.objects.get(serial="AC2").region == "310000"


def test_only_who_agreed_goes_to_the_dealer_of_the_region(client):
    dealer = make_customer(name="浦东电器行", kind="organisation")
    sent(client, address="上海市浦东新区世纪大道1号")
    sent(client, address="上海市黄浦区南京东路1号", serial="AC-2", phone="13800138001",
         name="李四", agreed_to_dealer="")  # fmt: skip
    manager = make_user(role="manager", language="en")
    make_user(role="administrator")
    client.force_login(manager)
    url = reverse("warranty-dealers")
    asked = {"region": "上海市", "dealer": dealer.number, "reason": "本地回访"}
    assert client.post(url, {**asked, "region": "火星"}).status_code == 422
    answer = client.post(url, asked)
    export = CustomerExport.objects.get()
    assert answer.url == reverse("export", args=[export.pk])
    assert (export.row_count, export.recipient) == (1, "浦东电器行")
