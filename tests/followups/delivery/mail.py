"""Customers with an address, and messages to them, for the tests of the delivery."""

from typing import Any

from genjin.customers.models import Customer
from genjin.followups.delivery.content import Content
from genjin.followups.models import OutgoingMessage
from genjin.followups.operations import deliver
from tests.factories import NOW, make_customer, make_point

LETTER = Content("关于您的账单 No. 7", "王女士，您好：\n\n账单见附件。\n")


def make_reader(address: str = "wang@example.com", **fields: Any) -> Customer:
    customer = make_customer(**fields)
    make_point(customer=customer, kind="email", label="other", value=address)
    return customer


def write(customer: Customer | None = None, key: str = "m:1", **values: Any) -> OutgoingMessage:
    """A message to a reader, through `deliver`; service unless said otherwise."""
    given = {"purpose": "service", "content": LETTER, "source": ("bill", "7"), "by": None,
             "now": NOW, **values}  # fmt: skip
    return deliver(customer or make_reader(), cause_key=key, **given)
