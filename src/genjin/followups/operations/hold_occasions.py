"""Holds that an occasion asks for: a complaint, a death in the house, a disputed amount (FU4)."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from genjin.customers.models import Customer, Hold
from genjin.customers.states import HoldReason
from genjin.followups import profiles
from genjin.followups.operations.permissions import place_hold
from genjin.foundation import approvals, calendar, policy
from genjin.foundation.models import Approval, User
from genjin.kernel.errors import BadInput, Conflict, NotAllowed
from genjin.kernel.money import format_money

AGAIN = "receivable_hold"


def _after_working_days(now: datetime, days: int) -> datetime:
    """The end of the last of so many working days after today, in the organisation's zone."""
    zone = ZoneInfo(settings.TIME_ZONE)
    today = now.astimezone(zone).date()
    days_worked = calendar.work_calendar(profiles.profile().country, guesses=True)
    last = days_worked.add_working_days(today, days)
    return datetime.combine(last + timedelta(days=1), time(), tzinfo=zone)


@transaction.atomic
def hold_for_complaint(
    customer: Customer,
    *,
    complaint: str,
    note: str,
    by: User | None,
    now: datetime,
    about: Iterable[str] = (),
    amount: Decimal | None = None,
    currency: str = "",
    days: int | None = None,
) -> Hold:
    """An open complaint stops selling, surveys and greetings, and every dunning for 3 working days.

    Afterwards only the receivables that it names (`about`) stay undunned, up to `amount`: an angry
    customer is sometimes one who does not want to pay. Released when the complaint is settled.
    Raises as `place_hold`.
    """
    terms = policy.value("contact.holds.complaint")
    return place_hold(
        customer, purposes=terms["purposes"], reason=HoldReason.COMPLAINT, note=note,
        source=("complaint", complaint), by=by, now=now, about=about, amount=amount,
        currency=currency, days=days or policy.value("contact.holds.longest_days"),
        collect_until=_after_working_days(now, terms["collect_working_days"]),
    )  # fmt: skip


@transaction.atomic
def hold_for_bereavement(
    customer: Customer, *, note: str, source: tuple[str, str], by: User | None, now: datetime
) -> Hold:
    """A death in the house: neither selling nor dunning for 30 days. Raises as `place_hold`."""
    terms = policy.value("contact.holds.bereavement")
    return place_hold(customer, purposes=terms["purposes"], reason=HoldReason.BEREAVEMENT,
                      note=note, source=source, by=by, now=now, days=terms["days"])  # fmt: skip


@transaction.atomic
def hold_receivables(
    customer: Customer,
    *,
    about: Iterable[str],
    note: str,
    source: tuple[str, str],
    by: User,
    now: datetime,
    amount: Decimal | None = None,
    currency: str = "",
    reason: str = HoldReason.DISPUTE,
    days: int | None = None,
) -> Hold | Approval:
    """Stops the dunning of the receivables named, up to the amount in dispute (empty: all of it).

    A second hold on one of them within 90 days is a supervisor's: asked by someone else it becomes
    an approval (`receivable_hold`), and they are dunned on until that is decided. Raises BadInput,
    Conflict `already_asked`.
    """
    named = sorted({str(one) for one in about})
    if not named:
        raise BadInput({"about": ["required"]})
    terms: dict[str, Any] = {
        "purposes": ["collect"], "reason": str(reason), "note": note.strip(), "about": named,
        "currency": currency, "days": days or policy.value("contact.holds.longest_days"),
    }  # fmt: skip
    try:
        with transaction.atomic():
            return place_hold(customer, **terms, amount=amount, source=source, by=by, now=now)
    except NotAllowed:
        return _ask(customer, terms, amount=amount, source=source, by=by, now=now)


def _ask(
    customer: Customer,
    terms: dict[str, Any],
    *,
    amount: Decimal | None,
    source: tuple[str, str],
    by: User,
    now: datetime,
) -> Approval:
    if not terms["note"]:
        raise BadInput({"note": ["hold_needs_reason"]})
    disputed = format_money(amount, terms["currency"]) if amount is not None else "–"
    return approvals.ask(
        AGAIN,
        subject=("customer", str(customer.pk)),
        title={"code": AGAIN, "data": {"customer": customer.name, "count": len(terms["about"])}},
        evidence=[
            {"code": "customer", "value": customer.name, "url": f"/customers/{customer.pk}"},
            {"code": "disputed", "value": disputed},
            {"code": "days", "value": terms["days"]},
        ],
        payload={"terms": terms, "amount": str(amount) if amount is not None else None,
                 "source": list(source), "customer": str(customer.pk)},
        reason=terms["note"],
        by=by,
        now=now,
    )  # fmt: skip


@transaction.atomic
def carry_out_second(approval: Approval, by: User | None, now: datetime) -> None:
    """The second hold that was approved, in the name of whoever asked, counted from now."""
    payload = approval.payload
    customer = Customer.objects.get(pk=payload["customer"])
    if customer.merged_into_id is not None:
        raise Conflict("merged_meanwhile")
    amount = Decimal(payload["amount"]) if payload["amount"] is not None else None
    place_hold(customer, **payload["terms"], amount=amount, by=approval.asked_by, now=now,
               source=(payload["source"][0], payload["source"][1]), approved_by=by)  # fmt: skip


def register_kinds() -> None:
    """Says what an approval of a second hold does."""
    approvals.register(AGAIN, carry_out=carry_out_second)
