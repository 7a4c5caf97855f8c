"""Classes by rule and by hand: the set-based night says what the rules say (RE2)."""

import random
from datetime import timedelta
from decimal import Decimal

import pytest

from genjin.customers.models import TimelineEntry
from genjin.foundation import approvals, policy
from genjin.foundation.models import Approval
from genjin.kernel.errors import BadInput, Conflict, NotAllowed
from genjin.receivables import terms
from genjin.receivables.models import (
    ClassMove,
    Instrument,
    PaymentPromise,
    PromiseCover,
    Receivable,
)
from genjin.receivables.operations.classes import classify_all, move_class
from genjin.receivables.rules import classes as rules
from tests.factories import NOW, make_customer, make_team, make_user
from tests.receivables.books import bill, pay

pytestmark = pytest.mark.django_db
TODAY = NOW.date()
LONG_AGO = TODAY - timedelta(days=2000)


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def collector(team):
    return make_user(role="collector", team=team)


def debt(customer, late: int | None, amount: int = 1000, **values) -> Receivable:
    """A bill that is so many days late (below nought: not due yet; None: condition not met)."""
    due = None if late is None else -late
    return bill(customer, amount, due=due, issued_on=LONG_AGO, **values)


def broken(receivable: Receivable, days_ago: int = 1) -> None:
    promise = PaymentPromise.objects.create(
        customer=receivable.customer, currency="CNY", amount=1, promised_on=TODAY, until=TODAY,
        state="broken", settled_on=TODAY - timedelta(days=days_ago), made_at=NOW,
    )  # fmt: skip
    PromiseCover.objects.create(promise=promise, customer=receivable.customer,
                                receivable=receivable, amount=1)  # fmt: skip


def dishonoured(receivable: Receivable) -> None:
    Instrument.objects.create(
        customer=receivable.customer, account=receivable.account, kind="cheque", amount=1,
        number=str(receivable.pk), received_on=TODAY, matures_on=TODAY, state="dishonoured",
        state_since=TODAY,
    )  # fmt: skip


def classes() -> dict:
    return dict(Receivable.objects.values_list("pk", "value_class"))


def test_the_night_gives_every_debt_the_class_of_the_rules():
    dice = random.Random(7)
    made = []
    for late in (None, -30, -1, 0, 1, 3, 4, 30, 31, 61, 95, 180, 181, 360, 361, 800):
        for _ in range(3):
            one = debt(make_customer(), late)
            number = dice.randrange(4)
            for _turn in range(number):
                broken(one)
            broken(one, days_ago=400)
            signals = ()
            if dice.random() < 0.4:
                dishonoured(one)
                signals = ("dishonoured",)
            made.append((one, number, signals))
    expected = {
        one.pk: rules.classify(rules.DebtFacts(one.due_on, number, signals), today=TODAY,
                               terms=terms.class_terms())
        for one, number, signals in made
    }  # fmt: skip
    moved = classify_all(NOW)
    assert classes() == {pk: found.value_class for pk, found in expected.items()}
    assert len({found.value_class for found in expected.values()}) == 4
    assert moved == sum(found.value_class != "outstanding" for found in expected.values())
    for move in ClassMove.objects.all():
        found = expected[move.receivable_id]
        assert (move.before, move.after, move.rule, move.ruled_class, move.is_by_hand) == (
            "outstanding", found.value_class, found.evidence.code, found.value_class, False,
        )  # fmt: skip
        assert move.evidence == {
            **found.evidence.to_json()["data"], "likelihood": found.likelihood_percent,
        }  # fmt: skip
    assert classify_all(NOW) == 0


def test_only_what_differs_is_written_and_what_is_settled_is_left_alone():
    customer = make_customer()
    late, paid = debt(customer, 10), debt(customer, 400)
    pay(customer, 1000, allocate=[(paid, Decimal(1000))])
    assert classify_all(NOW) == 1
    assert classes() == {late.pk: "collection", paid.pk: "outstanding"}
    assert classify_all(NOW + timedelta(days=171)) == 1
    late.refresh_from_db()
    assert (late.value_class, late.class_since) == ("doubtful",
                                                    TODAY + timedelta(days=171))  # fmt: skip
    assert list(ClassMove.objects.order_by("at").values_list("after", flat=True)) == [
        "collection", "doubtful",
    ]  # fmt: skip


def test_what_an_administrator_sets_moves_the_classes(collector):
    one = debt(make_customer(), 10)
    policy.set_value("collection.grace_days", 14, by=collector, now=NOW)
    assert classify_all(NOW) == 0
    policy.reset_value("collection.grace_days", by=collector, now=NOW)
    assert classify_all(NOW) == 1
    assert classes() == {one.pk: "collection"}


def test_a_class_by_hand_stands_until_the_rules_find_it_worse(collector):
    one = debt(make_customer(), 95)
    classify_all(NOW)
    one.refresh_from_db()
    move_class(one, to="doubtful", reason="老板出国，家人说不知道", by=collector,
               now=NOW)  # fmt: skip
    assert classify_all(NOW) == 0
    assert classify_all(NOW + timedelta(days=90)) == 0
    assert classes() == {one.pk: "doubtful"}
    assert classify_all(NOW + timedelta(days=270)) == 1
    assert classes() == {one.pk: "bad"}


def test_a_milder_class_by_hand_is_kept_as_well(collector):
    one = debt(make_customer(), 200)
    classify_all(NOW)
    one.refresh_from_db()
    move_class(one, to="collection", reason="已签分期协议", by=collector, now=NOW)
    assert classify_all(NOW + timedelta(days=10)) == 0
    assert classes() == {one.pk: "collection"}
    told = TimelineEntry.objects.get(code="debt_class_moved")
    assert (told.data["before"], told.data["after"]) == ("doubtful", "collection")


def test_a_move_by_hand_needs_the_right_a_reason_and_another_class(collector):
    one = debt(make_customer(), 10)
    with pytest.raises(NotAllowed):
        move_class(one, to="bad", reason="x", by=make_user(), now=NOW)
    for values, place in (({"reason": " "}, "reason"), ({"to": "lost"}, "to"),
                          ({"to": "outstanding"}, "to")):  # fmt: skip
        with pytest.raises(BadInput) as bad:
            move_class(one, **{"to": "bad", "reason": "x", **values}, by=collector, now=NOW)
        assert list(bad.value.problems) == [place]
    assert not ClassMove.objects.exists()


def test_dead_is_decided_by_somebody_else(collector, team):
    chief = make_user(role="supervisor", team=team)
    one = debt(make_customer(), 900)
    asked = move_class(one, to="dead", reason="公司已注销", by=collector, now=NOW)
    assert isinstance(asked, Approval)
    assert (asked.kind, asked.role, asked.amount) == ("dead_debt", "supervisor", Decimal(1000))
    assert classes() == {one.pk: "outstanding"}
    approvals.decide(asked, approve=True, by=chief, now=NOW)
    move = ClassMove.objects.get()
    assert (move.after, move.by, move.approval, move.ruled_class) == (
        "dead", collector, str(asked.pk), "bad",
    )  # fmt: skip
    assert classify_all(NOW + timedelta(days=1)) == 0
    assert classes() == {one.pk: "dead"}


def test_a_large_debt_is_a_managers_to_give_up(collector, team):
    make_user(role="manager")
    one = debt(make_customer(), 900, amount=5001)
    asked = move_class(one, to="dead", reason="公司已注销", by=collector, now=NOW)
    assert asked.role == "manager"


def test_a_debt_that_was_paid_meanwhile_is_not_declared_dead(collector, team):
    chief = make_user(role="supervisor", team=team)
    customer = make_customer()
    one = debt(customer, 900)
    asked = move_class(one, to="dead", reason="公司已注销", by=collector, now=NOW)
    pay(customer, 1000)
    with pytest.raises(Conflict, match="debt_not_open"):
        approvals.decide(asked, approve=True, by=chief, now=NOW)
    asked.refresh_from_db()
    assert asked.state == "asked"


def test_moves_of_classes_cannot_be_rewritten(collector):
    from django.db import DatabaseError

    one = debt(make_customer(), 10)
    move = move_class(one, to="bad", reason="x", by=collector, now=NOW)
    with pytest.raises(DatabaseError, match="insert-only"):
        ClassMove.objects.filter(pk=move.pk).update(reason="y")
