"""Classes, lists, sets, orders and owned products in the reader's language."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from genjin.customers.models import OwnedProduct, ProductCategory, Standing
from genjin.customers.operations import categories
from genjin.customers.states import (
    CardSet,
    CustomerList,
    DatePrecision,
    ProspectState,
    ValueClass,
    VisitingGrade,
)
from genjin.kernel.money import format_money
from genjin.kernel.problems import Reason
from genjin.sales.models import ClassRun
from genjin.sales.orders import home_currency
from genjin.web.customers import words

Data = Mapping[str, Any]
SET_TONES = {"fixed": "good", "attack": "bad", "development": "accent", "": "quiet"}
LIST_TONES = {"existing": "good", "probable": "accent", "potential": "quiet"}


def category_name(category: ProductCategory) -> str:
    return categories.label(category, words.language())


def category_names() -> dict[str, str]:
    """The names of all categories by code, for lines that hold codes alone."""
    return {one.code: category_name(one) for one in ProductCategory.objects.all()}


def money(amount: Any, currency: str = "") -> str:
    """An amount for a reader; home currency unless another is named."""
    return format_money(Decimal(str(amount)), currency or home_currency(), words.language())


def class_name(code: str) -> str:
    return words.choice(ValueClass, code)


def list_name(code: str) -> str:
    return words.choice(CustomerList, code)


def set_name(code: str) -> str:
    return words.choice(CardSet, code)


def set_for_customer(code: str) -> str:
    """A set where a customer may see the screen: whose product they have, and no more (CU4)."""
    return {
        "fixed": pgettext("what a customer owns", "Ours"),
        "attack": pgettext("what a customer owns", "Another brand's"),
    }.get(code, pgettext("what a customer owns", "None"))


def class_sentence(standing: Standing | None, run: ClassRun | None, months: int) -> str:
    """Why a customer has this class, in one sentence (CU3)."""
    if run is None:
        return _("The classes have not been worked out yet.")
    amount = standing.deal_amount if standing else Decimal(0)
    if amount <= 0 or standing is None:
        return _("No deal in the last %(months)s months, so no class.") % {"months": months}
    data = {
        "amount": money(amount), "months": months, "a_percent": f"{run.a_percent.normalize():f}",
        "b_percent": f"{run.b_percent.normalize():f}",
        "a_floor": money(run.a_floor or 0), "b_floor": money(run.b_floor or 0),
    }  # fmt: skip
    if standing.value_class == "A":
        form = _(
            "%(amount)s in the last %(months)s months: customers from %(a_floor)s on bring the "
            "first %(a_percent)s %% of all deals and are A."
        )
    elif standing.value_class == "B":
        form = _(
            "%(amount)s in the last %(months)s months: below %(a_floor)s, where A begins, and not "
            "below %(b_floor)s; down to there it is %(b_percent)s %% of all deals."
        )
    elif standing.value_class == "C":
        form = _(
            "%(amount)s in the last %(months)s months: below %(b_floor)s, where B begins; those "
            "above bring %(b_percent)s %% of all deals."
        )
    else:
        form = _("%(amount)s in the last %(months)s months; the class comes with the next run.")
    return form % data


def key_sentence(reason: Reason) -> str:
    """Why somebody is proposed as a key customer."""
    data = dict(reason.data)
    if reason.code == "key_by_class":
        return _("Class %(class)s by deal amount.") % data
    if reason.code == "key_by_potential":
        return _("Class %(class)s with a high growth potential.") % data
    if reason.code == "key_prospect_potential":
        return _("A prospect of grade %(grade)s with a high growth potential.") % data
    data["amount"] = money(data["amount"])
    return _("A prospect of grade %(grade)s with %(amount)s expected.") % data


def day_text(day: date | str | None, precision: str = "day") -> str:
    """A day as exactly as it is known."""
    if not day:
        return ""
    text = day if isinstance(day, str) else day.isoformat()
    return {DatePrecision.YEAR: text[:4], DatePrecision.MONTH: text[:7]}.get(
        DatePrecision(precision), text
    )


def owned_name(row: OwnedProduct) -> str:
    """Brand and model of what is owned."""
    return " ".join(part for part in (row.brand, row.model) if part) or (
        _("ours") if row.is_ours else _("another brand's")
    )


def age_years(row: OwnedProduct, today: date) -> int | None:
    """How many whole years something is owned; None where its day is not known."""
    if row.bought_on is None:
        return None
    bought = row.bought_on
    return today.year - bought.year - ((today.month, today.day) < (bought.month, bought.day))


def _owned(data: Data) -> str:
    whose = _("ours") if data.get("is_ours") else ""
    name = " ".join(str(data[part]) for part in ("brand", "model") if data.get(part))
    parts = (category_names().get(str(data.get("category", "")), data.get("category", "")),
             name or whose)  # fmt: skip
    return " ".join(str(part) for part in parts if part)


def _order(data: Data) -> dict[str, Any]:
    return {
        "amount": money(data["amount"], str(data["currency"])),
        "what": data.get("product") or category_names().get(data["category"], data["category"]),
    }


TITLES: dict[str, Callable[[Data], str]] = {
    "order_entered": lambda d: _("Order: %(what)s, %(amount)s") % _order(d),
    "return_entered": lambda d: _("Return: %(what)s, %(amount)s") % _order(d),
    "order_cancelled": lambda d: _("Order cancelled: %(what)s, %(amount)s") % _order(d),
    "class_moved": lambda d: (
        _("Class: %(before)s → %(after)s")
        % {"before": class_name(d["before"]), "after": class_name(d["after"])}
    ),
    "list_moved": lambda d: (
        _("List: %(before)s → %(after)s")
        % {"before": list_name(d["before"]), "after": list_name(d["after"])}
    ),
    "set_moved": lambda d: (
        _("%(category)s: %(before)s → %(after)s")
        % {
            "category": category_names().get(d["category"], d["category"]),
            "before": set_name(d["before"]),
            "after": set_name(d["after"]),
        }
    ),
    "owned_added": lambda d: _("Owns: %(what)s") % {"what": _owned(d)},
    "owned_gone": lambda d: _("Gone: %(what)s") % {"what": _owned(d)},
    "owns_none": lambda d: _("Asked: owns none (%(what)s)") % {"what": _owned(d)},
    "key_confirmed": lambda d: _("Key customer: confirmed"),
    "key_refused": lambda d: _("Key customer: proposal refused"),
    "key_ended": lambda d: _("Key customer: no longer"),
    "prospect_changed": lambda d: _("Prospect: what to do changed"),
    "grade_dropped": lambda d: _("Grade %(before)s was not confirmed in time: now %(grade)s") % d,
}


def _class_body(data: Data) -> str:
    told = {**data, "amount": money(data["amount"]), "total": money(data["total"] or 0)}
    text = _(
        "%(amount)s from %(from)s to %(to)s (%(orders)s orders) of %(total)s in all."
    ) % told  # fmt: skip
    if data.get("share"):
        text += " " + _("Down to this amount it is %(share)s %%.") % data
    if data.get("a_floor"):
        text += " " + _("A begins at %(a)s (%(a_percent)s %%), B at %(b)s (%(b_percent)s %%).") % {
            **data, "a": money(data["a_floor"]), "b": money(data["b_floor"])}  # fmt: skip
    return text


def _drop_body(data: Data) -> str:
    return (
        _(
            "Its term of %(term_days)s days and the review of %(review_days)s days went by without "
            "a confirmation."
        )
        % data
    )


BODIES: dict[str, Callable[[Data], str]] = {
    "class_moved": _class_body,
    "grade_dropped": _drop_body,
    "order_entered": lambda d: day_text(d.get("ordered_on")),
    "return_entered": lambda d: day_text(d.get("ordered_on")),
    "owned_added": lambda d: day_text(d.get("bought_on"), d.get("bought_precision") or "day"),
}

PROSPECT_CHOICES = {"prospect_state": ProspectState, "visiting_grade": VisitingGrade}
