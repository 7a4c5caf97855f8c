"""What the card's page shows, put together for its templates."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from genjin.customers import fields as card_fields
from genjin.customers import queries
from genjin.customers.models import (
    Address,
    CardLoan,
    ContactPerson,
    Customer,
    FieldDefinition,
    Hold,
    Segment,
)
from genjin.customers.operations.loans import may_lend
from genjin.customers.segments import customers_in
from genjin.customers.states import Block
from genjin.followups.models import Commitment, FollowUp
from genjin.followups.operations.consents import open_requests
from genjin.followups.operations.permissions import open_renewals
from genjin.followups.sentences import sentences
from genjin.followups.states import OPEN
from genjin.foundation import approvals, policy
from genjin.foundation.access import has_right
from genjin.foundation.models import User
from genjin.kernel.address import centre, distance_km, parse_address, to_wgs84
from genjin.kernel.errors import BadInput
from genjin.web.custody.words import freshness_rows
from genjin.web.customers import words
from genjin.web.customers.forms.main import MAIN_COLUMNS
from genjin.web.customers.history import KIND_GROUPS, KIND_LABELS, timeline_items
from genjin.web.deals.page import selling_panels
from genjin.web.duplicates import page as doubles
from genjin.web.invoices import panels as invoices
from genjin.web.opportunities.panels import card_panel
from genjin.web.orders.panels import card_panels
from genjin.web.papers import panels as papers
from genjin.web.receivables import page as receivables_page

TIMELINE_PAGE = 30
_SHOWN_ABOVE = {"name", "kind"}


def definitions_for(customer: Customer, rows: list[FieldDefinition]) -> list[FieldDefinition]:
    """The fields that a card of this kind has, and those that hold a value anyway."""
    return [d for d in rows if not d.kinds or customer.kind in d.kinds or d.code in customer.fields]


def main_rows(customer: Customer, user: User) -> list[dict[str, str]]:
    """The card's own columns as (label, text); the empty ones are left out."""
    rows = [("number", pgettext("of a card", "Number"), str(customer.number))]
    for name in MAIN_COLUMNS:
        value = getattr(customer, name)
        if name not in _SHOWN_ABOVE and value not in (None, "", [], False):
            text = str(value) if name == "stated_hours" else words.value_text(name, value, {})
            rows.append((name, words.column_label(name, {}), text))
    return [{"name": name, "label": label, "text": text} for name, label, text in rows]


def blocks(customer: Customer, rows: list[FieldDefinition]) -> list[dict[str, Any]]:
    """The four blocks and the own fields with their values; how many fields are still empty."""
    by_code = {d.code: d for d in rows}
    found = []
    for code, label in Block.choices:
        mine = [d for d in definitions_for(customer, rows) if d.block == code]
        if not mine:
            continue
        filled = [
            {
                "label": card_fields.label(d, words.language()),
                "text": words.value_text(f"fields.{d.code}", customer.fields[d.code], by_code),
                "unit": d.unit,
            }
            for d in mine
            if d.code in customer.fields
        ]
        found.append({"code": code, "label": label, "rows": filled,
                      "empty": len(mine) - len(filled), "total": len(mine)})  # fmt: skip
    return found


def birthday(person: ContactPerson) -> str:
    """A birthday in its own calendar."""
    if not person.birth_month:
        return ""
    values = {"month": person.birth_month, "day": person.birth_day, "year": person.birth_year}
    if person.is_birthday_lunar:
        form = _("lunar month %(month)s, day %(day)s") if not person.birth_year else _(
            "lunar month %(month)s, day %(day)s, %(year)s")  # fmt: skip
        coming = words.coming_lunar_day(person.birth_month, person.birth_day or 1)
        return _("%(birthday)s (next on %(date)s)") % {"birthday": form % values, "date": coming}
    day = f"{person.birth_month:02}-{person.birth_day:02}"
    return f"{person.birth_year}-{day}" if person.birth_year else day


def people_rows(card: queries.Card, user: User) -> list[dict[str, Any]]:
    """The people with what this user may see of them."""
    return [
        {
            "person": person,
            "roles": [
                words.role(code) for code in queries.shown_roles(user, card.customer, person)
            ],
            "reading": words.rare_reading(person.name, person=True),
            "birthday": birthday(person),
            "events": [words.event_text(event) for event in person.events],
            "channel": words.channel(person.preferred_channel) if person.preferred_channel else "",
            "hours": str(person.stated_hours) if person.stated_hours else "",
        }
        for person in card.people
    ]


def point_rows(card: queries.Card, user: User) -> list[dict[str, Any]]:
    """Numbers and accounts, masked where they must be."""
    names = {person.pk: person.name for person in card.people if not person.is_self}
    return [
        {
            "point": point,
            "text": queries.shown_phone(user, point),
            "person": names.get(point.person_id, "") if point.person_id else "",
            "hours": str(point.stated_hours) if point.stated_hours else "",
            "is_ok": point.status == "ok",
        }
        for point in card.points
    ]


def distance(address: Address) -> int | None:
    """How far an address is from us by road, in whole kilometres; None where a point is missing.

    From the centre of our own district, so that it says as much to those who see no street.
    """
    home = centre([parse_address(str(policy.value("organisation.place"))).division])
    if home is None or address.latitude is None or address.longitude is None:
        return None
    there = to_wgs84(float(address.latitude), float(address.longitude), address.system)
    return round(distance_km(to_wgs84(*home), there))


def address_rows(card: queries.Card, user: User) -> list[dict[str, Any]]:
    """Addresses with their place and how exact their point is."""
    return [
        {
            "address": address,
            "place": words.place(address.division),
            "text": queries.shown_address(user, address.text, ""),
            "is_whole": has_right(user, "customers.see_contact"),
            "distance": distance(address),
        }
        for address in card.addresses
    ]


def consent_rows(card: queries.Card) -> list[dict[str, Any]]:
    """The answers that count, the widest first."""
    ordered = sorted(card.consents, key=lambda one: (bool(one.channel), bool(one.purpose)))
    return [
        {"consent": one, "channel": words.channel(one.channel),
         "purpose": words.purpose(one.purpose), "is_given": one.answer == "given",
         "source": words.consent_source(one.source)}
        for one in ordered
    ]  # fmt: skip


def waiting_renewals(
    holds: Sequence[Hold], user: User, now: datetime
) -> dict[UUID, dict[str, str]]:
    """The holds whose renewal waits for a decision, each with the address of the question.

    Only who may see the question gets its address.
    """
    return {
        UUID(key): {"url": reverse("approval", args=[row.pk])
                    if approvals.may_see(user, row, now) else ""}
        for key, row in open_renewals(holds).items()
    }  # fmt: skip


def hold_rows(card: queries.Card, user: User, now: datetime) -> list[dict[str, Any]]:
    """Holds that act now or will."""
    waiting = waiting_renewals(card.holds, user, now)
    return [
        {"hold": hold, "purposes": words.purposes(hold.purposes),
         "reason": words.hold_reason(hold.reason), "waiting": waiting.get(hold.pk)}
        for hold in card.holds
    ]  # fmt: skip


def segments_of(customer: Customer, limit: int = 30) -> list[Segment]:
    """The segments that this customer is in now, asked in one statement.

    Those that cannot be asked any more (a field is gone) are left out.
    """
    rows = list(Segment.objects.filter(is_archived=False).order_by("name")[:limit])
    tests = {}
    for segment in rows:
        try:
            inside = customers_in(segment.criteria).filter(pk=OuterRef("pk"))
        except BadInput:
            continue
        tests[f"segment_{segment.pk}"] = Exists(inside)
    if not tests:
        return []
    found = Customer.objects.filter(pk=customer.pk).annotate(**tests).values(*tests).first() or {}
    return [segment for segment in rows if found.get(f"segment_{segment.pk}")]


def timeline_context(
    customer_id: UUID, user: User, rows: list[FieldDefinition], *, kind: str, before: str = ""
) -> dict[str, Any]:
    """One page of the timeline, its filter and the key of the next page."""
    kinds = KIND_GROUPS.get(kind, [kind]) if kind in KIND_LABELS else []
    entries = queries.timeline(
        customer_id, kinds=kinds, before=read_key(before), limit=TIMELINE_PAGE + 1
    )
    shown = entries[:TIMELINE_PAGE]
    url = reverse("customer-timeline", args=[customer_id])
    more = f"{url}?kind={kind}&before={write_key(shown[-1].at, shown[-1].pk)}" if len(
        entries) > TIMELINE_PAGE else ""  # fmt: skip
    every = [("", _("All")), *((code, str(label)) for code, label in KIND_LABELS.items())]
    return {
        "items": timeline_items(shown, user=user, definitions=rows),
        "more": more,
        "kinds": [{"label": label, "url": f"{url}?kind={code}", "active": code == kind}
                  for code, label in every],
    }  # fmt: skip


def write_key(at: datetime, pk: UUID) -> str:
    """The place in a timeline or list after a row, for an address."""
    return f"{at.timestamp():.6f}_{pk}"


def read_key(text: str) -> tuple[datetime, UUID] | None:
    """What `write_key` wrote; None for nonsense."""
    moment, _sep, pk = text.partition("_")
    try:
        return datetime.fromtimestamp(float(moment), UTC), UUID(pk)
    except (ValueError, OverflowError, OSError):
        return None


def card_context(
    card: queries.Card, user: User, *, now: datetime, kind: str = ""
) -> dict[str, Any]:
    """Everything that the page of a card shows."""
    customer = card.customer
    rows = card_fields.definitions(with_retired=True)
    active = [d for d in rows if d.is_active]
    today: date = now.date()
    commitments = Commitment.objects.filter(customer=customer, state="open").select_related("owner")
    waiting = FollowUp.objects.filter(customer=customer, state__in=OPEN).select_related("queue")
    may_change = has_right(user, "customers.change")
    return {
        "customer": customer,
        "card": card,
        "today": today,
        "now": now,
        "reading": words.rare_reading(customer.name, person=customer.kind == "person"),
        "place": words.place(customer.region),
        "main": main_rows(customer, user),
        "blocks": blocks(customer, active),
        "people": people_rows(card, user),
        "points": point_rows(card, user),
        "addresses": address_rows(card, user),
        "consents": consent_rows(card),
        "asked": [
            {
                "request": one,
                "channel": words.channel(one.channel),
                "purposes": words.purposes(one.purposes) or words.purpose(""),
            }
            for one in open_requests(customer, now)
        ],
        "holds": hold_rows(card, user, now),
        "segments": segments_of(customer),
        "doubles": doubles.panel(customer, user),
        "commitments": list(commitments.order_by("due_at")[:20]),
        "followups": [
            {"row": row, "why": " ".join(sentences(row.withheld))}
            for row in waiting.order_by("not_before")[:10]
        ],
        "may_change": may_change,
        **card_panels(customer, user, now=now),
        "selling": selling_panels(customer, user, today=timezone.localdate(now)),
        "papers": papers.panel(customer, user),
        "owing": receivables_page.panel(customer, user, today=timezone.localdate(now)),
        "opportunities": card_panel(customer, user, now=now),
        "invoices": invoices.panel(customer, user),
        "fresh": freshness_rows(
            customer,
            now,
            {f"fields.{d.code}": card_fields.label(d, words.language()) for d in rows},
        ),
        "may_lend": may_lend(user, customer),
        "loans": list(
            CardLoan.objects.filter(customer=customer, ended_at=None, until__gt=now)
            .select_related("to")
            .order_by("until")
        ),
        "may_hold": has_right(user, "customers.hold"),
        "may_assign": has_right(user, "customers.assign"),
        "may_segment": has_right(user, "segments.manage"),
        **timeline_context(customer.pk, user, rows, kind=kind),
    }
