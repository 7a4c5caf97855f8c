"""From a real list of 45,211 customers to ten worked calls: all of it through the screens.

A worker process of its own does the long tasks, as it does in use. Nothing stands still: the
customers get a time zone in which it is mid-morning while the test runs.
"""

import csv
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Page, expect
from psycopg.conninfo import make_conninfo

from genjin.calling.models import Campaign, CampaignAgent, Script
from genjin.calling.operations.scripts import create_script, publish
from genjin.calling.scripts.content import Content
from genjin.customers.models import Customer
from genjin.followups.models import Contact, FollowUp, Interaction
from genjin.foundation import policy
from genjin.foundation.models import User
from genjin.kernel.worktime import WeeklyHours
from tests.factories import make_team, make_user, morning_zone

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]
SLOW = 60_000  # milliseconds that a page may take on a machine with other work
CUSTOMERS = 45_211
CALLS = ("success", "no_answer", "success", "callback", "no_answer",
         "success", "no_answer", "success", "no_answer", "success")  # fmt: skip
SCRIPT = {
    "parts": [
        {
            "code": "opening",
            "kind": "opening",
            "title": "开场",
            "text": "您好，我是银行的{agent.staff_number}号。",
            "branches": [{"label": "没空", "target": "closing"}],
        },
        {"code": "offer", "kind": "introduction", "title": "介绍", "text": "{usp}"},
        {
            "code": "closing",
            "kind": "closing",
            "title": "结束",
            "text": "谢谢，我是{agent.staff_number}号，再见。",
        },
    ],
    "cards": [],
    "usp": {"text": "一年期存款，到期本息一起到账。", "neutral": "一年期存款。"},
}
KEYS = {"success": "1", "callback": "3", "no_answer": "5"}


def eventually(is_so: Callable[[], bool], what: str, *, seconds: float = 300) -> None:
    """Waits for something that a process of its own does; fails with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, what
        time.sleep(0.3)


@pytest.fixture
def worker(transactional_db, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`genjin worker` on the database of this test, with the files of this test."""
    given = connection.settings_dict
    names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST"}
    parts = {name: given[key] for name, key in names.items() if given[key]}
    address = make_conninfo(**parts, **({"port": given["PORT"]} if given["PORT"] else {}))
    environment = {**os.environ, "DATABASE_URL": address, "GENJIN_STOPS_WITH": str(os.getpid())}
    log = tmp_path / "worker.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "genjin.conf", "worker", "--patience", "2"],
            env=environment,
            stdout=file,
            stderr=file,
        )
        yield process
        code = process.poll()
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    assert code is None, f"the worker ended by itself ({code}):\n{log.read_text('utf-8')[-3000:]}"


@pytest.fixture
def every_day(transactional_db) -> None:
    """Selling on weekends and holidays too, so that the day of the run is of no matter."""
    admin, now = make_user(role="admin"), timezone.now()
    profile = f"contact.profiles.{policy.value('contact.profile')}"
    for key, value in (("hours.sell", "mon-sun 09:00-11:30"), ("rests_on_holidays", [])):
        policy.set_value(f"{profile}.{key}", value, by=admin, now=now)
    assert WeeklyHours.parse("mon-sun 09:00-11:30").is_open(now, ZoneInfo(morning_zone()))


@pytest.fixture
def supervisor(transactional_db) -> User:
    return make_user(role="supervisor", team=make_team(name="一组"), language="en", name="陈主管")


@pytest.fixture
def agent(supervisor: User) -> User:
    return make_user(role="agent", team=supervisor.team, language="en", name="周坐席")


@pytest.fixture
def script(supervisor: User) -> Script:
    script = create_script(
        "定期存款话术", by=supervisor, now=timezone.now(), content=Content.from_json(SCRIPT)
    )
    publish(script, note="第一版", by=supervisor, now=timezone.now())
    return script


def mapping_file() -> bytes:
    """The mapping that comes with the product, for customers who live where it is morning."""
    path = settings.BASE_DIR / "examples" / "maps" / "bank-full.toml"
    zone = f'[constants]\ntime_zone = "{morning_zone()}"\n'
    return path.read_text("utf-8").replace("[constants]\n", zone, 1).encode()


def wanted_in(file: Path) -> int:
    """How many rows are managers without a housing loan, counted without the product."""
    with file.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines)
        return sum(row["job"] == "management" and row["housing"] == "no" for row in rows)


def bring_in(page: Page, file: Path) -> None:
    page.goto("/imports/new")
    page.set_input_files("#id_file", file)
    page.set_input_files(
        "#id_map",
        {"name": "bank-full.toml", "mimeType": "text/plain", "buffer": mapping_file()},
    )
    page.get_by_role("button", name="Go on to the columns").click()
    expect(page.get_by_role("heading", name="The first rows as cards")).to_be_visible(timeout=SLOW)
    page.wait_for_load_state("load")  # keys and all
    page.keyboard.press("Control+Enter")
    bring = page.get_by_role("button", name="Bring them in")
    expect(bring).to_be_visible(timeout=5 * SLOW)
    assert not Customer.objects.exists()
    expect(page.locator(".stats")).to_contain_text(f"{CUSTOMERS:,}")
    bring.click()
    expect(page.get_by_text("The list is in.")).to_be_visible(timeout=5 * SLOW)
    assert Customer.objects.count() == CUSTOMERS


def make_segment(page: Page, count: int) -> None:
    page.goto("/segments")
    page.get_by_role("link", name="New segment").first.click()
    page.fill("#id_name", "无房贷的管理人员")
    page.locator("[name='fields.bank_job'][value=management]").check()
    page.locator("[name='fields.bank_housing'][value=false]").check()
    expect(page.locator("#preview")).to_contain_text(f"{count:,} customers now", timeout=SLOW)
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".stats")).to_contain_text(f"{count:,}", timeout=SLOW)


def make_campaign(page: Page, agent: User, script: Script, count: int) -> Campaign:
    """Through every step of the builder, then the forecast, then the briefing."""

    def save(*, leads_to: str) -> None:
        page.keyboard.press("Control+Enter")
        page.wait_for_url(f"**/{leads_to}", timeout=SLOW)  # until it is loaded, keys and all

    page.goto("/campaigns")
    page.keyboard.press("n")
    page.wait_for_url("**/campaigns/new")
    page.fill("#id_name", "定期存款项目")
    page.select_option("#id_kind", "selling")
    for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun"):
        page.fill(f"#id_hours_{day}", "00:00-24:00")
    save(leads_to="who")
    page.select_option("#id_segment", label="无房贷的管理人员")
    save(leads_to="script")
    page.select_option("#id_script", label=script.name)
    save(leads_to="goals")
    page.fill("#id_goal_day", "20")
    save(leads_to="retry")
    save(leads_to="sheet")
    save(leads_to="briefing")
    page.fill("#id_briefing", "一年期定期存款，先听后说。")
    page.fill("#id_question_0", "先做什么？")
    page.fill("#id_answer_0_0", "先说")
    page.fill("#id_answer_0_1", "先听")
    page.select_option("#id_right_0", label="2")
    save(leads_to="agents")
    page.get_by_label(agent.name).check()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Customers reached")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text(f"of {count:,} in the segment")).to_be_visible()
    expect(page.get_by_text("Agent-hours")).to_be_visible()
    page.get_by_role("button", name="Begin the briefing").click()
    expect(page.get_by_text("The campaign is now: Briefing.")).to_be_visible(timeout=SLOW)
    return Campaign.objects.get()


def pass_briefing(page: Page, campaign: Campaign) -> None:
    """Reads and answers without a mouse."""
    page.goto("/desk")
    page.keyboard.press("i")
    page.wait_for_url("**/desk/briefing/*", timeout=SLOW)
    expect(page.get_by_text("一年期定期存款，先听后说。")).to_be_visible(timeout=SLOW)
    for _ in range(60):
        if page.evaluate("document.activeElement.type") == "radio":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/desk", timeout=SLOW)
    assert campaign.passes.exists()


def start(page: Page, campaign: Campaign, count: int) -> None:
    page.goto(f"/campaigns/{campaign.pk}")
    page.get_by_role("button", name="Start the pilot week").click()
    expect(page.get_by_text("The campaign is now: Pilot.")).to_be_visible(timeout=SLOW)
    waiting = FollowUp.objects.filter(queue=campaign.queue_id)
    eventually(lambda: waiting.count() == count, "the worker did not fill the queue")


def work(page: Page) -> list[str]:
    """Ten calls with no hand on the mouse; returns the notes in their order."""
    page.goto("/desk")
    page.keyboard.press("n")
    notes = []
    for number, outcome in enumerate(CALLS, 1):
        expect(page.locator("#outcome-form")).to_be_visible(timeout=SLOW)
        page.wait_for_load_state("load", timeout=SLOW)  # a key pressed earlier is nobody's
        here = page.url
        if number == 1:
            page.keyboard.press("d")
            refusal = page.locator("[data-dial-error]")
            expect(refusal).to_be_visible(timeout=SLOW)
            expect(refusal).to_contain_text("not assigned")
            assert not Contact.objects.exists(), "nothing under 154 is ever dialled"
        page.keyboard.press(KEYS[outcome])
        expect(page.locator(f"[name=outcome][value={outcome}]")).to_be_checked()
        if outcome == "success":
            page.keyboard.press("x")
            page.keyboard.type("寄合同")
            page.keyboard.press("Escape")
        if outcome == "callback":
            page.keyboard.press("c")
            page.keyboard.type("+2d")
            page.keyboard.press("Escape")
        page.keyboard.press("n")
        notes.append(f"第{number}通电话")
        page.keyboard.type(notes[-1])
        page.keyboard.press("Alt+Enter" if number == len(CALLS) else "Control+Enter")
        expect(page).not_to_have_url(here, timeout=SLOW)
    expect(page.locator("[data-strip=dialled]")).to_have_text("10", timeout=SLOW)
    return notes


def test_a_real_list_becomes_ten_worked_calls(
    page_as, worker, every_day, shared, supervisor, agent, script
):
    file = shared / "data" / "bank-full.csv"
    count = wanted_in(file)
    desk, office = page_as(agent), page_as(supervisor)

    bring_in(office, file)
    make_segment(office, count)
    campaign = make_campaign(office, agent, script, count)
    assert CampaignAgent.objects.get().user == agent
    pass_briefing(desk, campaign)
    start(office, campaign, count)
    notes = work(desk)

    done = list(Interaction.objects.order_by("at").select_related("customer"))
    assert [one.outcome for one in done] == list(CALLS)
    assert [one.note for one in done] == notes
    assert len({one.customer_id for one in done}) == 10
    assert {(one.customer.fields["bank_job"], one.customer.fields["bank_housing"])
            for one in done} == {("management", False)}  # fmt: skip

    desk.goto("/logbook/records")
    for note in notes:
        expect(desk.get_by_text(note, exact=True)).to_be_visible(timeout=SLOW)
    office.goto("/floor")
    line = office.locator(".s-agent", has_text=agent.name)
    expect(line.locator(".s-day")).to_have_text("5 / 6", timeout=SLOW)
    expect(office.locator(".s-campaign", has_text=campaign.name)).to_contain_text(f"{count:,}")
    for one in done:
        office.goto(f"/customers/{one.customer_id}")
        expect(office.locator(".timeline").first).to_contain_text(one.note, timeout=SLOW)
