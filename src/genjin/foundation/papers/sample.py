"""A paper to look at before the first real one: every part once, marked as a sample."""

from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from genjin.foundation.papers.parts import Column, Paper, Party, Signature, Table, Total

_PRICE = Decimal("1605.00")


def sample_paper(*, day: date, currency: str) -> Paper:
    """A quotation over 10,030 that nobody asked for, in the language that is active."""
    return Paper(
        title=pgettext("paper", "Quotation"),
        number=pgettext("paper", "Sample"),
        day=day,
        currency=currency,
        parties=[Party(_("Customer"), _("A customer"), [_("Street and town of the customer")])],
        opening=[_("This is how your papers look. Nothing on this page is real.")],
        table=Table(
            columns=[
                Column(pgettext("paper", "No."), "index"),
                Column(pgettext("paper", "Item"), width=1),
                Column(pgettext("paper", "Quantity"), "quantity"),
                Column(pgettext("paper", "Price"), "amount"),
                Column(pgettext("paper", "Amount"), "amount"),
            ],
            rows=[
                [1, _("First item"), 2, _PRICE, 2 * _PRICE],
                [2, _("Second item"), 4, _PRICE, 4 * _PRICE],
                [3, _("Delivery"), 1, Decimal(400), Decimal(400)],
            ],
        ),
        totals=[
            Total(pgettext("paper", "Total"), Decimal(10030), is_strong=True, in_capitals=True)
        ],
        remarks=[_("What you want to add stands here.")],
        signatures=[
            Signature(_("For us (seal)"), pgettext("paper", "Date"), has_seal=True),
            Signature(_("For the customer"), pgettext("paper", "Date")),
        ],
        shows_bank=True,
        mark=pgettext("paper", "Sample"),
    )
