"""The floor's snapshot: who, what, how long, and what needs a supervisor (CA9)."""

from datetime import timedelta

import pytest

from genjin.calling.models import AgentPresence
from genjin.followups.models import Contact
from genjin.insight import floor
from tests.factories import NOW, make_campaign, make_customer, make_followup, make_team, make_user
from tests.insight.test_logbook import call

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_kept():
    floor.forget()
    yield
    floor.forget()


def present(user, state, *, seconds=30, campaign=None, seen=NOW, reason=""):
    return AgentPresence.objects.create(
        user=user,
        state=state,
        since=NOW - timedelta(seconds=seconds),
        campaign=campaign,
        seen_at=seen,
        reason=reason,
    )


def codes(found):
    return sorted(reason.code for reason in found.alarms)


def test_the_floor_says_who_does_what_and_for_how_long():
    team = make_team()
    supervisor, agent = make_user(role="supervisor", team=team), make_user(team=team)
    campaign = make_campaign(team=team, agents=(agent,), goals={"hour": 3, "day": 20})
    make_followup(queue=campaign.queue)
    make_followup(queue=campaign.queue, state="done")
    present(agent, "on_call", seconds=95, campaign=campaign)
    call(agent, queue=campaign.queue, flags="crs", talk=60)
    call(agent, queue=campaign.queue, flags="cr", now=NOW - timedelta(hours=1))
    found = floor.snapshot(supervisor, NOW)
    (line,) = found.agents
    assert (line.name, line.state, line.seconds, line.campaign) == (
        agent.name,
        "on_call",
        95,
        campaign.name,
    )
    assert (line.hour.successes, line.today.reached) == (1, 2)
    (row,) = found.campaigns
    assert (row.working, row.has_ready, row.hour.successes, row.goal_hour) == (1, True, 1, 3)
    assert (row.ended, row.total) == (1, 4)
    assert (found.hour.reached, found.today.reached, found.goal_hour) == (1, 2, 3)
    assert found.alarms == []


def test_a_supervisor_watches_the_team_and_a_manager_everyone():
    team = make_team()
    ours, theirs = make_user(team=team), make_user(team=make_team())
    for agent in (ours, theirs):
        present(agent, "ready")
    make_campaign(team=theirs.team)
    seen = floor.snapshot(make_user(role="supervisor", team=team), NOW)
    assert [line.user_id for line in seen.agents] == [ours.pk]
    assert seen.campaigns == []
    everyone = floor.snapshot(make_user(role="manager"), NOW)
    assert {line.user_id for line in everyone.agents} == {ours.pk, theirs.pk}
    assert len(everyone.campaigns) == 1


def test_what_needs_a_supervisor_raises_an_alarm():
    team = make_team()
    supervisor = make_user(role="supervisor", team=team)
    slow, away, lost = (make_user(team=team) for _ in range(3))
    campaign = make_campaign(team=team, agents=(slow,), goals={"hour": 10}, wrap_up_seconds=60)
    campaign.queue.team = team
    campaign.queue.save(update_fields=["team"])
    present(slow, "wrap_up", seconds=200, campaign=campaign)
    present(away, "break", seconds=3000)
    present(lost, "ready", seen=NOW - timedelta(minutes=10))
    make_followup(queue=campaign.queue, state="planned", escalated_at=NOW)
    Contact.objects.create(
        customer=make_customer(),
        channel="call",
        purpose="sell",
        address="1",
        state="unknown",
        by=slow,
    )
    campaign.agents.update(rotates_on=NOW.date() + timedelta(days=3))
    found = floor.read_snapshot(supervisor, NOW.replace(minute=50))
    assert codes(found) == [
        "agent_silent",
        "agent_silent",
        "agent_silent",
        "escalated",
        "goal_behind",
        "rotation_due",
        "unknown_contacts",
    ]
    found = floor.read_snapshot(supervisor, NOW)
    assert codes(found) == [
        "agent_silent",
        "break_too_long",
        "escalated",
        "queue_dry",
        "rotation_due",
        "unknown_contacts",
        "wrap_up_too_long",
    ]


def test_customers_who_wait_while_nobody_works_raise_an_alarm():
    campaign = make_campaign()
    make_followup(queue=campaign.queue)
    assert codes(floor.snapshot(make_user(role="manager"), NOW)) == ["nobody_ready"]


def test_viewers_of_one_scope_share_a_snapshot(django_assert_num_queries):
    team = make_team()
    first, second = (make_user(role="supervisor", team=team) for _ in range(2))
    present(make_user(team=team), "ready")
    found = floor.snapshot(first, NOW)
    with django_assert_num_queries(0):
        assert floor.snapshot(second, NOW) is found


def test_a_snapshot_costs_the_same_for_one_agent_and_for_many(django_assert_max_num_queries):
    manager = make_user(role="manager")
    for _ in range(5):
        agent = make_user()
        campaign = make_campaign(agents=(agent,))
        present(agent, "ready", campaign=campaign)
        call(agent, queue=campaign.queue, flags="cr")
    with django_assert_max_num_queries(14):
        floor.snapshot(manager, NOW)
