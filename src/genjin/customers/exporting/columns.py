"""What may be taken out, as columns with their values."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from genjin.customers import fields as card_fields
from genjin.customers.models import Address, ContactPoint, Customer, FieldDefinition
from genjin.customers.visibility import shown_address, shown_phone
from genjin.foundation.models import User
from genjin.kernel.address import place_name

_BATCH = 500


@dataclass(frozen=True)
class Column:
    """One column of the file. `value` gets the card with its parts and whoever takes it out."""

    code: str
    label: str
    value: Callable[[Customer, User], Any]


def _points(kind: str) -> Callable[[Customer, User], str]:
    def value(customer: Customer, user: User) -> str:
        points = [p for p in customer.points.all() if p.kind == kind and p.is_active]
        return "; ".join(shown_phone(user, point) for point in points)

    return value


def _address(customer: Customer, user: User) -> str:
    rows = [one for one in customer.addresses.all() if one.is_active]
    return "; ".join(shown_address(user, one.text, place_name(one.division) or "") for one in rows)


def _day(moment: datetime | None) -> str:
    return timezone.localtime(moment).date().isoformat() if moment else ""


def _field(definition: FieldDefinition, language: str) -> Callable[[Customer, User], Any]:
    def value(customer: Customer, _user: User) -> Any:
        stored = customer.fields.get(definition.code)
        if stored is None:
            return ""
        if isinstance(stored, bool):
            return _("Yes") if stored else _("No")
        if isinstance(stored, list):
            return "; ".join(
                card_fields.choice_label(definition, str(one), language) for one in stored
            )
        if definition.type == "choice":
            return card_fields.choice_label(definition, str(stored), language)
        return stored

    return value


def columns(language: str) -> list[Column]:
    """Every column that can be chosen, in the reader's language.

    Who informs us, family data and notes are not among them: they never leave the house.
    """
    own = [
        Column("number", _("Customer number"), lambda c, u: c.number),
        Column("name", _("name"), lambda c, u: c.name),
        Column("kind", _("kind"), lambda c, u: c.get_kind_display()),
        Column("phones", _("Phones"), _points("phone")),
        Column("emails", _("E-mail"), _points("email")),
        Column("region", _("region"), lambda c, u: place_name(c.region) or ""),
        Column("addresses", _("Addresses"), _address),
        Column("tax_number", _("tax number"), lambda c, u: c.tax_number),
        Column("language", _("language"), lambda c, u: c.language),
        Column("grade", _("grade"), lambda c, u: c.grade),
        Column("value_class", _("class"), lambda c, u: _standing(c, "value_class")),
        Column("custodian", _("custodian"), lambda c, u: c.custodian.name if c.custodian else ""),
        Column("team", _("team"), lambda c, u: c.team.name if c.team else ""),
        Column("source", _("source"), lambda c, u: c.source),
        Column("created", _("card opened"), lambda c, u: _day(c.created_at)),
        Column("last_contact", _("last contact"), lambda c, u: _day(c.last_contact_at)),
    ]
    private = {"family", "interests", "character"}
    return own + [
        Column(f"fields.{d.code}", card_fields.label(d, language), _field(d, language))
        for d in card_fields.definitions()
        if d.code not in private
    ]


def _standing(customer: Customer, name: str) -> str:
    found = getattr(customer, "standing", None)
    return str(getattr(found, name)) if found else ""


def lines(
    customers: QuerySet[Customer], chosen: Sequence[Column], *, user: User
) -> Iterator[tuple[Customer, list[Any]]]:
    """Each card with its cells, read in batches in the order of their numbers."""
    rows = (
        customers.order_by("number")
        .select_related("custodian", "team", "standing")
        .prefetch_related(
            Prefetch("points", ContactPoint.objects.order_by("position", "pk")),
            Prefetch("addresses", Address.objects.order_by("pk")),
        )
        .iterator(chunk_size=_BATCH)
    )
    while batch := list(islice(rows, _BATCH)):
        for customer in batch:
            yield customer, [column.value(customer, user) for column in chosen]
