"""Warranties in the reader's language."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from genjin.kernel.problems import Reason

PROBLEMS = {
    "serial_unknown": gettext_lazy("This serial number is not among what we shipped."),
    "serial_doubled": gettext_lazy("Somebody else registered this serial number before."),
    "out_of_area": gettext_lazy("It was shipped for another area."),
}
PROMISES = {
    "repair": gettext_lazy("Repair free of charge for the whole period"),
    "parts": gettext_lazy("Spare parts kept in stock"),
    "small_fees": gettext_lazy("Repair for a small fee afterwards"),
    "genuine": gettext_lazy("Genuine goods with our full service"),
}


def promises(terms: dict[str, Any]) -> list[str]:
    """What a certificate promises, as sentences."""
    return [str(PROMISES[code]) for code in terms.get("promises", []) if code in PROMISES]


def sentence(reason: Reason) -> str:
    """What is wrong with an entry."""
    texts = {
        "required": _("This is needed."),
        "too_long": _("This is too long; at most %(limit)s characters."),
        "bad_character": _("This holds a character that cannot be stored."),
        "not_a_phone": _("This is not a phone number."),
        "not_a_serial": _("This is not a serial number. It stands on the label of the product."),
        "not_a_choice": _("This is not one of the choices."),
        "not_a_date": _("This is not a day that exists."),
        "day_to_come": _("This day has not come yet."),
        "day_too_old": _("This was bought too long ago to be registered here; please call us."),
        "unknown_product": _("There is no product with the code “%(value)s”."),
        "unknown_dealer": _("There is no customer with the number “%(value)s”."),
        "unknown_region": _("The region “%(value)s” is not known."),
        "nothing_to_review": _("There is nothing to decide about this stub."),
        "already_decided": _("Somebody decided this already."),
    }
    return texts.get(reason.code, reason.code) % reason.data
