"""The list of messages: what waits, what a person decides about, and what the house should know."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.factories import make_team, make_user
from tests.followups.delivery.mail import make_reader, write

from genjin.followups.delivery import sending, server
from genjin.followups.models import OutgoingMessage
from genjin.foundation.models import AuditEntry

pytestmark = pytest.mark.django_db


def as_role(role: str, **fields) -> Client:
    client = Client()
    client.force_login(make_user(role=role, language="en", **fields))
    return client


def page(client: Client, url: str = "/mail") -> str:
    return client.get(url).content.decode()


@pytest.fixture
def unknown(mail_server) -> OutgoingMessage:
    write(now=timezone.now())
    mail_server.faults["*"] = "close"
    mail_server.once.add("*")
    sending.run("email")
    return OutgoingMessage.objects.get()


def test_what_needs_a_person_stands_first_with_the_id_to_look_for(unknown):
    client = as_role("manager")
    assert unknown.subject in page(client)
    html = page(client, f"/mail/{unknown.pk}")
    assert f"&lt;{unknown.pk.hex}@example.org&gt;" in html
    for button in ("It was sent", "Send it again", "Drop it"):
        assert button in html


@pytest.mark.parametrize(
    ("answer", "state"), [("sent", "sent"), ("again", "waiting"), ("drop", "cancelled")]
)
def test_a_person_settles_it_with_a_reason(unknown, answer, state):
    client = as_role("supervisor", team=(team := make_team()))
    unknown.customer.team = team
    unknown.customer.save(update_fields=["team"])
    url = f"/mail/{unknown.pk}/settle"
    refused = client.post(url, {"answer": answer, "reason": " "})
    assert (refused.status_code, "This is needed." in refused.content.decode()) == (422, True)
    assert client.post(url, {"answer": answer, "reason": "the log"}).status_code == 302
    unknown.refresh_from_db()
    assert unknown.state == state
    entry = AuditEntry.objects.get(object_kind="outgoingmessage", action="transition")
    assert (entry.reason, entry.changes) == ("the log", {"state": ["unknown", state]})
    again = client.post(url, {"answer": "sent", "reason": "the log"})
    assert again.status_code == 422


def test_another_teams_message_is_not_there(unknown):
    client = as_role("supervisor", team=make_team())
    assert unknown.subject not in page(client)
    assert client.get(f"/mail/{unknown.pk}").status_code == 404
    posted = client.post(f"/mail/{unknown.pk}/settle", {"answer": "drop", "reason": "x"})
    assert posted.status_code == 404


def test_a_reader_of_the_list_may_not_decide(unknown):
    html = page(as_role("reviewer"), f"/mail/{unknown.pk}")
    assert "Drop it" not in html
    assert "wang@example.com" not in html
    assert "w****@example.com" in html


def test_a_waiting_message_may_be_stopped_by_hand():
    message = write()
    client = as_role("manager")
    assert "Do not send it" in page(client, f"/mail/{message.pk}")
    client.post(f"/mail/{message.pk}/settle", {"answer": "drop", "reason": "a mistake"})
    message.refresh_from_db()
    assert message.state == "cancelled"
    assert "Stopped: a mistake" in page(client, "/mail?view=ended")


def test_the_page_says_what_is_the_matter_with_the_way_out(settings):
    client = as_role("manager")
    settings.EMAIL_HOST, settings.PRODUCTION, settings.MAIL_ALLOW = "", False, ["example.net"]
    html = page(client)
    assert "No mail server is set" in html
    assert "example.net" in html
    settings.EMAIL_HOST, settings.PRODUCTION = "127.0.0.1", True
    assert "notice" not in page(client)
    server.rest("email", "535 5.7.8 bad credentials", timezone.now())
    assert "535 5.7.8 bad credentials" in page(client)


def test_a_list_costs_the_same_with_one_row_and_with_many():
    client = as_role("manager")
    write(key="m:0")
    page(client, "/mail?view=waiting")
    with CaptureQueriesContext(
        connection,
    ) as one:
        page(client, "/mail?view=waiting")
    for number in range(1, 8):
        write(make_reader(f"r{number}@example.com"), key=f"m:{number}",
              not_before=timezone.now() + timedelta(hours=number))  # fmt: skip
    with CaptureQueriesContext(connection) as many:
        page(client, "/mail?view=waiting")
    assert len(many) == len(one)


def test_a_sent_message_stands_on_the_card_with_its_subject(mail_server):
    message = write(now=timezone.now())
    sending.run("email")
    html = page(as_role("manager"), f"/customers/{message.customer_id}/timeline")
    assert "E-mail: Sent" in html
    assert message.subject in html
