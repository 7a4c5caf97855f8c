"""Opportunities in the reader's language: reasons, states, and what they leave on timelines."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from genjin.kernel.errors import BadInput, GenjinError
from genjin.kernel.problems import Reason
from genjin.sales import order_sentences
from genjin.sales.opportunities import stages
from genjin.sales.opportunities.listing import NEXT, NO_DAY, PAST, REVIEW, STILL
from genjin.sales.opportunities.states import Move, OpportunityState
from genjin.web.customers import words
from genjin.web.orders.words import money

Data = Mapping[str, Any]
STATE_TONES = {"open": "accent", "won": "good", "lost": "bad", "dropped": "quiet"}
DUE_LABELS = {
    PAST: gettext_lazy("Expected day went by"),
    REVIEW: gettext_lazy("Grade to confirm"),
    NEXT: gettext_lazy("Next step due"),
    STILL: gettext_lazy("Standing still"),
}
_SENTENCES = {
    "same_stage": gettext_lazy("It is in this stage already."),
    "win_first": gettext_lazy("The stage after the deal begins when the deal is won."),
    "in_the_past": gettext_lazy("This lies in the past."),
    "opportunity_ended": gettext_lazy("This opportunity has ended."),
    "order_of_another": gettext_lazy("This is another customer's order."),
    "order_not_concluded": gettext_lazy("This order is not concluded yet."),
    "order_won_another": gettext_lazy("This order belongs to another opportunity."),
    "not_agreed_yet": gettext_lazy("The order is made when it is agreed: move it there first."),
    "order_stands": gettext_lazy("Its order %(order)s stands: cancel that first."),
    "grade_of_opportunity": gettext_lazy(
        "The card shows the grade of an open opportunity: grade that one."
    ),
}


def stage_label(code: str) -> str:
    found = stages.stage(code)
    return found.label if found else code


def state_label(code: str) -> str:
    return words.choice(OpportunityState, code)


def month_label(code: str) -> str:
    return _("No day yet") if code == NO_DAY else code


def lost_label(code: str) -> str:
    found = stages.lost_reason(code)
    return found.label if found else code


def sentence(reason: Reason | GenjinError) -> str:
    """The sentence for a reason or an expected error."""
    if reason.code == "fact_missing":
        fact = stages.fact(str(reason.data["fact"]))
        return _("To be known before “%(stage)s” is left: %(fact)s.") % {
            "stage": stage_label(str(reason.data["stage"])),
            "fact": fact.label if fact else reason.data["fact"],
        }
    if text := _SENTENCES.get(reason.code):
        return str(text) % dict(reason.data) if reason.data else str(text)
    return order_sentences.sentence(reason)


def of_error(error: GenjinError) -> str:
    """All that an error says, in one line."""
    if isinstance(error, BadInput):
        return " ".join(sentence(one) for found in error.problems.values() for one in found)
    return sentence(error)


def _grade(code: Any) -> str:
    return words.choice(words.Grade, str(code or ""))


def _named(form: Any) -> Callable[[Data], str]:
    return lambda data: str(form) % {"title": data.get("title", "")}


def _moved(data: Data, label: Callable[[Any], str]) -> str:
    told = {"title": data["title"], "before": label(data["before"]), "after": label(data["after"])}
    return _("%(title)s: %(before)s → %(after)s") % told


TITLES: dict[str, Callable[[Data], str]] = {
    "opportunity_opened": _named(gettext_lazy("Opportunity opened: %(title)s")),
    "opportunity_changed": _named(gettext_lazy("Opportunity changed: %(title)s")),
    "opportunity_stage": lambda d: _moved(d, stage_label),
    "opportunity_grade": lambda d: _moved(d, _grade),
    "opportunity_grade_dropped": lambda d: (
        _("%(title)s: grade %(before)s was not confirmed in time, now %(after)s") % d
    ),
    "opportunity_grade_confirmed": lambda d: (
        _("%(title)s: grade %(grade)s confirmed") % {**d, "grade": d["after"]}
    ),
    "opportunity_order": _named(gettext_lazy("Order begun: %(title)s")),
    "opportunity_won": _named(gettext_lazy("Opportunity won: %(title)s")),
    "opportunity_lost": _named(gettext_lazy("Opportunity lost: %(title)s")),
    "opportunity_dropped": _named(gettext_lazy("Opportunity given up: %(title)s")),
    "opportunity_reopened": _named(gettext_lazy("Opportunity taken up again: %(title)s")),
}


def _opened(data: Data) -> str:
    parts = [_grade(data.get("grade"))]
    if data.get("amount") is not None:
        parts.append(money(data["amount"], str(data["currency"])))
    if data.get("expected_on"):
        parts.append(_("expected %(day)s") % {"day": data["expected_on"]})
    return " · ".join(parts)


def _won(data: Data) -> str:
    return _("Order %(number)s, %(amount)s") % {
        "number": data.get("order", ""), "amount": money(data["amount"], str(data["currency"])),
    }  # fmt: skip


def _lost(data: Data) -> str:
    parts = [lost_label(str(data.get("lost_reason", ""))), str(data.get("rival", "")),
             str(data.get("words", ""))]  # fmt: skip
    return " · ".join(part for part in parts if part)


_OWN: dict[str, Callable[[Data], str]] = {
    "opportunity_opened": _opened,
    "opportunity_order": lambda d: money(d["amount"], str(d["currency"])),
    "opportunity_won": _won,
    "opportunity_lost": _lost,
    "opportunity_dropped": lambda d: str(d.get("words", "")),
    "opportunity_grade_dropped": lambda d: (
        _(
            "Its term of %(term_days)s days and the review of %(review_days)s days went by without "
            "a confirmation."
        )
        % d
    ),
}


def _body(code: str) -> Callable[[Data], str]:
    own = _OWN.get(code)

    def body(data: Data) -> str:
        parts = [own(data)] if own else []
        if data.get("card"):
            parts.append(_("the card shows %(grade)s now") % {"grade": _grade(data["card"][1])})
        return " · ".join(part for part in parts if part)

    return body


BODIES: dict[str, Callable[[Data], str]] = {code: _body(code) for code in TITLES}


def move_text(what: str, before: str, after: str) -> str:
    """One step of an opportunity's own history."""
    label: Callable[[Any], str] = {
        Move.STAGE: stage_label, Move.GRADE: _grade, Move.CONFIRMED: _grade,
        Move.STATE: state_label,
    }.get(Move(what), str)  # fmt: skip
    name = words.choice(Move, what)
    if what == Move.OPENED:
        return _("Opened")
    if what == Move.CONFIRMED:
        return _("%(what)s: %(value)s") % {"what": name, "value": label(after)}
    return _("%(what)s: %(before)s → %(after)s") % {
        "what": name, "before": label(before) or "–", "after": label(after) or "–",
    }  # fmt: skip
