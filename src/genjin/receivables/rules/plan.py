"""Whom to press first today: the order of the collection plan, and what fits into the hours (RE4).

One customer is one place: who owes three bills is asked once, for all of them. The order is one
tuple, `order_of`, read from the top; its reasons are what the screen shows beside each place.
`plan_sql` gives the same order to a million debts; a test holds the two together.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from genjin.kernel.problems import Reason, Severity
from genjin.receivables.rules.classes import CLASSES
from genjin.receivables.rules.paydays import Chance

ZERO = Decimal(0)


@dataclass(frozen=True)
class PlanTerms:
    """The bands and minutes of policy/collection.toml; bands ascend, amounts in home currency."""

    broken_days: int
    term_bands: tuple[int, ...]
    amount_bands: tuple[Decimal, ...]
    class_order: tuple[str, ...]
    ahead_days: int
    distance_bands: tuple[int, ...]
    minutes: Mapping[str, int]
    each_further_debt: int
    km_per_hour: int
    collector_minutes: int
    seller_minutes: int
    spare_places: int

    @classmethod
    def of_policy(cls, policy: Mapping[str, Any]) -> "PlanTerms":
        plan = policy["plan"]
        minutes = {name: int(value) for name, value in plan["minutes"].items()}
        if unknown := set(plan["class_order"]) - set(CLASSES):
            raise ValueError(f"unknown classes: {sorted(unknown)}")
        return cls(
            broken_days=int(plan["broken_days"]),
            term_bands=tuple(sorted(map(int, plan["term_bands"]))),
            amount_bands=tuple(sorted(Decimal(str(one)) for one in plan["amount_bands"])),
            class_order=tuple(plan["class_order"]),
            ahead_days=int(plan["ahead_days"]),
            distance_bands=tuple(sorted(map(int, plan["distance_bands"]))),
            each_further_debt=minutes.pop("each_further_debt"),
            km_per_hour=minutes.pop("km_per_hour"),
            minutes=minutes,
            collector_minutes=round(60 * float(plan["collector_hours"])),
            seller_minutes=round(60 * float(plan["seller_hours"])),
            spare_places=int(plan["spare_places"]),
        )

    def term_band(self, days_past_due: int) -> int:
        return bisect_right(self.term_bands, days_past_due)

    def amount_band(self, amount: Decimal) -> int:
        return bisect_right(self.amount_bands, amount)

    def class_place(self, value_class: str) -> int:
        """The place of a class, 0 in front; what is not in the order comes last."""
        known = self.class_order
        return known.index(value_class) if value_class in known else len(known)

    def distance_band(self, km: Decimal | None) -> int:
        """0 for those next door; who lives nobody knows where comes after the farthest."""
        if km is None:
            return len(self.distance_bands) + 1
        return bisect_right(self.distance_bands, km)


@dataclass(frozen=True)
class PlaceFacts:
    """What is known of one customer, all debts that one person is to press taken together.

    `amount` is what may be dunned now in home currency: held and promised money is taken off and
    told in `held` and `promised`. `oldest_due` is the due day of the oldest such debt (None: none
    is due yet), `value_class` the class that comes first in the plan's order among them. `broken`
    counts the promises broken lately, `broken_on` the day of the last. `way` is the channel of
    the ladder, `distance_km` from our place as the crow flies.
    """

    customer: str
    amount: Decimal
    debts: int
    oldest_due: date | None
    value_class: str
    way: str = "call"
    broken: int = 0
    broken_on: date | None = None
    broken_amount: Decimal = ZERO
    chance: Chance | None = None
    signers: tuple[str, ...] = ()
    distance_km: Decimal | None = None
    promises_kept: int = 0
    held: Decimal = ZERO
    promised: Decimal = ZERO
    limitation_ends_on: date | None = None
    signals: tuple[str, ...] = ()

    def days_past_due(self, today: date) -> int:
        return max((today - self.oldest_due).days, 0) if self.oldest_due else 0

    def days_to_start(self, today: date) -> int | None:
        return (self.chance.start_by - today).days if self.chance else None


Order = tuple[Any, ...]
_LATE = 10_000


def order_of(facts: PlaceFacts, *, today: date, terms: PlanTerms) -> Order:
    """The place of a customer among the others: lower comes first."""
    start = facts.days_to_start(today)
    pay = (facts.chance.pay_day - today).days if facts.chance else _LATE
    return (
        # Promises broken lately come first, the more the earlier.
        -facts.broken,
        # Today is the last day to begin so that the money comes on the customer's pay day.
        0 if start == 0 else 1,
        # How long it has been due.
        -terms.term_band(facts.days_past_due(today)),
        # How much it is.
        -terms.amount_band(facts.amount),
        # Where pressing brings most.
        terms.class_place(facts.value_class),
        # The customer's own procedure: whoever must begin sooner.
        start if start is not None else _LATE,
        # The pay day that is nearer.
        pay,
        # Who is nearer, where one goes there; a call is as near to everybody.
        terms.distance_band(facts.distance_km) if facts.way == "visit" else 0,
        # Who has kept promises is asked after who has not.
        facts.promises_kept,
        # Between equals the exact amount, and then always the same one.
        -facts.amount,
        facts.customer,
    )


def reasons_of(facts: PlaceFacts, *, today: date, terms: PlanTerms) -> tuple[Reason, ...]:
    """Why a customer stands where they stand, in the order in which it counted."""
    found = []

    def add(code: str, **data: Any) -> None:
        found.append(Reason(code, data, Severity.WARNING))

    if facts.broken:
        add("promise_broken", count=facts.broken, on=facts.broken_on, amount=facts.broken_amount)
    chance = facts.chance
    if chance is not None and chance.must_start_today(today):
        add("start_today", pay_day=chance.pay_day, signers=list(facts.signers))
    days = facts.days_past_due(today)
    if days:
        add("days_late", days=days, due_on=facts.oldest_due)
    elif facts.oldest_due is not None:
        add("falls_due", due_on=facts.oldest_due, days=(facts.oldest_due - today).days)
    add("owes", amount=facts.amount, debts=facts.debts)
    add("in_class", value_class=facts.value_class)
    if chance is not None and not chance.must_start_today(today):
        add("start_by", day=chance.start_by, pay_day=chance.pay_day, signers=list(facts.signers))
    if chance is not None and chance.missed is not None:
        add("pay_day_missed", day=chance.missed)
    if facts.way == "visit":
        add("distance", km=facts.distance_km)
    if facts.promises_kept:
        add("keeps_promises", count=facts.promises_kept)
    if facts.signals:
        add("signals", codes=sorted(facts.signals))
    if facts.limitation_ends_on is not None:
        add("limitation_ends", ends_on=facts.limitation_ends_on)
    if facts.held:
        add("part_held", amount=facts.held)
    if facts.promised:
        add("part_promised", amount=facts.promised)
    return tuple(found)


def minutes_of(facts: PlaceFacts, terms: PlanTerms) -> int:
    """How long the contact takes: its kind, each further debt, and for a visit the way there and
    back."""
    minutes = terms.minutes[facts.way] + terms.each_further_debt * max(facts.debts - 1, 0)
    if facts.way == "visit" and facts.distance_km is not None:
        minutes += round(2 * facts.distance_km * 60 / terms.km_per_hour)
    return minutes


@dataclass(frozen=True)
class Place:
    """One place of the plan: its number from 1, why, how long it takes, whether it fits."""

    number: int
    facts: PlaceFacts
    minutes: int
    reasons: tuple[Reason, ...]
    fits: bool


@dataclass(frozen=True)
class Plan:
    """The places in order, and what is left: how many do not fit today and for how much."""

    places: tuple[Place, ...]
    budget_minutes: int
    planned_minutes: int
    left_count: int
    left_amount: Decimal = field(default=ZERO)

    @property
    def fitting(self) -> tuple[Place, ...]:
        return tuple(place for place in self.places if place.fits)


def fitting(minutes: Sequence[int], budget: int) -> list[bool]:
    """Which of the contacts, in their order, fit into so many minutes.

    One that is too long for what is left is passed over, and shorter ones after it are taken: an
    hour that nobody uses collects nothing.
    """
    found, left = [], budget
    for each in minutes:
        found.append(each <= left)
        left -= each if each <= left else 0
    return found


def make_plan(
    customers: Iterable[PlaceFacts], *, today: date, budget_minutes: int, terms: PlanTerms
) -> Plan:
    """The plan of one person for one day: ranked, explained, and cut to the minutes there are.

    Customers of whom nothing may be dunned now have no place in it.
    """
    ranked = sorted(
        (one for one in customers if one.amount > 0),
        key=lambda one: order_of(one, today=today, terms=terms),
    )
    lengths = [minutes_of(one, terms) for one in ranked]
    fits = fitting(lengths, budget_minutes)
    places = tuple(
        Place(number, facts, length, reasons_of(facts, today=today, terms=terms), is_in)
        for number, (facts, length, is_in) in enumerate(zip(ranked, lengths, fits, strict=True), 1)
    )
    left = [place for place in places if not place.fits]
    return Plan(
        places,
        budget_minutes,
        sum(place.minutes for place in places if place.fits),
        len(left),
        sum((place.facts.amount for place in left), ZERO),
    )


def is_wanted(
    oldest_due: date | None, chance: Chance | None, *, today: date, terms: PlanTerms
) -> bool:
    """Whether a customer belongs on a plan of today at all.

    Late ones do; those not late yet only shortly before, or when today is the last day to begin.
    """
    if oldest_due is None:
        return False
    if (oldest_due - today).days <= terms.ahead_days:
        return True
    return chance is not None and chance.must_start_today(today) and oldest_due <= chance.pay_day
