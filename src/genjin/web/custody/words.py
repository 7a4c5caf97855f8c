"""Freshness and custody in the reader's language."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from genjin.customers import freshness
from genjin.customers.models import CardAccess, Customer
from genjin.kernel.problems import Reason

SOURCES = {
    "opened": gettext_lazy("when the card was opened"),
    "entered": gettext_lazy("when it was entered"),
    "confirmed": gettext_lazy("confirmed by a person"),
    "delivery": gettext_lazy("at a delivery"),
    "warranty_stub": gettext_lazy("by a warranty stub"),
    "invoice_stub": gettext_lazy("by an invoice stub"),
    "delivery_stub": gettext_lazy("by a delivery stub"),
    "receivable_record": gettext_lazy("by the receivables record"),
    "service_registration": gettext_lazy("at a service registration"),
    "instalment_record": gettext_lazy("by an instalment record"),
    "handbook": gettext_lazy("by the customer handbook"),
    "new_goods": gettext_lazy("with goods for a new customer"),
    "repair": gettext_lazy("at a repair"),
}
OCCASIONS = {
    "delivery": gettext_lazy("Delivery"),
    "warranty_stub": gettext_lazy("Warranty stub"),
    "invoice_stub": gettext_lazy("Invoice stub"),
    "delivery_stub": gettext_lazy("Delivery stub"),
    "receivable_record": gettext_lazy("Receivables record"),
    "service_registration": gettext_lazy("Service registration"),
    "instalment_record": gettext_lazy("Instalment record"),
    "handbook": gettext_lazy("Customer handbook"),
    "new_goods": gettext_lazy("Goods for a new customer"),
    "repair": gettext_lazy("Repair"),
}
FIELDS = {
    "name": gettext_lazy("Name"),
    "phones": gettext_lazy("Phones"),
    "addresses": gettext_lazy("Addresses"),
    "people": gettext_lazy("People at the customer"),
    "tax_number": gettext_lazy("Tax number"),
    "owned": gettext_lazy("Owned products"),
}


def freshness_rows(customer: Customer, now: datetime, labels: dict[str, str]) -> dict[str, Any]:
    """The card's own freshness, and the fields that were proved apart from it.

    `labels` names card fields by "fields.<code>"; columns without words are left out.
    """
    card = freshness.of_card(customer, now)
    rows: list[dict[str, Any]] = []
    for field, found in freshness.freshness(customer, now).items():
        label = FIELDS.get(field) or labels.get(field)
        if field and label and found.at > card.at:
            rows.append({"label": label, "found": found,
                         "source": SOURCES.get(found.source, found.source)})  # fmt: skip
    rows.sort(key=lambda row: row["found"].at, reverse=True)
    return {"card": card, "source": SOURCES.get(card.source, card.source), "rows": rows}


def detail(entry: CardAccess) -> str:
    """What else the log keeps of one look."""
    data = entry.detail
    if "mark" in data:
        return str(data["mark"])
    if "paper" in data:
        return str(data["paper"])
    if "to" in data:
        return str(data["to"])
    return str(_("at the desk")) if data.get("place") == "desk" else ""


def sentence(reason: Reason) -> str:
    """What is wrong with a loan or an occasion."""
    texts = {
        "required": _("This is needed."),
        "too_long": _("This is too long."),
        "in_the_past": _("This lies in the past."),
        "loan_too_long": _("A card is lent for at most %(days)s days."),
        "not_a_choice": _("Choose somebody else who works here."),
        "right_missing": _("Only the custodian lends this card."),
        "loan_over": _("This loan is over already."),
        "unknown_occasion": _("This is not one of the choices."),
    }
    return texts.get(reason.code, reason.code) % reason.data
