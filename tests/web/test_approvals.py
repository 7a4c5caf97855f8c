"""The inbox of decisions in the browser's words (PL11)."""

import pytest
from django.urls import reverse
from django.utils import timezone
from tests.factories import make_team, make_user

from genjin.foundation import approvals
from genjin.foundation.models import Delegation

pytestmark = pytest.mark.django_db
done: list[str] = []


@pytest.fixture(autouse=True)
def merge_kind(monkeypatch):
    done.clear()
    monkeypatch.setattr(approvals, "_kinds", dict(approvals._kinds))
    approvals.register("merge_owned_cards", carry_out=lambda approval, by, now: done.append("yes"))


@pytest.fixture
def people():
    team = make_team()
    return (
        make_user(team=team, language="en"),
        make_user(role="supervisor", team=team, language="en"),
    )


def asked(by):
    return approvals.ask(
        "merge_owned_cards", subject=("pair", "1"),
        title={"code": "merge_owned_cards", "data": {"merged": "甲公司", "survivor": "乙公司"}},
        evidence=[{"code": "custodian", "value": "李坐席", "url": ""}], payload={},
        reason="电话相同", by=by, now=timezone.now(),
    )  # fmt: skip


def test_the_supervisor_finds_it_in_the_inbox_and_approves(client, people):
    agent, chief = people
    approval = asked(agent)
    client.force_login(chief)
    inbox = client.get(reverse("approvals")).content.decode()
    assert "Merge 甲公司 into 乙公司" in inbox
    assert '<span class="count num">1</span>' in inbox
    page = client.get(reverse("approval", args=[approval.pk])).content.decode()
    assert "李坐席" in page
    answer = client.post(reverse("approval-decide", args=[approval.pk]), {"answer": "approve"})
    assert answer.url == reverse("approvals")
    approval.refresh_from_db()
    assert (approval.state, done) == ("approved", ["yes"])


def test_a_refusal_without_words_is_asked_for_beside_the_field(client, people):
    agent, chief = people
    approval = asked(agent)
    client.force_login(chief)
    answer = client.post(reverse("approval-decide", args=[approval.pk]), {"answer": "refuse"})
    assert answer.status_code == 422
    assert "This is needed." in answer.content.decode()
    approval.refresh_from_db()
    assert approval.state == "asked"


def test_the_asker_sees_it_cannot_decide_it_and_takes_it_back(client, people):
    agent, _chief = people
    approval = asked(agent)
    client.force_login(agent)
    page = client.get(reverse("approval", args=[approval.pk])).content.decode()
    assert reverse("approval-decide", args=[approval.pk]) not in page
    client.post(reverse("approval-decide", args=[approval.pk]), {"answer": "approve"})
    approval.refresh_from_db()
    assert approval.state == "asked"
    client.post(reverse("approval-withdraw", args=[approval.pk]))
    approval.refresh_from_db()
    assert approval.state == "withdrawn"


def test_an_approval_is_closed_to_everyone_else(client, people):
    agent, _chief = people
    approval = asked(agent)
    client.force_login(make_user(team=agent.team))
    assert client.get(reverse("approval", args=[approval.pk])).status_code == 404


def test_deciding_twice_says_that_it_was_decided(client, people):
    agent, chief = people
    approval = asked(agent)
    client.force_login(chief)
    url = reverse("approval-decide", args=[approval.pk])
    client.post(url, {"answer": "approve"})
    answer = client.post(url, {"answer": "refuse", "reason": "不"}, follow=True)
    assert "Somebody decided this already." in answer.content.decode()
    assert done == ["yes"]


def test_someone_away_names_who_decides(client, people):
    _agent, chief = people
    stand_in = make_user()
    client.force_login(chief)
    today = timezone.localdate().isoformat()
    days = {"to": stand_in.pk, "starts_on": today, "ends_on": today}
    client.post(reverse("approvals-away"), days)
    row = Delegation.objects.get(person=chief)
    assert row.to == stand_in
    wrong = client.post(reverse("approvals-away"), {**days, "ends_on": "2020-01-01"})
    assert wrong.status_code == 422
    client.post(reverse("approvals-away-end", args=[row.pk]))
    row.refresh_from_db()
    assert row.ended_at is not None
