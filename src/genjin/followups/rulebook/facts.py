"""The facts that a rule may ask about: those of its event, and those of the customer."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _

from genjin.customers import events
from genjin.customers.events import Fact, FactType
from genjin.customers.states import CustomerList, Kind, ValueClass

# Asked when the rule is applied; a fact that is not known (no class yet) is missing.
ABOUT_CUSTOMER: tuple[Fact, ...] = (
    Fact("customer.is_key", _("it is a key customer"), FactType.FLAG,
         denied=_("it is no key customer")),
    Fact("customer.value_class", _("the customer's class"), FactType.CHOICE,
         choices=tuple((code, code) for code in ValueClass.values if code)),
    Fact("customer.list", _("the customer's list"), FactType.CHOICE,
         choices=tuple(CustomerList.choices)),
    Fact("customer.kind", _("the kind of customer"), FactType.CHOICE,
         choices=tuple(Kind.choices)),
)  # fmt: skip
_ABOUT_CUSTOMER = {fact.code: fact for fact in ABOUT_CUSTOMER}


def facts_of(event: str) -> tuple[Fact, ...]:
    """Every fact that a rule for `event` may ask about; none for an event nobody knows."""
    kind = events.TYPES.get(event)
    return (*kind.facts, *ABOUT_CUSTOMER) if kind else ABOUT_CUSTOMER


def fact(event: str, code: str) -> Fact | None:
    """One fact of an event or of the customer."""
    kind = events.TYPES.get(event)
    found = kind.by_code.get(code) if kind else None
    return found or _ABOUT_CUSTOMER.get(code)


def about(
    *, is_key: bool, value_class: str | None, customer_list: str | None, kind: str
) -> dict[str, Any]:
    """The facts of a customer as conditions read them."""
    return {
        "customer.is_key": is_key,
        "customer.value_class": value_class or None,
        "customer.list": customer_list or CustomerList.POTENTIAL.value,
        "customer.kind": kind,
    }


def only_about_customer(conditions: Iterable[Any]) -> list[Any]:
    """Those of the conditions that ask about nothing but the customer."""
    return [one for one in conditions if all(
        part["field"] in _ABOUT_CUSTOMER for part in one.get("any", [one]))]  # fmt: skip
