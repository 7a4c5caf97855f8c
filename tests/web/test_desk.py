"""The desk without a browser: who sees what, what a POST does, what an error says."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from tests.factories import (
    make_campaign,
    make_customer,
    make_followup,
    make_queue,
    make_script_version,
    make_user,
)

from genjin.calling.models import (
    AgentPresence,
    BriefingPass,
    Campaign,
    DeskDraft,
    Introduction,
    ScriptVersion,
)
from genjin.calling.operations.agents import save_draft
from genjin.customers.models import CardAccess, ContactPoint, TimelineEntry
from genjin.followups.models import Contact, FollowUp, Interaction

pytestmark = pytest.mark.django_db
JSON = {"HTTP_ACCEPT": "application/json"}

SCRIPT = {
    "parts": [
        {
            "code": "opening",
            "kind": "opening",
            "title": "开场",
            "text": "您好，我是{agent.staff_number}号",
            "branches": [{"label": "没空", "target": "closing"}],
        },
        {"code": "closing", "kind": "closing", "title": "结束", "text": "谢谢"},
    ],
    "cards": [{"code": "dear", "label": "太贵", "replies": ["按天算只要一元"]}],
    "usp": {"text": "送货上门", "neutral": "送货上门"},
}


@pytest.fixture
def agent():
    return make_user(role="agent", language="en")


@pytest.fixture
def taken(agent, client):
    """A follow-up in the agent's hands, and the agent signed in."""
    version = make_script_version(content=SCRIPT)
    queue = make_queue(source_kind="campaign", source_id="desk")
    make_campaign(queue=queue, agents=(agent,), script=version.script, name="冬季项目")
    customer = make_customer(name="王小明", phone="+8613800138000")
    client.force_login(agent)
    return make_followup(
        customer=customer,
        queue=queue,
        state="taken",
        taken_by=agent,
        taken_at=timezone.now(),
        lease_until=timezone.now() + timedelta(minutes=15),
    )


def url(name, row):
    return reverse(f"desk-{name}", args=[row.pk])


def form(outcome="success", **values):
    return {"token": "t1", "outcome": outcome, "next_step": "寄样品", **values}


def test_the_screen_shows_the_customer_the_script_and_a_masked_number(client, taken, agent):
    page = client.get(url("followup", taken)).content.decode()
    assert "王小明" in page
    assert f"您好，我是{agent.staff_number}号" in page
    assert "按天算只要一元" in page
    assert "138****8000" in page
    assert "13800138000" not in page
    assert 'value="never_again"' in page


def test_a_stranger_to_the_follow_up_does_not_find_it(client, taken):
    client.force_login(make_user(role="agent"))
    for name in ("followup", "timeline"):
        assert client.get(url(name, taken)).status_code == 404
    for name in ("take", "dial", "hang-up", "draft", "lease", "record", "note", "release"):
        assert client.post(url(name, taken)).status_code == 404, name
    assert FollowUp.objects.get().state == "taken"


def test_dialling_shows_the_number_for_the_follow_up_in_hand_and_is_on_record(
    client, taken, monkeypatch
):
    point = ContactPoint.objects.get()
    noon = timezone.now().astimezone(timezone.get_default_timezone())
    days_to_monday = (7 - noon.weekday()) % 7
    noon = noon.replace(hour=10, minute=0) + timedelta(days=days_to_monday or 7)
    monkeypatch.setattr(timezone, "now", lambda: noon)
    client.force_login(taken.taken_by)  # the session, too, begins at that moment
    answer = client.post(url("dial", taken), {"point": point.pk}, **JSON)
    assert (answer.status_code, answer.json()["number"]) == (200, "+8613800138000")
    contact = Contact.objects.get()
    assert (contact.address, contact.state, contact.followup) == (
        "+8613800138000",
        "started",
        taken,
    )
    assert "+8613800138000" in client.get(url("followup", taken)).content.decode()
    assert AgentPresence.objects.get().state == "on_call"
    client.post(url("hang-up", taken))
    assert AgentPresence.objects.get().state == "wrap_up"


def test_an_unassigned_number_is_refused_with_a_sentence_and_never_shown(client, taken):
    ContactPoint.objects.update(value="+8615400000001", status="unassigned")
    answer = client.post(url("dial", taken), {"point": ContactPoint.objects.get().pk}, **JSON)
    assert answer.status_code == 409
    assert len(answer.json()["message"]) > 20
    assert "number_not_in_order" not in answer.json()["message"]
    assert "15400000001" not in answer.content.decode()
    assert not Contact.objects.exists()


def test_the_form_records_without_a_script_of_the_page(client, taken):
    answer = client.post(url("record", taken), form(note="好", talk="2:05"))
    assert answer.status_code == 302
    interaction = Interaction.objects.get()
    assert (interaction.outcome, interaction.note, interaction.talk_seconds) == (
        "success",
        "好",
        125,
    )
    assert FollowUp.objects.get().state == "done"


@pytest.mark.parametrize("which", ["own", "other", "impossible"])
def test_only_a_version_of_the_campaign_s_script_is_recorded_as_read(client, taken, which):
    own = ScriptVersion.objects.get()
    named = {"own": own.pk, "other": make_script_version().pk, "impossible": 2**40}[which]
    client.post(url("record", taken), form(script_version=named))
    assert Interaction.objects.get().script_version == (own.pk if which == "own" else None)


def test_sent_twice_it_is_recorded_once(client, taken):
    for _ in range(2):
        assert client.post(url("record", taken), form()).status_code == 302
    assert Interaction.objects.count() == 1


def test_an_error_stands_beside_its_field_and_what_was_typed_stays(client, taken):
    answer = client.post(
        url("record", taken), form("callback", callback_at="someday", note="记住我")
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "This cannot be read. Examples" in page
    assert "记住我" in page
    assert not Interaction.objects.exists()


def test_the_pages_script_gets_the_same_errors_by_field(client, taken):
    answer = client.post(url("record", taken), {"outcome": "success", "token": "x"}, **JSON)
    assert answer.status_code == 422
    assert answer.json()["errors"] == {"next_step": ["Say what comes next, or why nothing does."]}


def test_a_follow_up_that_somebody_else_has_now_can_be_kept_as_a_note(client, taken, agent):
    save_draft(
        taken, agent, {"fields": {"note": "要黑色"}, "writer": "a", "serial": 1}, 0, timezone.now()
    )
    FollowUp.objects.update(taken_by=make_user())
    assert client.post(url("lease", taken), **JSON).status_code == 409
    answer = client.post(url("record", taken), form(), **JSON)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_in_hand")
    page = client.get(url("followup", taken)).content.decode()
    assert "要黑色" in page
    assert client.post(url("note", taken), {"text": "要黑色"}).status_code == 302
    assert TimelineEntry.objects.get(kind="memory").data == {"text": "要黑色"}
    assert not DeskDraft.objects.exists()


def save(client, row, text, revision, writer="a", serial=1):
    content = {
        "fields": {"note": text, "token": "never"},
        "revision": revision,
        "writer": writer,
        "serial": serial,
    }
    return client.post(url("draft", row), json.dumps(content), content_type="application/json")


def test_a_draft_is_kept_and_an_older_window_is_shown_what_stands_there(client, taken):
    assert save(client, taken, "一", 0).json() == {"revision": 1}
    assert save(client, taken, "二", 1, serial=2).json() == {"revision": 2}
    answer = save(client, taken, "旧窗口", 1, writer="b")
    assert answer.status_code == 409
    told = answer.json()
    assert (told["code"], told["revision"], told["fields"]) == (
        "draft_is_newer",
        2,
        {"note": "二"},
    )
    assert DeskDraft.objects.get().content["fields"] == {"note": "二"}


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"fields": 3, "writer": "", "serial": 1}'])
def test_a_draft_that_cannot_be_read_is_refused(client, taken, body):
    answer = client.post(url("draft", taken), body, content_type="application/json")
    assert answer.status_code == 400


def test_a_break_needs_a_reason_and_keeps_it(client, agent):
    client.force_login(agent)
    client.post(reverse("desk-state"), {"state": "break", "reason": ""})
    assert not AgentPresence.objects.exclude(state="off").exists()
    client.post(reverse("desk-state"), {"state": "break", "reason": "Lunch"})
    assert AgentPresence.objects.get().reason == "Lunch"
    client.post(reverse("desk-state"), {"state": "on_call"})
    assert AgentPresence.objects.get().state == "break"


def test_a_campaign_opens_when_its_briefing_is_read_and_answered(client, agent):
    client.force_login(agent)
    questions = [
        {"question": "保修几年？", "answers": ["一年", "三年"], "right": 1, "why": "见第二段"},
        {"question": "可否上门？", "answers": ["可以", "不可以"], "right": 0},
    ]
    campaign = make_campaign(
        agents=(agent,), briefing="先读", briefing_questions=questions, name="新项目"
    )
    assert "Read the briefing" in client.get(reverse("desk")).content.decode()
    page = reverse("desk-briefing", args=[campaign.pk])
    answer = client.post(page, {"question0": "0", "question1": "0"})
    assert answer.status_code == 422
    assert "见第二段" in answer.content.decode()
    assert not BriefingPass.objects.exists()
    assert client.post(page, {"question0": "1", "question1": "0"}).status_code == 302
    assert BriefingPass.objects.get().user == agent


def test_nobody_to_call_says_so_and_what_to_do(client, agent):
    client.force_login(agent)
    answer = client.post(reverse("desk-next"), follow=True)
    page = answer.content.decode()
    assert "Nobody to call at this moment" in page
    assert "Ask your supervisor" in page


def test_own_cards_that_lack_something_are_offered_when_the_queue_is_dry(client, agent):
    client.force_login(agent)
    make_customer(name="缺地区", custodian=agent, phone="+8613700137000")
    page = client.get(reverse("desk") + "?dry=1").content.decode()
    assert "缺地区" in page
    assert "no region" in page


def _asked(queries):
    """The queries of a page; settings are read again each second, whatever the page."""
    seen = [query["sql"] for query in queries.captured_queries]
    return len([sql for sql in seen if "policysetting" not in sql])


def test_the_screen_costs_as_many_queries_with_a_long_history_as_with_a_short_one(client, taken):
    client.get(url("followup", taken))
    with CaptureQueriesContext(connection) as short:
        client.get(url("followup", taken))
    TimelineEntry.objects.bulk_create(
        TimelineEntry(customer=taken.customer, at=timezone.now(), kind="memory", code="note")
        for _ in range(300)
    )
    with CaptureQueriesContext(connection) as long:
        client.get(url("followup", taken))
    assert _asked(long) == _asked(short)
    assert client.get(url("timeline", taken)).status_code == 200


def test_who_opened_a_card_at_the_desk_is_on_record_once(client, taken, agent):
    for _ in range(3):
        client.get(url("followup", taken))
    look = CardAccess.objects.get()
    assert (look.customer_id, look.by, look.detail) == (
        taken.customer_id, agent, {"place": "desk"},
    )  # fmt: skip
    stranger = make_user(role="agent")
    client.force_login(stranger)
    assert client.get(url("followup", taken)).status_code == 404
    assert CardAccess.objects.count() == 1


def test_a_customer_who_rings_back_opens_the_follow_up_of_the_message(client, taken, agent):
    left = form("message_left", message_text="一切正常，不必回电", message_number="010-65529988")
    client.post(url("record", taken), left)
    assert FollowUp.objects.get().state == "done"
    colleague = make_user(role="agent", language="en")
    client.force_login(colleague)
    for number in ("138 0013 8000", "01065529988"):
        page = client.get(reverse("desk-answer"), {"q": number}).content.decode()
        assert "王小明" in page
        assert "一切正常，不必回电" in page
    assert client.post(url("called-back", taken), follow=True).status_code == 200
    page = client.get(url("followup", taken)).content.decode()
    assert "The customer called us back" in page
    assert 'data-started="' in page
    assert AgentPresence.objects.get(user=colleague).state == "on_call"
    client.post(url("record", taken), form("success", token="t2", talk="2:10"))
    newest = Interaction.objects.order_by("-at").first()
    assert (newest.is_inbound, newest.talk_seconds, newest.by) == (True, 130, colleague)
    assert not Contact.objects.filter(by=colleague).exists()


def test_a_follow_up_without_a_message_is_not_opened_by_a_call_back(client, taken):
    client.force_login(make_user(role="agent"))
    assert client.post(url("called-back", taken)).status_code == 404


def test_the_agents_own_introduction_is_kept_with_the_call(client, taken, agent):
    script = taken.queue.campaign.script
    own = Introduction.objects.create(script=script, agent=agent, text="我是小李", state="approved")
    page = client.get(url("followup", taken)).content.decode()
    assert f'name="introduction" value="{own.pk}"' in page
    client.post(url("record", taken), form(introduction=str(own.pk)))
    assert Interaction.objects.get().detail["introduction"] == str(own.pk)


def test_an_introduction_of_somebody_else_is_not_kept(client, taken):
    script = taken.queue.campaign.script
    other = Introduction.objects.create(script=script, agent=make_user(), text="x",
                                        state="approved")  # fmt: skip
    client.post(url("record", taken), form(introduction=str(other.pk)))
    assert "introduction" not in Interaction.objects.get().detail


def test_the_briefing_shows_the_sheet_and_the_terms_that_may_be_offered(client, agent):
    client.force_login(agent)
    campaign = make_campaign(agents=(agent,), briefing="先读", sheet={"price": "一年一千二"},
                             payment_terms=["货到付款"])  # fmt: skip
    page = client.get(reverse("desk-briefing", args=[campaign.pk])).content.decode()
    assert "一年一千二" in page
    assert "货到付款" in page


def test_the_desk_says_which_payment_terms_may_be_offered(client, taken):
    Campaign.objects.update(payment_terms=["分三期"])
    assert "分三期" in client.get(url("followup", taken)).content.decode()


def test_a_campaign_that_asks_for_a_skill_says_so_to_who_lacks_it(client, agent):
    client.force_login(agent)
    campaign = make_campaign(agents=(agent,), queue=make_queue(skills=["loans"]), name="贷款")
    BriefingPass.objects.create(campaign=campaign, user=agent, version=1)
    page = client.get(reverse("desk") + "?dry=1").content.decode()
    assert "“贷款” asks for skills that you are not known for: loans." in page


def test_going_on_after_a_break_makes_the_agent_ready_with_the_customer_in_hand(
    client, agent, taken
):
    client.post(reverse("desk-state"), {"state": "break", "reason": "午餐"})
    answer = client.post(reverse("desk-next"))
    assert answer["Location"] == url("followup", taken)
    presence = AgentPresence.objects.get()
    assert (presence.state, presence.followup, presence.reason) == ("ready", taken, "")


def test_going_on_with_a_call_under_way_leaves_its_state(client, agent, taken):
    client.post(url("hang-up", taken))
    client.post(reverse("desk-next"))
    assert AgentPresence.objects.get().state == "wrap_up"
