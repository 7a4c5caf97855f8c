"""States of agents and the drafts of the desk."""

from datetime import timedelta

import pytest

from genjin.calling.models import AgentStateChange, DeskDraft
from genjin.calling.operations.agents import discard_draft, save_draft, set_agent_state, touch
from genjin.foundation.models import AuditEntry
from genjin.kernel.errors import BadInput, LostRace
from tests.factories import NOW, make_followup, make_user

pytestmark = pytest.mark.django_db


def content(text: str, *, writer: str = "a", serial: int = 1) -> dict:
    return {"fields": {"note": text}, "writer": writer, "serial": serial}


def test_leaving_a_state_keeps_how_long_it_lasted():
    agent = make_user()
    set_agent_state(agent, "ready", now=NOW)
    presence = set_agent_state(agent, "busy", now=NOW + timedelta(minutes=7), reason="回邮件")
    assert (presence.state, presence.since, presence.reason) == (
        "busy",
        NOW + timedelta(minutes=7),
        "回邮件",
    )
    spans = AgentStateChange.objects.filter(user=agent).order_by("started_at", "ended_at")
    assert [(s.state, s.ended_at - s.started_at) for s in spans] == [
        ("off", timedelta(0)),
        ("ready", timedelta(minutes=7)),
    ]
    assert not AuditEntry.objects.filter(object_kind="agentpresence").exists()


def test_the_same_state_again_corrects_the_reason_and_starts_no_new_span():
    agent = make_user()
    set_agent_state(agent, "break", now=NOW, reason="午饭")
    presence = set_agent_state(agent, "break", now=NOW + timedelta(minutes=3), reason="喝水")
    assert (presence.reason, presence.since) == ("喝水", NOW)
    assert AgentStateChange.objects.filter(user=agent).count() == 1


@pytest.mark.parametrize(
    ("state", "reason", "field"),
    [("break", "  ", "reason"), ("ready", "x" * 81, "reason"), ("asleep", "", "state")],
)
def test_a_state_that_cannot_be_is_refused_at_its_field(state, reason, field):
    agent = make_user()
    with pytest.raises(BadInput) as caught:
        set_agent_state(agent, state, now=NOW, reason=reason)
    assert list(caught.value.problems) == [field]
    assert not AgentStateChange.objects.exists()


def test_touch_tells_a_shift_that_has_begun_from_one_that_has_not():
    agent = make_user()
    assert touch(agent, NOW) is False
    set_agent_state(agent, "ready", now=NOW)
    assert touch(agent, NOW + timedelta(seconds=30)) is True
    agent.presence.refresh_from_db()
    assert agent.presence.seen_at == NOW + timedelta(seconds=30)


def test_each_save_of_a_draft_raises_its_revision():
    agent = make_user()
    followup = make_followup(state="taken", taken_by=agent)
    assert save_draft(followup, agent, content("一"), 0, NOW) == 1
    assert save_draft(followup, agent, content("一二", serial=2), 1, NOW) == 2
    assert DeskDraft.objects.get(followup=followup).content["fields"] == {"note": "一二"}


def test_a_second_page_with_an_older_revision_overwrites_nothing():
    agent = make_user()
    followup = make_followup(state="taken", taken_by=agent)
    save_draft(followup, agent, content("第一页"), 0, NOW)
    save_draft(followup, agent, content("第一页又写", serial=2), 1, NOW)
    with pytest.raises(LostRace) as caught:
        save_draft(followup, agent, content("第二页", writer="b"), 1, NOW)
    assert (caught.value.code, caught.value.data) == ("draft_is_newer", {"revision": 2})
    assert DeskDraft.objects.get(followup=followup).content["fields"] == {"note": "第一页又写"}


def test_a_page_that_never_saw_the_answer_to_its_own_save_may_go_on():
    agent = make_user()
    followup = make_followup(state="taken", taken_by=agent)
    save_draft(followup, agent, content("一", serial=1), 0, NOW)
    assert save_draft(followup, agent, content("一二", serial=2), 0, NOW) == 2


def test_a_save_that_arrives_late_does_not_undo_the_one_that_overtook_it():
    agent = make_user()
    followup = make_followup(state="taken", taken_by=agent)
    save_draft(followup, agent, content("新", serial=5), 0, NOW)
    assert save_draft(followup, agent, content("旧", serial=4), 0, NOW) == 1
    assert DeskDraft.objects.get(followup=followup).content["fields"] == {"note": "新"}


def test_a_page_left_open_does_not_bring_back_a_draft_that_was_recorded():
    agent = make_user()
    followup = make_followup(state="taken", taken_by=agent)
    save_draft(followup, agent, content("一"), 0, NOW)
    assert discard_draft(followup, agent) is True
    with pytest.raises(LostRace, match="draft_is_gone"):
        save_draft(followup, agent, content("二", writer="b"), 1, NOW)
    assert not DeskDraft.objects.exists()


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {"fields": ["note"]},
        {"fields": {"note": 3}},
        {"fields": {"note": "x" * 20_001}},
        {"fields": {"note": "a\x00b"}},
        {"fields": {str(n): "" for n in range(61)}},
    ],
)
def test_a_draft_that_is_not_a_form_is_refused(bad):
    with pytest.raises(BadInput):
        save_draft(make_followup(), make_user(), bad, 0, NOW)
    assert not DeskDraft.objects.exists()


def test_a_save_that_arrives_after_the_recording_puts_nothing_back():
    followup = make_followup(state="done")
    with pytest.raises(LostRace, match="draft_is_gone"):
        save_draft(followup, make_user(), content("晚到"), 0, NOW)
    assert not DeskDraft.objects.exists()
