"""Facets in the browser: picked by keyboard and mouse, saved, and a campaign begun from it."""

import re
from datetime import date

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from genjin.calling.models import Campaign
from genjin.customers import fields
from genjin.customers.models import OwnedProduct, ProductCategory, Segment
from genjin.customers.segments import customers_in
from tests.factories import make_customer, make_team, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def owners():
    """Two in the region with an old product of a competitor, and others who differ in one thing."""
    fields.sync_shipped_fields()
    aircon = ProductCategory.objects.create(
        code="aircon", labels={"en": "Air conditioner", "zh-hans": "空调"}, position=1
    )

    def own(name, region, *, year, is_ours=False):
        customer = make_customer(name=name, region=region)
        OwnedProduct.objects.create(
            customer=customer, category=aircon, is_ours=is_ours, brand="Polar",
            bought_on=date(year, 6, 1), bought_precision="month", source_kind="person",
        )  # fmt: skip
        return customer

    wanted = {own("张旧一", "440305", year=2012), own("李旧二", "440106", year=2010)}
    own("王新", "440305", year=timezone.localdate().year - 2)
    own("赵自有", "440305", year=2011, is_ours=True)
    own("陈外省", "310101", year=2009)
    make_customer(name="周无", region="440305")
    return wanted


def test_owners_of_old_competitors_products_become_a_campaign(page_as, owners):
    page = page_as(make_user(role="manager", language="en", team=make_team()))
    page.goto("/customers")
    expect(page.locator("#count")).to_have_text("6 customers")
    page.locator("#in-region-440000").check()
    expect(page.locator("#count")).to_have_text("5 customers")
    # The province opened, what was ticked keeps the focus, and the address can be kept.
    expect(page.locator("#in-region-440300")).to_be_visible()
    expect(page.locator("#in-region-440000")).to_be_focused()
    expect(page).to_have_url(re.compile(r"/customers\?region=440000$"))

    page.locator("#facet-more > summary").click()
    page.get_by_label("product category").first.select_option("aircon")
    page.get_by_label("whose brand").first.select_option("competitor")
    expect(page.locator("#facet-more")).to_have_attribute("open", "")
    page.locator('input[name="owned.0.older_than_years"]').fill("8")
    page.locator('input[name="owned.0.older_than_years"]').press("Enter")
    expect(page.locator("#count")).to_have_text("2 customers")
    expect(page.get_by_text("张旧一")).to_be_visible()

    page.get_by_role("link", name="Save as a segment").click()
    page.get_by_label("Name", exact=True).fill("Old rivals")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Old rivals")).to_be_visible()
    segment = Segment.objects.get(name="Old rivals")
    assert set(customers_in(segment.criteria)) == owners

    page.get_by_role("link", name="Start a campaign").click()
    page.get_by_label("Name", exact=True).fill("Replace the rivals")
    page.locator("form.s-form button.btn-primary").click()
    expect(page.locator('select[name="segment"]')).to_have_value(str(segment.pk))
    page.locator("form.s-form button.btn-primary").click()
    page.wait_for_url(re.compile("/edit/script"))
    assert Campaign.objects.get(name="Replace the rivals").segment == segment


def test_a_value_is_left_out_by_keyboard_and_a_phone_has_a_sheet(page_as, owners):
    user = make_user(role="manager", language="en")
    page = page_as(user)
    page.goto("/customers")
    page.locator("#out-region-440000").focus()
    page.keyboard.press("Space")
    expect(page.locator("#count")).to_have_text("1 customer")
    page.locator("#in-region-440000").focus()
    page.keyboard.press("Space")
    expect(page.locator("#count")).to_have_text("5 customers")
    expect(page.locator("#out-region-440000")).not_to_be_checked()

    phone = page_as(user, width=390, height=844)
    phone.goto("/customers")
    expect(phone.locator("#facets")).to_be_hidden()
    phone.locator("label.sheet-button").click()
    phone.locator("#in-region-310000").check()
    expect(phone.locator("#count")).to_have_text("1 customer")
    expect(phone.locator("#facets")).to_be_visible()


def test_facets_work_without_scripts(context_as, owners):
    user = make_user(role="manager", language="en")
    page = context_as(user, java_script_enabled=False).new_page()
    page.goto("/customers")
    page.locator("#in-region-310000").check()
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("#count")).to_have_text("1 customer")
