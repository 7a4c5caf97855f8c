"""Orders with their terms: drafted, told, agreed on record, concluded (SA3).

An order is concluded only with its terms told and agreed, on record, and only on terms that the
rules leave open; `flows.selling` brings the facts about money and is the way of screens, API and
imports. Changing lines or terms makes a draft of it again: what was agreed is what is delivered.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from genjin.customers import events, timeline
from genjin.customers.models import ContactPerson, Customer, ProductCategory
from genjin.customers.operations.changes import lock, touch
from genjin.foundation import audit
from genjin.foundation.access import require_right
from genjin.foundation.models import User
from genjin.foundation.numbering import draw
from genjin.foundation.transitions import transition
from genjin.kernel.errors import BadInput, Conflict
from genjin.kernel.money import quantise
from genjin.kernel.problems import Reason
from genjin.sales import terms
from genjin.sales.models import Delivery, Order, OrderLine, Product, TermsAgreement
from genjin.sales.opportunities import operations as opportunities
from genjin.sales.orders import (
    amount_problem,
    currency_problem,
    deal_event,
    follow_orders,
    home_currency,
    rate_on,
    timeline_entry,
)
from genjin.sales.states import (
    ALIVE_DELIVERIES,
    LINE_STATES,
    ORDER_STATES,
    AgreementMeans,
    DeliveryState,
    LineState,
    OrderState,
    PaymentTerm,
)
from genjin.sales.terms import Due, TermsRules

RIGHT, CONCLUDE = "orders.enter", "orders.conclude"
CHANGEABLE = (OrderState.DRAFT, OrderState.TOLD, OrderState.AGREED)
MOST_LINES = 200


@dataclass(frozen=True)
class LineDraft:
    """A line as it is entered. `amount` None: quantity × unit price, rounded to the currency.

    A gift may cost nothing; everything else has a price.
    """

    category: ProductCategory
    quantity: Decimal = Decimal(1)
    unit_price: Decimal | None = None
    amount: Decimal | None = None
    product: Product | None = None
    text: str = ""
    is_trial: bool = False
    trial_for: str = ""
    trial_decided_on: date | None = None
    is_gift: bool = False
    gift_for: str = ""
    gift_on: date | None = None
    external_key: str = ""


@dataclass(frozen=True)
class TermsDraft:
    """When an order is paid: `net_days` from delivery for `after`, `plan` for instalments."""

    payment_term: str = PaymentTerm.BEFORE
    net_days: int = 0
    plan: Sequence[Due] = field(default_factory=tuple)


def plan_of(order: Order) -> list[Due]:
    """The instalments of an order, in their order."""
    return [
        Due(date.fromisoformat(row["due_on"]), Decimal(row["amount"])) for row in order.instalments
    ]


def line_amount(draft: LineDraft, currency: str) -> Decimal | None:
    """What a line comes to; None where neither an amount nor a price was given."""
    if draft.amount is not None:
        return draft.amount
    if draft.unit_price is None:
        return Decimal(0) if draft.is_gift else None
    return quantise(draft.quantity * draft.unit_price, currency)


def _line_problems(draft: LineDraft, currency: str) -> dict[str, list[Reason]]:
    found: dict[str, list[Reason]] = {}
    amount = line_amount(draft, currency)
    if amount is None:
        found["unit_price"] = [Reason("required")]
    elif (amount or not draft.is_gift) and (wrong := amount_problem(amount, currency)):
        found["unit_price"] = [wrong]
    if not draft.quantity.is_finite() or not 0 < draft.quantity < Decimal(10) ** 9:
        found["quantity"] = [Reason("amount_not_positive")]
    if not draft.category.is_active:
        found["category"] = [Reason("category_retired")]
    if draft.is_trial and not (draft.trial_for.strip() and draft.trial_decided_on):
        found["trial_for"] = [Reason("trial_needs_aim_and_day")]
    if draft.is_gift and not (draft.gift_for.strip() and draft.gift_on):
        found["gift_for"] = [Reason("gift_needs_person_and_day")]
    for name, limit in (("text", 200), ("trial_for", 120), ("gift_for", 120)):
        value = getattr(draft, name)
        if len(value) > limit:
            found[name] = [Reason("too_long", {"limit": limit})]
        elif "\x00" in value:
            found[name] = [Reason("bad_character")]
    return found


def _checked_lines(lines: Sequence[LineDraft], currency: str) -> None:
    """Raises BadInput at `line-N-field`, or for the whole."""
    problems: dict[str | int, list[Reason]] = {}
    if not 1 <= len(lines) <= MOST_LINES:
        problems["lines"] = [Reason("number_of_lines", {"most": MOST_LINES})]
    for place, line in enumerate(lines):
        for name, reasons in _line_problems(line, currency).items():
            problems[f"line-{place}-{name}"] = reasons
    if problems:
        raise BadInput(problems)


def checked_terms(
    draft: TermsDraft, *, total: Decimal, rules: TermsRules, today: date
) -> dict[str, Any]:
    """The columns of an order's terms. Raises BadInput at payment_term, net_days, plan."""
    problems: dict[str | int, list[Reason]] = {}
    if draft.payment_term not in PaymentTerm.values:
        problems["payment_term"] = [Reason("not_a_choice", {"value": draft.payment_term[:12]})]
    if draft.payment_term == PaymentTerm.AFTER:
        most = rules.longest_net_days
        if not 1 <= draft.net_days <= most:
            problems["net_days"] = [Reason("out_of_bounds", {"least": 1, "most": most})]
    if draft.payment_term == PaymentTerm.INSTALMENTS:
        wrong = terms.plan_problems(draft.plan, total=total, rules=rules, today=today)
        if wrong:
            problems["plan"] = wrong
    if problems:
        raise BadInput(problems)
    is_after = draft.payment_term == PaymentTerm.AFTER
    is_plan = draft.payment_term == PaymentTerm.INSTALMENTS
    rows = [{"due_on": one.due_on.isoformat(), "amount": str(one.amount)} for one in draft.plan]
    return {
        "payment_term": draft.payment_term,
        "net_days": draft.net_days if is_after else 0,
        "instalments": rows if is_plan else [],
    }


@transaction.atomic
def draft_order(
    customer: Customer,
    *,
    lines: Sequence[LineDraft],
    rules: TermsRules,
    by: User | None,
    now: datetime,
    currency: str = "",
    payment: TermsDraft | None = None,
    deliver_on: date | None = None,
    deliver_to: str = "",
    note: str = "",
    source: tuple[str, str] = ("", ""),
    external_key: str = "",
    seller: User | None = None,
) -> Order:
    """Begins an order; nothing is promised by it yet.

    The same `external_key` gives the order that stands under it (Conflict `key_of_another` where
    it is another customer's). BadInput by field: lines at `line-N-field`, terms, currency.
    """
    row = lock(customer)
    currency = (currency or home_currency()).strip().upper()
    today = timezone.localdate(now)
    if wrong := currency_problem(currency, today):
        raise BadInput({"currency": [wrong]})
    if known := _known(row, external_key):
        return known
    _check_texts({"deliver_to": (deliver_to, 300), "note": (note, 500),
                  "external_key": (external_key, 80)})  # fmt: skip
    _checked_lines(lines, currency)
    total = _total(lines, currency)
    values = checked_terms(payment or TermsDraft(), total=total, rules=rules, today=today)
    order = Order.objects.create(
        customer=row, currency=currency, total=total, seller=seller or by, created_by=by,
        created_at=now, deliver_on=deliver_on, deliver_to=deliver_to.strip(), note=note.strip(),
        source_kind=source[0], source_id=source[1], external_key=external_key.strip(), **values,
    )  # fmt: skip
    _write_lines(order, lines, by=by, now=now)
    audit.record("add", order, by=by, now=now, label=f"{row.name}: {total} {currency}",
                 changes={"total": [None, total], "payment_term": [None, order.payment_term]},
                 )  # fmt: skip
    timeline.append(row.pk, kind="order", code="order_drafted", by=by, at=now, data=_told(order),
                    source=("deal", str(order.pk)))  # fmt: skip
    touch(row, now)
    return order


def _check_texts(texts: Mapping[str, tuple[str, int]]) -> None:
    problems: dict[str | int, list[Reason]] = {}
    for name, (text, limit) in texts.items():
        if len(text) > limit:
            problems[name] = [Reason("too_long", {"limit": limit})]
        elif "\x00" in text:
            problems[name] = [Reason("bad_character")]
    if problems:
        raise BadInput(problems)


def _known(customer: Customer, external_key: str) -> Order | None:
    if not external_key:
        return None
    known = Order.objects.filter(external_key=external_key.strip()).first()
    if known is not None and known.customer_id != customer.pk:
        raise Conflict("key_of_another", key=external_key)
    return known


def _total(lines: Sequence[LineDraft], currency: str) -> Decimal:
    return sum((line_amount(line, currency) or Decimal(0) for line in lines), Decimal(0))


def _write_lines(
    order: Order, lines: Sequence[LineDraft], *, by: User | None, now: datetime
) -> None:
    today = timezone.localdate(now)
    rate = rate_on(order.currency, today)
    assert rate is not None  # the currency was checked for this day
    OrderLine.objects.bulk_create(
        OrderLine(
            customer_id=order.customer_id, order=order, position=place, state=LineState.DRAFT,
            category=line.category, product=line.product, text=line.text.strip(),
            quantity=line.quantity, unit_price=line.unit_price, ordered_on=today,
            amount=(amount := line_amount(line, order.currency) or Decimal(0)),
            currency=order.currency, rate=rate,
            home_amount=quantise(amount * rate, home_currency()), is_trial=line.is_trial,
            trial_for=line.trial_for.strip(), trial_decided_on=line.trial_decided_on,
            is_gift=line.is_gift, gift_for=line.gift_for.strip(), gift_on=line.gift_on,
            source="order", external_key=line.external_key.strip(), created_at=now, by=by,
        )
        for place, line in enumerate(lines, start=1)
    )  # fmt: skip


def _told(order: Order) -> dict[str, Any]:
    """What the timeline says of an order."""
    return {
        "number": order.number, "total": order.total, "currency": order.currency,
        "payment_term": order.payment_term, "net_days": order.net_days,
    }  # fmt: skip


def locked(order: Order) -> Order:
    """The order's row, held until the transaction ends; the card is locked before it."""
    lock(order.customer)
    return Order.objects.select_for_update(of=("self",)).select_related("customer").get(pk=order.pk)


@transaction.atomic
def change_order(
    order: Order,
    *,
    lines: Sequence[LineDraft],
    payment: TermsDraft,
    rules: TermsRules,
    by: User,
    now: datetime,
    deliver_on: date | None = None,
    deliver_to: str = "",
    note: str = "",
) -> Order:
    """Writes lines and terms anew; what was told or agreed before is a draft again.

    Conflict `order_not_changeable` once it is concluded; BadInput as `draft_order`.
    """
    require_right(by, RIGHT)
    row = locked(order)
    if row.state not in CHANGEABLE:
        raise Conflict("order_not_changeable", state=row.state)
    _check_texts({"deliver_to": (deliver_to, 300), "note": (note, 500)})
    _checked_lines(lines, row.currency)
    total = _total(lines, row.currency)
    values = checked_terms(payment, total=total, rules=rules, today=timezone.localdate(now))
    if row.state != OrderState.DRAFT:
        transition(row, field="state", table=ORDER_STATES, to=OrderState.DRAFT, by=by, now=now,
                   reason="changed")  # fmt: skip
    row.lines.all().delete()
    _write_lines(row, lines, by=by, now=now)
    values |= {"total": total, "deliver_on": deliver_on, "deliver_to": deliver_to.strip(),
               "note": note.strip(), "exception": None}  # fmt: skip
    audit.change(row, values, by=by, now=now)
    return row


def terms_told(order: Order) -> dict[str, Any]:
    """The whole of what a customer is told and agrees to: lines, total, payment."""
    lines = order.lines.select_related("product").order_by("position")
    told: dict[str, Any] = audit.plain({
        "lines": [
            {
                "text": line.text or (line.product.name if line.product else ""),
                "quantity": line.quantity, "amount": line.amount, "is_gift": line.is_gift,
                "is_trial": line.is_trial,
            }
            for line in lines
        ],
        "total": order.total, "currency": order.currency, "payment_term": order.payment_term,
        "net_days": order.net_days, "instalments": order.instalments,
        "deliver_on": order.deliver_on,
    })  # fmt: skip
    return told


def digest_of(told: Mapping[str, Any]) -> str:
    """A fingerprint by which terms agreed are known again."""
    text = json.dumps(told, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


@transaction.atomic
def record_terms(
    order: Order,
    *,
    answer: str,
    means: str,
    by: User,
    now: datetime,
    person: ContactPerson | None = None,
    evidence: str = "",
    words: str = "",
) -> TermsAgreement:
    """Appends that the terms were told, agreed to or not agreed to, by whom and how.

    Agreement needs a person or proof. Telling and agreeing in one call is two records.
    BadInput; Conflict `terms_not_told`, `order_not_changeable`.
    """
    require_right(by, CONCLUDE)
    row = locked(order)
    problems: dict[str | int, list[Reason]] = {}
    if answer not in TermsAgreement.Answer.values:
        problems["answer"] = [Reason("not_a_choice", {"value": answer[:10]})]
    if means not in AgreementMeans.values:
        problems["means"] = [Reason("not_a_choice", {"value": means[:10]})]
    if person is not None and person.customer_id != row.customer_id:
        problems["person"] = [Reason("not_of_this_customer")]
    agreed = answer == TermsAgreement.Answer.AGREED
    is_organisation = row.customer.kind != "person"
    if agreed and is_organisation and person is None and not evidence.strip():
        problems["person"] = [Reason("who_agreed")]
    if problems:
        raise BadInput(problems)
    _check_texts({"evidence": (evidence, 300), "words": (words, 500)})
    if row.state not in CHANGEABLE:
        raise Conflict("order_not_changeable", state=row.state)
    told = terms_told(row)
    if agreed and row.state == OrderState.DRAFT:
        raise Conflict("terms_not_told")
    made = TermsAgreement.objects.create(
        order=row, customer_id=row.customer_id, answer=answer, terms=told, digest=digest_of(told),
        person=person, means=means, evidence=evidence.strip(), words=words.strip(), at=now, by=by,
    )  # fmt: skip
    _follow_answer(row, answer, by=by, now=now)
    timeline.append(row.customer_id, kind="order", code=f"terms_{answer}", by=by, at=now,
                    data={**_told(row), "means": means, "words": words.strip()},
                    source=("deal", str(row.pk)))  # fmt: skip
    return made


def _follow_answer(row: Order, answer: str, *, by: User, now: datetime) -> None:
    to = {
        TermsAgreement.Answer.TOLD: OrderState.TOLD,
        TermsAgreement.Answer.AGREED: OrderState.AGREED,
        TermsAgreement.Answer.REFUSED: OrderState.DRAFT,
    }[TermsAgreement.Answer(answer)]
    if row.state != to and not (to == OrderState.TOLD and row.state == OrderState.AGREED):
        transition(row, field="state", table=ORDER_STATES, to=to, by=by, now=now)


def agreement_of(order: Order) -> TermsAgreement | None:
    """The agreement that covers the order as it stands; None: there is none."""
    newest = order.agreements.exclude(answer="told").order_by("-at", "-pk").first()
    if newest is None or newest.answer != TermsAgreement.Answer.AGREED:
        return None
    return newest if newest.digest == digest_of(terms_told(order)) else None


@transaction.atomic
def conclude(
    order: Order,
    *,
    facts: terms.CreditFacts,
    amount: Decimal,
    rules: TermsRules,
    offered: Sequence[str] | None,
    is_verification_needed: bool,
    by: User,
    now: datetime,
) -> Order:
    """Makes a deal of an agreed order: its lines count, its number is drawn.

    `amount` is the total in the credit account's currency, `facts` the customer's standing; the
    caller (`flows.selling`) holds the credit account's lock, so that no two orders take the last
    of a limit. Raises Conflict `terms_not_agreed`; `term_not_open` with the reasons and the ways
    that are permitted.
    """
    require_right(by, CONCLUDE)
    row = locked(order)
    if row.state != OrderState.AGREED or agreement_of(row) is None:
        raise Conflict("terms_not_agreed", state=row.state)
    _require_open(row, facts, rules, amount=amount, offered=offered, now=now)
    is_first = not OrderLine.objects.filter(
        customer=row.customer_id, kind=OrderLine.Kind.ORDER, state=LineState.CONCLUDED
    ).exists()
    transition(row, field="state", table=ORDER_STATES, to=OrderState.CONCLUDED, by=by, now=now,
               number=draw("order", on=timezone.localdate(now)), concluded_at=now,
               is_verification_needed=is_verification_needed)  # fmt: skip
    lines = list(row.lines.select_related("category", "product").order_by("position"))
    _conclude_lines(row, lines, now=now)
    timeline.append(row.customer_id, kind="order", code="order_concluded", by=by, at=now,
                    data=_told(row), source=("deal", str(row.pk)))  # fmt: skip
    for line in lines:
        timeline_entry(line, by=by, now=now).save(force_insert=True)
    follow_orders([row.customer_id], by=by, now=now)
    opportunities.follow_concluded(row, by=by, now=now)
    # One deal, one thank-you: told of the line that weighs most.
    main = max(lines, key=lambda line: line.amount)
    events.emit_many([deal_event(main, is_first=is_first, by=by)], now=now)
    return row


def _require_open(
    row: Order, facts: terms.CreditFacts, rules: TermsRules, *, amount: Decimal,
    offered: Sequence[str] | None, now: datetime,
) -> None:  # fmt: skip
    ways = terms.ways_of_paying(
        facts, rules, amount=amount, today=timezone.localdate(now), offered=offered,
        is_excepted=row.exception is not None and row.exception.state == "approved",
    )  # fmt: skip
    if not ways.is_open(row.payment_term):
        raise Conflict(
            "term_not_open", term=row.payment_term, permitted=ways.permitted,
            reasons=[reason.to_json() for reason in ways.against[row.payment_term]],
        )  # fmt: skip


def _conclude_lines(row: Order, lines: Sequence[OrderLine], *, now: datetime) -> None:
    """The lines count from the day of the deal, at that day's rate."""
    day = timezone.localdate(now)
    rate = rate_on(row.currency, day)
    assert rate is not None
    for line in lines:
        LINE_STATES.check(line.state, LineState.CONCLUDED)
        line.state, line.ordered_on, line.rate = LineState.CONCLUDED, day, rate
        line.home_amount = quantise(line.amount * rate, home_currency())
    OrderLine.objects.bulk_update(lines, ["state", "ordered_on", "rate", "home_amount"])


@transaction.atomic
def cancel(order: Order, *, reason: str, by: User, now: datetime) -> Order:
    """Ends an order before anything of it was delivered; its lines count nowhere.

    Bills that stand for it are credited by `flows.selling`. BadInput without a reason; Conflict
    `order_was_delivered`, LostRace.
    """
    require_right(by, CONCLUDE)
    _require_reason(reason)
    row = locked(order)
    on_the_way = (DeliveryState.SHIPPED, DeliveryState.DELIVERED)
    if row.deliveries.filter(state__in=on_the_way).exists():
        raise Conflict("order_was_delivered")
    was_concluded = row.state == OrderState.CONCLUDED
    transition(row, field="state", table=ORDER_STATES, to=OrderState.CANCELLED, by=by, now=now,
               reason=reason, end_reason=reason.strip()[:300])  # fmt: skip
    row.lines.exclude(state=LineState.CANCELLED).update(state=LineState.CANCELLED)
    timeline.append(row.customer_id, kind="order", code="deal_cancelled", by=by, at=now,
                    data={**_told(row), "reason": reason.strip()},
                    source=("deal", str(row.pk)))  # fmt: skip
    if was_concluded:
        follow_orders([row.customer_id], by=by, now=now)
    opportunities.follow_cancelled(row, reason=reason, by=by, now=now)
    return row


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise BadInput({"reason": [Reason("required")]})
    if len(reason.strip()) > 300:
        raise BadInput({"reason": [Reason("too_long", {"limit": 300})]})


@transaction.atomic
def close(order: Order, *, reason: str, by: User, now: datetime) -> Order:
    """Ends a concluded order; what was not delivered is not owed any more.

    Conflict `deliveries_open` while goods are released or on the way.
    """
    require_right(by, CONCLUDE)
    _require_reason(reason)
    row = locked(order)
    under_way = (DeliveryState.RELEASED, DeliveryState.SHIPPED)
    if row.deliveries.filter(state__in=under_way).exists():
        raise Conflict("deliveries_open")
    transition(row, field="state", table=ORDER_STATES, to=OrderState.CLOSED, by=by, now=now,
               reason=reason, closed_at=now, end_reason=reason.strip()[:300])  # fmt: skip
    timeline.append(row.customer_id, kind="order", code="deal_closed", by=by, at=now,
                    data={**_told(row), "reason": reason.strip()},
                    source=("deal", str(row.pk)))  # fmt: skip
    return row


@transaction.atomic
def reopen(
    order: Order,
    *,
    facts: terms.CreditFacts,
    amount: Decimal,
    rules: TermsRules,
    reason: str,
    by: User,
    now: datetime,
) -> Order:
    """Opens a closed order again; what is still to be delivered must fit the terms as a new order.

    `amount` is what is still to be delivered, in the credit account's currency: closing and
    reopening is no way around a limit, and an exception granted once does not serve twice.
    Conflict `term_not_open` as `conclude`.
    """
    require_right(by, CONCLUDE)
    _require_reason(reason)
    row = locked(order)
    row.exception = None
    _require_open(row, facts, rules, amount=amount, offered=None, now=now)
    transition(row, field="state", table=ORDER_STATES, to=OrderState.CONCLUDED, by=by, now=now,
               reason=reason, closed_at=None, exception=None)  # fmt: skip
    timeline.append(row.customer_id, kind="order", code="deal_reopened", by=by, at=now,
                    data={**_told(row), "reason": reason.strip()},
                    source=("deal", str(row.pk)))  # fmt: skip
    return row


def undelivered(order: Order) -> Decimal:
    """What of an order's amount no living delivery carries yet."""
    carried = Delivery.objects.filter(order=order, state__in=ALIVE_DELIVERIES)
    return order.total - sum(carried.values_list("amount", flat=True), Decimal(0))
