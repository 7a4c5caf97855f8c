"""Entries, debts and cheques in the reader's language, and what the timeline says of them."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from genjin.receivables.states import (
    EntryKind,
    InstrumentState,
    Means,
    ReceivableState,
    ValueClass,
)
from genjin.web.orders.words import money

Data = Mapping[str, Any]
STATE_TONES = {
    ReceivableState.OPEN: "accent", ReceivableState.SETTLED: "good",
    ReceivableState.WRITTEN_OFF: "bad", ReceivableState.CANCELLED: "quiet",
}  # fmt: skip
CLASS_TONES = {
    ValueClass.OUTSTANDING: "quiet", ValueClass.COLLECTION: "warn", ValueClass.DOUBTFUL: "warn",
    ValueClass.BAD: "bad", ValueClass.DEAD: "bad",
}  # fmt: skip
CHEQUE_TONES = {
    InstrumentState.HELD: "accent", InstrumentState.PRESENTED: "accent",
    InstrumentState.CLEARED: "good", InstrumentState.DISHONOURED: "bad",
    InstrumentState.RETURNED: "quiet",
}  # fmt: skip
ENTRY_LOOKS = {
    EntryKind.BILL: ("file-invoice", "accent"), EntryKind.CHARGE: ("file-invoice", "warn"),
    EntryKind.PAYMENT: ("cash-banknote", "good"), EntryKind.CREDIT_NOTE: ("receipt", "good"),
    EntryKind.ALLOCATION: ("checks", "quiet"), EntryKind.WRITE_OFF: ("receipt-off", "bad"),
    EntryKind.RECOVERY: ("coins", "good"), EntryKind.REFUND: ("receipt-refund", "warn"),
    EntryKind.REVERSAL: ("arrow-back-up", "warn"),
}  # fmt: skip


def label(choices: Any, code: Any) -> str:
    return str(choices(code).label) if code in choices.values else str(code or "")


def kind_name(kind: str, reversed_kind: str = "") -> str:
    """What an entry is called; a reversal with what it reverses."""
    if kind == EntryKind.REVERSAL:
        return _("Reversed: %(what)s") % {"what": label(EntryKind, reversed_kind)}
    return label(EntryKind, kind)


def unnumbered() -> str:
    return pgettext("a debt", "without a number")


def means_name(means: str) -> str:
    return label(Means, means)


def day(value: Any) -> str:
    """A day that the timeline keeps as text."""
    found = parse_date(str(value)) if value else None
    return date_format(found, "SHORT_DATE_FORMAT") if found else ""


def _money(data: Data, name: str = "amount") -> str:
    return money(data[name], str(data["currency"]))


def _numbered(data: Data) -> dict[str, Any]:
    return {"amount": _money(data), "number": data.get("number") or "–"}


def _cheque(data: Data) -> dict[str, Any]:
    return {"what": means_name(str(data.get("kind", ""))), "number": data["number"],
            "amount": _money(data)}  # fmt: skip


TITLES: dict[str, Callable[[Data], str]] = {
    "ledger_bill": lambda d: _("Billed: %(amount)s (%(number)s)") % _numbered(d),
    "ledger_charge": lambda d: _("Charged: %(amount)s") % _numbered(d),
    "ledger_payment": lambda d: (
        _("Paid: %(amount)s, %(means)s")
        % {"amount": _money(d), "means": means_name(str(d.get("means", "")))}
    ),
    "ledger_credit_note": lambda d: _("Credited: %(amount)s") % _numbered(d),
    "ledger_allocated": lambda d: (
        _("Advance used for what was open: %(amount)s") % {"amount": _paid(d)}
    ),
    "ledger_reversed": lambda d: (
        _("Reversed: %(what)s of %(amount)s")
        % {"what": label(EntryKind, d.get("kind")), "amount": _money(d)}
    ),
    "ledger_write_off": lambda d: _("Written off: %(amount)s (%(number)s)") % _numbered(d),
    "ledger_recovery": lambda d: _("Owed again after all: %(amount)s (%(number)s)") % _numbered(d),
    "ledger_refund": lambda d: (
        _("Given back: %(amount)s, %(means)s")
        % {"amount": _money(d), "means": means_name(str(d.get("means", "")))}
    ),
    "ledger_due_moved": lambda d: (
        _("Due day of %(number)s: %(before)s → %(after)s")
        % {"number": d.get("number") or "–", "before": day(d.get("before")) or "–",
           "after": day(d.get("after"))}
    ),
    "instrument_received": lambda d: _("%(what)s %(number)s received: %(amount)s") % _cheque(d),
    "instrument_presented": lambda d: _("%(what)s %(number)s presented: %(amount)s") % _cheque(d),
    "instrument_cleared": lambda d: _("%(what)s %(number)s cleared: %(amount)s") % _cheque(d),
    "instrument_dishonoured": lambda d: (
        _("%(what)s %(number)s dishonoured: %(amount)s") % _cheque(d)
    ),
    "instrument_returned": lambda d: _("%(what)s %(number)s given back: %(amount)s") % _cheque(d),
}  # fmt: skip


def _paid(data: Data) -> str:
    total = sum((Decimal(one["amount"]) for one in data.get("paid", ())), Decimal(0))
    return money(total, str(data["currency"]))


def _payment_body(data: Data) -> str:
    currency = str(data["currency"])
    parts = [day(data.get("on"))] if data.get("on") else []
    if data.get("reference"):
        parts.append(str(data["reference"]))
    for one in data.get("paid", ()):
        parts.append(_("%(number)s: %(amount)s") % {
            "number": one["number"] or unnumbered(),
            "amount": money(one["amount"], currency)})  # fmt: skip
    if data.get("left") not in (None, "", "0", "0.00"):
        parts.append(_("%(amount)s stays as an advance") % {"amount": _money(data, "left")})
    return " · ".join(parts)


def _bill_body(data: Data) -> str:
    parts = []
    if data.get("due_on"):
        parts.append(_("due on %(day)s") % {"day": day(data["due_on"])})
    if data.get("paid") not in (None, "", "0", "0.00"):
        parts.append(_("%(amount)s paid by an advance") % {"amount": _money(data, "paid")})
    return " · ".join(parts)


BODIES: dict[str, Callable[[Data], str]] = {
    "ledger_bill": _bill_body,
    "ledger_charge": _bill_body,
    "ledger_payment": _payment_body,
    "ledger_credit_note": _payment_body,
    "ledger_allocated": _payment_body,
    "ledger_refund": lambda d: str(d.get("reference") or ""),
    "instrument_received": lambda d: (
        _("%(bank)s, matures on %(day)s")
        % {"bank": d.get("bank") or "–", "day": day(d.get("matures_on"))}
    ),
}

FAULTS: dict[str, Callable[[Data], str]] = {
    "rows_lost": lambda d: (
        _("Customer %(customer)s, %(currency)s: %(expected)s entries were written, %(found)s are "
          "there.") % d
    ),
    "account_lost": lambda d: _("%(currency)s: there are entries without an account.") % d,
    "day_changed": lambda d: (
        _("%(day)s, %(currency)s: entries of this closed day were changed, added or taken away.")
        % d
    ),
    "day_unsigned": lambda d: (
        _("%(day)s, %(currency)s: the record of this closed day is not as it was written.") % d
    ),
    "day_key_missing": lambda d: (
        _("%(day)s, %(currency)s: the key that signed this day is not known here.") % d
    ),
}  # fmt: skip


def fault(data: Data) -> str:
    """What the proof found, in one sentence."""
    make = FAULTS.get(str(data.get("code")))
    if make is not None:
        return make(data)
    row = data.get("number") or data.get("row") or ""
    form = _("Customer %(customer)s, %(currency)s %(row)s: by the entries %(expected)s, it says "
             "%(found)s (%(code)s).")  # fmt: skip
    return form % {"customer": data.get("customer") or "–", "currency": data.get("currency", ""),
                   "row": row, "expected": data.get("expected"), "found": data.get("found"),
                   "code": data.get("code")}  # fmt: skip
