"""What a person may not see is in no page, no hidden field and no answer (CU7, CU8)."""

import html
import re

import pytest
from django.core import signing
from django.test import Client

from genjin.customers.importing import operations as importing
from genjin.customers.importing.mapping import from_toml
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


@pytest.mark.parametrize("decides", [False, True])
def test_a_list_of_numbers_does_not_tell_who_the_other_team_s_customers_are(
    settings, tmp_path, decides
):
    settings.MEDIA_ROOT = tmp_path
    ours = make_team()
    keeper = make_user(name="赵保管", team=make_team())
    make_customer(name="钱秘密", phone="+8613800138000", team=keeper.team, custodian=keeper)
    make_customer(name="孙公开", phone="+8613800138001", team=ours)
    supervisor = make_user(role="supervisor", team=ours, language="en")
    file = tmp_path / "list.csv"
    file.write_text("姓名,手机\n甲,13800138000\n乙,13800138001\n", "utf-8")
    run = importing.receive(file, name="list.csv", by=supervisor, now=NOW)
    mapping = from_toml('[columns]\n"姓名" = "name"\n"手机" = "phone"\n')
    importing.set_mapping(run, mapping, on_duplicate="ask", by=supervisor, now=NOW)
    step = importing.write if decides else importing.check
    step(run, by=supervisor, now=NOW, workers=0)
    for page in (f"/imports/{run.pk}", f"/imports/{run.pk}/progress"):
        told = as_user(supervisor).get(page).content.decode()
        assert "钱秘密" not in told
        assert "A card kept by 赵保管" in told
        assert "孙公开" in told


def test_deciding_to_update_leaves_the_other_team_s_card_as_it_is(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    other = make_customer(name="钱秘密", phone="+8613800138000", team=make_team())
    supervisor = make_user(role="supervisor", team=make_team(), language="en")
    file = tmp_path / "list.csv"
    file.write_text("姓名,手机\n甲,13800138000\n", "utf-8")
    run = importing.receive(file, name="list.csv", by=supervisor, now=NOW)
    mapping = from_toml('[columns]\n"姓名" = "name"\n"手机" = "phone"\n')
    importing.set_mapping(run, mapping, on_duplicate="ask", by=supervisor, now=NOW)
    importing.write(run, by=supervisor, now=NOW, workers=0)
    as_user(supervisor).post(f"/imports/{run.pk}/decide", {"decision": "update:all"})
    other.refresh_from_db()
    assert other.name == "钱秘密"
