"""Orders by the API: entered once, cancelled with a reason, listed within the scope (CU3, PL6)."""

from datetime import date

import pytest

from genjin.customers.models import ExternalKey, Standing, TimelineEntry
from genjin.foundation.models import AuditEntry
from genjin.sales.models import OrderLine, Product
from tests.api.caller import as_program
from tests.factories import make_category, make_customer, make_order, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent():
    return make_user(team=make_team())


@pytest.fixture
def customer(agent):
    return make_customer(custodian=agent)


@pytest.fixture
def category():
    return make_category(code="pump")


@pytest.fixture
def sent(customer, category):
    return {"customer": str(customer.pk), "category": "pump", "ordered_on": "2026-01-31",
            "amount": "1200.50", "currency": "CNY", "external_key": "A-1"}  # fmt: skip


def test_an_order_is_written_with_everything_that_follows_from_it(agent, customer, sent):
    Product.objects.create(code="P1", name="水泵")
    answer = as_program(agent).post("orders", {**sent, "product": "P1", "note": "急"})
    shown = answer.json()
    assert answer.status_code == 201
    order = OrderLine.objects.get()
    assert (order.customer, order.by, str(order.amount)) == (customer, agent, "1200.50")
    assert {name: shown[name] for name in (
        "id", "customer_id", "kind", "state", "category", "product", "ordered_on", "amount",
        "currency", "home_amount", "home_currency", "is_trial", "external_key", "note")} == {
        "id": str(order.pk), "customer_id": str(customer.pk), "kind": "order",
        "state": "concluded", "category": "pump", "product": "P1", "ordered_on": "2026-01-31",
        "amount": "1200.50", "currency": "CNY", "home_amount": "1200.50", "home_currency": "CNY",
        "is_trial": False, "external_key": "A-1", "note": "急",
    }  # fmt: skip
    assert TimelineEntry.objects.filter(customer=customer, code="order_entered").count() == 1
    assert Standing.objects.get(customer=customer).customer_list == "existing"
    assert AuditEntry.objects.get(object_kind="orderline", action="add").source == "api"


def test_the_same_number_is_entered_once_and_given_back(agent, sent):
    erp = as_program(agent)
    first, again = erp.post("orders", sent), erp.post("orders", sent)
    assert [one.status_code for one in (first, again)] == [201, 200]
    assert first.json() == again.json()
    assert OrderLine.objects.count() == 1
    assert TimelineEntry.objects.filter(code="order_entered").count() == 1


def test_the_same_number_with_other_content_is_refused(agent, sent):
    erp = as_program(agent)
    erp.post("orders", sent)
    answer = erp.post("orders", {**sent, "amount": "1300.00"})
    assert (answer.status_code, answer.json()["code"]) == (409, "key_with_other_content")
    assert str(OrderLine.objects.get().amount) == "1200.50"


def test_the_number_of_another_customer_s_order_is_refused(agent, sent):
    erp = as_program(agent)
    erp.post("orders", sent)
    other = make_customer(custodian=agent)
    answer = erp.post("orders", {**sent, "customer": str(other.pk)})
    assert (answer.status_code, answer.json()["code"]) == (409, "key_of_another")


def test_an_order_finds_its_customer_by_the_key_of_the_other_system(agent, customer, sent):
    ExternalKey.objects.create(key="erp:7", customer=customer)
    del sent["customer"]
    shown = as_program(agent).post("orders", {**sent, "customer_key": "erp:7"}).json()
    assert shown["customer_id"] == str(customer.pk)


def test_an_order_for_a_customer_out_of_scope_is_refused_beside_the_customer(agent, sent):
    theirs = make_customer(custodian=make_user())
    ExternalKey.objects.create(key="erp:8", customer=theirs)
    erp = as_program(agent)
    for wrong, field in (({"customer": str(theirs.pk)}, "customer"),
                         ({"customer": None, "customer_key": "erp:8"}, "customer_key"),
                         ({"customer": None, "customer_key": "erp:9"}, "customer_key"),
                         ({"customer_key": "erp:8"}, "customer_key")):  # fmt: skip
        errors = erp.post("orders", {**sent, **wrong}).json()["errors"]
        assert [(one["field"], one["code"]) for one in errors] == [(field, "unknown_customer")]
    assert not OrderLine.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "errors"),
    [
        ({"customer": None}, [("customer", "required")]),
        ({"customer": "x"}, [("customer", "not_an_id")]),
        ({"category": "x", "product": "y"},
         [("category", "unknown_category"), ("product", "unknown_product")]),
        ({"amount": 12.5}, [("amount", "amount_is_text")]),
        ({"amount": "NaN"}, [("amount", "not_an_amount")]),
        ({"amount": "1e5"}, [("amount", "not_an_amount")]),
        ({"amount": "1,200"}, [("amount", "not_an_amount")]),
        ({"amount": "0"}, [("amount", "amount_not_positive")]),
        ({"amount": "-1"}, [("amount", "amount_not_positive")]),
        ({"amount": "99999999999999"}, [("amount", "amount_not_positive")]),
        ({"amount": "1.005"}, [("amount", "too_many_decimals")]),
        ({"currency": "USD"}, [("currency", "no_rate")]),
        ({"currency": "¥"}, [("currency", "currency_not_understood")]),
        ({"ordered_on": "9999-12-31"}, [("ordered_on", "day_to_come")]),
        ({"ordered_on": "0001-01-01"}, [("ordered_on", "day_too_old")]),
        ({"ordered_on": "2026-02-30"}, [("ordered_on", "not_a_day")]),
        ({"ordered_on": 20260131}, [("ordered_on", "not_a_day")]),
        ({"kind": "gift"}, [("kind", "not_a_choice")]),
        ({"is_trial": "yes"}, [("is_trial", "not_true_or_false")]),
        ({"external_key": "x" * 81}, [("external_key", "too_long")]),
        ({"rate": "7"}, [("rate", "unknown_entry")]),
    ],
)  # fmt: skip
def test_a_wrong_entry_of_an_order_is_named(agent, sent, wrong, errors):
    answer = as_program(agent).post("orders", {**sent, **wrong})
    assert answer.status_code == 422
    told = answer.json()["errors"]
    assert [(one["field"], one["code"]) for one in told] == errors
    assert not any("cannot be done (" in one["detail"] for one in told)
    assert not OrderLine.objects.exists()


def test_a_cancelled_order_counts_nowhere_and_keeps_its_reason(agent, customer, sent):
    erp = as_program(agent)
    pk = erp.post("orders", sent).json()["id"]
    answer = erp.post(f"orders/{pk}/cancel", {"reason": "客户退单"})
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    entry = TimelineEntry.objects.get(customer=customer, code="order_cancelled")
    assert entry.data["reason"] == "客户退单"
    again = erp.post(f"orders/{pk}/cancel", {"reason": "x"})
    assert (again.status_code, again.json()["code"]) == (409, "already_cancelled")
    assert erp.post(f"orders/{pk}/cancel", {}).status_code == 422


def test_an_order_is_not_cancelled_without_a_reason(agent, sent):
    erp = as_program(agent)
    pk = erp.post("orders", sent).json()["id"]
    answer = erp.post(f"orders/{pk}/cancel", {"reason": " "})
    assert [one["code"] for one in answer.json()["errors"]] == ["required"]
    assert OrderLine.objects.get().state == "concluded"


def test_lists_keep_to_the_scope_and_page_by_key(agent, customer, category):
    mine = [make_order(customer=customer, category=category) for _ in range(5)]
    theirs = make_order(customer=make_customer(custodian=make_user()), category=category)
    erp, seen, after = as_program(agent), [], ""
    while after is not None:
        page = erp.get(f"orders?limit=2&order=oldest&after={after}").json()
        seen += [one["id"] for one in page["items"]]
        after = page["next"]
    assert seen == [str(one.pk) for one in mine]
    assert erp.get(f"orders/{theirs.pk}").status_code == 404
    assert erp.get(f"orders?customer={theirs.customer_id}").json()["items"] == []
    assert erp.get(f"customers/{theirs.customer_id}/orders").status_code == 404
    of_card = erp.get(f"customers/{customer.pk}/orders?limit=2").json()["items"]
    assert [one["id"] for one in of_card] == [str(one.pk) for one in mine[:-3:-1]]


def test_a_number_that_an_import_made_up_is_nobody_s(agent, customer, category):
    make_order(customer=customer, category=category, external_key="row:abc")
    (line,) = as_program(agent).get("orders").json()["items"]
    assert line["external_key"] == ""


@pytest.mark.parametrize("count", [1, 5])
def test_a_list_of_orders_costs_the_same_for_one_and_for_many(
    agent, customer, category, count, django_assert_num_queries
):
    product = Product.objects.create(code="P1", name="水泵")
    for _ in range(count):
        make_order(customer=customer, category=category, product=product, by=agent,
                   ordered_on=date(2026, 1, 1))  # fmt: skip
    erp = as_program(agent)
    erp.get("orders")
    with django_assert_num_queries(3):
        erp.get("orders")
