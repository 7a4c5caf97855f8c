"""An owner scans the QR code from the box with a phone and registers the product (CU13)."""

import io
from datetime import date

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import expect

from genjin.customers.fields import sync_shipped_fields
from genjin.customers.models import Customer, OwnedProduct, ProductCategory
from genjin.sales.models import Product
from genjin.service.models import ShippedSerial, Warranty
from genjin.web import throttle
from tests.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = {"width": 390, "height": 844, "is_mobile": True, "has_touch": True}


@pytest.fixture
def product() -> Product:
    throttle.forget()
    sync_shipped_fields()
    category = ProductCategory.objects.create(code="aircon", labels={"en": "Air conditioner"})
    made = Product.objects.create(code="AC-35", name="清风 1.5 匹", kind=category)
    ShippedSerial.objects.create(serial="AC35-0001", product=made, shipped_on=date(2026, 9, 1))
    return made


def scanned(page) -> str:
    """What a camera reads from the QR code on the screen."""
    picture = Image.open(io.BytesIO(page.locator("img.qr").first.screenshot()))
    found = zxingcpp.read_barcodes(picture)
    assert len(found) == 1
    return found[0].text


def test_from_the_printed_code_to_the_certificate_on_a_phone(page_as, context_as, product):
    sheet = page_as(make_user(role="service", language="en"))
    sheet.goto("/warranties/qr")
    expect(sheet.locator("img.qr")).to_be_visible()
    expect(sheet.locator("img.qr")).to_have_js_property("complete", True)
    address = scanned(sheet)
    sheet.close()

    phone = context_as(None, **PHONE, locale="zh-CN").new_page()
    phone.goto(address)
    expect(phone.locator("html")).to_have_attribute("lang", "zh-Hans")
    phone.locator("button[name=language][value=en]").click()
    expect(phone.get_by_role("heading", name="Register your product")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(phone.get_by_label("Product", exact=True)).to_have_value("AC-35")
    phone.get_by_role("button", name="Register").click()
    expect(phone.get_by_text("This is needed.").first).to_be_visible()
    phone.get_by_label("Serial number").fill("ac35-0001")
    phone.get_by_label("Bought on").fill("2026-10-05")
    phone.get_by_label("Your name").fill("欧阳娜娜")
    phone.get_by_label("Your phone").fill("138 0013 8000")
    phone.get_by_label("Where it stands").fill("上海市浦东新区世纪大道1号")
    phone.get_by_role("button", name="Register").click()
    expect(phone.get_by_role("heading", name="Warranty certificate")).to_be_visible()
    expect(phone.get_by_text(Warranty.objects.get().number)).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    phone.close()

    customer = Customer.objects.get()
    assert (customer.name, customer.region) == ("欧阳娜娜", "310115")
    assert OwnedProduct.objects.get().serial == "AC35-0001"
    clerk = page_as(make_user(role="service", language="en"))
    clerk.goto("/warranties")
    expect(clerk.get_by_text("欧阳娜娜")).to_be_visible()
    clerk.close()
