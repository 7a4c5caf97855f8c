"""What a person may not see is in no page, no hidden field and no answer (CU7, CU8)."""

import html
import re

import pytest
from django.core import signing
from django.test import Client

from genjin.customers.models import Address, ContactPerson, TimelineEntry
from genjin.customers.operations import card as operations
from genjin.foundation.models import User
from tests.factories import NOW, make_customer, make_team, make_user

pytestmark = pytest.mark.django_db


def as_user(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def remembered(answer) -> dict:
    """The content of the form's hidden field, which anybody can read who gets the page."""
    text = re.search(r'name="seen" value="([^"]*)"', answer.content.decode())[1]
    return signing.loads(html.unescape(text), salt="card")


@pytest.fixture
def informant() -> ContactPerson:
    team = make_team()
    customer = make_customer(team=team, custodian=make_user(team=team), kind="organisation")
    return operations.add_person(
        customer, name="王芳", roles=["pays", "informant"], by=None, now=NOW
    )


def test_the_hidden_field_of_a_person_s_form_names_no_informant(informant):
    customer = informant.customer
    page = f"/customers/{customer.pk}/people/{informant.pk}"
    collector = make_user(role="collector", team=customer.team)
    answer = as_user(collector).get(page)
    assert remembered(answer)["roles"] == ["pays"]
    assert "informant" not in answer.content.decode()
    custodian = as_user(customer.custodian).get(page)
    assert remembered(custodian)["roles"] == ["pays", "informant"]


def test_whoever_does_not_see_the_informant_keeps_the_role_when_changing_others(informant):
    customer = informant.customer
    page = f"/customers/{customer.pk}/people/{informant.pk}"
    client = as_user(make_user(role="collector", team=customer.team))
    seen = re.search(r'name="seen" value="([^"]*)"', client.get(page).content.decode())[1]
    sent = {"name": "王芳", "roles": ["decides"], "is_active": "on", "seen": seen}
    assert client.post(page, sent).status_code == 302
    informant.refresh_from_db()
    assert set(informant.roles) == {"decides", "informant"}


def test_a_conflict_about_roles_names_no_informant(informant):
    customer = informant.customer
    page = f"/customers/{customer.pk}/people/{informant.pk}"
    client = as_user(make_user(role="collector", team=customer.team, language="en"))
    seen = re.search(r'name="seen" value="([^"]*)"', client.get(page).content.decode())[1]
    operations.change_person(informant, {"roles": ["uses", "informant"]}, by=None, now=NOW)
    sent = {"name": "王芳", "roles": ["decides"], "is_active": "on", "seen": seen}
    answer = client.post(page, sent)
    assert answer.status_code == 422
    assert [row["label"] for row in answer.context["conflicts"]]
    assert "nformant" not in answer.content.decode()


def test_an_address_that_is_masked_does_not_open_in_its_form():
    agent = make_user()
    customer = make_customer(custodian=agent)
    address = operations.add_address(customer, text="人民路88号3单元", by=None, now=NOW)
    page = f"/customers/{customer.pk}/addresses/{address.pk}"
    client = as_user(agent)
    assert client.get(page).status_code == 403
    assert client.post(page, {"text": "别处", "system": "wgs84"}).status_code == 403
    assert Address.objects.get(pk=address.pk).text == "人民路88号3单元"
    assert as_user(make_user(role="complaints")).get(page).status_code == 200


def test_the_card_and_its_history_show_an_agent_no_number_and_no_street():
    agent = make_user()
    customer = make_customer(custodian=agent, phone="+8613812345678")
    point = operations.add_point(
        customer, kind="phone", value="13987654321", label="mobile", by=None, now=NOW
    )
    operations.retire_point(point, by=None, now=NOW)
    address = operations.add_address(customer, text="人民路88号3单元", by=None, now=NOW)
    operations.change_address(address, {"text": "人民路99号"}, by=None, now=NOW)
    assert TimelineEntry.objects.filter(customer=customer).count() >= 3
    client = as_user(agent)
    base = f"/customers/{customer.pk}"
    pages = [base, f"{base}/timeline", "/customers", "/find?q=2345", f"{base}/change"]
    told = "".join(client.get(page).content.decode() for page in pages)
    for secret in ("13812345678", "12345678", "87654321", "88号", "99号"):
        assert secret not in told
