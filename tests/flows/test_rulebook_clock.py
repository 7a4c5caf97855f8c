"""What time makes is told once, and a dry run sees exactly what will be planned."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone, translation

from genjin.customers.events import EventRow, emit_many
from genjin.customers.models import (
    ContactPerson,
    Event,
    OwnedProduct,
    ProductCategory,
    Standing,
)
from genjin.flows.rulebook import clock
from genjin.flows.rulebook.dry_run import dry_run
from genjin.followups.models import FollowUp, FollowUpRule, RuleResult
from genjin.followups.operations import record_refusal
from genjin.followups.rulebook import engine
from genjin.followups.rulebook.shipped import sync_shipped_rules
from genjin.sales.models import Product
from tests.factories import NOW, SHANGHAI, make_customer, make_user

pytestmark = pytest.mark.django_db
DAY = NOW.date()


@pytest.fixture(autouse=True)
def shipped(db):
    sync_shipped_rules()


def only(code: str, **values) -> FollowUpRule:
    """The one rule that is switched on."""
    FollowUpRule.objects.update(is_on=False)
    FollowUpRule.objects.filter(code=code).update(is_on=True, **values)
    return FollowUpRule.objects.get(code=code)


def make_person(customer, day: date, **fields) -> ContactPerson:
    values = {"name": "王小明", "birth_month": day.month, "birth_day": day.day, **fields}
    return ContactPerson.objects.create(customer=customer, **values)


def told() -> list[tuple[str, date, dict]]:
    return list(Event.objects.order_by("on", "key").values_list("code", "on", "data"))


def test_a_solar_birthday_is_told_on_its_day_with_age():
    only("birthday", conditions=[], delay_days=0)
    make_person(make_customer(), DAY, birth_year=1966)
    make_person(make_customer(), DAY + timedelta(days=1))
    assert clock.tell_all(NOW) == {"birthday": 1}
    [(code, on, data)] = told()
    assert (code, on) == ("birthday", DAY)
    assert data == {
        "person": "王小明", "age": 60, "is_round": True, "is_self": False, "is_lunar": False,
    }  # fmt: skip
    assert clock.tell_all(NOW) == {"birthday": 0}


def test_a_lunar_birthday_is_told_on_its_solar_day():
    only("birthday", conditions=[])
    # The 15th of the 8th lunar month of 2026 is 25 September.
    make_person(make_customer(), DAY, birth_month=8, birth_day=15, is_birthday_lunar=True)
    assert clock.tell_all(datetime(2026, 9, 24, 5, tzinfo=SHANGHAI))["birthday"] == 0
    assert clock.tell_all(datetime(2026, 9, 25, 5, tzinfo=SHANGHAI))["birthday"] == 1
    assert told()[0][1] == date(2026, 9, 25)


def test_the_29th_of_february_is_kept_on_the_28th_in_other_years():
    only("birthday", conditions=[])
    make_person(make_customer(), DAY, birth_month=2, birth_day=29)
    clock.tell_all(datetime(2027, 2, 28, 5, tzinfo=SHANGHAI))
    clock.tell_all(datetime(2028, 2, 28, 5, tzinfo=SHANGHAI))
    clock.tell_all(datetime(2028, 2, 29, 5, tzinfo=SHANGHAI))
    assert [on for _code, on, _data in told()] == [date(2027, 2, 28), date(2028, 2, 29)]


def test_informants_and_merged_cards_have_no_birthday_here():
    only("birthday", conditions=[])
    make_person(make_customer(), DAY, roles=["informant"])
    make_person(make_customer(merged_into=make_customer()), DAY)
    assert clock.tell_all(NOW) == {"birthday": 0}


def test_only_those_whom_a_rule_asks_for_are_told():
    only("birthday")  # key customers, or class A
    key, dear, plain = make_customer(is_key=True), make_customer(), make_customer()
    Standing.objects.create(customer=dear, value_class="A", customer_list="existing")
    for customer in (key, dear, plain):
        make_person(customer, DAY)
    assert clock.tell_all(NOW) == {"birthday": 2}
    assert set(Event.objects.values_list("customer", flat=True)) == {key.pk, dear.pk}


def test_nothing_is_told_that_no_rule_wants():
    FollowUpRule.objects.update(is_on=False)
    make_person(make_customer(), DAY)
    assert clock.tell_all(NOW) == {}


def test_what_was_missed_in_a_downtime_is_told_afterwards():
    only("birthday", conditions=[])
    make_person(make_customer(), DAY - timedelta(days=3))
    make_person(make_customer(), DAY - timedelta(days=30))
    assert clock.tell_all(NOW) == {"birthday": 1}


def test_a_festival_is_told_as_early_as_its_rule_asks():
    rule = only("festival", conditions=[])
    make_customer()
    spring = date(2027, 2, 6)  # the first day of the lunar year
    before = datetime(2027, 2, 2, 5, tzinfo=SHANGHAI)
    assert clock.tell_all(before) == {"festival": 0}
    assert clock.tell_all(before + timedelta(days=1)) == {"festival": 1}
    assert (told()[0][1], told()[0][2]) == (spring, {"festival": "spring_festival"})
    engine.handle_batch(before + timedelta(days=1))
    followup = FollowUp.objects.get()
    assert followup.subject == "节日祝福 · 春节"
    assert followup.not_before.astimezone(SHANGHAI).date() == spring + timedelta(
        days=rule.delay_days
    )


def test_a_family_event_is_told_on_its_day():
    only("family-event")
    make_person(
        make_customer(), DAY, birth_month=None, birth_day=None,
        events=[
            {"kind": "wedding", "date": DAY.isoformat(), "who": "女儿", "note": ""},
            {"kind": "exam", "date": "", "who": "儿子", "note": "中考"},
        ],
    )  # fmt: skip
    assert clock.tell_all(NOW) == {"family_event": 1}
    assert told()[0][2] == {"kind": "wedding", "person": "王小明", "who": "女儿"}


def test_a_silence_is_told_once_and_again_only_after_another_contact():
    only("no-contact", conditions=[{"field": "days", "op": "at_least", "value": 90}])
    silent = make_customer(last_contact_at=NOW - timedelta(days=100))
    make_customer(last_contact_at=NOW - timedelta(days=89))
    make_customer()  # nobody ever spoke with them: that is for campaigns
    assert clock.tell_all(NOW) == {"no_contact": 1}
    [(_code, on, data)] = told()
    assert (on, data) == (DAY, {"days": 100})
    assert clock.tell_all(NOW + timedelta(days=30)) == {"no_contact": 1}  # the one with 89 days
    type(silent).objects.filter(pk=silent.pk).update(last_contact_at=NOW)
    assert clock.tell_all(NOW + timedelta(days=91)) == {"no_contact": 1}


def test_those_silent_since_long_come_in_daily_portions_longest_first(monkeypatch):
    monkeypatch.setattr(clock, "portion", lambda: 2)
    only("no-contact", conditions=[])
    people = [make_customer(last_contact_at=NOW - timedelta(days=200 + n)) for n in range(5)]
    order = []
    for step in range(3):
        clock.tell_all(NOW + timedelta(days=step))
        new = Event.objects.exclude(customer__in=order).order_by("key")
        order += sorted(new.values_list("customer", flat=True), key=lambda pk: -_age(people, pk))
    assert order == [customer.pk for customer in reversed(people)]


def _age(people, pk) -> int:
    return next(number for number, one in enumerate(people) if one.pk == pk)


def make_owned(customer, bought_on: date, **fields) -> OwnedProduct:
    category, _ = ProductCategory.objects.get_or_create(
        code="aircon", defaults={"labels": {"en": "Air conditioner"}, "life_years": 8}
    )
    values = {"category": category, "is_ours": True, "bought_on": bought_on, **fields}
    return OwnedProduct.objects.create(customer=customer, source_kind="person", **values)


def test_maintenance_is_told_a_week_before_each_of_its_days():
    only("maintenance")
    Product.objects.create(code="KF-35", name="空调 35", maintenance_months=6)
    make_owned(make_customer(), date(2025, 5, 28), model="kf-35")
    make_owned(make_customer(), date(2025, 5, 28), model="kf-35", gone_on=DAY)
    make_owned(make_customer(), date(2025, 5, 28), model="KF-50")
    assert clock.tell_all(datetime(2026, 11, 20, 5, tzinfo=SHANGHAI)) == {"maintenance_due": 0}
    assert clock.tell_all(datetime(2026, 11, 21, 5, tzinfo=SHANGHAI)) == {"maintenance_due": 1}
    assert told()[0][1:] == (
        date(2026, 11, 28), {"product": "空调 35", "category": "aircon", "months": 6},
    )  # fmt: skip
    assert clock.tell_all(datetime(2027, 5, 21, 5, tzinfo=SHANGHAI)) == {"maintenance_due": 1}


def test_a_replacement_is_told_once_after_the_years_of_its_category():
    only("replacement")
    make_owned(make_customer(), date(2018, 11, 23), brand="海风", is_ours=False)
    make_owned(make_customer(), date(2018, 11, 24))
    assert clock.tell_all(NOW) == {"replacement_due": 1}
    assert told()[0][2] == {"category": "aircon", "brand": "海风", "is_ours": False, "years": 8}
    assert clock.tell_all(NOW) == {"replacement_due": 0}


def test_a_card_is_stale_so_many_days_after_it_was_confirmed():
    only("stale-card", conditions=[{"field": "days", "op": "at_least", "value": 180}])
    make_customer(confirmed_at=NOW - timedelta(days=180))
    make_customer(confirmed_at=NOW - timedelta(days=10))
    assert clock.tell_all(NOW) == {"card_stale": 1}
    assert told()[0][2] == {"days": 180}


def _counts() -> tuple[int, ...]:
    return (Event.objects.count(), FollowUp.objects.count(), RuleResult.objects.count())


def _populate() -> None:
    for number in range(14):
        customer = make_customer(
            is_key=number % 2 == 0, last_contact_at=NOW - timedelta(days=80 + number * 7)
        )
        Standing.objects.create(customer=customer, customer_list="existing")
        make_person(customer, DAY + timedelta(days=number - 2), birth_year=1980)
        make_person(customer, DAY + timedelta(days=number + 1))
        make_owned(customer, date(2018, 11, 18) + timedelta(days=number), model="KF-35")
        if number % 5 == 0:
            record_refusal(customer, by=make_user(), now=NOW, source="phone")
    Product.objects.create(code="KF-35", name="空调 35", maintenance_months=12)
    people = [row.pk for row in ContactPerson.objects.all()[:6]]
    emit_many(
        [
            EventRow("payment_received", ContactPerson.objects.get(pk=pk).customer_id,
                     f"pay:{number}", DAY - timedelta(days=number), {"after_collection": True})
            for number, pk in enumerate(people)
        ],
        now=NOW,
    )  # fmt: skip


@pytest.mark.parametrize(
    "code",
    ["birthday", "festival", "maintenance", "replacement", "no-contact", "payment-thanks",
     "stale-card"],
)  # fmt: skip
def test_a_dry_run_writes_nothing_and_tells_what_will_be_planned(code, monkeypatch):
    monkeypatch.setattr(clock, "portion", lambda: 3)
    rule = only(code)
    _populate()
    before = _counts()
    days = 40 if code == "festival" else 10
    with translation.override("zh-hans"):  # the language in which the house plans
        found = dry_run(rule, now=NOW, days=days, lines=10_000)
    assert _counts() == before
    assert not found.is_cut or code in ("no-contact", "replacement")

    engine.handle_all(lambda: NOW)
    for step in range(1, days + 1):
        at = datetime.combine(DAY + timedelta(days=step), datetime.min.time(), SHANGHAI)
        at += timedelta(hours=5)
        clock.tell_all(at)
        engine.handle_all(lambda at=at: at)
    planned = sorted(
        (one.customer_id,
         max(timezone.localtime(one.not_before, SHANGHAI).date(), found.first_day), one.subject)
        for one in FollowUp.objects.all()
        if timezone.localtime(one.not_before, SHANGHAI).date() <= DAY + timedelta(days=days)
    )  # fmt: skip
    assert sorted((one.customer_id, one.starts_on, one.subject) for one in found.lines) == planned
    assert found.total == len(planned)
    forbidden = RuleResult.objects.filter(result="do_not_contact").count()
    assert found.withheld.get("do_not_contact", 0) == forbidden
    if code != "stale-card":
        assert planned


def test_a_dry_run_looks_back_at_the_events_of_the_past():
    only("thank-you")
    rule = FollowUpRule.objects.get(code="payment-thanks")
    customer = make_customer()
    emit_many(
        [EventRow("payment_received", customer.pk, str(number), DAY - timedelta(days=number),
                  {"after_collection": number % 2 == 0}) for number in (1, 2, 40)],
        now=datetime(2026, 11, 22, tzinfo=UTC),
    )  # fmt: skip
    engine.handle_all(lambda: NOW)
    found = dry_run(rule, now=NOW)
    assert (found.past_events, found.past_matching, found.total) == (2, 1, 0)
