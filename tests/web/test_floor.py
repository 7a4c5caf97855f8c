"""The floor, its stream and the supervisor's list through HTTP (CA9, FU10)."""

import html
import json
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from tests.factories import (
    NOW,
    PASSWORD,
    make_campaign,
    make_followup,
    make_queue,
    make_team,
    make_user,
)

from genjin.calling.models import AgentPresence
from genjin.followups.claims import NEVER_BY_ITSELF
from genjin.followups.models import Contact
from genjin.followups.sentences import sentence
from genjin.foundation.models import AuditEntry, User
from genjin.foundation.sign_in import end_sessions
from genjin.insight import floor
from genjin.kernel.problems import Reason
from genjin.web.floor import stream

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_kept():
    floor.forget()
    yield
    floor.forget()


@pytest.fixture
def supervisor():
    return make_user(role="supervisor", team=make_team(), language="en")


@pytest.fixture
def client(client, supervisor):
    client.force_login(supervisor)
    return client


def snapshots(text):
    return [
        json.loads(line.removeprefix("data: "))
        for line in text.splitlines()
        if line.startswith("data: ")
    ]


def watch(user, seconds=5.0, **named):
    """The stream of one watcher whose clock runs by its own sleeps."""
    passed = [0.0]

    def sleep(length):
        passed[0] += length

    def show():
        return {"at": passed[0]}

    ended = stream.STREAM_SECONDS - seconds
    return stream.stream(
        user, show, sleep=sleep, clock=lambda: passed[0] + (ended if passed[0] else 0)
    )


def test_the_floor_shows_who_does_what(client, supervisor):
    agent = make_user(team=supervisor.team, name="刘洋")
    campaign = make_campaign(team=supervisor.team, agents=(agent,))
    AgentPresence.objects.create(user=agent, state="on_call", campaign=campaign)
    page = client.get(reverse("floor")).content.decode()
    assert "刘洋" in page
    assert "On call" in page
    assert campaign.name in page


def test_a_stream_sends_snapshots_every_two_seconds_and_ends_by_itself(supervisor):
    events = list(watch(supervisor))
    assert events[0].startswith("retry: ")
    assert [found["at"] for event in events[1:] for found in snapshots(event)] == [0.0, 2.0, 4.0]


def test_beyond_the_limit_a_watcher_gets_one_snapshot_and_asks_again(supervisor):
    streams = [watch(supervisor) for _ in range(stream.STREAMS)]
    for one in streams:
        next(one)
    more = list(watch(supervisor))
    assert more[0] == "retry: 3000\n\n"
    assert len(snapshots("".join(more))) == 1
    streams[0].close()
    again = watch(supervisor)
    assert next(again) == f"retry: {stream.AGAIN_MILLISECONDS}\n\n"
    for one in (*streams, again):
        one.close()


@pytest.mark.parametrize("change", ["signed out", "switched off", "another role"])
def test_a_stream_ends_for_whoever_may_not_watch_any_more(supervisor, change, monkeypatch):
    watcher = Client()
    supervisor.set_password(PASSWORD)
    supervisor.save()
    watcher.post("/sign-in", {"username": supervisor.username, "password": PASSWORD})
    monkeypatch.setattr(stream, "EVERY_SECONDS", 0.01)
    monkeypatch.setattr(stream, "give_back_connection", lambda: None)
    events = iter(watcher.get(reverse("floor-stream")).streaming_content)
    next(events)
    assert next(events).startswith(b"event: snapshot")
    if change == "signed out":
        end_sessions(supervisor, by=supervisor, now=NOW)
    elif change == "switched off":
        User.objects.filter(pk=supervisor.pk).update(is_active=False)
    else:
        User.objects.filter(pk=supervisor.pk).update(role="agent")
    assert list(events) == []


def test_the_stream_speaks_the_language_of_the_person_who_watches(client, supervisor, monkeypatch):
    monkeypatch.setattr(stream, "STREAM_SECONDS", 0.5)
    monkeypatch.setattr(stream, "EVERY_SECONDS", 0.6)
    AgentPresence.objects.create(user=make_user(team=supervisor.team), state="ready")
    answer = client.get(reverse("floor-stream"))
    assert answer["Content-Type"].startswith("text/event-stream")
    (found,) = snapshots(b"".join(answer.streaming_content).decode())
    assert "Ready" in found["agents"][0][1]
    assert [piece[0] for piece in found["stats"]] == ["stats"]


def late(supervisor, **fields):
    queue = make_queue(team=supervisor.team)
    return make_followup(queue=queue, escalated_at=NOW, due_at=NOW, **fields)


def test_what_is_late_is_listed_and_given_to_another_person_with_a_reason(client, supervisor):
    away, other = (make_user(team=supervisor.team) for _ in range(2))
    first, second = (late(supervisor, assigned_to=away) for _ in range(2))
    page = client.get(reverse("floor-attention"))
    assert {row.pk for row, _why in page.context["rows"]} == {first.pk, second.pk}
    url = reverse("floor-reassign")
    client.post(url, {"followup": [str(first.pk)], "to": other.pk, "reason": " "})
    first.refresh_from_db()
    assert first.assigned_to == away
    client.post(url, {"followup": [str(first.pk)], "to": other.pk, "reason": "on leave"})
    for row in (first, second):
        row.refresh_from_db()
    assert (first.assigned_to, second.assigned_to) == (other, away)
    entry = AuditEntry.objects.get(action="reassign")
    assert (entry.by, entry.reason) == (supervisor, "on leave")


def test_what_is_late_tells_why_it_waits(client, supervisor):
    late(supervisor, state="planned", withheld=[{"code": "do_not_contact", "data": {}}])
    late(supervisor)
    page = client.get(reverse("floor-attention"))
    told = sorted(why for _row, why in page.context["rows"])
    with translation.override(supervisor.language):
        assert told == ["", sentence(Reason("do_not_contact"))]
    assert told[1] in html.unescape(page.content.decode())


def test_all_that_waits_for_an_absent_person_goes_back_to_the_queue(client, supervisor):
    away = make_user(team=supervisor.team)
    rows = [make_followup(assigned_to=away) for _ in range(3)]
    page = client.get(reverse("floor-attention"), {"person": away.pk})
    assert len(page.context["rows"]) == 3
    data = {"person": away.pk, "all": "1", "to": "queue", "reason": "ill"}
    client.post(reverse("floor-reassign"), data)
    for row in rows:
        row.refresh_from_db()
        assert row.assigned_to is None


def test_the_work_of_other_teams_cannot_be_moved(client):
    stranger = make_user(team=make_team())
    row = make_followup(
        assigned_to=stranger, escalated_at=NOW, queue=make_queue(team=stranger.team)
    )
    data = {"followup": [str(row.pk)], "to": "queue", "reason": "mine"}
    client.post(reverse("floor-reassign"), data)
    client.post(reverse("floor-reassign"), {**data, "person": stranger.pk, "all": "1"})
    row.refresh_from_db()
    assert row.assigned_to == stranger


def test_a_call_without_an_outcome_is_closed_with_what_happened(client, supervisor):
    agent = make_user(team=supervisor.team)
    followup = make_followup(
        state="planned",
        not_before=NEVER_BY_ITSELF,
        withheld=[{"code": "outcome_unknown", "severity": "blocker", "data": {}}],
    )
    contact = Contact.objects.create(
        followup=followup,
        customer=followup.customer,
        channel="call",
        purpose="sell",
        address="1",
        state="unknown",
        by=agent,
        started_at=NOW - timedelta(hours=1),
    )
    assert contact in client.get(reverse("floor-attention")).context["unknown"]
    url = reverse("floor-settle", args=[contact.pk])
    assert client.post(url, {"code": "refused", "note": ""}).status_code == 422
    assert client.post(url, {"code": "refused", "note": "She remembers"}).status_code == 302
    followup.refresh_from_db()
    assert followup.state == "done"
    assert client.get(url).status_code == 404


def test_agents_do_not_watch_the_floor(client):
    client.force_login(make_user())
    for name in ("floor", "floor-stream", "floor-attention"):
        assert client.get(reverse(name)).status_code == 403
