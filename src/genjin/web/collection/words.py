"""What the timeline and the approvals say of collecting."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from genjin.kernel.problems import Reason
from genjin.receivables.collect_sentences import (
    class_name,
    day,
    money,
    sentence,
    why_in_class,
)
from genjin.receivables.operations.excuses import anger, catalogue

Data = Mapping[str, Any]


def excuse_name(code: str) -> str:
    """What an excuse is called in the reader's language."""
    language = translation.get_language() or "en"
    found = {one.code: one.label for one in (*catalogue(language), anger(language))}
    return found.get(code, code)


def _promise(data: Data) -> dict[str, Any]:
    currency = str(data.get("currency") or "")
    return {
        "amount": money(data["amount"], currency),
        "paid": money(data.get("paid") or 0, currency),
        "day": day(data["promised_on"]),
    }


def _moved(data: Data) -> str:
    return _("%(number)s moved from %(before)s to %(after)s") % {
        "number": data.get("number") or money(data["amount"], str(data["currency"])),
        "before": class_name(data["before"]),
        "after": class_name(data["after"]),
    }


TITLES: dict[str, Callable[[Data], str]] = {
    "payment_promised": lambda d: _("Promised to pay %(amount)s by %(day)s") % _promise(d),
    "promise_kept": lambda d: _("Promise kept: %(amount)s by %(day)s") % _promise(d),
    "promise_partly": lambda d: (
        _("Promise kept in part: %(paid)s of %(amount)s by %(day)s") % _promise(d)
    ),
    "promise_broken": lambda d: (
        _("Promise broken: %(amount)s by %(day)s, %(paid)s came") % _promise(d)
    ),
    "promise_open": lambda d: _("Promise open again: %(amount)s by %(day)s") % _promise(d),
    "promise_cancelled": lambda d: (
        _("Promise no longer counts: %(amount)s by %(day)s") % _promise(d)
    ),
    "excuse_given": lambda d: _("Excuse: %(what)s") % {"what": excuse_name(str(d["excuse"]))},
    "debt_class_moved": _moved,
    "payment_calendar_set": lambda d: _("Pay days and procedure kept"),
}
BODIES: dict[str, Callable[[Data], str]] = {
    "payment_promised": lambda d: str(d.get("said_by") or ""),
}


def worded(one: Mapping[str, Any]) -> str | None:
    """A piece of evidence in words, where the record keeps codes; None for any other."""
    value = one.get("value")
    if one.get("code") == "why" and isinstance(value, Mapping):
        return sentence(Reason.from_json(value))
    if one.get("code") == "ruled" and isinstance(value, Mapping):
        return f"{class_name(value['class'])}: {why_in_class(value['rule'], value)}"
    return None
