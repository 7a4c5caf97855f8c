"""SA2 as pure decisions: what is missing for a stage, which grade a card shows, what counts."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest

from genjin.foundation import policy
from genjin.sales.opportunities import stages
from genjin.sales.opportunities.rules import Weights, best, missing


@dataclass(frozen=True)
class Asked:
    code: str
    column: str = ""


@dataclass(frozen=True)
class Step:
    code: str
    facts: tuple[Asked, ...] = ()


STEPS = [
    Step("first", (Asked("who"),)),
    Step("second", (Asked("need"), Asked("day", "expected_on"))),
    Step("third", (Asked("sum", "amount"),)),
    Step("last"),
]


@pytest.mark.parametrize(
    ("at", "to", "known", "columns", "expected"),
    [
        ("first", "second", [], {}, [("first", "who")]),
        ("first", "second", ["who"], {}, []),
        ("first", "last", ["need"], {},
         [("first", "who"), ("second", "day"), ("third", "sum")]),
        ("second", "third", ["need", "day"], {}, [("second", "day")]),
        ("second", "third", ["need"], {"expected_on": date(2026, 12, 1)}, []),
        ("third", "last", [], {"amount": Decimal(0)}, []),
        ("third", "last", ["sum"], {"amount": None}, [("third", "sum")]),
        ("last", "first", [], {}, []),
        ("second", "second", [], {}, []),
    ],
)  # fmt: skip
def test_going_on_asks_for_what_every_stage_on_the_way_must_know(at, to, known, columns, expected):
    assert missing(STEPS, at=at, to=to, known=known, columns=columns) == expected


@dataclass(frozen=True)
class Deal:
    name: str
    grade: str
    expected_on: date | None = None


@pytest.mark.parametrize(
    ("deals", "expected"),
    [
        ([], None),
        ([Deal("one", "E")], "one"),
        ([Deal("one", "B", date(2026, 1, 1)), Deal("two", "A")], "two"),
        ([Deal("one", "B"), Deal("two", "B", date(2026, 9, 1))], "two"),
        ([Deal("one", "B", date(2026, 9, 2)), Deal("two", "B", date(2026, 9, 1))], "two"),
        ([Deal("one", "C"), Deal("two", "C")], "one"),
    ],
)
def test_a_card_shows_the_best_grade_then_the_nearest_day_then_the_eldest(deals, expected):
    found = best(deals)
    assert (found.name if found else None) == expected


@pytest.mark.parametrize(
    ("stage", "grade", "share"),
    [("agreement", "A", "0.81"), ("needs", "C", "0.06"), ("gone", "A", "0"), ("needs", "", "0")],
)
def test_an_amount_counts_by_stage_times_grade(stage, grade, share):
    weights = Weights(
        {"agreement": Decimal(90), "needs": Decimal(15)}, {"A": Decimal(90), "C": Decimal(40)}
    )
    assert weights.of(stage=stage, grade=grade) == Decimal(share)


def test_every_stage_fact_and_reason_has_its_words_in_every_language():
    languages = set(stages.LANGUAGES)
    shipped = policy.shipped("pipeline")
    for one in shipped["stages"]:
        assert set(one["labels"]) >= languages, one["code"]
        assert set(one["about"]) >= languages, one["code"]
        for fact in one["facts"]:
            assert set(fact) >= languages, fact["code"]
    for one in shipped["lost_reasons"]:
        assert set(one["labels"]) >= languages, one["code"]


@pytest.mark.django_db
def test_the_shipped_pipeline_is_whole():
    every = stages.stages()
    assert [one.code for one in every] == [
        "impression", "needs", "proposal", "concerns", "agreement", "after"]  # fmt: skip
    percents = [one.percent for one in every]
    assert percents == sorted(percents)
    codes = [fact.code for one in every for fact in one.facts]
    assert len(codes) == len(set(codes))
    assert set(stages.weights().grade_percent) == set("ABCDE")
    assert stages.opening_grade() in set("ABCDE")
