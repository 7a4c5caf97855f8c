"""What the card shows of orders: value and class, owned products with their boxes, the prospect."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from genjin.customers.models import Customer, OwnedProduct, ProductCategory, Standing
from genjin.customers.operations import categories
from genjin.customers.operations.prospects import grade_standing
from genjin.customers.states import ProspectState
from genjin.foundation import policy
from genjin.foundation.access import has_right
from genjin.foundation.models import User
from genjin.sales.key_customers import proposal_for
from genjin.sales.models import OrderLine
from genjin.sales.opportunities import reviews
from genjin.sales.standing import newest_run
from genjin.web.orders import words

NEWEST = 4


def standing_of(customer: Customer) -> Standing | None:
    """The card's standing, read once."""
    if not hasattr(customer, "_standing_read"):
        row = Standing.objects.filter(customer=customer).first()
        customer._standing_read = row  # type: ignore[attr-defined]
    return customer._standing_read  # type: ignore[attr-defined]


def value_panel(customer: Customer, user: User) -> dict[str, Any]:
    """Class with its reason, list, deal amount, the newest orders, the proposal of a key mark."""
    standing = standing_of(customer)
    months = int(policy.value("classes.months"))
    customer_list = standing.customer_list if standing else "potential"
    orders = OrderLine.objects.filter(customer=customer).select_related("category", "product")
    may_decide = has_right(user, "classes.manage")
    proposal = proposal_for(customer) if may_decide else None
    return {
        "standing": standing,
        "klass": standing.value_class if standing else "",
        "sentence": words.class_sentence(standing, newest_run(), months),
        "months": months,
        "list": customer_list,
        "list_name": words.list_name(customer_list),
        "list_tone": words.LIST_TONES[customer_list],
        "orders": [order_row(one) for one in orders.order_by("-ordered_on", "-pk")[:NEWEST]],
        "may_enter": has_right(user, "orders.enter"),
        "may_decide": may_decide,
        "proposal": words.key_sentence(proposal.reason) if proposal else "",
    }


def order_row(order: OrderLine) -> dict[str, Any]:
    """One order as a line."""
    return {
        "order": order,
        "what": order.product.name if order.product else words.category_name(order.category),
        # Without a product the category is what was bought.
        "category": words.category_name(order.category) if order.product else "",
        "key": "" if order.external_key.startswith("row:") else order.external_key,
        "amount": words.money(order.amount, order.currency),
        "home": "" if order.currency == words.home_currency() else words.money(order.home_amount),
        "is_return": order.kind == OrderLine.Kind.RETURN,
        "is_cancelled": order.state == OrderLine.State.CANCELLED,
    }


def owned_panel(customer: Customer, *, now: datetime) -> list[dict[str, Any]]:
    """Each category in use (and others with something in them): its box, and what is owned."""
    standing = standing_of(customer)
    sets = standing.sets if standing else {}
    today = timezone.localdate(now)
    rows = OwnedProduct.objects.filter(customer=customer).select_related("category")
    by_category: dict[int, list[OwnedProduct]] = {}
    for row in rows.order_by("gone_on", "-bought_on", "-created_at"):
        by_category.setdefault(row.category_id, []).append(row)
    shown = [*categories.active()]
    known = {one.pk for one in shown}
    extra = {row.category_id: row.category for found in by_category.values() for row in found}
    shown += [one for pk, one in extra.items() if pk not in known]
    return [_category_row(one, by_category.get(one.pk, []), sets, today) for one in shown]


def _category_row(
    category: ProductCategory, owned: list[OwnedProduct], sets: dict[str, str], today: Any
) -> dict[str, Any]:
    code = sets.get(category.code, "")
    alive = [row for row in owned if row.gone_on is None and not row.owns_none]
    asked = next((row for row in owned if row.owns_none and row.gone_on is None), None)
    return {
        "category": category,
        "name": words.category_name(category),
        "set": code,
        "set_name": words.set_name(code),
        "tone": words.SET_TONES.get(code, "quiet"),
        "asked_at": asked.confirmed_at if asked else None,
        "owned": [_owned_row(row, category, today) for row in alive],
        "gone": [_owned_row(row, category, today) for row in owned
                 if row.gone_on and not row.owns_none][:3],
    }  # fmt: skip


def _owned_row(row: OwnedProduct, category: ProductCategory, today: Any) -> dict[str, Any]:
    years = words.age_years(row, today)
    return {
        "row": row,
        "name": words.owned_name(row),
        "bought": words.day_text(row.bought_on, row.bought_precision),
        "years": years,
        "is_due": bool(category.life_years and years is not None and years >= category.life_years),
        "condition": row.get_condition_display() if row.condition else "",
        "by_order": row.source_kind == "order",
    }


def prospect_panel(customer: Customer, *, now: datetime) -> dict[str, Any]:
    """What to do with the prospect, how often, and how long the grade still stands."""
    grade = grade_standing(customer, now)
    visiting = customer.visiting_grade
    return {
        "state": customer.prospect_state,
        "state_name": customer.get_prospect_state_display(),
        "is_paused": customer.prospect_state == ProspectState.PAUSE,
        "visiting": visiting,
        "visiting_name": customer.get_visiting_grade_display(),
        "visit_days": policy.value(f"classes.visiting.{visiting}.visit_days") if visiting else None,
        "call_days": policy.value(f"classes.visiting.{visiting}.call_days") if visiting else None,
        "grade": grade,
    }


def _overdue_grade(customer: Customer, standing: Standing | None, now: datetime) -> str:
    """The grade that waits for a word: the card's own, or that of an open opportunity."""
    if standing is not None and standing.open_opportunities:
        return min((one.grade for one in reviews.overdue_of(customer, now)), default="")
    return customer.grade if grade_standing(customer, now).is_overdue else ""


def ask_box(customer: Customer, user: User, *, now: datetime, back: str) -> dict[str, Any] | None:
    """What is to be asked while talking: the first category that nobody asked about, the grade.

    None where there is nothing to ask or this person may not change cards.
    """
    if not has_right(user, "customers.change"):
        return None
    standing = standing_of(customer)
    sets = standing.sets if standing else {}
    unknown = [one for one in categories.active() if one.code not in sets]
    overdue = _overdue_grade(customer, standing, now)
    if not unknown and not overdue:
        return None
    first = unknown[0] if unknown else None
    return {
        "grade": overdue,
        "category": first,
        "name": words.category_name(first) if first else "",
        "brands": categories.brands(first, limit=30) if first else [],
        "more": max(len(unknown) - 1, 0),
        "back": back,
    }


def card_panels(customer: Customer, user: User, *, now: datetime) -> dict[str, Any]:
    """The three panels for the card's page."""
    return {
        "value": value_panel(customer, user),
        "owned": owned_panel(customer, now=now),
        "prospect": prospect_panel(customer, now=now),
    }
