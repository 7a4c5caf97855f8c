"""Until when a debt can be enforced, and what began the period anew (RE2).

Conservative on purpose: the last day is the same day of the year in which the period ends, and what
comes after the end revives nothing.
"""

import calendar
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from genjin.kernel.problems import Reason, Severity

# What begins the period anew: we demanded; they acknowledged, promised or paid a part; a suit.
KINDS = ("demand", "acknowledgement", "promise", "part_payment", "suit")


@dataclass(frozen=True)
class LimitationTerms:
    """The period in years, and whether a demand counts only with a suit within so many months."""

    years: int
    demand_needs_suit_months: int = 0
    warn_days: int = 90

    @classmethod
    def of_policy(cls, policy: Mapping[str, Any], country: str) -> "LimitationTerms":
        entry = policy["limitation"]
        own = entry.get(country) or entry["other"]
        return cls(int(own["years"]), int(own["demand_needs_suit_months"]),
                   int(entry["warn_days"]))  # fmt: skip


@dataclass(frozen=True)
class Interruption:
    """One thing that began the period anew, on a day, with its proof in words."""

    on: date
    kind: str
    proof: str = ""


@dataclass(frozen=True)
class Limitation:
    """Until when (day included), from when it runs, and what interrupted it, the latest last.

    `suit_by` is the day by which a suit must be filed for the last demand to count.
    `state`: "running", "warning" in the last days before the end, "elapsed" after it.
    """

    starts_on: date
    ends_on: date
    state: str
    interruptions: tuple[Interruption, ...] = ()
    suit_by: date | None = None

    def reason(self) -> Reason | None:
        """What a screen tells about it; None while it runs."""
        if self.state == "running":
            return None
        code = "limitation_elapsed" if self.state == "elapsed" else "limitation_ends"
        data = {"ends_on": self.ends_on, "starts_on": self.starts_on, "suit_by": self.suit_by}
        return Reason(code, data, Severity.WARNING)


def add_months(day: date, months: int) -> date:
    """The same day so many months on; the last of the month where it has no such day."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    return day.replace(
        year=year, month=month, day=min(day.day, calendar.monthrange(year, month)[1])
    )


def limitation(
    due_on: date,
    interruptions: Iterable[Interruption],
    *,
    today: date,
    terms: LimitationTerms,
) -> Limitation:
    """The period of a debt that fell due on a day, with everything that interrupted it."""
    ordered = sorted(
        (one for one in interruptions if due_on <= one.on <= today), key=lambda one: one.on
    )
    suits = [one.on for one in ordered if one.kind == "suit"]
    starts_on, counting = due_on, list[Interruption]()
    suit_by: date | None = None
    for one in ordered:
        ends_on = add_months(starts_on, 12 * terms.years)
        if one.on > max(ends_on, suit_by or ends_on):
            break
        if one.kind == "demand" and terms.demand_needs_suit_months:
            last = add_months(one.on, terms.demand_needs_suit_months)
            if not any(one.on <= suit <= last for suit in suits):
                # It counts for nothing without a suit, but leaves the time to file one.
                if one.on <= ends_on and last >= today:
                    suit_by = max(last, suit_by or last)
                continue
        starts_on, suit_by = one.on, None
        counting.append(one)
    ends_on = add_months(starts_on, 12 * terms.years)
    if suit_by is not None and suit_by <= ends_on:
        suit_by = None
    last_day = max(ends_on, suit_by or ends_on)
    state = "running"
    if today > last_day:
        state = "elapsed"
    elif today >= last_day - timedelta(days=terms.warn_days):
        state = "warning"
    return Limitation(starts_on, last_day, state, tuple(counting), suit_by)
