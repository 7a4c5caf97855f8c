"""The campaign builder and its pages, through HTTP as people use them (CA1)."""

from datetime import timedelta

import pytest
from django.urls import reverse
from tests.factories import (
    NOW,
    make_campaign,
    make_customer,
    make_followup,
    make_script_version,
    make_team,
    make_user,
)
from tests.insight.test_logbook import call

from genjin.calling.models import BriefingPass, Campaign
from genjin.customers.models import Segment
from genjin.foundation.models import AuditEntry, LongTask

pytestmark = pytest.mark.django_db
WEEK = {f"hours_{day}": "09:00-11:30 13:30-17:30" for day in ("mon", "tue", "wed", "thu", "fri")}


@pytest.fixture
def supervisor():
    return make_user(role="supervisor", team=make_team(), language="en")


@pytest.fixture
def client(client, supervisor):
    client.force_login(supervisor)
    return client


def draft(supervisor, **fields):
    return make_campaign(state="draft", team=supervisor.team, created_by=supervisor, **fields)


def edit(client, campaign, code, data, **more):
    return client.post(reverse("campaign-edit", args=[campaign.pk, code]), data, **more)


def test_a_campaign_is_built_step_by_step_up_to_its_pilot(client, supervisor):
    agent = make_user(team=supervisor.team)
    make_customer(phone="+8613800138000", team=supervisor.team)
    segment = Segment.objects.create(name="全部", criteria={"all": [], "none": []})
    script = make_script_version().script
    answer = client.post(
        reverse("campaign-new"),
        {"name": "彩铃", "kind": "selling", "team": supervisor.team.pk, "hours_sat": "", **WEEK},
    )
    campaign = Campaign.objects.get()
    assert answer.url == reverse("campaign-edit", args=[campaign.pk, "who"])
    assert campaign.weekly == "mon-fri 09:00-11:30 13:30-17:30"
    steps = {
        "who": {"segment": segment.pk, "selection": "frozen", "order": "newest"},
        "script": {"script": script.pk},
        "goals": {
            "goal_day": 5,
            "closings_wanted": 60,
            "wrap_up_seconds": 45,
            "rotation_days": 60,
            "payment_terms": "一次付清\n\n两次",
        },
        "sheet": {"product": "包年", "price": "30 元"},
        "briefing": {
            "briefing": "先读",
            "question_0": "多少钱?",
            "answer_0_0": "30",
            "answer_0_1": "60",
            "right_0": "0",
        },
        "agents": {"agents": [agent.pk]},
    }
    for code, data in steps.items():
        assert edit(client, campaign, code, data).status_code == 302, code
    retry = client.get(reverse("campaign-edit", args=[campaign.pk, "retry"]))
    form = retry.context["form"]
    data = {name: form[name].value() for name in form.fields}
    assert edit(client, campaign, "retry", {**data, "delay_no_answer": 90}).status_code == 302
    campaign.refresh_from_db()
    assert (campaign.goals, campaign.payment_terms) == ({"day": 5}, ["一次付清", "两次"])
    assert campaign.retry_plan["no_answer"]["delay_minutes"] == 90
    assert campaign.briefing_questions == [
        {"question": "多少钱?", "answers": ["30", "60"], "right": 0}
    ]
    step = reverse("campaign-step", args=[campaign.pk])
    client.post(step, {"to": "briefing"})
    page = client.post(step, {"to": "pilot"}, follow=True)
    assert "The agent has not passed the briefing yet." in page.content.decode()
    BriefingPass.objects.create(campaign=campaign, user=agent, version=campaign.briefing_version)
    client.post(step, {"to": "pilot"})
    campaign.refresh_from_db()
    assert (campaign.state, campaign.queue.is_open) == ("pilot", True)
    assert LongTask.objects.filter(kind="campaign").count() == 1


def test_hours_that_cannot_be_read_are_said_at_their_day(client):
    answer = client.post(
        reverse("campaign-new"), {"name": "甲", "kind": "selling", "hours_tue": "nine to five"}
    )
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"hours_tue"}
    assert Campaign.objects.count() == 0


def test_a_question_without_a_right_answer_is_refused_with_its_number(client, supervisor):
    campaign = draft(supervisor)
    data = {"briefing": "读", "question_0": "?", "answer_0_0": "a", "answer_0_1": "b"}
    answer = edit(client, campaign, "briefing", data)
    assert answer.status_code == 422
    assert "Question 1 needs a text" in answer.content.decode()


def test_a_step_that_lacks_something_says_what_beside_it(client, supervisor):
    page = client.get(reverse("campaign", args=[draft(supervisor).pk])).content.decode()
    for sentence in ("Choose the segment", "State the hours", "at least one question"):
        assert sentence in page


def test_the_forecast_shows_its_formula_and_who_is_held_back(client, supervisor):
    make_customer(phone="+8613800138000", team=supervisor.team)
    segment = Segment.objects.create(name="全部", criteria={"all": [], "none": []})
    campaign = draft(supervisor, segment=segment, closings_wanted=60, weekly="mon-fri 09:00-17:00")
    answer = client.get(
        reverse("campaign-forecast", args=[campaign.pk]), headers={"HX-Request": "true"}
    )
    text = answer.content.decode()
    assert "<html" not in text
    assert "60 closings ÷ 6.0% = 1,000 contacts; 1,000 contacts ÷ 35.0% = 2,858 calls." in text
    assert "Stated defaults" in text


def test_the_results_open_the_records_behind_each_figure(client, supervisor):
    agent = make_user(team=supervisor.team)
    campaign = make_campaign(team=supervisor.team, agents=(agent,), goals={"day": 2})
    call(agent, queue=campaign.queue, flags="crs", outcome="agreed", talk=60)
    call(agent, queue=campaign.queue, outcome="no_answer")
    page = client.get(reverse("campaign", args=[campaign.pk]))
    assert page.context["results"].figures.dialled == 2
    funnel = {step["label"]: step for step in page.context["funnel"]}
    records = client.get(funnel["Success"]["url"])
    assert [item["row"].outcome for item in records.context["rows"]] == ["agreed"]
    for row in (*page.context["outcomes"], *page.context["people"], *page.context["days"]):
        assert client.get(row["url"]).context["rows"]


def test_what_waits_is_listed_with_the_reason(client, supervisor):
    campaign = make_campaign(team=supervisor.team)
    make_followup(queue=campaign.queue, state="planned", withheld=[{"code": "held", "data": {}}])
    make_followup(queue=campaign.queue, state="planned")
    url = reverse("campaign-waiting", args=[campaign.pk])
    assert len(client.get(url, {"state": "planned"}).context["rows"]) == 2
    held = client.get(url, {"state": "planned", "reason": "held"})
    assert [row["reasons"] for row in held.context["rows"]] == [["On hold"]]
    assert client.get(url, {"state": "nonsense"}).status_code == 404


def test_an_agents_rotation_is_extended_with_a_reason(client, supervisor):
    agent = make_user(team=supervisor.team)
    campaign = make_campaign(team=supervisor.team, agents=(agent,))
    url = reverse("campaign-rotation", args=[campaign.pk, agent.pk])
    until = NOW.date() + timedelta(days=90)
    assert client.post(url, {"until": until.isoformat(), "reason": ""}).status_code == 422
    assert client.post(url, {"until": "2020-01-01", "reason": "x"}).status_code == 422
    client.post(url, {"until": until.isoformat(), "reason": "speaks Cantonese"})
    assert campaign.agents.get().rotates_on == until
    assert AuditEntry.objects.filter(action="rotation").count() == 1


def test_campaigns_of_another_team_are_not_there(client):
    campaign = make_campaign(team=make_team())
    names = ("campaign", "campaign-forecast", "campaign-waiting")
    for url in (reverse(name, args=[campaign.pk]) for name in names):
        assert client.get(url).status_code == 404
    assert (
        client.post(reverse("campaign-step", args=[campaign.pk]), {"to": "paused"}).status_code
        == 404
    )
    assert campaign.name not in client.get(reverse("campaigns")).content.decode()


def test_a_reviewer_looks_and_changes_nothing(client):
    client.force_login(make_user(role="reviewer"))
    campaign = make_campaign()
    page = client.get(reverse("campaign", args=[campaign.pk]))
    assert page.status_code == 200
    assert page.context["steps"] == []
    answer = client.post(reverse("campaign-step", args=[campaign.pk]), {"to": "paused"})
    assert answer.status_code == 403


def queries_of(client, url):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as caught:
        assert client.get(url).status_code == 200
    return len(caught)


def test_the_list_costs_the_same_for_one_campaign_and_for_many(client, supervisor):
    from genjin.insight import floor

    make_campaign(team=supervisor.team)
    floor.forget()
    one = queries_of(client, reverse("campaigns"))
    for _ in range(4):
        make_campaign(team=supervisor.team)
    floor.forget()
    assert queries_of(client, reverse("campaigns")) == one
