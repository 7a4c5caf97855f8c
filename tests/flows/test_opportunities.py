"""SA2, CU5 at the desk: a grade goes to the opportunity in view, to a new one, or to the card."""

from datetime import timedelta
from decimal import Decimal

import pytest

from genjin.customers.models import Customer, Event
from genjin.flows import grades
from genjin.flows.desk import record_outcome
from genjin.flows.desk_form import OutcomeForm
from genjin.flows.merging import merge_customers, split_customers
from genjin.flows.opportunities import Said, write_said
from genjin.followups.models import Interaction
from genjin.kernel.errors import BadInput
from genjin.sales.models import Opportunity
from genjin.sales.opportunities import queries
from genjin.sales.opportunities.showing import settle_cards
from tests.factories import (
    NOW,
    make_campaign,
    make_customer,
    make_followup,
    make_opportunity,
    make_product,
    make_queue,
    make_user,
)

pytestmark = pytest.mark.django_db
DAY = NOW.date() + timedelta(days=12)


def say(customer, by=None, **values):
    by = by or make_user()
    return write_said(customer, Said(**values), source=("followup", "f1"), by=by, now=NOW)


def fresh(row):
    return type(row).objects.get(pk=row.pk)


def test_without_an_opportunity_the_grade_is_the_cards_own():
    customer = make_customer()
    assert say(customer, grade="B", expected_on=DAY, amount=Decimal(5), needs="x") is None
    card = fresh(customer)
    assert (card.grade, card.expected_close_date, card.expected_amount) == ("B", DAY, 5)
    assert not Opportunity.objects.exists()


def test_without_a_choice_the_best_open_one_takes_the_grade():
    customer = make_customer()
    worse = make_opportunity(customer=customer, grade="D")
    better = make_opportunity(customer=customer, grade="B")
    settle_cards(NOW)
    assert say(customer, grade="A", amount=Decimal(900), needs="省电", concern="贵") == better
    row = fresh(better)
    assert (row.grade, row.amount, fresh(worse).grade) == ("A", 900, "D")
    assert {code: one.text for code, one in queries.facts_of(row).items()} == {
        "need": "省电", "concern": "贵"}  # fmt: skip
    assert fresh(customer).grade == "A"


def test_the_one_that_is_named_takes_it_and_a_day_without_a_grade_changes_only_the_day():
    customer = make_customer()
    worse = make_opportunity(customer=customer, grade="D")
    make_opportunity(customer=customer, grade="B")
    assert say(customer, choice=str(worse.pk), expected_on=DAY) == worse
    row = fresh(worse)
    assert (row.expected_on, row.grade, row.grade_set_at) == (DAY, "D", NOW)
    assert say(customer, choice=str(worse.pk)) is None  # nothing was said


@pytest.mark.parametrize("choice", ["nonsense", "other", "ended"])
def test_what_is_no_open_one_of_this_customer_is_refused(choice):
    customer = make_customer()
    ended = make_opportunity(customer=customer, state="dropped", ended_at=NOW)
    keys = {"other": str(make_opportunity().pk), "ended": str(ended.pk)}
    with pytest.raises(BadInput) as bad:
        say(customer, choice=keys.get(choice, choice), grade="A")
    assert [one.code for one in bad.value.problems["opportunity"]] == ["not_a_choice"]


def test_a_new_one_is_called_after_its_product_or_the_need():
    customer, product, user = make_customer(), make_product(name="冷柜"), make_user()
    row = say(customer, user, choice="new", grade="B", product=product.pk, amount=Decimal(7))
    assert (row.title, row.product, row.grade, row.amount, row.owner) == (
        "冷柜", product, "B", 7, user)  # fmt: skip
    assert (row.source_kind, row.source_id) == ("followup", "f1")
    need = say(customer, choice="new", needs="要  一台\n大的")
    assert (need.title, need.grade) == ("要 一台 大的", "C")
    with pytest.raises(BadInput) as bad:
        say(customer, choice="new", grade="A")
    assert [one.code for one in bad.value.problems["opportunity"]] == ["opportunity_needs_product"]
    with pytest.raises(BadInput) as bad:
        say(customer, choice="new", product=product.pk, expected_on=NOW.date() - timedelta(days=1))
    assert list(bad.value.problems) == ["expected_close_date"]


def test_the_desk_writes_the_deal_with_the_outcome_and_nothing_when_it_is_refused():
    agent = make_user()
    queue = make_queue(source_kind="campaign", source_id="c")
    product = make_product(name="净水器")
    make_campaign(queue=queue, agents=(agent,), product=product)
    followup = make_followup(queue=queue, state="taken", taken_by=agent)
    bad_form = OutcomeForm(outcome="interested", token="1", opportunity="new",
                           expected_amount=Decimal(0), grade="B", next_step="x")  # fmt: skip
    with pytest.raises(BadInput) as bad:
        record_outcome(followup, by=agent, now=NOW, form=bad_form)
    assert list(bad.value.problems) == ["expected_amount"]
    assert not Interaction.objects.exists()
    form = OutcomeForm(outcome="interested", token="2", opportunity="new", grade="B",
                       expected_amount=Decimal(4000), expected_close_date=DAY, needs="换滤芯",
                       next_step="报价")  # fmt: skip
    recorded = record_outcome(followup, by=agent, now=NOW, form=form)
    row = Opportunity.objects.get()
    assert (row.title, row.amount, row.expected_on, row.source_id) == (
        "净水器", 4000, DAY, str(followup.pk))  # fmt: skip
    detail = recorded.interaction.detail
    assert (detail["opportunity"], detail["opportunity_title"], detail["expected_amount"]) == (
        str(row.pk), "净水器", "4000")  # fmt: skip
    assert fresh(followup.customer).grade == "B"


def test_confirming_confirms_every_overdue_opportunity_or_the_one_shown():
    customer, user = make_customer(), make_user()
    ago = NOW - timedelta(days=40)
    first = make_opportunity(customer=customer, grade="A", grade_set_at=ago)
    second = make_opportunity(customer=customer, grade="B", grade_set_at=ago)
    third = make_opportunity(customer=customer, grade="D", grade_set_at=ago)
    grades.confirm(customer, by=user, now=NOW)
    assert [fresh(one).grade_set_at for one in (first, second, third)] == [NOW, NOW, ago]
    later = NOW + timedelta(days=1)
    grades.confirm(customer, by=user, now=later)
    assert [fresh(one).grade_set_at for one in (first, second)] == [later, NOW]


def test_a_merge_brings_the_deals_along_and_a_split_takes_them_back():
    user = make_user(role="manager")
    survivor, merged = make_customer(grade="D", custodian=user), make_customer(custodian=user)
    deal = make_opportunity(customer=merged, grade="A")
    settle_cards(NOW)
    merge = merge_customers(survivor, merged, choices={}, by=user, now=NOW, reason="one")
    assert fresh(deal).customer_id == survivor.pk
    assert (fresh(survivor).grade, fresh(survivor).standing.open_opportunities) == ("A", 1)
    split_customers(merge, by=user, now=NOW + timedelta(days=1))
    assert fresh(deal).customer_id == merged.pk
    assert (fresh(merged).grade, fresh(merged).standing.open_opportunities) == ("A", 1)
    assert fresh(survivor).standing.open_opportunities == 0
    assert settle_cards(NOW) == 0
    assert not Event.objects.filter(code="grade_overdue").exists()
    assert Customer.objects.filter(merged_into=None).count() == 2
