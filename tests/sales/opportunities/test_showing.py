"""CU4, CU5: rule and statement say the same of what a card shows and on which list it stands."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genjin.customers.models import Customer, Standing
from genjin.customers.operations.standing import refresh_list
from genjin.customers.rules import customer_list
from genjin.sales.models import Opportunity
from genjin.sales.opportunities.rules import best
from genjin.sales.opportunities.showing import settle_cards, show_for
from tests.factories import NOW, make_customer, make_opportunity, make_user

pytestmark = pytest.mark.django_db
TODAY = NOW.date()
DEALS = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from("ABCDE"),
        st.one_of(st.none(), st.integers(0, 3)),
        st.sampled_from(["open", "open", "dropped"]),
    ),
    max_size=12,
)
OWN = st.lists(st.tuples(st.sampled_from(["", *"ABCDE"]), st.booleans()), min_size=4, max_size=4)


@given(DEALS, OWN, st.booleans())
@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_sql_and_the_rules_say_the_same(deals, own, for_all):
    Opportunity.objects.all().delete()
    Standing.objects.all().delete()
    owner = make_user()
    people = [make_customer(grade=grade, grade_set_at=NOW) for grade, _is_buyer in own]
    for person, (_grade, is_buyer) in zip(people, own, strict=True):
        if is_buyer:
            Standing.objects.create(customer=person, first_deal_on=TODAY)
    kept: dict[int, list[Opportunity]] = {}
    for place, grade, days, state in deals:
        row = make_opportunity(
            customer=people[place], owner=owner, grade=grade, state=state,
            expected_on=None if days is None else TODAY + timedelta(days=days),
            ended_at=None if state == "open" else NOW,
        )  # fmt: skip
        if state == "open":
            kept.setdefault(place, []).append(row)
    ids = [one.pk for one in people]
    if for_all:
        settle_cards(NOW)
        refresh_list(None, NOW)
    else:
        show_for(ids, now=NOW, by=None)
    for place, person in enumerate(people):
        card = Customer.objects.get(pk=person.pk)
        standing = Standing.objects.filter(customer=person).first()
        shown = best(kept.get(place, []))
        grade = shown.grade if shown else own[place][0]
        expected = customer_list(
            has_order=own[place][1], grade=grade, has_opportunity=shown is not None
        )
        assert card.grade == grade
        assert card.expected_close_date == (shown.expected_on if shown else None)
        assert (standing.open_opportunities if standing else 0) == len(kept.get(place, []))
        assert (standing.customer_list if standing else "potential") == expected
