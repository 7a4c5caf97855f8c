"""One card of two and two of one again; and who may."""

from datetime import timedelta

import pytest
from django.apps import apps

from genjin.customers import queries
from genjin.customers.fields import sync_shipped_fields
from genjin.customers.models import (
    Address,
    CustodyChange,
    Customer,
    DuplicatePair,
    Hold,
    Merge,
    NewsClip,
    SegmentMember,
    TimelineEntry,
    WantedItem,
)
from genjin.customers.operations import card
from genjin.customers.operations import merging as cards
from genjin.customers.operations.permissions import record_consent
from genjin.customers.search import find
from genjin.flows.merging import (
    ask_to_merge,
    claim_customer,
    decide_collision,
    mark_distinct,
    may_merge,
    merge_customers,
    split_customers,
)
from genjin.followups.gate import ask, forecast
from genjin.followups.models import Commitment, Contact, FollowUp
from genjin.followups.operations import make_commitment, plan_followup, record_interaction
from genjin.foundation import approvals
from genjin.kernel.errors import BadInput, Conflict, LostRace, NotAllowed
from tests.factories import (
    NOW,
    make_customer,
    make_followup,
    make_point,
    make_queue,
    make_team,
    make_user,
)

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def manager():
    return make_user(role="manager", team=make_team())


def opened(name, phone, by, **values):
    return card.create_customer(
        kind="person", name=name, phones=[phone] if phone else [], by=by, now=NOW, **values
    )


def merge(survivor, merged, by, **values):
    return merge_customers(
        survivor, merged, **{"choices": {}, "by": by, "now": LATER, "reason": "one", **values}
    )


def fresh(*customers):
    return [Customer.objects.get(pk=one.pk) for one in customers]


def rows_of(customer):
    """Every row that belongs to a card, by table: what a merge and a split must account for."""
    found = {}
    for model, name in cards.moving():
        keys = model._default_manager.filter(**{name: customer.pk}).values_list("pk", flat=True)
        found[f"{model._meta.label}.{name}"] = {str(key) for key in keys}
    return {key: ids for key, ids in found.items() if ids}


def state_of(customer):
    """The card's own columns, without those that only say when it was touched."""
    row = Customer.objects.filter(pk=customer.pk).values().get()
    return {name: value for name, value in row.items() if name != "changed_at"}


def test_every_table_that_points_at_a_card_was_thought_of():
    """A new table either moves with a card or is said to stay; then it is added here."""
    moving = {f"{model._meta.label_lower}.{name}" for model, name in cards.moving()}
    assert moving == {
        "complaints.complaint.customer",
        "customers.address.customer", "customers.cardloan.customer",
        "customers.contactperson.customer", "customers.contactpoint.customer",
        "customers.event.customer", "customers.externalkey.customer", "customers.hold.customer",
        "customers.importrow.duplicate_of", "customers.newsclip.customer",
        "customers.ownedproduct.customer", "customers.segmentmember.customer",
        "customers.wanteditem.customer", "followups.commitment.customer",
        "followups.consentrequest.customer", "followups.contact.customer",
        "followups.followup.customer", "followups.outgoingmessage.customer",
        "followups.surveyinvitation.customer", "receivables.paymentpromise.customer",
        "receivables.waitingpayment.customer", "sales.delivery.customer",
        "sales.invoicerequest.customer", "sales.invoicingdetails.customer",
        "sales.opportunity.customer", "sales.order.customer", "sales.orderline.customer",
        "service.shippedserial.dealer",
    }  # fmt: skip
    every = {
        f"{model._meta.label_lower}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.concrete_fields
    }
    assert every >= cards.STAYS


def test_everything_of_the_merged_card_is_on_the_survivor_and_back_after_a_split(manager):
    survivor = opened("张三", "13800138000", manager, source="fair")
    merged = opened("張三", "13900139000", manager, tax_number="91310000A", note="red door")
    card.add_person(merged, name="王芳", by=manager, now=NOW)
    card.add_address(merged, text="上海市浦东新区世纪大道1号", by=manager, now=NOW)
    card.add_wanted(merged, "lamp", manager, NOW)
    card.add_clip(merged, text="moved house", by=manager, now=NOW)
    make_commitment(merged, text="a call", owner=manager, due_at=LATER, by=manager, now=NOW)
    SegmentMember.objects.create(frozen_for="campaign:1", customer=merged)
    before = [(rows_of(one), state_of(one)) for one in (survivor, merged)]
    made = merge(survivor, merged, manager)
    survivor, merged = fresh(survivor, merged)
    assert rows_of(merged) == {}
    assert merged.merged_into == survivor
    assert (survivor.tax_number, survivor.source, survivor.note) == (
        "91310000A",
        "fair",
        "red door",
    )
    assert survivor.region.startswith("31")
    assert survivor.other_names == ["張三"]
    assert {one.text for one in queries.card(survivor.pk, now=LATER).wanted} == {"lamp"}
    for model in (NewsClip, WantedItem, Commitment, FollowUp, Address, SegmentMember):
        assert model.objects.filter(customer=survivor).count() == 1
    assert [hit.id for hit in find("13900139000", user=manager)] == [survivor.pk]
    result = split_customers(made, by=manager, now=LATER + timedelta(hours=1))
    assert result.kept == []
    after = [(rows_of(one), state_of(one)) for one in (survivor, merged)]
    assert after == before


def test_history_stays_where_it_was_written_and_is_read_together(manager):
    survivor = opened("张三", "13800138000", manager)
    merged = opened("张三", "13900139000", manager)
    record_interaction(
        customer=merged, by=manager, now=NOW, outcome="refused", is_connected=True,
        is_reached=True, is_success=False, talk_seconds=9, purpose="sell",
    )  # fmt: skip
    merge(survivor, merged, manager)
    codes = [entry.code for entry in queries.timeline(survivor.pk)]
    assert codes[0] == "card_merged_from"
    assert codes.count("card_opened") == 2
    assert "call" in codes
    kinds = [entry.kind for entry in queries.timeline(survivor.pk, kinds=["interaction"])]
    assert kinds == ["interaction"]
    pages, last = [], None
    while page := queries.timeline(survivor.pk, before=last, limit=2):
        pages += page
        last = (page[-1].at, page[-1].pk)
    assert [one.pk for one in pages] == [one.pk for one in queries.timeline(survivor.pk)]


@pytest.mark.parametrize("refused_on", ["survivor", "merged"])
def test_the_stricter_consent_of_the_two_counts_however_old(manager, refused_on):
    both = {name: opened("张三", f"1380013800{n}", manager)
            for n, name in enumerate(("survivor", "merged"))}  # fmt: skip
    other = both["merged" if refused_on == "survivor" else "survivor"]
    record_consent(both[refused_on], answer="refused", source="call", by=manager, now=NOW)
    record_consent(other, answer="given", source="call", by=manager, now=NOW + timedelta(minutes=9))
    made = merge(both["survivor"], both["merged"], manager)
    survivor = Customer.objects.get(pk=both["survivor"].pk)

    def answers(now):
        answer = ask(survivor, purpose="sell", channel="call", now=now)
        told = forecast(Customer.objects.filter(pk=survivor.pk), purpose="sell", channel="call",
                        now=now)  # fmt: skip
        return answer.is_allowed, told.allowed == 1, queries.card(survivor.pk, now=now).is_refused

    assert answers(LATER) == (False, False, True)
    assert ask(survivor, purpose="sell", channel="call", now=LATER).reasons[0].code == (
        "do_not_contact"
    )
    # What they say from now on counts as ever.
    record_consent(
        survivor, answer="given", source="call", by=manager, now=LATER + timedelta(minutes=2)
    )
    assert answers(LATER + timedelta(minutes=5)) == (True, True, False)
    split_customers(made, by=manager, now=LATER + timedelta(minutes=9))
    lone = Customer.objects.get(pk=both["merged"].pk)
    is_refused = refused_on == "merged"
    assert ask(lone, purpose="sell", channel="call", now=LATER).is_allowed is not is_refused


def test_holds_caps_and_refusals_of_both_cards_stop_the_survivor(manager):
    survivor, merged = (opened("张三", f"1380013800{n}", manager) for n in (1, 2))
    Hold.objects.create(
        customer=merged, purposes=["sell"], reason="complaint", note="x", source_kind="person",
        starts_at=NOW, ends_at=NOW + timedelta(days=3),
    )  # fmt: skip
    Contact.objects.create(customer=merged, channel="call", purpose="survey", address="x",
                           state="closed", started_at=NOW)  # fmt: skip
    waiting = make_followup(customer=survivor, queue=make_queue(purpose="sell"))
    merge(survivor, merged, manager)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.withheld[0]["code"]) == ("planned", "held")
    assert Contact.objects.get(customer=survivor).purpose == "survey"


def test_two_waiting_for_one_purpose_in_one_queue_become_one_and_two_after_a_split(manager):
    survivor, merged = (opened("张三", f"1380013800{n}", manager) for n in (1, 2))
    queue, other = make_queue(purpose="sell"), make_queue(purpose="survey")
    for one in (survivor, merged):
        plan_followup(one, queue=queue, purpose="sell", cause_key=f"c:{one.pk}", by=None, now=NOW)
    plan_followup(merged, queue=other, purpose="survey", cause_key="s", by=None, now=NOW)
    asked = plan_followup(merged, queue=queue, purpose="sell", cause_key="b", by=None, now=NOW,
                          asked_at=LATER + timedelta(hours=2), assigned_to=manager)  # fmt: skip
    made = merge(survivor, merged, manager)
    waiting = FollowUp.objects.filter(customer=survivor, state__in=["planned", "ready"])
    assert {row.purpose for row in waiting} == {"sell", "survey"}
    assert waiting.filter(pk=asked.pk).exists()
    assert FollowUp.objects.filter(state="cancelled", end_reason="cards_merged").count() == 2
    result = split_customers(made, by=manager, now=LATER + timedelta(minutes=5))
    assert result.planned == 2
    for one, count in ((survivor, 1), (merged, 3)):
        assert one.followups.filter(state__in=["planned", "ready"]).count() == count


def test_one_chooses_the_value_of_each_field(manager):
    sync_shipped_fields()
    survivor = opened("大华", "", manager, source="fair", fields={"industry": "retail"})
    merged = opened("大华公司", "", manager, source="web", fields={"industry": "catering"})
    Customer.objects.filter(pk=merged.pk).update(grade="A", expected_amount=5)
    survivor, merged = fresh(survivor, merged)
    differ = {one.name: (one.survivor, one.merged) for one in cards.differences(survivor, merged)}
    assert differ == {
        "name": ("大华", "大华公司"), "source": ("fair", "web"), "grade": ("", "A"),
        "fields.industry": ("retail", "catering"),
    }  # fmt: skip
    choices = {"name": "merged", "fields.industry": "merged", "grade": "survivor"}
    made = merge(survivor, merged, manager, choices=choices)
    [survivor] = fresh(survivor)
    assert (survivor.name, survivor.other_names, survivor.source) == ("大华公司", ["大华"], "fair")
    assert (survivor.fields, survivor.grade) == ({"industry": "catering"}, "")
    assert made.moved["values"]["name"] == ["大华", "大华公司"]


def test_what_changed_since_stays_with_the_survivor_and_is_said(manager):
    survivor = opened("张三", "13800138000", manager)
    merged = opened("张三", "13900139000", manager, source="web", tax_number="91310000A")
    made = merge(survivor, merged, manager)
    card.change_customer(survivor, {"source": "fair"}, by=manager, now=LATER)
    card.add_point(survivor, value="13700137000", by=manager, now=LATER + timedelta(minutes=1))
    result = split_customers(made, by=manager, now=LATER + timedelta(hours=1))
    assert result.kept == ["source"]
    assert result.entries_since == 1
    [survivor, merged] = fresh(survivor, merged)
    assert (survivor.source, survivor.tax_number) == ("fair", "")
    assert (merged.source, merged.tax_number) == ("web", "91310000A")
    assert sorted(survivor.points.values_list("value", flat=True)) == [
        "+8613700137000", "+8613800138000",
    ]  # fmt: skip


def test_the_same_number_stands_on_the_card_once(manager):
    survivor, merged = (opened("张三", "13800138000", manager) for _ in range(2))
    made = merge(survivor, merged, manager)
    assert survivor.points.filter(is_active=True).count() == 1
    split_customers(made, by=manager, now=LATER)
    for one in (survivor, merged):
        assert one.points.filter(is_active=True).count() == 1


def test_a_card_that_was_merged_into_goes_with_its_family_and_is_split_in_turn(manager):
    first, second, third = (opened("张三", f"1380013800{n}", manager) for n in (1, 2, 3))
    inner = merge(second, third, manager)
    outer = merge(*fresh(first, second), manager, now=LATER + timedelta(minutes=1))
    [third] = fresh(third)
    assert third.merged_into == first
    assert len(queries.timeline(first.pk, kinds=["change"])) == 5
    with pytest.raises(Conflict, match="merged_further"):
        split_customers(Merge.objects.get(pk=inner.pk), by=manager, now=LATER)
    split_customers(outer, by=manager, now=LATER + timedelta(minutes=2))
    assert fresh(third)[0].merged_into == second
    split_customers(Merge.objects.get(pk=inner.pk), by=manager, now=LATER + timedelta(minutes=3))
    assert fresh(third)[0].merged_into is None


def test_a_merged_card_takes_no_changes_any_more(manager):
    survivor, merged = (opened("张三", f"1380013800{n}", manager) for n in (1, 2))
    merge(survivor, merged, manager)
    with pytest.raises(Conflict, match="card_was_merged"):
        card.add_point(merged, value="13700137000", by=manager, now=LATER)
    with pytest.raises(LostRace, match="already_merged"):
        merge(*fresh(survivor, merged), manager)
    with pytest.raises(BadInput):
        merge(survivor, survivor, manager)


def test_nobody_merges_a_card_while_its_customer_is_in_hand(manager):
    survivor, merged = (opened("张三", f"1380013800{n}", manager) for n in (1, 2))
    make_followup(customer=merged, state="taken")
    with pytest.raises(Conflict, match="in_hand"):
        merge(survivor, merged, manager)
    assert not Merge.objects.exists()
    merge(merged, survivor, manager)


def test_a_card_that_nobody_keeps_comes_into_the_hands_of_who_kept_the_other(manager):
    agent = make_user(team=make_team())
    survivor, merged = make_customer(name="张三"), make_customer(name="张三", custodian=agent)
    made = merge(survivor, merged, manager)
    assert fresh(survivor)[0].custodian == agent
    assert CustodyChange.objects.get(customer=survivor).reason == "merge"
    split_customers(made, by=manager, now=LATER)
    assert fresh(survivor)[0].custodian is None


# ── Who may ──────────────────────────────────────────────────────────────────────────────────


def test_a_card_of_another_custodian_needs_a_yes_that_is_carried_out():
    team = make_team()
    agent, other = make_user(team=team), make_user(team=team)
    supervisor = make_user(role="supervisor", team=team)
    mine = make_customer(name="张三", custodian=agent, team=team)
    theirs = make_customer(name="張三", custodian=other, team=team)
    assert may_merge(agent, mine, make_customer(name="张三")) is False
    assert may_merge(supervisor, mine, theirs) is True
    with pytest.raises(NotAllowed, match="approval_needed"):
        merge(mine, theirs, agent)
    asked = ask_to_merge(mine, theirs, choices={}, reason="same man", by=agent, now=NOW)
    assert approvals.waiting_for(supervisor, NOW) == [asked]
    assert approvals.may_decide(other, asked, NOW) is False
    with pytest.raises(NotAllowed):
        ask_to_merge(mine, theirs, choices={}, reason="x", by=make_user(), now=NOW)
    approvals.decide(asked, approve=True, by=supervisor, now=LATER)
    assert fresh(theirs)[0].merged_into == mine
    assert Merge.objects.get().by == supervisor


def test_an_approval_that_cannot_be_carried_out_is_not_given():
    team = make_team()
    agent, other = make_user(team=team), make_user(team=team)
    supervisor = make_user(role="supervisor", team=team)
    mine = make_customer(name="张三", custodian=agent, team=team)
    theirs = make_customer(name="張三", custodian=other, team=team)
    asked = ask_to_merge(mine, theirs, choices={}, reason="same man", by=agent, now=NOW)
    make_followup(customer=theirs, state="taken")
    with pytest.raises(Conflict, match="in_hand"):
        approvals.decide(asked, approve=True, by=supervisor, now=LATER)
    asked.refresh_from_db()
    assert asked.state == "asked"


def test_who_cannot_see_a_card_neither_merges_nor_splits_it(manager):
    survivor, merged = (opened("张三", f"1380013800{n}", manager) for n in (1, 2))
    with pytest.raises(NotAllowed):
        merge(survivor, merged, make_user())
    made = merge(survivor, merged, manager)
    with pytest.raises(NotAllowed):
        split_customers(made, by=make_user(), now=LATER)


def collision():
    team = make_team()
    first, second = make_user(team=team), make_user(team=team)
    one = make_customer(name="张三", custodian=first, team=team, created_at=NOW)
    two = make_customer(name="張三", custodian=second, team=team, created_at=LATER)
    pair = DuplicatePair.objects.create(first=one, second=two, score=85, is_collision=True)
    return pair, first, second, make_user(role="supervisor", team=team)


def test_a_supervisor_decides_with_a_reason_whose_customer_it_is():
    pair, first, second, supervisor = collision()
    with pytest.raises(BadInput):
        decide_collision(pair, keeper=first, reason=" ", by=supervisor, now=LATER)
    for stranger in (first, second, make_user(role="supervisor", team=make_team())):
        with pytest.raises(NotAllowed):
            decide_collision(pair, keeper=first, reason="x", by=stranger, now=LATER)
    with pytest.raises(Conflict, match="not_a_claimant"):
        decide_collision(pair, keeper=supervisor, reason="x", by=supervisor, now=LATER)
    decide_collision(pair, keeper=first, reason="was there first", by=supervisor, now=LATER)
    assert {one.custodian for one in fresh(pair.first, pair.second)} == {first}
    change = CustodyChange.objects.get()
    assert (change.reason, change.before, change.after) == ("collision", second, first)
    told = TimelineEntry.objects.get(customer=pair.second, kind="custody")
    assert told.data["reason"] == "was there first"
    pair = DuplicatePair.objects.get()
    with pytest.raises(NotAllowed):
        decide_collision(pair, keeper=first, reason="again", by=supervisor, now=LATER)


def test_the_second_may_claim_and_the_supervisor_of_the_first_says_yes_or_no():
    pair, _first, second, supervisor = collision()
    with pytest.raises(NotAllowed):
        claim_customer(pair, reason="mine", by=make_user(), now=NOW)
    asked = claim_customer(pair, reason="they asked for me", by=second, now=NOW)
    approvals.decide(asked, approve=True, by=supervisor, now=LATER)
    assert {one.custodian for one in fresh(pair.first, pair.second)} == {second}


def test_not_the_same_is_remembered(manager):
    survivor, merged = (opened("张三", "13800138000", manager) for _ in range(2))
    pair = DuplicatePair.objects.create(first=survivor, second=merged, score=85)
    with pytest.raises(NotAllowed):
        mark_distinct(pair, reason="", by=make_user(), now=NOW)
    mark_distinct(pair, reason="father and son", by=manager, now=NOW)
    pair.refresh_from_db()
    assert (pair.state, pair.reason, pair.decided_by) == ("distinct", "father and son", manager)


def test_a_merge_settles_its_pair_and_a_split_says_they_are_two(manager):
    survivor, merged = (opened("张三", "13800138000", manager) for _ in range(2))
    third = make_customer(name="李四")
    make_point(customer=third, value="+8613800138000")
    pair = DuplicatePair.objects.create(first=survivor, second=merged, score=85)
    DuplicatePair.objects.create(first=merged, second=third, score=60)
    made = merge(survivor, merged, manager)
    assert [row.state for row in DuplicatePair.objects.all()] == ["merged"]
    assert made.pair == pair
    split_customers(made, by=manager, now=LATER)
    pair.refresh_from_db()
    assert pair.state == "distinct"
