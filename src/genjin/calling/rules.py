"""Decisions and arithmetic of campaigns: pure, on plain values (CA1).

What may follow which state stands in `states`; here stands what must be true before, how many
contacts the closings wanted need, and how many hours of agents that takes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil

from genjin.kernel.problems import Reason
from genjin.kernel.worktime import WeeklyHours

GOAL_PERIODS = ("month", "day", "hour")
SHEET_BLOCKS = ("product", "price", "process", "people")
ORDERS = ("list", "newest", "oldest", "random")


@dataclass(frozen=True)
class Rates:
    """What to expect of a call. Shares lie in 0..1; `sample` is the number of calls behind them.

    `source` is "past" (own records of this kind of campaign) or "shipped" (policy/campaigns.toml).
    """

    reached: float
    success: float
    talk_reached_seconds: float
    talk_missed_seconds: float
    source: str = "shipped"
    sample: int = 0


@dataclass(frozen=True)
class Need:
    """The closings wanted, computed back to contacts and calls, in all and per day and hour."""

    closings: int
    contacts: int
    calls: int
    days: int
    hours_per_day: float

    @property
    def contacts_per_day(self) -> float | None:
        return self.contacts / self.days if self.days else None

    @property
    def calls_per_day(self) -> float | None:
        return self.calls / self.days if self.days else None

    @property
    def contacts_per_hour(self) -> float | None:
        hours = self.days * self.hours_per_day
        return self.contacts / hours if hours else None

    @property
    def calls_per_hour(self) -> float | None:
        hours = self.days * self.hours_per_day
        return self.calls / hours if hours else None


def contacts_needed(closings: int, rates: Rates, *, days: int, hours_per_day: float) -> Need | None:
    """How many right-party contacts and calls `closings` need; None where a share is nought.

    contacts = closings / success share, calls = contacts / reached share, both rounded up: half
    a contact cannot be made.
    """
    if closings <= 0 or rates.success <= 0 or rates.reached <= 0:
        return None
    contacts = ceil(round(closings / rates.success, 6))
    calls = ceil(round(contacts / rates.reached, 6))
    return Need(closings, contacts, calls, days, hours_per_day)


def seconds_per_call(rates: Rates, wrap_up_seconds: int) -> float:
    """Talk and wrap-up that one call takes on average, reached or not."""
    talk = (
        rates.reached * rates.talk_reached_seconds + (1 - rates.reached) * rates.talk_missed_seconds
    )
    return talk + wrap_up_seconds


def agent_hours(
    customers: int, rates: Rates, *, calls_per_customer: float, wrap_up_seconds: int
) -> float:
    """Hours of agents that it takes to work through `customers`, wrap-up included."""
    return customers * calls_per_customer * seconds_per_call(rates, wrap_up_seconds) / 3600


def days_needed(
    hours: float, *, agents: int, hours_per_day: float, work_share: float
) -> int | None:
    """Working days that `agents` need for `hours`, rounded up; None without agents or hours."""
    capacity = agents * hours_per_day * work_share
    return ceil(round(hours / capacity, 6)) if capacity > 0 else None


def hours_by_weekday(weekly: str) -> list[float]:
    """Hours of work from Monday to Sunday in a weekly text; an empty text gives none."""
    hours = WeeklyHours.parse(weekly)
    return [sum(end - start for start, end in spans) / 60 for spans in hours.days]


def working_days(
    week: Sequence[float], starts_on: date | None, ends_on: date | None, *, today: date
) -> tuple[int, float]:
    """Days with calling hours from the first day to the last, and the mean hours of such a day.

    Without a first day it is today; without a last day four weeks count. Public holidays are not
    taken out here: the gate holds their calls back.
    """
    first = starts_on or today
    last = ends_on or first + timedelta(days=27)
    hours = [
        week[(first + timedelta(days=n)).weekday()] for n in range(max((last - first).days + 1, 0))
    ]
    worked = [value for value in hours if value]
    return len(worked), (sum(worked) / len(worked) if worked else 0.0)


def rotation_date(since: date, days: int) -> date:
    """The day from which an agent no longer works on a campaign (S2: two months by default)."""
    return since + timedelta(days=days)


@dataclass(frozen=True)
class CampaignFacts:
    """What `missing_for` looks at, read once by the operation that asks."""

    state: str
    has_segment: bool
    has_hours: bool
    has_published_script: bool
    has_briefing: bool
    questions: int
    agents: int
    agents_briefed: int
    goals: int
    taken: int
    pilot_since: date | None
    ends_on: date | None


def missing_for(
    facts: CampaignFacts, to: str, *, today: date, pilot_days: int, stated_reason: str = ""
) -> list[Reason]:
    """What still stands against moving a campaign to `to`; empty when nothing does.

    A pilot that ends before its week is over needs a stated reason, which the audit keeps.
    """
    found: list[Reason] = []
    if to in ("briefing", "pilot", "running"):
        found += _missing_content(facts)
    if to in ("pilot", "running"):
        if not facts.agents:
            found.append(Reason("no_agents"))
        elif not facts.agents_briefed:
            found.append(Reason("nobody_briefed", {"agents": facts.agents}))
        if facts.ends_on and facts.ends_on < today:
            found.append(Reason("already_over", {"ends_on": facts.ends_on}))
    if to == "running" and not stated_reason:
        found += _pilot_unfinished(facts, today, pilot_days)
    if to == "closed" and facts.taken:
        found.append(Reason("calls_in_hand", {"count": facts.taken}))
    return found


def _missing_content(facts: CampaignFacts) -> list[Reason]:
    checks = (
        (facts.has_segment, "no_segment"),
        (facts.has_hours, "no_hours"),
        (facts.has_published_script, "script_not_published"),
        (facts.has_briefing, "no_briefing"),
        (facts.questions > 0, "no_questions"),
        (facts.goals > 0, "no_goals"),
    )
    return [Reason(code) for is_there, code in checks if not is_there]


def _pilot_unfinished(facts: CampaignFacts, today: date, pilot_days: int) -> list[Reason]:
    if facts.state == "review":
        return []
    if facts.pilot_since is None:
        return [Reason("pilot_not_begun")]
    until = facts.pilot_since + timedelta(days=pilot_days)
    return [Reason("pilot_unfinished", {"until": until})] if today < until else []


def wrong_answers(questions: Sequence[dict], answers: Sequence[int | None]) -> list[int]:
    """Places (from 0) of the briefing questions that were answered wrongly or not at all."""
    given = list(answers) + [None] * (len(questions) - len(answers))
    return [
        place
        for place, question in enumerate(questions)
        if given[place] is None or given[place] != question["right"]
    ]
