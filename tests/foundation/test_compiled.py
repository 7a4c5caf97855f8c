"""A compiled query gives what its query set gives, whatever the values."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.db.models import Count, F
from django.test.utils import CaptureQueriesContext

from genjin.calling.models import Campaign
from genjin.customers.models import Customer
from genjin.followups.models import FollowUp
from genjin.foundation.compiled import Compiled
from genjin.foundation.models import User
from tests.factories import make_campaign, make_customer, make_followup, make_team, make_user

pytestmark = pytest.mark.django_db


def test_rows_come_with_their_related_rows_and_json_in_one_query():
    rows = Compiled(
        lambda pk: FollowUp.objects.filter(pk=pk).select_related("customer", "queue", "person"),
        pk=UUID,
    )
    wanted = make_followup(customer=make_customer(name="王小明", fields={"age": 40}))
    make_followup()
    for _ in range(2):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            found = rows.first(pk=wanted.pk)
            assert (found.customer.name, found.customer.fields) == ("王小明", {"age": 40})
            assert (found.queue, found.person, found.withheld) == (wanted.queue, None, [])
        assert len(asked) == 1
    assert rows.first(pk=uuid4()) is None
    found.customer.name = "x"
    assert not found._state.adding


def test_values_of_every_kind_take_their_place():
    at = datetime(2026, 11, 23, 10, tzinfo=UTC)
    user = make_user(username="wang", team=make_team())
    Customer.objects.bulk_create(
        Customer(name=f"c{n}", kind="person", custodian=user, created_at=at + timedelta(days=n),
                 changed_at=at)
        for n in range(4)
    )  # fmt: skip
    rows = Compiled(
        lambda user, name, since, day: Customer.objects.filter(
            custodian=user, custodian__username=name, created_at__gt=since,
            created_at__date__lte=day,
        ).order_by("-name"),
        user=int, name=str, since=datetime, day=date,
    )  # fmt: skip
    found = rows.all(user=user.pk, name="wang", since=at, day=date(2026, 11, 25))
    assert [one.name for one in found] == ["c2", "c1"]
    assert rows.all(user=user.pk, name="w'ang", since=at, day=date(2026, 11, 25)) == []


def test_tuples_and_annotations_are_given_as_the_query_set_gives_them():
    user = make_user()
    make_campaign(agents=(user,))
    counted = Compiled(
        lambda role: User.objects.filter(role=role).values_list("role").annotate(Count("pk")),
        role=str,
    )
    assert counted.all(role="agent") == [("agent", 1)]
    named = Compiled(
        lambda state: Campaign.objects.filter(state=state).annotate(called=F("name")), state=str
    )
    campaign = Campaign.objects.get()
    assert named.first(state=campaign.state).called == campaign.name


def test_a_locking_query_locks():
    customer = make_customer()
    locked = Compiled(
        lambda pk: Customer.objects.select_for_update(no_key=True).filter(pk=pk), pk=UUID
    )
    with transaction.atomic(), CaptureQueriesContext(connection) as asked:
        assert locked.first(pk=customer.pk) == customer
    assert any("FOR NO KEY UPDATE" in query["sql"] for query in asked)


def test_a_value_that_the_query_would_change_is_refused():
    rows = Compiled(lambda name: Customer.objects.filter(name__startswith=name), name=str)
    with pytest.raises(ValueError, match="name"):
        rows.all(name="x")
