"""What a row becomes: mapping, cells of every form, generators. No database."""

from typing import Any

import pytest

from genjin.customers.importing import generators, values, words
from genjin.customers.importing.mapping import FieldSpec, Spec, checked, from_toml
from genjin.customers.importing.rows import RowCleaner
from genjin.customers.importing.values import BadCell
from genjin.kernel.errors import BadInput
from genjin.kernel.phone import parse_phone


def clean(rules: dict[str, Any], cells: dict[str, str], **more: Any):
    spec_more = {key: more.pop(key) for key in ("fields", "people", "teams") if key in more}
    columns = tuple(cells)
    named = {"name": {"target": "name"}} | {key: {"target": "ignore"} for key in columns}
    mapping = checked({"columns": {**named, **rules}, **more})
    spec = Spec(columns=columns, mapping=mapping, **spec_more)
    return RowCleaner(spec).clean(7, list(cells.values()))


def named(rules: dict[str, Any], cells: dict[str, str], **more: Any):
    return clean({"name": {"target": "name"}, **rules}, {"name": "张三", **cells}, **more)


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("13800138000", ["+8613800138000"]),
        ("+86 138-0013-8000", ["+8613800138000"]),
        ("１３８００１３８０００", ["+8613800138000"]),
        ("13800138000、13900139000", ["+8613800138000", "+8613900139000"]),
        ("(010) 6552 9988 转 12", ["+861065529988"]),
        ("13800138000 13800138000", ["+8613800138000"]),
        ("+852 9123 4567", ["+85291234567"]),
    ],
)
def test_phones_of_every_form_are_read(cell: str, found: list[str]):
    draft = named({"tel": {"target": "phone", "label": "work"}}, {"tel": cell})
    assert [phone.value for phone in draft.phones] == found
    assert draft.problems == []


@pytest.mark.parametrize("cell", ["123", "9" * 300, "1.38E+10", "没有电话", "=1+1"])
def test_a_phone_that_cannot_be_read_keeps_the_row_out(cell: str):
    draft = named({"tel": {"target": "phone"}}, {"tel": cell})
    assert [(place, code) for place, code, _ in draft.problems] == [("tel", "bad_phone")]


def test_bad_phones_may_be_kept_and_are_never_dialled():
    draft = named({"tel": {"target": "phone"}}, {"tel": "12345"}, bad_phones="keep")
    assert [(phone.value, phone.status) for phone in draft.phones] == [("12345", "invalid")]
    assert draft.problems == []
    assert draft.keys == ()


@pytest.mark.parametrize(
    ("name", "code"), [("", "no_name"), ("   ", "no_name"), ("长" * 300, "too_long")]
)
def test_a_missing_or_endless_name_is_refused_and_not_cut(name: str, code: str):
    draft = clean({"name": {"target": "name"}}, {"name": name})
    assert [found for _, found, _ in draft.problems] == [code]


def test_a_name_of_200_characters_fits():
    assert clean({"name": {"target": "name"}}, {"name": "长" * 200}).problems == []


def test_nul_characters_and_surplus_cells_are_refused():
    assert named({}, {"x": "a\x00b"}).problems[0][1] == "nul_character"
    cleaner = RowCleaner(Spec(("name",), checked({"columns": {"name": {"target": "name"}}})))
    assert cleaner.clean(2, ["Li", "surplus"]).problems[0][1] == "too_many_cells"
    assert cleaner.clean(2, ["Li", ""]).problems == []


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("7", 7), ("-12.5", -12.5), ("1,234,567", 1234567), ("1,234.50", 1234.5),
        ("１２", 12), ("12.0", 12), ("0", 0),
    ],
)  # fmt: skip
def test_numbers_are_read(cell: str, value: float):
    assert values.number(cell) == value


@pytest.mark.parametrize("cell", ["12,34", "1.2.3", "abc", "1e5", "--1", "12 %"])
def test_what_is_no_number_is_refused(cell: str):
    with pytest.raises(BadCell):
        values.number(cell)


@pytest.mark.parametrize(
    "cell",
    ["2026-01-05", "2026/1/5", "2026.1.5", "2026年1月5日", "20260105", "2026-01-05 10:30:00"],
)
def test_days_are_read(cell: str):
    assert values.day(cell) == "2026-01-05"


def test_the_order_of_day_and_month_can_be_said():
    assert values.day("5/1/2026", "dmy") == "2026-01-05"
    assert values.day("1/5/2026", "mdy") == "2026-01-05"


@pytest.mark.parametrize(
    ("cell", "code"),
    [("2026-02-30", "impossible_date"), ("2026-13-01", "impossible_date"),
     ("20260230", "impossible_date"), ("5/1/2026", "not_a_date"), ("soon", "not_a_date")],
)  # fmt: skip
def test_impossible_days_are_refused(cell: str, code: str):
    with pytest.raises(BadCell) as caught:
        values.day(cell)
    assert caught.value.code == code


def test_card_fields_take_values_maps_and_nothing_known():
    fields = {
        "has_loan": FieldSpec("has_loan", "boolean"),
        "since": FieldSpec("since", "number"),
        "job": FieldSpec("job", "choice", {"admin": "admin"}),
    }
    rules = {
        "loan": {"target": "field", "field": "has_loan", "values": {"ja": True, "nein": False}},
        "pdays": {"target": "field", "field": "since", "empty": ["-1"]},
        "job": {"target": "field", "field": "job", "values": {"admin.": {"code": "admin"}}},
    }
    first = named(rules, {"loan": "nein", "pdays": "-1", "job": "admin."}, fields=fields)
    assert (first.fields, first.problems) == ({"has_loan": False, "job": "admin"}, [])
    second = named(rules, {"loan": "ja", "pdays": "12", "job": "pilot"}, fields=fields)
    assert second.fields == {"has_loan": True, "since": 12}
    assert second.problems == [("job", "not_a_choice", {"value": "pilot"})]


def test_a_growing_choice_list_takes_new_values_and_says_so():
    fields = {"job": FieldSpec("job", "choice", {"admin": "admin"}, extends=True)}
    draft = named({"job": {"target": "field", "field": "job"}}, {"job": "pilot"}, fields=fields)
    assert (draft.fields, draft.new_choices) == ({"job": "pilot"}, [("job", "pilot")])


def test_a_day_is_put_together_from_its_columns():
    fields = {"last": FieldSpec("last", "date")}
    rule = {"target": "field", "field": "last",
            "parts": {"year": "2010", "month": "month", "day": "day"}}  # fmt: skip
    good = named({}, {"day": "5", "month": "may"}, fields=fields, composed={"last": rule})
    assert good.fields == {"last": "2010-05-05"}
    bad = named({}, {"day": "31", "month": "feb"}, fields=fields, composed={"last": rule})
    assert [code for _, code, _ in bad.problems] == ["impossible_date"]


def test_custodians_are_found_by_name_or_number_and_bring_their_team():
    people = {"t001": (5, 9)}
    draft = named({"who": {"target": "custodian"}}, {"who": "T001"}, people=people)
    assert (draft.columns["custodian_id"], draft.columns["team_id"]) == (5, 9)
    unknown = named({"who": {"target": "custodian"}}, {"who": "nobody"}, people=people)
    assert unknown.problems == [("who", "unknown_custodian", {"value": "nobody"})]


def test_companies_are_told_from_people():
    assert words.looks_like_organisation("苏州华盛机电有限公司")
    assert words.looks_like_organisation("Acme Trading Co. Ltd.")
    assert not words.looks_like_organisation("张三")
    draft = clean({"n": {"target": "name"}, "name": {"target": "ignore"}},
                  {"n": "苏州华盛机电有限公司"})  # fmt: skip
    assert draft.columns["kind"] == "organisation"


def test_all_faults_of_a_row_are_told():
    draft = clean(
        {"name": {"target": "name"}, "tel": {"target": "phone"}, "mail": {"target": "email"}},
        {"name": "", "tel": "12", "mail": "no"},
    )
    assert [code for _, code, _ in draft.problems] == ["bad_phone", "not_an_email", "no_name"]


@pytest.mark.parametrize(
    ("header", "target", "label"),
    [
        ("姓名", "name", None), ("客户名称", "name", None), ("公司", "name", None),
        ("電話", "phone", "work"), ("手机", "phone", "mobile"), ("Mobile Phone", "phone", "mobile"),
        ("税号", "tax_number", None), ("統一編號", "tax_number", None), ("地址", "address", None),
        ("E-mail", "email", None), ("联系人", "person_name", None), ("備註", "note", None),
        ("电话2", "phone", "work"), ("xyz", "ignore", None),
    ],
)  # fmt: skip
def test_headings_are_recognised(header: str, target: str, label: str | None):
    rule = words.guess([header])[header]
    assert (rule["target"], rule.get("label")) == (target, label)


def test_made_up_phones_are_one_to_one_and_belong_to_nobody():
    phones = {generators.phone(row) for row in range(1, 200_001)}
    assert len(phones) == 200_000
    for row in (2, 45_212, 10**7):
        phone = parse_phone(generators.phone(row))
        assert (phone.status, phone.reason) == ("unassigned", "unassigned_prefix")
        assert not phone.may_dial


def test_made_up_names_are_the_same_each_time_and_fit_the_sex():
    assert generators.person(12) == generators.person(12)
    chars = words.names()
    for row in range(2, 300):
        name, sex = generators.person(row)
        kind = "female" if sex == "f" else "male"
        assert 2 <= len(name) <= 3
        assert name[-1] in chars[f"{kind}_second"]
        assert generators.person(row, "f")[1] == "f"


@pytest.mark.parametrize(
    ("text", "place", "code"),
    [
        ("not = = toml", "", "mapping_not_toml"),
        ('[columns]\nA = "nothing"', "A", "unknown_target"),
        ('[columns]\nA = "name"\nB = "name"', "B", "two_columns_for_one"),
        ('[columns]\nA = "phone"', "", "no_name"),
        ('[columns]\nA = "name"\n[columns.B]\nfield = "Bad Code"', "B", "bad_field_code"),
        ('[columns]\nA = "name"\n[columns.B]\nfield = "b"\ntype = "x"', "B", "unknown_type"),
        ('[constants]\nphone = "1"\n[columns]\nA = "name"', "", "unknown_constant"),
    ],
)
def test_a_wrong_mapping_says_where_and_why(text: str, place: str, code: str):
    with pytest.raises(BadInput) as caught:
        from_toml(text)
    assert [reason.code for reason in caught.value.problems[place]] == [code]
