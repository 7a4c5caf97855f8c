"""Invoices in words: why something is refused, and the lines of the timeline."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from genjin.kernel.errors import GenjinError
from genjin.kernel.money import format_money
from genjin.kernel.problems import Reason
from genjin.sales.states import InvoiceKind, InvoiceState

TONES = {
    InvoiceState.REQUESTED: "accent",
    InvoiceState.ISSUED: "good",
    InvoiceState.REJECTED: "bad",
    InvoiceState.RED: "warn",
}
DETAILS = {
    "title": gettext_lazy("invoice title"),
    "tax_number": gettext_lazy("tax number"),
    "address_phone": gettext_lazy("registered address and phone"),
    "bank_account": gettext_lazy("bank and account"),
    "email": gettext_lazy("e-mail for the invoice"),
}
_SENTENCES = {
    "required": gettext_lazy("This is needed."),
    "too_long": gettext_lazy("This is too long."),
    "not_a_choice": gettext_lazy("This is none of the choices."),
    "not_a_tax_number": gettext_lazy("A tax number has 8 to 20 digits and capital letters."),
    "special_needs": gettext_lazy("A special invoice also needs: %(fields)s."),
    "amount_not_positive": gettext_lazy("An amount above nothing, please."),
    "too_many_decimals": gettext_lazy("%(currency)s has at most %(most)s decimals."),
    "more_than_is_left": gettext_lazy("Only %(left)s of it is left to be taken back."),
    "not_an_invoice_number": gettext_lazy("This does not look like the number of an invoice."),
    "number_is_taken": gettext_lazy("Another invoice has this number already."),
    "day_to_come": gettext_lazy("This day is still to come."),
    "before_the_first": gettext_lazy("The invoice it takes back was issued later, on %(day)s."),
    "invoice_asked_already": gettext_lazy("An invoice for this was asked for already."),
    "details_retired": gettext_lazy("These details were taken off the card meanwhile."),
    "not_issued": gettext_lazy("Only an issued invoice can be taken back."),
    "state_changed": gettext_lazy("Somebody else settled it first."),
}
Data = Mapping[str, Any]


def sentence(reason: Reason) -> str:
    """Why something is refused, in the reader's language."""
    values = dict(reason.data)
    if "fields" in values:
        values["fields"] = _(", ").join(str(DETAILS[name]) for name in values["fields"])
    if "left" in values:
        values["left"] = money(values["left"], values["currency"])
    return str(_SENTENCES.get(reason.code, gettext_lazy("This cannot be taken."))) % values


def of_error(error: GenjinError) -> str:
    """The sentence of an error that belongs to no field."""
    return sentence(Reason(error.code, error.data))


def money(amount: Any, currency: str) -> str:
    return format_money(amount, currency, get_language() or "en")


def kind(code: str) -> str:
    return str(dict(InvoiceKind.choices).get(code, code))


def _told(data: Data) -> dict[str, str]:
    return {
        "kind": kind(data["kind"]),
        "number": data["number"],
        "amount": money(data["amount"], data["currency"]),
        "reason": data.get("reason", ""),
    }


TITLES: dict[str, Callable[[Data], str]] = {
    "invoice_requested": lambda d: _("Invoice asked for: %(amount)s (%(kind)s)") % _told(d),
    "invoice_issued": lambda d: _("Invoice %(number)s: %(amount)s (%(kind)s)") % _told(d),
    "invoice_rejected": lambda d: _("Invoice not issued: %(reason)s") % _told(d),
    "invoice_red": lambda d: _("Invoice %(number)s was taken back entirely") % _told(d),
}
