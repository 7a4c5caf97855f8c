"""The desk and what is to be found out: owned products, the grade's review, the prospect (FU6)."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from tests.factories import (
    make_campaign,
    make_category,
    make_customer,
    make_followup,
    make_opportunity,
    make_product,
    make_queue,
    make_user,
)

from genjin.customers.fields import sync_shipped_fields
from genjin.customers.models import Customer, Event, OwnedProduct, Standing
from genjin.followups.models import FollowUp, Interaction
from genjin.sales.models import Opportunity
from genjin.sales.opportunities.showing import settle_cards

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shipped_fields():
    sync_shipped_fields()


@pytest.fixture
def agent(client):
    user = make_user(role="agent", language="en")
    client.force_login(user)
    return user


@pytest.fixture
def category():
    return make_category(code="ac", name="空调", life_years=8)


@pytest.fixture
def taken(agent):
    queue = make_queue(source_kind="campaign", source_id="desk")
    make_campaign(queue=queue, agents=(agent,))
    now = timezone.now()
    return make_followup(
        customer=make_customer(name="王小明", phone="+8613800138000"), queue=queue, state="taken",
        taken_by=agent, taken_at=now, lease_until=now + timedelta(minutes=15),
    )  # fmt: skip


def desk_of(row) -> str:
    return reverse("desk-followup", args=[row.pk])


def test_the_prospect_and_the_enthusiasm_are_set_at_wrap_up(client, taken):
    day = timezone.localdate() + timedelta(days=20)
    form = {"token": "t", "outcome": "success", "next_step": "x", "prospect_state": "pause",
            "enthusiasm": "hot"}  # fmt: skip
    url = reverse("desk-record", args=[taken.pk])
    assert client.post(url, form).status_code == 422
    assert client.post(url, {**form, "paused_until": day}).status_code == 302
    customer = Customer.objects.get()
    assert (customer.prospect_state, customer.paused_until) == ("pause", day)
    assert customer.fields == {"enthusiasm": "hot"}
    detail = Interaction.objects.get().detail
    assert (detail["prospect_state"], detail["enthusiasm"]) == ("pause", "hot")


def test_a_visiting_grade_alone_says_that_the_prospect_is_kept(client, taken):
    form = {"token": "t", "outcome": "success", "next_step": "x", "visiting_grade": "2"}
    client.post(reverse("desk-record", args=[taken.pk]), form)
    customer = Customer.objects.get()
    assert (customer.prospect_state, customer.visiting_grade) == ("keep", "2")


def test_what_nobody_asked_is_asked_while_talking_and_then_not_again(client, taken, category):
    assert "Does the customer own this: 空调?" in client.get(desk_of(taken)).content.decode()
    url = reverse("owned-ask", args=[taken.customer_id])
    data = {"category": category.pk, "answer": "theirs", "brand": "", "next": desk_of(taken)}
    piece = client.post(url, data, headers={"HX-Request": "true"}).content.decode()
    assert "This is needed." in piece
    answer = client.post(url, {**data, "brand": "北岭"})
    assert answer.url == desk_of(taken)
    assert Standing.objects.get().sets == {"ac": "attack"}
    assert "Does the customer own" not in client.get(desk_of(taken)).content.decode()


def test_nothing_is_asked_of_those_who_may_not_change_cards(client, taken, category):
    vendor = make_user(role="vendor", language="en")
    FollowUp.objects.update(taken_by=vendor)
    client.force_login(vendor)
    page = client.get(desk_of(taken)).content.decode()
    assert "Does the customer own" not in page


def test_a_review_is_settled_by_one_key(client, taken, agent):
    ago = timezone.now() - timedelta(days=8)
    Customer.objects.update(grade="A", grade_set_at=ago)
    event = Event.objects.create(
        code="grade_overdue", key="k", customer=taken.customer, on=ago.date()
    )
    FollowUp.objects.update(source_kind="rule", cause_key=f"rule:grade-review:{event.pk}")
    page = client.get(desk_of(taken)).content.decode()
    assert "Grade A outlived its term." in page
    assert 'data-key="alt+g"' in page
    client.post(reverse("grade-confirm", args=[taken.customer_id]), {"next": reverse("desk")})
    assert FollowUp.objects.get().state == "done"
    assert Customer.objects.get().grade_set_at > ago


def test_a_dry_desk_offers_replacements_grades_and_what_nobody_asked(client, agent, category):
    old = make_customer(name="赵一", custodian=agent, region="110000", sex="f")
    OwnedProduct.objects.create(
        customer=old, category=category, brand="北岭", bought_on=date(2010, 1, 1), source_kind="t"
    )
    late = timezone.now() - timedelta(days=9)
    make_customer(name="钱二", custodian=agent, grade="A", grade_set_at=late)
    make_customer(name="孙三", custodian=make_user(), grade="A", grade_set_at=late)
    page = client.get(reverse("desk") + "?dry=1").content.decode()
    assert "空调 due for replacement: 北岭, bought 2010" in page
    assert "grade A to confirm" in page
    assert "to be found out: 空调" in page
    assert "孙三" not in page


def test_the_grade_of_a_call_goes_to_the_opportunity_that_is_in_view(client, taken):
    product = make_product(name="中央空调")
    deal = make_opportunity(customer=taken.customer, title="旧楼改造", grade="C")
    page = client.get(desk_of(taken)).content.decode()
    assert "Still to be found out:" in page
    assert "Who decides, and who else has a say" in page
    assert f'<option value="{deal.pk}" selected>旧楼改造 (C)</option>' in page
    url = reverse("desk-record", args=[taken.pk])
    form = {"token": "t", "outcome": "success", "next_step": "x", "grade": "A",
            "product": product.pk}  # fmt: skip
    assert client.post(url, {**form, "opportunity": "nonsense"}).status_code == 422
    assert client.post(url, {**form, "opportunity": "new"}).status_code == 302
    made = Opportunity.objects.exclude(pk=deal.pk).get()
    assert (made.title, made.grade) == ("中央空调", "A")
    deal.refresh_from_db()
    assert deal.grade == "C"


def test_a_new_opportunity_that_nobody_can_name_is_asked_about(client, taken):
    form = {"token": "t", "outcome": "success", "next_step": "x", "opportunity": "new"}
    answer = client.post(reverse("desk-record", args=[taken.pk]), form)
    assert answer.status_code == 422
    assert "Say what the new opportunity is about" in answer.content.decode()


def test_overdue_opportunities_are_confirmed_while_talking_and_listed_for_review(
    client, agent, taken
):
    ago = timezone.now() - timedelta(days=8)
    Customer.objects.update(custodian=agent)
    deal = make_opportunity(customer=taken.customer, title="旧楼改造", grade="A", owner=agent,
                            grade_set_at=ago)  # fmt: skip
    settle_cards(timezone.now())
    assert "Grade A outlived its term." in client.get(desk_of(taken)).content.decode()
    listed = client.get(reverse("grade-reviews")).content.decode()
    assert "旧楼改造" in listed
    assert reverse("opportunity-grade", args=[deal.pk]) in listed
    answer = client.get(reverse("customer-grade", args=[taken.customer_id]))
    assert answer.url == reverse("opportunity", args=[deal.pk])
    client.post(reverse("grade-confirm", args=[taken.customer_id]), {"next": desk_of(taken)})
    assert "outlived its term" not in client.get(desk_of(taken)).content.decode()
    assert "旧楼改造" not in client.get(reverse("grade-reviews")).content.decode()
