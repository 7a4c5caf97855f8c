"""What a conversation says about a possible deal, and how an agreed one becomes an order.

The desk names an opportunity, asks for a new one, or names none: then a grade belongs to the best
open one, and to the card itself while there is none (CU5).
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from genjin.customers.models import Customer
from genjin.customers.operations.card import set_grade
from genjin.foundation.models import User
from genjin.kernel.errors import BadInput, Conflict
from genjin.kernel.problems import Reason
from genjin.sales import credit, ordering
from genjin.sales.models import Opportunity, Order, Product
from genjin.sales.opportunities import operations, queries, stages
from genjin.sales.ordering import LineDraft
from genjin.sales.states import OrderState

NEW = "new"
TITLE_LENGTH = 120
NOTE_LENGTH = 500
# Where the operation's fields stand on the desk's form.
_PLACES = {"amount": "expected_amount", "expected_on": "expected_close_date"}
# What the desk asks in fields of its own, by the fact it answers.
NEED, CONCERN = "need", "concern"


@dataclass(frozen=True)
class Said:
    """What was said about a deal. `choice`: the id of an open opportunity, "new", or "".

    Empty values say nothing and change nothing.
    """

    choice: str = ""
    grade: str = ""
    expected_on: date | None = None
    amount: Decimal | None = None
    product: int | None = None
    needs: str = ""
    concern: str = ""

    @property
    def is_about_deal(self) -> bool:
        """Whether anything was said that a deal keeps."""
        is_chosen = bool(self.choice) and bool(
            self.expected_on or self.amount is not None or self.needs or self.concern
        )
        return bool(self.grade) or self.choice == NEW or is_chosen

    def facts(self) -> dict[str, str]:
        """What was found out, by fact; only what the pipeline asks for."""
        said = {NEED: self.needs, CONCERN: self.concern}
        return {code: text for code, text in said.items() if text and stages.fact(code)}


@transaction.atomic
def write_said(
    customer: Customer, said: Said, *, source: tuple[str, str], by: User, now: datetime
) -> Opportunity | None:
    """Grades, opens or changes what was said; returns the opportunity that it went to.

    None when nothing was said, or when the grade went to the card itself. BadInput at the
    desk's fields: opportunity (not_a_choice, opportunity_needs_product), grade, expected_amount,
    expected_close_date.
    """
    if not said.is_about_deal:
        return None
    try:
        return _write(customer, said, source=source, by=by, now=now)
    except BadInput as bad:
        problems = {_PLACES.get(str(place), place): why for place, why in bad.problems.items()}
        raise BadInput(problems) from bad


def _write(
    customer: Customer, said: Said, *, source: tuple[str, str], by: User, now: datetime
) -> Opportunity | None:
    if said.choice == NEW:
        row = _open(customer, said, source=source, by=by, now=now)
    elif (found := _chosen(customer, said.choice)) is None:
        set_grade(customer, grade=said.grade, expected_close_date=said.expected_on,
                  expected_amount=said.amount, by=by, now=now)  # fmt: skip
        return None
    else:
        row = found
        if said.grade:
            operations.grade_opportunity(row, grade=said.grade, expected_on=said.expected_on,
                                         amount=said.amount, by=by, now=now)  # fmt: skip
        else:
            figures = {"expected_on": said.expected_on, "amount": said.amount}
            given = {name: value for name, value in figures.items() if value is not None}
            operations.change_opportunity(row, given, by=by, now=now)
    if facts := said.facts():
        operations.note_facts(row, facts, by=by, now=now)
    return row


def _open(
    customer: Customer, said: Said, *, source: tuple[str, str], by: User, now: datetime
) -> Opportunity:
    product = Product.objects.filter(pk=said.product).first() if said.product else None
    title = product.name if product else " ".join(said.needs.split())
    if not title:
        raise BadInput({"opportunity": [Reason("opportunity_needs_product")]})
    return operations.open_opportunity(
        customer, title=title[:TITLE_LENGTH], product=product, amount=said.amount,
        expected_on=said.expected_on, grade=said.grade, source=source, by=by, now=now,
    )  # fmt: skip


def _chosen(customer: Customer, choice: str) -> Opportunity | None:
    """The open opportunity that was named, else the best one; None without any.

    BadInput `not_a_choice` for one that has ended or is another customer's.
    """
    rows = queries.open_of(customer)
    if not choice:
        return rows.first()
    try:
        found = rows.filter(pk=UUID(choice)).first()
    except ValueError:
        found = None
    if found is None:
        raise BadInput({"opportunity": [Reason("not_a_choice")]})
    return found


@transaction.atomic
def draft_order_of(opportunity: Opportunity, *, by: User, now: datetime) -> Order:
    """Begins the order of an agreed opportunity: one line of its product over its amount (SA3).

    What was agreed about payment and delivery stands in its note; lines and terms are changed
    there. When it is concluded the opportunity is won. Asked again it gives the order that was
    begun. Conflict `not_agreed_yet` before the stage of agreement; BadInput at amount and
    category: required.
    """
    row = Opportunity.objects.select_related("customer", "product", "category", "order").get(
        pk=opportunity.pk
    )
    if row.order is not None and row.order.state != OrderState.CANCELLED:
        return row.order
    if row.stage != stages.AGREEMENT:
        raise Conflict("not_agreed_yet")
    category = (row.product.kind if row.product else None) or row.category
    if row.amount is None or category is None:
        lacking = {"amount": row.amount, "category": category}
        raise BadInput(
            {name: [Reason("required")] for name, value in lacking.items() if value is None}
        )
    line = LineDraft(category=category, product=row.product, amount=row.amount,
                     text="" if row.product else row.title)  # fmt: skip
    order = ordering.draft_order(
        row.customer, lines=[line], rules=credit.terms_rules(), currency=row.currency,
        note=_agreed(row), source=("opportunity", str(row.pk)), seller=row.owner, by=by, now=now,
    )  # fmt: skip
    operations.name_order(row, order=order, by=by, now=now)
    return order


def _agreed(row: Opportunity) -> str:
    """What was agreed, for the order's note."""
    known = queries.facts_of(row)
    here = stages.stage(stages.AGREEMENT)
    facts = here.facts if here else ()
    parts = [known[fact.code].text for fact in facts if fact.code in known]
    return " · ".join(part for part in parts if part)[:NOTE_LENGTH]
