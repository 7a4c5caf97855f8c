"""Campaigns as rows: made, changed, staffed, briefed (CA1)."""

from datetime import timedelta

import pytest

from genjin.calling import queries
from genjin.calling.models import Campaign
from genjin.calling.operations import campaigns as operations
from genjin.foundation.models import AuditEntry
from genjin.kernel.errors import BadInput, Conflict
from tests.factories import NOW, make_campaign, make_team, make_user

pytestmark = pytest.mark.django_db
QUESTION = {"question": "价格?", "answers": ["30", "60"], "right": 0}


def codes(error, field):
    return [reason.code for reason in error.problems[field]]


def create(**values):
    by = values.pop("by", None) or make_user(role="supervisor")
    return operations.create_campaign(
        **{"name": "彩铃预缴", "kind": "selling", "by": by, "now": NOW, **values}
    )


def test_a_new_campaign_is_a_draft_with_a_closed_queue_of_its_own():
    team = make_team()
    campaign = create(team=team, weekly="mon-fri 09:00-17:30")
    queue = campaign.queue
    assert campaign.state == "draft"
    assert (queue.source_kind, queue.source_id) == ("campaign", str(campaign.pk))
    assert (queue.purpose, queue.team, queue.weekly) == ("sell", team, "mon-fri 09:00-17:30")
    assert not queue.is_open
    assert AuditEntry.objects.filter(action="create", object_id=str(campaign.pk)).count() == 1


def test_two_campaigns_do_not_share_a_name():
    create()
    with pytest.raises(BadInput) as caught:
        create()
    assert codes(caught.value, "name") == ["name_taken"]
    assert Campaign.objects.count() == 1


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(BadInput) as caught:
        create(
            name=" ",
            weekly="whenever",
            starts_on=NOW.date(),
            ends_on=NOW.date() - timedelta(days=1),
            goals={"day": -1},
            briefing_questions=[{"question": "?", "answers": ["one"], "right": 0}],
            retry_plan={"busy": {"delay_minutes": 0, "tries": 3}},
        )
    assert {field: codes(caught.value, field) for field in caught.value.problems} == {
        "name": ["required"],
        "weekly": ["hours_not_understood"],
        "ends_on": ["ends_before_start"],
        "goals": ["goal_not_understood"],
        "briefing_questions": ["question_incomplete"],
        "retry_plan": ["retry_out_of_bounds"],
    }


def test_the_queue_follows_what_the_campaign_says():
    campaign, team = create(), make_team()
    operations.change_campaign(
        campaign, {"kind": "survey", "team": team, "weekly": "mon 09:00-12:00"}, by=None, now=NOW
    )
    campaign.queue.refresh_from_db()
    assert (campaign.queue.purpose, campaign.queue.team) == ("survey", team)
    assert campaign.queue.weekly == "mon 09:00-12:00"


def test_a_changed_briefing_is_read_again():
    agent = make_user()
    campaign = create(briefing="甲", briefing_questions=[QUESTION])
    operations.set_agents(campaign, [agent], by=None, now=NOW, today=NOW.date())
    Campaign.objects.update(state="running")
    campaign.refresh_from_db()
    operations.pass_briefing(campaign, answers=[0], by=agent, now=NOW)
    assert queries.campaigns_of(agent, NOW.date()) == [campaign]
    operations.change_campaign(campaign, {"briefing": "乙"}, by=None, now=NOW)
    assert queries.campaigns_of(agent, NOW.date()) == []
    assert queries.needs_briefing(agent, NOW.date()) == [campaign]


def test_an_unchanged_briefing_keeps_its_proofs():
    campaign = create(briefing="甲", briefing_questions=[QUESTION])
    operations.change_campaign(campaign, {"briefing": "甲", "goals": {"day": 3}}, by=None, now=NOW)
    campaign.refresh_from_db()
    assert campaign.briefing_version == 1


def test_a_wrong_answer_is_no_proof():
    agent = make_user()
    campaign = create(briefing="甲", briefing_questions=[QUESTION, QUESTION])
    with pytest.raises(operations.WrongAnswersError) as caught:
        operations.pass_briefing(campaign, answers=[0, 1], by=agent, now=NOW)
    assert caught.value.data == {"wrong": [1]}
    assert campaign.passes.count() == 0


def test_what_the_queue_was_filled_with_stands():
    campaign = create()
    Campaign.objects.update(filled_at=NOW)
    with pytest.raises(Conflict) as caught:
        operations.change_campaign(campaign, {"selection": "live"}, by=None, now=NOW)
    assert caught.value.code == "already_filled"
    assert caught.value.data == {"fields": ["selection"]}


def test_a_campaign_that_is_over_is_not_changed():
    campaign = make_campaign(state="review")
    with pytest.raises(Conflict) as caught:
        operations.change_campaign(campaign, {"briefing": "新"}, by=None, now=NOW)
    assert caught.value.code == "campaign_over"


def test_agents_rotate_out_after_the_campaigns_days():
    agent = make_user()
    campaign = create(rotation_days=60, briefing="甲", briefing_questions=[QUESTION])
    operations.set_agents(campaign, [agent], by=None, now=NOW, today=NOW.date())
    Campaign.objects.update(state="running")
    campaign.refresh_from_db()
    operations.pass_briefing(campaign, answers=[0], by=agent, now=NOW)
    last = NOW.date() + timedelta(days=59)
    assert queries.campaigns_of(agent, last) == [campaign]
    assert queries.campaigns_of(agent, last + timedelta(days=1)) == []


def test_who_leaves_a_campaign_stays_on_record_and_comes_back_for_a_new_term():
    first, second = make_user(), make_user()
    campaign = create()
    operations.set_agents(campaign, [first, second], by=None, now=NOW, today=NOW.date())
    changed = operations.set_agents(campaign, [second], by=None, now=NOW, today=NOW.date())
    assert changed == {"added": [], "removed": [str(first)]}
    assert campaign.agents.filter(is_active=True).count() == 1
    later = NOW.date() + timedelta(days=30)
    operations.set_agents(campaign, [first, second], by=None, now=NOW, today=later)
    assert campaign.agents.count() == 2
    assert campaign.agents.get(user=first).rotates_on == later + timedelta(days=60)
    assert campaign.agents.get(user=second).rotates_on == NOW.date() + timedelta(days=60)


def test_a_rotation_is_extended_only_with_a_reason_and_to_a_later_day():
    agent, supervisor = make_user(), make_user(role="supervisor")
    campaign = make_campaign(agents=(agent,))
    day = campaign.agents.get().rotates_on
    with pytest.raises(BadInput) as caught:
        operations.extend_rotation(campaign, agent, until=day, reason=" ", by=supervisor, now=NOW)
    assert set(caught.value.problems) == {"until", "reason"}
    until = day + timedelta(days=14)
    operations.extend_rotation(
        campaign, agent, until=until, reason="Only one who speaks Cantonese", by=supervisor, now=NOW
    )
    assert campaign.agents.get().rotates_on == until
    entry = AuditEntry.objects.get(action="rotation")
    assert entry.changes["rotates_on"] == [str(day), str(until)]
    assert entry.reason == "Only one who speaks Cantonese"


def test_a_supervisor_sees_the_campaigns_of_the_team_and_a_manager_all():
    team, other = make_team(), make_team()
    ours, theirs = make_campaign(team=team), make_campaign(team=other)
    supervisor, manager = make_user(role="supervisor", team=team), make_user(role="manager")
    assert set(queries.visible_to(supervisor)) == {ours}
    assert set(queries.visible_to(manager)) == {ours, theirs}
    assert set(queries.visible_to(make_user(team=team))) == set()


def test_expected_rates_are_the_shipped_ones_until_there_are_calls():
    rates = queries.expected_rates(make_campaign(kind="survey"), NOW)
    assert (rates.source, rates.reached, rates.success) == ("shipped", 0.40, 0.45)


def test_skills_are_asked_of_its_agents_and_a_change_of_them_is_on_record():
    campaign = create(skills=["loans"])
    assert campaign.queue.skills == ["loans"]
    by = make_user(role="supervisor")
    changes = operations.change_campaign(campaign, {"skills": ["cars"]}, by=by, now=NOW)
    assert changes == {"skills": [["loans"], ["cars"]]}
    assert Campaign.objects.get().queue.skills == ["cars"]
    assert AuditEntry.objects.filter(by=by, changes=changes).count() == 1
