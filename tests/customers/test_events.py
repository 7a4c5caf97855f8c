"""Events are typed, told once, and written in the caller's transaction."""

from datetime import date

import pytest
from django.db import transaction

from genjin.customers import events
from genjin.customers.events import EventRow, UnknownFactError, emit, emit_many
from genjin.customers.models import Event
from tests.factories import NOW, make_customer

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 23)


def test_an_event_keeps_its_facts_and_its_source():
    customer = make_customer()
    emit("deal_done", customer.pk, key="order:1", on=DAY, now=NOW, source=("order", "1"),
         data={"amount": 5000, "is_dear": True, "is_trial": None, "by": 3})  # fmt: skip
    event = Event.objects.get()
    assert (event.code, event.customer_id, event.on, event.at) == (
        "deal_done", customer.pk, DAY, NOW,
    )  # fmt: skip
    assert event.data == {"amount": 5000, "is_dear": True, "by": 3}
    assert (event.source_kind, event.source_id, event.handled_at) == ("order", "1", None)


def test_the_same_key_is_one_event():
    customer = make_customer()
    rows = [EventRow("no_contact", customer.pk, "silent:1", DAY, {"days": days}) for days in (90,)]
    assert emit_many(rows, now=NOW) == 1
    assert emit_many(rows * 2, now=NOW) == 0
    assert Event.objects.count() == 1


def test_an_event_goes_with_the_transaction_that_told_it():
    customer = make_customer()
    with pytest.raises(RuntimeError, match="stop"), transaction.atomic():
        emit("no_contact", customer.pk, key="a", on=DAY, data={}, now=NOW)
        raise RuntimeError("stop")
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("deal_made", {}),
        ("deal_done", {"colour": "red"}),
        ("deal_done", {"amount": "5000"}),
        ("deal_done", {"amount": True}),
        ("deal_done", {"is_dear": 1}),
        ("deal_done", {"product": 7}),
        ("deal_done", {"by": "li.na"}),
    ],
)
def test_what_is_not_declared_is_refused(code, data):
    customer = make_customer()
    with pytest.raises(UnknownFactError):
        emit(code, customer.pk, key="a", on=DAY, data=data, now=NOW)


def test_no_two_facts_of_a_type_share_a_code_and_flags_can_be_denied():
    for kind in events.TYPES.values():
        assert len(kind.by_code) == len(kind.facts), kind.code
        for fact in kind.facts:
            assert (fact.type is events.FactType.FLAG) == bool(fact.denied), fact.code
            assert (fact.type is events.FactType.CHOICE) == bool(fact.choices), fact.code
