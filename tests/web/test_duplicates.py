"""Duplicates through HTTP: the list, the comparison, what is decided, what is not shown."""

from datetime import timedelta

import pytest
from django.urls import reverse
from tests.factories import NOW, make_customer, make_team, make_user

from genjin.customers.duplicates.scanning import scan_duplicates
from genjin.customers.models import Customer, DuplicatePair, Merge
from genjin.foundation import policy
from genjin.foundation.models import Approval

pytestmark = pytest.mark.django_db
PHONE = "+8613800138000"


@pytest.fixture
def team():
    return make_team()


def pair(first_keeper, second_keeper, **values):
    made = [
        make_customer(name=name, phone=PHONE, custodian=keeper, team=keeper.team, created_at=at,
                      **values)
        for name, keeper, at in (
            ("张三", first_keeper, NOW), ("張三丰", second_keeper, NOW + timedelta(days=1)))
    ]  # fmt: skip
    scan_duplicates(NOW + timedelta(days=2))
    found = DuplicatePair.objects.get()
    assert [found.first, found.second] == made
    return found


def text_of(client, name, *args, **query):
    return client.get(reverse(name, args=args), query).content.decode()


def test_a_pair_is_compared_and_merged_with_the_values_chosen(client, team):
    agent = make_user(language="en", team=team)
    found = pair(agent, agent)
    client.force_login(agent)
    listed = text_of(client, "duplicates")
    assert "张三" in listed
    assert "same phone" in listed
    page = text_of(client, "duplicate", found.pk)
    assert 'name="choice.name"' in page
    assert "13800138000" not in page
    answer = client.post(
        reverse("duplicate-merge", args=[found.pk]),
        {"survivor": "second", "choice.name": "first", "reason": "one man"},
    )
    assert answer.url == reverse("customer", args=[found.second_id])
    survivor = Customer.objects.get(pk=found.second_id)
    assert (survivor.name, survivor.other_names) == ("张三", ["張三丰"])
    merge = Merge.objects.get()
    assert (merge.survivor, merge.merged, merge.reason) == (survivor, found.first, "one man")
    card = text_of(client, "customer", survivor.pk)
    assert "was merged into this card" in card
    assert f"Merged: 张三 ({found.first.number}) is on this card now" in card


def test_the_address_of_a_merged_card_leads_to_the_survivor(client, team):
    agent = make_user(language="en", team=team)
    found = pair(agent, agent)
    client.force_login(agent)
    client.post(reverse("duplicate-merge", args=[found.pk]), {"survivor": "first"})
    answer = client.get(reverse("customer", args=[found.second_id]), follow=True)
    assert answer.redirect_chain == [(reverse("customer", args=[found.first_id]), 302)]
    assert f"Card {found.second.number} was merged into this one." in answer.content.decode()
    client.force_login(make_user(team=team))
    assert client.get(reverse("customer", args=[found.second_id])).status_code == 404
    client.force_login(agent)
    answer = client.post(reverse("merge-split", args=[Merge.objects.get().pk]), follow=True)
    assert "these are two cards again" in answer.content.decode()
    assert client.get(reverse("customer", args=[found.second_id])).status_code == 200


def test_of_anothers_card_only_the_custodian_is_shown(client, team):
    agent, other = make_user(language="en", team=team), make_user(team=make_team())
    found = pair(agent, other, tax_number="91310000A")
    client.force_login(agent)
    for page in (text_of(client, "duplicates", tab="collisions"),
                 text_of(client, "duplicate", found.pk),
                 text_of(client, "customer", found.first_id)):  # fmt: skip
        assert other.name in page
        assert "張三丰" not in page
        assert str(found.second_id) not in page
        assert "91310000A" not in page or "customers" in page
    assert "Two customers" not in text_of(client, "duplicate", found.pk)
    client.force_login(make_user(team=make_team()))
    assert client.get(reverse("duplicate", args=[found.pk])).status_code == 404


def test_a_card_that_somebody_else_keeps_is_asked_for(client, team):
    agent, other = make_user(language="en", team=team), make_user(team=team)
    make_user(role="supervisor", team=team)
    found = pair(agent, other)
    client.force_login(agent)
    url = reverse("duplicate-merge", args=[found.pk])
    client.post(url, {"survivor": "first", "reason": ""})
    assert not Approval.objects.exists()
    client.post(url, {"survivor": "first", "reason": "one man"})
    asked = Approval.objects.get()
    assert (asked.kind, asked.asked_by, asked.payload["merged"]) == (
        "merge_owned_cards", agent, str(found.second_id),
    )  # fmt: skip
    assert not Merge.objects.exists()


def test_two_customers_is_remembered_and_may_be_looked_at_again(client, team):
    agent = make_user(language="en", team=team)
    found = pair(agent, agent)
    client.force_login(agent)
    client.post(reverse("duplicate-distinct", args=[found.pk]), {"reason": "twins"})
    assert "张三" not in text_of(client, "duplicates")
    assert "twins" in text_of(client, "duplicates", tab="decided")
    client.post(reverse("duplicate-reopen", args=[found.pk]))
    assert DuplicatePair.objects.get().state == "open"


def test_the_supervisor_sees_both_histories_and_decides_whose_customer_it_is(client, team):
    first, second = make_user(team=team), make_user(team=make_team())
    supervisor = make_user(role="supervisor", language="en", team=team)
    found = pair(first, second)
    client.force_login(supervisor)
    page = text_of(client, "duplicate", found.pk)
    assert "Whose customer is it?" in page
    assert "張三丰" in page
    url = reverse("duplicate-award", args=[found.pk])
    client.post(url, {"keeper": "second", "reason": ""})
    assert DuplicatePair.objects.get().is_collision
    client.post(url, {"keeper": "first", "reason": "there since May"})
    assert set(Customer.objects.values_list("custodian", flat=True)) == {first.pk}
    client.force_login(make_user(role="supervisor", team=make_team()))
    assert client.get(reverse("duplicate", args=[found.pk])).status_code == 404


def test_a_claim_goes_to_the_supervisor_of_the_first(client, team):
    first, second = make_user(team=team), make_user(language="en", team=make_team())
    make_user(role="supervisor", team=team)
    found = pair(first, second)
    client.force_login(second)
    assert "Your claim" in text_of(client, "duplicate", found.pk)
    client.post(reverse("duplicate-claim", args=[found.pk]), {"reason": "they rang me"})
    assert Approval.objects.get().team == team


def test_two_cards_are_put_side_by_side_by_number(client, team):
    agent = make_user(language="en", team=team)
    mine = make_customer(name="张三", custodian=agent)
    other = make_customer(name="李四", custodian=agent)
    hidden = make_customer(name="王五", custodian=make_user())
    client.force_login(agent)
    url = reverse("duplicates-pick", args=[mine.pk])
    for number in (hidden.number, mine.number, "x", ""):
        client.post(url, {"number": number})
    assert not DuplicatePair.objects.exists()
    answer = client.post(url, {"number": other.number})
    assert answer.url == reverse("duplicate", args=[DuplicatePair.objects.get().pk])


def test_the_list_costs_as_many_queries_for_one_pair_as_for_twenty(
    client, team, django_assert_max_num_queries
):
    agent = make_user(language="en", team=team)
    found = pair(agent, agent)
    client.force_login(agent)
    url = reverse("duplicates")
    client.get(url)
    policy.forget()  # it is read again at most once a second: let that be in both
    with django_assert_max_num_queries(20) as one:
        client.get(url)
    for _ in range(20):
        other = make_customer(name="李四", custodian=make_user(team=team))
        DuplicatePair.objects.create(first=found.first, second=other, score=70)
    policy.forget()
    with django_assert_max_num_queries(20) as many:
        client.get(url)
    assert len(many) == len(one)


def test_while_typing_likely_cards_are_told_with_what_they_share(client, team):
    agent, other = make_user(language="en", team=team), make_user()
    make_customer(name="大華貿易有限公司", kind="organisation", custodian=agent, region="310115")
    make_customer(name="李四", phone=PHONE, custodian=other)
    client.force_login(agent)
    answer = client.post(reverse("customer-likely"), {
        "kind": "organisation", "name": "上海大华贸易", "phones": "13800138000",
        "address": "上海市浦东新区世纪大道1号"})  # fmt: skip
    text = answer.content.decode()
    assert "same name without place and legal form" in text
    assert f"A card kept by {other.name}" in text
    assert "李四" not in text
