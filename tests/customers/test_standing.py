"""CU4, CU5: sets, lists, owned products, prospects and the review of grades."""

from datetime import date, timedelta

import pytest

from genjin.customers.models import Customer, Event, OwnedProduct, Standing, TimelineEntry
from genjin.customers.operations.card import set_grade
from genjin.customers.operations.owned import add_owned, mark_gone, mark_owns_none
from genjin.customers.operations.prospects import (
    confirm_grade,
    drop_overdue_grades,
    overdue,
    set_prospect,
)
from genjin.customers.operations.standing import refresh_sets
from genjin.customers.rules import card_set, customer_list
from genjin.kernel.errors import BadInput, Conflict
from tests.factories import NOW, make_category, make_customer, make_user

TODAY = NOW.date()


@pytest.mark.parametrize(
    ("is_known", "ours", "theirs", "expected"),
    [
        (False, False, False, ""),
        (True, False, False, "development"),
        (True, False, True, "attack"),
        (True, True, False, "fixed"),
        (True, True, True, "fixed"),
    ],
)
def test_what_is_owned_says_in_which_box_a_card_stands(is_known, ours, theirs, expected):
    assert card_set(is_known=is_known, owns_ours=ours, owns_theirs=theirs) == expected


@pytest.mark.parametrize(
    ("has_order", "grade", "has_opportunity", "expected"),
    [(True, "", False, "existing"), (True, "A", True, "existing"), (False, "C", False, "probable"),
     (False, "D", False, "potential"), (False, "", False, "potential"),
     (False, "", True, "probable"), (False, "E", True, "probable")],
)  # fmt: skip
def test_a_deal_an_opportunity_or_a_grade_says_on_which_list_a_customer_stands(
    has_order, grade, has_opportunity, expected
):
    found = customer_list(has_order=has_order, grade=grade, has_opportunity=has_opportunity)
    assert found == expected


def sets(customer: Customer) -> dict[str, str]:
    row = Standing.objects.filter(customer=customer).first()
    return row.sets if row else {}


def moves(customer: Customer) -> list[tuple[str, str, str]]:
    rows = TimelineEntry.objects.filter(customer=customer, kind="set").order_by("at", "id")
    return [(one.data["category"], one.data["before"], one.data["after"]) for one in rows]


def add(customer, category, **values):
    values = {"is_ours": False, "brand": "北岭", **values}
    return add_owned(customer, category=category, by=None, now=NOW, **values)


@pytest.mark.django_db
def test_a_card_moves_with_what_is_added_and_gone_and_each_move_is_told():
    customer, category = make_customer(), make_category(code="ac")
    none = mark_owns_none(customer, category=category, by=None, now=NOW)
    theirs = add(customer, category)
    ours = add(customer, category, is_ours=True, brand="")
    mark_gone(ours, by=None, now=NOW + timedelta(days=1))
    mark_gone(theirs, by=None, now=NOW + timedelta(days=1))
    assert sets(customer) == {"ac": "development"}
    assert [(before, after) for _, before, after in moves(customer)] == [
        ("", "development"), ("development", "attack"), ("attack", "fixed"), ("fixed", "attack"),
        ("attack", "development"),
    ]  # fmt: skip
    none.refresh_from_db()
    assert none.gone_on == TODAY
    codes = TimelineEntry.objects.filter(customer=customer, kind="owned").order_by("at", "id")
    assert [one.code for one in codes] == [
        "owns_none", "owned_added", "owned_added", "owned_gone", "owned_gone"]  # fmt: skip


@pytest.mark.django_db
def test_owns_none_after_all_lets_go_of_what_stood_there_and_is_confirmed_by_asking_again():
    customer, category = make_customer(), make_category(code="ac")
    old = add(customer, category)
    first = mark_owns_none(customer, category=category, by=None, now=NOW)
    again = mark_owns_none(customer, category=category, by=None, now=NOW + timedelta(days=9))
    old.refresh_from_db()
    assert old.gone_on == TODAY
    assert (again.pk, again.confirmed_at) == (first.pk, NOW + timedelta(days=9))
    assert sets(customer) == {"ac": "development"}


@pytest.mark.django_db
def test_a_run_over_all_cards_says_what_single_steps_say_and_forgets_retired_categories():
    customer, category = make_customer(), make_category(code="ac")
    OwnedProduct.objects.create(customer=customer, category=category, brand="x", source_kind="t")
    assert refresh_sets(None, NOW) == 1
    assert sets(customer) == {"ac": "attack"}
    assert refresh_sets(None, NOW) == 0
    category.is_active = False
    category.save(update_fields=["is_active"])
    refresh_sets(None, NOW)
    assert sets(customer) == {}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("values", "place", "code"),
    [
        ({"brand": ""}, "brand", "required"),
        ({"brand": "x" * 81}, "brand", "too_long"),
        ({"model": "a\x00"}, "model", "bad_character"),
        ({"bought_on": TODAY + timedelta(days=1)}, "bought_on", "day_to_come"),
        ({"bought_on": date(1900, 1, 1)}, "bought_on", "day_too_old"),
        ({"condition": "new"}, "condition", "not_a_choice"),
    ],
)
def test_what_cannot_be_owned_is_refused_at_its_field(values, place, code):
    with pytest.raises(BadInput) as bad:
        add(make_customer(), make_category(), **values)
    assert [reason.code for reason in bad.value.problems[place]] == [code]


@pytest.mark.django_db
def test_a_day_is_kept_as_exactly_as_it_is_known():
    row = add(
        make_customer(), make_category(), bought_on=date(2016, 7, 19), bought_precision="year"
    )
    assert (row.bought_on, row.bought_precision) == (date(2016, 1, 1), "year")
    with pytest.raises(BadInput):
        mark_gone(row, gone_on=date(2015, 1, 1), by=None, now=NOW)


@pytest.mark.django_db
def test_a_prospect_keeps_pauses_or_is_not_given_up():
    customer = make_customer()
    set_prospect(customer, state="keep", visiting_grade="1", by=None, now=NOW)
    assert (customer.prospect_state, customer.visiting_grade) == ("keep", "1")
    later = TODAY + timedelta(days=30)
    set_prospect(customer, state="pause", paused_until=later, visiting_grade="1", by=None, now=NOW)
    customer.refresh_from_db()
    assert (customer.paused_until, customer.visiting_grade) == (later, "")
    for values, place in (({"state": "pause"}, "paused_until"),
                          ({"state": "pause", "paused_until": TODAY}, "paused_until"),
                          ({"state": "later"}, "prospect_state")):  # fmt: skip
        with pytest.raises(BadInput) as bad:
            set_prospect(customer, by=None, now=NOW, **values)
        assert list(bad.value.problems) == [place]
    told = TimelineEntry.objects.filter(customer=customer, code="prospect_changed")
    assert told.count() == 2


def graded(grade: str, days_ago: float) -> Customer:
    customer = make_customer()
    set_grade(customer, grade=grade, by=None, now=NOW - timedelta(days=days_ago))
    return customer


@pytest.mark.django_db
def test_a_grade_outlives_its_term_comes_up_is_told_once_and_drops_after_the_review():
    young, due, late = graded("A", 6.9), graded("A", 7), graded("A", 10)
    month, ordinary = graded("B", 33), graded("E", 900)
    assert set(overdue(NOW)) == {due, late, month}
    assert drop_overdue_grades(NOW) == 2
    grades = dict(Customer.objects.values_list("pk", "grade"))
    assert [grades[one.pk] for one in (young, due, late, month, ordinary)] == list("AABCE")
    events = Event.objects.filter(code="grade_overdue")
    assert {one.customer_id for one in events} == {due.pk, late.pk, month.pk}
    entry = TimelineEntry.objects.get(customer=late, code="grade_dropped")
    assert (entry.data["before"], entry.data["grade"], entry.data["term_days"]) == ("A", "B", 7)
    assert drop_overdue_grades(NOW) == 0
    assert events.count() == 3


@pytest.mark.django_db
def test_a_confirmed_grade_begins_its_term_anew():
    user, customer = make_user(), graded("A", 8)
    drop_overdue_grades(NOW)
    confirm_grade(customer, by=user, now=NOW)
    assert not overdue(NOW).exists()
    assert drop_overdue_grades(NOW + timedelta(days=6)) == 0
    assert drop_overdue_grades(NOW + timedelta(days=10)) == 1
    assert Event.objects.filter(code="grade_overdue").count() == 2
    with pytest.raises(Conflict):
        confirm_grade(make_customer(), by=user, now=NOW)


@pytest.mark.django_db
def test_a_dropped_grade_moves_the_list():
    customer = graded("C", 200)
    assert Standing.objects.get(customer=customer).customer_list == "probable"
    drop_overdue_grades(NOW)
    assert Standing.objects.get(customer=customer).customer_list == "potential"
    moved = TimelineEntry.objects.filter(customer=customer, kind="list").order_by("at", "id")
    assert [one.data["after"] for one in moved] == ["probable", "potential"]
