"""Orders, classes, owned products, prospects and their settings through HTTP."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob
from tests.factories import make_category, make_customer, make_followup, make_order, make_user

from genjin.customers import fields
from genjin.customers.models import Event, OwnedProduct, Standing
from genjin.foundation import policy
from genjin.foundation.models import LongTask
from genjin.sales import jobs
from genjin.sales.models import ExchangeRate, KeyDecision, OrderLine
from genjin.sales.standing import refresh_standings

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shipped_fields():
    fields.sync_shipped_fields()


@pytest.fixture
def manager():
    return make_user(role="manager", language="en")


@pytest.fixture
def admin():
    return make_user(role="administrator", language="en")


@pytest.fixture
def customer(manager):
    return make_customer(custodian=manager)


@pytest.fixture
def category():
    return make_category(code="ac")


@pytest.fixture
def client(client, manager):
    client.force_login(manager)
    return client


def card(client, customer) -> str:
    return client.get(reverse("customer", args=[customer.pk])).content.decode()


def order_data(category, **values):
    return {"kind": "order", "category": category.pk, "ordered_on": timezone.localdate(),
            "amount": "1200.50", "currency": "CNY", **values}  # fmt: skip


def test_an_order_is_entered_on_the_card_and_its_class_explained(client, customer, category):
    answer = client.post(reverse("order-new", args=[customer.pk]), order_data(category))
    assert answer.status_code == 302
    assert "The classes have not been worked out yet." in card(client, customer)
    refresh_standings(now=timezone.now())
    text = card(client, customer)
    assert "Class A: key customer" in text
    assert "bring the first 80 % of all deals and are A." in text
    assert "1,200.50" in text
    assert "Existing" in text
    page = client.get(reverse("customer-orders", args=[customer.pk])).content.decode()
    assert "counts" in page
    assert "make up the class: CN¥1,200.50" in page or "1,200.50" in page


def test_a_currency_without_a_rate_is_refused_beside_its_field(client, customer, category):
    url = reverse("order-new", args=[customer.pk])
    answer = client.post(url, order_data(category, currency="USD"))
    assert answer.status_code == 422
    assert "No exchange rate from USD to CNY is known" in answer.content.decode()
    assert not OrderLine.objects.exists()


def test_an_order_is_cancelled_with_a_reason(client, customer, category):
    client.post(reverse("order-new", args=[customer.pk]), order_data(category))
    order = OrderLine.objects.get()
    url = reverse("order-cancel", args=[customer.pk, order.pk])
    assert client.post(url, {"reason": ""}).status_code == 422
    assert client.post(url, {"reason": "typed twice"}).status_code == 302
    order.refresh_from_db()
    assert order.state == "cancelled"
    assert "typed twice" in card(client, customer)
    assert client.get(url).status_code == 404


def test_owned_products_come_go_and_move_the_card(client, customer, category):
    url = reverse("owned-new", args=[customer.pk])
    data = {"category": category.pk, "is_ours": "theirs", "brand": "北岭", "bought": "2015-06"}
    assert client.post(url, {**data, "brand": ""}).status_code == 422
    assert client.post(url, {**data, "bought": "2015-13"}).status_code == 422
    assert client.post(url, data).status_code == 302
    row = OwnedProduct.objects.get()
    assert (str(row.bought_on), row.bought_precision) == ("2015-06-01", "month")
    text = card(client, customer)
    assert "Attack card" in text
    assert "bought 2015-06" in text
    gone = reverse("owned-gone", args=[customer.pk, row.pk])
    assert client.post(gone, {"gone_on": timezone.localdate()}).status_code == 302
    assert Standing.objects.get(customer=customer).sets == {"ac": "development"}


def test_asked_and_owns_none_is_a_development_card(client, customer, category):
    assert "To be found out" in card(client, customer)
    answer = client.post(reverse("owned-none", args=[customer.pk]), {"category": category.pk})
    assert answer.status_code == 302
    text = card(client, customer)
    assert "Development card" in text
    assert "Asked: owns none" in text


def test_brands_of_policy_and_of_cards_are_suggested(client, customer, category, admin):
    policy.set_value("classes.brands.ac", ["北岭"], by=admin, now=timezone.now())
    OwnedProduct.objects.create(customer=customer, category=category, brand="海澜", source_kind="x")
    page = client.get(reverse("brands"), {"category": category.pk}).content.decode()
    assert page.index("北岭") < page.index("海澜")
    assert client.get(reverse("brands"), {"category": "x"}).content.strip() == b""


def test_a_prospect_is_paused_until_a_day_to_come(client, customer):
    url = reverse("customer-prospect", args=[customer.pk])
    late = client.post(url, {"prospect_state": "pause", "paused_until": timezone.localdate()})
    assert late.status_code == 422
    day = timezone.localdate() + timedelta(days=30)
    assert client.post(url, {"prospect_state": "pause", "paused_until": day}).status_code == 302
    text = card(client, customer)
    assert "Pause until a date" in text
    assert "Prospect: what to do changed" in text


def test_an_overdue_grade_is_listed_and_confirmed_in_one_step(client, customer):
    ago = timezone.now() - timedelta(days=8)
    type(customer).objects.filter(pk=customer.pk).update(grade="A", grade_set_at=ago)
    page = client.get(reverse("grade-reviews")).content.decode()
    assert customer.name in page
    assert 'data-key="y"' in page
    url = reverse("grade-confirm", args=[customer.pk])
    answer = client.post(url, {"next": reverse("grade-reviews")})
    assert answer.url == reverse("grade-reviews")
    assert customer.name not in client.get(reverse("grade-reviews")).content.decode()


def test_confirming_ends_the_review_in_hand_and_leads_nowhere_else(client, customer, manager):
    ago = timezone.now() - timedelta(days=8)
    type(customer).objects.filter(pk=customer.pk).update(grade="A", grade_set_at=ago)
    event = Event.objects.create(code="grade_overdue", key="k", customer=customer, on=ago.date())
    mine = {"state": "taken", "taken_by": manager, "customer": customer, "source_kind": "rule"}
    review = make_followup(cause_key=f"rule:grade-review:{event.pk}", **mine)
    answer = client.post(
        reverse("grade-confirm", args=[customer.pk]), {"next": "https://example.com/"}
    )
    assert answer.url.startswith(reverse("customer", args=[customer.pk]))
    review.refresh_from_db()
    assert (review.state, review.last_outcome) == ("done", "grade_confirmed")


def test_a_card_without_a_grade_cannot_be_confirmed(client, customer):
    answer = client.post(reverse("grade-confirm", args=[customer.pk]), follow=True)
    assert "This customer has no grade." in answer.content.decode()


def test_a_manager_decides_on_a_proposal_and_it_does_not_come_again(client, customer, category):
    make_order(customer=customer, category=category, amount=100)
    refresh_standings(now=timezone.now())
    assert "Class A by deal amount." in client.get(reverse("classes")).content.decode()
    assert "Proposed as a key customer:" in card(client, customer)
    url = reverse("customer-key", args=[customer.pk])
    assert client.post(url, {"is_key": "no", "reason": ""}).status_code == 422
    assert client.post(url, {"is_key": "no", "reason": "one-off"}).status_code == 302
    assert "Class A by deal amount." not in client.get(reverse("classes")).content.decode()
    client.post(url, {"is_key": "yes", "reason": "grows"})
    customer.refresh_from_db()
    assert customer.is_key
    assert KeyDecision.objects.count() == 2
    assert "Key customer: confirmed" in card(client, customer)


def test_classes_are_worked_out_on_demand_with_a_task_to_watch(client, customer, category):
    make_order(customer=customer, category=category, amount=100)
    assert client.post(reverse("classes-refresh")).status_code == 302
    task = LongTask.objects.get(kind="classes")
    jobs.classes.func.__wrapped__(task_id=str(task.pk), by_id=None)
    task.refresh_from_db()
    assert (task.state, task.result["classes"]) == ("done", {"A": 1})
    assert Standing.objects.get(customer=customer).value_class == "A"


def test_a_list_of_orders_comes_in_and_its_faults_go_out(client, customer, category):
    text = (
        f"number,category,date,amount\n{customer.number},ac,2026-11-01,5\n{customer.number},x,y,z\n"
    )
    file = SimpleUploadedFile("orders.csv", text.encode())
    assert client.post(reverse("orders-import"), {"file": file}).status_code == 302
    task = LongTask.objects.get(kind="orders")
    job = ProcrastinateJob.objects.get(task_name="sales.orders")
    jobs.orders.func.__wrapped__(**job.args)
    task.refresh_from_db()
    assert (task.result["written"], task.result["faults"]) == (1, 1)
    page = client.get(reverse("orders-import")).content.decode()
    assert "1 new, 0 known already, 1 with faults" in page
    answer = client.get(reverse("orders-faults", args=[task.pk]))
    told = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert "There is no product category “x”." in told
    client.force_login(make_user(role="supervisor"))
    assert client.get(reverse("orders-faults", args=[task.pk])).status_code == 404


def test_cut_offs_are_set_within_their_bounds(client, admin):
    client.force_login(admin)
    url = reverse("settings-classes")
    page = client.get(url)
    data = {name: page.context["form"][name].value() for name in page.context["form"].fields}
    bad = client.post(url, {**data, "a_percent": 95, "b_percent": 90})
    assert bad.status_code == 422
    assert "The cut-off of B lies above that of A." in bad.content.decode()
    assert client.post(url, {**data, "a_percent": 70, "grade_term_days-A": 10}).status_code == 302
    policy.forget()
    assert policy.value("classes.a_percent") == 70
    assert policy.value("classes.grade_term_days.A") == 10


def test_rates_and_categories_are_entered(client, admin):
    client.force_login(admin)
    rate = {"currency": "USD", "from_day": "2026-11-01", "rate": "7.1"}
    assert client.post(reverse("settings-rates"), {**rate, "rate": "0"}).status_code == 422
    assert client.post(reverse("settings-rates"), rate).status_code == 302
    assert ExchangeRate.objects.get().rate == Decimal("7.1")
    assert "7.1" in client.get(reverse("settings-rates")).content.decode()
    url = reverse("category-new")
    bad = client.post(url, {"code": "Bad Code", "is_active": "on"})
    assert bad.status_code == 422
    good = {"code": "ac", "label_zh-hans": "空调", "life_years": 10, "brands": "北岭\n\n海澜\n北岭",
            "is_active": "on"}  # fmt: skip
    assert client.post(url, good).status_code == 302
    assert policy.value("classes.brands.ac") == ["北岭", "海澜"]
    page = client.get(reverse("settings-categories")).content.decode()
    assert "空调" in page
    assert "北岭 · 海澜" in page


def test_orders_of_other_custodians_stay_out_of_the_list(client, customer, category):
    make_order(customer=customer, category=category)
    agent = make_user(role="agent")
    make_order(customer=make_customer(name="王芳", custodian=agent), category=category)
    assert "张三" in client.get(reverse("orders")).content.decode()
    client.force_login(agent)
    text = client.get(reverse("orders")).content.decode()
    assert "王芳" in text
    assert "张三" not in text
    assert client.get(reverse("customer-orders", args=[customer.pk])).status_code == 404
