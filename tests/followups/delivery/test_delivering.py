"""A message is written down with its cause, and leaves once, or waits for a person."""

from datetime import timedelta

import pytest

from genjin.customers.models import ContactPoint, TimelineEntry
from genjin.followups.channels import smtp
from genjin.followups.channels.base import Handed
from genjin.followups.delivery import attachments, claims, guards, sending, server
from genjin.followups.delivery.content import Attachment, Content
from genjin.followups.models import Contact, Interaction, OutgoingMessage
from genjin.followups.operations import (
    NoAddress,
    WithheldError,
    cancel_messages,
    confirm_sent,
    drop_message,
    place_hold,
    record_agreement,
    record_refusal,
    release_hold,
    send_again,
)
from genjin.followups.operations.delivering import Cancelled
from genjin.foundation import policy
from genjin.foundation.models import AuditEntry, Heartbeat
from genjin.kernel.errors import BadInput, Conflict
from genjin.kernel.ids import uuid7
from genjin.kernel.problems import Reason
from tests.factories import NOW, make_customer, make_user
from tests.followups.delivery.mail import LETTER, make_reader, write

pytestmark = pytest.mark.django_db


def send(at=NOW) -> sending.Run:
    return sending.run("email", clock=lambda: at)


def states() -> list[str]:
    return list(OutgoingMessage.objects.order_by("cause_key").values_list("state", flat=True))


def only() -> OutgoingMessage:
    return OutgoingMessage.objects.get()


def told(code: str) -> list[dict]:
    return list(TimelineEntry.objects.filter(code=code).values_list("data", flat=True))


# ── writing down ─────────────────────────────────────────────────────────────────────────────────


def test_one_cause_is_one_message():
    reader = make_reader()
    assert write(reader).pk == write(reader).pk
    assert OutgoingMessage.objects.count() == 1


def test_a_customer_without_an_address_in_order_is_not_written_to():
    reader = make_customer()
    with pytest.raises(NoAddress):
        write(reader)
    dead = make_reader()
    ContactPoint.objects.filter(customer=dead).update(status="dead")
    with pytest.raises(NoAddress):
        write(dead)
    assert OutgoingMessage.objects.count() == 0


def test_selling_by_mail_needs_consent_and_service_does_not():
    reader = make_reader()
    with pytest.raises(WithheldError) as refused:
        write(reader, purpose="sell")
    assert [reason.code for reason in refused.value.reasons] == ["consent_missing"]
    assert write(reader, purpose="service").state == "waiting"


@pytest.mark.parametrize(
    ("content", "field", "code"),
    [
        (Content("", "x"), "subject", "required"),
        (Content("a\nb", "x"), "subject", "bad_character"),
        (Content("x" * 201, "x"), "subject", "too_long"),
        (Content("x", " "), "text", "required"),
        (Content("x", "x", headers={"Bcc": "a@b.c"}), "headers", "bad_header"),
        (Content("x", "x", headers={"X": "a\r\nb"}), "headers", "bad_header"),
    ],
)
def test_what_cannot_stand_in_a_message_is_refused(content, field, code):
    with pytest.raises(BadInput) as bad:
        write(content=content)
    assert [reason.code for reason in bad.value.problems[field]] == [code]


# ── sending ──────────────────────────────────────────────────────────────────────────────────────


def test_a_message_goes_and_becomes_an_interaction(mail_server):
    reader = make_reader()
    message = write(reader)
    assert send() == sending.Run(sent=1)
    (read,) = mail_server.messages
    assert (read["Subject"], read["To"]) == (LETTER.subject, "wang@example.com")
    assert read["Message-ID"] == f"<{message.pk.hex}@example.org>"
    assert read.get_content().replace("\r\n", "\n") == LETTER.text
    row = only()
    assert (row.state, row.tries, row.reply) == ("sent", 1, f"250 2.0.0 taken {row.pk.hex}")
    interaction = Interaction.objects.get()
    assert row.interaction == interaction
    assert (interaction.channel, interaction.purpose, interaction.outcome) == (
        "email", "service", "sent")  # fmt: skip
    assert (interaction.at, interaction.address) == (NOW, "wang@example.com")
    assert interaction.decision["answer"] == "allowed"
    contact = Contact.objects.get()
    assert (contact.state, contact.address, contact.channel) == (
        "closed", "wang@example.com", "email")  # fmt: skip
    assert [one["subject"] for one in told("email")] == [LETTER.subject]
    reader.refresh_from_db()
    assert reader.last_contact_at == NOW
    assert send() == sending.Run()


def test_files_are_loaded_by_kind_when_the_message_goes(mail_server):
    attachments.register("test_pdf", lambda pk: f"%PDF {pk}".encode())
    file = Attachment("test_pdf", "7", "账单 7.pdf")
    write(content=Content("s", "t", attachments=[file]))
    send()
    (part,) = mail_server.messages[0].iter_attachments()
    assert (part.get_filename(), part.get_payload(decode=True)) == ("账单 7.pdf", b"%PDF 7")


def test_a_file_that_is_missing_ends_its_message_alone(mail_server):
    gone = Attachment("nowhere", "7", "a.pdf")
    write(key="m:1", content=Content("s", "t", attachments=[gone]))
    write(make_reader("li@example.com"), key="m:2")
    assert send() == sending.Run(sent=1, stopped=1)
    assert states() == ["failed", "sent"]
    assert [one["reasons"][0]["code"] for one in told("message_failed")] == ["cannot_be_written"]


def test_the_urgent_purpose_goes_first(mail_server):
    reader = make_reader()
    record_agreement(reader, channel="email", purpose="sell", source="call", by=None, now=NOW)
    write(reader, key="m:1", purpose="sell")
    write(make_reader("li@example.com"), key="m:2", purpose="security")
    send()
    assert mail_server.recipients == ["li@example.com", "wang@example.com"]


def test_what_is_wanted_later_waits(mail_server):
    write(not_before=NOW + timedelta(hours=1))
    assert send() == sending.Run()
    assert send(NOW + timedelta(hours=1)) == sending.Run(sent=1)


def test_what_lost_its_sense_is_not_sent(mail_server):
    write(expires_at=NOW + timedelta(hours=1))
    assert send(NOW + timedelta(hours=2)) == sending.Run()
    assert states() == ["withheld"]
    assert mail_server.tried == []


def test_the_throttle_counts_over_all_workers(mail_server):
    policy.set_value("mail.per_minute", 30, by=make_user(), now=NOW)
    for number in range(12):
        write(make_reader(f"r{number}@example.com"), key=f"m:{number}")
    assert [send().sent, send().sent] == [3, 0]
    assert send(NOW + timedelta(seconds=7)).sent == 3
    later = [send(NOW + timedelta(seconds=7 * step)).sent for step in range(2, 5)]
    assert later == [3, 3, 0]


# ── the gate, again, right before it goes ────────────────────────────────────────────────────────


def test_a_refusal_acts_at_once_on_what_is_queued(mail_server):
    reader = make_reader()
    record_agreement(reader, channel="email", purpose="sell", source="call", by=None, now=NOW)
    write(reader, purpose="sell")
    record_refusal(reader, channel="email", purpose="sell", source="web", by=None,
                   now=NOW + timedelta(minutes=1))  # fmt: skip
    assert states() == ["withheld"]
    assert [one["reasons"][0]["code"] for one in told("message_withheld")] == ["consent_refused"]
    assert send(NOW + timedelta(minutes=2)) == sending.Run()
    assert mail_server.tried == []


def test_a_refusal_stops_what_a_worker_has_claimed_but_not_begun(mail_server):
    readers = [make_reader(f"r{number}@example.com") for number in range(3)]
    for number, reader in enumerate(readers):
        write(reader, key=f"m:{number}")

    def refuse(_message, _now):
        guards._guards.clear()
        record_refusal(readers[1], source="call", by=None, now=NOW)

    guards.register("bill", refuse)
    assert send() == sending.Run(sent=2, stopped=1)
    assert mail_server.recipients == ["r0@example.com", "r2@example.com"]
    assert states() == ["sent", "withheld", "sent"]


def test_a_hold_lets_a_message_wait_and_its_release_lets_it_go(mail_server):
    reader = make_reader()
    write(reader, purpose="collect")
    hold = place_hold(reader, purposes=["collect"], reason="complaint", note="x", days=3,
                      source=("complaint", "1"), by=None, now=NOW)  # fmt: skip
    row = only()
    assert (row.state, row.not_before) == ("waiting", NOW + timedelta(days=3))
    assert row.reasons[0]["code"] == "held"
    assert send() == sending.Run()
    release_hold(hold, by=None, now=NOW + timedelta(hours=1), reason="settled")
    row = only()
    assert (row.not_before, row.reasons) == (NOW + timedelta(hours=1), [])
    assert send(NOW + timedelta(hours=1)) == sending.Run(sent=1)


def test_the_gate_is_asked_when_it_goes_not_only_when_it_was_written(mail_server):
    message = write(purpose="collect")
    policy.set_value("contact.profiles.cn-mainland.consent.collect", ["email"], by=make_user(),
                     now=NOW)  # fmt: skip
    assert send() == sending.Run()
    message.refresh_from_db()
    assert (message.state, message.reasons[0]["code"]) == ("withheld", "consent_missing")


def test_an_address_taken_off_the_card_is_not_written_to(mail_server):
    write()
    ContactPoint.objects.update(is_active=False)
    assert send() == sending.Run()
    assert only().reasons[0]["code"] == "address_retired"


def test_a_cap_on_mail_counts_what_goes_in_the_same_batch(mail_server):
    cap = {"channels": ["email"], "purposes": ["care"], "counts": "contacts"}
    for key, value in cap.items():
        policy.set_value(f"contact.profiles.cn-mainland.caps.sales_7_days.{key}", value,
                         by=make_user(), now=NOW)  # fmt: skip
    reader = make_reader()
    write(reader, key="m:1", purpose="care")
    write(reader, key="m:2", purpose="care")
    assert send() == sending.Run(sent=1)
    assert states() == ["sent", "waiting"]
    second = OutgoingMessage.objects.get(cause_key="m:2")
    assert second.reasons[0]["code"] == "cap_reached"
    assert second.not_before == NOW + timedelta(days=7)


# ── what its source says ─────────────────────────────────────────────────────────────────────────


def test_a_payment_cancels_the_message_in_its_own_transaction(mail_server):
    write()
    assert cancel_messages("bill", ["7"], reason="paid", now=NOW) == Cancelled(1, 0)
    assert send() == sending.Run()
    assert states() == ["cancelled"]
    assert AuditEntry.objects.filter(object_kind="outgoingmessage", action="cancel").count() == 1
    assert [one["reasons"][0]["data"] for one in told("message_cancelled")] == [{"reason": "paid"}]


def test_a_payment_stops_what_is_claimed_and_is_told_what_is_too_late(mail_server):
    for number in range(3):
        write(make_reader(f"r{number}@example.com"), key=f"m:{number}")
    mail_server.faults["r0@example.com"] = "close"
    found = []

    def pay(_message, _now):
        if OutgoingMessage.objects.filter(state="unknown").exists():
            guards._guards.clear()
            found.append(cancel_messages("bill", ["7"], reason="paid", now=NOW))

    send()  # the first is unknown now
    guards.register("bill", pay)
    assert send() == sending.Run(stopped=2)
    assert found == [Cancelled(2, 1)]
    assert states() == ["unknown", "cancelled", "cancelled"]


def test_a_guard_lets_wait_or_ends(mail_server):
    until = NOW + timedelta(hours=2)
    answers = [Reason("payments_not_fresh", {"until": until}), Reason("paid_meanwhile"), None]
    guards.register("bill", lambda message, now: answers.pop(0))
    try:
        write(key="m:1")
        assert send() == sending.Run(stopped=1)
        row = only()
        assert (row.state, row.not_before) == ("waiting", until)
        assert send(until) == sending.Run(stopped=1)
        assert only().state == "withheld"
        assert [one["reasons"][0]["code"] for one in told("message_withheld")] == ["paid_meanwhile"]
        write(make_reader("li@example.com"), key="m:2")
        assert send() == sending.Run(sent=1)
    finally:
        guards._guards.clear()


def test_a_guard_that_fails_lets_nothing_go(mail_server):
    def fail(_message, _now):
        raise RuntimeError("no figures")

    guards.register("bill", fail)
    try:
        write()
        assert send() == sending.Run(stopped=1)
        row = only()
        assert (row.state, row.not_before) == ("waiting", NOW + timedelta(minutes=15))
    finally:
        guards._guards.clear()


# ── what the server says ─────────────────────────────────────────────────────────────────────────


def test_a_refused_address_is_marked_and_told(mail_server):
    write()
    mail_server.faults["*"] = "rcpt 550 5.1.1 no such user"
    assert send() == sending.Run(refused=1)
    row = only()
    assert (row.state, row.reply, row.contact) == ("refused", "550 5.1.1 no such user", None)
    assert ContactPoint.objects.get().status == "dead"
    assert [one["reply"] for one in told("message_refused")] == ["550 5.1.1 no such user"]
    assert len(told("point_marked")) == 1
    assert (Contact.objects.count(), Interaction.objects.count()) == (0, 0)


@pytest.mark.parametrize("fault", ["rcpt 550 5.7.1 relaying denied", "data 554 5.7.1 spam"])
def test_a_server_that_refuses_us_makes_no_address_bad(mail_server, fault):
    write()
    mail_server.faults["*"] = fault
    assert send() == sending.Run(refused=1)
    assert (only().state, ContactPoint.objects.get().status) == ("refused", "ok")


@pytest.mark.parametrize("fault", ["rcpt 451 4.2.0 later", "data 452 4.3.1 no room"])
def test_later_is_tried_again_with_back_off_until_it_is_given_up(mail_server, fault):
    write()
    mail_server.faults["*"] = fault
    at, waited = NOW, []
    while only().state == "waiting":
        send(at)
        row = only()
        waited.append(row.not_before - at)
        at = row.not_before
    assert [one / timedelta(minutes=1) for one in waited[:6]] == [1, 5, 15, 60, 240, 240]
    row = only()
    assert (row.state, row.reasons[0]["code"], row.ended_at > NOW + timedelta(hours=48)) == (
        "failed", "gave_up", True)  # fmt: skip
    assert (Contact.objects.count(), mail_server.received) == (0, [])


def test_a_message_refused_for_now_goes_at_the_second_try_with_one_contact(mail_server):
    write()
    mail_server.faults["*"] = "rcpt 451 4.2.0 later"
    mail_server.once.add("*")
    assert send() == sending.Run(later=1)
    assert send(NOW + timedelta(minutes=1)) == sending.Run(sent=1)
    assert (only().tries, Contact.objects.count(), len(mail_server.received)) == (2, 1, 1)


@pytest.mark.parametrize("fault", ["hang-early", "close-early"])
def test_a_connection_lost_before_the_text_was_sent_is_tried_again(mail_server, fault, monkeypatch):
    monkeypatch.setattr(smtp, "COMMAND_SECONDS", 1)
    write()
    write(make_reader("li@example.com"), key="m:2")
    mail_server.faults["*"] = fault
    mail_server.once.add("*")
    assert send() == sending.Run(later=1)
    assert states() == ["waiting", "waiting"]
    assert server.is_resting("email", NOW)
    at = NOW + timedelta(minutes=1)
    assert send(at) == sending.Run(sent=2)
    assert not server.state("email").error


@pytest.mark.parametrize("fault", ["hang", "close"])
def test_no_answer_after_the_text_is_unknown_and_never_sent_again_by_machine(
    mail_server, fault, monkeypatch
):
    monkeypatch.setattr(smtp, "ANSWER_SECONDS", 1)
    write()
    write(make_reader("li@example.com"), key="m:2")
    mail_server.faults["wang@example.com"] = fault
    assert send() == sending.Run(unknown=1)
    assert states() == ["unknown", "waiting"]
    assert Contact.objects.get().state == "unknown"
    assert send() == sending.Run(sent=1)
    for hours in (1, 24, 2400):
        claims.give_up_on_leases(NOW + timedelta(hours=hours))
        send(NOW + timedelta(hours=hours))
    assert states() == ["unknown", "sent"]
    assert mail_server.recipients.count("wang@example.com") == 1


def test_a_server_that_does_not_want_our_sender_costs_no_message(mail_server):
    write()
    mail_server.mail_answer = "550 5.7.1 sender rejected"
    assert send() == sending.Run(later=1)
    assert (only().state, ContactPoint.objects.get().status) == ("waiting", "ok")
    assert server.state("email").error == "550 5.7.1 sender rejected"


def test_a_server_that_is_down_rests_longer_each_time_and_costs_no_try(mail_server, settings):
    write()
    settings.EMAIL_PORT, good = 1, settings.EMAIL_PORT
    at, rests = NOW, []
    for _ in range(8):
        assert send(at) == sending.Run()
        found = server.state("email")
        rests.append((found.next_try_at - at).total_seconds())
        assert send(at + timedelta(seconds=1)) == sending.Run()
        at = found.next_try_at
    assert rests == [5, 10, 20, 40, 80, 160, 300, 300]
    assert (only().tries, only().state) == (0, "waiting")
    settings.EMAIL_PORT = good
    assert send(at) == sending.Run(sent=1)
    assert Heartbeat.objects.get(name="server:email").data == {}


# ── outside production ───────────────────────────────────────────────────────────────────────────


def test_outside_production_nothing_leaves_but_to_the_list(mail_server, settings):
    settings.PRODUCTION, settings.MAIL_ALLOW = False, ["me@example.net", "test.example"]
    addresses = ["wang@example.com", "ME@example.net", "you@example.net", "li@test.example",
                 "li@not-test.example"]  # fmt: skip
    for number, address in enumerate(addresses):
        write(make_reader(address), key=f"m:{number}")
    assert send() == sending.Run(sent=2)
    assert sorted(mail_server.recipients) == ["ME@example.net", "li@test.example"]
    assert states() == ["not_allowed", "sent", "not_allowed", "sent", "not_allowed"]
    assert {one["reasons"][0]["code"] for one in told("message_not_allowed")} == {
        "outside_production"}  # fmt: skip


def test_without_a_server_outside_production_it_still_says_that_nothing_goes(settings):
    settings.PRODUCTION, settings.EMAIL_HOST = False, ""
    write()
    send()
    assert states() == ["not_allowed"]


def test_without_a_server_in_production_messages_wait(settings):
    settings.PRODUCTION, settings.EMAIL_HOST = True, ""
    write()
    assert send() == sending.Run()
    assert states() == ["waiting"]


def test_the_sample_organisation_sends_to_nobody_even_in_production(mail_server):
    policy.set_value("organisation.is_sample", True, by=make_user(), now=NOW)
    write()
    assert send() == sending.Run()
    assert only().reasons[0]["code"] == "sample_organisation"
    assert mail_server.tried == []


# ── what waits for a person ──────────────────────────────────────────────────────────────────────


@pytest.fixture
def unknown(mail_server, monkeypatch) -> OutgoingMessage:
    write()
    mail_server.faults["*"] = "close"
    mail_server.once.add("*")
    send()
    return only()


def test_a_person_who_found_it_in_the_log_makes_it_sent(unknown):
    by, later = make_user(role="supervisor"), NOW + timedelta(hours=3)
    confirm_sent(unknown, by=by, now=later, reason="in the server's log")
    row = only()
    assert (row.state, row.ended_at, row.interaction.at) == ("sent", NOW, NOW)
    assert Contact.objects.get().state == "closed"
    entry = AuditEntry.objects.get(object_kind="outgoingmessage", object_id=str(row.pk))
    assert (entry.by, entry.reason, entry.changes) == (
        by, "in the server's log", {"state": ["unknown", "sent"]})  # fmt: skip
    with pytest.raises(Conflict):
        send_again(row, by=by, now=later, reason="x")


def test_a_person_may_send_it_again_with_the_same_message_id(unknown, mail_server):
    by, later = make_user(role="supervisor"), NOW + timedelta(hours=3)
    send_again(unknown, by=by, now=later, reason="not in the log")
    assert send(later) == sending.Run(sent=1)
    assert mail_server.ids() == [f"<{unknown.pk.hex}@example.org>"] * 2
    assert sorted(Contact.objects.values_list("state", flat=True)) == ["closed", "closed"]
    assert Interaction.objects.count() == 1


def test_a_person_may_drop_it(unknown, mail_server):
    drop_message(unknown, by=make_user(), now=NOW, reason="told them by phone")
    assert only().state == "cancelled"
    assert send(NOW + timedelta(days=3)) == sending.Run()
    assert len(mail_server.received) == 1


@pytest.mark.parametrize("settle", [confirm_sent, send_again, drop_message])
def test_settling_needs_a_reason(unknown, settle):
    with pytest.raises(BadInput):
        settle(unknown, by=make_user(), now=NOW, reason=" ")
    assert only().state == "unknown"


def test_an_answer_that_comes_after_the_lease_is_still_believed(mail_server):
    write()
    token, lease = uuid7(), timedelta(seconds=60)
    (message,) = claims.claim("email", token=token, now=NOW, limit=5, lease=lease).messages
    assert claims.begin(message, token=token, now=NOW, lease=lease)
    late = NOW + timedelta(minutes=5)
    assert claims.give_up_on_leases(late) == (0, 1)
    assert only().state == "unknown"
    sending.record(message, Handed("250 late"), token=token, now=late)
    assert (only().state, only().reply) == ("sent", "250 late")


def test_an_answer_that_comes_after_a_person_decided_changes_nothing(mail_server):
    write()
    token, lease = uuid7(), timedelta(seconds=60)
    (message,) = claims.claim("email", token=token, now=NOW, limit=5, lease=lease).messages
    claims.begin(message, token=token, now=NOW, lease=lease)
    late = NOW + timedelta(minutes=5)
    claims.give_up_on_leases(late)
    drop_message(only(), by=make_user(), now=late, reason="told by phone")
    sending.record(message, Handed("250 late"), token=token, now=late)
    assert only().state == "cancelled"


def test_a_worker_whose_lease_ran_out_begins_nothing_that_another_has(mail_server):
    write()
    first, second, lease = uuid7(), uuid7(), timedelta(seconds=60)
    (message,) = claims.claim("email", token=first, now=NOW, limit=5, lease=lease).messages
    late = NOW + timedelta(minutes=5)
    assert claims.give_up_on_leases(late) == (1, 0)
    (again,) = claims.claim("email", token=second, now=late, limit=5, lease=lease).messages
    assert not claims.begin(message, token=first, now=late, lease=lease)
    assert claims.begin(again, token=second, now=late, lease=lease)
