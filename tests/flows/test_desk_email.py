"""The desk asks for an e-mail address and the consent to use it."""

from datetime import timedelta

import pytest

from genjin.customers.models import Consent
from genjin.customers.queries import card
from genjin.flows.desk import record_outcome
from genjin.flows.desk_email import is_answered
from genjin.flows.desk_form import OutcomeForm
from genjin.followups.models import ConsentRequest, Interaction, OutgoingMessage
from genjin.foundation import policy
from genjin.kernel.errors import BadInput
from genjin.web.desk.page import email_piece
from tests.factories import NOW, make_customer, make_followup, make_user
from tests.followups.delivery.mail import make_reader

pytestmark = pytest.mark.django_db


def record(customer, by, **values):
    followup = make_followup(customer=customer, state="taken", taken_by=by)
    form = OutcomeForm(outcome="refused", no_next_reason="asked", talk_seconds=20, **values)
    return record_outcome(followup, by=by, now=NOW, form=form)


def test_address_and_yes_are_kept_with_who_asked_in_which_call():
    customer, by = make_customer(phone="+8613800138000"), make_user()
    recorded = record(customer, by, email="Wang@example.com", email_answer="yes")
    point = customer.points.get(kind="email")
    request = ConsentRequest.objects.get()
    assert (request.point, request.asked_by, request.state, request.source) == (
        point, by, "agreed", "desk")  # fmt: skip
    assert request.evidence == f"interaction {recorded.interaction.pk}"
    assert sorted(Consent.objects.values_list("purpose", "answer")) == [
        ("care", "given"), ("sell", "given")]  # fmt: skip
    assert recorded.interaction.detail["email_answer"] == "yes"


def test_an_address_alone_is_kept_and_a_known_one_is_not_doubled():
    customer, by = make_reader(), make_user()
    record(customer, by, email="wang@EXAMPLE.com")
    assert customer.points.filter(kind="email").count() == 1
    assert ConsentRequest.objects.count() == 0


def test_a_no_is_a_refusal_at_once():
    record(make_reader(), make_user(), email_answer="no")
    assert sorted(Consent.objects.values_list("purpose", "channel", "answer")) == [
        ("care", "email", "refused"), ("sell", "email", "refused")]  # fmt: skip


def test_where_it_has_to_be_confirmed_the_call_sends_the_link_and_nothing_counts_yet():
    policy.set_value("contact.profile", "eu", by=make_user(), now=NOW)
    customer = make_reader()
    assert email_piece(card(customer.pk, now=NOW), make_user(), NOW).asks_consent
    record(customer, make_user(), email_answer="yes")
    assert Consent.objects.count() == 0
    assert OutgoingMessage.objects.get().source_kind == "consent"
    assert is_answered(card(customer.pk, now=NOW), NOW + timedelta(minutes=1))


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"email": "nonsense"}, "email"),
        ({"email_answer": "yes"}, "email"),
        ({"email": "x" * 260}, "email"),
        ({"email_answer": "maybe"}, "email_answer"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_written(values, field):
    with pytest.raises(BadInput) as bad:
        record(make_customer(phone="+8613800138000"), make_user(), **values)
    assert field in bad.value.problems
    assert Interaction.objects.count() == 0


def test_the_piece_is_shown_until_address_and_answer_are_there():
    user = make_user(role="manager")
    customer = make_customer(phone="+8613800138000")
    piece = email_piece(card(customer.pk, now=NOW), user, NOW)
    assert (piece.asks_address, piece.asks_consent) == (True, True)
    record(customer, make_user(), email="wang@example.com")
    piece = email_piece(card(customer.pk, now=NOW), user, NOW)
    assert (piece.asks_address, piece.asks_consent, piece.address) == (
        False, True, "wang@example.com")  # fmt: skip
    record(customer, make_user(), email_answer="yes")
    assert email_piece(card(customer.pk, now=NOW), user, NOW) is None
