"""Follow-ups and interactions by the API: read within the scope, never taken or changed."""

from datetime import timedelta

import pytest
from django.utils import timezone

from genjin.followups.claims import NEVER_BY_ITSELF
from genjin.followups.models import FollowUp, Interaction
from genjin.kernel.problems import Reason
from tests.api.caller import as_program
from tests.factories import NOW, make_customer, make_followup, make_team, make_user

pytestmark = pytest.mark.django_db
PHONE = "+8613812345678"


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def agent(team):
    return make_user(team=team)


def interaction(by, customer, **values) -> Interaction:
    values = {"channel": "call", "purpose": "sell", "outcome": "refused", "address": PHONE,
              "at": NOW, **values}  # fmt: skip
    return Interaction.objects.create(
        customer=customer, by=by, local_day=timezone.localdate(NOW), local_hour=10, **values
    )


def test_one_s_own_follow_ups_are_listed_and_those_of_the_queue_are_not(agent):
    held = make_followup(state="taken", taken_by=agent, not_before=NOW - timedelta(hours=2))
    mine = make_followup(assigned_to=agent, not_before=NOW)
    waits = make_followup(state="planned", assigned_to=agent, not_before=NEVER_BY_ITSELF)
    done = make_followup(state="done", taken_by=agent, ended_at=NOW)
    make_followup()
    make_followup(assigned_to=make_user())
    erp = as_program(agent, "read")
    seen, after = [], ""
    while after is not None:
        page = erp.get(f"followups?limit=2&after={after}").json()
        seen += page["items"]
        after = page["next"]
    assert [one["id"] for one in seen] == [str(one.pk) for one in (held, mine, waits)]
    assert seen[2]["not_before"] is None
    everything = erp.get("followups?state=all").json()["items"]
    assert str(done.pk) in [one["id"] for one in everything]


def test_what_is_withheld_says_why_in_the_language_asked_for(agent):
    make_followup(
        state="planned", assigned_to=agent,
        withheld=[Reason("holiday", {"date": "2026-10-01"}).to_json(),
                  Reason("of_a_later_version").to_json()],
    )  # fmt: skip
    (one,) = as_program(agent).get("followups").json()["items"]
    assert [each["code"] for each in one["withheld"]] == ["holiday"]
    assert one["withheld"][0]["detail"].endswith(" is a public holiday.")
    (one,) = as_program(agent, language="zh-TW").get("followups").json()["items"]
    assert one["withheld"][0]["detail"].endswith(" 是國定假日。")


def test_an_ended_follow_up_names_no_customer_that_is_out_of_scope(agent):
    customer = make_customer(name="钱秘密", custodian=make_user())
    done = make_followup(customer=customer, state="done", taken_by=agent, ended_at=NOW)
    shown = as_program(agent).get(f"followups/{done.pk}").json()
    assert (shown["state"], shown["customer_name"]) == ("done", "")
    held = make_followup(customer=customer, state="taken", taken_by=agent)
    assert as_program(agent).get(f"followups/{held.pk}").json()["customer_name"] == "钱秘密"


def test_the_state_of_another_s_follow_up_is_not_told(agent, team):
    theirs = make_followup(assigned_to=make_user(team=team))
    assert as_program(agent).get(f"followups/{theirs.pk}").status_code == 404
    supervisor = make_user(role="supervisor", team=team)
    assert as_program(supervisor).get(f"followups/{theirs.pk}").status_code == 200


def test_nothing_is_taken_or_changed_by_the_api(agent):
    ready = make_followup(assigned_to=agent)
    erp = as_program(agent)
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for path in ("followups", f"followups/{ready.pk}", f"followups/{ready.pk}/take",
                     "followups/next", "interactions"):  # fmt: skip
            assert erp.send(method, path, {}).status_code in (404, 405)
    assert FollowUp.objects.get().state == "ready"
    assert not Interaction.objects.exists()


def test_interactions_are_one_s_own_or_the_team_s(agent, team):
    mine = interaction(agent, make_customer())
    theirs = interaction(make_user(team=team), make_customer())
    assert [one["id"] for one in as_program(agent).get("interactions").json()["items"]] == [
        str(mine.pk)]  # fmt: skip
    assert as_program(agent).get(f"interactions/{theirs.pk}").status_code == 404
    supervisor = make_user(role="supervisor", team=team)
    page = as_program(supervisor).get("interactions?order=oldest&limit=1").json()
    assert [one["id"] for one in page["items"]] == [str(mine.pk)]
    rest = as_program(supervisor).get(f"interactions?order=oldest&after={page['next']}").json()
    assert [one["id"] for one in rest["items"]] == [str(theirs.pk)]


def test_a_correction_stands_beside_what_it_puts_right(agent):
    customer = make_customer(custodian=agent)
    first = interaction(agent, customer)
    detail = {"reason": "看错了", "corrected_by": "7", "needs": "水泵"}
    fresh = interaction(agent, customer, outcome="success", corrects=first, detail=detail)
    items = as_program(agent).get("interactions?order=oldest").json()["items"]
    assert [(one["outcome"], one["corrects"]) for one in items] == [
        ("refused", None), ("success", str(first.pk))]  # fmt: skip
    assert items[1]["detail"] == {"reason": "看错了", "needs": "水泵"}
    of_card = as_program(agent).get(f"customers/{customer.pk}/interactions").json()["items"]
    assert [(one["id"], one["detail"]) for one in of_card] == [
        (str(fresh.pk), {}), (str(first.pk), {})]  # fmt: skip


@pytest.mark.parametrize(("role", "address"), [("agent", "138****5678"), ("salesperson", PHONE)])
def test_the_number_of_an_interaction_is_masked_as_on_the_screens(team, role, address):
    user = make_user(role=role, team=team)
    interaction(user, make_customer(custodian=user))
    interaction(user, make_customer(custodian=user), channel="email", address="boss@example.com")
    mail, call = as_program(user).get("interactions").json()["items"]
    assert call["address"] == address
    assert mail["address"] == ("b****@example.com" if role == "agent" else "boss@example.com")
