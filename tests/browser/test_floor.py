"""The floor changes by itself, in a real browser over real threads (CA9)."""

import time

import pytest
from playwright.sync_api import expect

from genjin.calling.models import AgentPresence
from genjin.insight import floor
from genjin.web.floor import stream
from tests.factories import make_campaign, make_team, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def streams_end_with_their_test():
    """A stream notices at its next event that nobody listens; the database waits for that."""
    yield
    for _ in range(100):
        if stream._slots._value == stream.STREAMS:
            return
        time.sleep(0.1)
    pytest.fail("a stream outlived its page")


def test_the_floor_follows_the_agents_without_a_reload(page_as):
    floor.forget()
    team = make_team()
    supervisor = make_user(role="supervisor", team=team, language="en")
    agent = make_user(team=team, name="刘洋")
    campaign = make_campaign(team=team, agents=(agent,))
    page = page_as(supervisor)
    page.goto("/floor")
    expect(page.locator("#floor-live")).to_contain_text("live")
    expect(page.get_by_text("Nobody has begun a shift.")).to_be_visible()
    page.evaluate("window.neverReloaded = true")
    AgentPresence.objects.create(user=agent, state="ready", campaign=campaign)
    line = page.locator(f'[data-id="agent-{agent.pk}"]')
    expect(line).to_contain_text("Ready", timeout=10_000)
    AgentPresence.objects.update(state="on_call")
    expect(line).to_contain_text("On call", timeout=10_000)
    assert page.evaluate("window.neverReloaded")
    page.close()


def test_the_length_of_a_state_is_counted_between_two_snapshots(page_as):
    floor.forget()
    team = make_team()
    AgentPresence.objects.create(user=make_user(team=team), state="ready")
    page = page_as(make_user(role="supervisor", team=team, language="en"))
    page.goto("/floor")
    clock = page.locator("[data-since]").first
    expect(clock).to_contain_text("0:0")
    first = clock.inner_text()
    expect(clock).not_to_have_text(first, timeout=3000)
    page.close()
