"""Finding a customer while somebody types."""

import pytest

from genjin.customers.operations import card
from genjin.customers.search import find, statistics
from genjin.customers.segments import customers_in
from tests.factories import NOW, make_customer, make_followup, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_statistics():
    statistics.forget()
    yield
    statistics.forget()


@pytest.fixture
def manager():
    return make_user(role="manager")


def names(query, user):
    return [hit.name for hit in find(query, user=user)]


@pytest.mark.parametrize(
    "query",
    ["张三丰", "三丰", "张", "張三豐", "zhangsanfeng", "zhangsan", "zhang", "zsf", "8000", "0013",
     "13800138000", "+86 138 0013 8000"],
)  # fmt: skip
def test_a_person_is_found_by(query, manager):
    make_customer(name="张三丰", phone="+8613800138000")
    make_customer(name="李四", phone="+8615988887777")
    assert names(query, manager) == ["张三丰"]


@pytest.mark.parametrize("query", ["大华", "公司", "深圳公司", "dahua", "dhkj", "王五", "wangwu"])
def test_a_company_is_found_by(query, manager):
    card.create_customer(
        kind="organisation", name="深圳市大华科技有限公司", person_name="王五", by=manager, now=NOW
    )
    make_customer(name="李四")
    found = names(query, manager)
    assert found == (["深圳市大华科技有限公司"] if query != "深圳公司" else [])


def test_a_variant_character_finds_the_other(manager):
    make_customer(name="臺北帳房", kind="organisation")
    for query in ("台北", "账房", "賬房"):
        assert names(query, manager) == ["臺北帳房"]


def test_a_surname_is_found_by_every_reading(manager):
    make_customer(name="单雄信")
    assert names("shanxiongxin", manager) == names("danxiongxin", manager) == ["单雄信"]


def test_the_number_of_the_card_finds_it(manager):
    customer = make_customer(name="张三")
    assert names(str(customer.number), manager) == ["张三"]


def test_the_name_itself_comes_before_names_that_hold_it(manager):
    for name in ("王小伟明", "小伟", "小伟东"):
        make_customer(name=name)
    assert names("小伟", manager) == ["小伟", "小伟东", "王小伟明"]


@pytest.mark.parametrize("query", ["", "   ", "%", "'; DROP TABLE", "\x00", "🙂", "_" * 300, "1"])
def test_nonsense_finds_nothing_and_breaks_nothing(query, manager):
    make_customer(name="张三", phone="+8613800138000")
    assert names(query, manager) == []


def test_scope_is_kept():
    team = make_team()
    agent, colleague = make_user(team=team), make_user(team=team)
    supervisor = make_user(role="supervisor", team=team)
    make_customer(name="张三", custodian=colleague, team=team)
    held = make_customer(name="张四")
    assert names("zhang", agent) == []
    assert names("张三", supervisor) == ["张三"]
    make_followup(customer=held, state="taken", taken_by=agent)
    assert names("张四", agent) == ["张四"]
    assert names("张四", supervisor) == []


def test_phones_are_masked_in_what_is_found():
    agent = make_user()
    make_customer(name="张三", phone="+8613800138000", custodian=agent)
    assert [hit.phone for hit in find("张三", user=agent)] == ["138****8000"]


def test_who_sees_masked_numbers_cannot_put_one_together_by_finding():
    team = make_team()
    agent, collector = make_user(team=team), make_user(role="collector", team=team)
    reviewer = make_user(role="reviewer")
    make_customer(name="张三", phone="+8613800138000", custodian=agent, team=team)
    for user in (agent, collector, reviewer):
        for query in ("13800138000", "+86 138 0013 8000", "8000", "张三 8000", "张三"):
            assert names(query, user) == ["张三"], query
        for query in ("0013", "1380", "38000", "3800138", "1380013", "张三 1380", "zhang 0013"):
            assert names(query, user) == [], query


def test_the_list_of_who_sees_masked_numbers_is_not_filtered_by_their_digits():
    agent, manager = make_user(), make_user(role="manager")
    make_customer(name="张三", phone="+8613800138000", custodian=agent)

    def found(user, text):
        one = {"field": "name", "op": "contains", "values": [text]}
        return customers_in({"all": [one], "none": []}, user=user).count()

    assert (found(manager, "0013"), found(agent, "0013")) == (1, 0)
    assert (found(agent, "张三 1380"), found(agent, "张三 8000"), found(agent, "8000")) == (0, 1, 1)
    excluded = {"all": [], "none": [{"field": "name", "op": "contains", "values": ["0013"]}]}
    assert customers_in(excluded, user=agent).count() == 1


def test_frequent_words_are_walked_for_and_still_find_the_old_card(manager, monkeypatch):
    monkeypatch.setattr("genjin.customers.search.FREQUENT_HITS", -1)
    monkeypatch.setattr("genjin.customers.search.WALKED_ROWS", 1)
    make_customer(name="甲公司", kind="organisation")
    make_customer(name="乙公司", kind="organisation")
    assert set(names("公司", manager)) == {"甲公司", "乙公司"}


def test_a_new_name_and_number_are_found_and_old_ones_are_not(manager):
    customer = make_customer(name="张三", phone="+8613800138000")
    card.change_customer(customer, {"name": "赵六"}, by=manager, now=NOW)
    card.add_point(customer, value="13911112222", by=manager, now=NOW)
    card.retire_point(customer.points.get(value="+8613800138000"), by=manager, now=NOW)
    assert names("赵六", manager) == names("2222", manager) == ["赵六"]
    assert names("张三", manager) == names("8000", manager) == []
