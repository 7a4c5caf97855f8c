"""Selling on terms: what joins an order, the customer's credit and the ledger (SA3–SA7).

The only way by which screens, API and imports conclude an order, let goods leave and record how
they arrived. Each takes the lock of the credit account first, so that two orders never take the
last of one limit, and writes order, delivery and ledger in one transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from genjin.customers import holds
from genjin.customers.models import Customer
from genjin.foundation import approvals, policy
from genjin.foundation.access import require_right
from genjin.foundation.models import Approval, User
from genjin.kernel.errors import BadInput, Conflict, GenjinError
from genjin.kernel.problems import Reason
from genjin.receivables import exposure
from genjin.receivables.models import Receivable
from genjin.receivables.operations import ledger
from genjin.receivables.states import Means
from genjin.sales import credit, delivering, ordering, terms
from genjin.sales.models import (
    CreditAccount,
    CreditDecision,
    Delivery,
    Order,
    TermsAgreement,
)
from genjin.sales.orders import home_currency
from genjin.sales.states import DeliveryState, PaymentTerm
from genjin.sales.terms import CreditFacts, DeliveryFacts, Ways

EXCEPTION_KIND = "terms_exception"


def is_prepayment_only(customer_id: object) -> bool:
    """Whether pressure has come to "no delivery before payment" for a customer (SA6)."""
    return False


def _facts(
    order: Order, account: CreditAccount, *, today: date, is_new: bool = True
) -> CreditFacts:
    """The customer's standing; with `is_new` the order itself does not count in it yet."""
    money = exposure.money_facts(credit.members_of(account), currency=account.currency, today=today)
    return credit.facts_of(
        account, order.customer, money, today=today, without=order if is_new else None,
        prepayment_only=is_prepayment_only(order.customer_id),
    )  # fmt: skip


@dataclass(frozen=True)
class Standing:
    """Where a customer stands and which ways of paying an order are open to them."""

    facts: CreditFacts
    ways: Ways
    amount: Decimal


@transaction.atomic
def standing_for(order: Order, *, now: datetime, offered: Sequence[str] | None = None) -> Standing:
    """What the desk and the order page show before anything is decided."""
    account = credit.locked_account(order.customer)
    today = timezone.localdate(now)
    facts = _facts(order, account, today=today)
    amount = credit.converted(order.total, order.currency, account.currency, today)
    ways = terms.ways_of_paying(
        facts, credit.terms_rules(), amount=amount, today=today, offered=offered,
        is_excepted=order.exception is not None and order.exception.state == "approved",
    )  # fmt: skip
    return Standing(facts, ways, amount)


def offered_by(order: Order) -> Sequence[str] | None:
    """The ways of paying that the campaign offers from which an order came; None: every one."""
    if order.source_kind != "campaign":
        return None
    found = policy.value(f"campaigns.terms.{order.source_id}")
    return list(found) if found else None


def needs_verification(order: Order, *, today: date) -> bool:
    """Whether someone other than the seller must confirm the deal with the customer (FU11)."""
    rules = policy.value("terms.verification")
    if order.payment_term == PaymentTerm.INSTALMENTS and rules["instalments"]:
        return True
    least = Decimal(str(rules["from_total"]))
    home = credit.converted(order.total, order.currency, home_currency(), today)
    return 0 < least <= home


@transaction.atomic
def record_terms(
    order: Order, *, answers: Sequence[str], by: User, now: datetime, **how: Any
) -> TermsAgreement:
    """Records what was told and answered in one conversation, each as a row of its own.

    `how` as `ordering.record_terms`. All or nothing; raises what it raises.
    """
    made: TermsAgreement | None = None
    for answer in answers:
        made = ordering.record_terms(order, answer=answer, by=by, now=now, **how)
    if made is None:
        raise BadInput({"answer": [Reason("required")]})
    return made


@transaction.atomic
def conclude_order(order: Order, *, by: User, now: datetime) -> Order:
    """Concludes an agreed order on its terms; what is paid before or in instalments is billed.

    Raises Conflict `terms_not_agreed`; `term_not_open` with reasons and the ways permitted.
    """
    account = credit.locked_account(order.customer)
    today = timezone.localdate(now)
    row = ordering.conclude(
        order, facts=_facts(order, account, today=today),
        amount=credit.converted(order.total, order.currency, account.currency, today),
        rules=credit.terms_rules(), offered=offered_by(order),
        is_verification_needed=needs_verification(order, today=today), by=by, now=now,
    )  # fmt: skip
    _bill_at_once(row, by=by, now=now)
    return row


def _bill_at_once(order: Order, *, by: User, now: datetime) -> None:
    """Bills what is owed before delivery: the whole, or the instalments on their days (SA7)."""
    today = timezone.localdate(now)
    if not order.total:
        return
    if order.payment_term == PaymentTerm.BEFORE:
        _bill(order, amount=order.total, due_on=today, issued_on=today, source=("order", order.pk),
              position=None, by=by, now=now)  # fmt: skip
    if order.payment_term == PaymentTerm.INSTALMENTS:
        for place, due in enumerate(ordering.plan_of(order), start=1):
            _bill(order, amount=due.amount, due_on=due.due_on, issued_on=today,
                  source=("instalment", order.pk), position=place, by=by, now=now)  # fmt: skip


def _bill(
    order: Order, *, amount: Decimal, due_on: date | None, issued_on: date,
    source: tuple[str, object], position: int | None, by: User | None, now: datetime,
) -> Receivable:  # fmt: skip
    number = f"{order.number}/{position}" if position else order.number
    return ledger.bill(
        order.customer, amount=amount, currency=order.currency, issued_on=issued_on,
        due_on=due_on, number=number, source=(source[0], str(source[1])), position=position,
        order_ref=str(order.pk), salesperson=order.seller, by=by, now=now,
    )  # fmt: skip


@transaction.atomic
def ask_exception(order: Order, *, reason: str, by: User, now: datetime) -> Approval:
    """Asks a named person to let an order stand on terms that the rules refuse (SA3).

    Raises Conflict `no_exception_needed`; `credit_stopped`, which nobody may pass over;
    BadInput reason; Conflict `already_asked`.
    """
    require_right(by, ordering.CONCLUDE)
    row = ordering.locked(order)
    found = standing_for(row, now=now)
    against = found.ways.against[row.payment_term]
    if not against:
        raise Conflict("no_exception_needed")
    if any(one.code == "credit_stopped" for one in against):
        raise Conflict("credit_stopped")
    home = credit.converted(row.total, row.currency, home_currency(), timezone.localdate(now))
    return approvals.ask(
        EXCEPTION_KIND, subject=("deal", str(row.pk)),
        title={"code": EXCEPTION_KIND, "data": {
            "customer": row.customer.name, "total": row.total, "currency": row.currency,
            "term": row.payment_term,
        }},
        payload={"order": str(row.pk), "digest": ordering.digest_of(ordering.terms_told(row))},
        evidence=[{"code": "against", "value": one.to_json(), "url": ""} for one in against],
        reason=reason, amount=home, currency=home_currency(), by=by, now=now,
    )  # fmt: skip


def grant_exception(approval: Approval, by: User | None, now: datetime) -> None:
    """Carries out an approved exception: it holds for these very lines and terms and no others."""
    order = Order.objects.get(pk=approval.payload["order"])
    row = ordering.locked(order)
    if row.state not in ordering.CHANGEABLE:
        raise Conflict("order_not_changeable", state=row.state)
    if ordering.digest_of(ordering.terms_told(row)) != approval.payload["digest"]:
        raise Conflict("order_changed_since")
    row.exception = approval
    row.save(update_fields=["exception"])


approvals.register(EXCEPTION_KIND, carry_out=grant_exception)


@transaction.atomic
def cancel_order(order: Order, *, reason: str, by: User, now: datetime) -> Order:
    """Ends an order before anything was delivered; what was billed for it is credited.

    What the customer had paid becomes an advance, to be refunded or used. Raises as
    `ordering.cancel`.
    """
    credit.locked_account(order.customer)
    row = ordering.cancel(order, reason=reason, by=by, now=now)
    for delivery in row.deliveries.filter(
        state__in=[DeliveryState.PLANNED, DeliveryState.RELEASED]
    ):
        delivering.cancel_delivery(delivery, reason=reason, by=by, now=now)
    _credit_bills(row, row.total, reason=reason, by=by, now=now)
    return row


def _credit_bills(order: Order, amount: Decimal, *, reason: str, by: User, now: datetime) -> None:
    """Credits what was billed ahead of delivery, up to an amount: the newest bill first.

    A bill is open first, then paid: crediting a paid one leaves an advance.
    """
    bills = list(
        Receivable.objects.filter(
            order_ref=str(order.pk), source_kind__in=["order", "instalment"], is_charge=False
        ).order_by("-due_on", "-pk")
    )
    billed = sum((one.amount for one in bills), Decimal(0))
    amount = min(amount, billed)
    if not amount:
        return
    parts, left = [], amount
    for one in bills:
        part = min(one.open_amount, left)
        if part:
            parts.append((one, part))
            left -= part
    ledger.credit_note(
        order.customer, amount=amount, currency=order.currency,
        booked_on=timezone.localdate(now), reference=order.number, reason=reason.strip()[:300],
        allocate=parts, by=by, now=now,
    )  # fmt: skip


@transaction.atomic
def close_order(order: Order, *, reason: str, by: User, now: datetime) -> Order:
    """Ends a concluded order; what was billed ahead and not delivered is credited."""
    credit.locked_account(order.customer)
    for delivery in order.deliveries.filter(state=DeliveryState.PLANNED):
        delivering.cancel_delivery(delivery, reason=reason, by=by, now=now)
    row = ordering.close(order, reason=reason, by=by, now=now)
    _credit_bills(row, ordering.undelivered(row), reason=reason, by=by, now=now)
    return row


@transaction.atomic
def reopen_order(order: Order, *, reason: str, by: User, now: datetime) -> Order:
    """Opens a closed order again: what is left to deliver must fit the terms as a new order."""
    account = credit.locked_account(order.customer)
    today = timezone.localdate(now)
    left = ordering.undelivered(order)
    row = ordering.reopen(
        order, facts=_facts(order, account, today=today),
        amount=credit.converted(left, order.currency, account.currency, today),
        rules=credit.terms_rules(), reason=reason, by=by, now=now,
    )  # fmt: skip
    if left and row.payment_term in (PaymentTerm.BEFORE, PaymentTerm.INSTALMENTS):
        _bill(row, amount=left, due_on=today, issued_on=today, source=("order", row.pk),
              position=None, by=by, now=now)  # fmt: skip
    return row


def delivery_facts(delivery: Delivery, *, now: datetime) -> DeliveryFacts:
    """Everything that decides whether a delivery may leave now."""
    order = delivery.order
    today = timezone.localdate(now)
    account = credit.locked_account(delivery.customer)
    gone = order.deliveries.filter(
        state__in=[DeliveryState.RELEASED, DeliveryState.SHIPPED, DeliveryState.DELIVERED]
    ).exclude(pk=delivery.pk)
    money = exposure.money_of_order(order.pk, today=today)
    hold = holds.stops_delivery(delivery.customer, now)
    return DeliveryFacts(
        term=order.payment_term, amount=delivery.amount, currency=delivery.currency,
        total=order.total, delivered=sum(gone.values_list("amount", flat=True), Decimal(0)),
        covered=money.paid, billed_unpaid=money.due_unpaid,
        holds=({"reason": hold.reason, "note": hold.note, "until": hold.ends_at},) if hold else (),
        is_verification_missing=order.is_verification_needed and not order.is_verified,
        credit=_facts(order, account, today=today, is_new=False),
    )  # fmt: skip


@transaction.atomic
def problems_of(delivery: Delivery, *, now: datetime) -> list[Reason]:
    """Why a delivery may not leave now; empty: it may."""
    facts = delivery_facts(delivery, now=now)
    return terms.delivery_problems(facts, credit.terms_rules())


class DeliveryRefused(GenjinError):
    """Goods may not leave; `reasons` says why, and is kept with the delivery."""

    code = "delivery_refused"

    def __init__(self, reasons: Sequence[Reason], **values: object):
        self.reasons = list(reasons)
        super().__init__(data={**values, "reasons": [one.to_json() for one in reasons]})


def release_delivery(delivery: Delivery, *, by: User, now: datetime) -> Delivery:
    """Lets a delivery leave: holds, verification, payment and credit are asked (SA6).

    Raises DeliveryRefused with every reason, which stays on the delivery and the timeline.
    """
    require_right(by, delivering.RIGHT)
    with transaction.atomic():
        row = delivering.locked_delivery(delivery)
        reasons = problems_of(row, now=now)
        if not reasons:
            return delivering.release(row, by=by, now=now)
        delivering.withhold(row, reasons=reasons, by=by, now=now)
    raise DeliveryRefused(reasons, delivery=str(row.pk))


@transaction.atomic
def ship_delivery(
    delivery: Delivery, *, by: User, now: datetime, deliverer: str = "", tracking: str = ""
) -> Delivery:
    """Sends a released delivery on its way, unless a hold came up since. Raises DeliveryRefused."""
    require_right(by, delivering.RIGHT)
    hold = holds.stops_delivery(delivery.customer, now)
    if hold is not None:
        data = {"reason": hold.reason, "note": hold.note, "until": hold.ends_at}
        raise DeliveryRefused([Reason("delivery_held", data)], delivery=str(delivery.pk))
    return delivering.ship(delivery, by=by, now=now, deliverer=deliverer, tracking=tracking)


@transaction.atomic
def record_arrival(
    delivery: Delivery,
    *,
    delivered_on: date,
    condition: str,
    by: User,
    now: datetime,
    receiver: str = "",
    proof: str = "",
    collected_amount: Decimal = Decimal(0),
    note: str = "",
) -> Delivery:
    """Records how goods arrived and owes what is due by the order's terms.

    Money that the deliverer took is a payment in their hands ("deliverer"). Raises BadInput.
    """
    require_right(by, delivering.RIGHT)
    credit.locked_account(delivery.customer)
    row = delivering.arrive(
        delivery, delivered_on=delivered_on, condition=condition, by=by, now=now,
        receiver=receiver, proof=proof, collected_amount=collected_amount, note=note,
    )  # fmt: skip
    order = row.order
    billed = [
        _bill(order, amount=due.amount, due_on=due.due_on, issued_on=delivered_on,
              source=("delivery", row.pk), position=None, by=by, now=now)
        for due in terms.due_days(order.payment_term, delivered_on=delivered_on,
                                  net_days=order.net_days, amount=row.amount)
        if due.amount
    ]  # fmt: skip
    if collected_amount:
        # An advance may have paid a part of it already; what is too much stays one.
        owed = [(one, min(collected_amount, one.open_amount)) for one in billed if one.open_amount]
        ledger.receive_payment(
            row.customer, amount=collected_amount, currency=row.currency, means=Means.DELIVERER,
            received_on=delivered_on, reference=row.number, allocate=owed[:1] if billed else None,
            external_key=f"delivery:{row.pk}", by=by, now=now,
        )  # fmt: skip
    return row


@transaction.atomic
def set_credit(
    customer: Customer, *, limit: Decimal, standing: str, reason: str, by: User, now: datetime
) -> CreditDecision:
    """Sets a customer's credit on the ledger's facts. Raises as `credit.decide_credit`."""
    account = credit.locked_account(customer)
    money = exposure.money_facts(
        credit.members_of(account), currency=account.currency, today=timezone.localdate(now)
    )
    return credit.decide_credit(
        customer, limit=limit, standing=standing, reason=reason, money=money, by=by, now=now
    )


def grade_credits(now: datetime) -> int:
    """The night's work: works out every credit grade anew; returns how many changed."""
    changed = 0
    for account in CreditAccount.objects.order_by("pk").iterator(chunk_size=500):
        money = exposure.money_facts(
            credit.members_of(account), currency=account.currency, today=timezone.localdate(now)
        )
        before = account.grade
        changed += credit.set_grade(account, money, by=None, now=now) != before
    return changed
