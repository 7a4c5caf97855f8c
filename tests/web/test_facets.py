"""Facets on the customer list and segments through HTTP."""

import re
from datetime import timedelta

import pytest
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from tests.factories import NOW, make_customer, make_team, make_user

from genjin.customers import fields, segments
from genjin.customers.facets import tally
from genjin.customers.facets.building import work_in_changes
from genjin.customers.models import (
    Customer,
    OwnedProduct,
    ProductCategory,
    Segment,
    SegmentDay,
    Standing,
)
from genjin.customers.operations.segment_days import changes_of, snapshot_segments
from genjin.customers.segments import fields_for_selection
from genjin.foundation.models import Team
from genjin.web.segments import criteria as reading

pytestmark = pytest.mark.django_db
TICK = re.compile(r'name="([^"]+)" value="([^"]*)"( checked)?><span class="hole-label">([^<]*)'
                  r'</span><span class="count num">([^<]*)<')  # fmt: skip


@pytest.fixture(autouse=True)
def shipped_fields():
    fields.sync_shipped_fields()


@pytest.fixture
def manager():
    return make_user(role="manager", language="en")


@pytest.fixture
def client(client, manager):
    client.force_login(manager)
    return client


@pytest.fixture
def aircon():
    return ProductCategory.objects.create(code="aircon", labels={"en": "Air conditioner"})


def holes(client, query=""):
    """{(facet, value): count} as the page shows them, and the ticked ones."""
    text = client.get(f"{reverse('customers')}?{query}").content.decode()
    found = TICK.findall(text)
    counts = {(name, value): int(count.replace(",", "")) for name, value, _, _, count in found}
    return counts, {(name, value) for name, value, is_on, _, _ in found if is_on}


def total(client, query=""):
    text = client.get(f"{reverse('customers')}?{query}").content.decode()
    return re.search(r'id="count" role="status">([^<]*)<', text)[1]


@pytest.fixture
def cards(aircon):
    team = Team.objects.create(name="East")
    agent = make_user(role="agent", name="Wang", team=team)
    first = make_customer(
        name="First", region="440305", grade="A", custodian=agent, team=team,
        fields={"industry": "retail", "interests": ["tea", "sport"]}, source="fair",
    )  # fmt: skip
    second = make_customer(name="Second", region="440106", grade="B", fields={"industry": "retail"})
    third = make_customer(name="Third", region="310101", is_key=True, kind="organisation")
    Standing.objects.create(customer=first, value_class="A", customer_list="existing",
                            sets={"aircon": "attack"})  # fmt: skip
    return first, second, third


def test_every_facet_has_its_live_count(client, cards):
    counts, ticked = holes(client)
    expected = {
        ("region", "440000"): 2, ("region", "310000"): 1, ("kind", "person"): 2,
        ("kind", "organisation"): 1, ("value_class", "A"): 1, ("value_class", ""): 2,
        ("customer_list", "existing"): 1, ("customer_list", "potential"): 2,
        ("set.aircon", "attack"): 1, ("set.aircon", ""): 2, ("grade", "A"): 1, ("grade", "B"): 1,
        ("grade", ""): 1, ("is_key", "true"): 1, ("fields.industry", "retail"): 2,
        ("fields.industry", ""): 1, ("fields.interests", "tea"): 1, ("source", "fair"): 1,
        ("custodian", str(cards[0].custodian_id)): 1, ("custodian", ""): 2,
        ("team", str(cards[0].team_id)): 1,
    }  # fmt: skip
    assert {key: counts.get(key) for key in expected} == expected
    assert ticked == set()
    assert total(client) == "3 customers"


def test_ticks_are_or_inside_and_and_across_and_not(client, cards):
    query = "grade=A&grade=B&fields.industry=retail"
    counts, ticked = holes(client, query)
    assert ticked == {("grade", "A"), ("grade", "B"), ("fields.industry", "retail")}
    # A facet's own ticks do not count for itself: nobody in trade has no grade.
    assert (counts["grade", "A"], counts["grade", "B"]) == (1, 1)
    assert ("grade", "") not in counts
    assert counts["region", "440000"] == 2
    assert total(client, query) == "2 customers"
    assert total(client, "not.grade=A") == "2 customers"
    assert total(client, "grade=A&not.grade=A") == "2 customers"
    assert total(client, "grade=&value_class=") == "1 customer"
    assert total(client, "grade=A&not.fields.interests=tea") == "0 customers"


def test_a_province_opens_to_its_cities_and_a_city_narrows_it(client, cards):
    assert ("region", "440300") not in holes(client)[0]
    counts, _ = holes(client, "region=440000")
    assert (counts["region", "440300"], counts["region", "440100"]) == (1, 1)
    assert total(client, "region=440000&region=440300") == "1 customer"
    assert total(client, "region=440000&not.region=440300") == "1 customer"
    assert total(client, "text.region=深圳市南山区") == "1 customer"


def test_owned_products_and_ranges_combine_with_ticks(client, cards, aircon):
    for customer, year in ((cards[0], 2015), (cards[1], 2024)):
        OwnedProduct.objects.create(
            customer=customer, category=aircon, brand="Polar", bought_on=f"{year}-05-01",
            source_kind="person",
        )  # fmt: skip
    old = "owned.0.category=aircon&owned.0.whose=competitor&owned.0.older_than_years=8"
    assert total(client, f"{old}&region=440000") == "1 customer"
    assert total(client, f"{old}&owned.0.not=1&region=440000") == "1 customer"
    assert total(client, f"{old}&owned.1.brand=other") == "0 customers"
    assert total(client, "q=first&from.created=2020-01-01") == "1 customer"


@pytest.mark.parametrize(
    "query",
    ["from.fields.age=many", "owned.0.category=none", "owned.0.older_than_years=x",
     "from.created=2020-02-30", "owned.0.whose=none"],
)  # fmt: skip
def test_what_cannot_be_asked_is_said_and_left_out(client, cards, query):
    answer = client.get(f"{reverse('customers')}?{query}&grade=A")
    assert 'class="notice' in answer.content.decode()
    assert total(client, f"{query}&grade=A") == "1 customer"


def test_htmx_gets_the_piece_and_a_plain_address(client, cards):
    answer = client.get(
        f"{reverse('customers')}?grade=A&q=&owned.0.category=&from.created=",
        headers={"HX-Request": "true", "HX-Target": "selection"},
    )
    assert "<html" not in answer.content.decode()
    assert answer["HX-Push-Url"] == "/customers?grade=A"


def test_an_agent_counts_only_what_they_see(client, cards):
    client.force_login(cards[0].custodian)
    counts, _ = holes(client)
    assert counts["region", "440000"] == 1
    assert ("region", "310000") not in counts


@pytest.mark.parametrize("is_worked_in", [True, False])
def test_the_list_shows_whom_the_facets_count(client, cards, is_worked_in):
    if is_worked_in:
        work_in_changes(NOW)
    text = client.get(f"{reverse('customers')}?fields.industry=retail&not.grade=B").content.decode()
    assert ("First" in text, "Second" in text, "Third" in text) == (True, False, False)


def plain(conditions):
    found = [(one["field"], one["op"], sorted(one["values"], key=str))
             if one["op"] == "in" else (one["field"], one["op"], one["values"])
             for one in conditions]  # fmt: skip
    return sorted(found, key=lambda one: one[:2])


def test_a_filter_is_taken_into_a_segment_whole(client, cards, aircon):
    query = ("q=first&grade=A&not.grade=B&grade=&region=440000&not.region=440100&not.source=fair"
             "&from.fields.age=20&owned.0.category=aircon&owned.0.older_than_years=8"
             "&known.fields.age=yes&custodian=")  # fmt: skip
    known = fields_for_selection()
    criteria = reading.read(QueryDict(query), known)
    assert (len(criteria["all"]), len(criteria["none"])) == (7, 3)
    page = client.get(f"{reverse('segment-new')}?{query}").content.decode()
    sent = {"name": "Whole"}
    for tag in re.findall(r"<(?:input|select|option)[^>]*>", page):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if tag.startswith("<select"):
            select = name[1]
        elif tag.startswith("<option") and " selected" in tag:
            sent.setdefault(select, []).append(value[1])
        elif (
            name
            and value
            and name[1] not in ("name", "csrfmiddlewaretoken", "language", "next")
            and ("checkbox" not in tag or " checked" in tag)
        ):
            sent.setdefault(name[1], []).append(value[1])
    answer = client.post(reverse("segment-new"), sent)
    assert answer.status_code == 302, answer.content.decode()
    saved = Segment.objects.get().criteria
    assert reading.address_of(saved, known) is not None
    for part in ("all", "none"):
        assert plain(saved[part]) == plain(criteria[part])


def test_a_segment_says_what_entered_and_left(client, manager, cards):
    first, second, third = cards
    yesterday = timezone.now() - timedelta(days=1)
    segment = Segment.objects.create(
        name="Graded", criteria={"all": [{"field": "grade", "op": "in", "values": ["A", "B"]}]},
        changed_at=yesterday - timedelta(days=3),
    )  # fmt: skip
    page = reverse("segment", args=[segment.pk])
    assert "no count of an earlier day" in client.get(page).content.decode()
    assert (snapshot_segments(yesterday), snapshot_segments(yesterday)) == (1, 0)
    Customer.objects.filter(pk=third.pk).update(grade="A")
    Customer.objects.filter(pk=first.pk).update(grade="C")
    text = client.get(page).content.decode()
    entered, rest = text.split("Entered <span")[1].split("Left <span")
    left = rest.split("</section>")[0]
    assert ("Third" in entered, "First" in entered) == (True, False)
    assert ("First" in left, "Third" in left) == (True, False)
    assert "Start a campaign" in text
    grades = tally(segment.criteria, user=manager, facets=["grade"], is_inside=True)
    assert grades.by_facet["grade"] == {"A": 1, "B": 1, "": 2}
    agent = make_user(role="supervisor", team=make_team())
    change = changes_of(segment, user=agent, now=timezone.now())
    assert (change.entered.count, change.left.count, change.before) == (0, 0, 0)
    Customer.objects.filter(pk=second.pk).update(merged_into=third)
    change = changes_of(segment, user=manager, now=timezone.now())
    assert (change.gone, change.left.count, change.is_selection_changed) == (1, 1, False)


def test_old_pictures_keep_their_count_only(cards):
    segment = Segment.objects.create(name="All", criteria=segments.EVERYBODY)
    snapshot_segments(NOW - timedelta(days=20))
    snapshot_segments(NOW)
    days = SegmentDay.objects.filter(segment=segment).order_by("day")
    assert [(one.count, bytes(one.members) != b"") for one in days] == [(3, False), (3, True)]


def test_a_segment_starts_a_campaign(client):
    segment = Segment.objects.create(name="All", criteria=segments.EVERYBODY)
    page = client.get(f"{reverse('campaign-new')}?segment={segment.pk}")
    assert page.status_code == 200
    assert client.get(f"{reverse('campaign-new')}?segment=x").status_code == 200
