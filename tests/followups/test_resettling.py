"""Many waiting follow-ups are decided anew as one customer's are (FU3, FU6)."""

from datetime import timedelta

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from genjin.customers.importing import updating
from genjin.customers.importing.draft import Draft
from genjin.customers.models import Consent, ContactPerson, Customer, CustomerImport, Hold
from genjin.followups import lanes, profiles, resettling_jobs
from genjin.followups.models import Contact, FollowUp
from genjin.followups.operations import place_hold, plan_followup, redecide
from genjin.followups.operations.resettling import resettle
from genjin.foundation import policy
from genjin.foundation.models import AuditEntry, LongTask
from tests.factories import NOW, make_customer, make_followup, make_queue, make_user

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


def planned(customer, key, **values) -> FollowUp:
    return plan_followup(customer, **{"queue": make_queue(), "purpose": "sell", "by": None,
                                      "cause_key": key, "now": NOW, **values})  # fmt: skip


def some_rows() -> None:
    """Rows of every sort, whose customers then change behind the queue's back."""
    changes = [{"language": "yue"}, {"time_zone": "Asia/Tokyo"}, {"is_key": True}, {}]
    for number in range(24):
        customer = make_customer(phone=f"+86139{number:08d}", language="cmn")
        sort = number % 6
        if sort == 1:
            planned(customer, f"t:{number}", asked_at=NOW + timedelta(hours=5))
        elif sort == 2:
            planned(customer, f"t:{number}", not_before=NOW + timedelta(days=3))
        elif sort == 3:
            person = ContactPerson.objects.create(customer=customer, name="李", language="yue")
            planned(customer, f"t:{number}", person=person, skills=["tv"])
        elif sort == 4:
            hold = place_hold(customer, purposes=["sell"], reason="other", note="x", days=9,
                              source=("person", "1"), by=make_user(), now=NOW)  # fmt: skip
            planned(customer, f"t:{number}")
            if number > 12:
                Hold.objects.filter(pk=hold.pk).update(released_at=NOW)
        else:
            planned(customer, f"t:{number}", purpose="service" if number % 2 else "sell")
            if sort == 5:
                Hold.objects.create(customer=customer, purposes=["sell", "service"],
                                    reason="complaint", source_kind="x", starts_at=NOW,
                                    ends_at=NOW + timedelta(days=5))  # fmt: skip
        Customer.objects.filter(pk=customer.pk).update(**changes[number % 4])


def stands() -> list[tuple]:
    rows = FollowUp.objects.select_related("lane").order_by("cause_key")
    return [
        (row.cause_key, row.state, lanes.key_of(row.lane),
         [one["code"] for one in row.withheld][:1]) for row in rows
    ]  # fmt: skip


def moments() -> dict[str, object]:
    return dict(FollowUp.objects.filter(withheld=[]).values_list("cause_key", "not_before"))


def test_set_by_set_comes_to_what_one_by_one_comes_to():
    some_rows()
    before = stands()
    by_set = resettle(by=None, now=LATER)
    as_a_set, moments_of_set = stands(), moments()
    assert by_set > 10
    assert as_a_set != before
    for customer in Customer.objects.all():
        redecide(customer, now=LATER, with_hours=True)
    assert stands() == as_a_set
    assert moments() == moments_of_set
    assert resettle(by=None, now=LATER) in range(5)  # hours at the end of a hold are the lane's


def test_only_the_customers_named_are_looked_at():
    first, second = (planned(make_customer(language="cmn"), f"t:{n}") for n in (1, 2))
    Customer.objects.update(language="yue")
    assert resettle([first.customer_id], by=make_user(), now=LATER) == 1
    languages = FollowUp.objects.order_by("cause_key").values_list("lane__language", flat=True)
    assert list(languages) == ["yue", ""]
    assert AuditEntry.objects.get(action="redecide").changes == {"count": [None, 1]}
    assert second.state == "ready"


def test_rows_in_hand_and_refused_ones_stay_for_their_turn():
    taken = make_followup(state="taken")
    refused = planned(make_customer(), "t:1")
    Customer.objects.update(language="yue")
    Consent.objects.create(customer_id=refused.customer_id, answer="refused", source="call",
                           at=NOW)  # fmt: skip
    resettle(by=None, now=LATER)
    taken.refresh_from_db()
    refused.refresh_from_db()
    assert (taken.state, taken.lane.language) == ("taken", "")
    assert (refused.state, refused.lane.language) == ("ready", "yue")


def test_a_cap_that_was_loosened_lets_go_what_it_kept_back():
    customer = make_customer(phone="+8613800138000")
    for hours in (30, 40, 50, 60):
        Contact.objects.create(customer=customer, channel="call", purpose="sell",
                               address="+8613800138000", state="closed", is_conversation=True,
                               started_at=NOW - timedelta(hours=hours))  # fmt: skip
    row = planned(customer, "t:1")
    assert (row.state, row.withheld[0]["code"]) == ("planned", "cap_reached")
    admin = make_user(role="administrator")
    limit = f"contact.profiles.{profiles.current_code()}.caps.sales_7_days.limit"
    policy.set_value(limit, 50, by=admin, now=NOW)
    policy.forget()
    task = resettling_jobs.enqueue_redecide_all(by=admin, now=NOW)
    assert resettling_jobs.enqueue_redecide_all(by=admin, now=NOW).pk == task.pk
    resettling_jobs.redecide_all.func.__wrapped__(task_id=str(task.pk), by_id=admin.pk)
    row.refresh_from_db()
    assert (row.state, row.withheld) == ("ready", [])
    task = LongTask.objects.get(pk=task.pk)
    assert (task.state, task.result, task.done_count) == ("done", {"moved": 1}, 1)


def test_a_file_that_changes_the_language_moves_what_waits():
    keeper = make_user(role="manager")
    changed, same = (make_customer(name=f"客户{n}", language="cmn") for n in (1, 2))
    row = planned(changed, "t:1")
    planned(same, "t:2")
    run = CustomerImport.objects.create(file_name="a.csv", file_size=1, by=keeper)
    drafts = [
        (draft(name="客户1", language="yue"), changed.pk),
        (draft(name="客户2", source="fair"), same.pk),
    ]
    assert updating.update_customers(drafts, run=run, by=keeper, now=NOW) == ["updated"] * 2
    job = ProcrastinateJob.objects.get(task_name="followups.redecide-some")
    assert job.args == {"customers": [str(changed.pk)], "by_id": keeper.pk}
    resettling_jobs.redecide_some.func.__wrapped__(**job.args)
    row.refresh_from_db()
    assert row.lane.language == "yue"


def draft(**columns) -> Draft:
    return Draft(number=1, columns=columns)
