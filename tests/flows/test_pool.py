"""The night's work of the pool, taking, giving back; the statement and the pure rule agree."""

import random
from datetime import datetime, timedelta

import pytest

from genjin.customers.models import (
    CustodyChange,
    Customer,
    Hold,
    PoolWarning,
    Standing,
    TimelineEntry,
)
from genjin.customers.operations.custody import move_custody, today_of
from genjin.customers.operations.pool import set_protection, take_from_pool
from genjin.customers.pool import queries
from genjin.customers.pool.rules import Held, goes_back, warning
from genjin.flows.pool import give_back, return_to_pool, warn_of_return
from genjin.followups.models import Commitment
from genjin.foundation import policy
from genjin.foundation.models import AuditEntry
from genjin.kernel.errors import BadInput, Conflict, LostRace, NotAllowed
from tests.factories import NOW, make_customer, make_followup, make_queue, make_team, make_user

pytestmark = pytest.mark.django_db
TODAY = today_of(NOW)


def night(days: int) -> datetime:
    return NOW + timedelta(days=days)


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def agent(team):
    return make_user(team=team)


@pytest.fixture
def manager():
    return make_user(role="manager")


def set_policy(by, values):
    for key, value in values.items():
        policy.set_value(f"pool.{key}", value, by=by, now=NOW)


def kept(agent, *, days: int, **values):
    since = NOW - timedelta(days=days)
    return make_customer(
        custodian=agent, custodian_since=since, team=agent.team, created_at=since, **values
    )


def reloaded(customer):
    return Customer.objects.get(pk=customer.pk)


def test_a_card_is_told_of_three_times_and_goes_back_on_its_day(agent):
    customer = kept(agent, days=53)
    waiting = make_followup(customer=customer, queue=make_queue(purpose="care"),
                            assigned_to=agent, purpose="care")  # fmt: skip
    told = []
    for day in range(7):
        warn_of_return(night(day))
        warn_of_return(night(day))
        assert return_to_pool(night(day)).cards == 0
        told.append(PoolWarning.objects.count())
    assert told == [1, 1, 1, 1, 2, 2, 3]
    assert list(PoolWarning.objects.order_by("-days_before").values_list(
        "days_before", "returns_on", "reason")) == [
        (days, TODAY + timedelta(days=7), "returned_no_contact") for days in (7, 3, 1)
    ]  # fmt: skip
    result = return_to_pool(night(7))
    assert (result.by_reason, result.followups) == ({"returned_no_contact": 1}, 1)
    assert return_to_pool(night(7)).cards == 0
    customer = reloaded(customer)
    assert (customer.custodian, customer.custodian_since, customer.team) == (None, None, agent.team)
    change = CustodyChange.objects.get()
    assert (change.before, change.after, change.reason) == (agent, None, "returned_no_contact")
    entry = TimelineEntry.objects.get(customer=customer)
    assert (entry.code, entry.source_id) == ("custodian_changed", str(change.pk))
    assert entry.data == {"from": agent.name, "to": "", "why": "returned_no_contact", "reason": ""}
    waiting.refresh_from_db()
    assert waiting.assigned_to is None
    assert AuditEntry.objects.get(action="return_to_pool").changes == {
        "returned_no_contact": 1, "followups": 1,
    }  # fmt: skip
    assert change.pk.version == entry.pk.version == 7


def hold_of_complaint(customer):
    Hold.objects.create(customer=customer, purposes=["sell"], reason="complaint", note="x",
                        source_kind="person", starts_at=NOW, ends_at=night(20))  # fmt: skip


def promise(customer):
    Commitment.objects.create(customer=customer, text="x", owner=make_user(), due_at=night(30))


OPEN = {
    "complaint": hold_of_complaint,
    "promise": promise,
    "in_hand": lambda one: make_followup(customer=one, state="taken"),
    "callback": lambda one: make_followup(customer=one, state="planned", asked_at=night(20)),
    "job": lambda one: make_followup(customer=one, purpose="service"),
    "order": lambda one: Standing.objects.create(customer=one, last_deal_on=TODAY),
}


@pytest.mark.parametrize("matter", OPEN)
def test_nothing_goes_back_while_something_is_open(agent, matter):
    free, busy = (kept(agent, days=400) for _ in range(2))
    for one in (free, busy):
        PoolWarning.objects.create(
            customer=one, custodian=agent, returns_on=TODAY, days_before=1, reason="x",
            at=NOW - timedelta(days=1),
        )  # fmt: skip
    OPEN[matter](busy)
    warn_of_return(NOW)
    assert return_to_pool(NOW).cards == 1
    assert reloaded(busy).custodian == agent
    assert reloaded(free).custodian is None


def test_a_card_that_was_never_told_of_is_told_first_and_has_its_seven_days(agent):
    customer = kept(agent, days=400)
    assert return_to_pool(NOW).cards == 0
    warn_of_return(NOW)
    assert PoolWarning.objects.get().returns_on == TODAY + timedelta(days=7)
    assert return_to_pool(night(6)).cards == 0
    assert return_to_pool(night(7)).cards == 1
    assert reloaded(customer).custodian is None


def test_a_warning_of_the_last_custodian_is_none_for_the_next(agent):
    customer = kept(agent, days=400)
    warn_of_return(NOW)
    other = make_user(team=agent.team)
    move_custody([customer], to=other, team=None, reason="assigned", by=None, now=night(3))
    Customer.objects.filter(pk=customer.pk).update(protected_until=TODAY)
    assert return_to_pool(night(7)).cards == 0


def test_the_statement_says_what_the_rule_says(agent):
    rng = random.Random(7)
    terms = queries.terms()
    cards: dict[object, Held] = {}

    def day(most: int = 130):
        return None if rng.random() < 0.3 else TODAY - timedelta(days=rng.randrange(most))

    for number in range(400):
        since = rng.randrange(130)
        contact, deal = day(), day(500)
        protected = None if rng.random() < 0.5 else TODAY + timedelta(days=rng.randrange(-9, 12))
        planned = None if rng.random() < 0.4 else TODAY + timedelta(days=rng.randrange(-5, 8))
        one = kept(
            agent, days=since, name=f"客{number}", protected_until=protected,
            last_contact_at=contact and NOW - (TODAY - contact),
        )  # fmt: skip
        if deal:
            Standing.objects.create(customer=one, last_deal_on=deal)
        if planned:
            PoolWarning.objects.create(customer=one, custodian=agent, returns_on=planned,
                                       days_before=7, reason="x", at=NOW)  # fmt: skip
        is_open = {"order"} if deal and deal > TODAY - timedelta(days=terms.order_days) else set()
        counts = planned and planned >= TODAY - timedelta(days=3)
        cards[one.pk] = Held(
            TODAY - timedelta(days=since), contact, deal, protected,
            planned if counts else None, frozenset(is_open),
        )  # fmt: skip
    PoolWarning.objects.update(days_before=99)
    warn_of_return(NOW)
    told = {
        row.customer_id: (row.returns_on, row.days_before)
        for row in PoolWarning.objects.exclude(days_before=99)
    }
    expected = {
        pk: (found.returns_on, found.days_before)
        for pk, held in cards.items()
        if (found := warning(held, terms, TODAY))
    }
    assert told == expected
    assert len(told) > 20
    PoolWarning.objects.exclude(days_before=99).delete()
    return_to_pool(NOW)
    gone = {row.customer_id: row.reason for row in CustodyChange.objects.all()}
    assert gone == {pk: why for pk, held in cards.items() if (why := goes_back(held, terms, TODAY))}
    assert len(gone) > 20


def test_by_region_a_card_lies_in_the_pool_of_the_team_of_its_area(agent, manager, team):
    other = make_team()
    areas = {str(team.pk): ["310000"], str(other.pk): ["310115"]}
    set_policy(manager, {"by": "region", "areas": areas})
    cards = {
        region: kept(agent, days=400, region=region) for region in ("310101", "310115", "110101")
    }
    warn_of_return(NOW)
    assert return_to_pool(night(7)).cards == 3
    assert {region: reloaded(one).team for region, one in cards.items()} == {
        "310101": team, "310115": other, "110101": None,
    }  # fmt: skip
    assert {one.region for one in queries.pool_of(agent)} == {"310101", "110101"}


def test_thousands_go_back_in_one_statement(agent, django_assert_max_num_queries):
    since = NOW - timedelta(days=400)
    Customer.objects.bulk_create(
        Customer(kind="person", name="客", custodian=agent, team=agent.team, custodian_since=since,
                 created_at=since)
        for _ in range(3000)
    )  # fmt: skip
    warn_of_return(NOW)
    policy.overrides()
    with django_assert_max_num_queries(5):
        assert return_to_pool(night(7)).cards == 3000
    assert CustodyChange.objects.count() == TimelineEntry.objects.count() == 3000
    assert Customer.objects.filter(custodian=None, custodian_since=None).count() == 3000


# ── Taking ───────────────────────────────────────────────────────────────────────────────────


def test_taking_makes_one_the_custodian_with_a_protection(agent):
    customer = make_customer(team=agent.team)
    take_from_pool(customer, by=agent, now=NOW)
    customer = reloaded(customer)
    assert (customer.custodian, customer.custodian_since) == (agent, NOW)
    assert customer.protected_until == TODAY + timedelta(days=90)
    change = CustodyChange.objects.get()
    assert (change.before, change.after, change.reason, change.by) == (None, agent, "taken", agent)
    with pytest.raises(LostRace, match="already_kept"):
        take_from_pool(customer, by=make_user(team=agent.team), now=NOW)


def test_one_takes_from_the_own_pool_and_from_everybodys(agent):
    with pytest.raises(NotAllowed, match="not_your_pool"):
        take_from_pool(make_customer(team=make_team()), by=agent, now=NOW)
    with pytest.raises(NotAllowed, match="right_missing"):
        take_from_pool(make_customer(), by=make_user(role="reviewer"), now=NOW)
    take_from_pool(make_customer(), by=agent, now=NOW)


def test_caps_for_the_day_and_in_all(agent, manager):
    set_policy(manager, {"per_day": 2, "in_all": 3})
    for _ in range(2):
        take_from_pool(make_customer(), by=agent, now=NOW)
    with pytest.raises(Conflict, match="pool_day_cap"):
        take_from_pool(make_customer(), by=agent, now=NOW + timedelta(hours=3))
    take_from_pool(make_customer(), by=agent, now=night(1))
    with pytest.raises(Conflict, match="pool_cap"):
        take_from_pool(make_customer(), by=agent, now=night(1))


def test_one_cannot_at_once_retake_what_one_lost(agent):
    customer = kept(agent, days=400)
    give_back(customer, reason="moved away", by=agent, now=NOW)
    with pytest.raises(Conflict) as error:
        take_from_pool(customer, by=agent, now=night(29))
    assert error.value.data["day"] == TODAY + timedelta(days=30)
    take_from_pool(customer, by=make_user(team=agent.team), now=night(1))
    move_custody([customer], to=None, team=None, reason="given_back", by=None, now=night(2))
    take_from_pool(customer, by=agent, now=night(30))


def test_giving_back_needs_a_reason_and_ones_own_card(agent):
    customer = kept(agent, days=5)
    mine = make_followup(customer=customer, assigned_to=agent)
    with pytest.raises(BadInput):
        give_back(customer, reason=" ", by=agent, now=NOW)
    with pytest.raises(NotAllowed):
        give_back(customer, reason="x", by=make_user(team=agent.team), now=NOW)
    give_back(customer, reason="no need", by=agent, now=NOW)
    mine.refresh_from_db()
    assert mine.assigned_to is None
    assert TimelineEntry.objects.get(customer=customer).data["why"] == "given_back"


def test_a_supervisor_lengthens_a_protection_with_a_reason(agent, manager):
    customer = kept(agent, days=5, protected_until=TODAY)
    until = TODAY + timedelta(days=20)
    with pytest.raises(NotAllowed):
        set_protection(customer, until=until, reason="x", by=agent, now=NOW)
    with pytest.raises(BadInput):
        set_protection(customer, until=until, reason="", by=manager, now=NOW)
    set_protection(customer, until=until, reason="long tender", by=manager, now=NOW)
    assert reloaded(customer).protected_until == until
    assert TimelineEntry.objects.get(customer=customer).code == "protection_set"
