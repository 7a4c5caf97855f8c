"""Whose customers a person sees, and how much of their numbers (PL4, CU7)."""

import pytest
from django.test import Client

from genjin.foundation.models import User
from tests.factories import make_customer, make_followup, make_team, make_user

pytestmark = pytest.mark.django_db
PHONE = "13800138000"


def as_user(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def opens(user: User, customer) -> int:
    return as_user(user).get(f"/customers/{customer.pk}").status_code


def test_an_agent_opens_their_own_customers_and_nobody_else_s():
    team = make_team()
    me, colleague = make_user(team=team), make_user(team=team)
    mine, theirs = (make_customer(custodian=user, team=team) for user in (me, colleague))
    assert (opens(me, mine), opens(me, theirs)) == (200, 404)


def test_a_customer_in_hand_opens_for_as_long_as_it_is_in_hand():
    agent, customer = make_user(), make_customer(custodian=make_user())
    followup = make_followup(customer=customer, state="taken", taken_by=agent)
    assert opens(agent, customer) == 200
    type(followup).objects.filter(pk=followup.pk).update(
        state="ready", taken_by=None, taken_at=None, lease_until=None
    )
    assert opens(agent, customer) == 404


def test_a_supervisor_opens_the_team_s_customers_and_not_another_team_s():
    ours, others = make_team(), make_team()
    supervisor = make_user(role="supervisor", team=ours)
    near, far = make_customer(team=ours), make_customer(team=others)
    assert (opens(supervisor, near), opens(supervisor, far)) == (200, 404)


def test_a_manager_opens_every_customer():
    assert opens(make_user(role="manager"), make_customer(team=make_team())) == 200


def test_a_customer_out_of_scope_cannot_be_changed_by_its_address():
    agent, customer = make_user(), make_customer(name="张三", custodian=make_user())
    for page in ("change", "grade", "consent", "news", "people/new"):
        answer = as_user(agent).post(f"/customers/{customer.pk}/{page}", {"name": "李四"})
        assert answer.status_code == 404
    customer.refresh_from_db()
    assert customer.name == "张三"


def test_finding_and_listing_stay_within_the_scope():
    agent = make_user()
    make_customer(name="张小红", custodian=agent)
    make_customer(name="张小明", custodian=make_user())
    client = as_user(agent)
    for page in ("/find?q=张小", "/customers?q=张小"):
        html = client.get(page).content.decode()
        assert ("张小红" in html, "张小明" in html) == (True, False)


def test_an_agent_sees_masked_numbers_and_a_supervisor_whole_ones():
    team = make_team()
    agent, supervisor = make_user(team=team), make_user(role="supervisor", team=team)
    customer = make_customer(name="张小红", phone=f"+86{PHONE}", custodian=agent, team=team)
    pages = (f"/customers/{customer.pk}", "/customers", "/find?q=张小红")
    for page in pages:
        shown = as_user(agent).get(page).content.decode().replace(" ", "")
        assert "张小红" in shown
        assert PHONE not in shown
    whole = as_user(supervisor).get(pages[0]).content.decode().replace(" ", "").replace("-", "")
    assert PHONE in whole


def test_a_vendor_s_agent_has_no_list_of_customers():
    client = as_user(make_user(role="vendor"))
    codes = {page: client.get(page).status_code for page in ("/customers", "/find?q=a", "/imports")}
    assert set(codes.values()) == {403}


def test_an_agent_sees_their_own_logbook_alone():
    team = make_team()
    agent, colleague = make_user(team=team), make_user(team=team, name="王同事")
    html = as_user(agent).get(f"/logbook?user={colleague.pk}").content.decode()
    assert "王同事" not in html
