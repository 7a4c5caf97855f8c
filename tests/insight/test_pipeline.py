"""The forecast (SA2): expected by month, weighted and not, against what was concluded."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from genjin.insight.pipeline import (
    Asked,
    Figures,
    by_month,
    by_owner,
    by_team,
    later,
    months_from,
    what_became,
)
from genjin.sales.models import Order, OrderLine
from genjin.sales.opportunities import operations
from tests.factories import (
    NOW,
    make_category,
    make_customer,
    make_opportunity,
    make_order,
    make_team,
    make_user,
)

pytestmark = pytest.mark.django_db
TODAY = NOW.date()  # 2026-11-23
THIS = date(2026, 11, 1)


@pytest.fixture
def manager():
    return make_user(role="manager")


def figures(user, **narrowed) -> dict:
    rows = by_month(Asked(user, **narrowed), months_from(THIS, 3), today=TODAY)
    return {row.key: row.figures for row in rows}


def won_order(row, amount: int) -> None:
    order = Order.objects.create(customer=row.customer, state="concluded", number=f"N{amount}",
                                 total=amount, seller=row.owner)  # fmt: skip
    make_order(customer=row.customer, amount=amount, order=order)
    operations.win(row, order=order, by=None, now=NOW)


@pytest.mark.parametrize(
    ("month", "count", "expected"),
    [(THIS, 1, date(2026, 12, 1)), (THIS, 2, date(2027, 1, 1)), (THIS, -11, date(2025, 12, 1)),
     (THIS, 0, THIS)],
)  # fmt: skip
def test_months_are_counted_over_the_year(month, count, expected):
    assert later(month, count) == expected


def test_each_month_sums_what_is_expected_and_weighs_it_and_what_has_no_day_stands_apart(manager):
    make_opportunity(stage="agreement", grade="A", amount=1000, expected_on=date(2026, 11, 30))
    make_opportunity(stage="needs", grade="C", amount=500, expected_on=date(2026, 11, 1))
    make_opportunity(stage="needs", grade="C", expected_on=date(2026, 12, 31))
    make_opportunity(stage="proposal", grade="B", amount=200)
    make_opportunity(amount=99, expected_on=date(2027, 2, 1))
    make_opportunity(amount=7, expected_on=THIS, state="dropped", ended_at=NOW)
    found = figures(manager)
    assert found[THIS] == Figures(count=2, expected=Decimal(1500), weighted=Decimal(840))
    assert found[date(2026, 12, 1)] == Figures(count=1)
    assert found[date(2027, 1, 1)] == Figures()
    assert (found[None].count, found[None].expected, found[None].weighted) == (1, 200, Decimal(49))


def test_what_was_concluded_is_every_order_less_returns_and_won_is_what_opportunities_brought(
    manager,
):
    category = make_category()
    buyer = make_customer()
    make_order(customer=buyer, category=category, amount=300)
    make_order(customer=buyer, category=category, amount=100, kind="return")
    make_order(customer=buyer, category=category, amount=50, state="cancelled")
    make_order(customer=buyer, category=category, amount=40, ordered_on=date(2026, 10, 31))
    won_order(make_opportunity(stage="agreement", grade="A", amount=900), 800)
    found = figures(manager)[THIS]
    assert (found.concluded, found.won_count, found.won) == (1000, 1, 800)


def test_what_was_expected_when_the_month_began_stays_whatever_became_of_it(manager):
    before = NOW - timedelta(days=40)
    opened = {}
    for name, amount in (("won", 900), ("lost", 500), ("put off", 300), ("raised", 100)):
        opened[name] = operations.open_opportunity(
            make_customer(), title=name, amount=Decimal(amount), expected_on=TODAY, by=manager,
            now=before,
        )  # fmt: skip
    operations.open_opportunity(make_customer(), title="later", amount=Decimal(7),
                                expected_on=TODAY, by=manager, now=NOW)  # fmt: skip
    won_order(opened["won"], 850)
    operations.lose(opened["lost"], reason="price", by=manager, now=NOW)
    for name, values in (("put off", {"expected_on": date(2026, 12, 9)}),
                         ("raised", {"amount": Decimal(2000)})):  # fmt: skip
        operations.change_opportunity(opened[name], values, by=manager, now=NOW)
    found = figures(manager)[THIS]
    assert (found.started_count, found.started) == (4, 1800)
    assert (found.count, found.expected, found.won) == (2, 2007, 850)
    became = what_became(Asked(manager), THIS, limit=10)
    assert [(one.opportunity.title, one.amount, one.became) for one in became] == [
        ("won", 900, "won"), ("lost", 500, "lost"), ("put off", 300, "slipped"),
        ("raised", 100, "open")]  # fmt: skip


def test_figures_are_by_owner_and_team_and_of_the_cards_one_sees():
    north, south = make_team(name="北组"), make_team(name="南组")
    chief = make_user(role="supervisor", team=north)
    first, second = make_user(team=north, name="甲"), make_user(team=south, name="乙")
    mine = make_customer(team=north)
    theirs = make_customer(team=south)
    make_opportunity(customer=mine, owner=first, amount=100, expected_on=TODAY)
    make_opportunity(customer=theirs, owner=second, amount=300, expected_on=TODAY)
    make_order(customer=mine, amount=20, by=first)
    OrderLine.objects.filter(customer=mine).update(ordered_on=TODAY)
    months = [THIS]
    manager = make_user(role="manager")
    owners = by_owner(Asked(manager), months)
    assert [(row.label, row.figures.expected, row.figures.concluded) for row in owners] == [
        ("乙", 300, 0), ("甲", 100, 20)]  # fmt: skip
    assert [(row.label, row.figures.expected) for row in by_team(Asked(manager), months)] == [
        ("南组", 300), ("北组", 100)]  # fmt: skip
    assert [(row.label, row.figures.expected) for row in by_owner(Asked(chief), months)] == [
        ("甲", 100)]  # fmt: skip
    assert [row.label for row in by_owner(Asked(manager, team=south.pk), months)] == ["乙"]
    assert figures(manager, owner=first.pk)[THIS].expected == 100
