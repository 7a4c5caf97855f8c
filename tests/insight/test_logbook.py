"""The logbook's figures: what counts, once, and where (CA5)."""

from datetime import date, timedelta

import pytest

from genjin.calling.models import Campaign
from genjin.calling.queries import expected_rates
from genjin.followups.models import Interaction
from genjin.followups.operations import correct_interaction, record_interaction
from genjin.foundation import policy
from genjin.insight import campaigns as insight
from genjin.insight import logbook, plans
from genjin.insight.logbook import Figures
from tests.factories import NOW, make_campaign, make_customer, make_followup, make_team, make_user

pytestmark = pytest.mark.django_db
DAY = NOW.date()
TODAY = {"start": DAY, "end": DAY + timedelta(days=1)}


def call(by, *, now=NOW, outcome="no_answer", queue=None, talk=0, flags="", **fields):
    """Records a call; `flags` holds c(onnected), r(eached), s(uccess)."""
    followup = make_followup(queue=queue) if queue else None
    customer = followup.customer if followup else make_customer()
    return record_interaction(
        customer=customer,
        followup=followup,
        by=by,
        now=now,
        outcome=outcome,
        is_connected="c" in flags,
        is_reached="r" in flags,
        is_success="s" in flags,
        talk_seconds=talk,
        purpose="sell",
        **fields,
    )


def test_dialled_connected_reached_and_success_are_counted_apart():
    agent = make_user()
    call(agent)
    call(agent, flags="c", talk=10)
    call(agent, flags="cr", talk=100)
    call(agent, flags="crs", talk=200)
    found = logbook.today(agent, NOW)
    assert found == Figures(4, 3, 2, 1, 310)
    assert found.success_rate == 0.5


def test_there_is_no_rate_before_the_first_contact():
    agent = make_user()
    call(agent)
    assert logbook.today(agent, NOW).success_rate is None


def test_the_strip_at_the_desk_costs_one_query(django_assert_num_queries):
    agent = make_user()
    call(agent)
    with django_assert_num_queries(1):
        logbook.today(agent, NOW)


def test_a_correction_counts_instead_of_what_it_corrects_on_the_day_of_the_call():
    agent, supervisor = make_user(), make_user(role="supervisor")
    first = call(agent, flags="crs", talk=60, outcome="sold")
    values = {"outcome": "refused", "is_success": False}
    correct_interaction(
        first, values, by=supervisor, now=NOW + timedelta(days=2), reason="misheard"
    )
    assert logbook.today(agent, NOW) == Figures(1, 1, 1, 0, 60)
    assert logbook.today(agent, NOW + timedelta(days=2)) == Figures()
    assert Interaction.objects.count() == 2


def test_inbound_calls_are_not_dialled():
    agent = make_user()
    call(agent, flags="cr", is_inbound=True)
    assert logbook.today(agent, NOW) == Figures(0, 1, 1, 0, 0)


def test_a_day_is_told_by_hour_and_a_month_by_day():
    agent = make_user()
    call(agent, flags="cr")
    call(agent, now=NOW + timedelta(hours=4))
    call(agent, now=NOW + timedelta(days=1), flags="crs")
    hours = logbook.figures("hour", user=agent, **TODAY)
    assert [(row.key, row.figures.dialled, row.figures.reached) for row in hours] == [
        (10, 1, 1),
        (14, 1, 0),
    ]
    days = logbook.figures("day", user=agent, start=date(2026, 11, 1), end=date(2026, 12, 1))
    assert [(row.key, row.figures.dialled) for row in days] == [
        (date(2026, 11, 23), 2),
        (date(2026, 11, 24), 1),
    ]
    months = logbook.figures("month", user=agent, start=date(2026, 1, 1), end=date(2027, 1, 1))
    assert [(row.key, row.figures.dialled) for row in months] == [(date(2026, 11, 1), 3)]


def test_hours_without_calls_stand_between_those_with():
    rows = logbook.filled([logbook.Row(11, Figures(2))], range(10, 13))
    assert [(row.key, row.figures.dialled) for row in rows] == [(10, 0), (11, 2), (12, 0)]


def test_a_team_is_the_sum_of_its_people_and_of_nobody_else():
    team = make_team()
    ours, others = [make_user(team=team), make_user(team=team)], make_user()
    for agent in (*ours, others):
        call(agent, flags="cr")
    assert logbook.total(team=team, **TODAY).reached == 2
    people = logbook.by_person(users=ours, **TODAY)
    assert {person.pk for person, _ in people} == {agent.pk for agent in ours}


def test_monday_is_compared_with_the_last_day_worked():
    agent = make_user()
    assert logbook.day_before(DAY, users=[agent]) == DAY - timedelta(days=1)
    call(agent, now=NOW - timedelta(days=3))
    assert logbook.day_before(DAY, users=[agent]) == DAY - timedelta(days=3)


def test_a_success_is_dated_three_times():
    agent = make_user()
    call(agent, flags="crs", detail={"delivered_on": "2026-11-25", "paid_on": "2026-11-30"})
    call(agent, flags="crs", detail={"delivered_on": "2026-11-25"})
    call(agent, flags="crs")
    found = logbook.success_dates(user=agent, **TODAY)
    assert found == {
        "agreed": {DAY: 3},
        "delivered": {date(2026, 11, 25): 2},
        "paid": {date(2026, 11, 30): 1},
    }
    total = logbook.total(user=agent, **TODAY)
    assert (total.successes, total.delivered, total.paid) == (3, 2, 1)


def test_a_plan_is_shared_by_the_agents_of_the_campaign():
    first, second = make_user(), make_user()
    make_campaign(
        agents=(first, second),
        goals={"month": 80, "day": 4, "hour": 1},
        weekly="mon-fri 09:00-17:00",
    )
    make_campaign(agents=(first,), goals={"day": 3})
    make_campaign(agents=(first,), goals={"day": 99}, state="paused")
    assert plans.plan_for([first], NOW).successes_day == 2 + 3
    assert plans.plan_for([second], NOW).successes_day == 2
    assert plans.plan_for([first, second], NOW).successes_month == 80
    assert plans.plan_for([make_user()], NOW) == plans.Plan()


def test_the_plan_of_contacts_comes_from_the_closings_wanted():
    agent = make_user()
    make_campaign(
        agents=(agent,),
        closings_wanted=6,
        weekly="mon-fri 09:00-17:00",
        starts_on=DAY,
        ends_on=DAY + timedelta(days=11),
    )
    # 6 closings at the shipped 6 % are 100 contacts over ten working days.
    assert plans.plan_for([agent], NOW).reached_day == 10


def test_the_results_of_a_campaign_tell_its_funnel_people_versions_and_what_waits():
    agent, other = make_user(), make_user()
    campaign = make_campaign(agents=(agent, other), goals={"day": 5})
    call(agent, queue=campaign.queue, flags="crs", outcome="sold", talk=100, script_version=7)
    call(agent, queue=campaign.queue, flags="c", outcome="no_answer", talk=5)
    call(other, queue=campaign.queue, outcome="no_answer")
    call(other, flags="crs", outcome="sold")  # of no campaign
    make_followup(queue=campaign.queue, state="planned", withheld=[{"code": "held", "data": {}}])
    found = insight.results(campaign, NOW)
    assert found.figures == Figures(3, 2, 1, 1, 105)
    assert (found.customers, found.customers_called, found.customers_reached) == (4, 3, 1)
    assert found.by_outcome == [("no_answer", 2, 5), ("sold", 1, 100)]
    assert [(user.pk, row.dialled) for user, row in found.by_agent] == [
        (agent.pk, 2),
        (other.pk, 1),
    ]
    assert [row.dialled for _version, row in found.by_version] == [1, 2]
    # The customer who was spoken to rests under the sales cap beside the one on hold.
    assert found.remaining["planned"] == 2
    assert found.held_back == [("cap_reached", 1), ("held", 1)]
    assert found.goals == [("hour", 1, None), ("day", 1, 5), ("month", 1, None)]


def test_past_calls_of_a_kind_replace_the_shipped_rates_when_there_are_enough():
    agent, campaign = make_user(), make_campaign()
    policy.set_value("campaigns.forecast.least_calls", 4, by=agent, now=NOW)
    for flags, talk in (("crs", 200), ("cr", 100), ("", 0), ("", 0)):
        call(agent, queue=campaign.queue, flags=flags, talk=talk)
    rates = expected_rates(Campaign.objects.get(), NOW)
    assert (rates.source, rates.sample) == ("past", 4)
    assert (rates.reached, rates.success) == (0.5, 0.5)
    assert (rates.talk_reached_seconds, rates.talk_missed_seconds) == (150, 0)
