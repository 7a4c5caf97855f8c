"""The outcomes of the purposes, read as tables."""

import pytest

from genjin.flows.purposes import Detail, Effect, Retry, outcome, outcomes_for, retry_of
from genjin.flows.purposes.base import NO_ANSWER, checked, spoke

PURPOSES = ("sell", "survey", "care", "service", "collect", "security")
KINDS = ("selling", "survey", "market_test", "sales_support", "service", "return_call", "data")


def test_selling_has_an_outcome_on_every_digit():
    table = [(rule.key, rule.code, str(rule.effect)) for rule in outcomes_for("sell", "selling")]
    assert table == [
        ("1", "success", "done"),
        ("2", "interested", "done"),
        ("3", "callback", "callback"),
        ("4", "refused", "refuse"),
        ("5", "no_answer", "retry"),
        ("6", "busy", "retry"),
        ("7", "away", "retry"),
        ("8", "message_left", "message_left"),
        ("9", "bad_number", "bad_number"),
        ("0", "never_again", "never_again"),
    ]


@pytest.mark.parametrize("purpose", PURPOSES)
def test_the_hand_finds_the_same_thing_under_the_same_key_for_every_purpose(purpose):
    keys = {rule.key: rule.code for rule in outcomes_for(purpose)}
    assert {key: keys[key] for key in "356789"} == {
        "3": "callback",
        "5": "no_answer",
        "6": "busy",
        "7": "away",
        "8": "message_left",
        "9": "bad_number",
    }
    successes = [rule.code for rule in outcomes_for(purpose) if rule.is_success]
    # Collecting has two: a promise, and money that is fetched now.
    assert successes == ([keys["1"], keys["2"]] if purpose == "collect" else [keys["1"]])


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_conversation_needs_a_next_step_unless_its_effect_is_one(purpose):
    for rule in outcomes_for(purpose):
        # A promise, a complaint and a look at the account are next steps themselves.
        is_step = {Detail.PROMISE, Detail.GRIEVANCE} & set(rule.details) and rule.code != "angry"
        settled = rule.effect in (Effect.CALLBACK, Effect.NEVER_AGAIN) or bool(is_step)
        assert rule.needs_next_step == (rule.is_reached and not settled), rule.code


def test_marketing_can_be_refused_for_good_and_duties_cannot():
    refusable = {p for p in PURPOSES if outcome(p, "never_again")}
    assert refusable == {"sell", "survey", "care"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_campaign_has_outcomes_with_labels(kind):
    assert all(str(rule.label) for rule in outcomes_for("survey", kind))


def test_the_campaigns_plan_goes_before_the_shipped_one():
    busy = outcome("sell", "busy")
    assert retry_of(busy, None) == Retry(20, 4)
    assert retry_of(busy, {"busy": {"delay_minutes": 5, "tries": 2}}) == Retry(5, 2)
    assert retry_of(busy, {"busy": {"tries": 9}}) == Retry(20, 9)
    assert retry_of(outcome("sell", "success"), {"success": {"tries": 3}}) is None


def test_an_unknown_purpose_is_a_fault_of_the_program():
    with pytest.raises(KeyError):
        outcomes_for("chat")


@pytest.mark.parametrize(
    "rules",
    [
        (NO_ANSWER, NO_ANSWER),
        (spoke("a", "1", "A"), spoke("b", "1", "B")),
        (spoke("a", "1", "A", effect=Effect.RETRY),),
    ],
)
def test_a_table_that_contradicts_itself_does_not_load(rules):
    with pytest.raises(ValueError, match=r"share|belongs"):
        checked(rules)
