"""Segments: what can be asked, and whom it gives."""

from datetime import datetime

import pytest

from genjin.customers import fields, segments
from genjin.customers.operations.card_fields import add_field, change_field, retire_field
from genjin.customers.operations.segments import archive_segment, change_segment, create_segment
from genjin.kernel.errors import BadInput
from tests.factories import NOW, SHANGHAI, make_customer, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shipped_fields():
    fields.sync_shipped_fields()


@pytest.fixture
def people():
    return {
        "hot": make_customer(name="张热", fields={"enthusiasm": "hot", "age": 30}, grade="A",
                             region="440305"),
        "cold": make_customer(name="李冷", fields={"enthusiasm": "cold", "age": 50,
                              "interests": ["tea", "sport"]}, grade="B", region="110105"),
        "blank": make_customer(name="王空"),
    }  # fmt: skip


def inside(people, *conditions, none=()):
    found = segments.customers_in({"all": list(conditions), "none": list(none)})
    return {key for key, one in people.items() if one in set(found)}


def ask(field, op, *values):
    return {"field": field, "op": op, "values": list(values)}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (ask("fields.enthusiasm", "in", "hot", "cold"), {"hot", "cold"}),
        (ask("fields.enthusiasm", "in", "hot"), {"hot"}),
        (ask("fields.interests", "in", "tea"), {"cold"}),
        (ask("fields.age", "between", 40, None), {"cold"}),
        (ask("fields.age", "between", None, 30), {"hot"}),
        (ask("fields.age", "set", False), {"blank"}),
        (ask("grade", "in", "A", "B"), {"hot", "cold"}),
        (ask("region", "in", "440000"), {"hot"}),
        (ask("region", "set", True), {"hot", "cold"}),
        (ask("name", "contains", "li"), {"cold"}),
        (ask("name", "contains", "空"), set()),
        (ask("created", "between", "2026-11-23", "2026-11-23"), {"hot", "cold", "blank"}),
        (ask("created", "between", None, "2026-11-22"), set()),
    ],
)
def test_a_condition_gives(people, condition, expected):
    assert inside(people, condition) == expected


def test_conditions_combine_by_and_and_not(people):
    a, b = ask("grade", "in", "A", "B"), ask("fields.age", "between", 20, 60)
    assert inside(people, a, b, none=[ask("fields.enthusiasm", "in", "hot")]) == {"cold"}
    assert inside(people, none=[ask("fields.enthusiasm", "in", "hot")]) == {"cold", "blank"}
    assert inside(people, none=[ask("fields.age", "between", 40, 60)]) == {"hot", "blank"}


def test_a_day_is_a_day_of_the_organisation():
    late = make_customer(created_at=datetime(2026, 11, 24, 0, 30, tzinfo=SHANGHAI))
    assert late in segments.customers_in(
        {"all": [ask("created", "between", "2026-11-24", "2026-11-24")]}
    )


@pytest.mark.parametrize(
    "criteria",
    [
        {"all": [ask("fields.nothing", "in", "a")]},
        {"all": [ask("password", "in", "a")]},
        {"all": [ask("grade", "between", 1, 2)]},
        {"all": [ask("fields.age", "between", 60, 20)]},
        {"all": [ask("fields.age", "between", None, None)]},
        {"all": [ask("fields.age", "between", "x", None)]},
        {"all": [ask("created", "between", "2026-02-30", None)]},
        {"all": [ask("custodian", "in", "1; DROP")]},
        {"all": [ask("grade", "in")]},
        {"any": []},
        {"all": ["grade"]},
    ],
)
def test_what_cannot_be_asked_is_refused(criteria):
    with pytest.raises(BadInput):
        segments.customers_in(criteria)


def test_criteria_read_as_sentences():
    criteria = {
        "all": [ask("fields.age", "between", 40, None), ask("region", "in", "310000")],
        "none": [ask("fields.enthusiasm", "in", "hot", "warm")],
    }
    assert segments.describe(criteria, "en") == [
        "Age at least 40", "region is 上海市", "not: Enthusiasm is Hot or Warm",
    ]  # fmt: skip


def test_a_segment_keeps_its_name_to_itself():
    user = make_user()
    first = create_segment(name="重点", criteria=segments.EVERYBODY, by=user, now=NOW)
    with pytest.raises(BadInput) as bad:
        create_segment(name="重点", criteria=segments.EVERYBODY, by=user, now=NOW)
    assert [r.code for r in bad.value.problems["name"]] == ["name_taken"]
    change_segment(first, criteria={"all": [ask("grade", "in", "A")]}, by=user, now=NOW)
    archive_segment(first, by=user, now=NOW)
    first.refresh_from_db()
    assert (first.is_archived, first.criteria["all"][0]["field"]) == (True, "grade")


def test_an_own_field_is_asked_without_a_migration():
    admin = make_user(role="administrator")
    field = add_field(
        code="pet", type="choice", labels={"zh-hans": "宠物"}, by=admin, now=NOW, is_facet=True,
        choices=[{"code": "cat", "labels": {"zh-hans": "猫"}}],
    )  # fmt: skip
    customer = make_customer(fields={"pet": "cat"})
    criteria = {"all": [ask("fields.pet", "in", "cat")]}
    assert list(segments.customers_in(criteria)) == [customer]
    with pytest.raises(BadInput):
        change_field(field, {"choices": []}, by=admin, now=NOW)
    retire_field(field, by=admin, now=NOW)
    assert "pet" not in {d.code for d in fields.definitions()}
    assert list(segments.customers_in(criteria)) == [customer]
    with pytest.raises(BadInput):
        add_field(code="pet", type="text", labels={"en": "Pet"}, by=admin, now=NOW)


def test_shipped_fields_keep_what_an_administrator_changed():
    admin = make_user(role="administrator")
    field = next(d for d in fields.definitions() if d.code == "industry")
    change_field(field, {"labels": {"en": "Trade"}}, by=admin, now=NOW)
    assert fields.sync_shipped_fields() == 0
    field.refresh_from_db()
    assert fields.label(field, "en") == "Trade"


@pytest.mark.parametrize(
    ("code", "raw", "stored"),
    [
        ("age", "1,200", 1200), ("age", "3.5", 3.5), ("age", "", None),
        ("founded_on", "2020/2/29", "2020-02-29"), ("industry", "retail", "retail"),
        ("industry", "零售", "retail"), ("interests", "体育、品茶", ["sport", "tea"]),
        ("interests", [], None),
    ],
)  # fmt: skip
def test_a_value_is_stored_as(code, raw, stored):
    assert fields.clean_values({code: raw}) == {code: stored}


@pytest.mark.parametrize(
    ("code", "raw"),
    [("age", "nan"), ("age", "1e400"), ("age", True), ("founded_on", "2021-02-29"),
     ("founded_on", "soon"), ("industry", "unheard"), ("character", "a\x00b"),
     ("character", "x" * 2001)],
)  # fmt: skip
def test_a_value_is_refused(code, raw):
    with pytest.raises(BadInput) as bad:
        fields.clean_values({code: raw})
    assert list(bad.value.problems) == [f"fields.{code}"]
