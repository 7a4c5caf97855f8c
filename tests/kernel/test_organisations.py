"""What is left of an organisation's name when its place and its legal form are gone."""

import pytest

from genjin.kernel.organisations import core_name


@pytest.mark.parametrize(
    ("name", "core"),
    [
        ("北京市大华贸易有限公司", "大华贸易"),
        ("大華貿易股份有限公司", "大华贸易"),
        ("大华贸易", "大华贸易"),
        ("深圳市南山区宏远电器商行", "宏远电器"),
        ("大华贸易(上海)有限公司", "大华贸易"),
        ("台北市文山區永豐工程行", "永丰"),
        ("Harbour Lighting Co., Ltd.", "harbourlighting"),
        ("商行", "商行"),
        ("上海公司", "上海"),
        ("", ""),
    ],
)
def test_a_core_has_neither_place_nor_legal_form(name, core):
    assert core_name(name) == core
