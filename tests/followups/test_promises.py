"""Promises: reminded of before, told of after, kept or broken, and how they count."""

from datetime import timedelta

import pytest

from genjin.customers.models import Event
from genjin.followups import promises
from genjin.followups.models import Commitment, FollowUp
from genjin.followups.operations import make_commitment, move_commitment
from genjin.followups.operations.commitments import escalate_late, remind
from genjin.kernel.errors import BadInput, LostRace
from tests.factories import NOW, make_customer, make_team, make_user

pytestmark = pytest.mark.django_db
TOMORROW = NOW + timedelta(days=1)


def make(owner=None, **values) -> Commitment:
    return make_commitment(
        make_customer(phone="+8613800138000"),
        **{"text": "回电报价", "owner": owner or make_user(), "due_at": TOMORROW, "by": None,
           "now": NOW, **values},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "hours", "is_contact"),
    [("call", 1, True), ("date", 24, True), ("gift", 72, False), ("papers", 48, False)],
)
def test_each_kind_has_its_reminder_and_its_contact(kind, hours, is_contact):
    due = NOW + timedelta(days=5)
    row = make(kind=kind, due_at=due)
    assert row.remind_at == due - timedelta(hours=hours)
    assert FollowUp.objects.filter(cause_key=f"commitment:{row.pk}").exists() is is_contact


def test_a_promise_tells_its_event_once_for_its_day():
    row = make(kind="gift")
    event = Event.objects.get(code="commitment_due")
    assert (event.on, event.data) == (TOMORROW.date(), {"text": "回电报价", "kind": "gift"})
    assert event.source_id == str(row.pk)


def test_a_reminder_comes_once_and_before_the_date():
    row = make(remind_at=NOW + timedelta(hours=2))
    assert remind(NOW + timedelta(hours=1)) == 0
    assert promises.reminded(row.owner, NOW + timedelta(hours=1)) == 0
    assert remind(NOW + timedelta(hours=2)) == 1
    assert remind(NOW + timedelta(hours=3)) == 0
    assert promises.soon(row.owner, NOW + timedelta(hours=2)) == [row]


def test_a_late_promise_goes_up_once_to_the_own_supervisor():
    team = make_team()
    row = make(owner=make_user(team=team))
    supervisor, other = (make_user(role="supervisor", team=one) for one in (team, make_team()))
    assert escalate_late(TOMORROW + timedelta(hours=3)) == 0
    assert escalate_late(TOMORROW + timedelta(hours=4)) == 1
    assert escalate_late(TOMORROW + timedelta(hours=5)) == 0
    assert list(promises.escalated(supervisor)) == [row]
    assert not promises.escalated(other).exists()
    assert not promises.escalated(row.owner).exists()


def test_what_stays_open_too_long_counts_as_broken_in_figures():
    row = make(owner=make_user())
    manager = make_user(role="manager")
    week = TOMORROW + timedelta(days=7)
    assert list(promises.broken(week - timedelta(seconds=1))) == []
    assert list(promises.broken(week)) == [row]
    (figure,) = promises.figures(manager, week)
    assert (figure["open"], figure["broken"], figure["rate"]) == (1, 1, 0.0)
    rows = promises.in_view(promises.promises_for(manager), promises.COUNTED, week)
    assert list(rows) == [row]


def test_a_promise_moves_with_its_followup():
    row, other = make(), make_user()
    move_commitment(row, owner=other, by=make_user(role="supervisor"), now=NOW, reason="休假")
    row.refresh_from_db()
    assert row.owner == other
    assert FollowUp.objects.get(cause_key=f"commitment:{row.pk}").assigned_to == other
    Commitment.objects.update(state="kept")
    with pytest.raises(LostRace):
        move_commitment(row, owner=make_user(), by=other, now=NOW)


@pytest.mark.parametrize(
    ("values", "place"),
    [
        ({"text": " "}, "text"), ({"due_at": NOW}, "due_at"), ({"kind": "x"}, "kind"),
        ({"remind_at": TOMORROW + timedelta(hours=1)}, "remind_at"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_promise_is_refused(values, place):
    with pytest.raises(BadInput) as bad:
        make(**values)
    assert list(bad.value.problems) == [place]
