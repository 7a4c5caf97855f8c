"""The queue's operations on a real database: what each leaves behind, and what it refuses."""

from datetime import timedelta

import pytest

from genjin.customers.models import ContactHours, Customer, TimelineEntry
from genjin.followups import gate, jobs, profiles, queries
from genjin.followups.claims import NEVER_BY_ITSELF, why
from genjin.followups.models import Commitment, Contact, FollowUp, Interaction
from genjin.followups.operations import (
    WithheldError,
    begin_contact,
    cancel,
    close_queue,
    close_unknown,
    correct_interaction,
    finish,
    keep_commitment,
    make_commitment,
    open_called_back,
    open_queue,
    place_hold,
    plan_followup,
    plan_for_customers,
    put_back,
    reassign,
    record_agreement,
    record_interaction,
    record_refusal,
    release,
    release_hold,
    renew_hold,
    renew_lease,
    take,
    take_next,
)
from genjin.foundation import policy
from genjin.foundation.jobs import run_tick
from genjin.foundation.models import AuditEntry
from genjin.kernel.errors import BadInput, Conflict, NotAllowed
from tests.factories import (
    NOW,
    make_customer,
    make_followup,
    make_point,
    make_queue,
    make_user,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent():
    return make_user()


@pytest.fixture
def queue():
    return make_queue()


def plan(customer, queue, *, key="", **values) -> FollowUp:
    return plan_followup(
        customer, queue=queue, purpose=queue.purpose, cause_key=key or f"t:{customer.pk}",
        by=None, now=values.pop("now", NOW), **values,
    )  # fmt: skip


def recorded(followup, by, *, now=NOW, contact=None, **values) -> Interaction:
    plain = {
        "outcome": "sold", "is_connected": True, "is_reached": True, "is_success": True,
        "talk_seconds": 90,
    }  # fmt: skip
    return record_interaction(
        customer=followup.customer, followup=followup, contact=contact, by=by, now=now,
        purpose=followup.purpose, **{**plain, **values},
    )  # fmt: skip


def test_planning_the_same_cause_twice_plans_once(queue):
    customer = make_customer()
    first, second = plan(customer, queue), plan(customer, queue)
    assert first == second
    assert (first.state, FollowUp.objects.count()) == ("ready", 1)


def test_planned_for_later_becomes_ready_at_its_time_and_is_taken(queue, agent):
    followup = plan(make_customer(), queue, not_before=NOW + timedelta(minutes=30))
    assert followup.state == "planned"
    assert take_next(agent, queues=[queue], now=NOW) is None
    later = NOW + timedelta(minutes=30)
    assert jobs.tick(later).promoted == 1
    assert take_next(agent, queues=[queue], now=later).followup == followup


def test_from_plan_to_done_leaves_contact_interaction_timeline_and_last_contact(queue, agent):
    customer = make_customer(phone="+8613912345678")
    plan(customer, queue)
    taken = take_next(agent, queues=[queue], now=NOW)
    contact = begin_contact(taken.followup, point=customer.points.get(), by=agent, now=NOW)
    interaction = recorded(taken.followup, agent, contact=contact)
    finish(taken.followup, outcome="sold", by=agent, now=NOW)
    contact.refresh_from_db()
    customer.refresh_from_db()
    followup = FollowUp.objects.get()
    assert (followup.state, followup.last_outcome, followup.tries) == ("done", "sold", 1)
    assert (contact.state, contact.is_conversation) == ("closed", True)
    assert interaction.decision["answer"] == "allowed"
    assert (interaction.local_day, interaction.local_hour) == (NOW.date(), 10)
    assert customer.last_contact_at == NOW
    assert TimelineEntry.objects.filter(kind="interaction").count() == 1


def test_own_callback_comes_before_commitment_and_campaign(queue, agent):
    calls = make_queue(band=10)
    plan(make_customer(), calls, key="campaign")
    make_commitment(make_customer(), text="寄样品", owner=agent, due_at=NOW + timedelta(minutes=5),
                    by=agent, now=NOW)  # fmt: skip
    plan(make_customer(), queue, key="callback", assigned_to=agent,
         asked_at=NOW + timedelta(minutes=10))  # fmt: skip
    later = NOW + timedelta(minutes=15)
    jobs.tick(later)
    why = [take_next(agent, queues=[calls, queue], now=later).why.code for _ in range(3)]
    assert why == ["own_callback", "commitment_due", "next_in_queue"]


def test_what_waits_for_somebody_else_is_not_handed_out(queue, agent):
    plan(make_customer(), queue, assigned_to=make_user())
    assert take_next(agent, queues=[queue], now=NOW) is None


def test_queues_come_by_band_and_inside_by_rank(agent):
    late, early = make_queue(band=60), make_queue(band=20)
    plan(make_customer(), late, key="a", rank=1)
    plan(make_customer(), early, key="b", rank=9)
    plan(make_customer(), early, key="c", rank=2)
    found = [take_next(agent, queues=[late, early], now=NOW).followup.cause_key for _ in "123"]
    assert found == ["c", "b", "a"]


def test_important_customers_come_first_in_the_morning_only(queue, agent):
    plan(make_customer(), queue, key="plain", rank=1)
    plan(make_customer(is_key=True), queue, key="key", rank=2)
    taken = take_next(agent, queues=[queue], now=NOW)
    assert (taken.followup.cause_key, taken.why.code) == ("key", "important_in_the_morning")
    release(taken.followup, by=agent, now=NOW)
    afternoon = NOW.replace(hour=15)
    assert take_next(agent, queues=[queue], now=afternoon).followup.cause_key == "plain"


def test_language_and_skills_of_the_agent_must_match(queue):
    plan(make_customer(language="yue"), queue, key="yue")
    plan(make_customer(), queue, key="skill", skills=["insurance"])
    plain, both = make_user(spoken=["cmn"]), make_user(spoken=["yue"], skills=["insurance", "x"])
    assert take_next(plain, queues=[queue], now=NOW) is None
    assert take_next(both, queues=[queue], now=NOW) is not None
    assert take_next(both, queues=[queue], now=NOW) is not None


@pytest.mark.parametrize(
    ("hour", "zone", "is_taken"),
    [(10, "", True), (12, "", False), (20, "", False), (10, "Europe/London", False),
     (17, "Europe/London", True), (16, "Asia/Tokyo", True), (17, "Asia/Tokyo", False)],
)  # fmt: skip
def test_hours_of_the_customers_zone_decide_what_is_handed_out(hour, zone, is_taken, agent, queue):
    plan(make_customer(time_zone=zone), queue)
    taken = take_next(agent, queues=[queue], now=NOW.replace(hour=hour))
    assert (taken is not None) == is_taken


def test_stated_hours_of_the_number_in_use_make_the_lane(queue, agent):
    evening = ContactHours.objects.create(weekly="mon-fri 19:00-20:30")
    customer = make_customer()
    make_point(customer=customer, stated_hours=evening)
    followup = plan(customer, queue)
    assert followup.lane.weekly == "mon-fri 19:00-20:30"
    assert take_next(agent, queues=[queue], now=NOW) is None
    assert take_next(agent, queues=[queue], now=NOW.replace(hour=19)).followup == followup


def test_closed_queue_hands_out_nothing_and_the_call_in_hand_is_finished(queue, agent):
    customer = make_customer(phone="+8613912345678")
    plan(customer, queue)
    plan(make_customer(), queue)
    taken = take_next(agent, queues=[queue], now=NOW)
    contact = begin_contact(taken.followup, point=customer.points.get(), by=agent, now=NOW)
    close_queue(queue, by=agent, now=NOW)
    assert take_next(agent, queues=[queue], now=NOW) is None
    recorded(taken.followup, agent, contact=contact)
    finish(taken.followup, outcome="sold", by=agent, now=NOW)
    open_queue(queue, by=agent, now=NOW)
    assert take_next(agent, queues=[queue], now=NOW) is not None


def test_withheld_at_the_take_moves_on_and_the_next_one_is_taken(queue, agent):
    blocked = make_followup(queue=queue, rank=1)
    Contact.objects.create(customer=blocked.customer, channel="call", purpose="sell", address="",
                           is_conversation=True, state="closed",
                           started_at=NOW - timedelta(days=2))  # fmt: skip
    free = make_followup(queue=queue, rank=2)
    assert take_next(agent, queues=[queue], now=NOW).followup == free
    blocked.refresh_from_db()
    assert (blocked.state, blocked.taken_by_id) == ("planned", None)
    # Five days on is a Saturday.
    assert blocked.not_before == NOW.replace(day=30, hour=9)
    assert blocked.withheld[0]["code"] == "cap_reached"


def test_hold_sends_waiting_rows_away_and_its_release_brings_them_back(queue, agent):
    customer = make_customer()
    followup = plan(customer, queue)
    hold = place_hold(customer, purposes=["sell"], reason="complaint", note="投诉处理中", days=10,
                      source=("complaint", "7"), by=agent, now=NOW)  # fmt: skip
    followup.refresh_from_db()
    assert (followup.state, followup.withheld[0]["code"]) == ("planned", "held")
    assert followup.not_before >= NOW + timedelta(days=10)
    release_hold(hold, by=agent, now=NOW + timedelta(days=1), reason="已解决")
    followup.refresh_from_db()
    assert (followup.state, followup.withheld) == ("ready", [])


def test_hold_on_selling_leaves_service_alone(agent):
    customer, service = make_customer(), make_queue(purpose="service")
    followup = plan(customer, service)
    place_hold(customer, purposes=["sell", "collect"], reason="complaint", note="x", days=3,
               source=("complaint", "7"), by=agent, now=NOW)  # fmt: skip
    followup.refresh_from_db()
    assert followup.state == "ready"


def test_hold_lasts_thirty_days_at_most():
    with pytest.raises(BadInput):
        place_hold(make_customer(), purposes=["sell"], reason="other", note="x", days=31,
                   source=("person", "1"), by=make_user(), now=NOW)  # fmt: skip


def test_second_hold_on_the_same_cause_within_90_days_needs_a_supervisor(agent):
    customer = make_customer()
    values = {"purposes": ["sell"], "reason": "dispute", "note": "金额有争议", "days": 5,
              "source": ("receivable", "42")}  # fmt: skip
    place_hold(customer, **values, by=agent, now=NOW)
    with pytest.raises(NotAllowed):
        place_hold(customer, **values, by=agent, now=NOW + timedelta(days=40))
    supervisor = make_user(role="supervisor")
    place_hold(customer, **values, by=supervisor, now=NOW + timedelta(days=40))
    other = {**values, "source": ("receivable", "43")}
    place_hold(customer, **other, by=agent, now=NOW + timedelta(days=41))


def test_renewal_needs_words_and_points_at_the_hold_it_renews():
    customer, supervisor = make_customer(), make_user(role="supervisor")
    hold = place_hold(customer, purposes=["sell"], reason="other", note="丧事", days=20,
                      source=("person", "1"), by=supervisor, now=NOW)  # fmt: skip
    later = NOW + timedelta(days=15)
    with pytest.raises(BadInput):
        renew_hold(hold, note=" ", by=supervisor, now=later, days=20)
    renewed = renew_hold(hold, note="家属要求", by=supervisor, now=later, days=20)
    assert (renewed.renews, renewed.ends_at) == (hold, later + timedelta(days=20))


def test_never_again_cancels_every_waiting_follow_up_it_covers(agent):
    customer = make_customer()
    sell, survey = make_queue(), make_queue(purpose="survey")
    selling, asking = plan(customer, sell, key="s"), plan(customer, survey, key="q")
    record_refusal(customer, purpose="sell", source="call", by=agent, now=NOW)
    selling.refresh_from_db()
    asking.refresh_from_db()
    assert (selling.state, selling.end_reason) == ("cancelled", "consent_refused")
    assert asking.state == "ready"
    record_refusal(customer, source="call", by=agent, now=NOW + timedelta(minutes=1))
    asking.refresh_from_db()
    assert (asking.state, asking.end_reason) == ("cancelled", "do_not_contact")
    with pytest.raises(WithheldError):
        plan(customer, sell, key="again", now=NOW + timedelta(minutes=2))


def test_number_that_is_not_in_order_is_not_dialled_and_says_so(queue, agent):
    customer = make_customer()
    point = make_point(customer=customer, value="+8615400000000", status="unassigned")
    plan(customer, queue)
    taken = take_next(agent, queues=[queue], now=NOW)
    with pytest.raises(WithheldError) as refusal:
        begin_contact(taken.followup, point=point, by=agent, now=NOW)
    assert [reason.code for reason in refusal.value.reasons] == ["number_not_in_order"]
    assert Contact.objects.count() == 0


def test_number_of_two_cards_is_capped_over_both(queue, agent):
    first, second = make_customer(), make_customer()
    make_point(customer=first, value="+861065529988")
    point = make_point(customer=second, value="+861065529988")
    for minute in (1, 2, 3):
        Contact.objects.create(customer=first, channel="call", purpose="sell",
                               address="+861065529988", state="closed",
                               started_at=NOW - timedelta(minutes=minute))  # fmt: skip
    plan(second, queue)
    taken = take_next(agent, queues=[queue], now=NOW)
    with pytest.raises(WithheldError) as refusal:
        begin_contact(taken.followup, point=point, by=agent, now=NOW)
    assert refusal.value.reasons[0].data["cap"] == "calls_5_minutes"


def test_hold_placed_while_in_hand_is_met_when_the_contact_begins(queue, agent):
    customer = make_customer(phone="+8613912345678")
    plan(customer, queue)
    taken = take_next(agent, queues=[queue], now=NOW)
    place_hold(customer, purposes=["sell"], reason="complaint", note="x", days=3,
               source=("complaint", "1"), by=agent, now=NOW)  # fmt: skip
    with pytest.raises(WithheldError) as refusal:
        begin_contact(taken.followup, point=customer.points.get(), by=agent, now=NOW)
    assert [reason.code for reason in refusal.value.reasons] == ["held"]


def test_lease_that_runs_out_untouched_returns_to_the_queue(queue, agent):
    plan(make_customer(), queue)
    taken = take_next(agent, queues=[queue], now=NOW, lease_seconds=60)
    renew_lease(taken.followup, by=agent, now=NOW + timedelta(seconds=50), lease_seconds=60)
    assert jobs.tick(NOW + timedelta(seconds=70)).returned == 0
    assert jobs.tick(NOW + timedelta(seconds=110)).returned == 1
    other = make_user()
    again = take_next(other, queues=[queue], now=NOW + timedelta(seconds=111))
    assert again.followup == taken.followup
    with pytest.raises(Conflict):
        renew_lease(taken.followup, by=agent, now=NOW + timedelta(seconds=112))
    with pytest.raises(Conflict):
        finish(again.followup, outcome="sold", by=agent, now=NOW)


def test_lease_that_runs_out_in_a_contact_waits_for_a_person_with_unknown_outcome(queue):
    supervisor, agent = make_user(role="manager"), make_user()
    customer = make_customer(phone="+8613912345678")
    plan(customer, queue)
    taken = take_next(agent, queues=[queue], now=NOW)
    contact = begin_contact(taken.followup, point=customer.points.get(), by=agent, now=NOW)
    later = NOW + timedelta(minutes=16)
    assert jobs.tick(later).unknown == 1
    assert take_next(make_user(), queues=[queue], now=later) is None
    followup = FollowUp.objects.get()
    contact.refresh_from_db()
    assert (followup.state, followup.not_before, contact.state) == (
        "planned", NEVER_BY_ITSELF, "unknown",
    )  # fmt: skip
    [listed] = queries.for_supervisor(supervisor)
    assert (listed, listed.is_unknown) == (followup, True)
    close_unknown(contact, outcome="no_answer", is_connected=False, is_reached=False,
                  is_success=False, by=supervisor, now=later)  # fmt: skip
    in_hand = take(followup, by=supervisor, now=later)
    put_back(in_hand.followup, not_before=later, outcome="no_answer", by=supervisor, now=later)
    assert FollowUp.objects.get().state == "ready"


def test_callback_waits_for_its_person_and_its_time_and_then_escalates(queue, agent):
    customer = make_customer(phone="+8613912345678")
    plan(customer, queue)
    taken = take_next(agent, queues=[queue], now=NOW)
    asked = NOW.replace(hour=12, minute=15)
    recorded(taken.followup, agent, outcome="callback", is_success=False)
    put_back(taken.followup, not_before=asked, outcome="callback", by=agent, now=NOW,
             assigned_to=agent, asked_at=asked)  # fmt: skip
    assert take_next(agent, queues=[queue], now=asked - timedelta(minutes=1)) is None
    assert list(queries.callbacks_of(agent)) == [taken.followup]
    again = take_next(agent, queues=[queue], now=asked)
    assert (again.followup, again.why.code) == (taken.followup, "own_callback")
    assert again.decision.passed == ("quiet_hours", "sales_cap")
    release(again.followup, by=agent, now=asked)
    assert jobs.tick(asked + timedelta(hours=2)).escalated == 1


def test_past_due_goes_up_and_stays_takeable(queue, agent):
    followup = plan(make_customer(), queue, due_at=NOW + timedelta(minutes=5))
    late = NOW + timedelta(minutes=10)
    assert jobs.tick(late).escalated == 1
    assert list(queries.for_supervisor(make_user(role="manager"))) == [followup]
    assert take_next(agent, queues=[queue], now=late).followup == followup


def test_what_loses_its_sense_expires(queue, agent):
    followup = plan(make_customer(), queue, expires_at=NOW + timedelta(days=3))
    assert jobs.tick(NOW + timedelta(days=3)).expired == 1
    followup.refresh_from_db()
    assert (followup.state, followup.end_reason) == ("expired", "expired")


def test_open_contact_must_be_recorded_before_letting_go(queue, agent):
    customer = make_customer(phone="+8613912345678")
    plan(customer, queue)
    taken = take_next(agent, queues=[queue], now=NOW)
    begin_contact(taken.followup, point=customer.points.get(), by=agent, now=NOW)
    for let_go in (
        lambda: release(taken.followup, by=agent, now=NOW),
        lambda: finish(taken.followup, outcome="sold", by=agent, now=NOW),
    ):
        with pytest.raises(Conflict):
            let_go()


def test_contact_made_elsewhere_counts_for_the_caps_too(queue, agent):
    customer = make_customer()
    plan(customer, queue, key="a")
    other = plan(customer, queue, key="b")
    taken = take_next(agent, queues=[queue], now=NOW)
    recorded(taken.followup, agent)
    finish(taken.followup, outcome="sold", by=agent, now=NOW)
    answer = gate.ask(customer, purpose="sell", channel="call", now=NOW)
    assert [reason.code for reason in answer.reasons] == ["cap_reached"]
    other.refresh_from_db()
    assert other.state == "planned"


def test_plain_no_rests_the_purpose_for_thirty_days(queue, agent):
    customer = make_customer()
    plan(customer, queue)
    taken = take_next(agent, queues=[queue], now=NOW)
    interaction = recorded(taken.followup, agent, outcome="refused", is_success=False)
    later = NOW + timedelta(days=21)
    answer = gate.ask(customer, purpose="sell", channel="call", now=later)
    assert [reason.code for reason in answer.reasons] == ["cooling_off"]
    correct_interaction(interaction, {"outcome": "no_answer", "is_reached": False}, by=agent,
                        now=NOW + timedelta(hours=1), reason="按错键")  # fmt: skip
    assert gate.ask(customer, purpose="sell", channel="call", now=later).is_allowed


def test_correction_appends_and_the_first_row_stays(queue, agent):
    followup = make_followup(queue=queue, state="taken", taken_by=agent)
    first = recorded(followup, agent)
    with pytest.raises(BadInput):
        correct_interaction(first, {"outcome": "x"}, by=agent, now=NOW, reason=" ")
    fresh = correct_interaction(first, {"outcome": "refused", "is_success": False}, by=agent,
                                now=NOW + timedelta(hours=1), reason="误记")  # fmt: skip
    first.refresh_from_db()
    assert (first.outcome, first.is_success) == ("sold", True)
    assert (fresh.corrects, fresh.outcome, fresh.at) == (first, "refused", first.at)
    with pytest.raises(Conflict):
        correct_interaction(first, {"outcome": "x"}, by=agent, now=NOW, reason="再改")


def left_message(followup, agent, number="010-6552 9988", **values):
    recorded(followup, agent, outcome="message_left", is_success=False, is_reached=False,
             detail={"message": {"text": "一切正常", "number": number}}, **values)  # fmt: skip
    finish(followup, outcome="message_left", by=agent, now=NOW)


def messaged(number, now=NOW):
    return [one.followup for one in queries.messages_answered(number, now=now)]


def test_call_back_to_the_number_left_or_from_the_customers_own_finds_that_follow_up(queue, agent):
    customer = make_customer(phone="+8613800138000")
    followup = make_followup(customer=customer, queue=queue, state="taken", taken_by=agent)
    left_message(followup, agent)
    other = make_followup(queue=queue, state="taken", taken_by=agent)
    left_message(other, agent, now=NOW + timedelta(minutes=1))
    assert messaged("+861065529988") == [other, followup]
    assert messaged("138 0013 8000") == [followup]
    assert messaged("+861065529989") == messaged("abc") == messaged("") == []
    assert messaged("+861065529988", NOW + timedelta(days=181)) == []


def test_call_back_opens_the_follow_up_that_was_done_for_whoever_answers(queue, agent):
    followup = make_followup(queue=queue, state="taken", taken_by=agent)
    left_message(followup, agent)
    colleague = make_user()
    open_called_back(followup, by=colleague, now=NOW + timedelta(hours=1))
    row = FollowUp.objects.select_related("queue").get()
    assert (row.state, row.taken_by, row.ended_at) == ("taken", colleague, None)
    reason = why(row, by=colleague, profile=profiles.profile(), now=NOW)
    assert reason.code == "called_back"
    with pytest.raises(Conflict):
        open_called_back(row, by=agent, now=NOW)
    finish(row, outcome="settled", by=colleague, now=NOW)
    assert (FollowUp.objects.get().state, FollowUp.objects.get().withheld) == ("done", [])


def test_call_back_given_back_untouched_is_done_again_and_one_that_crashed_returns(queue, agent):
    followup = make_followup(queue=queue, state="taken", taken_by=agent)
    left_message(followup, agent)
    open_called_back(followup, by=agent, now=NOW)
    release(followup, by=agent, now=NOW)
    assert FollowUp.objects.get().state == "done"
    followup = FollowUp.objects.get()
    open_called_back(followup, by=agent, now=NOW)
    jobs.tick(NOW + timedelta(hours=1))
    row = FollowUp.objects.get()
    assert (row.state, row.taken_by, row.withheld) == ("ready", None, [])


def test_skills_of_a_queue_are_asked_of_whoever_takes_from_it(agent):
    queue = make_queue(skills=["loans"])
    plan(make_customer(phone="+8613800138000"), queue)
    assert take_next(agent, queues=[queue], now=NOW) is None
    skilled = make_user(skills=["loans", "cars"])
    assert take_next(skilled, queues=[queue], now=NOW) is not None


def test_promise_reminds_its_owner_and_ends_with_its_follow_up(agent):
    promise = make_commitment(make_customer(), text="周五前寄出合同", owner=agent,
                              due_at=NOW + timedelta(hours=1), by=agent, now=NOW)  # fmt: skip
    due = NOW + timedelta(hours=1, minutes=1)
    jobs.tick(due)
    [followup] = queries.waiting_for(agent)
    assert followup.escalated_at == due
    keep_commitment(promise, by=agent, now=due)
    followup.refresh_from_db()
    assert (followup.state, Commitment.objects.get().state) == ("cancelled", "kept")


def test_reassigning_moves_what_waits_and_leaves_what_is_in_hand(queue, agent):
    supervisor, other = make_user(role="supervisor"), make_user()
    waits = plan(make_customer(), queue, key="a", assigned_to=agent)
    held = make_followup(queue=queue, state="taken", assigned_to=agent, taken_by=agent)
    moved = reassign([waits, held], to=other, by=supervisor, now=NOW, reason="请假")
    waits.refresh_from_db()
    held.refresh_from_db()
    assert (moved, waits.assigned_to, held.assigned_to) == (1, other, agent)
    assert AuditEntry.objects.get(action="reassign").reason == "请假"


def test_cancelling_needs_a_reason(queue, agent):
    followup = plan(make_customer(), queue)
    with pytest.raises(BadInput):
        cancel(followup, by=agent, now=NOW, reason="")
    cancel(followup, by=agent, now=NOW, reason="重复")
    assert FollowUp.objects.get().state == "cancelled"


def test_planning_a_selection_keeps_its_order_and_plans_each_customer_once(queue, agent):
    for number in range(6):
        make_customer(name=f"客户{number}")
    everybody = Customer.objects.all()
    first = plan_for_customers(everybody, queue=queue, cause_prefix="campaign:1",
                               order_by=("-name",), by=agent, now=NOW)  # fmt: skip
    again = plan_for_customers(everybody, queue=queue, cause_prefix="campaign:1", by=agent, now=NOW)
    assert (first.planned, again.planned, again.already) == (6, 0, 6)
    names = [take_next(agent, queues=[queue], now=NOW).followup.customer.name for _ in range(6)]
    assert names == [f"客户{number}" for number in range(5, -1, -1)]


def test_forecast_and_planning_of_a_selection_agree_with_the_gate_for_each(queue, agent):
    evening = ContactHours.objects.create(weekly="daily 19:00-20:00")
    people = [make_customer(name=f"客{number}") for number in range(9)]
    record_refusal(people[0], source="call", by=agent, now=NOW)
    record_refusal(people[1], purpose="sell", source="call", by=agent, now=NOW)
    record_refusal(people[2], purpose="survey", source="call", by=agent, now=NOW)
    place_hold(people[3], purposes=["sell"], reason="complaint", note="x", days=3,
               source=("complaint", "1"), by=agent, now=NOW)  # fmt: skip
    make_point(customer=people[4], stated_hours=evening)
    Customer.objects.filter(pk=people[5].pk).update(time_zone="Europe/London")
    Contact.objects.create(customer=people[6], channel="call", purpose="sell", address="",
                           is_conversation=True, state="closed",
                           started_at=NOW - timedelta(days=2))  # fmt: skip
    followup = make_followup(customer=people[7], queue=queue, state="taken", taken_by=agent)
    recorded(followup, agent, outcome="refused", is_success=False, is_reached=False)
    finish(followup, outcome="refused", by=agent, now=NOW)
    record_agreement(people[8], purpose="sell", source="form", by=agent, now=NOW)
    everybody = Customer.objects.filter(pk__in=[one.pk for one in people])
    for moment in (NOW, NOW.replace(hour=19, minute=30), NOW.replace(hour=3)):
        expected: dict[str, int] = {}
        for one in everybody:
            answer = gate.ask(one, purpose="sell", channel="call", now=moment)
            if not answer.is_allowed:
                code = answer.reasons[0].code
                expected[code] = expected.get(code, 0) + 1
        found = gate.forecast(everybody, purpose="sell", channel="call", now=moment)
        assert (found.held_back, found.total) == (expected, 9)
        assert found.allowed == 9 - sum(expected.values())
    result = plan_for_customers(everybody, queue=make_queue(), cause_prefix="c", by=agent, now=NOW)
    assert result.held_back == {"do_not_contact": 1, "consent_refused": 1}
    waiting = FollowUp.objects.filter(cause_key__startswith="c:", state="planned")
    assert {row.customer_id for row in waiting} == {people[number].pk for number in (3, 6, 7)}


def test_what_an_administrator_sets_acts_and_outer_hours_are_never_widened(queue, agent):
    plan(make_customer(), queue)
    administrator = make_user(role="administrator")
    base = "contact.profiles.cn-mainland"
    policy.set_value(f"{base}.hours.sell", "mon-fri 19:00-23:00", by=administrator, now=NOW)
    assert take_next(agent, queues=[queue], now=NOW) is None
    assert take_next(agent, queues=[queue], now=NOW.replace(hour=22)) is None
    assert take_next(agent, queues=[queue], now=NOW.replace(hour=19)) is not None


def test_the_workers_clock_keeps_the_queue_moving(queue):
    due = make_followup(queue=queue, state="planned", due_at=NOW - timedelta(minutes=1))
    lost = make_followup(queue=queue, state="taken", lease_until=NOW - timedelta(minutes=1))
    assert run_tick("queue", NOW)
    row = FollowUp.objects.get(pk=due.pk)
    assert (row.state, row.escalated_at) == ("ready", NOW)
    assert FollowUp.objects.get(pk=lost.pk).state == "ready"
