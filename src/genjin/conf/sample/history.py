"""A week of calls before today, made by the ordinary way of a call, at their own times."""

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from django.utils import timezone

from genjin.calling.models import Campaign
from genjin.calling.queries import latest_version
from genjin.flows.desk import record_outcome
from genjin.flows.desk_form import OutcomeForm
from genjin.followups.operations import take_next
from genjin.foundation.models import User

# outcome, share, seconds of talk from and to
OUTCOMES = (
    ("no_answer", 34, 0, 0),
    ("busy", 9, 0, 0),
    ("away", 8, 15, 40),
    ("interested", 13, 120, 420),
    ("callback", 12, 40, 120),
    ("refused", 20, 20, 150),
    ("success", 10, 180, 600),
    ("never_again", 2, 10, 40),
)
HOURS = ((time(9, 5), time(11, 20)), (time(13, 40), time(17, 20)))


def workdays_before(now: datetime, count: int) -> list[datetime]:
    """The last `count` weekdays before today, at midnight of the organisation's zone."""
    today = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    days = (today - timedelta(days=back) for back in range(1, count * 2 + 7))
    return sorted([day for day in days if day.weekday() < 5][:count])


def moments(day: datetime, calls: int, rng: random.Random) -> Iterator[datetime]:
    """When one person's calls of one day are recorded, in order."""
    found = []
    for _ in range(calls):
        begin, end = rng.choice(HOURS)
        first = begin.hour * 60 + begin.minute
        minute = rng.randint(first, end.hour * 60 + end.minute)
        found.append(day + timedelta(minutes=minute, seconds=rng.randint(0, 59)))
    yield from sorted(found)


def _form(
    data: Mapping[str, Any], now: datetime, number: int, script: int | None, rng: random.Random
) -> OutcomeForm:
    names = [entry[0] for entry in OUTCOMES]
    name = rng.choices(names, weights=[entry[1] for entry in OUTCOMES])[0]
    _, _, least, most = next(entry for entry in OUTCOMES if entry[0] == name)
    has_spoken = most > 0 and name != "away"
    later = now + timedelta(days=rng.randint(1, 6))
    wants_time = name in {"callback", "interested"}
    return OutcomeForm(
        outcome=name,
        token=f"sample-{number}",
        talk_seconds=rng.randint(least, most),
        wrap_seconds=rng.randint(8, 45),
        note=rng.choice(data["talk"]["notes"]) if has_spoken and rng.random() < 0.6 else "",
        next_step=data["talk"]["next"] if has_spoken and name != "refused" else "",
        no_next_reason=data["talk"]["no_next"] if name in {"refused", "never_again"} else "",
        callback_at=later.replace(hour=10, minute=30) if wants_time else None,
        script_version=script,
        grade=rng.choice("BCCD") if name == "interested" else "",
    )


def make_calls(
    data: Mapping[str, Any],
    campaign: Campaign,
    agents: Sequence[User],
    *,
    now: datetime,
    days: int = 5,
    calls: int = 14,
) -> int:
    """Lets the agents work the campaign on the days before `now`; returns how many calls."""
    rng = random.Random(20261123)  # noqa: S311 - a sample, not a secret
    plan = sorted(
        (
            (moment, position)
            for day in workdays_before(now, days)
            for position in range(len(agents))
            for moment in moments(day, calls + rng.randint(-3, 3), rng)
        ),
    )
    script = latest_version(campaign)
    made = 0
    for moment, position in plan:
        agent = agents[position]
        taken = take_next(agent, queues=[campaign.queue], now=moment)
        if taken is None:
            continue
        made += 1
        form = _form(data, moment, made, script.pk if script else None, rng)
        record_outcome(taken.followup, by=agent, now=moment, form=form)
    return made
