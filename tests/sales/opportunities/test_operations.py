"""SA2, CU5: opportunities are opened, moved, graded and ended; the card follows."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from genjin.customers.models import Customer, Event, Standing, TimelineEntry
from genjin.customers.operations.card import set_grade
from genjin.customers.operations.prospects import drop_overdue_grades, overdue
from genjin.foundation.models import AuditEntry
from genjin.kernel.errors import BadInput, Conflict
from genjin.sales.models import Opportunity, OpportunityFact, OpportunityMove, Order
from genjin.sales.opportunities import operations, queries, reviews
from genjin.sales.opportunities.showing import settle_cards
from genjin.sales.orders import set_rate
from tests.factories import (
    NOW,
    make_category,
    make_customer,
    make_opportunity,
    make_product,
    make_user,
)

pytestmark = pytest.mark.django_db
TODAY = NOW.date()
SOON = TODAY + timedelta(days=20)


def opened(customer: Customer | None = None, **values) -> Opportunity:
    values = {"title": "三台空调", "by": make_user(), "now": NOW, **values}
    return operations.open_opportunity(customer or make_customer(), **values)


def make_order_header(customer: Customer, *, state: str = "concluded") -> Order:
    number = f"T{Order.objects.count() + 1}" if state == "concluded" else ""
    return Order.objects.create(customer=customer, state=state, number=number, total=300)


def card(customer: Customer) -> tuple:
    row = Customer.objects.get(pk=customer.pk)
    standing = Standing.objects.filter(customer=customer).first()
    return (
        row.grade, row.expected_close_date, row.expected_amount,
        standing.customer_list if standing else "potential",
        standing.open_opportunities if standing else 0,
    )  # fmt: skip


def told(customer: Customer) -> list[str]:
    rows = TimelineEntry.objects.filter(customer=customer, kind="opportunity")
    return [one.code for one in rows.order_by("at", "id")]


def moves(row: Opportunity) -> list[tuple[str, str, str]]:
    rows = OpportunityMove.objects.filter(opportunity=row).order_by("at", "id")
    return list(rows.values_list("what", "before", "after"))


def problems(bad) -> dict[str, list[str]]:
    return {
        place: [reason.code for reason in reasons] for place, reasons in bad.value.problems.items()
    }


def test_an_opened_deal_has_its_figures_and_the_card_shows_it():
    user, customer = make_user(), make_customer()
    product = make_product(name="变频空调", kind=make_category())
    row = operations.open_opportunity(
        customer, product=product, amount=Decimal("12800"), expected_on=SOON, grade="B",
        next_step="发方案", next_on=TODAY, by=user, now=NOW,
    )  # fmt: skip
    row.refresh_from_db()
    assert (row.title, row.category, row.amount, row.home_amount, row.currency) == (
        "变频空调", product.kind, 12800, 12800, "CNY")  # fmt: skip
    assert (row.stage, row.grade, row.state, row.owner) == ("impression", "B", "open", user)
    assert card(customer) == ("B", SOON, Decimal(12800), "probable", 1)
    assert moves(row) == [("opened", "", "变频空调")]
    entry = TimelineEntry.objects.get(customer=customer, kind="opportunity")
    assert entry.code == "opportunity_opened"
    assert entry.data["card"] == ["", "B"]
    assert (entry.source_kind, entry.source_id) == ("opportunity", str(row.pk))
    assert AuditEntry.objects.filter(object_kind="opportunity", action="add").count() == 1


def test_an_amount_in_another_currency_counts_in_home_currency_at_the_days_rate():
    manager = make_user(role="manager")
    set_rate(currency="USD", from_day=TODAY, rate=Decimal("7.1"), by=manager, now=NOW)
    row = opened(amount=Decimal(1000), currency="USD")
    assert (row.home_amount, row.rate) == (Decimal("7100.00"), Decimal("7.1"))
    set_rate(currency="USD", from_day=TODAY, rate=Decimal("7.2"), by=manager, now=NOW)
    operations.change_opportunity(row, {"amount": Decimal(1000)}, by=manager, now=NOW)
    row.refresh_from_db()
    assert row.home_amount == Decimal("7100.00")  # nobody said anything new


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"title": ""}, {"title": ["required"]}),
        ({"title": "x" * 121}, {"title": ["too_long"]}),
        ({"title": "a\x00"}, {"title": ["bad_character"]}),
        ({"expected_on": TODAY - timedelta(days=1)}, {"expected_on": ["in_the_past"]}),
        ({"next_on": TODAY - timedelta(days=1)}, {"next_on": ["in_the_past"]}),
        ({"amount": Decimal("-1")}, {"amount": ["amount_not_positive"]}),
        ({"amount": Decimal("1.005")}, {"amount": ["too_many_decimals"]}),
        ({"amount": Decimal(1), "currency": "XXQ"}, {"currency": ["no_rate"]}),
        ({"currency": "yuan"}, {"currency": ["currency_not_understood"]}),
        ({"grade": "F", "title": ""}, {"title": ["required"], "grade": ["not_a_choice"]}),
    ],
)
def test_what_cannot_be_a_deal_is_refused_at_its_field_and_nothing_is_written(values, expected):
    customer = make_customer()
    with pytest.raises(BadInput) as bad:
        opened(customer, **values)
    assert problems(bad) == expected
    assert not Opportunity.objects.exists()
    assert card(customer) == ("", None, None, "potential", 0)


def test_a_stage_names_all_that_is_missing_beside_its_field():
    row = opened()
    with pytest.raises(BadInput) as bad:
        operations.move_stage(row, to="concerns", by=None, now=NOW)
    assert set(problems(bad)) == {
        "fact_decider", "fact_welcome", "fact_need", "fact_present", "fact_budget", "expected_on",
        "product", "fact_fit", "amount"}  # fmt: skip
    reason = bad.value.problems["expected_on"][0]
    assert (reason.code, dict(reason.data)) == (
        "fact_missing", {"stage": "needs", "fact": "expected_on"})  # fmt: skip
    row.refresh_from_db()
    assert row.stage == "impression"


def test_what_was_found_out_is_noted_with_the_move_and_a_failed_move_notes_nothing():
    user, row = make_user(), opened()
    facts = {"decider": "王总", "welcome": "上午方便"}
    with pytest.raises(BadInput):
        operations.move_stage(row, to="proposal", facts=facts, by=user, now=NOW)
    assert not OpportunityFact.objects.exists()
    later = NOW + timedelta(hours=1)
    operations.move_stage(row, to="needs", facts=facts, by=user, now=later)
    row.refresh_from_db()
    assert (row.stage, row.stage_at) == ("needs", later)
    assert {code: one.text for code, one in queries.facts_of(row).items()} == facts
    assert moves(row) == [("opened", "", "三台空调"), ("stage", "impression", "needs")]
    assert told(row.customer) == ["opportunity_opened", "opportunity_stage"]


def test_the_newest_of_a_fact_counts_and_none_is_ever_overwritten():
    user, row = make_user(), opened()
    for text in ("王总", "李总", "李总", ""):
        operations.note_facts(row, {"decider": text}, by=user, now=NOW)
    assert [one.text for one in OpportunityFact.objects.order_by("id")] == ["王总", "李总", ""]
    with pytest.raises(BadInput) as bad:
        operations.move_stage(row, to="needs", facts={"welcome": "好"}, by=user, now=NOW)
    assert problems(bad) == {"fact_decider": ["fact_missing"]}
    for table in (OpportunityFact, OpportunityMove):
        with pytest.raises(IntegrityError), transaction.atomic():
            table.objects.all().delete()


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"nonsense": "x"}, {"fact_nonsense": ["not_a_choice"]}),
        ({"amount": "12"}, {"fact_amount": ["not_a_choice"]}),
        ({"need": "x" * 501}, {"fact_need": ["too_long"]}),
    ],
)
def test_what_is_no_fact_is_refused(facts, expected):
    with pytest.raises(BadInput) as bad:
        operations.note_facts(opened(), facts, by=None, now=NOW)
    assert problems(bad) == expected


def test_going_back_needs_a_reason_and_the_last_stage_is_for_winners():
    row = make_opportunity(stage="concerns")
    with pytest.raises(BadInput) as bad:
        operations.move_stage(row, to="needs", by=None, now=NOW)
    assert problems(bad) == {"reason": ["required"]}
    operations.move_stage(row, to="needs", reason="换了负责人", by=None, now=NOW)
    row.refresh_from_db()
    assert row.stage == "needs"
    for to, place in (("needs", "same_stage"), ("nowhere", "not_a_choice")):
        with pytest.raises(BadInput) as bad:
            operations.move_stage(row, to=to, by=None, now=NOW)
        assert problems(bad) == {"stage": [place]}
    with pytest.raises(Conflict) as conflict:
        operations.move_stage(row, to="after", by=None, now=NOW)
    assert conflict.value.code == "win_first"


def test_the_card_shows_the_best_of_its_open_deals():
    customer = make_customer()
    first = opened(customer, grade="C", amount=Decimal(100))
    second = opened(customer, grade="A", expected_on=SOON, amount=Decimal(7))
    assert card(customer) == ("A", SOON, Decimal(7), "probable", 2)
    operations.grade_opportunity(second, grade="D", by=None, now=NOW)
    assert card(customer)[:2] == ("C", None)
    entry = TimelineEntry.objects.filter(customer=customer, code="opportunity_grade").get()
    assert (entry.data["before"], entry.data["after"], entry.data["card"]) == ("A", "D", ["A", "C"])
    operations.lose(first, reason="price", by=None, now=NOW)
    assert card(customer) == ("D", SOON, Decimal(7), "probable", 1)
    operations.drop(second, words="停产", card_grade="E", by=None, now=NOW)
    assert card(customer) == ("E", None, None, "potential", 0)


def test_a_prospect_without_a_deal_carries_its_own_grade_and_one_with_a_deal_cannot():
    customer = make_customer()
    set_grade(customer, grade="B", by=None, now=NOW)
    row = opened(customer, grade="D")
    assert card(customer)[0] == "D"
    with pytest.raises(Conflict) as conflict:
        set_grade(customer, grade="A", by=None, now=NOW)
    assert conflict.value.code == "grade_of_opportunity"
    operations.drop(row, words="不做了", by=None, now=NOW)
    assert card(customer) == ("", None, None, "potential", 0)
    set_grade(customer, grade="A", by=None, now=NOW)
    assert card(customer)[0] == "A"


def test_a_grading_may_bring_day_and_amount_and_leaves_them_otherwise():
    row = opened(amount=Decimal(500), expected_on=SOON)
    operations.grade_opportunity(row, grade="A", by=None, now=NOW)
    row.refresh_from_db()
    assert (row.amount, row.expected_on, row.grade) == (500, SOON, "A")
    operations.grade_opportunity(
        row, grade="A", amount=Decimal(900), expected_on=SOON + timedelta(days=3), by=None, now=NOW
    )
    row.refresh_from_db()
    assert (row.amount, row.home_amount, row.expected_on) == (900, 900, SOON + timedelta(days=3))
    assert [one[0] for one in moves(row)] == ["opened", "grade", "figures", "confirmed"]


def test_a_lost_deal_says_why_and_to_whom():
    row = opened()
    with pytest.raises(BadInput) as bad:
        operations.lose(row, reason="rival", card_grade="X", by=None, now=NOW)
    assert problems(bad) == {"rival": ["required"], "card_grade": ["not_a_choice"]}
    for reason, code in (("", "required"), ("bored", "not_a_choice")):
        with pytest.raises(BadInput) as bad:
            operations.lose(row, reason=reason, by=None, now=NOW)
        assert problems(bad) == {"reason": [code]}
    operations.lose(row, reason="rival", rival=" 北岭  电器 ", words="便宜一成", by=None, now=NOW)
    row.refresh_from_db()
    assert (row.state, row.lost_reason, row.rival, row.end_words, row.ended_at) == (
        "lost", "rival", "北岭 电器", "便宜一成", NOW)  # fmt: skip
    assert moves(row)[-1] == ("state", "open", "lost")
    with pytest.raises(Conflict) as conflict:
        operations.grade_opportunity(row, grade="A", by=None, now=NOW)
    assert conflict.value.code == "opportunity_ended"


def test_winning_needs_a_concluded_order_of_this_customer():
    row = opened(amount=Decimal(300), grade="A")
    for order, code in (
        (make_order_header(make_customer()), "order_of_another"),
        (make_order_header(row.customer, state="agreed"), "order_not_concluded"),
    ):
        with pytest.raises(BadInput) as bad:
            operations.win(row, order=order, by=None, now=NOW)
        assert problems(bad) == {"order": [code]}
    order = make_order_header(row.customer)
    operations.win(row, order=order, by=None, now=NOW)
    row.refresh_from_db()
    assert (row.state, row.stage, row.order, row.ended_at) == ("won", "after", order, NOW)
    assert card(row.customer)[4] == 0
    operations.note_facts(row, {"arrived": "到货正常"}, by=None, now=NOW)
    with pytest.raises(Conflict) as conflict:
        operations.reopen(row, reason="x", by=None, now=NOW)
    assert conflict.value.code == "order_stands"
    type(order).objects.filter(pk=order.pk).update(state="cancelled")
    operations.reopen(row, reason="订单取消", by=None, now=NOW)
    row.refresh_from_db()
    assert (row.state, row.stage, row.order, row.ended_at) == ("open", "agreement", None, None)
    assert card(row.customer)[4] == 1


def test_a_lost_deal_is_taken_up_again_with_a_reason():
    row = opened(grade="B")
    operations.lose(row, reason="silence", by=None, now=NOW)
    with pytest.raises(BadInput):
        operations.reopen(row, reason=" ", by=None, now=NOW)
    later = NOW + timedelta(days=60)
    operations.reopen(row, reason="又来电", by=None, now=later)
    row.refresh_from_db()
    assert (row.state, row.lost_reason, row.grade, row.grade_set_at) == ("open", "", "B", later)
    assert card(row.customer)[0] == "B"


def test_who_owns_a_deal_changes_on_record():
    first, second = make_user(), make_user()
    row = opened(by=first)
    operations.change_opportunity(row, {"owner": second, "title": "四台"}, by=first, now=NOW)
    row.refresh_from_db()
    assert (row.owner, row.title) == (second, "四台")
    assert moves(row)[-1] == ("owner", str(first), str(second))
    assert operations.change_opportunity(row, {"title": "四台"}, by=first, now=NOW) == {}


def test_a_deals_grade_outlives_its_term_is_told_once_and_drops_with_the_card():
    customer = make_customer()
    ago = NOW - timedelta(days=10)
    late = opened(customer, grade="A", now=ago)
    young = opened(customer, grade="C", now=ago)
    assert [one.pk for one in reviews.overdue(NOW)] == [late.pk]
    assert not overdue(NOW).exists()  # the card's grade is the deal's, not its own
    assert drop_overdue_grades(NOW) == 0
    assert reviews.drop_overdue(NOW) == 1
    late.refresh_from_db()
    young.refresh_from_db()
    assert (late.grade, late.grade_set_at, young.grade) == ("B", NOW, "C")
    assert card(customer)[0] == "B"
    event = Event.objects.get(code="grade_overdue")
    facts = [event.data[name] for name in ("grade", "opportunity", "days")]
    assert (event.customer_id, facts) == (customer.pk, ["A", "三台空调", 3])
    entry = TimelineEntry.objects.get(code="opportunity_grade_dropped")
    assert (entry.data["before"], entry.data["after"], entry.data["term_days"]) == ("A", "B", 7)
    assert entry.data["card"] == ["A", "B"]
    assert moves(late)[-1] == ("grade", "A", "B")
    assert reviews.drop_overdue(NOW) == 0
    assert Event.objects.filter(code="grade_overdue").count() == 1


def test_a_confirmed_grade_stands_for_its_term_again():
    row = opened(grade="A", now=NOW - timedelta(days=9))
    assert reviews.standing_of(row, NOW).is_overdue
    operations.confirm_grade(row, by=make_user(), now=NOW)
    row.refresh_from_db()
    assert not reviews.standing_of(row, NOW).is_overdue
    assert reviews.drop_overdue(NOW) == 0
    assert told(row.customer)[-1] == "opportunity_grade_confirmed"


def test_the_night_mends_cards_that_do_not_show_their_deals():
    row, other = opened(grade="B"), make_customer(grade="C")
    make_opportunity(customer=other, grade="A")
    gone = make_customer(grade="D")
    Standing.objects.create(customer=gone, open_opportunities=2)
    Customer.objects.filter(pk=row.customer_id).update(grade="E")
    assert settle_cards(NOW) == 3
    assert [card(one)[0] for one in (row.customer, other, gone)] == ["B", "A", "D"]
    assert card(gone)[4] == 0
    assert settle_cards(NOW) == 0
