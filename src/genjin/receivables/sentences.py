"""Why the ledger refuses, in words: screens, API and imports say the same."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy

from genjin.kernel.errors import BadInput, GenjinError
from genjin.kernel.money import format_money
from genjin.kernel.problems import Reason
from genjin.receivables.models import Receivable

SENTENCES: Mapping[str, str | Promise] = {
    "required": gettext_lazy("This is needed."),
    "too_long": gettext_lazy("This is too long (at most %(limit)s characters)."),
    "bad_character": gettext_lazy("There is a character in it that cannot be kept."),
    "not_a_choice": gettext_lazy("This is not one of the choices."),
    "amount_not_positive": gettext_lazy("The amount must be more than nothing."),
    "too_many_decimals": gettext_lazy("%(currency)s has at most %(most)s decimals."),
    "currency_not_understood": gettext_lazy("This is not a currency (three letters, like CNY)."),
    "currency_too_fine": gettext_lazy("The ledger cannot be kept in %(currency)s."),
    "day_to_come": gettext_lazy("This day is still to come."),
    "day_too_old": gettext_lazy("This day lies before the year %(year)s."),
    "due_before_issued": gettext_lazy("The due day lies before %(issued_on)s, when it was issued."),
    "due_too_far": gettext_lazy("This day is too far away."),
    "before_received": gettext_lazy("This day lies before %(received_on)s, when it was received."),
    "means_not_money": gettext_lazy(
        "This is no money yet: cheques and acceptance bills are taken in as such and count when "
        "they are cleared."
    ),
    "over_allocated": gettext_lazy("Only %(open)s is open; %(wanted)s is asked."),
    "more_than_written_off": gettext_lazy("Only %(open)s was written off; %(wanted)s is asked."),
    "not_enough_advance": gettext_lazy("Only %(left)s is left of it; %(wanted)s is asked."),
    "wrong_currency": gettext_lazy("This debt is in %(currency)s, the payment in %(payment)s."),
    "other_customer": gettext_lazy("This debt is another customer's."),
    "no_such_receivable": gettext_lazy("There is no such debt."),
    "no_such_customer": gettext_lazy("There is no such customer."),
    "nothing_open": gettext_lazy("Nothing is open."),
    "nothing_written_off": gettext_lazy("Nothing of it was written off."),
    "not_a_credit": gettext_lazy("Only a payment or a credit note can be used for this."),
    "already_reversed": gettext_lazy("It was reversed already."),
    "not_reversible": gettext_lazy(
        "A reversal is not reversed, nor is what moved between two accounts of one customer by "
        "itself."
    ),
    "refunded": gettext_lazy("%(amount)s of it was given back; reverse the refund first."),
    "bill_in_use": gettext_lazy(
        "Something of this bill is paid or written off; reverse that first. Open: %(open)s."
    ),
    "allocated_since": gettext_lazy("It was paid since; reverse the payment first."),
    "recovered_since": gettext_lazy("It was recovered since; reverse the recovery first."),
    "payment_of_instrument": gettext_lazy(
        "This payment came by a cheque or bill: it is taken back by recording the dishonour there."
    ),
    "approval_needed": gettext_lazy("A dead debt is written off with an approval alone."),
    "key_of_another": gettext_lazy("This key stands for another entry already."),
    "held_already": gettext_lazy("Number %(number)s of this customer is on record already."),
    "card_was_merged": gettext_lazy("This card was merged into another one; use that one."),
    "state_changed": gettext_lazy("Somebody was faster; look at how it stands now."),
    "changed_meanwhile": gettext_lazy("Somebody was faster; look at how it stands now."),
    "illegal_transition": gettext_lazy("This cannot be done with it as it stands."),
    "already_asked": gettext_lazy("This was asked already and waits for a decision."),
    "nobody_may_decide": gettext_lazy(
        "There is nobody who may decide this except those concerned."
    ),
}  # fmt: skip
_AMOUNTS = ("open", "wanted", "left", "amount")


def _shown(name: str, value: Any, currency: str) -> Any:
    if name in _AMOUNTS and currency:
        return format_money(Decimal(str(value)), currency, get_language() or "")
    if hasattr(value, "isoformat"):
        return date_format(value, "SHORT_DATE_FORMAT")
    return value


def sentence(reason: Reason, currency: str = "") -> str:
    """A reason in the reader's language; `currency` is that of the amounts in it."""
    text = SENTENCES.get(reason.code)
    if text is None:
        return reason.code.replace("_", " ")
    unit = currency or str(reason.data.get("currency") or "")
    if not unit and isinstance(reason.data.get("receivable"), str | UUID):
        found = Receivable.objects.filter(pk=reason.data["receivable"]).first()
        unit = found.currency if found else ""
    return str(text) % {name: _shown(name, value, unit) for name, value in reason.data.items()}


def sentences(reasons: Iterable[Reason], currency: str = "") -> list[str]:
    return [sentence(reason, currency) for reason in reasons]


def of_error(error: GenjinError, currency: str = "") -> str:
    """Any failure of the ledger in one line."""
    if isinstance(error, BadInput):
        reasons = [reason for found in error.problems.values() for reason in found]
        return " ".join(sentences(reasons, currency))
    return sentence(Reason(error.code, error.data), currency)
