"""Recording an outcome at the desk: everything that follows, once, in one transaction."""

from datetime import timedelta
from decimal import Decimal

import pytest

from genjin.calling.models import AgentPresence, DeskDraft
from genjin.calling.operations.agents import save_draft, set_agent_state
from genjin.customers.models import Consent, ContactPoint, TimelineEntry, WantedItem
from genjin.flows.desk import dial, hang_up, keep_as_note, record_outcome
from genjin.flows.desk_form import OutcomeForm
from genjin.followups.models import Commitment, Contact, FollowUp, Interaction
from genjin.followups.operations import WithheldError, close_queue
from genjin.kernel.errors import BadInput, Conflict
from genjin.receivables.operations import ledger
from tests.factories import (
    NOW,
    make_campaign,
    make_customer,
    make_followup,
    make_point,
    make_queue,
    make_user,
)

pytestmark = pytest.mark.django_db
TOMORROW = NOW + timedelta(days=1)


def taken(*, purpose: str = "sell", campaign: dict | None = None, phone: str = "+8613800138000"):
    """A follow-up in an agent's hands, of a campaign."""
    agent = make_user()
    queue = make_queue(purpose=purpose, source_kind="campaign", source_id=str(agent.pk))
    make_campaign(queue=queue, agents=(agent,), **(campaign or {}))
    customer = make_customer(name="王小明", phone=phone)
    followup = make_followup(customer=customer, queue=queue, state="taken", taken_by=agent)
    return agent, followup


def form(outcome: str, **values) -> OutcomeForm:
    values.setdefault("token", f"t-{outcome}")
    if outcome in ("success", "interested", "refused"):
        values.setdefault("next_step", "寄样品")
    return OutcomeForm(outcome=outcome, **values)


def fresh(row):
    return type(row).objects.get(pk=row.pk)


def test_a_success_ends_the_follow_up_and_writes_all_that_was_said():
    agent, followup = taken()
    save_draft(followup, agent, {"fields": {"note": "…"}, "writer": "a", "serial": 1}, 0, NOW)
    colleague = make_user()
    recorded = record_outcome(
        followup,
        by=agent,
        now=NOW,
        form=form(
            "success",
            talk_seconds=184,
            wrap_seconds=31,
            note="很爽快",
            grade="A",
            expected_close_date=TOMORROW.date(),
            expected_amount=Decimal("1999.00"),
            needs="给母亲用",
            concern="嫌贵",
            objection_card="too_dear",
            wanted="黑色的",
            commitment_text="周三前寄出合同",
            commitment_due_at=TOMORROW,
            commitment_owner=colleague,
        ),
    )
    row = fresh(followup)
    assert (row.state, row.last_outcome, row.ended_at) == ("done", "success", NOW)
    assert (recorded.next_at, recorded.was_repeated) == (None, False)
    interaction = Interaction.objects.get()
    assert (
        interaction.outcome,
        interaction.is_connected,
        interaction.is_reached,
        interaction.is_success,
        interaction.talk_seconds,
        interaction.wrap_seconds,
        interaction.note,
        interaction.next_step,
    ) == ("success", True, True, True, 184, 31, "很爽快", "寄样品")
    assert {
        key: interaction.detail[key] for key in ("needs", "concern", "objection_card", "grade")
    } == {"needs": "给母亲用", "concern": "嫌贵", "objection_card": "too_dear", "grade": "A"}
    customer = fresh(followup.customer)
    assert (customer.grade, customer.expected_amount) == ("A", Decimal("1999.00"))
    assert [item.text for item in WantedItem.objects.all()] == ["黑色的"]
    promise = Commitment.objects.get()
    assert (promise.text, promise.owner, promise.interaction) == (
        "周三前寄出合同",
        colleague,
        interaction,
    )
    assert not DeskDraft.objects.exists()


def test_the_same_form_twice_is_recorded_once():
    agent, followup = taken()
    first = record_outcome(followup, by=agent, now=NOW, form=form("success", token="once"))
    again = record_outcome(
        followup, by=agent, now=NOW + timedelta(seconds=2), form=form("success", token="once")
    )
    assert (again.interaction.pk, again.was_repeated) == (first.interaction.pk, True)
    assert Interaction.objects.count() == 1


def test_a_callback_comes_back_to_the_same_person_at_the_time_asked_for():
    agent, followup = taken()
    recorded = record_outcome(
        followup, by=agent, now=NOW, form=form("callback", callback_at=TOMORROW)
    )
    row = fresh(followup)
    assert (row.state, row.asked_at, row.not_before, row.assigned_to, row.taken_by) == (
        "planned",
        TOMORROW,
        TOMORROW,
        agent,
        None,
    )
    assert recorded.next_at == TOMORROW


def test_an_interested_customer_with_an_agreed_time_is_called_then():
    agent, followup = taken()
    values = form("interested", callback_at=TOMORROW, next_step="")
    record_outcome(followup, by=agent, now=NOW, form=values)
    assert (fresh(followup).state, fresh(followup).asked_at) == ("planned", TOMORROW)


def test_busy_follows_the_campaigns_plan_until_its_tries_are_used_up():
    agent, followup = taken(campaign={"retry_plan": {"busy": {"delay_minutes": 7, "tries": 2}}})
    record_outcome(followup, by=agent, now=NOW, form=form("busy", token="1"))
    row = fresh(followup)
    assert (row.state, row.not_before, row.assigned_to) == (
        "planned",
        NOW + timedelta(minutes=7),
        None,
    )
    FollowUp.objects.filter(pk=row.pk).update(
        state="taken", taken_by=agent, lease_until=NOW + timedelta(minutes=30)
    )
    record_outcome(fresh(row), by=agent, now=NOW + timedelta(minutes=8), form=form("busy"))
    row = fresh(row)
    assert (row.state, row.end_reason, Interaction.objects.count()) == ("done", "tries_used_up", 2)


def test_never_again_in_the_middle_of_a_list_stops_every_waiting_sale():
    agent, followup = taken()
    other = make_followup(customer=followup.customer, queue=make_queue(purpose="sell"))
    service = make_followup(customer=followup.customer, queue=make_queue(purpose="service"))
    record_outcome(followup, by=agent, now=NOW, form=form("never_again"))
    consent = Consent.objects.get()
    assert (consent.answer, consent.purpose, consent.channel) == ("refused", "sell", "")
    assert fresh(followup).state == "done"
    assert fresh(other).state == "cancelled"
    assert fresh(service).state == "ready"


def test_never_again_for_anything_is_do_not_contact():
    agent, followup = taken()
    record_outcome(followup, by=agent, now=NOW, form=form("never_again", refuses_all=True))
    consent = Consent.objects.get()
    assert (consent.answer, consent.purpose, consent.channel) == ("refused", "", "")


def test_a_bad_number_rests_and_the_next_number_is_tried():
    agent, followup = taken()
    second = make_point(customer=followup.customer, value="+8613900139000", position=1)
    first = ContactPoint.objects.exclude(pk=second.pk).get()
    recorded = record_outcome(
        followup,
        by=agent,
        now=NOW,
        form=form("bad_number", number_fault="dead", point=first.pk),
    )
    assert (fresh(first).status, fresh(second).status) == ("dead", "ok")
    assert recorded.has_another_number is True
    assert fresh(followup).state in ("ready", "planned")


def test_the_last_number_gone_bad_ends_the_follow_up_with_that_reason():
    agent, followup = taken()
    record_outcome(followup, by=agent, now=NOW, form=form("bad_number", number_fault="wrong"))
    assert ContactPoint.objects.get().status == "wrong"
    assert (fresh(followup).state, fresh(followup).end_reason) == ("done", "no_number_left")


def test_a_message_left_ends_the_follow_up_and_keeps_text_and_number():
    agent, followup = taken()
    values = form("message_left", message_text="一切都好，不必回电", message_number="4001234567")
    record_outcome(followup, by=agent, now=NOW, form=values)
    assert fresh(followup).state == "done"
    assert Interaction.objects.get().detail["message"] == {
        "text": "一切都好，不必回电",
        "number": "4001234567",
    }


def test_a_collection_call_keeps_the_promise_of_payment():
    agent, followup = taken(purpose="collect", campaign={"kind": "service"})
    ledger.bill(
        followup.customer, amount=Decimal(800), currency="CNY", issued_on=NOW.date(),
        due_on=NOW.date(), by=None, now=NOW,
    )  # fmt: skip
    values = form(
        "promised", promise_date=TOMORROW.date(), promise_amount=Decimal(500), next_step="查款"
    )
    record_outcome(followup, by=agent, now=NOW, form=values)
    detail = Interaction.objects.get().detail
    assert (detail["promise_amount"], detail["promise_date"]) == ("500", "2026-11-24")


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"outcome": ""}, ["outcome"]),
        ({"outcome": "weather"}, ["outcome"]),
        ({"outcome": "success"}, ["next_step"]),
        ({"outcome": "callback"}, ["callback_at"]),
        ({"outcome": "callback", "callback_at": NOW - timedelta(minutes=1)}, ["callback_at"]),
        ({"outcome": "callback", "callback_at": NOW + timedelta(days=400)}, ["callback_at"]),
        ({"outcome": "message_left"}, ["message_text"]),
        ({"outcome": "bad_number"}, ["number_fault"]),
        ({"outcome": "busy", "talk_seconds": 30_000}, ["talk"]),
        ({"outcome": "busy", "note": "x" * 5001}, ["note"]),
        ({"outcome": "busy", "note": "a\x00"}, ["note"]),
        ({"outcome": "busy", "grade": "Z"}, ["grade"]),
        ({"outcome": "busy", "commitment_text": "寄"}, ["commitment_due_at"]),
        ({"outcome": "busy", "commitment_due_at": TOMORROW}, ["commitment_text"]),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_written(values, fields):
    agent, followup = taken()
    with pytest.raises(BadInput) as caught:
        record_outcome(followup, by=agent, now=NOW, form=OutcomeForm(**values))
    assert list(caught.value.problems) == fields
    assert fresh(followup).state == "taken"
    assert not Interaction.objects.exists()


def test_a_failure_at_the_end_leaves_nothing_half_written():
    agent, followup = taken()
    values = form("success", wanted="a\x00", grade="A")
    with pytest.raises(BadInput):
        record_outcome(followup, by=agent, now=NOW, form=values)
    assert not Interaction.objects.exists()
    assert (fresh(followup).state, fresh(followup.customer).grade) == ("taken", "")


def test_a_lease_that_ran_out_is_taken_again_while_nobody_else_has_it():
    agent, followup = taken()
    typed = {"fields": {"note": "…"}, "writer": "a", "serial": 1}
    DeskDraft.objects.get_or_create(followup=followup, user=agent, defaults={"content": typed})
    FollowUp.objects.filter(pk=followup.pk).update(
        state="ready", taken_by=None, taken_at=None, lease_until=None
    )
    record_outcome(fresh(followup), by=agent, now=NOW, form=form("success"))
    assert fresh(followup).state == "done"


def test_what_another_agent_has_in_hand_is_not_recorded_over():
    _agent, followup = taken()
    late = make_user()
    with pytest.raises(Conflict, match="not_in_hand"):
        record_outcome(followup, by=late, now=NOW, form=form("success"))
    assert not Interaction.objects.exists()
    keep_as_note(followup, text="客户说下周再说", by=late, now=NOW)
    entry = TimelineEntry.objects.get(kind="memory")
    assert (entry.code, entry.data["text"], entry.by) == ("note", "客户说下周再说", late)


def test_a_campaign_stopped_during_a_call_lets_the_call_in_hand_be_recorded():
    agent, followup = taken()
    close_queue(followup.queue, by=agent, now=NOW)
    record_outcome(fresh(followup), by=agent, now=NOW, form=form("success"))
    assert fresh(followup).state == "done"


def test_dialling_hanging_up_and_recording_move_the_agents_state():
    agent, followup = taken()
    set_agent_state(agent, "ready", now=NOW)
    contact = dial(followup, point=ContactPoint.objects.get(), by=agent, now=NOW)
    presence = AgentPresence.objects.get(user=agent)
    assert (presence.state, presence.followup) == ("on_call", followup)
    hang_up(followup, by=agent, now=NOW + timedelta(seconds=90))
    assert AgentPresence.objects.get(user=agent).state == "wrap_up"
    record_outcome(
        followup,
        by=agent,
        now=NOW + timedelta(seconds=100),
        form=form("success", talk_seconds=90),
    )
    assert AgentPresence.objects.get(user=agent).state == "ready"
    contact = Contact.objects.get(pk=contact.pk)
    assert (contact.state, contact.is_conversation) == ("closed", True)


def test_an_agent_who_went_on_a_break_while_typing_stays_on_it():
    agent, followup = taken()
    set_agent_state(agent, "break", now=NOW, reason="午饭")
    record_outcome(followup, by=agent, now=NOW, form=form("success"))
    assert AgentPresence.objects.get(user=agent).state == "break"


def test_a_number_under_an_unassigned_prefix_is_not_dialled_and_shows_nobody_as_talking():
    agent, followup = taken()
    point = ContactPoint.objects.get()
    ContactPoint.objects.update(status="unassigned", value="+8615400000001")
    point.refresh_from_db()
    with pytest.raises(WithheldError) as caught:
        dial(followup, point=point, by=agent, now=NOW)
    assert [reason.code for reason in caught.value.reasons] == ["number_not_in_order"]
    assert not Contact.objects.exists()
    assert not AgentPresence.objects.exists()
