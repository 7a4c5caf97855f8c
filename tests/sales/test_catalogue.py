"""Products at hand while talking: written with audit, found by typing, priced honestly."""

from decimal import Decimal

import pytest

from genjin.foundation.models import AuditEntry
from genjin.kernel.errors import BadInput, NotAllowed
from genjin.sales import operations, queries
from tests.factories import NOW, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager():
    return make_user(role="supervisor")


@pytest.fixture
def catalogue(manager):
    """Three products, the main one neither the dearest nor the first by name, and a card."""

    def make(code, name, category, amount, **values):
        product = operations.create_product(
            code=code, name=name, category=category, by=manager, now=NOW, **values
        )
        prices = [{"code": "list", "amount": amount}] if amount else []
        operations.set_prices(product, prices, by=manager, now=NOW)
        return product

    made = [
        make("P1", "净水机标准型", "净水", "1299"),
        make("P2", "年度滤芯套餐", "净水", "360", is_main=True),
        make("P3", "上门检测", "服务", ""),
    ]
    operations.save_card(
        None, title="多久换一次滤芯", body="一般六个月更换一次,水质硬的地区四个月。",
        product=made[1], by=manager, now=NOW,
    )  # fmt: skip
    return made


def names(query: str) -> list[str]:
    return [product.name for product in queries.search(query).products]


def test_main_products_come_first_then_the_dearer_and_unpriced_last(catalogue):
    assert names("") == ["年度滤芯套餐", "净水机标准型", "上门检测"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("滤芯", ["年度滤芯套餐"]),
        ("净水", ["年度滤芯套餐", "净水机标准型"]),
        ("jingshui", ["年度滤芯套餐", "净水机标准型"]),
        ("jsj", ["净水机标准型"]),
        ("p3", ["上门检测"]),
        ("检", ["上门检测"]),
        ("。", []),
        ("不存在", []),
    ],
)
def test_a_product_is_found_by_name_category_code_and_pinyin(catalogue, query, expected):
    assert names(query) == expected


def test_a_knowledge_card_is_found_by_title_and_by_what_it_says(catalogue):
    assert [card.title for card in queries.search("多久换").cards] == ["多久换一次滤芯"]
    assert [card.title for card in queries.search("水质硬").cards] == ["多久换一次滤芯"]


def test_a_retired_product_is_not_offered(catalogue, manager):
    operations.change_product(catalogue[1], {"is_active": False}, by=manager, now=NOW)
    assert names("滤芯") == []


def test_a_renamed_product_is_found_by_its_new_name_only(catalogue, manager):
    operations.change_product(catalogue[2], {"name": "水质化验"}, by=manager, now=NOW)
    assert names("化验") == ["水质化验"]
    assert names("检测") == []


def test_a_changed_price_is_audited_from_what_to_what(catalogue, manager):
    operations.set_prices(
        catalogue[0],
        [{"code": "list", "amount": "1,199.50"}, {"code": "month", "amount": "5"}],
        by=manager,
        now=NOW,
    )
    entry = AuditEntry.objects.filter(object_id=str(catalogue[0].pk)).order_by("-at", "-id").first()
    assert entry.changes == {
        "price.list": ["1299.00 CNY", "1199.50 CNY"],
        "price.month": [None, "5 CNY / 1"],
    }
    assert catalogue[0].prices.get(code="month").months == 1


def test_saving_prices_that_did_not_change_writes_nothing(catalogue, manager):
    before = AuditEntry.objects.count()
    rows = [{"code": "list", "amount": "1299.00", "label": "list"}]
    assert operations.set_prices(catalogue[0], rows, by=manager, now=NOW) == {}
    assert AuditEntry.objects.count() == before


@pytest.mark.parametrize(
    ("row", "place", "code"),
    [
        ({"code": "", "amount": "1"}, "code", "price_code_not_understood"),
        ({"code": "a b", "amount": "1"}, "code", "price_code_not_understood"),
        ({"code": "list", "amount": "x"}, "amount", "amount_not_understood"),
        ({"code": "list", "amount": "-1"}, "amount", "amount_not_understood"),
        ({"code": "list", "amount": "NaN"}, "amount", "amount_not_understood"),
        ({"code": "list", "amount": "0.001"}, "amount", "amount_not_understood"),
        (
            {"code": "list", "amount": "1", "currency": "yuan"},
            "currency",
            "currency_not_understood",
        ),
        ({"code": "now", "amount": "1", "months": "0"}, "months", "months_not_understood"),
        ({"code": "year", "amount": "1", "months": "6"}, "months", "months_fixed"),
    ],
)
def test_a_price_that_is_not_understood_is_refused_in_its_place(
    catalogue, manager, row, place, code
):
    with pytest.raises(BadInput) as refused:
        operations.set_prices(catalogue[0], [row], by=manager, now=NOW)
    assert [reason.code for reason in refused.value.problems[f"prices.0.{place}"]] == [code]
    assert [price.amount for price in catalogue[0].prices.all()] == [Decimal("1299.00")]


def test_the_same_price_field_twice_is_refused(catalogue, manager):
    rows = [{"code": "list", "amount": "1"}, {"code": "LIST", "amount": "2"}]
    with pytest.raises(BadInput) as refused:
        operations.set_prices(catalogue[0], rows, by=manager, now=NOW)
    assert list(refused.value.problems) == ["prices.1.code"]


def test_a_code_belongs_to_one_product(catalogue, manager):
    with pytest.raises(BadInput) as refused:
        operations.create_product(code="P1", name="另一个", by=manager, now=NOW)
    assert list(refused.value.problems) == ["code"]


def test_an_agent_changes_nothing(catalogue):
    agent = make_user(role="agent")
    with pytest.raises(NotAllowed):
        operations.change_product(catalogue[0], {"name": "x"}, by=agent, now=NOW)
    with pytest.raises(NotAllowed):
        operations.save_card(None, title="a", body="b", by=agent, now=NOW)


def test_the_sheet_computes_what_the_year_costs_and_what_is_saved(catalogue, manager):
    rows = [
        {"code": "month", "amount": "5", "label": "月费"},
        {"code": "now", "amount": "30", "months": "12", "label": "现价"},
    ]
    operations.set_prices(catalogue[1], rows, by=manager, now=NOW)
    catalogue[1].refresh_from_db()
    found = queries.sheet(catalogue[1])
    assert (found.year.amount, found.year_now.amount) == (Decimal(60), Decimal(30))
    assert (found.saving.amount, found.saving.percent) == (Decimal(30), 50)
    assert [price.code for price in found.prices] == ["now", "month"]


def test_a_comparison_without_its_point_is_refused_and_nothing_is_lost(catalogue, manager):
    row = {"competitor": "甲牌", "point": "滤芯", "ours": "半年", "theirs": "三个月", "source": ""}
    operations.set_comparisons(catalogue[1], [row], by=manager, now=NOW)
    with pytest.raises(BadInput) as refused:
        operations.set_comparisons(catalogue[1], [{**row, "point": " "}], by=manager, now=NOW)
    assert list(refused.value.problems) == ["comparisons.0.point"]
    assert list(queries.sheet(catalogue[1]).comparisons) == ["甲牌"]


def test_a_removed_card_stays_in_the_audit_trail(catalogue, manager):
    card = catalogue[1].cards.get()
    operations.remove_card(card, by=manager, now=NOW)
    entry = AuditEntry.objects.filter(action="remove").get()
    assert entry.changes["title"] == ["多久换一次滤芯", None]
    assert not queries.search("滤芯").cards
