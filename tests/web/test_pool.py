"""The pool through HTTP: what is shown, taking, my days, the limits."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from tests.factories import make_customer, make_team, make_user

from genjin.customers.models import Customer, PoolWarning, Standing
from genjin.customers.operations.custody import today_of
from genjin.foundation import policy

pytestmark = pytest.mark.django_db
PHONE = "+8613800138000"


@pytest.fixture
def agent():
    return make_user(language="en", team=make_team())


@pytest.fixture
def client(client, agent):
    client.force_login(agent)
    return client


def text_of(client, name, *args, **query):
    return client.get(reverse(name, args=args), query).content.decode()


def test_the_pool_shows_who_may_be_taken_and_no_number(client, agent):
    make_customer(name="张三", phone=PHONE, team=agent.team, region="310115")
    make_customer(name="李四", team=make_team())
    make_customer(name="王五", custodian=make_user(), team=agent.team)
    text = text_of(client, "pool")
    assert "张三" in text
    assert "浦东新区" in text
    assert "8000" not in text
    assert "李四" not in text
    assert "王五" not in text
    assert "One person takes at most 20 cards a day." in text


def test_the_pool_is_filtered_by_region_class_and_list(client, agent):
    one = make_customer(name="张三", team=agent.team, region="310115")
    Standing.objects.create(customer=one, value_class="A", customer_list="existing")
    make_customer(name="李四", team=agent.team, region="110101")

    def shown(**query):
        text = text_of(client, "pool", **query)
        return [name for name in ("张三", "李四") if name in text]

    assert shown(region="310000") == shown(value_class="A") == ["张三"]
    assert shown(customer_list="existing") == ["张三"]
    assert shown(customer_list="potential") == ["李四"]
    assert shown(region="440000") == []


def test_one_takes_a_card_and_comes_to_it(client, agent):
    customer = make_customer(name="张三", team=agent.team)
    answer = client.post(reverse("pool-take"), {"customer": customer.pk})
    assert answer.url == reverse("customer", args=[customer.pk])
    assert Customer.objects.get(pk=customer.pk).custodian == agent
    other = make_customer(name="李四", team=make_team())
    client.post(reverse("pool-take"), {"customer": [other.pk, "nonsense"]})
    assert Customer.objects.get(pk=other.pk).custodian is None


def test_several_are_taken_until_the_limit(client, agent):
    policy.set_value("pool.per_day", 2, by=agent, now=timezone.now())
    ids = [make_customer(name=f"客{n}", team=agent.team).pk for n in range(3)]
    answer = client.post(reverse("pool-take"), {"customer": ids}, follow=True)
    text = answer.content.decode()
    assert "2 cards are yours now." in text
    assert "At most 2 cards a day" in text
    assert Customer.objects.filter(custodian=agent).count() == 2


def test_my_days_say_when_why_and_what_keeps_a_card(client, agent):
    since = timezone.now() - timedelta(days=57)
    going = make_customer(name="张三", custodian=agent, custodian_since=since)
    kept = make_customer(name="李四", custodian=agent, custodian_since=since)
    kept.commitments.create(text="x", owner=agent, due_at=timezone.now() + timedelta(days=9))
    make_customer(name="王五", custodian=agent, custodian_since=timezone.now())
    make_customer(name="赵六", custodian=make_user(), custodian_since=since)
    text = text_of(client, "pool-mine")
    assert "in 3 days" in text
    assert "no contact for too long" in text
    assert "a promise is open" in text
    assert "王五" not in text
    assert "赵六" not in text
    answer = client.post(reverse("pool-give-back", args=[going.pk]), {"reason": "moved"})
    assert answer.url == reverse("pool-mine")
    assert Customer.objects.get(pk=going.pk).custodian is None


def test_the_start_of_the_desk_tells_what_goes_back(client, agent):
    since = timezone.now() - timedelta(days=57)
    customer = make_customer(name="张三", custodian=agent, custodian_since=since)
    assert "Go back to the pool" not in text_of(client, "desk")
    PoolWarning.objects.create(
        customer=customer, custodian=agent, days_before=3, reason="returned_no_contact",
        returns_on=today_of(timezone.now()) + timedelta(days=3),
    )  # fmt: skip
    assert "Go back to the pool" in text_of(client, "desk")
    Customer.objects.filter(pk=customer.pk).update(last_contact_at=timezone.now())
    assert "Go back to the pool" not in text_of(client, "desk")


def test_a_supervisor_sets_a_protection(client, agent):
    customer = make_customer(name="张三", custodian=agent, team=agent.team)
    client.force_login(make_user(role="supervisor", language="en", team=agent.team))
    url = reverse("pool-protection", args=[customer.pk])
    until = today_of(timezone.now()) + timedelta(days=9)
    assert client.post(url, {"until": until.isoformat(), "reason": ""}).status_code == 422
    client.post(url, {"until": until.isoformat(), "reason": "tender"})
    assert Customer.objects.get(pk=customer.pk).protected_until == until


def test_the_limits_are_set_as_a_form_and_read_as_sentences(client, agent):
    client.force_login(make_user(role="administrator", language="en"))
    url = reverse("settings-pool")
    values = {"by": "region", "per_day": 5, "in_all": 0, "retake_days": 1, "protection_days": 10,
              "no_contact_days": 20, "no_deal_days": 30, "order_days": 9}  # fmt: skip
    area = f"area_{agent.team_id}"
    assert client.post(url, {**values, area: "nowhere"}).status_code == 422
    assert client.post(url, {**values, area: "上海市、北京市"}).status_code == 302
    assert policy.value("pool.areas") == {str(agent.team_id): ["110000", "310000"]}
    text = text_of(client, "settings-pool")
    for part in ("One person takes at most 5 cards a day.", "after 1 day.",
                 "whose area it is in", "上海市"):  # fmt: skip
        assert part in text
    assert "cards in all" not in text.split("How the pool works")[1]
