"""Trying to raise one's own score by screen and by SQL; a customer answers on a phone (FU8)."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from genjin.followups.models import Commitment, Score
from genjin.followups.operations.surveys import invite
from genjin.followups.scores import jobs
from genjin.foundation import jobs as foundation_jobs
from genjin.foundation.models import LongTask
from tests.factories import make_customer, make_team, make_user
from tests.scores import fresh_home, give, tamper

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def score_home(settings, tmp_path, monkeypatch):
    return fresh_home(settings, tmp_path, monkeypatch)


def run_checks() -> None:
    """What the worker does with the checks that were asked for."""
    for task in LongTask.objects.filter(kind=jobs.KIND, state="queued"):
        jobs.run(task)


def test_raising_ones_own_score_fails_by_screen_and_is_found_by_sql(page_as):
    team = make_team()
    agent = make_user(team=team, language="en")
    customer = make_customer(custodian=agent, team=team)
    for points in (4, 1, 5):
        give(points, scored=agent, customer=customer)
    page = page_as(agent)
    page.goto("/scores/mine")
    expect(page.get_by_text("Too few scores yet")).to_be_visible()
    for path in ("/scores", "/scores/2", "/scores/check"):
        assert page.goto(path).status == 403
    page.goto(f"/customers/{customer.pk}/survey")
    choices = page.locator("select").first.locator("option").all_inner_texts()
    assert not any(agent.name in text for text in choices)
    page.close()
    # the owner of the database does it behind everybody's back
    tamper("UPDATE followups_score SET points = 5 WHERE sequence = 2")
    reviewer = page_as(make_user(role="reviewer", language="en"))
    reviewer.goto("/scores/check")
    reviewer.get_by_role("button", name=re.compile("Check now")).click()
    expect(reviewer.get_by_text("A check is running")).to_be_visible()
    run_checks()
    reviewer.reload()
    expect(reviewer.get_by_text("Score 2 is not as it was written.").first).to_be_visible()
    assert foundation_jobs.LongTask.objects.get(kind=jobs.KIND).result["sound"] is False
    reviewer.close()


def test_a_customer_answers_the_survey_on_a_phone(page_as):
    agent = make_user(name="陈销售")
    made = invite(
        make_customer(), about={"sales_service": agent, "delivery_service": None},
        by=make_user(), now=timezone.now(), language="en",
    )  # fmt: skip
    page = page_as(None, width=390, height=844)
    page.goto(f"/s/{made.token}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator('input[name="sales_service"][value="5"]').check()
    page.get_by_label("Would you like to tell us more?").fill("Very clear")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Thank you!")).to_be_visible()
    page.goto(f"/s/{made.token}")
    expect(page.get_by_text("Answered already")).to_be_visible()
    assert list(Score.objects.values_list("points", "scored")) == [(5, agent.pk)]
    page.close()


def test_a_promise_is_made_by_key_from_any_page(page_as):
    team = make_team()
    agent = make_user(team=team, language="en")
    make_customer(name="吴桂芳", custodian=agent, team=team)
    page = page_as(agent)
    page.goto("/logbook")
    page.keyboard.press("Alt+p")
    page.get_by_role("searchbox", name="Find a customer").last.fill("吴桂芳")
    page.get_by_role("link", name=re.compile("吴桂芳")).last.click()
    page.get_by_label("What we promise").fill("Send the samples")
    page.get_by_label("Due", exact=True).fill("2099-01-05")
    page.get_by_role("button", name=re.compile("Save")).click()
    expect(page).to_have_url(re.compile("/logbook"))
    assert Commitment.objects.get().text == "Send the samples"
    page.close()
