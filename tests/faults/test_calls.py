"""What goes wrong between two people and one customer, through the pages of the desk."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from genjin.calling.models import BriefingPass, Campaign
from genjin.customers.models import Consent, Customer, TimelineEntry
from genjin.followups import jobs
from genjin.followups.models import Contact, FollowUp, Interaction
from genjin.foundation.models import User
from tests.factories import (
    make_campaign,
    make_customer,
    make_followup,
    make_lane,
    make_queue,
    make_team,
    make_user,
    morning_zone,
)

pytestmark = pytest.mark.django_db
JSON = {"HTTP_ACCEPT": "application/json"}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def agents() -> tuple[User, User]:
    team = make_team()
    return make_user(team=team, language="en"), make_user(team=team, language="en")


@pytest.fixture
def supervisor(agents) -> User:
    return make_user(role="supervisor", team=agents[0].team, language="en")


@pytest.fixture
def campaign(agents, supervisor) -> Campaign:
    queue = make_queue(purpose="sell", source_kind="campaign", source_id="faults")
    made = make_campaign(
        queue=queue, agents=agents, team=agents[0].team, created_by=supervisor, name="冬季项目"
    )
    for agent in agents:
        BriefingPass.objects.get_or_create(
            campaign=made, user=agent, version=made.briefing_version, defaults={}
        )
    return made


def person(name: str, number: int) -> Customer:
    return make_customer(name=name, phone=f"+86138{number:08d}", time_zone=morning_zone())


def waiting(campaign: Campaign, customer: Customer, **fields) -> FollowUp:
    """A callback that is due: it passes quiet hours, weekends and holidays."""
    now = timezone.now()
    lane = make_lane(purpose=campaign.queue.purpose, time_zone=customer.time_zone)
    values = {"asked_at": now, "not_before": now - timedelta(minutes=1), "lane": lane, **fields}
    return make_followup(customer=customer, queue=campaign.queue, **values)


def in_hand(campaign: Campaign, customer: Customer, agent: User) -> FollowUp:
    now = timezone.now()
    return waiting(
        campaign, customer, state="taken", taken_by=agent, taken_at=now,
        lease_until=now + timedelta(minutes=15),
    )  # fmt: skip


def url(name: str, row: FollowUp) -> str:
    return reverse(f"desk-{name}", args=[row.pk])


def form(outcome: str, **values: str) -> dict[str, str]:
    return {"token": f"t-{outcome}", "outcome": outcome, "next_step": "寄样品", **values}


def dial(client: Client, row: FollowUp):
    return client.post(url("dial", row), {"point": row.customer.points.get().pk}, **JSON)


def test_a_campaign_stopped_during_a_call_lets_it_be_finished_and_hands_out_no_more(
    campaign, agents, supervisor
):
    row = in_hand(campaign, person("王小明", 1), agents[0])
    next_one = waiting(campaign, person("李小红", 2), assigned_to=agents[0])
    desk = signed_in(agents[0])
    assert dial(desk, row).status_code == 200
    signed_in(supervisor).post(reverse("campaign-step", args=[campaign.pk]), {"to": "paused"})
    campaign.refresh_from_db()
    assert (campaign.state, campaign.queue.is_open) == ("paused", False)
    assert desk.get(url("followup", row)).status_code == 200
    answer = desk.post(url("record", row), form("success", talk="1:30"), follow=True)
    row.refresh_from_db()
    assert (row.state, Contact.objects.get().state) == ("done", "closed")
    assert Interaction.objects.get().talk_seconds == 90
    assert "Nobody to call at this moment" in answer.content.decode()
    next_one.refresh_from_db()
    assert next_one.state == "ready"


def test_never_again_in_the_middle_of_a_list_reaches_every_list_and_the_other_desk(
    campaign, agents, supervisor
):
    customer = person("王小明", 1)
    row = in_hand(campaign, customer, agents[0])
    other_list = make_campaign(agents=agents, name="春季项目")
    elsewhere = waiting(other_list, customer, state="ready")
    later = waiting(other_list, customer, state="planned", assigned_to=agents[1])
    in_other_hands = in_hand(other_list, customer, agents[1])
    follows = waiting(campaign, person("李小红", 2), assigned_to=agents[0])
    desk = signed_in(agents[0])
    answer = desk.post(url("record", row), form("never_again", no_next_reason="客户不愿再被打扰"))
    assert answer.status_code == 302
    assert Consent.objects.get().answer == "refused"
    row.refresh_from_db()
    assert row.state == "done"
    for stopped in (elsewhere, later):
        stopped.refresh_from_db()
        assert stopped.state == "cancelled"
    refused = dial(signed_in(agents[1]), in_other_hands)
    assert refused.status_code == 409
    assert refused.json()["message"]
    assert not Contact.objects.filter(followup=in_other_hands).exists()
    follows.refresh_from_db()
    assert follows.taken_by == agents[0], "the list goes on with the next customer"


def test_a_lease_that_ran_out_while_typing_is_told_and_the_words_are_kept(campaign, agents):
    row = in_hand(campaign, person("王小明", 1), agents[0])
    slow, quick = (signed_in(agent) for agent in agents)
    draft = '{"fields": {"note": "客户说周五再谈"}, "writer": "w", "serial": 1, "revision": 0}'
    saved = slow.post(url("draft", row), draft, content_type="application/json")
    assert saved.status_code == 200
    FollowUp.objects.filter(pk=row.pk).update(
        lease_until=timezone.now() - timedelta(seconds=1), assigned_to=None
    )
    jobs.tick(timezone.now())
    row.refresh_from_db()
    assert (row.state, row.taken_by) == ("ready", None)
    quick.post(reverse("desk-next"))
    row.refresh_from_db()
    assert row.taken_by == agents[1]

    assert slow.post(url("lease", row), **JSON).status_code == 409
    refused = slow.post(url("record", row), form("success", note="客户说周五再谈"), **JSON)
    assert refused.status_code == 409
    assert refused.json()["message"]
    assert not Interaction.objects.exists()
    page = slow.get(url("followup", row)).content.decode()
    assert "This customer is not in your hands any more" in page
    assert "客户说周五再谈" in page
    slow.post(url("note", row), {"text": "客户说周五再谈"})
    assert TimelineEntry.objects.get(kind="memory").data == {"text": "客户说周五再谈"}
    assert quick.post(url("record", row), form("success"), **JSON).status_code == 200
    assert Interaction.objects.get().by == agents[1]


def test_one_follow_up_in_two_browsers_is_recorded_once_and_the_second_is_told(campaign, agents):
    row = in_hand(campaign, person("王小明", 1), agents[0])
    one, two = signed_in(agents[0]), signed_in(agents[0])
    assert one.post(url("record", row), form("success"), **JSON).status_code == 200
    late = two.post(url("record", row), {**form("refused"), "token": "another"}, **JSON)
    assert late.status_code == 409
    assert late.json()["message"]
    assert [row.outcome for row in Interaction.objects.all()] == ["success"]
