"""What the desk shows on a collection call: what is owed, promises, whom to ask, replies (RE5)."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import get_language

from genjin.customers.models import Customer
from genjin.flows.collecting import owed_by
from genjin.foundation import policy
from genjin.receivables import resting
from genjin.receivables.models import PaymentCalendar, PaymentPromise
from genjin.receivables.operations import excuses
from genjin.receivables.rules.excuses import CustomerType, said
from genjin.web.orders.words import money

SHOWN = 12


@dataclass(frozen=True)
class Card:
    """An excuse as a card: its replies with their figures filled in, hints for the caller."""

    code: str
    label: str
    replies: list[str]
    hints: tuple[str, ...]


@dataclass(frozen=True)
class CollectPanel:
    """Everything at hand while collecting from one customer."""

    totals: list[dict[str, Any]]
    debts: list[dict[str, Any]]
    more: int
    promises: list[PaymentPromise]
    kept: int
    broken: int
    calendar: PaymentCalendar | None
    payer: CustomerType | None
    cards: list[Card] = field(default_factory=list)


def panel(customer: Customer, *, now: datetime) -> CollectPanel:
    """What is owed and how to speak of it; the same number of queries whatever is owed."""
    today = timezone.localdate(now)
    debts = resting.debts_of([customer.pk], now)[customer.pk]
    owed = owed_by(customer, now)
    calendar = PaymentCalendar.objects.filter(customer=customer).first()
    promises = list(PaymentPromise.objects.filter(customer=customer).order_by("-made_at")[:20])
    language = get_language() or "en"
    values = _values(owed[0] if owed else None, calendar, today)
    return CollectPanel(
        totals=[{"amount": money(one.amount, one.currency), "count": len(one.debts)}
                for one in owed],
        debts=[_row(one, today) for one in debts[:SHOWN]],
        more=max(len(debts) - SHOWN, 0),
        promises=promises[:5],
        kept=sum(one.state in ("kept", "partly") for one in promises),
        broken=sum(one.state == "broken" for one in promises),
        calendar=calendar,
        payer=next((one for one in excuses.customer_types(language)
                    if calendar and one.code == calendar.payer_type), None),
        cards=[
            Card(one.code, one.label, said(one.replies, values), one.hints)
            for one in [*excuses.catalogue(language), excuses.anger(language)]
        ],
    )  # fmt: skip


def choices() -> list[tuple[str, str]]:
    """The excuses to choose from on the form; anger is an outcome of its own."""
    return [(one.code, one.label) for one in excuses.catalogue(get_language() or "en")]


def _row(debt: resting.Debt, today: date) -> dict[str, Any]:
    row, rest = debt.receivable, debt.rest
    return {
        "number": row.number,
        "due_on": row.due_on,
        "days": row.days_overdue(today),
        "open": money(row.open_amount, row.currency),
        "held": money(rest.held, row.currency) if rest.held else "",
        "promised": money(rest.promised, row.currency) if rest.promised else "",
        "class": row.get_value_class_display(),
        "is_due": debt.is_due(today),
    }


def _values(owed: Any, calendar: PaymentCalendar | None, today: date) -> dict[str, Any]:
    """The figures that replies may hold; a reply whose figure is not known is not offered."""
    values: dict[str, Any] = {"company": str(policy.value("organisation.name") or "")}
    if calendar is not None and calendar.next_pay_on:
        values["pay_day"] = calendar.next_pay_on.isoformat()
    if owed is not None:
        oldest = min(one.receivable.due_on for one in owed.debts)
        values |= {
            "owed": money(owed.amount, owed.currency), "oldest_due": oldest.isoformat(),
            "days": str((today - oldest).days), "bills": str(len(owed.debts)),
        }  # fmt: skip
    return {name: value for name, value in values.items() if value}
