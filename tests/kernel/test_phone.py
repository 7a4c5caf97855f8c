"""Phones of every form are understood or refused with a reason, and shown masked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genjin.kernel.phone import mask_phone, parse_phone, phone_variants, split_phones


@pytest.mark.parametrize(
    ("raw", "e164", "national", "extension", "kind", "region"),
    [
        ("13800138000", "+8613800138000", "13800138000", "", "mobile", "CN"),
        ("+86 138-0013-8000", "+8613800138000", "13800138000", "", "mobile", "CN"),
        ("0086 138 0013 8000", "+8613800138000", "13800138000", "", "mobile", "CN"),
        ("１３８００１３８０００", "+8613800138000", "13800138000", "", "mobile", "CN"),
        ("13800138000.0", "+8613800138000", "13800138000", "", "mobile", "CN"),
        ("'13800138000", "+8613800138000", "13800138000", "", "mobile", "CN"),
        ("电话：13800138000（王经理）", "+8613800138000", "13800138000", "", "mobile", "CN"),
        ("13800138000转8", "+8613800138000", "13800138000", "8", "mobile", "CN"),
        ("(010) 6552 9988 转 12", "+861065529988", "01065529988", "12", "fixed", "CN"),
        ("(010) 6552 9988 轉 12", "+861065529988", "01065529988", "12", "fixed", "CN"),
        ("010-65529988-801", "+861065529988", "01065529988", "801", "fixed", "CN"),
        ("021-65529988/801", "+862165529988", "02165529988", "801", "fixed", "CN"),
        ("0755-8652 3344 ext. 9", "+8675586523344", "075586523344", "9", "fixed", "CN"),
        ("0755-86523344 x9", "+8675586523344", "075586523344", "9", "fixed", "CN"),
        ("0755-86523344#9", "+8675586523344", "075586523344", "9", "fixed", "CN"),
        ("+86 (0)10 65529988", "+861065529988", "01065529988", "", "fixed", "CN"),
        ("400-800-1234", "+864008001234", "4008001234", "", "unknown", "CN"),
        ("+852 9123 4567", "+85291234567", "91234567", "", "mobile", "HK"),
        ("00852 9123 4567", "+85291234567", "91234567", "", "mobile", "HK"),
        ("+886 0912 345 678", "+886912345678", "0912345678", "", "mobile", "TW"),
        ("+44 20 7946 0958", "+442079460958", "02079460958", "", "fixed", "GB"),
        ("+1 (212) 555-0100", "+12125550100", "2125550100", "", "unknown", "US"),
    ],
)
def test_a_phone_is_understood(raw, e164, national, extension, kind, region):
    phone = parse_phone(raw)
    assert (phone.e164, phone.national, phone.extension) == (e164, national, extension)
    assert (phone.kind, phone.region, phone.status, phone.raw) == (kind, region, "ok", raw)
    assert phone.may_dial
    assert phone.reason == ""


def test_the_region_of_the_list_is_heeded():
    assert parse_phone("0912 345 678", default_region="TW").e164 == "+886912345678"
    assert parse_phone("9123 4567", default_region="HK").e164 == "+85291234567"
    assert parse_phone("+86 138 0013 8000", default_region="HK").e164 == "+8613800138000"


@pytest.mark.parametrize("raw", ["15412345678", "+86 154 1234 5678", "１５４１２３４５６７８"])
def test_a_prefix_that_nobody_holds_is_well_formed_and_never_dialled(raw):
    phone = parse_phone(raw)
    assert phone.e164 == "+8615412345678"
    assert (phone.status, phone.reason, phone.may_dial) == (
        "unassigned",
        "unassigned_prefix",
        False,
    )


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", "empty"),
        ("  \u3000 ", "empty"),
        ("x" * 300, "too_long"),
        ("1" * 300, "too_long"),
        ("无", "not_a_number"),
        ("abc", "not_a_number"),
        ("138a0013b8000", "not_a_number"),
        ("1.3800138E+10", "scientific_notation"),
        ("65529988", "missing_area_code"),
        ("12345678901", "not_a_phone"),
        ("1380013800", "not_a_phone"),
        ("95588", "not_a_phone"),
        ("13800138000、13900139000", "several_numbers"),
    ],
)
def test_what_is_no_phone_is_refused_with_a_reason(raw, reason):
    phone = parse_phone(raw)
    assert (phone.e164, phone.status, phone.reason) == ("", "invalid", reason)
    assert not phone.may_dial


@pytest.mark.parametrize(
    ("raw", "parts"),
    [
        ("13800138000", ["13800138000"]),
        ("13800138000、13900139000", ["13800138000", "13900139000"]),
        ("13800138000 13900139000", ["13800138000", "13900139000"]),
        ("138 0013 8000", ["138 0013 8000"]),
        ("13800138000；010-65529988", ["13800138000", "010-65529988"]),
        ("13800138000或13900139000", ["13800138000", "13900139000"]),
        ("010-65529988/65529989", ["010-65529988", "010-65529989"]),
        ("010-65529988/801", ["010-65529988/801"]),
        ("", []),
        ("无", []),
    ],
)
def test_several_numbers_in_one_cell_are_parted(raw, parts):
    assert split_phones(raw) == parts


@pytest.mark.parametrize(
    ("e164", "masked"),
    [
        ("+8613812345678", "138****5678"),
        ("+861065529988", "010****9988"),
        ("+8675586523344", "0755****3344"),
        ("+864008001234", "400****1234"),
        ("+85291234567", "+852****4567"),
        ("+447911123456", "+44****3456"),
        ("123456", "****"),
        ("", ""),
    ],
)
def test_a_number_is_masked(e164, masked):
    assert mask_phone(e164) == masked


def test_variants_are_what_uncleaned_lists_hold():
    assert phone_variants("+8613800138000") == [
        "+8613800138000",
        "8613800138000",
        "008613800138000",
        "13800138000",
        "013800138000",
    ]
    assert phone_variants("") == []


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.sampled_from(["", "+86", "0086", "86"]),
       st.sampled_from(["", " ", "-"]))  # fmt: skip
def test_every_way_to_write_a_mobile_gives_the_same_number(mobile, country, gap):
    written = country + (gap if country else "") + gap.join((mobile[:3], mobile[3:7], mobile[7:]))
    assert parse_phone(written).e164 == "+86" + mobile


@given(st.text(max_size=300) | st.text("0123456789+-() 转ext/、", max_size=40))
def test_no_text_breaks_the_reader(raw):
    phone = parse_phone(raw)
    assert (phone.status == "ok") == phone.may_dial == (phone.reason == "")
    assert bool(phone.e164) == (phone.status != "invalid")
    for part in split_phones(raw):
        parse_phone(part)
    if phone.e164:
        assert parse_phone(phone.e164).e164 == phone.e164
        assert "****" in mask_phone(phone.e164)
