"""Customers: found, read, fed and changed; their timeline (CU1, CU9, CU16).

Numbers are masked as on the screens. In lists they are whole only for people who may take
customers out into a file: who pages through a list has taken it out.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_noop as _
from ninja import Query
from ninja.responses import Status
from pydantic import BaseModel, Field, StringConstraints

from genjin.api.area import Area
from genjin.api.guard import caller
from genjin.api.paging import Page, PageAsked, page_of, read_key
from genjin.api.shapes import Moment, Person, Sent, Shown, example, money, person
from genjin.customers import queries
from genjin.customers.models import (
    Address,
    Consent,
    ContactPerson,
    ContactPoint,
    Customer,
    Hold,
    Standing,
    TimelineEntry,
)
from genjin.customers.operations.access_log import log_view
from genjin.customers.operations.external_keys import customer_by_key
from genjin.customers.search import find
from genjin.customers.sentences import sentence
from genjin.customers.states import PointKind, PointLabel
from genjin.flows import cards
from genjin.foundation import policy
from genjin.foundation.access import has_right
from genjin.foundation.models import User
from genjin.kernel.address import place_name
from genjin.kernel.errors import Conflict
from genjin.kernel.phone import mask_phone

area = Area("customers", title=_("Customers"), says=sentence)
FOUND = 50
Text = Annotated[str, StringConstraints(strip_whitespace=True)]
Values = dict[str, str | int | float | bool | list[str] | None]


class CustomerLine(Shown):
    """A customer in a list."""

    id: UUID
    number: int = Field(description=_("The number that people say to each other."))
    kind: str = Field(description=_("person or organisation."))
    name: str
    phone: str = Field(description=_("The first number; masked unless you may take customers out."))
    region: str = Field(description=_("Code of the administrative division."))
    grade: str = Field(description=_("A to E, or nothing."))
    value_class: str = Field(description=_("A, B or C by deal amount, or nothing."))
    custodian_id: int | None
    changed_at: datetime


class PersonShown(Shown):
    """A person at a customer."""

    id: UUID
    name: str
    job_title: str
    roles: list[str]
    form_of_address: str
    is_self: bool = Field(description=_("The customer as a person."))


class NumberShown(Shown):
    """A number or account."""

    id: UUID
    kind: str
    label: str
    value: str = Field(description=_("Whole or masked, as you may see it."))
    status: str
    person_id: UUID | None


class AddressShown(Shown):
    """A postal address."""

    id: UUID
    label: str
    text: str = Field(description=_("Whole, or the place alone, as you may see it."))
    postcode: str
    division: str


class ConsentShown(Shown):
    """The newest answer for a channel and a purpose; empty stands for every one."""

    channel: str
    purpose: str
    answer: str
    at: datetime


class HoldShown(Shown):
    """What is stopped for a while."""

    id: UUID
    purposes: list[str]
    reason: str
    starts_at: datetime
    ends_at: datetime


class CustomerShown(Shown):
    """A whole card."""

    id: UUID
    number: int
    external_keys: list[str] = Field(description=_("The names that other systems have for it."))
    kind: str
    name: str
    other_names: list[str]
    sex: str
    form_of_address: str
    language: str
    time_zone: str
    stated_hours: str
    tax_number: str
    region: str
    source: str
    note: str
    fields: dict[str, Any] = Field(description=_("The card fields by their codes."))
    grade: str
    expected_close_date: str | None
    expected_amount: str | None
    expected_currency: str
    value_class: str
    is_key: bool
    custodian: Person | None
    team: str
    people: list[PersonShown]
    numbers: list[NumberShown]
    addresses: list[AddressShown]
    consents: list[ConsentShown]
    holds: list[HoldShown]
    created_at: datetime
    changed_at: datetime
    last_contact_at: datetime | None


class Columns(Sent):
    """What may be written on a card; what is left out stays as it is."""

    other_names: list[Text] = Field([], max_length=50)
    sex: Literal["", "f", "m"] = ""
    form_of_address: Text = ""
    language: Text = Field("", description=_("A code such as zh-hans, yue or en."))
    time_zone: Text = Field("", description=_("Only if it differs from ours."))
    stated_hours: Text = Field("", description=_("Such as: mon-fri 09:00-12:00 14:00-18:00"))
    tax_number: Text = ""
    region: Text = Field("", description=_("Code of the administrative division."))
    source: Text = ""
    note: Text = ""
    fields: Values = Field({}, description=_("Card fields by their codes; null takes one off."))


class CustomerFed(Columns):
    """A card as another system knows it."""

    model_config = example(
        kind="organisation", name="Yuanfang Trading", person_name="Wang Fang",
        phones=["13812345678"], address="1 Century Avenue, Shanghai",
    )  # fmt: skip

    kind: Literal["person", "organisation"]
    name: Text = Field(min_length=1, max_length=200)
    phones: list[Text] = Field([], max_length=20)
    emails: list[Text] = Field([], max_length=20)
    address: Text = ""
    person_name: Text = Field(
        "", max_length=200, description=_("A contact person of a new organisation.")
    )


class CustomerNew(CustomerFed):
    """A new card."""

    model_config = example(
        kind="person", name="Zhang San", phones=["13812345678"], external_key="erp:4711"
    )

    external_key: Text = Field(
        "", max_length=80, description=_("The name that your system has for it; it is given once.")
    )


class CustomerChange(Columns):
    """Changes of a card."""

    model_config = example(note="Reachable on Wednesday mornings", tax_number="91310000MA1FL0000X")

    kind: Literal["person", "organisation"] = "person"
    name: Text = ""
    read_at: Moment | None = Field(
        None,
        description=_("The changed_at that you read: refused when the card was changed since."),
    )


class NumberNew(Sent):
    """A number or account to add."""

    value: Text = Field(min_length=1, max_length=254, examples=["13812345678"])
    kind: Literal[(*PointKind.values,)] = "phone"  # type: ignore[valid-type]
    label: Literal[("", *PointLabel.values)] = ""  # type: ignore[valid-type]


class Entry(Shown):
    """A line of a customer's history; `code` says what happened, `data` with what."""

    id: UUID
    at: datetime
    kind: str
    code: str
    data: dict[str, Any]
    by: Person | None
    source_kind: str
    source_id: str


def _currency() -> str:
    return str(policy.value("organisation.currency"))


def visible_customer(user: User, pk: UUID) -> Customer:
    """The card within the person's scope. Http404; Conflict `card_was_merged` says into which."""
    seen = queries.visible_to(user)
    found = seen.select_related("custodian", "team", "stated_hours").filter(pk=pk).first()
    if found is not None:
        return found
    merged = Customer.objects.filter(pk=pk, merged_into__in=seen.values("pk")).first()
    if merged is None:
        raise Http404
    raise Conflict("card_was_merged", into=str(merged.merged_into_id))


def _numbers_of(customers: Sequence[UUID]) -> dict[UUID, ContactPoint]:
    rows = ContactPoint.objects.filter(customer__in=customers, kind="phone", is_active=True)
    first: dict[UUID, ContactPoint] = {}
    for point in rows.order_by("customer_id", "position", "id"):
        first.setdefault(point.customer_id, point)
    return first


def _lines(customers: Sequence[Customer], user: User) -> list[CustomerLine]:
    """Customers as a list shows them; two queries for any number of them."""
    ids = [one.pk for one in customers]
    numbers, standings = _numbers_of(ids), Standing.objects.in_bulk(ids)
    is_whole = has_right(user, "customers.export")
    return [
        CustomerLine(
            id=one.pk, number=one.number, kind=one.kind, name=one.name,
            phone=_in_list(user, numbers.get(one.pk), is_whole), region=one.region,
            grade=one.grade, custodian_id=one.custodian_id, changed_at=one.changed_at,
            value_class=standings[one.pk].value_class if one.pk in standings else "",
        )
        for one in customers
    ]  # fmt: skip


def _in_list(user: User, point: ContactPoint | None, is_whole: bool) -> str:
    if point is None:
        return ""
    return queries.shown_phone(user, point) if is_whole else mask_phone(point.value)


class CustomersAsked(PageAsked):
    """Which customers are asked for."""

    q: str = Field(
        "",
        max_length=64,
        description=_("A part of a name, four digits or more of a phone, pinyin or a number."),
    )
    changed_since: Moment | None = Field(
        None, description=_("Only cards changed at or after this moment.")
    )
    order: Literal["newest", "oldest"] = Field(
        "newest", description=_("By the moment of the last change.")
    )


@area.get(
    "customers", right="customers.view", answer=Page[CustomerLine], summary=_("Find customers"),
    description=_("The customers in your scope. With “q” the best hits, at most 50, on one page."),
)  # fmt: skip
def search(request: HttpRequest, asked: Query[CustomersAsked]) -> Page[CustomerLine]:
    user = caller(request)
    if asked.q.strip():
        return _found(user, asked)
    rows, is_up = queries.visible_to(user), asked.order == "oldest"
    if asked.changed_since:
        rows = rows.filter(changed_at__gte=asked.changed_since)
    found = list(_after(rows, asked.after, is_up)[: asked.limit + 1])
    page = page_of(found, asked.limit, lambda one: one, lambda one: (one.changed_at, one.pk))
    return Page(items=_lines(page.items, user), next=page.next)


def _found(user: User, asked: CustomersAsked) -> Page[CustomerLine]:
    hits = find(asked.q, user=user, limit=min(asked.limit, FOUND))
    cards_by_id = Customer.objects.in_bulk([hit.id for hit in hits])
    ordered = [cards_by_id[hit.id] for hit in hits if hit.id in cards_by_id]
    if asked.changed_since:
        ordered = [one for one in ordered if one.changed_at >= asked.changed_since]
    return Page(items=_lines(ordered, user), next=None)


def _after(rows: QuerySet[Customer], after: str, is_up: bool) -> QuerySet[Customer]:
    """The rows past a place, in the order of their change."""
    side, sign = ("gt", "") if is_up else ("lt", "-")
    if key := read_key(after, datetime, UUID):
        at, pk = key
        # The first test alone bounds the walk through the index; the second breaks ties.
        rows = rows.filter(**{f"changed_at__{side}e": at}).filter(
            Q(**{f"changed_at__{side}": at}) | Q(**{f"id__{side}": pk})
        )
    return rows.order_by(f"{sign}changed_at", f"{sign}id")


def _person(one: ContactPerson, customer: Customer, user: User) -> PersonShown:
    return PersonShown(
        id=one.pk, name=one.name, job_title=one.job_title, is_self=one.is_self,
        roles=queries.shown_roles(user, customer, one), form_of_address=one.form_of_address,
    )  # fmt: skip


def _number(point: ContactPoint, user: User) -> NumberShown:
    return NumberShown(
        id=point.pk, kind=point.kind, label=point.label, status=point.status,
        value=queries.shown_phone(user, point), person_id=point.person_id,
    )  # fmt: skip


def _address(one: Address, user: User) -> AddressShown:
    place = place_name(one.division)
    return AddressShown(
        id=one.pk, label=one.label, postcode=one.postcode, division=one.division,
        text=queries.shown_address(user, one.text, place),
    )  # fmt: skip


def _consent(one: Consent) -> ConsentShown:
    return ConsentShown(channel=one.channel, purpose=one.purpose, answer=one.answer, at=one.at)


def _hold(one: Hold) -> HoldShown:
    return HoldShown(id=one.pk, purposes=one.purposes, reason=one.reason,
                     starts_at=one.starts_at, ends_at=one.ends_at)  # fmt: skip


def _shown(pk: UUID, user: User) -> CustomerShown:
    """A whole card as this person may see it; who looked is noted."""
    now = timezone.now()
    card = queries.card(pk, now=now)
    one = card.customer
    standing = Standing.objects.filter(customer=one).first()
    amount = one.expected_amount
    log_view(pk, by=user, now=now, place="api")
    return CustomerShown(
        id=one.pk, number=one.number, kind=one.kind, name=one.name,
        external_keys=sorted(one.external_keys.values_list("key", flat=True)),
        other_names=one.other_names, sex=one.sex, form_of_address=one.form_of_address,
        language=one.language, time_zone=one.time_zone,
        stated_hours=one.stated_hours.weekly if one.stated_hours else "",
        tax_number=one.tax_number, region=one.region, source=one.source, note=one.note,
        fields=one.fields, grade=one.grade,
        expected_close_date=one.expected_close_date.isoformat() if one.expected_close_date
        else None,
        expected_amount=None if amount is None else money(amount, _currency()),
        expected_currency=_currency(), value_class=standing.value_class if standing else "",
        is_key=one.is_key, custodian=person(one.custodian),
        team=one.team.name if one.team else "",
        people=[_person(each, one, user) for each in card.people],
        numbers=[_number(each, user) for each in card.points],
        addresses=[_address(each, user) for each in card.addresses],
        consents=[_consent(each) for each in card.consents],
        holds=[_hold(each) for each in card.holds],
        created_at=one.created_at, changed_at=one.changed_at,
        last_contact_at=one.last_contact_at,
    )  # fmt: skip


@area.get(
    "customers/{uuid:pk}", right="customers.view", answer=CustomerShown,
    summary=_("Read a customer"), description=_("The whole card. It is noted that you looked."),
)  # fmt: skip
def read(request: HttpRequest, pk: UUID) -> CustomerShown:
    user = caller(request)
    return _shown(visible_customer(user, pk).pk, user)


@area.get(
    "customers/by-key/{str:key}", right="customers.view", answer=CustomerShown,
    summary=_("Read a customer by the key of your system"),
)  # fmt: skip
def read_by_key(request: HttpRequest, key: str) -> CustomerShown:
    user = caller(request)
    known = customer_by_key(key)
    if known is None:
        raise Http404
    return _shown(visible_customer(user, known.pk).pk, user)


def _values(sent: BaseModel, *without: str) -> dict[str, Any]:
    """What was really sent, by the names of the operation."""
    return sent.model_dump(exclude_unset=True, exclude=set(without))


@area.post(
    "customers", right="customers.change", answer={201: CustomerShown},
    summary=_("Add a customer"),
    description=_("Opens a card in your custody. A key that is in use is refused."),
)  # fmt: skip
def add(request: HttpRequest, sent: CustomerNew) -> Status[CustomerShown]:
    user = caller(request)
    made = cards.open_card(**_values(sent), by=user, now=timezone.now())
    return Status(201, _shown(made.pk, user))


@area.put(
    "customers/by-key/{str:key}", right="customers.change",
    answer={200: CustomerShown, 201: CustomerShown},
    summary=_("Feed a customer by the key of your system"),
    description=_("Opens the card, or brings the one under the key up to date: what you send is "
                  "written, numbers and address are added, nothing is taken off."),
)  # fmt: skip
def feed(request: HttpRequest, key: str, sent: CustomerFed) -> Status[CustomerShown]:
    user = caller(request)
    fed = cards.feed_card(key, _values(sent), by=user, now=timezone.now())
    return Status(201 if fed.is_new else 200, _shown(fed.customer.pk, user))


@area.patch(
    "customers/{uuid:pk}", right="customers.change", answer=CustomerShown,
    summary=_("Change a customer"), description=_("Only what you send is changed."),
)  # fmt: skip
def change(request: HttpRequest, pk: UUID, sent: CustomerChange) -> CustomerShown:
    user = caller(request)
    customer = visible_customer(user, pk)
    cards.change_as_read(customer, _values(sent, "read_at"), read_at=sent.read_at, by=user,
                         now=timezone.now())  # fmt: skip
    return _shown(pk, user)


@area.post(
    "customers/{uuid:pk}/numbers", right="customers.change", answer={201: NumberShown},
    summary=_("Add a number or account"),
)  # fmt: skip
def add_number(request: HttpRequest, pk: UUID, sent: NumberNew) -> Status[NumberShown]:
    user = caller(request)
    customer = visible_customer(user, pk)
    point = cards.add_point(customer, **sent.model_dump(), by=user, now=timezone.now())
    return Status(201, _number(point, user))


class TimelineAsked(PageAsked):
    """Which part of a history is asked for."""

    kind: str = Field(
        "", max_length=20, description=_("Only one kind, such as interaction, order or change.")
    )


@area.get(
    "customers/{uuid:pk}/timeline", right="customers.view", answer=Page[Entry],
    summary=_("Read a customer's history"), description=_("The newest first."),
)  # fmt: skip
def timeline(request: HttpRequest, pk: UUID, asked: Query[TimelineAsked]) -> Page[Entry]:
    user, key = caller(request), read_key(asked.after, datetime, UUID)
    customer = visible_customer(user, pk)
    rows = queries.timeline(
        customer.pk, kinds=[asked.kind] if asked.kind else (), limit=asked.limit + 1,
        before=(key[0], key[1]) if key else None,
    )  # fmt: skip
    log_view(pk, by=user, now=timezone.now(), place="api")
    is_whole = has_right(user, "customers.see_contact")
    return page_of(rows, asked.limit, lambda one: _entry(one, is_whole),
                   lambda one: (one.at, one.pk))  # fmt: skip


def _entry(one: TimelineEntry, is_whole: bool) -> Entry:
    is_masked = not is_whole and one.code.startswith(("address_", "point_"))
    return Entry(
        id=one.pk, at=one.at, kind=one.kind, code=one.code, data={} if is_masked else one.data,
        by=person(one.by), source_kind=one.source_kind, source_id=one.source_id,
    )  # fmt: skip
