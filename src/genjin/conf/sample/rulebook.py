"""Gives the rulebook something to work on: birthdays to come, wishes, a wish that has come in."""

from datetime import date, datetime, timedelta
from typing import Any

from genjin.customers.models import ContactPerson, Customer, WantedItem
from genjin.foundation.models import User
from genjin.kernel.lunar import next_solar_date
from genjin.sales import wanted
from genjin.sales.models import Product

KEY_CUSTOMERS = 40
# Birthdays lie so far apart.
_EVERY_HOURS = 14


def make(data: dict[str, Any], *, by: User, now: datetime) -> None:
    """Fills cards of the sample; the caller holds the transaction."""
    chosen = list(Customer.objects.filter(kind="person", merged_into=None).order_by("number")[:400])
    for customer in chosen[:KEY_CUSTOMERS]:
        customer.is_key = True
    Customer.objects.bulk_update(chosen[:KEY_CUSTOMERS], ["is_key"])
    _birthdays(data, chosen, now)
    for code, months in data["maintenance"].items():
        Product.objects.filter(code=code).update(maintenance_months=months)
    _wishes(data, chosen, by=by, now=now)


def _lunar(day: date) -> tuple[int, int] | None:
    """The lunar month and day that fall on a solar day."""
    before = day - timedelta(days=1)
    for month in range(1, 13):
        for number in range(1, 31):
            if next_solar_date(month, number, before) == day:
                return month, number
    return None


def _birthdays(data: dict[str, Any], chosen: list[Customer], now: datetime) -> None:
    given, people = data["birthdays"]["given"], []
    themselves = {
        person.customer_id: person
        for person in ContactPerson.objects.filter(customer__in=chosen, is_self=True)
    }
    changed = []
    for place, customer in enumerate(chosen[: data["birthdays"]["people"]]):
        day = (now + timedelta(hours=_EVERY_HOURS * (place + 1))).date()
        lunar = _lunar(day) if place % 4 == 3 else None
        month, number = lunar or (day.month, day.day)
        year = day.year - 30 - (place * 7) % 41
        person = themselves.get(customer.pk)
        values = {"birth_year": year, "birth_month": month, "birth_day": number,
                  "is_birthday_lunar": lunar is not None}  # fmt: skip
        if person is None or place % 3 == 2:
            name = customer.name[:1] + given[place % len(given)]
            people.append(ContactPerson(customer=customer, name=name, created_at=now, **values))
            continue
        for column, value in values.items():
            setattr(person, column, value)
        changed.append(person)
    ContactPerson.objects.bulk_create(people)
    ContactPerson.objects.bulk_update(
        changed, ["birth_year", "birth_month", "birth_day", "is_birthday_lunar"]
    )


def _wishes(data: dict[str, Any], chosen: list[Customer], *, by: User, now: datetime) -> None:
    place, items = KEY_CUSTOMERS, []
    for wish in data["wanted"]:
        for number in range(wish["customers"]):
            items.append(
                WantedItem(
                    customer=chosen[place % len(chosen)], text=wish["text"], by=None,
                    product_code=wish.get("product", ""),
                    asked_at=now - timedelta(days=4 + number * 9),
                )
            )  # fmt: skip
            place += 3
    WantedItem.objects.bulk_create(items)
    Product.objects.filter(code__in=[one.get("product") for one in data["wanted"]]).update(
        in_stock=False
    )
    for wish in data["wanted"]:
        if wish.get("has_come"):
            wanted.text_came_in(wish["text"], by=by, now=now)
