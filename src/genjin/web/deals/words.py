"""What the timeline says of orders with terms, deliveries and credit."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from genjin.kernel.problems import Reason
from genjin.sales.deal_sentences import sentences
from genjin.sales.states import (
    AgreementMeans,
    Condition,
    CreditStanding,
    InquiryCause,
    InquiryResult,
    PaymentTerm,
    SecurityKind,
)
from genjin.web.orders.words import money

Data = Mapping[str, Any]


def _label(choices: Any, code: Any) -> str:
    return str(choices(code).label) if code in choices.values else str(code or "")


def _total(data: Data) -> dict[str, Any]:
    return {
        "number": data.get("number") or _("not numbered yet"),
        "total": money(data["total"], str(data["currency"])),
        "payment": _label(PaymentTerm, data.get("payment_term")),
    }


def _delivery(data: Data) -> dict[str, Any]:
    return {
        "number": data.get("number") or data.get("order") or "",
        "amount": money(data["amount"], str(data["currency"])),
    }


TITLES: dict[str, Callable[[Data], str]] = {
    "order_drafted": lambda d: _("Order drafted: %(total)s") % _total(d),
    "terms_told": lambda d: _("Terms told: %(total)s, %(payment)s") % _total(d),
    "terms_agreed": lambda d: _("Terms agreed: %(total)s, %(payment)s") % _total(d),
    "terms_refused": lambda d: _("Did not agree to the terms: %(total)s") % _total(d),
    "order_concluded": lambda d: _("Order %(number)s concluded: %(total)s") % _total(d),
    "deal_cancelled": lambda d: _("Order %(number)s cancelled") % _total(d),
    "deal_closed": lambda d: _("Order %(number)s closed") % _total(d),
    "deal_reopened": lambda d: _("Order %(number)s reopened") % _total(d),
    "delivery_withheld": lambda d: _("Delivery kept back: %(number)s, %(amount)s") % _delivery(d),
    "shipped": lambda d: _("On the way: %(number)s, %(amount)s") % _delivery(d),
    "delivered": lambda d: _("Delivered: %(number)s, %(amount)s") % _delivery(d),
    "delivery_refused": lambda d: _("Not accepted: %(number)s, %(amount)s") % _delivery(d),
    "credit_decided": lambda d: (
        _("Credit: %(standing)s, limit %(limit)s")
        % {
            "standing": _label(CreditStanding, d["standing"]),
            "limit": money(d["limit"], str(d["currency"])),
        }
    ),
    "inquiry_wanted": lambda d: (
        _("Credit inquiry demanded: %(cause)s") % {"cause": _label(InquiryCause, d["cause"])}
    ),
    "inquiry_made": lambda d: (
        _("Credit inquiry: %(result)s, %(source)s")
        % {"result": _label(InquiryResult, d["result"]), "source": d["source"]}
    ),
    "security_given": lambda d: (
        _("Security: %(kind)s %(amount)s")
        % {
            "kind": _label(SecurityKind, d["kind"]),
            "amount": money(d["amount"], str(d["currency"])),
        }
    ),
    "complaint_opened": lambda d: _("Complaint: %(text)s") % d,
    "complaint_settled": lambda d: _("Complaint settled: %(text)s") % d,
    "credit_shared": lambda d: _("Shares the credit of %(head)s") % d,
    "credit_grade": lambda d: (
        _("Credit grade: %(before)s → %(after)s")
        % {"before": d["from"] or "–", "after": d["to"] or "–"}
    ),
}


def _terms_body(data: Data) -> str:
    words = str(data.get("words") or "")
    parts = [_label(AgreementMeans, data.get("means")), f"“{words}”" if words else ""]
    return " · ".join(one for one in parts if one)


BODIES: dict[str, Callable[[Data], str]] = {
    "terms_told": _terms_body,
    "terms_agreed": _terms_body,
    "terms_refused": _terms_body,
    "delivery_withheld": lambda d: " ".join(sentences(map(Reason.from_json, d["reasons"]))),
    "complaint_settled": lambda d: str(d.get("settlement") or ""),
    "delivered": lambda d: " · ".join(
        one for one in (_label(Condition, d["condition"]), str(d.get("receiver") or "")) if one
    ),
}
