"""Patterns of numbers: what may be, what it gives."""

from datetime import date

import pytest

from genjin.foundation import policy
from genjin.foundation.numbering.rules import Pattern, period_of, problems_of

DAY = date(2026, 3, 9)


@pytest.mark.parametrize(
    ("pattern", "number", "written"),
    [
        ("SO-{year}-{number:05}", 42, "SO-2026-00042"),
        ("SO-{year}-{number:5}", 42, "SO-2026-00042"),
        ("SO-{year}-{number:05}", 123456, "SO-2026-123456"),
        ("ST{yy}{month}-{number:03}", 7, "ST2603-007"),
        ("N{number}", 7, "N7"),
        ("晨报字〔{year}〕第{number:04}号", 12, "晨报字〔2026〕第0012号"),
    ],
)
def test_a_pattern_writes_the_number_of_a_day(pattern, number, written):
    assert Pattern.of(pattern).written(number, DAY) == written


@pytest.mark.parametrize(
    ("pattern", "reset", "codes"),
    [
        ("SO-{year}-{number:05}", "year", []),
        ("SO-{year}-{number:05}", "never", []),
        ("SO-{yy}{month}-{number}", "month", []),
        ("第{number}号", "never", []),
        ("SO-{number:05}", "year", ["year_needed"]),
        ("SO-{month}-{number:05}", "month", ["year_needed"]),
        ("SO-{year}-{number:05}", "month", ["month_needed"]),
        ("SO-{year}{number:05}", "year", ["sign_before_number"]),
        ("SO-1{number:05}", "never", ["sign_before_number"]),
        ("SO-{number}{year}", "year", ["sign_after_number"]),
        ("SO-{number}7", "never", ["sign_after_number"]),
        ("{year}-{number}", "year", ["letters_first"]),
        ("1-{number}", "never", ["letters_first"]),
        ("SO-{year}", "year", ["one_number_needed"]),
        ("SO-{number}-{number}", "never", ["one_number_needed"]),
        ("", "never", ["one_number_needed"]),
        ("SO-{day}-{number}", "never", ["unknown_field"]),
        ("SO-{number:5d}", "never", ["unknown_field"]),
        ("SO-{number.__class__}", "never", ["unknown_field"]),
        ("SO-{{number}}", "never", ["unknown_field"]),
        ("SO<{number}", "never", ["strange_sign"]),
        ("A" * 40 + "{number}", "never", ["too_long"]),
    ],
)
def test_a_pattern_that_could_give_a_number_twice_is_refused(pattern, reset, codes):
    assert [reason.code for reason in problems_of(pattern, reset)] == codes


@pytest.mark.parametrize(
    ("reset", "period"), [("never", ""), ("year", "2026"), ("month", "2026-03")]
)
def test_counting_begins_anew_with_the_span(reset, period):
    assert period_of(reset, DAY) == period


def test_another_count_of_digits_is_the_same_stem():
    stems = {Pattern.of(f"SO-{{year}}-{{number{digits}}}").stem for digits in ("", ":05", ":6")}
    assert stems == {"SO-{year}-{number}"}


def test_every_shipped_series_is_in_order_and_begins_like_no_other():
    series = policy.shipped("numbering")
    assert {
        code: problems_of(entry["pattern"], entry["reset"]) for code, entry in series.items()
    } == {code: [] for code in series}
    starts = [Pattern.of(entry["pattern"]).start for entry in series.values()]
    assert len(set(starts)) == len(starts)
    assert all(
        set(entry["labels"]) == {"en", "zh-hans", "zh-hant", "zh-hk"} for entry in series.values()
    )
