"""Worked examples: when a card goes back and what its custodian is told."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genjin.customers.pool.rules import Due, Held, Terms, Warning, due, goes_back, warning

TODAY = date(2026, 11, 23)
TERMS = Terms(no_contact_days=60, no_deal_days=365, warn_days=(7, 3, 1))


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def ahead(days: int) -> date:
    return TODAY + timedelta(days=days)


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        (Held(ago(10)), Due(ahead(50), "returned_no_contact")),
        (Held(ago(100), last_contact=ago(10)), Due(ahead(50), "returned_no_contact")),
        # A contact before the custodian's time is not theirs, but their days begin anew.
        (Held(ago(10), last_contact=ago(100)), Due(ahead(50), "returned_no_contact")),
        (Held(ago(360), last_contact=TODAY), Due(ahead(5), "returned_no_deal")),
        (Held(ago(500), TODAY, last_deal=ago(360)), Due(ahead(5), "returned_no_deal")),
        (Held(ago(80), TODAY, protected_until=ahead(9)), Due(ahead(10), "returned_protection")),
        # A deal under the protection earns the customer.
        (
            Held(ago(80), TODAY, last_deal=ago(5), protected_until=ahead(9)),
            Due(ahead(60), "returned_no_contact"),
        ),
        # A deal before the custodian's time does not.
        (
            Held(ago(80), TODAY, last_deal=ago(90), protected_until=ahead(9)),
            Due(ahead(10), "returned_protection"),
        ),
    ],
)
def test_the_first_of_three_days_counts(held, expected):
    assert due(held, TERMS) == expected


def test_a_limit_of_zero_is_none():
    assert due(Held(ago(9000)), Terms()) is None
    assert due(Held(ago(9000)), Terms(no_deal_days=10)).reason == "returned_no_deal"


@pytest.mark.parametrize(
    ("days_left", "told"), [(8, None), (7, 7), (6, 7), (4, 7), (3, 3), (2, 3), (1, 1)]
)
def test_the_custodian_is_told_seven_three_and_one_days_before(days_left, told):
    held = Held(ago(60 - days_left), planned=ahead(days_left) if days_left < 7 else None)
    found = warning(held, TERMS, TODAY)
    assert found == (Warning(ahead(days_left), told) if told else None)


def test_nobody_loses_a_card_on_shorter_notice_than_the_longest():
    overdue = Held(ago(400))
    assert warning(overdue, TERMS, TODAY) == Warning(ahead(7), 7)
    assert goes_back(overdue, TERMS, TODAY) == ""
    told = Held(ago(400), planned=TODAY)
    assert goes_back(told, TERMS, TODAY) == "returned_no_contact"
    assert goes_back(Held(ago(400), planned=ahead(1)), TERMS, TODAY) == ""


def test_what_happened_after_the_warning_saves_the_card():
    assert goes_back(Held(ago(400), last_contact=ago(3), planned=TODAY), TERMS, TODAY) == (
        "returned_no_deal"
    )
    saved = Held(ago(100), last_contact=ago(3), planned=TODAY)
    assert goes_back(saved, TERMS, TODAY) == ""


@pytest.mark.parametrize("matter", ["order", "promise", "job", "complaint", "callback", "in_hand"])
def test_an_open_matter_keeps_the_card_and_warns_of_nothing(matter):
    held = Held(ago(400), planned=TODAY, open=frozenset({matter}))
    assert goes_back(held, TERMS, TODAY) == ""
    assert warning(held, TERMS, TODAY) is None


days = st.integers(0, 500).map(ago)


@given(days, st.none() | days, st.none() | days, st.none() | st.integers(-40, 40).map(ahead))
def test_a_card_goes_back_on_the_day_it_was_told(since, contact, deal, protected):
    """Night after night: first a warning, never a return sooner than the notice after it."""
    planned, told_on = None, None
    for night in range(600):
        today = TODAY + timedelta(days=night)
        if planned is not None and planned < today - timedelta(days=3):
            planned = None
        held = Held(since, contact, deal, protected, planned)
        if goes_back(held, TERMS, today):
            assert told_on is not None
            assert (today - told_on).days >= TERMS.notice
            return
        found = warning(held, TERMS, today)
        if found:
            told_on = told_on or today
            planned = found.returns_on
    raise AssertionError("a card that nobody touches goes back one day")
