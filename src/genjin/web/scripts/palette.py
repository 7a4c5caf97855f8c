"""What can be put into a text: every placeholder with what it says, for the editor (CA2)."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from genjin.calling.scripts.placeholders import FIELD_FAMILY
from genjin.customers import fields
from genjin.sales.models import Product


@dataclass(frozen=True)
class Offer:
    """A placeholder as it is written, and what it says."""

    code: str
    meaning: str


def _offers(meanings: dict[str, str]) -> list[Offer]:
    return [Offer("{" + name + "}", meaning) for name, meaning in meanings.items()]


def _customer() -> list[Offer]:
    return _offers(
        {
            "customer.address": _("Form of address: surname and title, or the customer's wish"),
            "customer.name": _("Whole name"),
            "customer.region": _("Where the customer lives"),
            "last.contact": _("Day of the last contact"),
        }
    )


def _us() -> list[Offer]:
    return _offers(
        {
            "agent.name": _("Name of the person who calls"),
            "agent.staff_number": _("Staff number; opening and closing need it"),
            "organisation": _("Our organisation"),
            "usp": _("The selling point, computed for this customer"),
        }
    )


def _prices(product: Product | None) -> list[Offer]:
    meanings = {
        "saving": _("What the customer saves, computed"),
        "saving.percent": _("The saving in per cent, never rounded up"),
        "saving.month": _("The saving for a month"),
        "price.year": _("Twelve months at the regular price"),
        "price.now_year": _("Twelve months at the price now"),
        "product.name": _("Name of the product"),
    }
    for price in product.prices.all() if product else ():
        meanings.setdefault(f"price.{price.code}", price.label)
        if price.months:
            meanings[f"term.{price.code}"] = _("How long it pays for: %(price)s") % {
                "price": price.label
            }
    return _offers(meanings)


def _card_fields() -> list[Offer]:
    language = get_language() or "en"
    return _offers(
        {
            f"{FIELD_FAMILY}{definition.code}": fields.label(definition, language)
            for definition in fields.definitions()
        }
    )


def palette(product: Product | None) -> list[dict[str, Any]]:
    """The placeholders in groups."""
    return [
        {"label": _("Prices and savings"), "offers": _prices(product), "is_open": True},
        {"label": _("The customer"), "offers": _customer(), "is_open": True},
        {"label": _("Ourselves"), "offers": _us(), "is_open": True},
        {"label": _("Fields of the card"), "offers": _card_fields(), "is_open": False},
    ]
