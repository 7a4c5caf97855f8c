"""What an invoice must say before anybody is asked to make it. Pure."""

import re
from collections.abc import Mapping
from decimal import Decimal

from genjin.kernel.money import decimals_of, quantise
from genjin.kernel.problems import Reason
from genjin.sales.states import InvoiceKind

LARGEST = Decimal(10) ** 13
# 15 to 20 signs on the mainland, 8 digits in Taiwan, 8 and more in Hong Kong.
_TAX_NUMBER = re.compile(r"[0-9A-Z]{8,20}")
_INVOICE_NUMBER = re.compile(r"[0-9A-Z][0-9A-Z-]{5,38}")
# A special invoice is refused without these.
_SPECIAL = ("tax_number", "address_phone", "bank_account")


def plain_tax_number(text: str) -> str:
    """A tax number without spaces, in capitals."""
    return re.sub(r"[\s-]", "", text).upper()


def details_problems(details: Mapping[str, str]) -> dict[str | int, list[Reason]]:
    """What is wrong with the details of a customer, by field."""
    found: dict[str | int, list[Reason]] = {}
    if not details["title"]:
        found["title"] = [Reason("required")]
    if details["tax_number"] and not _TAX_NUMBER.fullmatch(details["tax_number"]):
        found["tax_number"] = [Reason("not_a_tax_number")]
    return found


def request_problems(
    kind: str, details: Mapping[str, str], *, amount: Decimal, currency: str, content: str
) -> dict[str | int, list[Reason]]:
    """Why an invoice of this kind cannot be asked for, by field."""
    found = details_problems(details)
    if kind not in (InvoiceKind.NORMAL, InvoiceKind.SPECIAL):
        found["kind"] = [Reason("not_a_choice")]
    if kind == InvoiceKind.SPECIAL and (missing := [f for f in _SPECIAL if not details[f]]):
        found["kind"] = [Reason("special_needs", {"fields": missing})]
    if not content:
        found["content"] = [Reason("required")]
    if problem := amount_problem(amount, currency):
        found["amount"] = [problem]
    return found


def amount_problem(amount: Decimal, currency: str) -> Reason | None:
    """Why an amount cannot stand on an invoice; None when it can."""
    if not amount.is_finite() or not 0 < amount < LARGEST:
        return Reason("amount_not_positive")
    if quantise(amount, currency) != amount:
        return Reason("too_many_decimals", {"most": decimals_of(currency), "currency": currency})
    return None


def is_invoice_number(text: str) -> bool:
    """Whether a text looks like the number of an invoice: 20 digits now, letters elsewhere."""
    return bool(_INVOICE_NUMBER.fullmatch(text))
