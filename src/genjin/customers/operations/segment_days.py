"""The nightly picture of every segment, and what entered and left since (CU2)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from genjin.customers import facets, segments
from genjin.customers.facets import Members
from genjin.customers.models import Segment, SegmentDay
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput

MEMBERS_KEPT_DAYS = 8
"""For so long a picture says which customers it holds; how many they were stays."""


@dataclass(frozen=True)
class SegmentChange:
    """What changed in a segment since its last picture, within one person's scope.

    `gone` counts cards that were merged or deleted meanwhile. `is_selection_changed`: the segment
    itself was changed since, so that the difference may come from that.
    """

    since: datetime
    before: int
    entered: Members
    left: Members
    gone: int
    is_selection_changed: bool


def _today(now: datetime) -> datetime:
    return timezone.localtime(now, timezone.get_default_timezone())


def snapshot_segments(now: datetime) -> int:
    """Keeps who is in each segment in use, as of the day that ended; returns how many it took.

    Runs once a day; a day that has its picture keeps it. A selection that cannot be asked any
    more is passed over.
    """
    day = _today(now).date() - timedelta(days=1)
    waiting = Segment.objects.filter(is_archived=False).exclude(days__day=day)
    taken = 0
    for segment in waiting.order_by("pk"):
        try:
            found = facets.members(segment.criteria)
        except BadInput:
            continue
        _, is_new = SegmentDay.objects.get_or_create(
            segment=segment, day=day,
            defaults={"count": found.count, "members": found.packed(), "made_at": now},
        )  # fmt: skip
        taken += is_new
    old = SegmentDay.objects.filter(day__lt=day - timedelta(days=MEMBERS_KEPT_DAYS))
    old.exclude(members=b"").update(members=b"")
    return taken


def changes_of(segment: Segment, *, user: User, now: datetime) -> SegmentChange | None:
    """What entered and left since yesterday's picture; None while there is none.

    Raises BadInput when the segment cannot be asked any more.
    """
    today = _today(now).date()
    last = segment.days.filter(day__lt=today).exclude(members=b"").order_by("-day").first()
    if last is None:
        return None
    before = Members.unpacked(bytes(last.members)).bits
    seen = facets.members(segments.EVERYBODY, user=user).bits
    inside = facets.members(segment.criteria, user=user).bits
    everybody = facets.members(segments.EVERYBODY).bits
    return SegmentChange(
        since=last.made_at,
        before=(before & seen).bit_count(),
        entered=Members(inside & ~before),
        left=Members(before & seen & ~inside),
        gone=(before & ~everybody).bit_count(),
        is_selection_changed=segment.changed_at > last.made_at,
    )


def counts_by_day(segment: Segment, *, limit: int = 30) -> list[SegmentDay]:
    """The latest pictures' days and counts, the oldest first."""
    rows = segment.days.defer("members").order_by("-day")[:limit]
    return list(reversed(rows))
