"""The pages of the catalogue: found while typing, changed with every error beside its field."""

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.factories import NOW, make_user

from genjin.foundation.models import AuditEntry
from genjin.sales import operations, queries
from genjin.sales.models import KnowledgeCard, Product

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager():
    return make_user(role="supervisor", language="en")


@pytest.fixture
def product(manager):
    made = operations.create_product(
        code="Y", name="滤芯年卡", by=manager, now=NOW, is_main=True, benefits=["省心"]
    )
    rows = [
        {"code": "month", "amount": "39", "label": "月付"},
        {"code": "now", "amount": "358", "months": "12", "label": "年卡"},
    ]
    operations.set_prices(made, rows, by=manager, now=NOW)
    return made


@pytest.fixture
def as_manager(client, manager):
    client.force_login(manager)
    return client


@pytest.fixture
def as_agent(client):
    client.force_login(make_user(role="agent", language="en"))
    return client


def table(kind: str, rows: list[dict[str, str]]) -> dict[str, str]:
    """The form of a product's table as a browser posts it."""
    data = {f"{kind}-TOTAL_FORMS": str(len(rows)), f"{kind}-INITIAL_FORMS": "0"}
    for place, row in enumerate(rows):
        data |= {f"{kind}-{place}-{name}": value for name, value in row.items()}
    return data


def test_the_list_says_what_a_product_costs_gives_and_saves(as_agent, product):
    html = as_agent.get(reverse("products")).content.decode()
    for said in ("滤芯年卡", "省心", "CN¥358.00", "Saves CN¥110.00"):
        assert said in html
    assert reverse("product-new") not in html


def test_typing_gets_the_list_alone(as_agent, product):
    answer = as_agent.get(
        reverse("products"), {"q": "lvxin"}, headers={"HX-Target": "product-list"}
    )
    html = answer.content.decode()
    assert "滤芯年卡" in html
    assert "<html" not in html


def test_the_list_costs_the_same_queries_with_one_product_and_with_three(
    as_agent, product, manager, django_assert_num_queries
):
    as_agent.get(reverse("products"))  # settings are read once a second
    with CaptureQueriesContext(connection) as one:
        as_agent.get(reverse("products"))
    for number in range(2):
        more = operations.create_product(code=f"M{number}", name="多", by=manager, now=NOW)
        operations.set_prices(more, [{"code": "list", "amount": "9"}], by=manager, now=NOW)
    with django_assert_num_queries(len(one)):
        as_agent.get(reverse("products"))


def test_the_sheet_for_the_desk_is_a_fragment_with_the_computed_saving(as_agent, product):
    html = as_agent.get(reverse("product-sheet", args=[product.pk])).content.decode()
    assert "<html" not in html
    assert "CN¥110.00" in html


def test_what_was_found_names_the_price_and_leads_to_the_sheet(product):
    html = render_to_string("products/_hits.html", {"hits": queries.search("滤芯")})
    assert "滤芯年卡" in html
    assert reverse("product-sheet", args=[product.pk]) in html
    nothing = render_to_string("products/_hits.html", {"hits": queries.search("没有这个")})
    assert "<details" not in nothing


@pytest.mark.parametrize("name", ["product-edit", "product-prices", "product-comparisons"])
def test_an_agent_opens_no_form(as_agent, product, name):
    assert as_agent.get(reverse(name, args=[product.pk])).status_code == 403
    assert as_agent.post(reverse(name, args=[product.pk])).status_code == 403


def test_a_new_product_goes_on_to_its_prices(as_manager):
    data = {"name": "净水机", "code": "RO", "is_active": "on", "benefits": "好喝\n\n省事"}
    answer = as_manager.post(reverse("product-new"), data)
    made = Product.objects.get(code="RO")
    assert answer["Location"] == reverse("product-prices", args=[made.pk])
    assert made.benefits == ["好喝", "省事"]


def test_a_taken_code_is_told_beside_the_field_and_the_form_keeps_its_words(as_manager, product):
    answer = as_manager.post(reverse("product-new"), {"name": "别的", "code": "Y"})
    assert answer.status_code == 422
    html = answer.content.decode()
    assert "Another product has the code “Y”." in html
    assert 'value="别的"' in html


def test_the_pages_of_forms_open(as_manager, product):
    for name in ("product", "product-edit", "product-prices", "product-comparisons"):
        assert as_manager.get(reverse(name, args=[product.pk])).status_code == 200, name
    assert as_manager.get(reverse("product-new")).status_code == 200


def test_prices_are_changed_removed_and_added_in_one_form(as_manager, product):
    rows = [
        {"code": "now", "label": "年卡", "amount": "348", "currency": "CNY", "months": "12"},
        {"code": "month", "label": "月付", "amount": "39", "currency": "CNY", "DELETE": "on"},
        {"code": "year", "label": "一年", "amount": "468", "currency": "CNY", "months": ""},
        {"code": "", "label": "", "amount": "", "currency": "CNY", "months": ""},
    ]
    answer = as_manager.post(reverse("product-prices", args=[product.pk]), table("prices", rows))
    assert answer.status_code == 302
    found = {price.code: (str(price.amount), price.months) for price in product.prices.all()}
    assert found == {"now": ("348.00", 12), "year": ("468.00", 12)}


def test_a_price_that_is_not_understood_is_told_in_its_row_and_nothing_changes(as_manager, product):
    rows = [
        {"code": "", "label": "", "amount": "", "currency": "CNY"},
        {"code": "now", "label": "年卡", "amount": "一百", "currency": "CNY"},
    ]
    answer = as_manager.post(reverse("product-prices", args=[product.pk]), table("prices", rows))
    assert answer.status_code == 422
    form = answer.context["rows"].forms[1]
    assert list(form.errors) == ["amount"]
    assert product.prices.count() == 2


def test_a_comparison_is_saved_and_shown(as_manager, product):
    row = {
        "competitor": "清泉",
        "point": "上门",
        "ours": "免费",
        "theirs": "收费",
        "source": "官网",
    }
    answer = as_manager.post(
        reverse("product-comparisons", args=[product.pk]), table("comparisons", [row])
    )
    assert "清泉" in as_manager.get(answer["Location"]).content.decode()


def test_a_knowledge_card_is_written_found_changed_and_removed(as_manager, product):
    url = reverse("knowledge-new")
    assert as_manager.get(url, {"product": product.pk}).context["form"]["product"].value() == str(
        product.pk
    )
    data = {"title": "怎么开发票", "body": "发到邮箱", "product": product.pk}
    answer = as_manager.post(url, data)
    card = KnowledgeCard.objects.get()
    assert answer["Location"] == reverse("knowledge", args=[card.pk])
    assert as_manager.get(answer["Location"]).status_code == 200
    edit = reverse("knowledge-edit", args=[card.pk])
    assert as_manager.post(edit, {**data, "title": ""}).status_code == 422
    as_manager.post(edit, {**data, "title": "发票怎么开"})
    assert "发票怎么开" in as_manager.get(reverse("products"), {"q": "邮箱"}).content.decode()
    as_manager.post(reverse("knowledge-remove", args=[card.pk]))
    assert not KnowledgeCard.objects.exists()
    assert AuditEntry.objects.filter(action="remove", object_kind="knowledgecard").exists()


def test_what_an_agent_types_is_shown_and_never_run(as_agent):
    html = as_agent.get(reverse("products"), {"q": '"><script>x</script>'}).content.decode()
    assert "<script>x" not in html
