"""Consent first: asked by whom, when, for what; a yes that has to be confirmed is none before."""

import re
from datetime import timedelta

import pytest

from genjin.customers.models import Consent, TimelineEntry
from genjin.followups import gate
from genjin.followups.delivery import sending
from genjin.followups.models import ConsentRequest, FollowUp, OutgoingMessage
from genjin.followups.operations import plan_followup, record_agreement
from genjin.followups.operations.consents import (
    answer_request,
    open_requests,
    record_no,
    record_yes,
)
from genjin.followups.operations.delivering import NoAddress
from genjin.followups.rules import Allowed
from genjin.followups.wishes import links
from genjin.foundation import policy
from genjin.kernel.errors import BadInput, Conflict
from tests.factories import NOW, make_customer, make_queue, make_user
from tests.followups.delivery.mail import make_reader, write

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=30)


def in_profile(code: str) -> None:
    policy.set_value("contact.profile", code, by=make_user(), now=NOW)


def may_sell(customer, at=LATER, channel="email") -> bool:
    return isinstance(gate.ask(customer, purpose="sell", channel=channel, now=at), Allowed)


def yes(customer, **values) -> ConsentRequest:
    given = {"purposes": ["sell", "care"], "source": "desk", "by": make_user(), "now": NOW,
             "point": customer.points.first(), **values}  # fmt: skip
    return record_yes(customer, **given)


def link_in(mail_server) -> str:
    text = mail_server.messages[-1].get_content()
    return re.search(r"https?://\S+", text)[0]


def test_without_confirmation_a_yes_counts_at_once_and_says_who_asked():
    customer, by = make_reader(), make_user()
    request = yes(customer, by=by, evidence="said on the phone")
    assert (request.state, request.asked_by, request.answered_at) == ("agreed", by, NOW)
    consents = Consent.objects.order_by("purpose")
    assert [(one.channel, one.purpose, one.answer, one.source, one.by) for one in consents] == [
        ("email", "care", "given", "desk", by), ("email", "sell", "given", "desk", by)]  # fmt: skip
    assert consents[0].evidence.startswith(f"request {request.pk}; asked 2026-11-23 ")
    assert "w****@example.com" in consents[0].evidence
    assert consents[0].evidence.endswith("said on the phone")
    assert may_sell(customer)
    assert OutgoingMessage.objects.count() == 0


def test_where_it_has_to_be_confirmed_asked_is_no_consent(mail_server):
    in_profile("eu")
    customer = make_reader()
    request = yes(customer)
    assert request.state == "asked"
    assert Consent.objects.count() == 0
    assert not may_sell(customer)
    assert open_requests(customer, LATER) == [request]
    assert sending.run("email", clock=lambda: NOW) == sending.Run(sent=1)
    url = link_in(mail_server)
    opened = links.open_request(url.rsplit("/", 1)[1])
    assert opened == request
    answer_request(opened, agreed=True, now=LATER)
    consent = Consent.objects.get(purpose="sell")
    assert (consent.answer, consent.channel, consent.at) == ("given", "email", LATER)
    assert "confirmed by link" in consent.evidence
    assert may_sell(customer, LATER + timedelta(hours=1))
    assert open_requests(customer, LATER) == []


def test_the_link_to_confirm_lies_nowhere_in_the_database(mail_server):
    in_profile("eu")
    yes(make_reader())
    stored = OutgoingMessage.objects.get().text
    assert links.CONFIRM_HERE in stored
    assert "http" not in stored
    sending.run("email", clock=lambda: NOW)
    assert links.CONFIRM_HERE not in mail_server.messages[0].get_content()
    assert link_in(mail_server).startswith("http")


def test_who_declines_by_the_link_is_not_asked_again():
    in_profile("eu")
    customer = make_reader()
    answer_request(yes(customer), agreed=False, now=LATER)
    assert [one.answer for one in Consent.objects.all()] == ["refused", "refused"]
    assert ConsentRequest.objects.get().state == "declined"


def test_a_link_answers_once_and_in_time():
    in_profile("eu")
    request = yes(make_reader())
    with pytest.raises(Conflict, match="consent_over"):
        answer_request(request, agreed=True, now=NOW + timedelta(days=15))
    answer_request(request, agreed=True, now=LATER)
    with pytest.raises(Conflict, match="consent_answered"):
        answer_request(request, agreed=False, now=LATER)


def test_nobody_is_asked_again_and_again():
    in_profile("eu")
    customer = make_reader()
    yes(customer)
    with pytest.raises(Conflict, match="asked_lately"):
        yes(customer, now=LATER)
    for days in (2, 4):
        yes(customer, now=NOW + timedelta(days=days))
    with pytest.raises(Conflict, match="asked_often_enough"):
        yes(customer, now=NOW + timedelta(days=6))
    yes(customer, now=NOW + timedelta(days=40))


def test_a_general_yes_does_not_cover_a_channel_that_has_to_be_confirmed():
    in_profile("eu")
    customer = make_reader()
    record_agreement(customer, purpose="sell", source="stub", by=None, now=NOW)
    assert may_sell(customer, channel="call")
    assert not may_sell(customer, channel="email")
    with pytest.raises(Conflict, match="needs_confirmation"):
        record_agreement(customer, channel="email", purpose="sell", source="x", by=None, now=NOW)


def test_the_forecast_knows_what_has_to_be_confirmed():
    in_profile("eu")
    customer, other = make_reader(), make_reader("li@example.com")
    record_agreement(customer, purpose="sell", source="stub", by=None, now=NOW)
    answer_request(yes(other), agreed=True, now=NOW)
    found = gate.forecast(type(customer).objects.all(), purpose="sell", channel="email", now=LATER)
    assert (found.allowed, found.held_back) == (1, {"consent_missing": 1})


def test_a_no_at_the_desk_acts_at_once_on_what_is_queued_and_planned():
    customer = make_reader()
    yes(customer)
    write(customer, purpose="sell", now=NOW)
    queue = make_queue(purpose="sell", channel="email")
    plan_followup(customer, queue=queue, purpose="sell", channel="email", cause_key="f", by=None,
                  now=NOW)  # fmt: skip
    record_no(customer, purposes=["sell"], source="desk", by=make_user(), now=LATER)
    assert OutgoingMessage.objects.get().state == "withheld"
    assert FollowUp.objects.get().state == "cancelled"
    assert ConsentRequest.objects.filter(state="declined").count() == 1


def test_without_an_address_nothing_can_be_confirmed():
    in_profile("eu")
    with pytest.raises(NoAddress):
        yes(make_customer(), point=None)
    assert ConsentRequest.objects.count() == 0


def test_asking_leaves_a_line_in_the_history():
    in_profile("eu")
    yes(make_reader())
    entry = TimelineEntry.objects.get(code="consent_asked")
    assert entry.data["purposes"] == ["sell", "care"]
    assert entry.data["address"] == "w****@example.com"


@pytest.mark.parametrize(
    "values", [{"purposes": ["fun"]}, {"source": "hearsay"}, {"evidence": "x" * 201}]
)
def test_what_was_asked_is_checked(values):
    with pytest.raises(BadInput):
        yes(make_reader(), **values)
