"""The card: opened, changed, seen by whom, with its history."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError

from genjin.customers import fields, queries
from genjin.customers.models import Address, Customer, TimelineEntry
from genjin.customers.operations import card
from genjin.customers.operations.changes import ChangedMeanwhile
from genjin.foundation.models import AuditEntry
from genjin.kernel.errors import BadInput
from tests.factories import NOW, make_customer, make_followup, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shipped_fields():
    fields.sync_shipped_fields()


def opened(**values):
    given = {"kind": "person", "name": "张三", "by": make_user(role="manager"), "now": NOW}
    return card.create_customer(**{**given, **values})


def codes(customer):
    return [entry.code for entry in queries.timeline(customer.pk)]


def test_a_new_card_has_its_person_number_and_history():
    customer = opened(phones=["138 0013 8000"], fields={"industry": "零售", "age": "42"})
    assert customer.fields == {"industry": "retail", "age": 42}
    assert customer.number > 0
    assert [(p.value, p.status, p.label) for p in customer.points.all()] == [
        ("+8613800138000", "ok", "mobile")
    ]
    assert [(p.name, p.is_self) for p in customer.people.all()] == [("张三", True)]
    assert codes(customer) == ["card_opened"]
    assert AuditEntry.objects.get(object_id=str(customer.pk)).action == "add"


def test_every_wrong_entry_is_told_at_once_and_nothing_is_written():
    with pytest.raises(BadInput) as bad:
        opened(name=" ", region="999999", fields={"age": "old", "nothing": 1})
    assert set(bad.value.problems) == {"name", "region", "fields.age", "fields.nothing"}
    with pytest.raises(BadInput) as bad:
        opened(phones=["12"], emails=["nobody"])
    assert set(bad.value.problems) == {"phones", "emails"}
    assert not Customer.objects.exists()


def test_a_name_of_300_characters_is_refused_and_not_cut():
    with pytest.raises(BadInput) as bad:
        opened(name="长" * 300)
    assert [reason.code for reason in bad.value.problems["name"]] == ["too_long"]


def test_an_unassigned_number_is_kept_and_marked():
    point = opened(phones=["15412345678"]).points.get()
    assert point.status == "unassigned"
    with pytest.raises(BadInput):
        card.mark_point(point, "ok", by=make_user(), now=NOW)


def test_a_change_tells_what_it_was_before():
    customer, user = opened(), make_user(role="manager")
    changes = card.change_customer(
        customer, {"name": "张三丰", "fields.enthusiasm": "hot"}, by=user, now=NOW, reason="told"
    )
    assert changes == {"name": ["张三", "张三丰"], "fields.enthusiasm": [None, "hot"]}
    assert AuditEntry.objects.get(action="change").changes == changes
    entry = TimelineEntry.objects.get(code="card_changed")
    assert (entry.data["changes"], entry.by) == (changes, user)
    assert customer.people.get().name == "张三丰"
    assert card.change_customer(customer, {"name": "张三丰"}, by=user, now=NOW) == {}


def test_two_people_who_change_different_fields_both_win():
    customer, user = opened(note="old"), make_user()
    seen = {"note": "old", "source": ""}
    card.change_customer(customer, {"note": "mine", "source": ""}, by=user, now=NOW, seen=seen)
    card.change_customer(customer, {"note": "old", "source": "fair"}, by=user, now=NOW, seen=seen)
    customer.refresh_from_db()
    assert (customer.note, customer.source) == ("mine", "fair")


def test_two_people_who_change_the_same_field_are_told_both_values():
    customer, user = opened(note="old"), make_user()
    card.change_customer(customer, {"note": "first"}, by=user, now=NOW, seen={"note": "old"})
    with pytest.raises(ChangedMeanwhile) as lost:
        card.change_customer(customer, {"note": "second"}, by=user, now=NOW, seen={"note": "old"})
    assert lost.value.data["conflicts"] == {
        "note": {"seen": "old", "theirs": "first", "yours": "second"}
    }
    customer.refresh_from_db()
    assert customer.note == "first"


def test_history_cannot_be_changed():
    entry = TimelineEntry.objects.get(customer=opened())
    with pytest.raises(IntegrityError):
        TimelineEntry.objects.filter(pk=entry.pk).update(code="other")


def test_a_lunar_birthday_may_be_the_thirtieth_of_the_second_month():
    customer, user = opened(), make_user()
    person = card.add_person(
        customer, name="王五", by=user, now=NOW, birth_month=2, birth_day=30, is_birthday_lunar=True
    )
    with pytest.raises(BadInput) as bad:
        card.change_person(person, {"is_birthday_lunar": False}, by=user, now=NOW)
    assert set(bad.value.problems) == {"birth_day"}


def test_a_child_is_kept_only_with_the_guardians_consent():
    customer, user = opened(), make_user()
    with pytest.raises(BadInput) as bad:
        card.add_person(customer, name="小明", is_child=True, by=user, now=NOW)
    assert [r.code for r in bad.value.problems["is_child"]] == ["guardian_consent_needed"]
    card.add_person(
        customer, name="小明", is_child=True, guardian_consent_at=NOW, guardian_consent_by="王母",
        by=user, now=NOW,
    )  # fmt: skip


def test_who_informs_us_is_seen_by_custodian_and_manager_only():
    custodian, colleague = make_user(), make_user()
    customer = opened(custodian=custodian)
    person = card.add_person(
        customer, name="王五", roles=["decides", "informant"], by=custodian, now=NOW
    )
    assert queries.shown_roles(custodian, customer, person) == ["decides", "informant"]
    manager = make_user(role="manager")
    assert queries.shown_roles(manager, customer, person) == ["decides", "informant"]
    assert queries.shown_roles(colleague, customer, person) == ["decides"]
    card.change_person(person, {"roles": ["informant"]}, by=custodian, now=NOW)
    told = [e.data for e in queries.timeline(customer.pk) if e.code.startswith("person")]
    assert "informant" not in str(told)


def test_an_address_finds_its_district_and_centre():
    customer, user = opened(), make_user()
    address = card.add_address(customer, text="广东省深圳市南山区科技园1号", by=user, now=NOW)
    customer.refresh_from_db()
    assert (address.division, customer.region) == ("440305", "440305")
    assert (address.precision, address.system) == (Address.Precision.DISTRICT, "gcj02")
    card.change_address(
        address, {"latitude": Decimal("22.54"), "longitude": Decimal("113.95"), "system": "wgs84"},
        by=user, now=NOW,
    )  # fmt: skip
    address.refresh_from_db()
    assert (address.precision, address.system) == (Address.Precision.MAP, "wgs84")


def test_scope_decides_whose_cards_are_seen():
    team = make_team()
    agent, other = make_user(team=team), make_user()
    supervisor, manager = make_user(role="supervisor", team=team), make_user(role="manager")
    mine, theirs = make_customer(custodian=agent, team=team), make_customer(custodian=other)
    in_hand = make_customer()
    make_followup(customer=in_hand, state="taken", taken_by=agent)
    merged = make_customer(custodian=agent, merged_into=mine)
    assert set(queries.visible_to(agent)) == {mine, in_hand}
    assert set(queries.visible_to(supervisor)) == {mine}
    assert set(queries.visible_to(manager)) == {mine, theirs, in_hand}
    assert merged not in queries.visible_to(manager)
    for user in (agent, supervisor, manager):
        seen = set(queries.visible_to(user))
        assert {c for c in (mine, theirs, in_hand) if queries.may_see(user, c)} == seen


def test_a_phone_is_masked_for_those_who_do_not_need_it():
    point = make_customer(phone="+8613800138000").points.get()
    agent = make_user()
    assert queries.shown_phone(agent, point) == "138****8000"
    assert queries.shown_phone(agent, point, in_hand=True) == "+8613800138000"
    assert queries.shown_phone(make_user(role="salesperson"), point) == "+8613800138000"


def test_a_card_and_its_history_cost_as_many_queries_for_one_entry_as_for_many(
    django_assert_num_queries,
):
    customer = opened()
    with django_assert_num_queries(11):
        queries.card(customer.pk, now=NOW)
        queries.timeline(customer.pk)
    TimelineEntry.objects.bulk_create(
        TimelineEntry(customer=customer, at=NOW - timedelta(minutes=n), kind="change", code="x")
        for n in range(500)
    )
    with django_assert_num_queries(11):
        queries.card(customer.pk, now=NOW)
        assert len(queries.timeline(customer.pk)) == 50


def test_pages_of_the_timeline_leave_nothing_out_and_repeat_nothing():
    customer = make_customer()
    TimelineEntry.objects.bulk_create(
        TimelineEntry(
            customer=customer, at=NOW - timedelta(minutes=n // 3), kind="change", code="x"
        )
        for n in range(100)
    )
    found, before = [], None
    while page := queries.timeline(customer.pk, before=before, limit=7):
        found += page
        before = (page[-1].at, page[-1].pk)
    assert [e.pk for e in found] == [e.pk for e in TimelineEntry.objects.order_by("-at", "-id")]


def test_a_custodian_takes_the_card_into_their_team():
    customer, to = opened(), make_user(team=make_team())
    assert card.assign_custodian([customer], to=to, by=make_user(), now=NOW) == 1
    customer.refresh_from_db()
    assert (customer.custodian, customer.team) == (to, to.team)
    assert "custodian_changed" in codes(customer)
    assert card.assign_custodian([customer], to=to, by=make_user(), now=NOW) == 0


def test_a_grade_set_again_is_confirmed():
    customer, user = opened(), make_user()
    card.set_grade(customer, grade="A", by=user, now=NOW)
    card.set_grade(customer, grade="A", by=user, now=NOW + timedelta(days=5))
    customer.refresh_from_db()
    assert customer.grade_set_at == NOW + timedelta(days=5)
    assert codes(customer)[:2] == ["grade_confirmed", "grade_changed"]
