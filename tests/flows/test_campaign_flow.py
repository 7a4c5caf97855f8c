"""A campaign from briefing to close: its queue fills once, opens and closes with it (CA1)."""

from datetime import timedelta

import pytest

from genjin.calling.models import BriefingPass, Campaign
from genjin.calling.operations import campaigns as operations
from genjin.customers.models import Customer, Segment
from genjin.flows import campaigns as flow
from genjin.flows import jobs, supervision
from genjin.followups.claims import NEVER_BY_ITSELF
from genjin.followups.models import Contact, FollowUp, Interaction
from genjin.followups.operations import begin_contact, record_refusal, take_next
from genjin.foundation.models import LongTask
from genjin.kernel.errors import BadInput, Conflict
from tests.factories import (
    NOW,
    make_campaign,
    make_customer,
    make_followup,
    make_script_version,
    make_user,
)

pytestmark = pytest.mark.django_db
QUESTION = {"question": "价格?", "answers": ["30", "60"], "right": 0}
EVERYONE = {"all": [], "none": []}
HOURS = "mon-fri 09:00-11:30 13:30-17:30"


def work_of(job):
    """What a job does, without the connection of its own that the worker gives it."""
    return job.func.__wrapped__


def ready_campaign(*, state="briefing", briefed=True, **fields):
    """A campaign that lacks nothing for its pilot."""
    manager, agent = make_user(role="manager"), make_user()
    values = {
        "segment": Segment.objects.create(name=f"全部{Segment.objects.count()}", criteria=EVERYONE),
        "script": make_script_version().script,
        "weekly": HOURS,
        "briefing": "先读",
        "briefing_questions": [QUESTION],
        "goals": {"day": 3},
        "created_by": manager,
        **fields,
    }
    campaign = make_campaign(state=state, agents=(agent,), **values)
    campaign.queue.is_open = False
    campaign.queue.save(update_fields=["is_open"])
    if briefed:
        BriefingPass.objects.create(campaign=campaign, user=agent, version=1)
    return campaign, manager, agent


def make_customers(count):
    return [make_customer(name=f"客户{n}", phone=f"+86138000{n:05d}") for n in range(count)]


def test_a_step_that_lacks_something_changes_nothing_and_says_what():
    campaign, manager, _ = ready_campaign(briefed=False)
    with pytest.raises(flow.NotReadyError) as caught:
        flow.start_pilot(campaign, by=manager, now=NOW)
    assert [reason.code for reason in caught.value.reasons] == ["nobody_briefed"]
    campaign.refresh_from_db()
    assert (campaign.state, campaign.queue.is_open) == ("briefing", False)


def test_the_pilot_opens_the_queue_and_fills_it():
    make_customers(3)
    campaign, manager, _ = ready_campaign()
    task = jobs.start(campaign, "pilot", by=manager, now=NOW)
    campaign.refresh_from_db()
    assert (campaign.state, campaign.pilot_since) == ("pilot", NOW.date())
    assert campaign.queue.is_open
    work_of(jobs.fill)(campaign_id=campaign.pk, task_id=str(task.pk), by_id=manager.pk)
    task.refresh_from_db()
    assert task.state == LongTask.State.DONE
    assert (task.result["planned"], task.done_count, task.total_count) == (3, 3, 3)
    assert FollowUp.objects.filter(queue=campaign.queue).count() == 3


def test_filling_twice_plans_each_customer_once():
    make_customers(4)
    campaign, manager, _ = ready_campaign(state="pilot")
    first = flow.fill_queue(campaign, by=manager, now=NOW)
    again = flow.fill_queue(campaign, by=manager, now=NOW)
    assert (first.planned, again.planned) == (4, 0)
    assert FollowUp.objects.filter(queue=campaign.queue).count() == 4


def test_a_filling_that_was_killed_in_the_middle_goes_on_where_it_stopped():
    make_customers(5)
    campaign, manager, _ = ready_campaign(state="pilot")

    class Killed(Exception):
        pass

    def die(done, total):
        raise Killed

    flow.freeze(campaign, NOW)
    half = Customer.objects.filter(name__in=["客户0", "客户1"])
    flow.plan_for_customers(
        half,
        queue=campaign.queue,
        cause_prefix=f"campaign:{campaign.pk}",
        by=manager,
        now=NOW,
    )
    with pytest.raises(Killed):
        flow.fill_queue(campaign, by=manager, now=NOW, on_progress=die)
    flow.fill_queue(campaign, by=manager, now=NOW)
    customers = FollowUp.objects.filter(queue=campaign.queue).values_list("customer", flat=True)
    assert len(customers) == len(set(customers)) == 5


def test_a_frozen_campaign_keeps_its_list_and_a_live_one_grows():
    make_customers(2)
    frozen, manager, _ = ready_campaign(state="pilot")
    live, _, _ = ready_campaign(state="pilot", selection="live")
    for campaign in (frozen, live):
        flow.fill_queue(campaign, by=manager, now=NOW)
    newcomer = make_customer(name="新客户", phone="+8613911112222")
    found = flow.refill_live(NOW + timedelta(minutes=5))
    assert found == {live.name: 1}
    flow.fill_queue(frozen, by=manager, now=NOW)
    queues = FollowUp.objects.filter(customer=newcomer).values_list("queue", flat=True)
    assert list(queues) == [live.queue_id]


def test_the_stated_order_is_the_order_of_the_queue():
    first, second, third = make_customers(3)
    for days, customer in ((3, second), (9, third)):
        Customer.objects.filter(pk=customer.pk).update(last_contact_at=NOW - timedelta(days=days))
    campaign, manager, _ = ready_campaign(state="pilot", order="oldest")
    flow.fill_queue(campaign, by=manager, now=NOW)
    rows = FollowUp.objects.filter(queue=campaign.queue).order_by("rank")
    assert [row.customer for row in rows] == [first, third, second]


def test_stopping_hands_out_nothing_more_while_the_call_in_hand_goes_on():
    make_customers(2)
    campaign, manager, agent = ready_campaign(state="pilot")
    flow.fill_queue(campaign, by=manager, now=NOW)
    campaign.queue.is_open = True
    campaign.queue.save(update_fields=["is_open"])
    taken = take_next(agent, queues=[campaign.queue], now=NOW)
    assert taken is not None
    flow.pause(campaign, by=manager, now=NOW, reason="price changes")
    campaign.queue.refresh_from_db()
    assert take_next(make_user(), queues=[campaign.queue], now=NOW) is None
    point = taken.followup.customer.points.get()
    contact = begin_contact(taken.followup, point=point, by=agent, now=NOW)
    assert contact.state == "started"


def test_running_before_the_pilot_week_is_over_needs_a_reason():
    campaign, manager, _ = ready_campaign(state="pilot", pilot_since=NOW.date())
    with pytest.raises(flow.NotReadyError):
        flow.run(campaign, by=manager, now=NOW)
    flow.run(campaign, by=manager, now=NOW, reason="script stands")
    assert campaign.state == "running"


def test_closing_ends_what_still_waits():
    make_customers(2)
    campaign, manager, _ = ready_campaign(state="review")
    flow.fill_queue(campaign, by=manager, now=NOW)
    flow.close(campaign, by=manager, now=NOW)
    work_of(jobs.clear)(campaign_id=campaign.pk, by_id=manager.pk)
    states = FollowUp.objects.filter(queue=campaign.queue).values_list("state", flat=True)
    assert set(states) == {"cancelled"}


def test_the_forecast_says_whom_it_reaches_whom_not_and_why_and_writes_nothing():
    customers = make_customers(4)
    manager = make_user(role="manager")
    record_refusal(customers[0], by=manager, now=NOW, source="test", purpose="sell")
    campaign, _, _ = ready_campaign(closings_wanted=6)
    found = flow.forecast_campaign(campaign, NOW)
    assert (found.gate.total, found.gate.allowed) == (4, 3)
    assert found.gate.held_back == {"consent_refused": 1}
    assert found.hours == pytest.approx(3 * 2.2 * found.seconds_per_call / 3600)
    assert (found.agents, found.hours_per_day, found.days) == (1, 6.5, 1)
    assert found.need.contacts == 100  # 6 closings at 6 %
    assert FollowUp.objects.count() == 0


def test_a_campaign_without_a_segment_reaches_nobody():
    make_customers(1)
    assert flow.chosen_customers(make_campaign(segment=None)).count() == 0


def unknown_call(campaign, agent):
    """A call that was begun and whose outcome nobody recorded."""
    followup = make_followup(
        queue=campaign.queue, state="planned", tries=1, not_before=NEVER_BY_ITSELF
    )
    followup.withheld = [{"code": "outcome_unknown", "severity": "blocker", "data": {}}]
    followup.save(update_fields=["withheld"])
    contact = Contact.objects.create(
        followup=followup,
        customer=followup.customer,
        channel="call",
        purpose="sell",
        address="+8613800138000",
        state="unknown",
        by=agent,
        started_at=NOW - timedelta(hours=1),
    )
    return contact, followup


def test_a_supervisor_says_what_became_of_a_call_without_an_outcome():
    campaign, manager, agent = ready_campaign(state="running")
    campaign.queue.is_open = True
    campaign.queue.save(update_fields=["is_open"])
    contact, followup = unknown_call(campaign, agent)
    supervision.settle_unknown(contact, code="refused", note="She remembers", by=manager, now=NOW)
    contact.refresh_from_db()
    followup.refresh_from_db()
    assert (contact.state, followup.state) == ("closed", "done")
    assert Interaction.objects.get().outcome == "refused"
    with pytest.raises(Conflict):
        supervision.settle_unknown(contact, code="refused", note="again", by=manager, now=NOW)


def test_settling_needs_an_outcome_of_the_purpose_and_a_word_of_how_it_is_known():
    campaign, manager, agent = ready_campaign(state="running")
    contact, _ = unknown_call(campaign, agent)
    for code, note in (("nonsense", "note"), ("refused", " ")):
        with pytest.raises(BadInput):
            supervision.settle_unknown(contact, code=code, note=note, by=manager, now=NOW)
    assert Interaction.objects.count() == 0


def test_a_call_of_a_campaign_stopped_meanwhile_is_settled_all_the_same():
    campaign, manager, agent = ready_campaign(state="paused")
    contact, followup = unknown_call(campaign, agent)
    supervision.settle_unknown(contact, code="refused", note="Recording", by=manager, now=NOW)
    followup.refresh_from_db()
    assert followup.state == "cancelled"


def test_a_pause_and_a_change_of_agents_leave_the_campaign_whole():
    campaign, manager, _ = ready_campaign(state="running")
    flow.pause(campaign, by=manager, now=NOW)
    operations.set_agents(campaign, [], by=manager, now=NOW, today=NOW.date())
    with pytest.raises(flow.NotReadyError) as caught:
        flow.move(campaign, "running", by=manager, now=NOW, reason="go on")
    assert [reason.code for reason in caught.value.reasons] == ["no_agents"]
    assert Campaign.objects.get().state == "paused"
