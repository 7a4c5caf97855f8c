"""Why an order, a delivery or credit is refused, in words: screens, API, imports say the same."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext_lazy

from genjin.customers.states import HoldReason
from genjin.foundation import policy
from genjin.kernel.errors import BadInput, GenjinError
from genjin.kernel.money import format_money
from genjin.kernel.problems import Reason
from genjin.sales import order_sentences
from genjin.sales.states import InquiryCause, OrderState, PaymentTerm

_SENTENCES: Mapping[str, str | Promise] = {
    "new_customer": gettext_lazy(
        "A new customer pays at once: %(orders)s of the first %(needed)s orders were made."
    ),
    "no_credit": gettext_lazy("No credit is open for this customer."),
    "credit_stopped": gettext_lazy("Credit of this customer is stopped."),
    "too_few_paid": gettext_lazy(
        "Credit opens after %(needed)s orders paid in time; so far %(paid)s were."
    ),
    "no_inquiry": gettext_lazy("There is no credit inquiry on record."),
    "inquiry_too_old": gettext_lazy("The credit inquiry of %(on)s is too old."),
    "inquiry_poor": gettext_lazy("The credit inquiry of %(on)s had a poor result."),
    "inquiry_wanted": gettext_lazy("A new credit inquiry is demanded: %(cause)s."),
    "over_limit": gettext_lazy(
        "Over the limit: of %(limit)s, %(used)s is owed and %(committed)s ordered; %(room)s is "
        "left, %(amount)s is asked."
    ),
    "overdue": gettext_lazy("%(amount)s is past its day, the oldest by %(days)s days."),
    "prepayment_only": gettext_lazy("Nothing is delivered before it is paid."),
    "not_offered": gettext_lazy("The campaign does not offer this way of paying."),
    "number_of_instalments": gettext_lazy("A plan has 2 to %(most)s instalments."),
    "instalments_do_not_add_up": gettext_lazy(
        "The instalments come to %(sum)s, the order to %(total)s."
    ),
    "instalments_out_of_order": gettext_lazy(
        "Each instalment has a later day than the one before."
    ),
    "instalment_in_the_past": gettext_lazy("An instalment cannot be due in the past."),
    "number_of_lines": gettext_lazy("An order has 1 to %(most)s lines."),
    "trial_needs_aim_and_day": gettext_lazy("Say what the trial is for and when it is decided."),
    "gift_needs_person_and_day": gettext_lazy("Say for whom the gift is and when it is given."),
    "who_agreed": gettext_lazy("Say who agreed at the customer, or where the proof lies."),
    "not_of_this_customer": gettext_lazy("This person belongs to another customer."),
    "terms_not_told": gettext_lazy("The terms must be told before they are agreed."),
    "terms_not_agreed": gettext_lazy(
        "The customer has not agreed to the order as it stands: tell the terms and record the "
        "answer first."
    ),
    "term_not_open": gettext_lazy("“%(term)s” is not open to this customer: %(reasons)s"),
    "order_not_changeable": gettext_lazy("This order is %(state)s and cannot be changed."),
    "order_changed_since": gettext_lazy("The order was changed since this was asked."),
    "order_was_delivered": gettext_lazy(
        "Something of this order is on its way or delivered; close it instead."
    ),
    "order_not_concluded": gettext_lazy("Only a concluded order is delivered."),
    "deliveries_open": gettext_lazy("Goods of this order are released or on their way."),
    "nothing_left_to_deliver": gettext_lazy("There is nothing left to deliver."),
    "more_than_is_left": gettext_lazy("Only %(left)s is left to deliver."),
    "before_it_left": gettext_lazy("It left later than that."),
    "say_what_was_wrong": gettext_lazy("Say what was wrong with the goods."),
    "delivery_refused": gettext_lazy("The goods may not leave: %(reasons)s"),
    "delivery_held": gettext_lazy("Deliveries are held (%(reason)s) until %(until)s. %(note)s"),
    "not_verified": gettext_lazy("The deal has not been confirmed by a verification call."),
    "not_paid_before": gettext_lazy("Paid before delivery: %(missing)s of %(needed)s is missing."),
    "instalment_unpaid": gettext_lazy("%(amount)s of the instalments is due and not paid."),
    "limit_needed": gettext_lazy("Open credit needs a limit."),
    "has_own_credit": gettext_lazy("%(name)s has credit of its own; end it first."),
    "is_head_office": gettext_lazy("This is the head office of the account."),
    "no_exception_needed": gettext_lazy("These terms are open; no exception is needed."),
    "released_before": gettext_lazy("It was given back before."),
    "state_changed": gettext_lazy("Somebody else changed this meanwhile."),
}
_MONEY = ("amount", "limit", "used", "committed", "room", "missing", "needed_amount")


def _day(value: Any) -> str:
    text = str(value)
    moment = parse_datetime(text) if "T" in text or " " in text else None
    if moment is not None:
        return localtime(moment).strftime("%Y-%m-%d %H:%M")
    found = parse_date(text[:10])
    return found.isoformat() if found else text


def _plain(code: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a sentence as they are read."""
    told = dict(data)
    currency = str(data.get("currency") or "")
    names = (*_MONEY, "needed") if code == "not_paid_before" else _MONEY
    for name in names:
        if name in told and currency:
            told[name] = format_money(Decimal(str(told[name])), currency, get_language() or "en")
    for name in ("on", "until", "day"):
        if told.get(name):
            told[name] = _day(told[name])
    if "cause" in told:
        told["cause"] = _label(InquiryCause, told["cause"])
    if code == "delivery_held":
        told["reason"] = _label(HoldReason, told["reason"])
    if "term" in told:
        told["term"] = _label(PaymentTerm, told["term"])
    if "state" in told:
        told["state"] = _label(OrderState, told["state"])
    if "reasons" in told:
        told["reasons"] = " ".join(sentences(map(Reason.from_json, told["reasons"])))
    return told


def _label(choices: Any, code: Any) -> str:
    return str(choices(code).label) if code in choices.values else str(code)


def sentence(reason: Reason) -> str:
    """One reason as a sentence."""
    text = _SENTENCES.get(reason.code)
    if text is None:
        return order_sentences.sentence(reason)
    return (str(text) % _plain(reason.code, reason.data)).strip()


def sentences(reasons: Iterable[Reason]) -> list[str]:
    """Several reasons as sentences, in their order."""
    return [sentence(one) for one in reasons]


def of_error(error: GenjinError) -> str:
    """What an operation refused, in words."""
    if isinstance(error, BadInput):
        return " ".join(
            sentence(one) for reasons in error.problems.values() for one in reasons
        )  # fmt: skip
    if error.code in _SENTENCES:
        return sentence(Reason(error.code, error.data))
    return order_sentences.of_error(error)


def persuasion(codes: Iterable[str]) -> str:
    """What to say when a way of paying is not open: the first that is known for the reasons."""
    alike = {
        "too_few_paid": "no_credit", "no_inquiry": "no_credit", "inquiry_too_old": "no_credit",
        "inquiry_poor": "no_credit", "inquiry_wanted": "no_credit", "credit_stopped": "overdue",
    }  # fmt: skip
    texts = policy.value("terms.persuasion")
    for code in codes:
        found = texts.get(alike.get(code, code))
        if found:
            language = (get_language() or "en").lower()
            return str(found.get(language) or found.get(
                "zh-hant" if language == "zh-hk" else "en") or "")  # fmt: skip
    return ""
