"""Papers as lines of a list, and the card's panel of the newest ones."""

from typing import Any

from genjin.customers.models import Customer
from genjin.customers.visibility import sees_masked
from genjin.foundation.models import User
from genjin.kernel.money import format_money
from genjin.sales.models import IssuedPaper
from genjin.sales.papers.queries import papers_of
from genjin.web.customers.words import language

NEWEST = 5
SIGNS = {
    "quotation": "tag",
    "order": "shopping-cart",
    "delivery": "truck",
    "bill": "receipt",
    "payment_notice": "receipt",
    "receipt": "receipt",
    "letter": "mail",
}


def paper_row(paper: IssuedPaper, user: User) -> dict[str, Any]:
    """One paper as a line. The person's scope is checked by whoever lists."""
    return {
        "paper": paper,
        "kind": paper.get_kind_display(),
        "sign": SIGNS.get(paper.kind, "file-text"),
        "is_replaced": getattr(paper, "is_replaced", False),
        "replaces": paper.replaces.number if paper.replaces else "",
        "amount": format_money(paper.amount, paper.currency, language())
        if paper.amount is not None
        else "",
        "may_open": not (paper.shows_contact and sees_masked(user)),
    }


def panel(customer: Customer, user: User) -> dict[str, Any]:
    """The newest papers of a card, and whether there are more."""
    found = list(papers_of(customer.pk)[: NEWEST + 1])
    return {
        "rows": [paper_row(paper, user) for paper in found[:NEWEST]],
        "has_more": len(found) > NEWEST,
    }
