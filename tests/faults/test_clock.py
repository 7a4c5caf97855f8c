"""The clock of a real worker process moves what waits, without anybody pressing anything."""

from datetime import timedelta

import pytest
from django.utils import timezone

from genjin.followups.models import FollowUp
from tests.browser.test_real_list import eventually, worker
from tests.factories import make_followup, make_user

__all__ = ["worker"]
pytestmark = pytest.mark.django_db(transaction=True)


def test_what_is_due_comes_up_and_what_was_left_lying_goes_back(worker):
    now = timezone.now()
    agent = make_user()
    due = make_followup(state="planned", not_before=now - timedelta(minutes=1))
    left = make_followup(
        state="taken", taken_by=agent, taken_at=now, lease_until=now - timedelta(seconds=1)
    )
    later = make_followup(state="planned", not_before=now + timedelta(hours=1))
    held = make_followup(
        state="taken", taken_by=agent, taken_at=now, lease_until=now + timedelta(hours=1)
    )

    def states() -> list[str]:
        rows = dict(FollowUp.objects.values_list("pk", "state"))
        return [rows[row.pk] for row in (due, left, later, held)]

    eventually(
        lambda: states() == ["ready", "ready", "planned", "taken"],
        "the worker's clock does not move follow-ups",
        seconds=60,
    )
    assert FollowUp.objects.get(pk=left.pk).taken_by is None
