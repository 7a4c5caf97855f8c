"""The floor (CA9): who does what now, how the campaigns stand, what needs a supervisor.

One snapshot for a scope is shared by everyone who watches it: it is read at most once a second in
a process, and the counts over whole queues at most once in `SLOW_SECONDS`.
"""

import threading
import time
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from genjin.calling import states
from genjin.calling.models import AgentPresence, Campaign, CampaignAgent
from genjin.calling.queries import people_of, rotations_due, visible_to
from genjin.followups.models import Contact, FollowUp, Queue
from genjin.followups.states import WAITING, ContactState, State
from genjin.foundation import policy
from genjin.foundation.access import scope_of
from genjin.foundation.models import User
from genjin.insight import alarms, logbook
from genjin.insight.logbook import Figures
from genjin.kernel.problems import Reason

FRESH_SECONDS = 1.0
SLOW_SECONDS = 15.0
ORDER = ("on_call", "wrap_up", "ready", "busy", "break", "off")
Found = TypeVar("Found")


@dataclass(frozen=True)
class AgentLine:
    """One person on the floor. `seconds` is how long the present state has lasted."""

    user_id: int
    name: str
    staff_number: str
    state: str
    reason: str
    since: datetime
    seconds: int
    campaign_id: int | None
    campaign: str
    silent_seconds: int
    is_silent: bool
    hour: Figures
    today: Figures


@dataclass(frozen=True)
class CampaignLine:
    """One campaign that calls now. Counts over its queue may be `SLOW_SECONDS` old."""

    pk: int
    name: str
    state: str
    working: int
    counts: dict[str, int]
    has_ready: bool
    hour: Figures
    today: Figures
    goal_hour: int | None
    goal_day: int | None

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def ended(self) -> int:
        return sum(self.counts[state] for state in ("done", "cancelled", "expired"))


@dataclass(frozen=True)
class Snapshot:
    """What a supervisor sees at one moment."""

    at: datetime
    agents: list[AgentLine]
    campaigns: list[CampaignLine]
    states: dict[str, int]
    hour: Figures
    today: Figures
    goal_hour: int
    alarms: list[Reason] = field(default_factory=list)


class Shared:
    """Keeps what was read for a while and lets one thread at a time read it anew."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._lock = threading.Lock()
        self._kept: dict[Hashable, tuple[float, Any]] = {}
        self._locks: dict[Hashable, threading.Lock] = {}

    def get(self, key: Hashable, read: Callable[[], Found]) -> Found:
        """What was read for `key` within the last `seconds`, or what `read` gives now."""
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            kept = self._kept.get(key)
            if kept is None or time.monotonic() - kept[0] > self.seconds:
                kept = self._kept[key] = (time.monotonic(), read())
            return kept[1]

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()


_fresh = Shared(FRESH_SECONDS)
_slow = Shared(SLOW_SECONDS)


def scope_key(user: User) -> Hashable:
    """People with the same key see the same floor."""
    scope = scope_of(user)
    if scope == "all":
        return ("all",)
    return ("team", user.team_id) if scope == "team" and user.team_id else ("own", user.pk)


def forget() -> None:
    """Drops what is kept, so that the next snapshot reads the database."""
    _fresh.clear()
    _slow.clear()


def snapshot(user: User, now: datetime) -> Snapshot:
    """The floor as `user` may see it: the own team's, or all for a manager."""
    return _fresh.get(scope_key(user), lambda: read_snapshot(user, now))


def read_snapshot(user: User, now: datetime) -> Snapshot:
    """Reads the floor from the database, whatever is kept; about eight queries."""
    campaigns = _campaigns_now(user)
    moment = _Moment(now)
    agents = list(_agents(people_of(user), campaigns, moment))
    lines = list(_campaign_lines(campaigns, agents, moment))
    found = [
        *_agent_alarms(agents, campaigns, moment.limits),
        *_campaign_alarms(lines, moment),
        *_list_alarms(user, campaigns, now),
    ]
    return Snapshot(
        at=now,
        agents=agents,
        campaigns=lines,
        states={
            state: sum(1 for line in agents if line.state == state)
            for state in states.AgentState.values
        },
        hour=sum((line.hour for line in agents), Figures()),
        today=sum((line.today for line in agents), Figures()),
        goal_hour=sum(line.goal_hour or 0 for line in lines),
        alarms=sorted(found, key=lambda reason: not reason.is_blocker),
    )


class _Moment:
    """The instant of a snapshot, its day and hour in the organisation's zone, the limits."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.local = logbook.local_now(now)
        self.day: dict[str, Any] = {
            "start": self.local.date(),
            "end": self.local.date() + timedelta(days=1),
        }
        self.limits = alarms.Limits.of(policy.value("campaigns.alarms"))


def _campaigns_now(user: User) -> list[Campaign]:
    rows = visible_to(user).filter(state__in=states.CALLING)
    return list(rows.select_related("queue").order_by("queue__band", "name"))


def _grouped(by: str, hour: int, rows: QuerySet[Any]) -> tuple[dict[Any, Figures], ...]:
    """Today's and this hour's figures by person or queue, in two queries."""
    return tuple(
        {first: Figures(*rest) for first, *rest in part.values_list(by).annotate(**logbook.sums())}
        for part in (rows, rows.filter(local_hour=hour))
    )


def _agents(
    people: QuerySet[User], campaigns: list[Campaign], moment: _Moment
) -> Iterator[AgentLine]:
    now = moment.now
    rows = logbook.records(users=people, **moment.day)
    today, this_hour = _grouped("by", moment.local.hour, rows)
    present = AgentPresence.objects.filter(user__in=people).exclude(
        state=states.AgentState.OFF, since__lt=now - timedelta(hours=12)
    )
    names = {campaign.pk: campaign.name for campaign in campaigns}
    for row in sorted(
        present.select_related("user"),
        key=lambda row: (ORDER.index(row.state), row.user.staff_number, row.user_id),
    ):
        if row.state == states.AgentState.OFF and row.user_id not in today:
            continue
        unheard = max(int((now - row.seen_at).total_seconds()), 0)
        yield AgentLine(
            user_id=row.user_id,
            name=row.user.name,
            staff_number=row.user.staff_number,
            state=row.state,
            reason=row.reason,
            since=row.since,
            seconds=max(int((now - row.since).total_seconds()), 0),
            campaign_id=row.campaign_id,
            campaign=names.get(row.campaign_id or 0, ""),
            silent_seconds=unheard,
            is_silent=(
                row.state != states.AgentState.OFF and unheard > moment.limits.silent_seconds
            ),
            hour=this_hour.get(row.user_id, Figures()),
            today=today.get(row.user_id, Figures()),
        )


def queue_counts(queue_ids: tuple[int, ...]) -> dict[int, dict[str, int]]:
    """How many follow-ups of each queue are in each state; kept for `SLOW_SECONDS`."""

    def read() -> dict[int, dict[str, int]]:
        found: dict[int, dict[str, int]] = {pk: dict.fromkeys(State.values, 0) for pk in queue_ids}
        rows = FollowUp.objects.filter(queue__in=queue_ids).values_list("queue", "state")
        for queue, state, count in rows.annotate(count=Count("pk")):
            found[queue][state] = count
        return found

    return _slow.get(("counts", queue_ids), read)


def _at_work(campaigns: list[Campaign], agents: list[AgentLine]) -> dict[int, int]:
    """How many people who belong to each campaign are ready, talking or wrapping up."""
    working = {
        line.user_id
        for line in agents
        if line.state in ("ready", "on_call", "wrap_up") and not line.is_silent
    }
    places = CampaignAgent.objects.filter(
        campaign__in=campaigns, is_active=True, user__in=working
    ).values_list("campaign")
    return dict(places.annotate(count=Count("pk")))


def _campaign_lines(
    campaigns: list[Campaign], agents: list[AgentLine], moment: _Moment
) -> Iterator[CampaignLine]:
    queue_ids = tuple(sorted(campaign.queue_id for campaign in campaigns))
    counts, working = queue_counts(queue_ids), _at_work(campaigns, agents)
    ready = FollowUp.objects.filter(
        queue=OuterRef("pk"), state=State.READY, assigned_to__isnull=True
    )
    with_ready = set(
        Queue.objects.filter(Exists(ready), pk__in=queue_ids).values_list("pk", flat=True)
    )
    rows = logbook.records(**moment.day).filter(queue__in=queue_ids)
    today, this_hour = _grouped("queue", moment.local.hour, rows)
    for campaign in campaigns:
        yield CampaignLine(
            pk=campaign.pk,
            name=campaign.name,
            state=campaign.state,
            working=working.get(campaign.pk, 0),
            counts=counts[campaign.queue_id],
            has_ready=campaign.queue_id in with_ready,
            hour=this_hour.get(campaign.queue_id, Figures()),
            today=today.get(campaign.queue_id, Figures()),
            goal_hour=campaign.goals.get("hour"),
            goal_day=campaign.goals.get("day"),
        )


def _agent_alarms(
    agents: list[AgentLine], campaigns: list[Campaign], limits: alarms.Limits
) -> Iterator[Reason]:
    granted = {campaign.pk: campaign.wrap_up_seconds for campaign in campaigns}
    for line in agents:
        found = None
        if line.is_silent:
            found = alarms.silent(line.name, line.silent_seconds, limits)
        elif line.state == states.AgentState.WRAP_UP:
            seconds = granted.get(line.campaign_id or 0, 60)
            found = alarms.wrap_up_too_long(line.name, line.seconds, seconds, limits)
        elif line.state == states.AgentState.BREAK:
            found = alarms.break_too_long(line.name, line.seconds, limits)
        if found:
            yield found


def _campaign_alarms(lines: list[CampaignLine], moment: _Moment) -> Iterator[Reason]:
    local, limits = moment.local, moment.limits
    for line in lines:
        for found in (
            alarms.nobody_ready(line.name, line.working, line.has_ready),
            alarms.queue_dry(line.name, line.working, line.has_ready),
            alarms.goal_behind(line.name, line.hour.successes, line.goal_hour, local, limits),
        ):
            if found:
                yield found


def queues_of(user: User) -> QuerySet[Queue]:
    """The queues whose follow-ups `user` watches: all, or those of the team and of nobody."""
    if scope_of(user) == "all":
        return Queue.objects.all()
    return Queue.objects.filter(Q(team=user.team_id) | Q(team__isnull=True))


def _list_alarms(user: User, campaigns: list[Campaign], now: datetime) -> Iterator[Reason]:
    def read() -> dict[str, int]:
        queues = queues_of(user).values("pk")
        return {
            "escalated": FollowUp.objects.filter(
                queue__in=queues, state__in=WAITING, escalated_at__isnull=False
            ).count(),
            "unknown_contacts": Contact.objects.filter(
                state=ContactState.UNKNOWN, by__in=people_of(user), messages__isnull=True
            ).count(),
            "rotation_due": rotations_due(
                Campaign.objects.filter(pk__in=[row.pk for row in campaigns]),
                logbook.local_now(now).date(),
            ).count(),
        }

    for code, count in _slow.get(("lists", scope_key(user)), read).items():
        if count:
            yield Reason(code, {"count": count})
