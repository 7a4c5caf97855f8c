"""When a card goes back into the pool, and when its custodian is told. Pure: days in, days out.

`flows.pool` says the same in one statement for every card at once; a test holds the two together.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

NO_CONTACT, NO_DEAL, PROTECTION = (
    "returned_no_contact", "returned_no_deal", "returned_protection"
)  # fmt: skip
# A warning counts for so long after its day: the night's work may have missed a few nights. What
# was held open longer is warned of anew before it goes.
GRACE_DAYS = 3
# What keeps a card from going back, whatever the days say.
OPEN = ("order", "promise", "job", "complaint", "callback", "in_hand")


@dataclass(frozen=True)
class Terms:
    """The limits of policy/pool.toml; zero switches one off. Days are whole."""

    per_day: int = 0
    in_all: int = 0
    retake_days: int = 0
    protection_days: int = 0
    no_contact_days: int = 0
    no_deal_days: int = 0
    order_days: int = 0
    warn_days: tuple[int, ...] = (7, 3, 1)
    by: str = "team"

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Terms":
        """From the policy as it is in force."""
        known = {name: values[name] for name in cls.__dataclass_fields__ if name in values}
        if "warn_days" in known:
            known["warn_days"] = tuple(sorted({int(day) for day in known["warn_days"]}))[::-1]
        return cls(**known)

    @property
    def notice(self) -> int:
        """The longest warning, in days: nobody loses a card on shorter notice."""
        return max(self.warn_days, default=0)


@dataclass(frozen=True)
class Held:
    """What counts of a card in somebody's custody; days in the organisation's own zone.

    `planned` is the day that a warning which still counts named to this custodian.
    """

    since: date
    last_contact: date | None = None
    last_deal: date | None = None
    protected_until: date | None = None
    planned: date | None = None
    open: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Due:
    """The day from which a card may go back, and why."""

    day: date
    reason: str


@dataclass(frozen=True)
class Warning:
    """What is told today: the day the card goes back, and which of the warnings this is."""

    returns_on: date
    days_before: int


def due(held: Held, terms: Terms) -> Due | None:
    """When the card may go back if nothing happens until then; None: never.

    A new custodian's days begin anew. Protection ends with its last day, and does not matter once
    a deal was made under it.
    """
    found = []
    if terms.no_contact_days:
        last = max(held.since, held.last_contact or held.since)
        found.append(Due(last + timedelta(days=terms.no_contact_days), NO_CONTACT))
    if terms.no_deal_days:
        last = max(held.since, held.last_deal or held.since)
        found.append(Due(last + timedelta(days=terms.no_deal_days), NO_DEAL))
    is_earned = held.last_deal is not None and held.last_deal >= held.since
    if held.protected_until is not None and not is_earned:
        found.append(Due(held.protected_until + timedelta(days=1), PROTECTION))
    return min(found, key=lambda one: one.day, default=None)


def returns_on(held: Held, terms: Terms, today: date) -> date | None:
    """The day on which the card will go back, notice included; None while it is far or open."""
    first = due(held, terms)
    if first is None or held.open or (first.day - today).days > terms.notice:
        return None
    if held.planned is not None:
        return max(first.day, held.planned)
    return max(first.day, today + timedelta(days=terms.notice))


def warning(held: Held, terms: Terms, today: date) -> Warning | None:
    """What the custodian is told today; telling the same twice is left to the table."""
    day = returns_on(held, terms, today)
    if day is None or day <= today:
        return None
    left = (day - today).days
    return Warning(day, min(step for step in terms.warn_days if step >= left))


def goes_back(held: Held, terms: Terms, today: date) -> str:
    """Why the card goes back today; empty: it stays. Only what was told of goes."""
    first = due(held, terms)
    if first is None or held.open or first.day > today:
        return ""
    if held.planned is None or held.planned > today:
        return ""
    return first.reason
