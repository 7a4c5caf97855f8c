"""Counts of facets against a naive count over plain values, whatever is changed meanwhile."""

import random

import pytest

from genjin.customers import fields
from genjin.customers.facets.building import work_in_changes, work_in_some
from genjin.customers.facets.counting import Members, members, tally
from genjin.customers.models import (
    Customer,
    FacetBits,
    FacetChange,
    FieldDefinition,
    OwnedProduct,
    ProductCategory,
    Standing,
)
from genjin.customers.segments import customers_in
from genjin.kernel import address
from genjin.kernel.errors import BadInput
from tests.factories import NOW, make_customer, make_followup, make_team, make_user

pytestmark = pytest.mark.django_db

REGIONS = ["", "440305", "440106", "440300", "110105", "310000", "TW-TPE", "330100"]
VALUES = {
    "kind": ["person", "organisation"],
    "grade": ["", "A", "B", "C"],
    "is_key": ["true", "false"],
    "region": [code for code in REGIONS if not code or address.division(code)],
    "source": ["", "fair", "web=1", "it's"],
    "prospect_state": ["", "keep", "pause"],
    "visiting_grade": ["", "1", "3"],
    "value_class": ["", "A", "C"],
    "customer_list": ["existing", "probable", "potential"],
    "set.aircon": ["", "fixed", "attack"],
    "fields.industry": ["", "retail", "transport"],
    "fields.pet": ["", "true", "false"],
}
SEVERAL = {"fields.interests": ["tea", "sport", "music"]}
TICKS = {
    **VALUES, **SEVERAL, "region": ["", "440000", "440300", "110000", "110105", "310000"],
}  # fmt: skip


@pytest.fixture(autouse=True)
def shipped_fields():
    fields.sync_shipped_fields()
    FieldDefinition.objects.create(code="pet", block="custom", type="boolean", is_facet=True)
    ProductCategory.objects.create(code="aircon", labels={"en": "Air conditioner"})


def draw(rng):
    plain = {facet: rng.choice(values) for facet, values in VALUES.items()}
    several = rng.sample(SEVERAL["fields.interests"], rng.randrange(4))
    return plain | {"fields.interests": several}


def write(rng, plain, customer=None, **more):
    stored = {}
    for code in ("industry", "pet"):
        if value := plain[f"fields.{code}"]:
            stored[code] = value == "true" if code == "pet" else value
    if plain["fields.interests"]:
        stored["interests"] = plain["fields.interests"]
    columns = {
        "kind": plain["kind"], "grade": plain["grade"], "is_key": plain["is_key"] == "true",
        "region": plain["region"], "source": plain["source"],
        "prospect_state": plain["prospect_state"], "visiting_grade": plain["visiting_grade"],
        "fields": stored, **more,
    }  # fmt: skip
    if customer is None:
        customer = make_customer(**columns)
    else:
        Customer.objects.filter(pk=customer.pk).update(**columns)
    sets = {"aircon": plain["set.aircon"]} if plain["set.aircon"] else {}
    is_default = (plain["value_class"], plain["customer_list"], sets) == ("", "potential", {})
    if is_default and rng.random() < 0.5:
        Standing.objects.filter(customer=customer).delete()
    else:
        values = {"value_class": plain["value_class"], "customer_list": plain["customer_list"],
                  "sets": sets}  # fmt: skip
        Standing.objects.update_or_create(customer=customer, defaults=values)
    return customer


def has(plain, facet, value):
    own = plain[facet]
    if facet == "fields.interests":
        return value in own if value else not own
    if facet == "region" and value and own:
        return own in address.within(value)
    return own == value


def fits(plain, criteria, without=""):
    def holds(one):
        return any(has(plain, one["field"], value) for value in one["values"])

    asked = [(part, one) for part in ("all", "none") for one in criteria[part]
             if one["field"] != without]  # fmt: skip
    return all(holds(one) == (part == "all") for part, one in asked)


def draw_criteria(rng):
    criteria = {"all": [], "none": []}
    for facet in rng.sample(sorted(TICKS), rng.randrange(5)):
        values = rng.sample(TICKS[facet], rng.randrange(1, min(3, len(TICKS[facet])) + 1))
        one = {"field": facet, "op": "in", "values": values}
        criteria["none" if rng.random() < 0.3 else "all"].append(one)
    return criteria


def naive(cards, criteria):
    found = {}
    for facet, values in TICKS.items():
        inside = [plain for plain in cards if fits(plain, criteria, without=facet)]
        for value in values:
            count = sum(has(plain, facet, value) for plain in inside)
            if count:
                found[facet, value] = count
    return found


def counted(criteria, user):
    facets = [*VALUES, *SEVERAL]
    got = tally(criteria, user=user, facets=facets, places=["440300", "110105"])
    found = {}
    for facet, values in TICKS.items():
        for value in values:
            rows = dict(got.by_facet.get("region", {})) | dict(got.by_facet.get("place", {})) \
                if facet == "region" else got.by_facet.get(facet, {})  # fmt: skip
            count = rows.get(value, 0) if value else got.unknown(facet)
            if count:
                found[facet, value] = count
    return got.total, found


@pytest.mark.parametrize("seed", range(3))
def test_counts_are_those_of_a_naive_count(seed):
    rng = random.Random(seed)
    manager = make_user(role="manager")
    cards = {}
    for _ in range(40):
        plain = draw(rng)
        cards[write(rng, plain)] = plain
    for turn in range(6):
        if turn % 2:
            while work_in_some():
                pass
        for customer in rng.sample(sorted(cards, key=lambda one: one.number), rng.randrange(6)):
            cards[customer] = draw(rng)
            write(rng, cards[customer], customer)
        if turn % 3 == 2:
            gone = rng.choice(sorted(cards, key=lambda one: one.number))
            into = next(one for one in cards if one != gone)
            del cards[gone]
            Customer.objects.filter(pk=gone.pk).update(merged_into=into)
        if turn == 4:
            work_in_some(1)
        criteria = draw_criteria(rng)
        inside = [plain for plain in cards.values() if fits(plain, criteria)]
        total, found = counted(criteria, manager)
        assert total == len(inside), criteria
        assert found == naive(cards.values(), criteria), criteria
        numbers = sorted(c.number for c, plain in cards.items() if fits(plain, criteria))
        assert sorted(members(criteria).numbers()) == numbers
        assert sorted(customers_in(criteria).values_list("number", flat=True)) == numbers


@pytest.mark.parametrize("is_worked_in", [True, False])
def test_a_scope_bounds_every_count(is_worked_in):
    team, other = make_team(), make_team()
    agent, mate = make_user(role="agent", team=team), make_user(role="agent", team=team)
    lead = make_user(role="supervisor", team=team)
    own = [make_customer(custodian=agent, team=team, grade="A") for _ in range(3)]
    make_customer(custodian=mate, team=team, grade="A")
    far = [make_customer(team=other, grade="A") for _ in range(2)]
    make_customer(custodian=agent, team=team, merged_into=own[0], grade="A")
    make_followup(customer=far[0], state="taken", taken_by=agent)
    if is_worked_in:
        work_in_changes(NOW)
    grades = {
        user: tally({"all": [], "none": []}, user=user, facets=["grade"]).by_facet["grade"]["A"]
        for user in (agent, lead, make_user(role="manager"))
    }
    assert list(grades.values()) == [4, 4, 6]
    assert set(members({"all": []}, user=agent).numbers()) == {c.number for c in [*own, far[0]]}


@pytest.mark.parametrize("is_worked_in", [True, False])
def test_other_conditions_combine_with_ticks(is_worked_in):
    aircon = ProductCategory.objects.get(code="aircon")
    owners = [make_customer(region="440305", fields={"age": 20 + n}) for n in range(4)]
    make_customer(region="440305", fields={"age": 20})
    for n, owner in enumerate(owners):
        OwnedProduct.objects.create(
            customer=owner, category=aircon, is_ours=n == 3, brand="Polar", source_kind="person",
            bought_on=f"{2014 + n}-01-01", bought_precision="year",
        )  # fmt: skip
    if is_worked_in:
        work_in_changes(NOW)
    value = {"category": "aircon", "whose": "competitor", "older_than_years": 10}
    criteria = {"all": [
        {"field": "owned", "op": "owns", "values": [value]},
        {"field": "region", "op": "in", "values": ["440000"]},
        {"field": "fields.age", "between": None, "op": "between", "values": [21, None]},
    ]}  # fmt: skip
    got = tally(criteria, user=None, facets=["region", "kind"])
    expected = set(customers_in(criteria))
    assert expected == {owners[1]}
    assert (got.total, got.by_facet["region"]["440000"], got.by_facet["kind"]["person"]) == (
        1,
        1,
        1,
    )


def test_a_condition_that_nobody_fits_counts_nothing():
    make_customer(grade="A")
    criteria = {"all": [{"field": "name", "op": "contains", "values": [""]}], "none": []}
    got = tally(criteria, user=None, facets=["grade"])
    assert (got.total, got.unknown("grade")) == (0, 0)
    with pytest.raises(BadInput):
        tally({"all": [{"field": "grade", "op": "in", "values": ["Z"]}]}, user=None)


def test_only_a_change_of_a_facet_is_noted():
    customer = make_customer(grade="A")
    work_in_changes(NOW)
    assert not FacetChange.objects.exists()
    Customer.objects.filter(pk=customer.pk).update(last_contact_at=NOW, name="b", changed_at=NOW)
    assert not FacetChange.objects.exists()
    Customer.objects.filter(pk=customer.pk).update(grade="B")
    place = customer.number & 8191
    assert list(FacetChange.objects.values_list("chunk", "places")) == [
        (customer.number >> 13, [place])
    ]


def test_a_deleted_card_leaves_no_bit():
    customer = make_customer(grade="A", fields={"interests": ["tea"]})
    work_in_changes(NOW)
    assert FacetBits.objects.exists()
    Customer.objects.filter(pk=customer.pk).delete()
    work_in_changes(NOW)
    assert not FacetBits.objects.exists()


def test_members_are_packed_and_unpacked():
    found = Members(1 << 5 | 1 << 70_001)
    assert Members.unpacked(found.packed()) == found
    assert list(found.numbers()) == [5, 70_001]
    assert (Members(0).packed() and Members.unpacked(b""), Members(0).count) == (Members(0), 0)
