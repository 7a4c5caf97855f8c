"""What the pages of administration read: people, sessions, the audit trail, tasks and jobs."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.db.models import Count, Max, Q, QuerySet
from django.utils import timezone

from genjin.foundation import access, policy
from genjin.foundation.models import (
    AuditEntry,
    Delegation,
    LongTask,
    SignInAttempt,
    Team,
    User,
    UserSession,
)
from genjin.foundation.sign_in import locked_until

AUDIT_PAGE = 50
TASK_PAGE = 50
FAILED_JOBS_SHOWN = 50


def people(
    *, words: str = "", role: str = "", team: int | None = None, with_inactive: bool = False
) -> QuerySet[User]:
    """The people who sign in, by name; `words` are looked for in names and staff numbers."""
    rows = User.objects.select_related("team").annotate(seen_at=Max("sessions__seen_at"))
    if not with_inactive:
        rows = rows.filter(is_active=True)
    if role:
        rows = rows.filter(role=role)
    if team is not None:
        rows = rows.filter(team_id=team)
    for word in words.split():
        rows = rows.filter(
            Q(name__icontains=word) | Q(username__icontains=word) | Q(staff_number__icontains=word)
        )
    return rows.order_by("name", "pk")


def teams() -> QuerySet[Team]:
    return Team.objects.order_by("-is_active", "name")


def teams_open_to(person: User | None) -> QuerySet[Team]:
    """The teams somebody may join: the open ones, and the one they are in."""
    return Team.objects.filter(
        Q(is_active=True) | Q(pk=person.team_id if person else None)
    ).order_by("name")


def teams_with_members() -> QuerySet[Team]:
    """Every team with the number of its active people as `size`."""
    return teams().annotate(size=Count("members", filter=Q(members__is_active=True)))


def sessions_of(user: User, now: datetime) -> QuerySet[UserSession]:
    """The open sessions of a person, the one used last first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.session_key FROM foundation_usersession s JOIN django_session d "
            "USING (session_key) WHERE s.user_id = %s AND d.expire_date > %s",
            [user.pk, now],
        )
        keys = [key for (key,) in cursor.fetchall()]
    return UserSession.objects.filter(session_key__in=keys).order_by("-seen_at")


def recent_attempts(username: str, limit: int = 10) -> QuerySet[SignInAttempt]:
    """The last tries to sign in under a name, newest first."""
    return SignInAttempt.objects.filter(username=username.lower()).order_by("-at")[:limit]


def locked_names(now: datetime) -> list[tuple[str, datetime]]:
    """The names, known or not, that wrong tries have locked, with the end of each lock."""
    found = ((name, locked_until(name, now)) for name in _names_with_wrong_tries(now))
    return [(name, until) for name, until in found if until is not None]


def _names_with_wrong_tries(now: datetime) -> list[str]:
    tries = int(policy.value("security.lockout.tries"))
    since = now - timedelta(minutes=int(policy.value("security.lockout.minutes")))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT username FROM foundation_signinattempt WHERE at > %s AND NOT was_right "
            "AND NOT was_locked AND NOT is_unlock GROUP BY username HAVING count(*) >= %s "
            "ORDER BY username LIMIT 200",
            [since, tries],
        )
        return [name for (name,) in cursor.fetchall()]


# -- the audit trail ---------------------------------------------------------------------------


@dataclass(frozen=True)
class AuditFilter:
    """What to show of the trail; `since` and `until` are days of the reader, both included."""

    by: int | None = None
    kind: str = ""
    object_id: str = ""
    action: str = ""
    source: str = ""
    words: str = ""
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True)
class Page:
    """One page of a long list with the cursors of its neighbours, empty at an end."""

    rows: Sequence[Any]
    before: str = ""
    after: str = ""


def _cursor(entry: AuditEntry) -> str:
    text = f"{entry.at.isoformat()}|{entry.pk}"
    return base64.urlsafe_b64encode(text.encode()).decode()


def _place(cursor: str) -> tuple[datetime, UUID] | None:
    """The place that a cursor names; None for one that is none of ours."""
    try:
        at, _, pk = base64.urlsafe_b64decode(cursor.encode()).decode().partition("|")
        moment = datetime.fromisoformat(at)
        return (moment, UUID(pk)) if moment.tzinfo else None
    except (ValueError, binascii.Error, UnicodeError):
        return None


def audit_entries(
    wanted: AuditFilter, *, after: str = "", before: str = "", size: int = AUDIT_PAGE
) -> Page:
    """A page of the trail, newest first, stepped through by key."""
    rows = _filtered(wanted)
    if before and (place := _place(before)):
        newer = rows.filter(Q(at__gt=place[0]) | Q(at=place[0], pk__gt=place[1]))
        found = list(reversed(newer.order_by("at", "pk")[: size + 1]))
        has_newer, has_older = len(found) > size, True
        found = found[-size:]
    else:
        place = _place(after) if after else None
        if place:
            rows = rows.filter(Q(at__lt=place[0]) | Q(at=place[0], pk__lt=place[1]))
        found = list(rows.order_by("-at", "-pk")[: size + 1])
        has_newer, has_older = place is not None, len(found) > size
        found = found[:size]
    if not found:
        return Page(())
    return Page(
        found,
        before=_cursor(found[0]) if has_newer else "",
        after=_cursor(found[-1]) if has_older else "",
    )


def _filtered(wanted: AuditFilter) -> QuerySet[AuditEntry]:
    rows = AuditEntry.objects.select_related("by")
    exact = {
        "by_id": wanted.by,
        "object_kind": wanted.kind,
        "object_id": wanted.object_id,
        "action": wanted.action,
        "source": wanted.source,
    }
    rows = rows.filter(**{name: value for name, value in exact.items() if value})
    for word in wanted.words.split():
        rows = rows.filter(Q(label__icontains=word) | Q(reason__icontains=word))
    if wanted.since:
        rows = rows.filter(at__gte=_midnight(wanted.since))
    if wanted.until:
        rows = rows.filter(at__lt=_midnight(wanted.until + timedelta(days=1)))
    return rows


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), timezone.get_current_timezone())


# -- tasks and jobs ----------------------------------------------------------------------------


def long_tasks(user: User, *, states: Sequence[str] = ()) -> QuerySet[LongTask]:
    """The long tasks a person may see, newest first: their own, the team's or all, by scope."""
    rows = LongTask.objects.select_related("by").order_by("-created_at", "-pk")
    scope = access.scope_of(user)
    if scope == "own" or (scope == "team" and user.team_id is None):
        rows = rows.filter(by=user)
    elif scope == "team":
        rows = rows.filter(Q(by=user) | Q(by__team_id=user.team_id))
    return rows.filter(state__in=states) if states else rows


@dataclass(frozen=True)
class FailedJob:
    """A job that ended badly: what it was to do, how often it was tried, and when it failed."""

    id: int
    name: str
    arguments: dict[str, Any]
    attempts: int
    failed_at: datetime | None


def failed_jobs(limit: int = FAILED_JOBS_SHOWN) -> list[FailedJob]:
    """The failed jobs, newest first; their arguments are ids only."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT j.id, j.task_name, j.args::text, j.attempts, "
            "(SELECT max(e.at) FROM procrastinate_events e WHERE e.job_id = j.id "
            " AND e.type = 'failed') "
            "FROM procrastinate_jobs j WHERE j.status = 'failed' ORDER BY j.id DESC LIMIT %s",
            [limit],
        )
        rows = cursor.fetchall()
    return [FailedJob(pk, name, json.loads(text), tries, at) for pk, name, text, tries, at in rows]


def delegations(person: User, now: datetime) -> list[Delegation]:
    """Who decides for a person now or later, the earliest first."""
    today = now.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    rows = Delegation.objects.filter(person=person, ended_at=None, ends_on__gte=today)
    return list(rows.select_related("to").order_by("starts_on", "pk"))
