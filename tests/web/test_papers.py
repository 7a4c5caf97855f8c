"""Papers on the card: the panel, the list, and the file with a note of who took it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.factories import PASSWORD, make_customer, make_paper, make_user

from genjin.customers.models import CardAccess
from genjin.sales.papers.queries import content_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(client):
    user = make_user(role="manager", username="boss", password=PASSWORD, language="en")
    client.post("/sign-in", {"username": "boss", "password": PASSWORD})
    return user


def test_the_card_shows_the_newest_papers_and_leads_to_all(client, manager):
    customer = make_customer()
    papers = [make_paper(customer=customer) for _ in range(6)]
    old = papers[0]
    new = make_paper(customer=customer, replaces=old, reason="wrong amount")
    page = client.get(f"/customers/{customer.pk}").content.decode()
    assert new.number in page
    assert f"in place of {old.number}: wrong amount" in page
    assert f"/papers/{papers[1].pk}" not in page
    whole = client.get(f"/customers/{customer.pk}/papers").content.decode()
    assert all(paper.number in whole for paper in papers)
    assert whole.count("replaced</span>") == 1
    assert "Bill BL-2026" in client.get(f"/customers/{customer.pk}?kind=paper").content.decode()


def test_the_list_costs_the_same_with_one_paper_and_with_many(
    client, manager, django_assert_num_queries
):
    customer = make_customer()
    make_paper(customer=customer)
    client.get(f"/customers/{customer.pk}/papers")
    with CaptureQueriesContext(connection) as one:
        client.get(f"/customers/{customer.pk}/papers")
    for _ in range(4):
        make_paper(customer=customer, by=make_user(), kind="receipt")
    with django_assert_num_queries(len(one)):
        page = client.get(f"/customers/{customer.pk}/papers").content.decode()
    assert "?kind=receipt" in page
    only = client.get(f"/customers/{customer.pk}/papers?kind=bill").content.decode()
    assert "RC-2026" not in only


def test_whoever_opens_a_paper_gets_its_bytes_and_stands_in_the_log(client, manager):
    customer = make_customer()
    paper = make_paper(customer=customer)
    answer = client.get(f"/papers/{paper.pk}")
    assert answer.content == content_of(paper)
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == f'inline; filename="{paper.number}.pdf"'
    look = CardAccess.objects.get(action="printed")
    assert (look.by, look.customer, look.detail) == (manager, customer, {"paper": paper.number})
    assert paper.number in client.get(f"/customers/{customer.pk}/looks").content.decode()


def test_an_agent_opens_no_paper_of_others_and_none_with_whole_numbers(client):
    agent = make_user(username="agent", password=PASSWORD)
    client.post("/sign-in", {"username": "agent", "password": PASSWORD})
    mine, others = make_customer(custodian=agent), make_customer()
    whole = make_paper(customer=mine)
    bare = make_paper(customer=mine, shows_contact=False)
    foreign = make_paper(customer=others, shows_contact=False)
    codes = [client.get(f"/papers/{one.pk}").status_code for one in (bare, whole, foreign)]
    assert codes == [200, 403, 404]
    page = client.get(f"/customers/{mine.pk}").content.decode()
    assert f"/papers/{bare.pk}" in page
    assert f"/papers/{whole.pk}" not in page
    assert CardAccess.objects.filter(action="printed").count() == 1
