"""Opportunities through HTTP (SA2): list, board, the page of one, how it ends, the card."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from tests.factories import (
    make_category,
    make_customer,
    make_opportunity,
    make_order,
    make_product,
    make_team,
    make_user,
)

from genjin.customers.models import Customer
from genjin.kernel.errors import BadInput
from genjin.sales.models import Opportunity, Order
from genjin.sales.opportunities import operations, queries

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager():
    return make_user(role="manager", language="en")


@pytest.fixture
def client(client, manager):
    client.force_login(manager)
    return client


def page(client, name: str = "opportunities", query: str = "", args=()) -> str:
    answer = client.get(reverse(name, args=args) + query)
    assert answer.status_code == 200
    return answer.content.decode()


def post(client, name: str, row: Opportunity, data=None):
    return client.post(reverse(name, args=[row.pk]), data or {})


def test_an_opportunity_is_opened_from_the_card_and_shown_there(client, manager):
    customer, product = make_customer(), make_product(name="商用冷柜")
    answer = client.post(
        reverse("opportunity-new", args=[customer.pk]),
        {"product": product.pk, "grade": "B", "amount": "36,000" .replace(",", ""),
         "currency": "CNY", "expected_on": timezone.localdate() + timedelta(days=9),
         "owner": manager.pk, "next_step": "Send the offer"},
    )  # fmt: skip
    row = Opportunity.objects.get()
    assert answer.url == reverse("opportunity", args=[row.pk])
    assert (row.title, row.grade, row.home_amount, row.owner) == (
        "商用冷柜", "B", Decimal(36000), manager)  # fmt: skip
    text = page(client, "customer", args=[customer.pk])
    assert "商用冷柜" in text
    assert "Opportunity opened: 商用冷柜" in text
    assert "the card shows B: within a month now" in text
    assert "Probable" in text


def test_problems_of_a_new_one_stand_beside_their_fields(client):
    customer = make_customer()
    owner = make_user()
    answer = client.post(
        reverse("opportunity-new", args=[customer.pk]),
        {"grade": "B", "currency": "USD", "amount": "5", "owner": owner.pk,
         "expected_on": timezone.localdate() - timedelta(days=1)},
    )  # fmt: skip
    assert answer.status_code == 422
    errors = answer.context["form"].errors
    assert set(errors) == {"title", "currency", "expected_on"}
    assert errors["expected_on"] == ["This lies in the past."]
    assert not Opportunity.objects.exists()


def test_what_is_missing_for_the_next_stage_stands_beside_its_field(client):
    row = make_opportunity()
    answer = post(client, "opportunity-facts", row, {"fact_decider": "王总", "to": "needs"})
    assert answer.status_code == 422
    assert answer.context["facts"].errors == {
        "fact_welcome": [
            "To be known before “Impression” is left: "
            "How we were received, and when they like to talk."
        ]
    }
    assert "王总" in answer.content.decode()
    done = post(client, "opportunity-facts", row,
                {"fact_decider": "王总", "fact_welcome": "上午", "to": "needs"})  # fmt: skip
    assert done.status_code == 302
    row.refresh_from_db()
    assert row.stage == "needs"
    text = page(client, "opportunity", args=[row.pk])
    assert "Stage: Impression → Needs" in text
    assert "Known from other stages" in text


def test_facts_are_noted_without_going_on_and_fields_with_them(client):
    row = make_opportunity(stage="proposal", home_amount=None)
    product = make_product()
    found_out = {"product": product.pk, "fact_fit": "省电", "amount": "900"}
    assert post(client, "opportunity-facts", row, found_out).status_code == 302
    row.refresh_from_db()
    assert (row.stage, row.product, row.amount) == ("proposal", product, Decimal(900))
    assert queries.facts_of(row)["fit"].text == "省电"


def test_going_back_needs_a_reason_on_the_page_too(client):
    row = make_opportunity(stage="concerns")
    answer = post(client, "opportunity-stage", row, {"stage": "needs"})
    assert answer.status_code == 422
    assert answer.context["back"].errors == {"reason": ["This is needed."]}
    assert (
        post(client, "opportunity-stage", row, {"stage": "needs", "reason": "x"}).status_code == 302
    )
    answer = post(client, "opportunity-stage", row, {"stage": "agreement"})
    assert answer.status_code == 422
    assert "To be known before “Needs” is left" in answer.content.decode()


def test_a_grade_is_confirmed_or_set_on_the_page(client):
    ago = timezone.now() - timedelta(days=8)
    row = make_opportunity(grade="A", grade_set_at=ago)
    assert "grade to confirm" in page(client)
    assert post(client, "opportunity-grade", row, {"grade": "A"}).status_code == 302
    assert "grade to confirm" not in page(client)
    post(client, "opportunity-grade", row, {"grade": "C"})
    post(client, "opportunity-grade", row, {"grade": "Z"})
    row.refresh_from_db()
    assert row.grade == "C"
    assert Customer.objects.get(pk=row.customer_id).grade == "C"


def test_a_deal_is_lost_with_a_reason_and_taken_up_again(client):
    row = make_opportunity(category=make_category(name="空调"))
    answer = post(client, "opportunity-lose", row, {"reason": "rival"})
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"rival"}
    why = {"reason": "rival", "rival": "北岭", "words": "便宜"}
    assert post(client, "opportunity-lose", row, why).status_code == 302
    text = page(client, "opportunity", args=[row.pk])
    assert "Bought from a rival" in text
    assert "北岭" in text
    assert post(client, "opportunity-reopen", row, {"reason": ""}).status_code == 422
    assert post(client, "opportunity-reopen", row, {"reason": "又来了"}).status_code == 302
    row.refresh_from_db()
    assert row.state == "open"


def test_giving_up_needs_words_and_may_leave_the_card_a_grade(client):
    row = make_opportunity()
    assert post(client, "opportunity-drop", row, {}).status_code == 422
    post(client, "opportunity-drop", row, {"words": "不做了", "card_grade": "D"})
    assert Customer.objects.get(pk=row.customer_id).grade == "D"


def test_winning_names_a_concluded_order_that_won_nothing_else(client):
    row = make_opportunity(stage="agreement")
    assert "No order of this customer is concluded yet." in page(
        client, "opportunity-win", args=[row.pk])  # fmt: skip
    draft = Order.objects.create(customer=row.customer)
    order = Order.objects.create(customer=row.customer, state="concluded", number="D-7", total=5)
    assert post(client, "opportunity-win", row, {"order": draft.pk}).status_code == 422
    assert post(client, "opportunity-win", row, {"order": order.pk}).status_code == 302
    text = page(client, "opportunity", args=[row.pk])
    assert "D-7" in text
    assert "Whether the goods arrived and work" in text
    second = make_opportunity(customer=row.customer)
    assert post(client, "opportunity-win", second, {"order": order.pk}).status_code == 422


def cost(client, name: str, query: str = "") -> int:
    """How many queries a page costs, but for the policy, which is read once a second."""
    with CaptureQueriesContext(connection) as found:
        page(client, name, query)
    return sum("policysetting" not in one["sql"] for one in found.captured_queries)


def make_some():
    now = timezone.now()
    today = timezone.localdate(now)
    fresh = {"grade": "A", "grade_set_at": now}
    first = make_opportunity(title="一号", **fresh, stage="needs", amount=1000,
                             expected_on=today - timedelta(days=2))  # fmt: skip
    second = make_opportunity(title="二号", **fresh, stage="agreement", amount=2000,
                              expected_on=today + timedelta(days=40))  # fmt: skip
    third = make_opportunity(title="三号", stage="needs", grade="C", next_on=today)
    lost = make_opportunity(title="四号", state="lost", lost_reason="price", stage="needs",
                            ended_at=timezone.now())  # fmt: skip
    return first, second, third, lost


def titles(text: str) -> list[str]:
    return [one for one in ("一号", "二号", "三号", "四号") if one in text]


def test_the_list_shows_open_ones_by_day_and_ticks_combine(client):
    first, second, _third, _lost = make_some()
    text = page(client)
    assert titles(text) == ["一号", "二号", "三号"]
    assert text.index("一号") < text.index("二号") < text.index("三号")
    for query, expected in (
        ("?stage=needs", ["一号", "三号"]),
        ("?stage=needs&grade=C", ["三号"]),
        ("?grade=A&grade=C", ["一号", "二号", "三号"]),
        (f"?owner={second.owner_id}", ["二号"]),
        (f"?month={second.expected_on:%Y-%m}&stage=agreement", ["二号"]),
        ("?month=none", ["三号"]),
        ("?due=past", ["一号"]),
        ("?due=next", ["三号"]),
        ("?state=lost", ["四号"]),
        ("?state=lost&state=open", ["一号", "二号", "三号", "四号"]),
        ("?stage=nonsense&month=xx&owner=x&after=nonsense", ["一号", "二号", "三号"]),
        ("?month=2026-99", []),
    ):
        assert titles(page(client, query=query)) == expected, query
    assert first.pk  # the first in order, by its day


def test_each_facet_counts_what_its_own_ticks_would_leave(client):
    make_some()
    facets = client.get(reverse("opportunities") + "?stage=needs").context["facets"]
    found = {one["code"]: {value["value"]: value["count"] for value in one["values"]}
             for one in facets}  # fmt: skip
    assert found["stage"] == {"needs": 2, "agreement": 1}
    assert found["grade"] == {"A": 1, "C": 1}
    assert found["state"] == {"open": 2, "lost": 1}
    assert found["due"] == {"past": 1, "next": 1}


def test_the_sums_weigh_by_stage_and_grade(client):
    make_some()
    totals = client.get(reverse("opportunities")).context["totals"]
    # needs 15 % × A 90 % of 1,000 and agreement 90 % × A 90 % of 2,000
    assert (totals["amount"], totals["weighted"], totals["without"]) == (
        Decimal(3000), Decimal("1755"), 1)  # fmt: skip


def test_the_board_has_a_column_for_each_stage(client):
    make_some()
    columns = client.get(reverse("opportunities") + "?view=board").context["columns"]
    assert [(one["stage"].code, one["count"]) for one in columns] == [
        ("impression", 0), ("needs", 2), ("proposal", 0), ("concerns", 0), ("agreement", 1),
    ]  # fmt: skip
    assert [line["row"].title for line in columns[1]["lines"]] == ["一号", "三号"]


def test_a_long_list_goes_on_where_the_page_before_ended(client):
    owner = make_user()
    for number in range(53):
        make_opportunity(title=f"第{number}个", owner=owner,
                         expected_on=timezone.localdate() + timedelta(days=number % 7))  # fmt: skip
    seen: list[str] = []
    after = ""
    for _page in range(2):
        context = client.get(reverse("opportunities"), {"after": after}).context
        seen += [line["row"].title for line in context["lines"]]
        after = context["after"]
    assert after == ""
    assert len(seen) == len(set(seen)) == 53


@pytest.mark.parametrize("query", ["", "?view=board", "?state=won&state=lost"])
def test_the_list_costs_the_same_number_of_queries_whatever_its_length(client, query):
    make_some()
    page(client, query=query)

    before = cost(client, "opportunities", query)
    for _more in range(3):
        make_some()
    assert cost(client, "opportunities", query) == before


def test_one_sees_the_opportunities_of_the_cards_one_sees(client):
    team = make_team()
    agent = make_user(role="agent", language="en", team=team)
    mine = make_opportunity(title="我的", customer=make_customer(custodian=agent))
    other = make_opportunity(title="别人的", owner=agent)
    client.force_login(agent)
    text = page(client)
    assert "我的" in text
    assert "别人的" not in text
    assert client.get(reverse("opportunity", args=[mine.pk])).status_code == 200
    assert client.get(reverse("opportunity", args=[other.pk])).status_code == 404
    assert post(client, "opportunity-grade", other, {"grade": "A"}).status_code == 404


def test_the_customer_of_a_new_one_is_found_by_typing(client):
    customer = make_customer(name="欧阳小红")
    text = page(client, "opportunity-choose", "?q=oyxh")
    assert reverse("opportunity-new", args=[customer.pk]) in text
    assert "Nobody found." in page(client, "opportunity-choose", "?q=zzzz")


def test_an_agreed_deal_becomes_an_order_and_is_won_when_that_is_concluded(client, manager):
    product = make_product(name="中央空调", kind=make_category())
    early = make_opportunity(stage="needs", product=product, amount=500)
    answer = client.post(reverse("opportunity-order", args=[early.pk]), follow=True)
    assert "The order is made when it is agreed" in answer.content.decode()
    row = make_opportunity(stage="agreement", product=product, amount=8800, owner=manager)
    operations.note_facts(row, {"payment": "货到付款"}, by=manager, now=timezone.now())
    assert "Make the order" in page(client, "opportunity", args=[row.pk])
    answer = post(client, "opportunity-order", row)
    order = Order.objects.get()
    assert answer.url == reverse("deal", args=[order.pk])
    assert (order.total, order.state, order.note, order.seller, order.source_id) == (
        Decimal(8800), "draft", "货到付款", manager, str(row.pk))  # fmt: skip
    line = order.lines.get()
    assert (line.product, line.amount, line.state) == (product, Decimal(8800), "draft")
    assert post(client, "opportunity-order", row).url == answer.url
    assert Order.objects.count() == 1
    with pytest.raises(BadInput):
        operations.win(row, order=order, by=manager, now=timezone.now())
    Order.objects.filter(pk=order.pk).update(state="concluded", number="D-1")
    operations.follow_concluded(Order.objects.get(), by=manager, now=timezone.now())
    row.refresh_from_db()
    assert (row.state, row.stage, row.order) == ("won", "after", order)
    Order.objects.filter(pk=order.pk).update(state="cancelled")
    operations.follow_cancelled(Order.objects.get(), reason="x", by=manager, now=timezone.now())
    row.refresh_from_db()
    assert (row.state, row.stage, row.order) == ("open", "agreement", None)


def test_an_order_without_amount_or_category_says_what_is_missing(client):
    row = make_opportunity(stage="agreement")
    answer = client.post(reverse("opportunity-order", args=[row.pk]), follow=True)
    assert "This is needed." in answer.content.decode()
    assert not Order.objects.exists()


def test_the_forecast_opens_its_records(client, manager):
    today = timezone.localdate()
    row = make_opportunity(title="预计的", stage="agreement", grade="A", amount=1000, owner=manager,
                           expected_on=today)  # fmt: skip
    sold = make_order(customer=row.customer, amount=70, by=manager, ordered_on=today)
    answer = client.get(reverse("forecast"))
    assert answer.status_code == 200
    month = next(one for one in answer.context["months"] if one.get("is_now"))
    assert (month["figures"].expected, month["figures"].weighted) == (1000, Decimal(810))
    assert "预计的" in client.get(month["url"]).content.decode()
    orders = client.get(month["concluded_url"]).context["rows"]
    assert [one["order"].pk for one in orders] == [sold.pk]
    [person] = answer.context["people"]
    assert person["label"] == manager.name
    assert "预计的" in client.get(person["url"]).content.decode()
    for query in ("?by=team", "?from=2020-01", f"?owner={manager.pk}", "?month=nonsense",
                  f"?month={today:%Y-%m}", "?team=x&owner=y"):  # fmt: skip
        assert client.get(reverse("forecast") + query).status_code == 200, query


def test_what_was_expected_at_the_beginning_is_listed_with_what_became_of_it(client, manager):
    ago = timezone.now() - timedelta(days=70)
    day = timezone.localdate().replace(day=1) - timedelta(days=3)
    row = operations.open_opportunity(make_customer(), title="丢了", amount=Decimal(50),
                                      expected_on=day, by=manager, now=ago)  # fmt: skip
    operations.lose(row, reason="price", by=manager, now=timezone.now())
    text = page(client, "forecast-began", args=[f"{day:%Y-%m}"])
    assert "丢了" in text
    assert "Lost" in text
    for month in ("nonsense", "2999-01"):
        assert client.get(reverse("forecast-began", args=[month])).status_code == 404


def test_the_forecast_costs_the_same_number_of_queries_whatever_there_is(client):
    make_some()
    page(client, "forecast")
    before = cost(client, "forecast")
    for _more in range(3):
        make_some()
    assert cost(client, "forecast") == before


def test_the_list_of_won_ones_is_narrowed_to_the_month_of_their_end(client):
    won = make_opportunity(title="赢了", state="lost", lost_reason="price", ended_at=timezone.now())
    month = f"{timezone.localtime(won.ended_at):%Y-%m}"
    assert "赢了" in page(client, query=f"?state=lost&ended={month}")
    assert "赢了" not in page(client, query="?state=lost&ended=2020-01")
