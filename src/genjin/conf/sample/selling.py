"""Customers who buy on terms: paid in time, late, over the limit; deliveries that left and did not.

Everything goes the way of the product, at the moment it would have happened.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from genjin.customers.models import ContactPerson, Customer
from genjin.flows import selling
from genjin.foundation.models import User
from genjin.receivables.operations import ledger
from genjin.sales import credit, delivering, ordering
from genjin.sales.models import Order, Product
from genjin.sales.ordering import LineDraft, TermsDraft
from genjin.sales.queries import price_fields
from genjin.sales.terms import even_plan

BUYERS = 10
PAID_FIRST = 3
# How many days ago the newest credit order of each buyer was delivered, at 30 days net; and how
# much of it was paid by now, in per cent.
_AGES = ((160, 0), (130, 40), (100, 0), (75, 0), (62, 100), (55, 50), (45, 0), (41, 0), (38, 0),
         (34, 0), (33, 20), (20, 0), (10, 0), (3, 0))  # fmt: skip


def make_sales(data: dict[str, Any], users: dict[str, User], *, now: datetime) -> None:
    """Orders with terms for some of the organisations of the sample."""
    seller, manager = users["agent"], users["manager"]
    products = [one for one in Product.objects.filter(is_active=True).order_by("code")
                if "list" in price_fields(one) or "now" in price_fields(one)]  # fmt: skip
    buyers = list(
        Customer.objects.filter(kind="organisation", merged_into=None).order_by("number")[
            : BUYERS + 3
        ]
    )
    for place, buyer in enumerate(buyers[:BUYERS]):
        age, percent = _AGES[place % len(_AGES)]
        history = _Buyer(buyer, seller, manager, products, place, data["selling"])
        history.pay_at_once(now - timedelta(days=age + 90))
        history.open_credit(now - timedelta(days=age + 12))
        history.buy_on_credit(now - timedelta(days=age), percent=percent, now=now)
    _drafts(buyers, seller, products, reason=data["selling"]["exception"], now=now)


class _Buyer:
    """One customer's way from the first order to an account."""

    def __init__(self, customer: Customer, seller: User, manager: User,
                 products: list[Product], place: int, words: dict[str, str]) -> None:  # fmt: skip
        self.customer, self.seller, self.manager, self.place = customer, seller, manager, place
        self.products, self.words = products, words

    def _line(self, number: int, quantity: int) -> LineDraft:
        return line_of(self.products[(self.place + number) % len(self.products)], quantity)

    def _deal(self, lines: list[LineDraft], payment: TermsDraft, at: datetime) -> Order:
        order = ordering.draft_order(
            self.customer, lines=lines, payment=payment, rules=credit.terms_rules(),
            by=self.seller, now=at,
        )  # fmt: skip
        person = ContactPerson.objects.filter(customer=self.customer).first()
        selling.record_terms(
            order, answers=["told", "agreed"], means="call", person=person,
            evidence="" if person else f"R-{self.place:03}", by=self.seller, now=at,
        )  # fmt: skip
        return selling.conclude_order(order, by=self.seller, now=at)

    def _pay(self, amount: Decimal, at: datetime, reference: str) -> None:
        ledger.receive_payment(
            self.customer, amount=amount, currency="CNY", means="transfer",
            received_on=timezone.localdate(at), reference=reference, by=self.manager, now=at,
        )  # fmt: skip

    def _deliver(self, order: Order, at: datetime) -> None:
        day = timezone.localdate(at)
        delivery = delivering.plan_delivery(order, planned_on=day, by=self.manager, now=at)
        delivery = selling.release_delivery(delivery, by=self.manager, now=at)
        delivery = selling.ship_delivery(delivery, by=self.manager, now=at)
        selling.record_arrival(
            delivery, delivered_on=day, condition="good", receiver="", by=self.manager, now=at
        )

    def pay_at_once(self, at: datetime) -> None:
        for number in range(PAID_FIRST):
            moment = at + timedelta(days=number * 20)
            order = self._deal([self._line(number, 1)], TermsDraft("before"), moment)
            self._pay(order.total, moment, order.number)
            self._deliver(order, moment)

    def open_credit(self, at: datetime) -> None:
        credit.record_inquiry(
            self.customer, cause="new", made_on=timezone.localdate(at),
            source=self.words["inquiry_source"],
            result="good" if self.place % 3 else "fair", by=self.manager, now=at,
        )  # fmt: skip
        selling.set_credit(
            self.customer, limit=Decimal(20000 + 10000 * (self.place % 4)), standing="open",
            reason=self.words["credit_reason"], by=self.manager, now=at,
        )  # fmt: skip

    def buy_on_credit(self, at: datetime, *, percent: int, now: datetime) -> None:
        order = self._deal([self._line(1, 2), self._line(2, 1)], TermsDraft("after", 30), at)
        self._deliver(order, at)
        if percent:
            amount = (order.total * percent / 100).quantize(Decimal("0.01"))
            self._pay(amount, min(at + timedelta(days=32), now), order.number)


def line_of(product: Product, quantity: int) -> LineDraft:
    """A line of a product at its price of today."""
    fields = price_fields(product)
    price = fields.get("now") or fields["list"]
    assert product.kind is not None
    return LineDraft(category=product.kind, product=product, quantity=Decimal(quantity),
                     unit_price=price.amount)  # fmt: skip


def _drafts(
    buyers: list[Customer], seller: User, products: list[Product], *, reason: str, now: datetime
) -> None:
    """An order that waits for an answer, one whose terms are not open, one in instalments."""
    fresh = buyers[BUYERS:]
    if len(fresh) < 3:
        return
    rules = credit.terms_rules()
    line = line_of(products[0], 2)
    told = ordering.draft_order(fresh[0], lines=[line], rules=rules, by=seller, now=now)
    selling.record_terms(told, answers=["told"], means="call", by=seller, now=now)
    asked = ordering.draft_order(
        fresh[1], lines=[line_of(products[1 % len(products)], 3)], rules=rules, by=seller, now=now,
        payment=TermsDraft("after", 30),
    )  # fmt: skip
    selling.ask_exception(asked, reason=reason, by=seller, now=now)
    total = ordering.line_amount(line, "CNY") or Decimal(0)
    plan = even_plan(total, count=6, first_on=timezone.localdate(now) + timedelta(days=30),
                     step=Decimal("0.01"))  # fmt: skip
    ordering.draft_order(
        fresh[2], lines=[line], rules=rules, by=seller, now=now,
        payment=TermsDraft("instalments", 0, tuple(plan)),
    )  # fmt: skip
