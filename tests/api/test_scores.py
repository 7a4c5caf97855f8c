"""Scores by the API: read, and never raised, altered or deleted by the one scored (FU8)."""

import json
import re

import pytest
from click.testing import CliRunner

from genjin.api.service import operations
from genjin.conf.commands import verify_scores
from genjin.followups.models import Score, ScoreText
from genjin.followups.operations.scores import points_now
from genjin.foundation import access, approvals
from genjin.foundation.models import Approval, User
from tests.api.caller import as_program
from tests.factories import NOW, make_customer, make_followup, make_team, make_user
from tests.scores import fresh_home, give

pytestmark = pytest.mark.django_db
ROLES = [code for code, role in access.roles().items() if "api.use" in role.rights]
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
BODIES = (
    {"points": 5, "reason": "客户弄错了"},
    {"points": 5, "counts": 5, "scored": None, "corrects": 1, "approval": "x", "reason": "x"},
    {"sequence": 1, "points": 5, "question": "sales_service", "source": "call"},
    {"kind": "person", "name": "x", "fields": {"score": 5}, "scores": [{"points": 5}]},
    {},
)


@pytest.fixture(autouse=True)
def score_home(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(verify_scores, "start_django", lambda: None)
    return fresh_home(settings, tmp_path, monkeypatch)


@pytest.fixture
def team():
    return make_team()


def as_it_stands() -> list[tuple]:
    """Every column of the chain, and the words beside it."""
    texts = {one.pk: (bytes(one.key), bytes(one.body)) for one in ScoreText.objects.all()}
    columns = [field.attname for field in Score._meta.concrete_fields]
    return [
        (tuple(str(value) if not isinstance(value, memoryview) else bytes(value) for value in row),
         texts.get(row[columns.index("sequence")]))
        for row in Score.objects.order_by("sequence").values_list(*columns)
    ]  # fmt: skip


def verified() -> dict:
    """What `genjin verify-scores --json` says."""
    answer = CliRunner().invoke(verify_scores.command, ["--json"])
    return {"exit": answer.exit_code, **json.loads(answer.stdout)}


def every_way(score: Score) -> list[tuple[str, str]]:
    """Every method on every address of the API, filled with what belongs to the score."""
    followup = make_followup(customer=score.customer)
    values = {"customers": score.customer_id, "orders": score.customer_id,
              "followups": followup.pk, "interactions": followup.pk}  # fmt: skip
    paths = set()
    for name, _operation in operations():
        path = name.split(" ", 1)[1].removeprefix("/api/v1/")
        pk = values.get(path.split("/")[0], score.pk)
        path = path.replace("{pk}", str(pk)).replace("{sequence}", str(score.pk))
        paths.add(re.sub(r"\{\w+\}", str(score.pk), path))
    number = score.pk
    paths |= {
        f"scores/{number}/points", f"scores/{number}/words", f"scores/{number}/corrections/1",
        f"scores/{number}/approve", "scores/own/corrections", f"approvals/{number}",
        f"approvals/{number}/decide", f"customers/{score.customer_id}/scores",
    }  # fmt: skip
    return [(method, path) for path in sorted(paths) for method in METHODS]


@pytest.mark.parametrize("role", ROLES)
def test_the_scored_person_changes_their_own_score_by_no_way_of_the_api(
    team, role, django_capture_on_commit_callbacks
):
    me = make_user(role=role, team=team)
    make_user(role="manager", team=team)
    customer = make_customer(custodian=me, team=team)
    with django_capture_on_commit_callbacks(execute=True):
        give(5, scored=make_user(team=team), customer=customer)
        score = give(1, scored=me, customer=customer, words="态度很差")
        give(3, scored=make_user(team=team), customer=customer)
    before, mine = as_it_stands(), as_program(me)
    for number, (method, path) in enumerate(every_way(score)):
        answer = mine.send(method, path, BODIES[number % len(BODIES)])
        assert answer.status_code < 500, (method, path)
    for body in BODIES:
        answer = mine.post(f"scores/{score.pk}/corrections", body)
        assert answer.status_code in (403, 404, 422)
    assert as_it_stands() == before
    assert points_now(score) == 1
    assert not Approval.objects.filter(subject_kind="score", subject_id=str(score.pk)).exists()
    found = verified()
    assert (found["exit"], found["sound"], found["count"]) == (0, True, 3)


@pytest.mark.parametrize("role", ["supervisor", "manager", "administrator"])
def test_the_scored_person_reads_neither_their_score_nor_who_gave_it(team, role):
    me = make_user(role=role, team=team)
    score = give(1, scored=me, customer=make_customer(name="钱秘密", team=team), words="态度很差")
    mine = as_program(me)
    assert mine.get("scores").json()["items"] == []
    assert mine.get(f"scores?person={me.pk}").json()["items"] == []
    assert mine.get(f"scores/{score.pk}").status_code == 404
    assert mine.get("scores/own").json() == {
        "shows": "average", "after": 5, "count": None, "average": None, "rows": [],
    }  # fmt: skip


def corrected(score: Score, supervisor: User, manager: User) -> Approval:
    """A correction by its proper way: asked for by the API, decided by a third person."""
    answer = as_program(supervisor).post(
        f"scores/{score.pk}/corrections", {"points": 4, "reason": "记错了人"}
    )
    assert answer.status_code == 201
    approval = Approval.objects.get(pk=answer.json()["approval_id"])
    assert (answer.json()["state"], approval.asked_by) == ("asked", supervisor)
    return approvals.decide(approval, approve=True, by=manager, now=NOW)


def test_a_correction_is_asked_for_and_the_score_as_given_stays_beside_it(team):
    agent = make_user(team=team)
    supervisor, manager = (make_user(role=role, team=team) for role in ("supervisor", "manager"))
    score = give(1, scored=agent, customer=make_customer(team=team), words="态度很差")
    asked = as_program(supervisor).get(f"scores/{score.pk}").json()
    assert (asked["points"], asked["counts"], asked["words"], asked["is_correction_asked"]) == (
        1, 1, "态度很差", False)  # fmt: skip
    corrected(score, supervisor, manager)
    shown = as_program(supervisor).get(f"scores/{score.pk}").json()
    assert (shown["points"], shown["counts"]) == (1, 4)
    assert [(one["points"], one["reason"], one["approved_by"]["name"])
            for one in shown["corrections"]] == [(4, "记错了人", manager.name)]  # fmt: skip
    assert verified()["sound"] is True


@pytest.mark.parametrize(
    ("sent", "errors"),
    [
        ({"points": 6, "reason": "x"}, [("points", "not_points")]),
        ({"points": 1, "reason": "x"}, [("points", "no_change")]),
        ({"points": 4, "reason": " "}, [("reason", "required")]),
        ({"points": "4", "reason": "x"}, [("points", "not_a_whole_number")]),
    ],
)
def test_what_is_wrong_with_asking_is_said_beside_the_entry(team, sent, errors):
    supervisor = make_user(role="supervisor", team=team)
    make_user(role="manager", team=team)
    score = give(1, scored=make_user(team=team), customer=make_customer(team=team))
    answer = as_program(supervisor).post(f"scores/{score.pk}/corrections", sent)
    assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == errors
    assert not Approval.objects.exists()


def test_a_correction_is_asked_for_once(team):
    supervisor = make_user(role="supervisor", team=team)
    make_user(role="manager", team=team)
    score = give(1, scored=make_user(team=team), customer=make_customer(team=team))
    erp, sent = as_program(supervisor), {"points": 4, "reason": "x"}
    assert erp.post(f"scores/{score.pk}/corrections", sent).status_code == 201
    again = erp.post(f"scores/{score.pk}/corrections", sent)
    assert (again.status_code, again.json()["code"]) == (409, "already_asked")


def test_scores_page_by_their_numbers_within_the_scope(team):
    ours = [give(3, scored=make_user(team=team)) for _ in range(3)]
    give(2, scored=make_user(team=make_team()))
    supervisor = as_program(make_user(role="supervisor", team=team))
    first = supervisor.get("scores?limit=2").json()
    rest = supervisor.get(f"scores?limit=2&after={first['next']}").json()
    assert [one["sequence"] for one in first["items"] + rest["items"]] == [
        one.pk for one in reversed(ours)]  # fmt: skip
    assert rest["next"] is None
