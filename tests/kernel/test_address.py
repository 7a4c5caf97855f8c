"""Addresses read down to the county, and distances."""

import pytest

from genjin.kernel.address import (
    centre,
    children,
    distance_km,
    division,
    parse_address,
    path,
    place_name,
    to_wgs84,
    within,
)


@pytest.mark.parametrize(
    ("text", "code", "rest"),
    [
        ("北京市朝阳区建国路88号", "110105", "建国路88号"),
        ("100000 北京市北京市西城区", "110102", ""),
        ("江苏省苏州市昆山市前进路", "320583", "前进路"),
        ("昆山市前进路", "320583", "前进路"),
        ("广东深圳南山区", "440305", ""),
        ("吉林市船营区", "220204", ""),
        ("吉林省吉林市船营区", "220204", ""),
        ("长春市朝阳区", "220104", ""),
        ("湖北省潜江市", "429005", ""),
        ("東莞市長安鎮", "441900", "長安鎮"),
        ("新疆乌鲁木齐天山区", "650102", ""),
        ("臺北市信義區松仁路", "TW-TPE-110", "松仁路"),
        ("台北信义区", "TW-TPE-110", ""),
        ("香港九龍觀塘區開源道", "810009", "開源道"),
        ("澳門大堂區", "820004", ""),
        ("朝阳区", "", "朝阳区"),
        ("10 Downing St", "", "10 Downing St"),
        ("", "", ""),
        ("🙂" * 400, "", "🙂" * 400),
    ],
)
def test_an_address_is_read_as(text, code, rest):
    found = parse_address(text)
    assert (found.division, found.rest) == (code, rest)


def test_the_parts_are_named():
    found = parse_address("江苏省苏州市昆山市前进路")
    assert (found.province, found.city, found.county) == ("江苏省", "苏州市", "昆山市")


def test_every_division_lies_in_one_that_exists_and_has_a_centre():
    for province in children():
        for code in within(province.code):
            one = division(code)
            assert one is not None
            assert path(code)[0] == province
            assert -180 <= one.longitude <= 180
            assert 3 < one.latitude < 54


def test_every_full_name_is_read_back():
    missed = [
        code
        for province in children()
        for code in within(province.code)
        if parse_address(place_name(code)).division != code
    ]
    assert missed == []


def test_distance_is_the_great_circle_with_forty_per_cent_for_roads():
    beijing, shanghai = (39.9042, 116.4074), (31.2304, 121.4737)
    assert distance_km(beijing, shanghai, factor=1) == pytest.approx(1067, rel=0.005)
    assert distance_km(beijing, shanghai) == pytest.approx(1067 * 1.4, rel=0.005)
    assert distance_km(beijing, beijing) == 0


def test_a_point_of_a_mainland_map_is_brought_into_wgs84():
    north, east = to_wgs84(39.908823, 116.39747, "gcj02")
    assert (north, east) == pytest.approx((39.90742, 116.39123), abs=0.0002)
    assert to_wgs84(1.5, 2.5, "wgs84") == (1.5, 2.5)


def test_a_district_without_a_centre_takes_that_of_its_county():
    assert centre(["TW-TPE-110"]) == centre(["TW-TPE"])
    assert centre(["nowhere"]) is None
