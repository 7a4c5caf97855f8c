"""Ids, reasons, errors, state tables, money, text and proportions."""

import pickle
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genjin.kernel.errors import BadInput, Conflict, GenjinError, LostRace, NotAllowed
from genjin.kernel.ids import made_at, uuid7
from genjin.kernel.money import CurrenciesDiffer, Money, format_money, quantise
from genjin.kernel.problems import Reason, Severity, blockers, warnings
from genjin.kernel.states import IllegalTransition, StateTable
from genjin.kernel.statistics import ratio, wilson_interval
from genjin.kernel.text import clip, neutralise_formula, speaking_seconds


def test_ids_made_one_after_the_other_only_grow():
    made = [uuid7() for _ in range(20_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_an_id_is_version_7_and_carries_its_time():
    now = datetime(2026, 3, 4, 5, 6, 7, 891_234, tzinfo=UTC)
    made = uuid7(now)
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made_at(made) == datetime(2026, 3, 4, 5, 6, 7, 891_000, tzinfo=UTC)


@given(st.integers(0, 2 * 10**14), st.integers(1, 10**9))
def test_an_id_for_a_later_millisecond_is_greater(milliseconds, more):
    earlier = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    later = earlier + timedelta(milliseconds=more)
    assert uuid7(later) > uuid7(earlier)


def test_ids_for_the_same_given_instant_grow():
    now = datetime(2026, 1, 1, tzinfo=UTC)
    made = [uuid7(now) for _ in range(1000)]
    assert made == sorted(set(made))


def test_a_reason_survives_being_stored():
    reason = Reason("outside_hours", {"opens": "09:00", "left": 2}, Severity.WARNING)
    assert Reason.from_json(reason.to_json()) == reason
    assert pickle.loads(pickle.dumps(reason)) == reason
    assert len({reason, Reason.from_json(reason.to_json())}) == 1


def test_a_reason_writes_instants_and_money_as_text():
    reason = Reason("cap", {"at": datetime(2026, 1, 2, tzinfo=UTC), "sum": Decimal("1.50")})
    assert reason.to_json() == {
        "code": "cap",
        "severity": "blocker",
        "data": {"at": "2026-01-02T00:00:00+00:00", "sum": "1.50"},
    }


def test_a_reason_cannot_be_changed():
    source = {"left": 1}
    reason = Reason("cap", source)
    source["left"] = 9
    assert reason.data["left"] == 1
    with pytest.raises(TypeError):
        reason.data["left"] = 2


def test_blockers_and_warnings_are_told_apart():
    stop, hint = Reason("stop"), Reason("hint", severity=Severity.WARNING)
    assert blockers([hint, stop]) == [stop]
    assert warnings([hint, stop]) == [hint]


@pytest.mark.parametrize("kind", [LostRace, NotAllowed, Conflict])
def test_an_error_has_a_code_and_data(kind):
    error = kind("already_taken", {"by": "li"}, row=3)
    assert isinstance(error, GenjinError)
    assert (error.code, error.data) == ("already_taken", {"by": "li", "row": 3})
    assert kind().code == kind.code != "error"


def test_bad_input_says_where_and_why():
    error = BadInput({"phone": [Reason("too_short", {"digits": 3})], 7: "missing_name"})
    assert error.problems == {
        "phone": [Reason("too_short", {"digits": 3})],
        7: [Reason("missing_name")],
    }
    assert error.to_json()["data"]["problems"]["7"][0]["code"] == "missing_name"
    assert pickle.loads(pickle.dumps(error)).problems == error.problems


def test_bad_input_with_a_bare_code_is_a_problem_of_the_whole():
    assert BadInput("empty_file", size=0).problems == {"": [Reason("empty_file", {"size": 0})]}


STEPS = StateTable(
    states=["open", "taken", "done"],
    transitions={"open": {"taken"}, "taken": {"open", "done"}},
    initial="open",
)


def test_a_state_table_allows_its_steps_only():
    allowed = {(old, new) for old in STEPS.states for new in STEPS.states if STEPS.may(old, new)}
    assert allowed == {("open", "taken"), ("taken", "open"), ("taken", "done")}
    assert STEPS.final == {"done"}
    STEPS.check("open", "taken")


def test_a_forbidden_step_names_what_is_possible():
    with pytest.raises(IllegalTransition) as caught:
        STEPS.check("taken", "taken")
    assert caught.value.data == {"old": "taken", "new": "taken", "possible": ["done", "open"]}


@pytest.mark.parametrize(("old", "new"), [("nowhere", "open"), ("open", "nowhere")])
def test_an_unknown_state_is_a_fault_of_the_program(old, new):
    with pytest.raises(ValueError, match="nowhere"):
        STEPS.may(old, new)


@pytest.mark.parametrize(
    ("states", "transitions", "initial"),
    [
        ([], {}, None),
        (["a", "a"], {}, None),
        (["a"], {"a": {"b"}}, None),
        (["a"], {"b": {"a"}}, None),
        (["a"], {"a": {"a"}}, None),
        (["a", "b"], {"b": {"a"}}, "a"),
        (["a"], {}, "b"),
    ],
)
def test_a_wrong_state_table_is_refused_at_once(states, transitions, initial):
    with pytest.raises(ValueError):  # noqa: PT011
        StateTable(states=states, transitions=transitions, initial=initial)


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("1.005", "CNY", "1.01"),
        ("-1.005", "CNY", "-1.01"),
        ("-0.001", "CNY", "0.00"),
        (7, "CNY", "7.00"),
        ("1.5", "JPY", "2"),
        ("1.23456", "KWD", "1.235"),
    ],
)
def test_amounts_are_rounded_to_what_can_be_paid(amount, currency, expected):
    assert str(quantise(amount, currency)) == expected


@pytest.mark.parametrize(
    ("amount", "currency"),
    [(1.5, "CNY"), ("x", "CNY"), ("NaN", "CNY"), ("Infinity", "CNY"), ("1", "yuan"),
     ("1E40", "CNY")],
)  # fmt: skip
def test_what_is_no_amount_is_refused(amount, currency):
    with pytest.raises(ValueError):  # noqa: PT011
        quantise(amount, currency)


@pytest.mark.parametrize(
    ("currency", "locale", "expected"),
    [
        ("CNY", "zh-hans", "¥1,234.50"),
        ("CNY", "en", "CN¥1,234.50"),
        ("TWD", "zh-hant", "$1,234.50"),
        ("TWD", "zh-hk", "NT$1,234.50"),
        ("HKD", "zh-hk", "HK$1,234.50"),
        ("JPY", "en", "¥1,235"),
    ],
)
def test_money_is_written_for_its_reader(currency, locale, expected):
    assert format_money("1234.5", currency, locale) == expected


def test_money_adds_up_and_never_mixes_currencies():
    assert Money.of("1.10") + Money.of("2.20") == Money.of("3.30")
    assert Money.of("10") * Decimal("0.333") == Money.of("3.33")
    assert Money.of("-1") < Money.of("0")
    assert not Money.of("1") - Money.of("1")
    with pytest.raises(CurrenciesDiffer):
        Money.of("1", "CNY") + Money.of("1", "HKD")
    with pytest.raises(ValueError, match="round"):
        Money(Decimal("1.001"), "CNY")


@given(st.decimals(-(10**9), 10**9, allow_nan=False, places=6))
def test_rounding_twice_is_rounding_once(amount):
    once = quantise(amount, "CNY")
    assert quantise(once, "CNY") == once
    assert abs(once - amount) <= Decimal("0.005")


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "=HYPERLINK(1)", "+1+1", "-1-2", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1+1", "+A1",
     "-cmd|' /C calc'!A0", "+86-10-65529988", "\n=1"],
)  # fmt: skip
def test_a_formula_is_shown_and_not_run(cell):
    assert neutralise_formula(cell) == "'" + cell


@pytest.mark.parametrize(
    "cell",
    ["", "张三", "a=b", "-12.50", "-1,234.00", "-5%", "+3", "+8613800138000", "+86 138 0013 8000",
     "+1 (212) 555 0100", "010-65529988", -5, None, date(2026, 1, 1), Decimal("-1.5")],
)  # fmt: skip
def test_numbers_phones_and_plain_text_stay_as_they_are(cell):
    assert neutralise_formula(cell) == cell


@given(st.text(max_size=40))
def test_no_exported_text_begins_with_something_that_can_be_computed(text):
    out = neutralise_formula(text)
    assert out in (text, "'" + text)
    if out.startswith(("=", "@")):
        pytest.fail("a formula went out")
    if out.startswith(("+", "-")):
        assert not any(char.isalpha() and char not in "eE" for char in out)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("", 0), ("您好，我是跟进公司的小王。", 3), ("我" * 240, 60), ("hello world", 1), ("138", 1)],
)
def test_speaking_time_counts_characters_and_words(text, seconds):
    assert speaking_seconds(text) == seconds


@given(st.text(max_size=50), st.integers(1, 60))
def test_a_clipped_text_fits(text, limit):
    out = clip(text, limit)
    assert len(out) <= limit
    assert out == text or (out.endswith("…") and text.startswith(out[:-1]))


def test_a_share_of_nothing_is_unknown():
    assert ratio(0, 0) is None
    assert ratio(1, 4) == 0.25
    assert wilson_interval(0, 0) == (0.0, 1.0)


def test_the_wilson_interval_agrees_with_worked_values():
    low, high = wilson_interval(10, 100)
    assert (round(low, 4), round(high, 4)) == (0.0552, 0.1744)


@given(st.integers(0, 1000), st.integers(0, 1000), st.floats(0.5, 0.999))
def test_the_wilson_interval_holds_the_observed_share(one, two, confidence):
    successes, trials = sorted((one, two))
    low, high = wilson_interval(successes, trials, confidence=confidence)
    assert 0 <= low <= high <= 1
    if trials:
        assert low <= successes / trials <= high
