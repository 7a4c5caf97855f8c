"""The script editor in a real browser: saved while typing, words put in, hints shown in place."""

import pytest
from playwright.sync_api import expect

from genjin.calling.models import Script
from genjin.calling.operations import scripts as operations
from genjin.calling.scripts import library
from genjin.calling.scripts.content import Content
from tests.factories import NOW, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def supervisor():
    return make_user(role="supervisor", language="en")


@pytest.fixture
def script(supervisor):
    return operations.create_script(
        "年卡话术", content=library.starter("zh-hans"), by=supervisor, now=NOW
    )


def draft_of(script: Script) -> Content:
    script.refresh_from_db()
    return Content.from_json(script.draft)


def test_what_is_typed_is_saved_read_out_and_hinted_at_while_typing(page_as, supervisor, script):
    page = page_as(supervisor)
    page.goto(f"/scripts/{script.pk}/edit")
    text = page.locator("#introduction-text")
    text.fill("我们保证{usp}。")
    side = page.locator("#side-introduction")
    expect(side.locator("mark")).to_have_text("保证")
    expect(side).to_contain_text("这个月有一个按年付的方案")
    assert draft_of(script).parts[2].text == "我们保证{usp}。"
    expect(text).to_be_focused()

    text.fill("我们保证{usp}。再说一句。")
    expect(side).to_contain_text("再说一句")
    side.locator("[data-select]").click()
    selected = "el => el.value.slice(el.selectionStart, el.selectionEnd)"
    assert text.evaluate(selected) == "保证"
    page.locator('[data-insert="{agent.name}"]').click()
    expect(text).to_have_value("我们{agent.name}{usp}。再说一句。")
    expect(side.locator("mark")).to_have_count(0)


def test_buttons_work_without_losing_what_is_being_typed(page_as, supervisor, script):
    page = page_as(supervisor)
    page.goto(f"/scripts/{script.pk}/edit")
    page.locator("#asking-text").fill("上午还是下午?")
    page.locator("button[value='up:asking']").click()
    numbers = page.locator("[name=part]")
    expect(numbers.nth(2)).to_have_value("asking")
    expect(page.locator("#asking-text")).to_have_value("上午还是下午?")
    page.keyboard.press("Alt+n")
    expect(page.locator("[name=part]")).to_have_count(7)
    codes = [part.code for part in draft_of(script).parts]
    assert codes[:4] == ["gatekeeper", "gatekeeper-2", "opening", "asking"]


def test_a_script_is_published_and_opened(page_as, supervisor, script):
    page = page_as(supervisor)
    page.goto(f"/scripts/{script.pk}/edit")
    page.locator("[name=note]").fill("头一版")
    page.locator("button[value=publish]").click()
    page.locator("[data-confirm-yes]").click()
    page.wait_for_url(f"**/scripts/{script.pk}")
    expect(page.locator("main")).to_contain_text("Version 1")
    assert script.versions.get().note == "头一版"


def test_the_editor_works_with_scripts_switched_off(context_as, supervisor, script):
    page = context_as(supervisor, java_script_enabled=False).new_page()
    page.goto(f"/scripts/{script.pk}/edit")
    page.locator("#opening-text").fill("您好。")
    page.locator("button[value='remove:asking']").click()
    expect(page.locator("[name=part]")).to_have_count(5)
    expect(page.locator("#side-opening")).to_contain_text("staff number")
    assert draft_of(script).parts[1].text == "您好。"


@pytest.mark.parametrize("path", ["/scripts", "/scripts/{}", "/scripts/{}/edit", "/products"])
def test_no_page_is_wider_than_a_phone(page_as, supervisor, script, path):
    operations.publish(script, note="", by=supervisor, now=NOW)
    page = page_as(supervisor, width=390)
    page.goto(path.format(script.pk))
    assert page.evaluate("document.documentElement.scrollWidth") == 390
