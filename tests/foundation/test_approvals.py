"""One inbox for decisions: who may decide, what is carried out, what happens to the late (PL11)."""

from datetime import timedelta

import pytest
from django.db import transaction

from genjin.foundation import approvals
from genjin.foundation.approvals import ask, decide, decides_as, delegate, waiting_for, withdraw
from genjin.foundation.models import Approval, AuditEntry
from genjin.kernel.errors import BadInput, Conflict, LostRace, NotAllowed
from tests.concurrency import at_once
from tests.factories import NOW, make_team, make_user

done: list[tuple[str, str]] = []


@pytest.fixture(autouse=True)
def kinds(monkeypatch):
    """Kinds of the shipped policy, carried out into a list."""
    done.clear()
    monkeypatch.setattr(approvals, "_kinds", {})
    for kind in approvals.kinds():
        approvals.register(
            kind,
            carry_out=lambda approval, by, now: done.append(("yes", approval.subject_id)),
            give_up=lambda approval, by, now: done.append(("no", approval.subject_id)),
        )


def asked(by, *, kind="merge_owned_cards", subject="7", **more):
    return ask(kind, subject=("pair", subject), title={"code": "merge", "data": {}}, payload={},
               reason="同一家公司", by=by, now=NOW, **more)  # fmt: skip


@pytest.mark.django_db
def test_the_supervisor_of_the_team_decides_and_it_is_carried_out():
    team = make_team()
    agent, chief = make_user(team=team), make_user(role="supervisor", team=team)
    other = make_user(role="supervisor", team=make_team())
    approval = asked(agent)
    assert [one.pk for one in waiting_for(chief, NOW)] == [approval.pk]
    assert waiting_for(other, NOW) == []
    decide(approval, approve=True, by=chief, now=NOW)
    approval.refresh_from_db()
    assert (approval.state, approval.decided_by, done) == ("approved", chief, [("yes", "7")])
    assert AuditEntry.objects.filter(action="transition", by=chief).exists()


@pytest.mark.django_db
def test_nobody_decides_what_they_asked_for_or_what_is_about_themselves():
    team = make_team()
    chief, scored = make_user(role="supervisor", team=team), make_user(role="manager")
    manager = make_user(role="manager")
    approval = asked(chief, kind="score_correction", excluded=[scored])
    for person in (chief, scored):
        with pytest.raises(NotAllowed, match="not_yours_to_decide"):
            decide(approval, approve=True, by=person, now=NOW)
    decide(approval, approve=True, by=manager, now=NOW)


@pytest.mark.django_db
def test_what_a_team_cannot_decide_goes_up_when_it_is_asked():
    team = make_team()
    chief, manager = make_user(role="supervisor", team=team), make_user(role="manager")
    approval = asked(chief)
    assert approval.role == "manager"
    assert decides_as(manager, approval, NOW) == manager


@pytest.mark.django_db
def test_without_anybody_to_decide_nothing_is_asked():
    only = make_user(role="administrator")
    with pytest.raises(BadInput, match="nobody_may_decide"):
        asked(only, kind="card_export")
    assert not Approval.objects.exists()


@pytest.mark.django_db
def test_a_delegate_decides_in_the_name_of_whoever_is_away_and_never_for_a_party():
    team = make_team()
    agent, chief = make_user(team=team), make_user(role="supervisor", team=team)
    stand_in, manager = make_user(role="salesperson"), make_user(role="manager")
    today = NOW.date()
    delegate(chief, to=stand_in, starts_on=today, ends_on=today, by=chief, now=NOW)
    approval = asked(agent)
    assert decides_as(stand_in, approval, NOW + timedelta(days=1)) is None
    decide(approval, approve=False, reason="不是同一家", by=stand_in, now=NOW)
    approval.refresh_from_db()
    assert (approval.on_behalf_of, done) == (chief, [("no", "7")])
    delegate(manager, to=agent, starts_on=today, ends_on=today, by=manager, now=NOW)
    assert decides_as(agent, asked(agent, subject="8"), NOW) is None


@pytest.mark.django_db
def test_a_question_is_open_once_and_only_its_asker_takes_it_back():
    team = make_team()
    agent, chief = make_user(team=team), make_user(role="supervisor", team=team)
    approval = asked(agent)
    with pytest.raises(Conflict, match="already_asked"):
        asked(agent)
    with pytest.raises(NotAllowed):
        withdraw(approval, by=chief, now=NOW)
    withdraw(approval, by=agent, now=NOW)
    assert done == [("no", "7")]
    asked(agent)


@pytest.mark.django_db
def test_reasons_are_asked_for_beside_their_field():
    team = make_team()
    agent, chief = make_user(team=team), make_user(role="supervisor", team=team)
    with pytest.raises(BadInput) as missing:
        ask("collision", subject=("pair", "1"), title={}, payload={}, reason=" ", by=agent, now=NOW)
    assert "reason" in missing.value.problems
    with pytest.raises(BadInput) as refusal:
        decide(asked(agent), approve=False, by=chief, now=NOW)
    assert "reason" in refusal.value.problems


@pytest.mark.django_db
def test_what_cannot_be_carried_out_is_not_approved(monkeypatch):
    team = make_team()
    agent, chief = make_user(team=team), make_user(role="supervisor", team=team)
    approval = asked(agent)

    def fail(approval, by, now):
        raise Conflict("merged_already")

    approvals.register("merge_owned_cards", carry_out=fail)
    with pytest.raises(Conflict), transaction.atomic():
        decide(approval, approve=True, by=chief, now=NOW)
    approval.refresh_from_db()
    assert approval.state == "asked"


@pytest.mark.django_db
def test_the_late_go_one_role_up_and_the_forgotten_lapse():
    team = make_team()
    agent, chief = make_user(team=team), make_user(role="supervisor", team=team)
    make_user(role="manager")
    approval = asked(agent)
    approvals.tick(NOW + timedelta(hours=47))
    approval.refresh_from_db()
    assert approval.role == "supervisor"
    approvals.tick(NOW + timedelta(hours=48))
    approval.refresh_from_db()
    assert (approval.role, approval.escalated_at) == ("manager", NOW + timedelta(hours=48))
    assert decides_as(chief, approval, NOW) is None
    approvals.tick(NOW + timedelta(days=31))
    approval.refresh_from_db()
    assert (approval.state, done) == ("lapsed", [("no", "7")])


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_who_decide_at_once_decide_once():
    team = make_team()
    agent = make_user(team=team)
    chiefs = [make_user(role="supervisor", team=team) for _ in range(4)]
    approval = asked(agent)
    results = at_once(*[
        lambda chief=chief: decide(approval, approve=True, by=chief, now=NOW) for chief in chiefs
    ])  # fmt: skip
    assert sum(isinstance(result, LostRace) for result in results) == 3
    assert done == [("yes", "7")]
