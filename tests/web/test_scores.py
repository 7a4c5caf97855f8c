"""Scores, the survey page and promises through the screens."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tests.factories import make_customer, make_team, make_user
from tests.scores import fresh_home, give

from genjin.followups.models import Commitment, Score, SurveyInvitation
from genjin.followups.operations.scores import ask_correction
from genjin.followups.operations.surveys import invite
from genjin.foundation import policy
from genjin.foundation.models import Approval

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def score_home(settings, tmp_path, monkeypatch):
    return fresh_home(settings, tmp_path, monkeypatch)


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def agent(team):
    return make_user(team=team, name="陈坐席", language="en")


# --- one's own score --------------------------------------------------------------------------


def test_the_scored_person_finds_no_page_that_shows_or_changes_their_score(agent):
    score = give(1, scored=agent, customer=make_customer(custodian=agent, team=agent.team))
    client = signed_in(agent)
    assert client.get(reverse("score", args=[score.pk])).status_code == 403
    answer = client.post(reverse("score", args=[score.pk]), {"points": 5, "reason": "x"})
    assert answer.status_code == 403
    assert "Too few scores yet" in client.get(reverse("my-scores")).content.decode()
    assert Score.objects.count() == 1


def test_a_supervisor_cannot_open_or_correct_their_own_score(team):
    supervisor = make_user(role="supervisor", team=team)
    score = give(2, scored=supervisor)
    client = signed_in(supervisor)
    url = reverse("score", args=[score.pk])
    assert client.get(url).status_code == 404
    assert client.post(url, {"points": 5, "reason": "x"}).status_code == 404
    assert not Approval.objects.exists()


def test_a_correction_is_asked_for_on_the_page_and_waits(team, agent):
    score = give(2, scored=agent, words="等了很久")
    make_user(role="manager")
    client = signed_in(make_user(role="supervisor", team=team, language="en"))
    url = reverse("score", args=[score.pk])
    assert "等了很久" in client.get(url).content.decode()
    assert client.post(url, {"points": 4, "reason": ""}).status_code == 422
    assert client.post(url, {"points": 4, "reason": "客户记错了人"}).status_code == 302
    assert Approval.objects.get().excluded == [agent.pk]
    assert Score.objects.count() == 1
    assert "waits for its decision" in client.get(url).content.decode()


def test_figures_lead_to_their_scores(team, agent):
    give(5, scored=agent)
    give(4, scored=agent)
    client = signed_in(make_user(role="supervisor", team=team, language="en"))
    for by in ("person", "role", "month"):
        page = client.get(reverse("scores"), {"by": by})
        (row,) = page.context["rows"]
        assert (row["count"], row["average"]) == (2, 4.5)
        assert client.get(row["url"]).context["page"].paginator.count == 2


def test_the_check_is_asked_for_and_its_result_stands_there(team):
    give(4)
    client = signed_in(make_user(role="reviewer", language="en"))
    assert client.post(reverse("score-check")).status_code == 302
    assert client.get(reverse("score-check")).context["is_running"] is True


def test_everything_of_the_scores_page_is_in_scope(team, agent):
    other = give(1, scored=make_user(team=make_team()))
    client = signed_in(make_user(role="supervisor", team=team))
    assert client.get(reverse("score", args=[other.pk])).status_code == 404
    assert client.get(reverse("score-records")).context["page"].paginator.count == 0


# --- the survey page ----------------------------------------------------------------------------


@pytest.fixture
def invited(agent):
    customer = make_customer(name="吴女士", language="zh-hant")
    return invite(
        customer, about={"sales_service": agent}, by=make_user(), now=timezone.now(),
        language="en",
    )  # fmt: skip


def test_a_customer_answers_without_a_login_and_once(invited, agent):
    client, url = Client(), reverse("survey", args=[invited.token])
    page = client.get(url).content.decode()
    assert "How well did our salesperson advise you?" in page
    assert "陈坐席" in page
    assert "only an average of many answers" in page
    assert client.post(url, {}).status_code == 422
    answer = client.post(url, {"sales_service": "5", "words": "很满意"})
    assert "Thank you!" in answer.content.decode()
    score = Score.objects.get()
    assert (score.points, score.scored, score.source) == (5, agent, "web")
    assert "Answered already" in client.post(url, {"sales_service": "1"}).content.decode()
    assert Score.objects.count() == 1
    assert SurveyInvitation.objects.get().opened_at is not None


def test_the_page_says_what_the_policy_really_shows(invited):
    policy.set_value("scores.scored_person.shows", "all", by=make_user(role="administrator"),
                     now=timezone.now())  # fmt: skip
    page = Client().get(reverse("survey", args=[invited.token])).content.decode()
    assert "sees the number you choose, without your name and words" in page


def test_the_language_is_chosen_on_the_page(invited):
    page = Client().get(reverse("survey", args=[invited.token]), {"lang": "zh-hans"})
    assert "我们的销售人员给您的讲解和建议怎么样" in page.content.decode()


def test_a_link_that_is_over_or_unknown_says_so(invited):
    SurveyInvitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    url = reverse("survey", args=[invited.token])
    assert Client().get(url).status_code == 410
    assert Client().post(url, {"sales_service": "5"}).status_code == 410
    assert Client().get(reverse("survey", args=["no-such"])).status_code == 404
    assert not Score.objects.exists()


def test_an_address_that_asks_too_often_is_held_back(invited):
    url = reverse("survey", args=[invited.token])
    codes = [Client().get(url).status_code for _ in range(21)]
    assert codes == [200] * 20 + [429]


def test_a_link_is_made_from_the_card_and_never_about_oneself(agent, team):
    colleague = make_user(team=team, name="林同事")
    customer = make_customer(custodian=agent, team=team)
    client, url = signed_in(agent), reverse("survey-new", args=[customer.pk])
    page = client.get(url)
    offered = [str(key) for key, _label in page.context["form"].fields["sales_service"].choices]
    assert str(agent.pk) not in offered
    assert client.post(url, {"sales_service": str(agent.pk)}).status_code == 422
    answer = client.post(url, {"sales_service": str(colleague.pk)})
    assert "<svg" in answer.content.decode()
    token = answer.context["url"].rpartition("/")[2]
    assert Client().get(reverse("survey", args=[token])).status_code == 200


def test_an_approval_shows_who_and_what(team, agent):
    manager = make_user(role="manager", language="en")
    score = give(2, scored=agent)
    supervisor = make_user(role="supervisor", team=team)
    asked = ask_correction(score, points=4, reason="记错", by=supervisor, now=timezone.now())
    page = signed_in(manager).get(reverse("approval", args=[asked.pk])).content.decode()
    assert "from 2 to 4" in page
    assert f"/scores/{score.pk}" in page


# --- promises -------------------------------------------------------------------------------------


def promise(owner, **values) -> Commitment:
    now = timezone.now()
    return Commitment.objects.create(
        customer=make_customer(team=owner.team), text="寄样品", owner=owner, made_by=owner,
        **{"due_at": now + timedelta(days=1), "made_at": now, **values},
    )  # fmt: skip


def test_a_promise_is_made_from_any_page_and_leads_back(agent):
    customer = make_customer(name="郑先生", custodian=agent, team=agent.team)
    client = signed_in(agent)
    page = client.get(reverse("customer", args=[customer.pk])).content.decode()
    assert f"customer={customer.pk}" in page
    assert "郑先生" in client.get(reverse("promise-new"), {"q": "郑先生"}).content.decode()
    day = timezone.localdate() + timedelta(days=3)
    answer = client.post(reverse("promise-new"), {
        "customer": str(customer.pk), "next": "/logbook", "text": "寄报价单", "kind": "papers",
        "owner": agent.pk, "due": day.isoformat(), "due_time": "10:00",
    })  # fmt: skip
    assert answer["Location"] == "/logbook"
    row = Commitment.objects.get()
    assert (row.kind, row.source_kind, row.owner) == ("papers", "logbook", agent)
    assert row.remind_at == row.due_at - timedelta(hours=48)


def test_no_way_back_leads_off_the_site(agent):
    row = promise(agent)
    answer = signed_in(agent).post(
        reverse("promise-keep", args=[row.pk]), {"next": "//evil.example/"}
    )
    assert answer["Location"] == reverse("promises")


def test_a_promise_ends_kept_or_with_a_reason(agent):
    kept, broken = promise(agent), promise(agent)
    client = signed_in(agent)
    client.post(reverse("promise-keep", args=[kept.pk]))
    url = reverse("promise-end", args=[broken.pk])
    assert client.post(url, {"how": "broken", "reason": ""}).status_code == 422
    assert client.post(url, {"how": "broken", "reason": "缺货"}).status_code == 302
    states = dict(Commitment.objects.values_list("pk", "state"))
    assert states == {kept.pk: "kept", broken.pk: "broken"}


def test_lists_and_counts_agree(agent):
    now = timezone.now()
    promise(agent)
    promise(agent, due_at=now - timedelta(days=1))
    promise(agent, state="kept", ended_at=now)
    promise(make_user())
    client = signed_in(agent)
    for view, wanted in (("open", 2), ("late", 1), ("kept", 1), ("broken", 0)):
        page = client.get(reverse("promises"), {"view": view})
        assert page.context["page"].paginator.count == wanted
        (tab,) = [one for one in page.context["tabs"] if one["active"]]
        assert tab["count"] == wanted


def test_nobody_else_ends_a_promise_but_who_leads_does(agent, team):
    row = promise(agent)
    url = reverse("promise-keep", args=[row.pk])
    assert signed_in(make_user(team=team)).post(url).status_code == 404
    assert signed_in(make_user(role="supervisor", team=make_team())).post(url).status_code == 404
    supervisor = signed_in(make_user(role="supervisor", team=team))
    other = make_user(team=team)
    moved = supervisor.post(reverse("promise-move", args=[row.pk]),
                            {"owner": other.pk, "reason": "休假"})  # fmt: skip
    assert moved.status_code == 302
    row.refresh_from_db()
    assert row.owner == other
