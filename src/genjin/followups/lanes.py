"""Finds the lane of a follow-up, and the lanes that are open now and suit a person (FU6).

Lanes are few, shared and never change, so a process keeps them; which of them are open is worked
out once a minute, since hours begin and end on whole minutes.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection

from genjin.followups import profiles, rules, stops
from genjin.followups.models import Lane, Queue
from genjin.followups.rules import Profile
from genjin.foundation import policy
from genjin.foundation.models import User
from genjin.kernel.worktime import WeeklyHours

_FRESH_SECONDS = 1.0
_lock = threading.Lock()
_reading = threading.Lock()
_lanes: tuple[Lane, ...] = ()
_by_id: dict[int, Lane] = {}
_read_at = float("-inf")
_open: dict[tuple[object, ...], tuple[tuple[int, ...], tuple[int, ...]]] = {}


@dataclass(frozen=True)
class LaneKey:
    """What makes a lane: see `models.Lane`."""

    purpose: str
    time_zone: str
    weekly: str = ""
    language: str = ""
    skills: tuple[str, ...] = ()
    is_important: bool = False


@lru_cache(maxsize=4096)
def _hours(weekly: str) -> WeeklyHours:
    return WeeklyHours.parse(weekly)


def parsed(weekly: str) -> WeeklyHours | None:
    """Weekly hours from their text; None for the empty text, which narrows nothing."""
    return _hours(weekly) if weekly else None


def zone_of(time_zone: str) -> str:
    """The customer's time zone; the organisation's own where the card names none."""
    return time_zone or settings.TIME_ZONE


def language_of(language: str) -> str:
    """The language a lane asks for: empty for one that everybody at the desk speaks."""
    code = language.lower()
    return "" if code in policy.value("contact.everyone_speaks") else code


def weekly_of(channel: str, *, stated: str, is_asked: bool) -> str:
    """The hours that count for a lane, see `rules.lane_is_open`."""
    if channel not in policy.value("contact.timed_channels"):
        return rules.UNTIMED
    return rules.ASKED if is_asked else stated


def _look_again() -> None:
    """Makes the next question read the lanes."""
    global _read_at  # noqa: PLW0603
    _read_at = float("-inf")


_FIND = """SELECT id FROM followups_lane
WHERE (purpose, time_zone, weekly, language, skills, is_important) =
  (%s, %s, %s, %s, %s::varchar[], %s)"""
_MAKE = """INSERT INTO followups_lane (purpose, time_zone, weekly, language, skills, is_important)
VALUES (%s, %s, %s, %s, %s::varchar[], %s) ON CONFLICT DO NOTHING"""


@lru_cache(maxsize=8192)
def _id_of(key: LaneKey) -> int:
    columns: list[Any] = [key.purpose, key.time_zone, key.weekly, key.language, list(key.skills),
               key.is_important]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_FIND, columns)
        if found := cursor.fetchone():
            return int(found[0])
        _make(columns)
        cursor.execute(_FIND, columns)
        made = int(cursor.fetchone()[0])
    _look_again()
    return made


def _make(columns: list[Any]) -> None:
    """Makes a lane in a transaction of its own.

    Lanes are kept by the whole process: one that only the caller's transaction could see would
    be handed to other threads, whose rows would then point to nothing.
    """
    beside = connection.copy()
    try:
        with beside.cursor() as cursor:
            cursor.execute(_MAKE, columns)
    finally:
        beside.close()


def lane_id(key: LaneKey) -> int:
    """The id of the lane with these columns, made when nobody had it before."""
    found = _id_of(key)
    known()
    if found not in _by_id and not Lane.objects.filter(pk=found).exists():
        # The table was emptied or restored since.
        _id_of.cache_clear()
        found = _id_of(key)
    return found


def known() -> tuple[Lane, ...]:
    """Every lane, read again once a second at most."""
    global _lanes, _by_id, _read_at  # noqa: PLW0603 - one small cache for the process
    if time.monotonic() - _read_at > _FRESH_SECONDS:
        with _reading:
            # Those who waited for another thread's reading need none of their own.
            if time.monotonic() - _read_at > _FRESH_SECONDS:
                found = tuple(Lane.objects.order_by("pk"))
                with _lock:
                    if [lane.pk for lane in found] != [lane.pk for lane in _lanes]:
                        _open.clear()
                    _lanes, _by_id = found, {lane.pk: lane for lane in found}
                    _read_at = time.monotonic()
    return _lanes


def forget() -> None:
    """Drops what is kept, so that the next question reads the database."""
    global _lanes, _by_id, _read_at
    with _lock:
        _lanes, _by_id, _read_at = (), {}, float("-inf")
        _open.clear()
    _id_of.cache_clear()


def by_id(pk: int) -> Lane:
    """One lane, from what is kept."""
    known()
    return _by_id.get(pk) or Lane.objects.get(pk=pk)


def key_of(lane: Lane) -> LaneKey:
    """The columns of a lane."""
    return LaneKey(
        lane.purpose,
        lane.time_zone,
        lane.weekly,
        lane.language,
        tuple(lane.skills),
        lane.is_important,
    )


def _suits(lane: Lane, spoken: frozenset[str], skills: frozenset[str]) -> bool:
    return (not lane.language or lane.language in spoken) and skills.issuperset(lane.skills)


def is_morning(profile: Profile, time_zone: str, now: datetime) -> bool:
    """Whether it is still the time of day at which important customers come first."""
    return now.astimezone(ZoneInfo(time_zone)).time() < profile.important_before


def comes_first(profile: Profile, lane: Lane, now: datetime) -> bool:
    """Important customers in the morning, unless they asked for another time (FU6)."""
    return lane.is_important and not lane.weekly and is_morning(profile, lane.time_zone, now)


def open_for(
    by: User, queue: Queue, now: datetime, profile: Profile
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The open lanes of a queue that suit a person: those that come first, and the others."""
    if stops.stopping(queue.purpose, now) is not None:
        return (), ()
    lanes = known()
    minute = int(now.timestamp() // 60)
    key = (
        minute, queue.purpose, queue.channel, queue.weekly,
        tuple(by.spoken), tuple(by.skills), id(profile),
    )  # fmt: skip
    if (found := _open.get(key)) is not None:
        return found
    spoken = frozenset(code.lower() for code in by.spoken)
    skills = frozenset(by.skills)
    closed = profiles.closed_dates(profile.country, now.year)
    fit = [
        lane
        for lane in lanes
        if lane.purpose == queue.purpose
        and _suits(lane, spoken, skills)
        and rules.lane_is_open(
            profile,
            purpose=lane.purpose,
            weekly=lane.weekly,
            time_zone=lane.time_zone,
            queue_hours=parsed(queue.weekly),
            closed_dates=closed,
            now=now,
        )
    ]
    first = tuple(lane.pk for lane in fit if comes_first(profile, lane, now))
    others = tuple(lane.pk for lane in fit if not comes_first(profile, lane, now))
    with _lock:
        if len(_open) > 5000:
            _open.clear()
        if lanes is _lanes:
            _open[key] = (first, others)
    return first, others


def slots(
    by: User, queues: Sequence[Queue], now: datetime, profile: Profile
) -> list[tuple[int, tuple[int, ...], int]]:
    """Where to look for the next follow-up, in order: queues' ids, each with its open lanes.

    Queues in the order of their bands (equal bands as given), in each the lanes that come first,
    so many as the last figure says, before the others; a queue that asks for a skill the person
    lacks is left out.
    """
    skills = frozenset(by.skills)
    found = []
    for queue in sorted(queues, key=lambda queue: queue.band):
        if skills.issuperset(queue.skills):
            first, others = open_for(by, queue, now, profile)
            if first or others:
                found.append((queue.pk, first + others, len(first)))
    return found


@lru_cache(maxsize=1024)
def literal(values: tuple[Any, ...]) -> str:
    """The array literal of ids or codes."""
    return "{" + ",".join(map(str, values)) + "}"
