"""What the pages of orders, deliveries and credit show."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from genjin.flows import selling
from genjin.foundation import approvals
from genjin.foundation.access import has_right
from genjin.foundation.models import User
from genjin.kernel.problems import Reason
from genjin.receivables import exposure
from genjin.sales import credit, delivering, ordering
from genjin.sales.deal_sentences import persuasion, sentences
from genjin.sales.models import CreditAccount, Delivery, Order, OrderLine
from genjin.sales.states import DeliveryState, OrderState, PaymentTerm
from genjin.web.orders.words import category_name, money

TONES = {
    OrderState.DRAFT: "quiet", OrderState.TOLD: "warn", OrderState.AGREED: "accent",
    OrderState.CONCLUDED: "good", OrderState.CLOSED: "quiet", OrderState.CANCELLED: "bad",
}  # fmt: skip
DELIVERY_TONES = {
    DeliveryState.PLANNED: "quiet", DeliveryState.RELEASED: "accent",
    DeliveryState.SHIPPED: "accent", DeliveryState.DELIVERED: "good",
    DeliveryState.REFUSED: "bad", DeliveryState.CANCELLED: "quiet",
}  # fmt: skip
CREDIT_TONES = {"none": "quiet", "open": "good", "watch": "warn", "stopped": "bad"}


def payment_words(order: Order) -> str:
    """When an order is paid, in words."""
    if order.payment_term == PaymentTerm.AFTER:
        return _("%(days)s days after delivery") % {"days": order.net_days}
    if order.payment_term == PaymentTerm.INSTALMENTS:
        return _("in %(count)s instalments") % {"count": len(order.instalments)}
    return str(order.get_payment_term_display())


def deal_row(order: Order) -> dict[str, Any]:
    """An order as a line of a list."""
    return {
        "order": order,
        "number": order.number or _("not numbered yet"),
        "total": money(order.total, order.currency),
        "payment": payment_words(order),
        "tone": TONES[OrderState(order.state)],
        "state": order.get_state_display(),
    }


def line_row(line: OrderLine) -> dict[str, Any]:
    return {
        "line": line,
        "what": line.text or (line.product.name if line.product else category_name(line.category)),
        "category": category_name(line.category),
        "quantity": line.quantity.normalize(),
        "price": money(line.unit_price, line.currency) if line.unit_price is not None else "",
        "amount": money(line.amount, line.currency),
    }


def delivery_row(delivery: Delivery) -> dict[str, Any]:
    return {
        "delivery": delivery,
        "number": delivery.number or _("not numbered yet"),
        "amount": money(delivery.amount, delivery.currency),
        "tone": DELIVERY_TONES[DeliveryState(delivery.state)],
        "state": delivery.get_state_display(),
        "day": delivery.delivered_on or delivery.planned_on,
        "withheld": sentences(map(Reason.from_json, delivery.withheld)),
    }


def ways_rows(found: selling.Standing, chosen: str) -> list[dict[str, Any]]:
    """Each way of paying with what stands against it and what to say about it."""
    return [
        {
            "term": term,
            "label": PaymentTerm(term).label,
            "is_open": not reasons,
            "is_chosen": term == chosen,
            "reasons": sentences(reasons),
            "persuasion": persuasion(one.code for one in reasons),
        }
        for term, reasons in found.ways.against.items()
    ]


def order_page(order: Order, user: User, *, now: Any, today: date) -> dict[str, Any]:
    """Everything on the page of one order; the same number of queries whatever it holds."""
    lines = order.lines.select_related("product", "category").order_by("position")
    state = OrderState(order.state)
    standing = selling.standing_for(order, now=now) if state in ordering.CHANGEABLE else None
    against = standing.ways.against[order.payment_term] if standing else ()
    may_conclude = has_right(user, ordering.CONCLUDE)
    asked = approvals.for_subject("deal", str(order.pk))
    told = exposure.money_of_order(order.pk, today=today)
    agreed = ordering.agreement_of(order) if state == OrderState.AGREED else None
    return {
        "order": order,
        "row": deal_row(order),
        "lines": [line_row(line) for line in lines],
        "plan": [{"due": one, "amount": money(one.amount, order.currency)}
                 for one in ordering.plan_of(order)],
        "agreements": order.agreements.select_related("person", "by").order_by("-at"),
        "deliveries": [delivery_row(one) for one in order.deliveries.order_by("-created_at")],
        "left": [one for one in delivering.left_of(order) if one.quantity > 0]
        if state == OrderState.CONCLUDED else [],
        "ways": ways_rows(standing, order.payment_term) if standing else [],
        "against": sentences(against),
        "is_open": not against,
        "persuasion": persuasion(one.code for one in against),
        "exceptions": asked,
        "money": {"billed": money(told.billed, order.currency),
                  "paid": money(told.paid, order.currency),
                  "left": money(told.billed - told.paid, order.currency),
                  "has_any": bool(told.billed)},
        "may_change": has_right(user, ordering.RIGHT) and state in ordering.CHANGEABLE,
        "may_conclude": may_conclude,
        "can_conclude": may_conclude and agreed is not None and not against,
        "can_tell": may_conclude and state in ordering.CHANGEABLE,
        "can_ask": may_conclude and bool(against) and not any(
            one.state == "asked" for one in asked)
        and not any(one.code == "credit_stopped" for one in against),
        "can_deliver": has_right(user, delivering.RIGHT) and state == OrderState.CONCLUDED,
        "is_unverified": order.is_verification_needed and not order.is_verified,
    }  # fmt: skip


def credit_panel(customer: Any, user: User, *, today: date) -> dict[str, Any] | None:
    """Credit on the card (CU15); None for those who may not see it."""
    if not has_right(user, credit.VIEW):
        return None
    account = credit.account_of(customer.pk)
    may_manage = has_right(user, credit.MANAGE)
    if account is None:
        return {"account": None, "may_manage": may_manage, "customer": customer}
    facts = _facts(account, customer, today)
    return {"account": account, "may_manage": may_manage, "customer": customer,
            **facts_words(account, facts)}  # fmt: skip


def selling_panels(customer: Any, user: User, *, today: date) -> dict[str, Any]:
    """Orders and credit on the card."""
    rows = Order.objects.filter(customer=customer).select_related("seller").order_by("-pk")
    return {
        "may_enter": has_right(user, ordering.RIGHT),
        "deals": [deal_row(one) for one in rows[:4]],
        "panel": credit_panel(customer, user, today=today),
    }


def _facts(account: CreditAccount, customer: Any, today: date) -> credit.CreditFacts:
    money_said = exposure.money_facts(
        credit.members_of(account), currency=account.currency, today=today
    )
    return credit.facts_of(account, customer, money_said, today=today)


def facts_words(account: CreditAccount, facts: credit.CreditFacts) -> dict[str, Any]:
    """A customer's standing as figures and words."""
    full = facts.limit or Decimal(1)
    used = min(int((facts.used + facts.committed) * 100 / full), 100) if facts.limit else 0
    return {
        "standing": account.get_standing_display(),
        "tone": CREDIT_TONES[account.standing],
        "limit": money(facts.limit, account.currency),
        "used": money(facts.used, account.currency),
        "committed": money(facts.committed, account.currency),
        "room": money(max(facts.room, Decimal(0)), account.currency),
        "overdue": money(facts.overdue, account.currency) if facts.overdue else "",
        "overdue_days": facts.overdue_days,
        "percent": used,
        "has_limit": bool(facts.limit),
        "paid_in_time": facts.paid_in_time,
        "inquiry_on": facts.inquiry_on,
        "inquiry_wanted": account.get_inquiry_wanted_display() if account.inquiry_wanted else "",
        "grade": account.grade,
    }  # fmt: skip


def credit_page(customer: Any, user: User, *, today: date) -> dict[str, Any]:
    """The whole of a customer's credit: figures, decisions, inquiries, securities, members."""
    account = credit.account_of(customer.pk)
    context: dict[str, Any] = {"panel": credit_panel(customer, user, today=today)}
    if account is None:
        return context
    members = account.members.select_related("customer").order_by("-is_head", "customer__name")
    return context | {
        "account": account,
        "decisions": [
            {"row": one, "limit": money(one.limit, account.currency),
             "tone": CREDIT_TONES[one.standing]}
            for one in account.decisions.select_related("by").order_by("-at")[:20]
        ],
        "inquiries": account.inquiries.select_related("by").order_by("-made_on", "-at")[:20],
        "securities": [
            {"row": one, "amount": money(one.amount, one.currency),
             "is_over": bool(one.valid_until and one.valid_until < today)}
            for one in account.securities.order_by("released_at", "-given_on")
        ],
        "members": members,
        "is_shared": len(members) > 1,
        "is_head": any(one.is_head and one.customer_id == customer.pk for one in members),
    }  # fmt: skip


def deal_tabs(user: User, here: str) -> list[dict[str, Any]]:
    """The pages of selling: orders, their lines, deliveries."""
    tabs: list[tuple[str, str, str]] = [
        ("deals", _("Orders"), "orders.enter"),
        ("orders", _("Lines and returns"), "orders.enter"),
        ("deliveries", _("Deliveries"), "deliveries.manage"),
    ]
    return [
        {"key": name, "label": label, "url": reverse(name), "active": name == here}
        for name, label, right in tabs
        if has_right(user, right)
    ]
