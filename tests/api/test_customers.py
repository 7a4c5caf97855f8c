"""Customers by the API: found, read, fed and changed as on the screens (CU1, CU9, PL6)."""

from datetime import datetime, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from genjin.customers.fields import sync_shipped_fields
from genjin.customers.models import (
    Address,
    CardAccess,
    ContactPoint,
    Customer,
    ExternalKey,
    TimelineEntry,
)
from genjin.customers.operations import card
from genjin.foundation.models import AuditEntry
from tests.api.caller import as_program
from tests.factories import NOW, make_category, make_customer, make_point, make_team, make_user

pytestmark = pytest.mark.django_db
PHONE = "+8613812345678"


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def agent(team):
    return make_user(team=team)


@pytest.fixture
def supervisor(team):
    return make_user(role="supervisor", team=team)


def test_pages_follow_each_other_until_the_end_without_loss_or_repetition(agent):
    made = [make_customer(custodian=agent, changed_at=NOW + timedelta(minutes=number // 2))
            for number in range(7)]  # fmt: skip
    make_customer(custodian=make_user())
    erp = as_program(agent, "read")
    for order, wanted in (("oldest", made), ("newest", made[::-1])):
        seen, after = [], ""
        while after is not None:
            page = erp.get(f"customers?limit=3&order={order}&after={after}").json()
            seen += [one["id"] for one in page["items"]]
            after = page["next"]
        moments = {str(one.pk): one.changed_at for one in made}
        assert sorted(seen) == sorted(str(one.pk) for one in made)
        assert [moments[pk] for pk in seen] == [one.changed_at for one in wanted]


def test_only_what_changed_since_a_moment_is_listed(agent):
    make_customer(custodian=agent)
    late = make_customer(custodian=agent, changed_at=NOW + timedelta(hours=1))
    since = (NOW + timedelta(minutes=1)).isoformat().replace("+", "%2B")
    page = as_program(agent).get(f"customers?changed_since={since}").json()
    assert [one["id"] for one in page["items"]] == [str(late.pk)]


def test_finding_keeps_to_the_scope(agent):
    mine = make_customer(name="张小红", custodian=agent)
    make_customer(name="张小明", custodian=make_user())
    page = as_program(agent).get(f"customers?q={quote('张小')}").json()
    assert ([one["name"] for one in page["items"]], page["next"]) == (["张小红"], None)
    assert page["items"][0]["number"] == mine.number


@pytest.mark.parametrize(("role", "number"), [("agent", "138****5678"), ("supervisor", PHONE)])
def test_a_card_shows_numbers_as_the_screen_does(team, role, number):
    user = make_user(role=role, team=team)
    customer = make_customer(phone=PHONE, custodian=user, team=team)
    shown = as_program(user).get(f"customers/{customer.pk}").json()
    assert [one["value"] for one in shown["numbers"]] == [number]
    assert CardAccess.objects.get().detail == {"place": "api"}


@pytest.mark.parametrize(("role", "is_whole"), [("supervisor", False), ("manager", True)])
def test_lists_show_whole_numbers_to_those_alone_who_may_take_customers_out(team, role, is_whole):
    user = make_user(role=role, team=team)
    make_customer(phone=PHONE, team=team)
    (line,) = as_program(user).get("customers").json()["items"]
    assert (line["phone"] == PHONE) is is_whole


def test_masked_people_read_no_street_no_number_and_no_informant_anywhere(agent):
    customer = make_customer(name="钱二", kind="organisation", phone=PHONE, team=agent.team)
    Customer.objects.filter(pk=customer.pk).update(custodian=None)
    card.add_address(customer, text="人民路88号3单元", by=None, now=NOW)
    card.add_point(customer, value="boss@example.com", kind="email", by=None, now=NOW)
    card.add_person(customer, name="王芳", roles=["pays", "informant"], by=None, now=NOW)
    collector = make_user(role="collector", team=agent.team)
    erp = as_program(collector)
    for path in ("customers", f"customers/{customer.pk}", f"customers/{customer.pk}/timeline"):
        text = erp.get(path).content.decode()
        assert [secret for secret in ("13812345678", "人民路", "boss@", "informant")
                if secret in text] == []  # fmt: skip


def test_a_card_out_of_scope_is_not_there(agent):
    theirs = make_customer(custodian=make_user())
    ExternalKey.objects.create(key="K9", customer=theirs)
    erp = as_program(agent)
    answers = [erp.get(f"customers/{theirs.pk}"), erp.get("customers/by-key/K9"),
               erp.get(f"customers/{theirs.pk}/timeline"),
               erp.patch(f"customers/{theirs.pk}", {"name": "x"})]  # fmt: skip
    assert [one.status_code for one in answers] == [404] * 4
    assert answers[0].json() == {
        "type": "urn:genjin:problem:nothing_here", "title": "There is nothing here",
        "status": 404, "code": "nothing_here",
        "detail": "It may have been removed, or you may not see it.",
    }  # fmt: skip
    assert answers[0]["Content-Type"] == "application/problem+json"


def test_a_merged_card_says_into_which_it_went(agent):
    into = make_customer(custodian=agent)
    gone = make_customer(custodian=agent, merged_into=into)
    answer = as_program(agent).get(f"customers/{gone.pk}")
    assert (answer.status_code, answer.json()["code"], answer.json()["data"]) == (
        409, "card_was_merged", {"into": str(into.pk)})  # fmt: skip


def test_a_new_card_has_everything_that_was_sent(agent):
    sync_shipped_fields()
    answer = as_program(agent).post("customers", {
        "kind": "organisation", "name": " 远方公司 ", "phones": ["138 1234 5678"],
        "emails": ["Boss@Example.com"], "address": "上海市浦东新区世纪大道1号",
        "person_name": "王芳", "tax_number": "91310000", "external_key": "erp:4711",
        "fields": {},
    })  # fmt: skip
    assert answer.status_code == 201
    shown = answer.json()
    made = Customer.objects.get()
    assert (shown["id"], shown["name"], shown["external_keys"]) == (
        str(made.pk), "远方公司", ["erp:4711"])  # fmt: skip
    assert (made.custodian, made.team) == (agent, agent.team)
    assert list(made.points.order_by("position").values_list("kind", "value")) == [
        ("phone", PHONE), ("email", "boss@example.com")]  # fmt: skip
    assert Address.objects.get().customer == made
    assert [one["name"] for one in shown["people"]] == ["王芳"]
    entry = AuditEntry.objects.get(action="add", object_kind="customer")
    assert (entry.by, entry.source) == (agent, "api")


def test_a_card_with_a_wrong_entry_is_not_opened_at_all(agent):
    answer = as_program(agent).post(
        "customers",
        {"kind": "person", "name": "张三", "phones": ["12"], "address": "x" * 301,
         "external_key": "a b"},
    )  # fmt: skip
    assert answer.status_code == 422
    assert {one["code"] for one in answer.json()["errors"]} <= {
        "bad_key", "phone_not_a_phone", "too_long"}  # fmt: skip
    assert not Customer.objects.exists()


def test_what_came_along_is_refused_beside_its_entry_and_nothing_is_left(agent):
    sent = {"kind": "person", "name": "张三", "address": "x" * 301, "external_key": "k"}
    answer = as_program(agent).post("customers", sent)
    assert answer.json()["errors"] == [
        {"field": "address", "code": "too_long", "data": {"limit": 300},
         "detail": "This is too long; at most 300 characters."}
    ]  # fmt: skip
    assert (Customer.objects.count(), ExternalKey.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "This is not one of the choices."),
        ("zh-CN", "不在选项之中。"),
        ("zh-TW", "不在選項之中。"),
        ("", "不在选项之中。"),
        ("fr", "不在选项之中。"),
        ("fr, en;q=0.5", "This is not one of the choices."),
    ],
)
def test_errors_speak_the_language_that_is_asked_for_else_the_person_s(agent, language, sentence):
    answer = as_program(agent, language=language).post("customers", {"kind": "?", "name": "张三"})
    assert answer.json()["errors"] == [
        {"field": "kind", "code": "not_a_choice", "detail": sentence}
    ]


def test_a_key_that_is_in_use_is_refused_for_a_new_card(agent):
    erp = as_program(agent)
    sent = {"kind": "person", "name": "张三", "external_key": "erp:1"}
    assert erp.post("customers", sent).status_code == 201
    answer = erp.post("customers", sent)
    assert (answer.status_code, answer.json()["code"]) == (409, "key_of_another")
    assert Customer.objects.count() == 1


def test_feeding_opens_a_card_once_and_then_brings_it_up_to_date(agent):
    erp = as_program(agent)
    first = erp.put("customers/by-key/erp:1", {"kind": "person", "name": "张三", "note": "旧"})
    again = erp.put(
        "customers/by-key/erp:1",
        {"kind": "person", "name": "张三丰", "phones": [PHONE], "address": "人民路1号"},
    )
    third = erp.put(
        "customers/by-key/erp:1",
        {"kind": "person", "name": "张三丰", "phones": [PHONE], "address": "人民路1号"},
    )
    assert [one.status_code for one in (first, again, third)] == [201, 200, 200]
    made = Customer.objects.get()
    assert (made.name, made.note) == ("张三丰", "旧")
    assert (ContactPoint.objects.count(), Address.objects.count()) == (1, 1)
    assert erp.get("customers/by-key/erp:1").json()["id"] == str(made.pk)


def test_feeding_under_a_key_of_somebody_else_s_customer_is_refused(agent):
    theirs = make_customer(name="李四", custodian=make_user())
    ExternalKey.objects.create(key="erp:1", customer=theirs)
    sent = {"kind": "person", "name": "张三"}
    answer = as_program(agent).put("customers/by-key/erp:1", sent)
    assert (answer.status_code, answer.json()["code"]) == (409, "key_of_another")
    theirs.refresh_from_db()
    assert theirs.name == "李四"


def test_only_what_is_sent_is_changed(agent):
    customer = make_customer(name="张三", custodian=agent, note="旧", source="展会")
    shown = as_program(agent).patch(f"customers/{customer.pk}", {"note": "新"}).json()
    assert (shown["name"], shown["note"], shown["source"]) == ("张三", "新", "展会")
    entry = TimelineEntry.objects.get(customer=customer, code="card_changed")
    assert entry.data["changes"] == {"note": ["旧", "新"]}


def test_a_card_that_somebody_changed_since_it_was_read_is_not_changed(agent):
    erp = as_program(agent)
    customer = make_customer(name="张三", custodian=agent)
    read = erp.get(f"customers/{customer.pk}").json()["changed_at"]
    assert erp.patch(f"customers/{customer.pk}", {"note": "1", "read_at": read}).status_code == 200
    answer = erp.patch(f"customers/{customer.pk}", {"note": "2", "read_at": read})
    assert (answer.status_code, answer.json()["code"]) == (409, "changed_meanwhile")
    customer.refresh_from_db()
    assert customer.note == "1"


@pytest.mark.parametrize(
    "sent", [{"team": 1}, {"is_key": True}, {"custodian": 1}, {"grade": "A"}, {"number": 5}]
)
def test_what_a_screen_would_not_let_one_change_has_no_entry(agent, sent):
    customer = make_customer(custodian=agent)
    answer = as_program(agent).patch(f"customers/{customer.pk}", sent)
    assert [one["code"] for one in answer.json()["errors"]] == ["unknown_entry"]


def test_a_number_is_added_once(agent):
    customer = make_customer(custodian=agent)
    erp = as_program(agent)
    added = erp.post(f"customers/{customer.pk}/numbers", {"value": "138 1234 5678"})
    assert (added.status_code, added.json()["value"]) == (201, "138****5678")
    again = erp.post(f"customers/{customer.pk}/numbers", {"value": "13812345678"})
    assert [one["code"] for one in again.json()["errors"]] == ["already_there"]


def test_the_history_is_read_page_by_page(agent):
    customer = make_customer(custodian=agent)
    for number in range(5):
        card.change_customer(customer, {"note": str(number)}, by=agent,
                             now=NOW + timedelta(minutes=number))  # fmt: skip
    erp, seen, after = as_program(agent), [], ""
    while after is not None:
        page = erp.get(f"customers/{customer.pk}/timeline?limit=2&after={after}").json()
        seen += [one["data"]["changes"]["note"][1] for one in page["items"]]
        after = page["next"]
    assert seen == ["4", "3", "2", "1", "0"]
    only = erp.get(f"customers/{customer.pk}/timeline?kind=order").json()
    assert only == {"items": [], "next": None}


@pytest.mark.parametrize("count", [1, 5])
def test_a_list_costs_the_same_number_of_queries_for_one_and_for_many(
    supervisor, count, django_assert_num_queries
):
    for number in range(count):
        make_customer(team=supervisor.team, phone=f"+861381234567{number}")
    erp = as_program(supervisor)
    erp.get("customers")
    with django_assert_num_queries(5):
        erp.get("customers")


def test_a_retired_number_does_not_stand_in_a_list(supervisor):
    customer = make_customer(team=supervisor.team)
    make_point(customer=customer, value=PHONE, is_active=False)
    (line,) = as_program(supervisor).get("customers").json()["items"]
    assert line["phone"] == ""


def test_a_token_needs_no_cookie_and_no_csrf_token_and_gets_none(agent):
    erp = as_program(agent)
    erp.client = Client(enforce_csrf_checks=True)
    erp.client.force_login(make_user(role="administrator"))
    answer = erp.post("customers", {"kind": "person", "name": "张三"})
    assert answer.status_code == 201
    assert Customer.objects.get().custodian == agent
    assert not answer.cookies


def test_the_person_s_own_clock_says_what_day_it_is(agent):
    """Far in the east the new day has begun."""
    agent.time_zone = "Pacific/Kiritimati"
    agent.save(update_fields=["time_zone"])
    make_category(code="pump")
    customer = make_customer(custodian=agent)
    today = datetime.now(ZoneInfo("Pacific/Kiritimati")).date()
    sent = {"customer": str(customer.pk), "category": "pump", "amount": "1.00"}
    erp = as_program(agent)
    assert erp.post("orders", {**sent, "ordered_on": today.isoformat()}).status_code == 201
    tomorrow = (today + timedelta(days=1)).isoformat()
    assert erp.post("orders", {**sent, "ordered_on": tomorrow}).status_code == 422
