"""Card work for when the queue runs dry: replacement due, never asked, grades (FU6)."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from genjin.customers.models import Customer, OwnedProduct
from genjin.customers.operations import categories
from genjin.customers.operations.prospects import overdue
from genjin.foundation.access import has_right
from genjin.foundation.models import User
from genjin.sales.opportunities import reviews
from genjin.web.orders.words import category_name, owned_name

EACH = 4
_SHOWN = 3


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return day.replace(year=day.year - years, day=28)


def due_for_replacement(user: User, today: date) -> list[dict[str, Any]]:
    """Own customers whose product has lived its years, the oldest first."""
    due = Q(pk__in=[])
    for one in categories.active():
        if one.life_years:
            due |= Q(category=one, bought_on__lte=_years_before(today, one.life_years))
    rows = (
        OwnedProduct.objects.filter(
            due, gone_on=None, owns_none=False, customer__custodian=user,
            customer__merged_into=None,
        )
        .select_related("customer", "category")
        .order_by("bought_on", "id")[:EACH]
    )  # fmt: skip
    return [
        {
            "customer": row.customer,
            "lacks": [
                _("%(category)s due for replacement: %(name)s, bought %(year)s")
                % {
                    "category": category_name(row.category),
                    "name": owned_name(row),
                    "year": row.bought_on.year if row.bought_on else "",
                }
            ],
        }
        for row in rows
    ]


def never_asked(user: User) -> list[dict[str, Any]]:
    """Own customers of whom it is to be found out what they own."""
    kinds = categories.active()
    if not kinds:
        return []
    known = Q(standing__sets__has_keys=[one.code for one in kinds])
    rows = (
        Customer.objects.filter(custodian=user, merged_into=None)
        .filter(Q(standing=None) | ~known)
        .select_related("standing")
        .order_by("changed_at", "id")[:EACH]
    )
    found = []
    for row in rows:
        standing = getattr(row, "standing", None)
        sets = standing.sets if standing else {}
        names = [category_name(one) for one in kinds if one.code not in sets]
        shown = _(", ").join(names[:_SHOWN]) + ("…" if len(names) > _SHOWN else "")
        found.append({"customer": row, "lacks": [_("to be found out: %(what)s") % {"what": shown}]})
    return found


def grades_to_confirm(user: User, now: datetime) -> list[dict[str, Any]]:
    """Own prospects and opportunities whose grade outlived its term."""
    cards = overdue(now).filter(custodian=user)[:EACH]
    deals = reviews.overdue(now).filter(owner=user, customer__custodian=user)
    return [
        {"customer": row, "lacks": [_("grade %(grade)s to confirm") % {"grade": row.grade}]}
        for row in cards
    ] + [
        {"customer": row.customer, "lacks": [_("grade %(grade)s of “%(title)s” to confirm") % {
            "grade": row.grade, "title": row.title}]}
        for row in deals.select_related("customer")[:EACH]
    ]  # fmt: skip


def more_card_work(user: User, now: datetime) -> list[dict[str, Any]]:
    """Cards that orders and grades ask to look at, each customer once."""
    if not has_right(user, "customers.change"):
        return []
    lines = [
        *grades_to_confirm(user, now),
        *due_for_replacement(user, timezone.localdate(now)),
        *never_asked(user),
    ]
    return each_once(lines)


def each_once(lines: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """One line for each customer, with all that their card lacks."""
    by_customer: dict[Any, dict[str, Any]] = {}
    for line in lines:
        known = by_customer.setdefault(line["customer"].pk, {**line, "lacks": []})
        known["lacks"] += line["lacks"]
    return list(by_customer.values())
