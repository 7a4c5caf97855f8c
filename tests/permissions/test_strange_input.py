"""What nobody types by hand is refused politely; no address of ours answers with a fault."""

import base64
import json

import pytest
from django.test import Client

from tests.factories import make_customer, make_followup, make_user

pytestmark = pytest.mark.django_db
NOBODY = "00000000-0000-0000-0000-000000000000"


def after(value: object) -> str:
    text = json.dumps([value, NOBODY]).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


@pytest.fixture
def client():
    client = Client()
    client.force_login(make_user(role="administrator", language="en"))
    return client


@pytest.mark.parametrize(
    "address",
    [
        "/customers?custodian=%C2%B2",
        "/customers?custodian=99999999999999999999999",
        f"/customers?sort=name&after={after('a' + chr(0))}",
        f"/customers?sort=name&after={after(chr(0xD800))}",
        f"/customers?sort=number&after={after(10**40)}",
        "/customers?region=%EF%BF%BF",
        "/find?q=%28%28%28.*%2B%5B",
        "/logbook?day=0001-01-01",
        "/logbook?span=day&day=9999-12-31",
        "/logbook?span=month&day=9999-12-31",
        "/logbook?who=%C2%B2",
        "/logbook/records?user=%C2%B2",
        "/floor/attention?person=%C2%B2",
        "/imports?after=x",
    ],
)
def test_a_strange_address_opens_as_if_it_asked_for_nothing(client, address):
    assert client.get(address).status_code == 200


@pytest.mark.parametrize(
    "address",
    ["/customers?q=%00", "/users?q=%00", "/campaigns?state=%00", "/logbook/records?outcome=%00",
     "/customers?a%00b=1"],
)  # fmt: skip
def test_the_character_nul_is_refused_everywhere(client, address):
    assert client.get(address).status_code == 400


def test_the_character_nul_is_refused_in_what_is_sent(client):
    make_customer(name="张三")
    assert (
        client.post("/floor/attention/reassign", {"to": "queue", "reason": "\x00"}).status_code
        == 400
    )


@pytest.mark.parametrize("note", ["\x00", "\ud800"])
def test_a_draft_with_what_is_no_text_is_refused(note):
    agent = make_user()
    followup = make_followup(customer=make_customer(), state="taken", taken_by=agent)
    client = Client()
    client.force_login(agent)
    sent = {"fields": {"note": note}, "writer": "a", "serial": 1, "revision": 0}
    body = json.dumps(sent)
    answer = client.post(f"/desk/{followup.pk}/draft", body, content_type="application/json")
    assert answer.status_code == 400
