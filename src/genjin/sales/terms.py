"""On which terms a customer may buy, and why not on others: pure (SA3, SA4).

The strictest rule wins: the rule for new customers, then credit, then what a campaign offers.
Nothing here reads the database; `sales.ordering` and `flows.selling` bring the facts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from genjin.kernel.problems import Reason
from genjin.sales.states import AT_ONCE, CreditStanding, InquiryResult, PaymentTerm

NOTHING = Decimal(0)
_GOODNESS = {InquiryResult.POOR: 0, InquiryResult.FAIR: 1, InquiryResult.GOOD: 2}


@dataclass(frozen=True)
class TermsRules:
    """What the organisation set in policy/terms.toml; days and counts are whole numbers."""

    at_once_orders: int = 3
    credit_after_paid_orders: int = 3
    inquiry_days: int = 365
    longest_net_days: int = 90
    most_instalments: int = 24
    stop_after_overdue_days: int = 30


@dataclass(frozen=True)
class CreditFacts:
    """Where a customer stands, in the currency of their credit account.

    `orders` were concluded before (this one not counted), `paid_in_time` of them were paid by
    their day. `used` is what is owed for goods delivered less what was paid ahead; `committed` what
    concluded orders on credit will add when delivered (this one not counted). `overdue_days` is
    the age of the oldest amount past its day.
    """

    orders: int = 0
    paid_in_time: int = 0
    standing: str = CreditStanding.NONE
    limit: Decimal = NOTHING
    used: Decimal = NOTHING
    committed: Decimal = NOTHING
    overdue: Decimal = NOTHING
    overdue_days: int = 0
    inquiry_on: date | None = None
    inquiry_result: str = ""
    inquiry_wanted: str = ""
    prepayment_only: bool = False
    currency: str = "CNY"

    @property
    def room(self) -> Decimal:
        """What of the limit is free; less than nothing where it was lowered meanwhile."""
        return self.limit - self.used - self.committed


@dataclass(frozen=True)
class Ways:
    """The ways of paying with the reasons against each; no reason: it is open.

    `by_exception`: reasons that an approval set aside.
    """

    against: Mapping[str, tuple[Reason, ...]]
    by_exception: tuple[Reason, ...] = ()

    def is_open(self, term: str) -> bool:
        return not self.against.get(term, ())

    @property
    def permitted(self) -> list[str]:
        return [term for term in PaymentTerm.values if self.is_open(term)]


def _new_customer(facts: CreditFacts, rules: TermsRules) -> Reason | None:
    if facts.orders >= rules.at_once_orders:
        return None
    return Reason("new_customer", {"orders": facts.orders, "needed": rules.at_once_orders})


def credit_problems(
    facts: CreditFacts, rules: TermsRules, *, amount: Decimal, today: date
) -> list[Reason]:
    """Why an amount cannot be sold on credit; empty: it can. The gravest first."""
    found = []
    if facts.standing == CreditStanding.STOPPED:
        found.append(Reason("credit_stopped"))
    if facts.overdue > 0 and facts.overdue_days > rules.stop_after_overdue_days:
        data = {"amount": facts.overdue, "days": facts.overdue_days, "currency": facts.currency}
        found.append(Reason("overdue", data))
    if facts.standing == CreditStanding.NONE:
        found.append(Reason("no_credit"))
    found += opening_problems(facts, rules, today=today)
    if facts.standing in (CreditStanding.OPEN, CreditStanding.WATCH) and amount > facts.room:
        data = {
            "limit": facts.limit, "used": facts.used, "committed": facts.committed,
            "room": max(facts.room, NOTHING), "amount": amount, "currency": facts.currency,
        }  # fmt: skip
        found.append(Reason("over_limit", data))
    return found


def opening_problems(facts: CreditFacts, rules: TermsRules, *, today: date) -> list[Reason]:
    """What is missing before credit may be opened: orders paid in time, a dated inquiry."""
    found = []
    if facts.paid_in_time < rules.credit_after_paid_orders:
        data = {"paid": facts.paid_in_time, "needed": rules.credit_after_paid_orders}
        found.append(Reason("too_few_paid", data))
    if facts.inquiry_on is None:
        found.append(Reason("no_inquiry"))
    elif today - facts.inquiry_on > timedelta(days=rules.inquiry_days):
        found.append(Reason("inquiry_too_old", {"on": facts.inquiry_on}))
    if facts.inquiry_result == InquiryResult.POOR:
        found.append(Reason("inquiry_poor", {"on": facts.inquiry_on}))
    if facts.inquiry_wanted:
        found.append(Reason("inquiry_wanted", {"cause": facts.inquiry_wanted}))
    return found


def ways_of_paying(
    facts: CreditFacts,
    rules: TermsRules,
    *,
    amount: Decimal,
    today: date,
    offered: Sequence[str] | None = None,
    is_excepted: bool = False,
) -> Ways:
    """Which ways of paying are open for an amount in the credit account's currency.

    `offered` are the ways a campaign offers (None: every one). `is_excepted`: a named person
    allowed what the rules for new customers and credit refuse; a stopped credit stays stopped.
    """
    new = _new_customer(facts, rules)
    credit = credit_problems(facts, rules, amount=amount, today=today)
    passed: list[Reason] = []
    against: dict[str, tuple[Reason, ...]] = {}
    for term in PaymentTerm.values:
        reasons = [] if term in AT_ONCE else [*([new] if new else []), *credit]
        if is_excepted:
            passed = [one for one in reasons if one.code != "credit_stopped"]
            reasons = [one for one in reasons if one.code == "credit_stopped"]
        if facts.prepayment_only and term != PaymentTerm.BEFORE:
            reasons.append(Reason("prepayment_only"))
        if offered is not None and term not in offered:
            reasons.append(Reason("not_offered"))
        against[term] = tuple(reasons)
    return Ways(against, tuple(passed) if is_excepted else ())


@dataclass(frozen=True)
class Due:
    """One amount of a plan and the day by which it is owed."""

    due_on: date
    amount: Decimal


def plan_problems(
    plan: Sequence[Due], *, total: Decimal, rules: TermsRules, today: date
) -> list[Reason]:
    """Why instalments cannot stand: their sum, their order, their number, days gone by."""
    found = []
    if not 2 <= len(plan) <= rules.most_instalments:
        data = {"count": len(plan), "most": rules.most_instalments}
        found.append(Reason("number_of_instalments", data))
    if any(one.amount <= 0 for one in plan):
        found.append(Reason("amount_not_positive"))
    if sum((one.amount for one in plan), NOTHING) != total:
        come_to = sum((one.amount for one in plan), NOTHING)
        found.append(Reason("instalments_do_not_add_up", {"sum": come_to, "total": total}))
    days = [one.due_on for one in plan]
    if days != sorted(set(days)):
        found.append(Reason("instalments_out_of_order"))
    if days and min(days) < today:
        found.append(Reason("instalment_in_the_past", {"day": min(days)}))
    return found


def even_plan(
    total: Decimal, *, count: int, first_on: date, step: Decimal, months: int = 1
) -> list[Due]:
    """Equal instalments a number of months apart; the first takes what does not divide evenly.

    `step` is the smallest payable amount of the currency. A day that a month lacks is its last.
    """
    each = (total / count).quantize(step, rounding=ROUND_HALF_UP)
    first = total - each * (count - 1)
    return [
        Due(months_later(first_on, months * place), first if place == 0 else each)
        for place in range(count)
    ]


def months_later(day: date, months: int) -> date:
    """The same day some months later, or the last of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    next_month = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    last = (next_month - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))


def share(amount: Decimal, *, part: Decimal, whole: Decimal, step: Decimal) -> Decimal:
    """The part of an amount that goes with a part of a quantity, rounded to what can be paid."""
    return (amount * part / whole).quantize(step, rounding=ROUND_HALF_UP)


@dataclass(frozen=True)
class GradeRule:
    """A credit grade and what it takes, as policy/terms.toml says."""

    grade: str
    late_days: int
    paid_orders: int
    result: str


def credit_grade(
    rules: Sequence[GradeRule], *, late_days: int, paid_orders: int, result: str
) -> tuple[str, dict[str, Any]]:
    """The first grade that fits and the figures it rests on; empty without any record."""
    basis = {"late_days": late_days, "paid_orders": paid_orders, "result": result}
    if not paid_orders and not result:
        return "", basis
    goodness = _GOODNESS.get(InquiryResult(result), 0) if result else 0
    for rule in rules:
        fits = late_days <= rule.late_days and paid_orders >= rule.paid_orders
        if fits and goodness >= _GOODNESS[InquiryResult(rule.result)]:
            return rule.grade, basis
    return rules[-1].grade if rules else "", basis


@dataclass(frozen=True)
class DeliveryFacts:
    """What decides whether a delivery may leave.

    `billed_unpaid` is what of the order is due by today and not paid (before-delivery terms,
    instalments due); `covered` is what of the order was paid, `delivered` what of it went out
    before. Amounts in the order's currency.
    """

    term: str
    amount: Decimal
    currency: str
    total: Decimal
    delivered: Decimal = NOTHING
    covered: Decimal = NOTHING
    billed_unpaid: Decimal = NOTHING
    holds: tuple[Mapping[str, Any], ...] = ()
    is_verification_missing: bool = False
    credit: CreditFacts = field(default_factory=CreditFacts)


def delivery_problems(facts: DeliveryFacts, rules: TermsRules) -> list[Reason]:
    """Why goods may not leave now; empty: they may."""
    found = [Reason("delivery_held", dict(hold)) for hold in facts.holds]
    if facts.is_verification_missing:
        found.append(Reason("not_verified"))
    must_be_paid = facts.term == PaymentTerm.BEFORE or facts.credit.prepayment_only
    if must_be_paid and facts.covered < facts.delivered + facts.amount:
        data = {
            "needed": facts.delivered + facts.amount, "paid": facts.covered,
            "missing": facts.delivered + facts.amount - facts.covered, "currency": facts.currency,
        }  # fmt: skip
        found.append(Reason("not_paid_before", data))
    if facts.term == PaymentTerm.INSTALMENTS and facts.billed_unpaid > 0:
        data = {"amount": facts.billed_unpaid, "currency": facts.currency}
        found.append(Reason("instalment_unpaid", data))
    if facts.term in (PaymentTerm.AFTER, PaymentTerm.INSTALMENTS):
        credit = facts.credit
        if credit.standing == CreditStanding.STOPPED:
            found.append(Reason("credit_stopped"))
        if credit.overdue > 0 and credit.overdue_days > rules.stop_after_overdue_days:
            found.append(Reason("overdue", {"amount": credit.overdue, "days": credit.overdue_days,
                                            "currency": credit.currency}))  # fmt: skip
        # What this order commits stands in `committed`; goods that leave only move it to `used`.
        if credit.room < 0:
            found.append(Reason("over_limit", {
                "limit": credit.limit, "used": credit.used, "committed": credit.committed,
                "room": NOTHING, "amount": facts.amount, "currency": credit.currency,
            }))  # fmt: skip
    return found


def due_days(term: str, *, delivered_on: date, net_days: int, amount: Decimal) -> Sequence[Due]:
    """When what was delivered is owed: on the day, or so many days after it.

    Amounts to be paid before delivery and instalments were billed when the order was concluded.
    """
    if term == PaymentTerm.ON_DELIVERY:
        return (Due(delivered_on, amount),)
    if term == PaymentTerm.AFTER:
        return (Due(delivered_on + timedelta(days=net_days), amount),)
    return ()
