"""Collecting in words: places of a plan, classes, promises, news of payments, errors.

The only place that turns these reasons into sentences; screens, desk and approvals say the same.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, ngettext, pgettext_lazy
from django.utils.translation import gettext as _

from genjin.foundation import policy
from genjin.kernel.errors import BadInput, GenjinError
from genjin.kernel.money import format_money
from genjin.kernel.problems import Reason
from genjin.receivables.states import InterruptionKind, ValueClass

Data = Mapping[str, Any]

# The rules that ship with policy/collection.toml; one of an organisation's own shows its code.
RULES: dict[str, str | Promise] = {
    "not_due": gettext_lazy("not due yet"),
    "within_grace": gettext_lazy("late within the grace"),
    "late": gettext_lazy("late beyond the grace"),
    "promise_broken": gettext_lazy("late, and a promise was broken"),
    "promises_broken": gettext_lazy("two promises were broken"),
    "uncertain": gettext_lazy("it is uncertain whether the money comes"),
    "unlikely": gettext_lazy("the money is unlikely to come"),
    "half_year_late": gettext_lazy("half a year late"),
    "year_late": gettext_lazy("a year late"),
    "closing": gettext_lazy("signs that the customer closes down"),
    "insolvent": gettext_lazy("the customer is insolvent"),
}
SIGNALS: dict[str, str | Promise] = {
    "dishonoured": gettext_lazy("a cheque or bill was refused"),
    "closing": gettext_lazy("signs of closing down"),
    "insolvent": gettext_lazy("insolvent"),
}
TONES: dict[str, str | Promise] = {
    "friendly": pgettext_lazy("tone of dunning", "friendly"),
    "firm": pgettext_lazy("tone of dunning", "firm"),
    "formal": pgettext_lazy("tone of dunning", "formal"),
    "last": pgettext_lazy("tone of dunning", "last warning"),
}


def day(value: Any) -> str:
    found = date.fromisoformat(value[:10]) if isinstance(value, str) else value
    return date_format(found, "SHORT_DATE_FORMAT") if found else "–"


def money(value: Any, currency: str = "") -> str:
    """An amount for the reader; in home currency unless another is named."""
    code = currency or str(policy.value("organisation.currency"))
    return format_money(Decimal(str(value or 0)), code, get_language() or "en")


def class_name(code: str) -> str:
    return str(ValueClass(code).label) if code in ValueClass.values else code


def rule_name(code: str) -> str:
    return str(RULES.get(code, code))


def signal_names(codes: Iterable[str]) -> str:
    return _(", ").join(str(SIGNALS.get(code, code)) for code in codes)


def _signed(data: Data) -> str:
    signers = _(" → ").join(data.get("signers") or ())
    return _(" (signed by %(signers)s)") % {"signers": signers} if signers else ""


def _broken(data: Data) -> str:
    values = {"count": data["count"], "day": day(data["on"]), "amount": money(data["amount"])}
    return (
        ngettext(
            "Broke a promise of %(amount)s, found on %(day)s",
            "Broke %(count)s promises, %(amount)s in all, the last found on %(day)s",
            int(data["count"]),
        )
        % values
    )


def _owes(data: Data) -> str:
    values = {"amount": money(data["amount"]), "count": data["debts"]}
    return (
        ngettext(
            "Owes %(amount)s in %(count)s bill",
            "Owes %(amount)s in %(count)s bills",
            int(data["debts"]),
        )
        % values
    )


_PLAN: dict[str, Callable[[Data], str]] = {
    "promise_broken": _broken,
    "start_today": lambda d: (
        _("Today is the last day to begin, to be paid on %(day)s") % {"day": day(d["pay_day"])}
        + _signed(d)
    ),
    "days_late": lambda d: (
        ngettext(
            "%(days)s day late, since %(day)s", "%(days)s days late, since %(day)s", int(d["days"])
        )
        % {"days": d["days"], "day": day(d["due_on"])}
    ),
    "falls_due": lambda d: _("Falls due on %(day)s") % {"day": day(d["due_on"])},
    "owes": _owes,
    "in_class": lambda d: _("Class: %(name)s") % {"name": class_name(d["value_class"])},
    "start_by": lambda d: (
        _("Begin by %(start)s, to be paid on %(day)s")
        % {"start": day(d["day"]), "day": day(d["pay_day"])}
        + _signed(d)
    ),
    "pay_day_missed": lambda d: _("Too late for the pay day of %(day)s") % {"day": day(d["day"])},
    "distance": lambda d: (
        _("%(km)s km away") % {"km": d["km"]} if d.get("km") else _("Distance not known")
    ),
    "keeps_promises": lambda d: (
        ngettext("Kept %(count)s promise", "Kept %(count)s promises", int(d["count"])) % d
    ),
    "signals": lambda d: _("Warning: %(what)s") % {"what": signal_names(d["codes"])},
    "limitation_ends": lambda d: (
        _("The limitation period ends on %(day)s") % {"day": day(d["ends_on"])}
    ),
    "limitation_elapsed": lambda d: (
        _("The limitation period ended on %(day)s") % {"day": day(d["ends_on"])}
    ),
    "part_held": lambda d: _("%(amount)s more is held") % {"amount": money(d["amount"])},
    "part_promised": lambda d: _("%(amount)s more is promised") % {"amount": money(d["amount"])},
    # News of payments, and who must do what.
    "payment_news_stale": lambda d: (
        ngettext(
            "Payments are known to %(day)s only: %(age)s working day is missing. Nobody is dunned.",
            "Payments are known to %(day)s only: %(age)s working days are missing. Nobody is "
            "dunned.",
            int(d["age"]),
        )
        % {"day": day(d["complete_to"]), "age": d["age"]}
    ),
    "payment_news_none": lambda _d: _("Nothing is known of payments yet. Nobody is dunned."),
    "bring_in_payments": lambda d: (
        _("Bring in the payments from %(day)s on.") % {"day": day(d["from"])}
        if d.get("from")
        else _("Bring in the payments.")
    ),
    "say_complete": lambda _d: _("Then say to which day they are complete."),
    "do_not_dun": lambda _d: _(
        "Everybody else: do not ask anybody to pay until then; other calls go on."
    ),
    # What a promise needs, and what is wrong with one.
    "promise_far_ahead": lambda d: (
        _("It lies %(days)s days ahead; up to %(limit)s need no supervisor.") % d
    ),
    "promise_small": lambda d: (
        _("It covers %(percent)s%% of what is due; from %(limit)s%% on no supervisor is needed.")
        % d
    ),
    "promises_broken_before": lambda d: _("%(count)s promises were broken before.") % d,
    "deferral_needs_a_date": lambda _d: _("A deferral always has a date."),
    "promised_day_is_past": lambda _d: _("This day is over."),
    "nothing_is_owed": lambda _d: _("Nothing of this is owed, or all of it is promised already."),
    "more_than_is_owed": lambda _d: _("This is more than is owed and not promised yet."),
    "covers_do_not_add_up": lambda _d: _("The parts do not come to the amount promised."),
    "too_many_decimals": lambda _d: _("This currency has fewer decimals."),
    "not_positive": lambda _d: _("This must be above zero."),
    "required": lambda _d: _("This is needed."),
    "too_long": lambda _d: _("This is too long."),
    "not_a_choice": lambda _d: _("Choose one of those offered."),
    "day_to_come": lambda _d: _("This day is still to come."),
    "in_this_class": lambda _d: _("The debt is in this class already."),
    "debt_not_open": lambda _d: _("This debt is not open any more."),
    "state_changed": lambda _d: _("Somebody else changed this meanwhile."),
    "card_was_merged": lambda _d: _("This card was merged into another one."),
    "already_asked": lambda _d: _("This was asked already and waits for a decision."),
    "nobody_may_decide": lambda _d: _(
        "There is nobody who may decide this except those concerned."
    ),
    "no_such_day": lambda _d: _(
        "Days of the month from 1 to 31 (31 is the last day), or weekdays: mon to sun."
    ),
    "step_not_understood": lambda _d: _("A step has a name and 0 to 60 working days."),
    "minutes_out_of_bounds": lambda _d: _("Between nought and 16 hours."),
    "not_allowed": lambda _d: _("You may not do this."),
}


def sentence(reason: Reason | GenjinError) -> str:
    """One reason or error in the reader's language; its code where it has no words."""
    make = _PLAN.get(reason.code)
    if make is None:
        return reason.code
    try:
        return make(reason.data)
    except (KeyError, TypeError, ValueError):
        return reason.code


def sentences(reasons: Iterable[Mapping[str, Any] | Reason]) -> list[str]:
    """Several, as stored or as they are."""
    return [sentence(one if isinstance(one, Reason) else Reason.from_json(one)) for one in reasons]


def by_field(error: BadInput) -> dict[str, str]:
    """What is wrong, by field; "" stands for the whole form."""
    return {
        str(place): " ".join(sentence(one) for one in reasons)
        for place, reasons in error.problems.items()
    }


def why_in_class(rule: str, evidence: Data) -> str:
    """Why a debt is in its class: the rule, and the figures it saw."""
    parts = [rule_name(rule)]
    if evidence.get("days"):
        count = int(evidence["days"])
        parts.append(ngettext("%(days)s day late", "%(days)s days late", count) % {"days": count})
    if evidence.get("broken"):
        count = int(evidence["broken"])
        parts.append(
            ngettext("%(count)s broken promise", "%(count)s broken promises", count)
            % {"count": count}
        )
    if evidence.get("signals"):
        parts.append(signal_names(evidence["signals"]))
    if "likelihood" in evidence:
        parts.append(_("likelihood %(percent)s%%") % {"percent": evidence["likelihood"]})
    return _("; ").join(parts)


def interruption_name(code: str) -> str:
    return str(InterruptionKind(code).label) if code in InterruptionKind.values else code
