"""Addresses that come in by a file lie somewhere: division, point, precision, system."""

import pytest

from genjin.customers.importing import lines
from genjin.customers.importing.draft import Draft
from genjin.customers.importing.mapping import Spec, checked
from genjin.customers.importing.rows import RowCleaner

COLUMNS = ("name", "address", "lat", "lng", "region")


def cleaned(*cells: str, **more) -> Draft:
    rules = {
        "name": {"target": "name"},
        "address": {"target": "address"},
        "lat": {"target": "latitude"},
        "lng": {"target": "longitude"},
        "region": {"target": "region"},
    }
    spec = Spec(columns=COLUMNS, mapping=checked({"columns": rules, **more}))
    return RowCleaner(spec).clean(1, cells)


def test_an_address_gets_its_division_and_the_centre_of_it():
    draft = cleaned("张三", "广东省深圳市福田区人民路12号")
    found = lines.place(draft, 0, draft.addresses[0])
    assert (found["division"], found["precision"], found["system"]) == (
        "440304",
        "district",
        "gcj02",
    )
    assert found["latitude"].startswith("22.5")


def test_coordinates_of_the_file_count_as_exact_in_their_system():
    draft = cleaned("张三", "新北市板橋區文化路1段", "25.0143", "121.4672", coordinates="wgs84")
    assert lines.place(draft, 0, draft.addresses[0]) == {
        "division": "TW-NWT-220",
        "latitude": "25.014300",
        "longitude": "121.467200",
        "precision": "exact",
        "system": "wgs84",
    }


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        (("张三", "上海市", "91", "121"), "not_a_coordinate"),
        (("张三", "上海市", "31.2", ""), "half_a_point"),
        (("张三", "", "31.2", "121.5"), "half_a_point"),
        (("张三", "", "", "", "乌有省"), "not_a_region"),
    ],
)
def test_a_point_that_is_none_is_refused(cells, code):
    assert code in [problem[1] for problem in cleaned(*cells).problems]


@pytest.mark.parametrize(("cell", "region"), [("440304", "440304"), ("佛山市南海区", "440605")])
def test_a_region_is_understood_by_code_and_by_name(cell, region):
    assert cleaned("张三", "", "", "", cell).columns["region"] == region


def test_an_address_that_names_no_division_has_no_point():
    draft = cleaned("张三", "加拿大温哥华市列治文3号")
    assert set(lines.place(draft, 0, draft.addresses[0]).values()) == {"", "wgs84"}
