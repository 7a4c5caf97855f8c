"""A follow-up on e-mail becomes a message when its time comes and somebody can write it."""

from datetime import timedelta

import pytest

from genjin.customers.models import ContactPoint
from genjin.followups import jobs
from genjin.followups.delivery import composers, sending
from genjin.followups.delivery.content import Content
from genjin.followups.models import FollowUp, OutgoingMessage
from genjin.followups.operations import plan_followup, record_refusal, take_next
from genjin.followups.operations.turning import turn_into_messages
from genjin.followups.queries import for_supervisor
from tests.factories import NOW, make_queue, make_user
from tests.followups.delivery.mail import make_reader

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_composers():
    before = dict(composers._composers)
    composers._composers.clear()
    yield
    composers._composers.clear()
    composers._composers.update(before)


def plan(reader, key: str = "f:1", **values) -> FollowUp:
    queue = make_queue(purpose="care", channel="email")
    given = {"purpose": "care", "channel": "email", "source": ("rule", "birthday"), **values}
    return plan_followup(reader, queue=queue, cause_key=key, by=None, now=NOW, **given)


def hello(followup, now) -> Content:
    return Content(f"生日快乐 {followup.customer.name}", "祝您生日快乐。")


def only() -> FollowUp:
    return FollowUp.objects.get()


def test_it_becomes_a_message_and_is_done_when_that_is_sent(mail_server):
    composers.register("rule:birthday", hello)
    followup = plan(make_reader(name="王芳"))
    assert turn_into_messages(NOW) == 1
    message = OutgoingMessage.objects.get()
    assert (message.followup, message.subject, message.source_kind, message.source_id) == (
        followup, "生日快乐 王芳", "rule", "birthday")  # fmt: skip
    assert (only().state, only().taken_by) == ("taken", None)
    assert turn_into_messages(NOW) == 0
    jobs.tick(NOW + timedelta(days=30))
    assert only().state == "taken"
    assert sending.run("email", clock=lambda: NOW) == sending.Run(sent=1)
    row = only()
    assert (row.state, row.last_outcome, row.ended_at) == ("done", "sent", NOW)
    assert row.interactions.get().queue_id == row.queue_id


def test_without_a_composer_it_waits_for_a_person():
    plan(make_reader())
    composers.register("order", hello)
    assert turn_into_messages(NOW) == 0
    assert only().state == "ready"
    taken = take_next(make_user(), queues=[only().queue], now=NOW, channels=("email",))
    assert taken is not None


@pytest.mark.parametrize("key", ["rule:birthday", "rule", "care"])
def test_the_most_particular_composer_counts(key):
    def other(_followup, _now):
        raise AssertionError("the wrong composer")

    for weaker in ["rule:birthday", "rule", "care"][["rule:birthday", "rule", "care"].index(key) :]:
        composers.register(weaker, other)
    composers.register(key, hello)
    plan(make_reader())
    assert turn_into_messages(NOW) == 1


def test_what_its_composer_leaves_to_a_person_goes_up_once():
    composers.register("care", lambda followup, now: None)
    plan(make_reader())
    assert [turn_into_messages(NOW), turn_into_messages(NOW)] == [0, 0]
    row = only()
    assert (row.state, row.escalated_at) == ("ready", NOW)
    assert [one["code"] for one in row.withheld] == ["needs_a_person", "nothing_composed"]
    assert list(for_supervisor(make_user(role="manager"))) == [row]


def test_without_an_address_it_goes_up_to_a_person():
    composers.register("care", hello)
    reader = make_reader()
    plan(reader)
    ContactPoint.objects.update(status="dead")
    assert turn_into_messages(NOW) == 0
    assert [one["code"] for one in only().withheld] == ["needs_a_person", "no_address"]


def test_a_refused_address_brings_it_back_to_a_person(mail_server):
    composers.register("care", hello)
    plan(make_reader())
    turn_into_messages(NOW)
    mail_server.faults["*"] = "rcpt 550 5.1.1 no such user"
    sending.run("email", clock=lambda: NOW)
    row = only()
    assert (row.state, row.escalated_at, row.lease_until) == ("ready", NOW, None)
    assert [one["code"] for one in row.withheld] == ["needs_a_person", "message_not_sent"]
    assert turn_into_messages(NOW) == 0


def test_a_refusal_of_the_customer_ends_message_and_follow_up():
    composers.register("care", hello)
    reader = make_reader()
    plan(reader)
    turn_into_messages(NOW)
    record_refusal(reader, channel="email", source="web", by=None, now=NOW)
    assert OutgoingMessage.objects.get().state == "withheld"
    row = only()
    assert (row.state, row.end_reason) == ("cancelled", "consent_refused")


def test_a_composer_that_fails_is_asked_again_later_and_holds_up_nobody():
    def fail_for_one(followup, now):
        if followup.cause_key == "f:1":
            raise RuntimeError("no words")
        return hello(followup, now)

    composers.register("care", fail_for_one)
    plan(make_reader(), "f:1")
    plan(make_reader("li@example.com"), "f:2")
    assert turn_into_messages(NOW) == 1
    row = FollowUp.objects.get(cause_key="f:1")
    assert (row.state, row.not_before) == ("planned", NOW + timedelta(minutes=15))
