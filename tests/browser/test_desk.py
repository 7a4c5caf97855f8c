"""A shift at the desk in a real browser: by keyboard alone, and nothing typed is ever lost."""

import re
from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from genjin.calling.models import DeskDraft
from genjin.customers.models import ContactPoint, TimelineEntry
from genjin.followups.models import Contact, FollowUp, Interaction
from genjin.foundation.models import User
from tests.factories import (
    make_campaign,
    make_customer,
    make_followup,
    make_lane,
    make_queue,
    make_script_version,
    make_user,
)
from tests.web.test_desk import SCRIPT

pytestmark = pytest.mark.django_db(transaction=True)
expect.set_options(timeout=20_000)  # a loaded machine is slow; a right page is right all the same


def daytime_zone() -> str:
    """A time zone in which it is late morning now, so that the gate's hours let calls through."""
    offset = (11 - timezone.now().astimezone(ZoneInfo("UTC")).hour + 12) % 24 - 12
    return f"Etc/GMT{-offset:+d}"


@pytest.fixture
def agent() -> User:
    return make_user(role="agent", language="en")


@pytest.fixture
def queue(agent):
    version = make_script_version(content=SCRIPT)
    queue = make_queue(source_kind="campaign", source_id="browser")
    make_campaign(queue=queue, agents=(agent,), script=version.script, name="冬季项目")
    return queue


@pytest.fixture
def followup_of(agent, queue) -> Callable[..., FollowUp]:
    """Makes callbacks that are due: in the agent's hands, or waiting for the agent."""

    def make(
        *, name: str = "王小明", taken: bool = True, phone: str = "+8613800138000"
    ) -> FollowUp:
        now = timezone.now()
        zone = daytime_zone()
        customer = make_customer(name=name, phone=phone, time_zone=zone)
        values = {
            "customer": customer,
            "queue": queue,
            "lane": make_lane(purpose="sell", time_zone=zone),
            "assigned_to": agent,
            "asked_at": now - timedelta(minutes=5),
            "not_before": now - timedelta(minutes=5),
        }
        if taken:
            return make_followup(
                **values,
                state="taken",
                taken_by=agent,
                taken_at=now,
                lease_until=now + timedelta(minutes=15),
            )
        return make_followup(**values, state="ready")

    return make


def open_desk(context: BrowserContext, followup: FollowUp) -> Page:
    page = context.new_page()
    page.goto(f"/desk/{followup.pk}")
    expect(page.locator("#outcome-form")).to_be_visible()
    return page


def saved_note(followup: FollowUp) -> str:
    draft = DeskDraft.objects.filter(followup=followup).first()
    return draft.content["fields"]["note"] if draft else ""


def test_three_customers_are_worked_without_a_mouse(page_as, agent, followup_of):
    waiting = [
        followup_of(name=name, taken=False, phone=f"+861380013800{place}")
        for place, name in enumerate(("赵一", "钱二", "孙三"))
    ]
    page = page_as(agent)
    page.goto("/desk")
    page.keyboard.press("n")
    expect(page.locator("#outcome-form")).to_be_visible()

    page.keyboard.press("?")
    keys = page.locator("#keys-dialog")
    expect(keys).to_contain_text("Agreed to buy")
    expect(keys).to_contain_text("Record and take the next customer")
    page.keyboard.press("Escape")

    first = page.url
    page.keyboard.press("1")
    page.keyboard.press("x")
    page.keyboard.type("寄合同")
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    page.keyboard.type("很爽快 123")
    page.keyboard.press("Control+Enter")
    expect(page).not_to_have_url(first)
    expect(page.locator("#outcome-form")).to_be_visible()

    second = page.url
    page.keyboard.press("3")
    page.keyboard.press("c")
    page.keyboard.type("+2d")
    page.keyboard.press("Control+Enter")
    expect(page).not_to_have_url(second)
    expect(page.locator("#outcome-form")).to_be_visible()

    page.keyboard.press("5")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Nobody to call at this moment")).to_be_visible()
    done = Interaction.objects.order_by("at")
    assert [(one.outcome, one.note, one.next_step) for one in done] == [
        ("success", "很爽快 123", "寄合同"),
        ("callback", "", ""),
        ("no_answer", "", ""),
    ]
    assert {one.followup_id for one in done} == {one.pk for one in waiting}
    assert not DeskDraft.objects.exists()


def test_dialling_talking_and_hanging_up_by_keyboard(page_as, agent, followup_of):
    followup = followup_of()
    page = page_as(agent)
    # There is no telephone on this machine; the browser's question for one would take the keys.
    page.add_init_script(
        "addEventListener('click', (e) => e.target.closest('a[href^=tel]') && e.preventDefault())"
    )
    page.goto(f"/desk/{followup.pk}")
    expect(page.locator("[data-number]")).to_have_text("138****8000")
    assert "13800138000" not in page.content()
    page.keyboard.press("d")
    link = page.locator("[data-number] a")
    expect(link).to_have_attribute("href", "tel:+8613800138000")
    expect(page.locator("[data-clock]")).to_have_text("0:01")
    page.keyboard.press("Alt+1")
    expect(page.locator(".part.is-current h3")).to_contain_text("结束")
    page.keyboard.press("h")
    expect(page.locator("[data-wrap]")).to_be_visible()
    assert page.input_value("#id_talk").startswith("0:0")
    page.keyboard.press("t")
    page.keyboard.type("2:05")
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    page.keyboard.press("x")
    page.keyboard.type("寄合同")
    page.keyboard.press("Alt+Enter")
    expect(page).to_have_url(re.compile(r"/desk$"))
    assert Interaction.objects.get().talk_seconds == 125
    assert Contact.objects.get().state == "closed"


def test_an_objection_is_found_by_typing_and_noted_as_used(page_as, agent, followup_of):
    page = page_as(agent)
    page.goto(f"/desk/{followup_of().pk}")
    page.keyboard.press("o")
    page.keyboard.type("贵")
    expect(page.get_by_text("按天算只要一元")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#id_objection_card")).to_have_value("dear")


def test_an_unassigned_number_is_refused_with_its_sentence(page_as, agent, followup_of):
    followup = followup_of(phone="+8615400000001")
    ContactPoint.objects.update(status="unassigned")
    page = page_as(agent)
    page.goto(f"/desk/{followup.pk}")
    page.keyboard.press("d")
    expect(page.locator("[data-dial-error]")).to_be_visible()
    expect(page.locator("[data-dial-error]")).not_to_be_empty()
    assert "15400000001" not in page.content()
    assert not Contact.objects.exists()


def test_what_was_typed_survives_a_reload_before_it_was_sent(context_as, agent, followup_of):
    followup = followup_of()
    context = context_as(agent)
    page = open_desk(context, followup)
    page.route("**/draft", lambda route: route.abort())
    page.keyboard.press("2")
    page.keyboard.press("n")
    page.keyboard.type("客户要黑色")
    page.reload()
    expect(page.locator("#id_note")).to_have_value("客户要黑色")
    expect(page.locator("[name=outcome][value=interested]")).to_be_checked()
    page.unroute_all()
    page.locator("#id_note").press("End")
    page.keyboard.type("的")
    expect(page.locator("[data-save-state]")).to_have_text("Saved")
    assert saved_note(followup) == "客户要黑色的"


def test_what_was_typed_survives_the_death_of_the_page(context_as, agent, followup_of):
    followup = followup_of()
    context = context_as(agent)
    page = open_desk(context, followup)
    page.route("**/draft", lambda route: route.abort())
    page.keyboard.press("n")
    page.keyboard.type("正在说话时崩溃")
    page.close(run_before_unload=False)
    assert saved_note(followup) == ""
    again = open_desk(context, followup)
    expect(again.locator("#id_note")).to_have_value("正在说话时崩溃")
    expect(again.locator("[data-save-state]")).to_have_text("Saved")
    assert saved_note(followup) == "正在说话时崩溃"


def test_what_was_saved_comes_back_in_another_browser(context_as, agent, followup_of):
    followup = followup_of()
    first = context_as(agent)
    page = open_desk(first, followup)
    page.keyboard.press("n")
    page.keyboard.type("换一台电脑")
    expect(page.locator("[data-save-state]")).to_have_text("Saved")
    first.close()
    page = open_desk(context_as(agent), followup)
    expect(page.locator("#id_note")).to_have_value("换一台电脑")


def test_text_typed_without_a_network_is_kept_and_sent_when_it_returns(
    context_as, agent, followup_of
):
    followup = followup_of()
    context = context_as(agent)
    page = open_desk(context, followup)
    context.set_offline(True)
    page.keyboard.press("n")
    page.keyboard.type("断网时写的")
    expect(page.locator("[data-save-state]")).to_contain_text("No network")
    expect(page.locator("#net-banner")).to_be_visible()
    assert saved_note(followup) == ""
    context.set_offline(False)
    expect(page.locator("[data-save-state]")).to_have_text("Saved")
    assert saved_note(followup) == "断网时写的"


def test_an_outcome_recorded_without_a_network_is_recorded_once_when_it_returns(
    context_as, agent, followup_of
):
    followup = followup_of()
    context = context_as(agent)
    page = open_desk(context, followup)
    page.keyboard.press("5")
    context.set_offline(True)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("The outcome is not recorded yet")).to_be_visible()
    expect(page.locator("#outcome-form")).to_be_visible()
    assert not Interaction.objects.exists()
    context.set_offline(False)
    expect(page.get_by_text("Nobody to call at this moment")).to_be_visible()
    assert [one.outcome for one in Interaction.objects.all()] == ["no_answer"]
    assert FollowUp.objects.get(pk=followup.pk).state == "planned"


def test_an_answer_lost_on_the_way_does_not_record_twice(context_as, agent, followup_of):
    followup = followup_of()
    page = open_desk(context_as(agent), followup)
    answers = []

    def lose_the_first(route):
        answers.append(route.fetch())
        route.abort() if len(answers) == 1 else route.fulfill(response=answers[-1])

    page.route("**/record", lose_the_first)
    page.keyboard.press("5")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Nobody to call at this moment")).to_be_visible()
    assert len(answers) == 2
    assert Interaction.objects.count() == 1


def test_leftovers_of_a_dead_page_are_sent_from_the_start_of_the_desk(
    context_as, agent, followup_of
):
    followup = followup_of()
    context = context_as(agent)
    page = open_desk(context, followup)
    page.route("**/draft", lambda route: route.abort())
    page.keyboard.press("n")
    page.keyboard.type("没来得及发")
    page.close()
    start = context.new_page()
    start.goto("/desk")
    expect(
        start.get_by_text("What was typed before the network was lost is saved now.")
    ).to_be_visible()
    assert saved_note(followup) == "没来得及发"


def test_two_browsers_on_one_follow_up_overwrite_nothing(context_as, agent, followup_of):
    followup = followup_of()
    one = open_desk(context_as(agent), followup)
    two = open_desk(context_as(agent), followup)
    one.fill("#id_note", "第一个浏览器")
    expect(one.locator("[data-save-state]")).to_have_text("Saved")
    two.fill("#id_note", "第二个浏览器")
    conflict = two.locator("#desk-conflict")
    expect(conflict).to_contain_text("第一个浏览器")
    expect(conflict).to_contain_text("第二个浏览器")
    expect(two.locator("#id_note")).to_have_value("第二个浏览器")
    assert saved_note(followup) == "第一个浏览器"
    two.keyboard.press("Alt+1")
    expect(two.locator("[data-save-state]")).to_have_text("Saved")
    assert saved_note(followup) == "第二个浏览器"
    one.fill("#id_note", "第一个又写")
    expect(one.locator("#desk-conflict")).to_contain_text("第二个浏览器")
    one.keyboard.press("Alt+2")
    expect(one.locator("#id_note")).to_have_value("第二个浏览器")
    assert saved_note(followup) == "第二个浏览器"


def test_a_lease_that_ran_out_while_typing_loses_no_word(context_as, agent, followup_of):
    followup = followup_of()
    page = open_desk(context_as(agent), followup)
    page.fill("#id_note", "客户说周五再谈")
    expect(page.locator("[data-save-state]")).to_have_text("Saved")
    FollowUp.objects.filter(pk=followup.pk).update(taken_by=make_user(), assigned_to=None)
    page.keyboard.press("Escape")
    page.keyboard.press("5")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#desk-lost")).to_be_visible()
    expect(page.locator("#id_note")).to_have_value("客户说周五再谈")
    assert not Interaction.objects.exists()
    page.keyboard.press("Alt+n")
    expect(page.get_by_text("Kept as a note on the card of")).to_be_visible()
    assert TimelineEntry.objects.get(kind="memory").data == {"text": "客户说周五再谈"}


def test_an_error_is_shown_at_its_field_and_the_focus_goes_there(page_as, agent, followup_of):
    page = page_as(agent)
    page.goto(f"/desk/{followup_of().pk}")
    page.keyboard.press("3")
    page.keyboard.press("c")
    page.keyboard.type("someday")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-error-for=callback_at]")).to_contain_text("cannot be read")
    expect(page.locator("#id_callback_at")).to_be_focused()
    expect(page.locator("#id_callback_at")).to_have_value("someday")
    page.fill("#id_callback_at", "+1d")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Nobody to call at this moment")).to_be_visible()
    assert FollowUp.objects.get().assigned_to == agent


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_screen_needs_no_scrolling_at_1440_and_is_not_wider_than_a_phone(
    context_as, agent, followup_of, language
):
    User.objects.filter(pk=agent.pk).update(language=language)
    followup = followup_of()
    page = open_desk(context_as(agent), followup)
    page.keyboard.press("1")
    panel = page.locator(".outcome-scroll")
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert panel.evaluate("e => e.scrollHeight <= e.clientHeight + 1")
    phone = open_desk(context_as(agent, width=390), followup)
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
