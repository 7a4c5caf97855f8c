"""A second renewal of a hold is a supervisor's: asked by others it waits for a decision (FU4)."""

from datetime import timedelta

import pytest

from genjin.customers.models import Hold, TimelineEntry
from genjin.followups.models import FollowUp
from genjin.followups.operations import place_hold, plan_followup, release_hold, renew_hold
from genjin.followups.operations.permissions import open_renewals
from genjin.foundation import approvals
from genjin.foundation.models import Approval, AuditEntry
from genjin.kernel.errors import BadInput, Conflict
from tests.factories import NOW, make_customer, make_queue, make_team, make_user

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=8)


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def collector(team):
    return make_user(role="collector", team=team)


@pytest.fixture
def chief(team):
    return make_user(role="supervisor", team=team, name="周班长")


@pytest.fixture
def renewed(collector):
    """A hold that was renewed once already."""
    first = place_hold(make_customer(phone="+8613800138000"), purposes=["sell"], reason="other",
                       note="丧事", days=9, source=("person", str(collector.pk)), by=collector,
                       now=NOW)  # fmt: skip
    made = renew_hold(first, note="家属要求", by=collector, now=NOW + timedelta(days=5), days=10)
    assert isinstance(made, Hold)
    return made


def asked(hold, by, **values) -> Approval:
    made = renew_hold(hold, **{"note": "还在处理", "days": 20, **values}, by=by, now=LATER)
    assert isinstance(made, Approval)
    return made


def test_a_second_renewal_waits_and_changes_nothing(renewed, collector, chief):
    approval = asked(renewed, collector)
    assert (approval.kind, approval.subject_id) == ("hold_renewal", str(renewed.pk))
    assert approval.title["data"]["days"] == 20
    assert Hold.objects.count() == 2
    renewed.refresh_from_db()
    assert renewed.released_at is None
    assert open_renewals([renewed]) == {str(renewed.pk): approval}
    with pytest.raises(Conflict, match="already_asked"):
        asked(renewed, collector)


def test_approved_it_is_renewed_for_the_asker_with_the_decider_on_record(renewed, collector, chief):
    row = plan_followup(renewed.customer, queue=make_queue(), purpose="sell", cause_key="c:1",
                        by=None, now=LATER)  # fmt: skip
    approval = asked(renewed, collector)
    at = LATER + timedelta(hours=3)
    approvals.decide(approval, approve=True, by=chief, now=at)
    fresh = Hold.objects.get(renews=renewed)
    assert (fresh.placed_by, fresh.note, fresh.ends_at) == (
        collector, "还在处理", at + timedelta(days=20),
    )  # fmt: skip
    entry = TimelineEntry.objects.filter(code="hold_renewed").latest("at")
    assert (entry.by, entry.data["approved_by"]) == (collector, "周班长")
    assert AuditEntry.objects.filter(
        action="hold", changes__approved_by__1=str(chief)
    ).exists()  # fmt: skip
    assert FollowUp.objects.get(pk=row.pk).not_before >= fresh.ends_at
    assert open_renewals([renewed, fresh]) == {}


def test_refused_the_hold_ends_as_it_was_to_end(renewed, collector, chief):
    approvals.decide(asked(renewed, collector), approve=False, by=chief, now=LATER, reason="够了")
    assert Hold.objects.count() == 2


@pytest.mark.parametrize("how", ["released", "ran out", "renewed"])
def test_a_hold_that_ended_meanwhile_cannot_be_renewed_any_more(how, renewed, collector, chief):
    approval, at = asked(renewed, collector), LATER + timedelta(hours=1)
    if how == "released":
        release_hold(renewed, by=chief, now=at, reason="已解决")
    elif how == "renewed":
        renew_hold(renewed, note="先续", by=chief, now=at, days=5)
    else:
        at = renewed.ends_at
    before = Hold.objects.count()
    with pytest.raises(Conflict, match="hold_is_over"):
        approvals.decide(approval, approve=True, by=chief, now=at)
    approval.refresh_from_db()
    assert (approval.state, Hold.objects.count()) == ("asked", before)


def test_a_supervisor_renews_again_at_once(renewed, chief):
    assert isinstance(renew_hold(renewed, note="继续", by=chief, now=LATER, days=30), Hold)


def test_the_first_renewal_of_a_causes_hold_is_asked_for_too(collector, chief):
    hold = place_hold(make_customer(), purposes=["collect"], reason="complaint", note="",
                      source=("complaint", "7"), by=collector, now=NOW, days=9)  # fmt: skip
    assert isinstance(renew_hold(hold, note="未结", by=collector, now=LATER, days=5), Approval)


@pytest.mark.parametrize(
    "values", [{"note": " "}, {"days": 31}, {"note": "长" * 301}, {"days": None, "ends_at": NOW}]
)
def test_what_could_not_be_renewed_is_not_asked_for(values, renewed, collector, chief):
    with pytest.raises(BadInput):
        asked(renewed, collector, **values)
    assert not Approval.objects.exists()
