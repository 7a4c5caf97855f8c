"""Who sees which score, corrections, invitations."""

from datetime import timedelta

import pytest

from genjin.followups.models import Score, SurveyInvitation
from genjin.followups.operations.scores import ask_correction, points_now
from genjin.followups.operations.surveys import answer_survey, find_invitation, invite
from genjin.followups.scores import verifying
from genjin.followups.scores.queries import Filter, figures, own_scores, visible_scores
from genjin.followups.scores.verifying import Finding
from genjin.foundation import approvals, policy
from genjin.kernel.errors import BadInput, Conflict, NotAllowed
from tests.factories import NOW, make_customer, make_team, make_user
from tests.scores import give, tamper

pytestmark = pytest.mark.django_db


def set_policy(key: str, value) -> None:
    policy.set_value(key, value, by=make_user(role="administrator"), now=NOW)


# --- who sees what --------------------------------------------------------------------------


def test_the_right_and_the_scope_decide_who_sees_scores():
    team, other = make_team(), make_team()
    scored, elsewhere = make_user(team=team), make_user(team=other)
    one, two = give(4, scored=scored), give(2, scored=elsewhere)
    seen = {
        role: set(visible_scores(make_user(role=role, team=team)).values_list("pk", flat=True))
        for role in ("agent", "salesperson", "vendor", "supervisor", "manager", "reviewer")
    }
    both = {one.pk, two.pk}
    assert seen == {"agent": set(), "salesperson": set(), "vendor": set(),
                    "supervisor": {one.pk}, "manager": both, "reviewer": both}  # fmt: skip


def test_nobody_sees_their_own_scores_by_the_right():
    team = make_team()
    supervisor = make_user(role="supervisor", team=team)
    give(1, scored=supervisor)
    assert not visible_scores(supervisor).exists()
    assert figures(supervisor, Filter(), by="person") == []
    assert visible_scores(make_user(role="manager")).count() == 1


def test_one_sees_an_average_of_ones_own_only_from_the_set_number_on():
    agent = make_user()
    for _ in range(4):
        give(5, scored=agent)
    assert own_scores(agent).count is None
    give(1, scored=agent)
    assert (own_scores(agent).count, own_scores(agent).average) == (5, 4.2)
    assert own_scores(agent).rows == ()


def test_the_average_moves_in_steps_so_that_no_single_score_can_be_read_off():
    agent = make_user()
    for _ in range(5):
        give(5, scored=agent)
    before = own_scores(agent)
    for _ in range(4):
        give(1, scored=agent)
        assert own_scores(agent) == before
    give(1, scored=agent)
    assert (own_scores(agent).count, own_scores(agent).average) == (10, 3.0)


def test_policy_may_show_nothing_or_all_without_the_customer():
    agent = make_user()
    give(2, scored=agent, words="太慢", customer=make_customer(name="赵六"))
    set_policy("scores.scored_person.shows", "nothing")
    assert (own_scores(agent).count, own_scores(agent).rows) == (None, ())
    set_policy("scores.scored_person.shows", "all")
    assert own_scores(agent).rows == (
        {"role": "salesperson", "question": "sales_service", "points": 2, "out_of": 5,
         "month": "2026-11"},
    )  # fmt: skip


def test_figures_open_exactly_the_scores_that_make_them_up():
    manager, one, two = make_user(role="manager"), make_user(), make_user()
    give(5, scored=one, now=NOW - timedelta(days=40))
    give(3, scored=one)
    give(2, scored=two, question="technical_service")
    for by in ("person", "role", "month"):
        found = figures(manager, Filter(), by=by)
        for row in found:
            rows = Filter(**{by: row["key"]}).narrow(visible_scores(manager))
            points = [score.counts for score in rows]
            assert len(points) == row["count"]
            assert sum(points) / len(points) == row["average"]
        assert sum(row["count"] for row in found) == 3
    assert [row["label"] for row in figures(manager, Filter(), by="month")] == [
        "2026-11", "2026-10"]  # fmt: skip


def test_a_month_ends_where_the_organisations_clock_says():
    manager = make_user(role="manager")
    first = NOW.replace(day=1, hour=0, minute=0)
    give(5, now=first - timedelta(seconds=1))
    give(3, now=first)
    rows = Filter(month=first.date()).narrow(visible_scores(manager))
    assert [score.counts for score in rows] == [3]


# --- corrections ----------------------------------------------------------------------------


@pytest.fixture
def people():
    team = make_team()
    return {
        "scored": make_user(role="supervisor", team=team),
        "asker": make_user(role="supervisor", team=team),
        "manager": make_user(role="manager"),
        "second": make_user(role="manager"),
    }


def ask(score, by, points=4):
    return ask_correction(score, points=points, reason="客户打错了", by=by, now=NOW)


def test_a_correction_is_appended_with_its_reason_and_both_stand(people):
    score = give(2, scored=people["scored"])
    approval = ask(score, people["asker"])
    assert Score.objects.count() == 1
    approvals.decide(approval, approve=True, by=people["manager"], now=NOW)
    entry = score.corrections.get()
    assert (entry.kind, entry.points, entry.reason, entry.approval, entry.by) == (
        "correction", 4, "客户打错了", approval.pk, people["manager"])  # fmt: skip
    score.refresh_from_db()
    assert (score.points, points_now(score)) == (2, 4)
    assert verifying.verify().finding is None
    (row,) = figures(people["second"], Filter(), by="person")
    assert (row["count"], row["average"]) == (1, 4.0)


def test_the_newest_correction_counts(people):
    score = give(2, scored=people["scored"])
    for points in (4, 3):
        approval = ask(score, people["asker"], points)
        approvals.decide(approval, approve=True, by=people["manager"], now=NOW)
    assert points_now(score) == 3
    assert [one.counts for one in visible_scores(people["manager"])] == [3]


def test_the_scored_one_neither_asks_nor_decides(people):
    manager = people["manager"]
    score = give(2, scored=manager)
    with pytest.raises(NotAllowed) as refused:
        ask(score, manager)
    assert refused.value.code == "own_score"
    approval = ask(score, people["asker"])
    with pytest.raises(NotAllowed):
        approvals.decide(approval, approve=True, by=manager, now=NOW)
    assert Score.objects.count() == 1
    approvals.decide(approval, approve=True, by=people["second"], now=NOW)
    assert points_now(score) == 4


def test_who_asks_does_not_decide(people):
    score = give(2, scored=people["scored"])
    approval = ask(score, people["manager"])
    with pytest.raises(NotAllowed):
        approvals.decide(approval, approve=True, by=people["manager"], now=NOW)
    assert Score.objects.count() == 1


def test_without_the_right_nobody_asks(people):
    score = give(2, scored=people["scored"])
    for role in ("agent", "salesperson", "reviewer", "vendor"):
        with pytest.raises(NotAllowed):
            ask(score, make_user(role=role))


def test_a_refused_correction_changes_nothing(people):
    score = give(2, scored=people["scored"])
    approval = ask(score, people["asker"])
    approvals.decide(approval, approve=False, reason="没有证据", by=people["manager"], now=NOW)
    assert Score.objects.count() == 1


@pytest.mark.parametrize(("points", "reason"), [(0, "x"), (6, "x"), (2, "x"), (4, " ")])
def test_what_cannot_be_a_correction_is_refused(people, points, reason):
    score = give(2, scored=people["scored"])
    with pytest.raises(BadInput):
        ask_correction(score, points=points, reason=reason, by=people["asker"], now=NOW)


def test_a_correction_whose_approval_was_removed_is_found(people):
    score = give(2, scored=people["scored"])
    approval = ask(score, people["asker"])
    approvals.decide(approval, approve=True, by=people["manager"], now=NOW)
    tamper("UPDATE foundation_approval SET state = 'refused'")
    assert verifying.verify().finding == Finding("not_approved", 2)


# --- invitations ----------------------------------------------------------------------------


@pytest.fixture
def invited():
    scored = make_user(name="陈销售")
    return invite(make_customer(), about={"sales_service": scored, "delivery_service": None},
                  by=make_user(), now=NOW)  # fmt: skip


def test_a_link_is_answered_once(invited):
    found = find_invitation(invited.token)
    assert found == invited.invitation
    scores = answer_survey(found, points={"sales_service": 5, "delivery_service": 3},
                           words="很好", now=NOW)  # fmt: skip
    assert [(one.question, one.points, one.source) for one in scores] == [
        ("sales_service", 5, "web"), ("delivery_service", 3, "web")]  # fmt: skip
    assert scores[1].scored is None
    with pytest.raises(Conflict) as again:
        answer_survey(found, points={"sales_service": 1}, now=NOW)
    assert again.value.code == "survey_answered"
    assert Score.objects.count() == 2


def test_the_link_itself_is_not_kept(invited):
    stored = SurveyInvitation.objects.get()
    assert invited.token not in str(stored.__dict__)
    assert find_invitation("another") is None


def test_a_link_ends_after_its_days(invited):
    late = NOW + timedelta(days=14)
    with pytest.raises(Conflict) as over:
        answer_survey(invited.invitation, points={"sales_service": 5}, now=late)
    assert over.value.code == "survey_over"


def test_nobody_makes_a_link_that_scores_themselves():
    agent = make_user()
    with pytest.raises(BadInput) as bad:
        invite(make_customer(), about={"sales_service": agent}, by=agent, now=NOW)
    assert [one.code for one in bad.value.problems["sales_service"]] == ["not_oneself"]
    assert not SurveyInvitation.objects.exists()


@pytest.mark.parametrize("points", [{}, {"technical_service": 3}, {"sales_service": 9}])
def test_an_answer_that_was_not_asked_for_is_refused(invited, points):
    with pytest.raises(BadInput):
        answer_survey(invited.invitation, points=points, now=NOW)
    assert Score.objects.count() == 0


def test_a_link_needs_a_question():
    with pytest.raises(BadInput):
        invite(make_customer(), about={}, by=make_user(), now=NOW)
