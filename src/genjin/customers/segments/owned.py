"""The condition on owned products (CU4): "a competitor's air conditioner older than eight years".

A value is {"category", "whose", "brand", "older_than_years", "bought_from", "bought_to",
"condition"}, each part optional but one at least given. `whose` is "ours", "competitor" or "none"
(asked, and owns nothing of the category). All parts hold for one and the same product that is not
gone.
"""

from collections.abc import Mapping
from datetime import date
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from genjin.customers.models import OwnedProduct
from genjin.customers.segments.fields import Known, category_label
from genjin.customers.states import Condition as ProductCondition
from genjin.kernel.problems import Reason

WHOSE = ("ours", "competitor", "none")
PARTS = frozenset({"category", "whose", "brand", "older_than_years", "bought_from", "bought_to",
                   "condition"})  # fmt: skip
MOST_YEARS = 100


def whose_label(whose: str) -> str:
    """What a choice of whose product it is is called."""
    return {"ours": _("our brand"), "competitor": _("a competitor's"),
            "none": _("owns none")}.get(whose, whose)  # fmt: skip


def _is_day(value: Any) -> bool:
    try:
        date.fromisoformat(str(value))
    except ValueError:
        return False
    return True


def _part_problem(  # noqa: PLR0911 - a table
    name: str, value: Any, known: Known
) -> Reason | None:
    if name == "category":
        return None if value in known.categories else Reason("unknown_category", {"value": value})
    if name == "whose":
        return None if value in WHOSE else Reason("not_a_choice", {"value": str(value)[:40]})
    if name == "condition":
        fits = value in ProductCondition.values
        return None if fits else Reason("not_a_choice", {"value": str(value)[:40]})
    if name == "older_than_years":
        is_number = isinstance(value, int) and not isinstance(value, bool)
        return None if is_number and 0 <= value <= MOST_YEARS else Reason("not_a_number")
    if name in ("bought_from", "bought_to"):
        return None if _is_day(value) else Reason("not_a_date", {"value": str(value)[:40]})
    if not isinstance(value, str) or not value.strip():
        return Reason("required")
    if "\x00" in value:
        return Reason("bad_character")
    return Reason("too_long", {"limit": 80}) if len(value) > 80 else None


def problem(value: Any, known: Known) -> Reason | None:
    """What is wrong with one value of the condition."""
    if not isinstance(value, Mapping) or not value:
        return Reason("required")
    if unknown := set(value) - PARTS:
        return Reason("unknown_field", {"field": f"owned.{min(map(str, unknown))}"})
    found = (_part_problem(name, part, known) for name, part in value.items())
    if first := next((one for one in found if one), None):
        return first
    if value.get("bought_from", "") > value.get("bought_to", "9999-12-31"):
        return Reason("ends_before_it_starts")
    if value.get("whose") == "none" and "category" not in value:
        return Reason("category_needed")
    return None


def _years_before(today: date, years: int) -> date:
    year = max(1, today.year - years)
    try:
        return today.replace(year=year)
    except ValueError:
        return today.replace(year=year, day=28)


def _bought_before(day: date) -> Q:
    """Certainly bought before `day`, also where only the month or the year is known."""
    return (
        Q(bought_precision="day", bought_on__lt=day)
        | Q(bought_precision="month", bought_on__lt=day.replace(day=1))
        | Q(bought_precision="year", bought_on__lt=day.replace(month=1, day=1))
    )


def _products(value: Mapping[str, Any], today: date) -> Q:
    whose = value.get("whose")
    test = Q(gone_on=None, owns_none=whose == "none")
    if whose in ("ours", "competitor"):
        test &= Q(is_ours=whose == "ours")
    if "category" in value:
        test &= Q(category__code=value["category"])
    if "brand" in value:
        test &= Q(brand__iexact=value["brand"].strip())
    if "condition" in value:
        test &= Q(condition=value["condition"])
    if "older_than_years" in value:
        test &= _bought_before(_years_before(today, value["older_than_years"]))
    if "bought_from" in value:
        test &= Q(bought_on__gte=date.fromisoformat(value["bought_from"]))
    if "bought_to" in value:
        test &= Q(bought_on__lte=date.fromisoformat(value["bought_to"]))
    return test


def test(values: list[Mapping[str, Any]], today: date) -> Q:
    """The customers who own a product that fits any of `values` on the day `today`."""
    products = reduce(or_, (_products(one, today) for one in values))
    return Q(pk__in=OwnedProduct.objects.filter(products).values("customer_id"))


def sentence(value: Mapping[str, Any], known: Known, language: str) -> str:
    """One value in words."""
    category = known.categories.get(value.get("category", ""))
    what = category_label(category, language) if category else value.get("category", "")
    if value.get("whose") == "none":
        return _("owns no product of the category %(category)s") % {"category": what}
    parts = [what or _("any category")]
    if "whose" in value:
        parts.append(whose_label(value["whose"]))
    if "brand" in value:
        parts.append(_("brand %(brand)s") % {"brand": value["brand"]})
    if "older_than_years" in value:
        years = value["older_than_years"]
        parts.append(ngettext("older than %(years)s year", "older than %(years)s years", years)
                     % {"years": years})  # fmt: skip
    if "bought_from" in value:
        parts.append(_("bought from %(day)s") % {"day": value["bought_from"]})
    if "bought_to" in value:
        parts.append(_("bought until %(day)s") % {"day": value["bought_to"]})
    if "condition" in value:
        parts.append(str(ProductCondition(value["condition"]).label))
    return _("owns a product: %(parts)s") % {"parts": _(", ").join(parts)}
