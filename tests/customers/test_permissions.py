"""Consents and holds as the card's floor writes them."""

from datetime import timedelta

import pytest

from genjin.customers.models import Hold
from genjin.customers.operations.permissions import end_hold, insert_hold, record_consent
from genjin.customers.queries import card
from genjin.kernel.errors import BadInput, Conflict
from tests.factories import NOW, make_customer, make_user

pytestmark = pytest.mark.django_db


def hold(customer, *, days=10, by=None, **values):
    given = {
        "purposes": ["sell"], "reason": "request", "note": "asked for quiet", "starts_at": NOW,
        "ends_at": NOW + timedelta(days=days), "source": ("person", "1"), "now": NOW,
    }  # fmt: skip
    return insert_hold(customer, by=by or make_user(), **{**given, **values})


def test_a_hold_lasts_thirty_days_at_most():
    customer = make_customer()
    hold(customer, days=30)
    with pytest.raises(BadInput) as bad:
        hold(customer, days=31)
    assert [r.code for r in bad.value.problems["ends_at"]] == ["hold_too_long"]


def test_a_hold_is_renewed_by_a_person_with_a_reason():
    customer = make_customer()
    first = hold(customer)
    with pytest.raises(BadInput):
        hold(customer, renews=first, note=" ")
    second = hold(customer, renews=first, note="still ill")
    first.refresh_from_db()
    assert (second.renews, first.release_reason) == (first, "renewed")
    assert [h.pk for h in card(customer.pk, now=NOW).holds] == [second.pk]


def test_a_hold_is_released_once():
    customer, user = make_customer(), make_user()
    placed = hold(customer)
    end_hold(placed, by=user, now=NOW, reason="settled")
    with pytest.raises(Conflict):
        end_hold(placed, by=user, now=NOW, reason="again")
    assert Hold.objects.get().released_by == user


@pytest.mark.parametrize(
    ("values", "place"),
    [({"purposes": []}, "purposes"), ({"purposes": ["all"]}, "purposes"),
     ({"reason": "mood"}, "reason"), ({"ends_at": NOW}, "ends_at"), ({"note": ""}, "note")],
)  # fmt: skip
def test_a_wrong_hold_is_refused(values, place):
    with pytest.raises(BadInput) as bad:
        hold(make_customer(), **values)
    assert place in bad.value.problems


def test_the_newest_answer_counts():
    customer, user = make_customer(), make_user()
    for answer, hours in (("refused", 0), ("given", 1), ("refused", 2)):
        record_consent(
            customer, answer=answer, source="call", by=user, now=NOW + timedelta(hours=hours)
        )
    found = card(customer.pk, now=NOW)
    assert [(c.answer, c.at) for c in found.consents] == [("refused", NOW + timedelta(hours=2))]
    assert found.is_refused
