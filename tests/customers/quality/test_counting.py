"""Cards are counted with SQL as one would count them by hand (CU14)."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from genjin.customers import fields, freshness
from genjin.customers.models import (
    Address,
    CardCount,
    Consent,
    ContactPerson,
    ContactPoint,
    Customer,
)
from genjin.customers.quality import core, counting, jobs
from genjin.flows import timetable
from genjin.foundation import policy
from genjin.foundation.models import LongTask
from genjin.kernel import address
from tests.factories import NOW, make_customer, make_point, make_team, make_user

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 23)
ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture(autouse=True)
def shipped_fields():
    fields.sync_shipped_fields()


def is_filled(card: Customer, code: str) -> bool:
    if code.startswith("fields."):
        return card.fields.get(code[7:]) not in (None, "", [])
    points = ContactPoint.objects.filter(customer=card, is_active=True)
    people = ContactPerson.objects.filter(customer=card, is_active=True)
    by_hand = {
        "phones": lambda: points.filter(kind="phone").exists(),
        "emails": lambda: points.filter(kind="email").exists(),
        "addresses": lambda: Address.objects.filter(customer=card, is_active=True).exists(),
        "people": lambda: people.filter(is_self=False).exists(),
        "birthday": lambda: people.filter(is_self=True, birth_month__isnull=False).exists(),
    }
    return by_hand[code]() if code in by_hand else bool(getattr(card, code))


def by_hand(day: date, now: datetime) -> dict[tuple, list[int]]:
    found: dict[tuple, list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0])
    for card in Customer.objects.filter(merged_into=None):
        opened = card.created_at.astimezone(ZONE).date()
        if opened > day:
            continue
        place = address.path(card.region)
        row = found[card.custodian_id, card.team_id, place[0].code if place else ""]
        codes = policy.shipped("card_quality")["core"][card.kind]
        row[0] += 1
        row[1] += (opened.year, opened.month) == (day.year, day.month)
        row[2] += sum(is_filled(card, code) for code in codes)
        row[3] += len(codes)
        row[4] += not freshness.of_card(card, now).is_stale
    return dict(found)


def counted(day: date) -> dict[tuple, list[int]]:
    return {
        (row.custodian_id, row.team_id, row.province):
            [row.cards, row.new_cards, row.filled, row.asked, row.fresh]
        for row in CardCount.objects.filter(day=day)
    }  # fmt: skip


def some_cards() -> None:
    team, other = make_team(), make_team()
    people = [make_user(team=team), make_user(team=other), None]
    regions = ["110105", "310000", "440300", "", "nowhere"]
    for number in range(40):
        kind = "person" if number % 3 else "organisation"
        card = make_customer(
            name=f"客户{number}", kind=kind, phone=f"+86138{number:08d}" if number % 4 else "",
            custodian=people[number % 3], team=team if number % 2 else other,
            region=regions[number % 5], source="fair" if number % 7 else "",
            form_of_address="王先生" if number % 2 else "", tax_number="9131" if number % 5 else "",
            created_at=NOW - timedelta(days=9 * number),
            confirmed_at=NOW - timedelta(days=5 * number) if number % 2 else None,
        )  # fmt: skip
        if number % 2:
            Address.objects.create(customer=card, text="朝阳路1号", is_active=number % 3 != 0)
        if number % 5 == 0:
            ContactPoint.objects.filter(customer=card).update(is_active=False)
        ContactPerson.objects.create(customer=card, name="李", is_self=number % 3 != 0,
                                     birth_month=5 if number % 2 else None,
                                     birth_day=5 if number % 2 else None)  # fmt: skip
        card.fields = {"industry": "retail", "organisation_size": "" if number % 2 else "10-49"}
        card.save(update_fields=["fields"])
    first, second = Customer.objects.order_by("number")[:2]
    Customer.objects.filter(pk=first.pk).update(merged_into=second)


def test_the_statement_counts_what_one_would_count_by_hand():
    some_cards()
    assert counting.count_cards(TODAY, now=NOW) == 39
    assert counted(TODAY) == by_hand(TODAY, NOW)
    yesterday = TODAY - timedelta(days=1)
    counting.count_cards(yesterday, now=NOW)
    assert counted(yesterday) == by_hand(yesterday, NOW)
    assert len(counted(TODAY)) > 5


def test_counting_again_replaces_the_day_and_keeps_the_others():
    card = make_customer(created_at=NOW - timedelta(days=40))
    counting.count_cards(TODAY - timedelta(days=1), now=NOW)
    counting.count_cards(TODAY, now=NOW)
    Customer.objects.filter(pk=card.pk).update(source="fair")
    counting.count_cards(TODAY, now=NOW)
    filled = CardCount.objects.filter(cards=1).order_by("day").values_list("filled", flat=True)
    assert list(filled) == [0, 1]


def test_months_that_nobody_counted_know_their_new_cards():
    for days in (0, 1, 31, 32, 33, 100, 800):
        make_customer(created_at=NOW - timedelta(days=days))
    counting.count_cards(TODAY, now=NOW)
    before = CardCount.objects.exclude(day=TODAY).order_by("day")
    assert [(row.day, row.cards, row.new_cards) for row in before] == [
        (date(2026, 8, 31), 0, 1), (date(2026, 10, 31), 0, 3),
    ]  # fmt: skip
    assert CardCount.objects.get(day=TODAY).new_cards == 2
    counting.count_cards(TODAY, now=NOW)
    assert CardCount.objects.count() == 3


def test_old_days_are_thinned_out_to_the_ends_of_months():
    make_customer(created_at=NOW - timedelta(days=300))
    for day in (date(2026, 9, 29), date(2026, 9, 30), date(2026, 10, 31), date(2026, 11, 1)):
        counting.count_cards(day, now=NOW)
    counting.count_cards(TODAY, now=NOW)
    days = set(CardCount.objects.filter(cards=1).values_list("day", flat=True))
    assert days == {date(2026, 9, 30), date(2026, 10, 31), date(2026, 11, 1), TODAY}


def test_any_number_of_cards_costs_the_same_number_of_statements():
    make_customer(created_at=NOW - timedelta(days=70))
    counting.count_cards(TODAY, now=NOW)
    policy.forget()
    with CaptureQueriesContext(connection) as few:
        counting.count_cards(TODAY, now=NOW)
    some_cards()
    policy.forget()
    with CaptureQueriesContext(connection) as many:
        counting.count_cards(TODAY, now=NOW)
    assert len(many) == len(few)


@pytest.mark.parametrize("kind", ["person", "organisation"])
def test_every_field_of_the_shipped_core_can_be_told(kind):
    codes = policy.shipped("card_quality")["core"][kind]
    assert core.core_of(kind) == codes
    assert all(core.test_of(code) for code in codes)


def test_a_retired_card_field_is_no_longer_asked_for():
    from genjin.customers.models import FieldDefinition

    FieldDefinition.objects.filter(code="industry").update(is_active=False)
    assert "fields.industry" not in core.core_of("organisation")


def test_the_night_counts_the_day_that_ended():
    make_customer()
    night = datetime(2026, 11, 24, 0, 10, tzinfo=ZONE)
    assert timetable.run("count of the cards", night)
    assert CardCount.objects.get(cards=1).day == TODAY


def test_where_every_card_is_of_today_today_is_counted():
    make_customer()
    counting.count_yesterday(NOW)
    assert [row.day for row in CardCount.objects.filter(cards__gt=0)] == [TODAY]


def test_who_asks_twice_waits_for_one_count():
    make_customer(created_at=timezone.now() - timedelta(days=1))
    by = make_user(role="manager", language="en")
    task = jobs.enqueue_count(by=by, now=NOW)
    assert jobs.enqueue_count(by=by, now=NOW).pk == task.pk
    jobs.count_cards_now.func.__wrapped__(task_id=str(task.pk))
    task = LongTask.objects.get(pk=task.pk)
    assert (task.state, task.result) == ("done", {"cards": 1})
    assert jobs.enqueue_count(by=by, now=NOW).pk != task.pk


def test_address_and_consent_are_counted_by_the_newest_answer():
    """Who may be written to: an address in order, and a yes to offers by e-mail at last."""

    def reader(*answers, status="ok", is_active=True) -> Customer:
        card = make_customer()
        make_point(customer=card, kind="email", value=f"r{card.number}@example.com",
                   status=status, is_active=is_active)  # fmt: skip
        for hours, (channel, purpose, answer) in enumerate(answers):
            Consent.objects.create(customer=card, channel=channel, purpose=purpose, answer=answer,
                                   source="x", at=NOW + timedelta(hours=hours))  # fmt: skip
        return card

    yes, no = ("email", "sell", "given"), ("email", "sell", "refused")
    reader(yes)
    reader(no, yes)
    reader(yes, ("", "", "refused"))
    reader(yes, ("call", "sell", "refused"))
    reader()
    reader(yes, status="dead")
    reader(yes, is_active=False)
    general = reader(("", "sell", "given"))
    merged = reader(yes)
    Customer.objects.filter(pk=merged.pk).update(merged_into=general)
    counting.count_cards(TODAY, now=NOW)
    count = CardCount.objects.get(day=TODAY, cards__gt=0)
    assert (count.cards, count.with_email, count.with_consent) == (8, 6, 4)
    policy.set_value("contact.profile", "eu", by=make_user(), now=NOW)
    Customer.objects.filter(pk=merged.pk).update(merged_into=None)
    counting.count_cards(TODAY, now=NOW)
    count = CardCount.objects.get(day=TODAY, cards__gt=0)
    # the general yes counts no more, the card that was split off counts by itself
    assert (count.cards, count.with_email, count.with_consent) == (9, 7, 4)
