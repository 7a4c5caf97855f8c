"""`genjin verify-scores` as an operator runs it: sentences, JSON, exit code."""

import json

import pytest
from click.testing import CliRunner

from genjin.conf.commands import verify_scores
from genjin.followups.scores import verifying
from genjin.kernel.hashchain import FaultKind
from tests.scores import fresh_home, give, tamper

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def score_home(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(verify_scores, "start_django", lambda: None)
    return fresh_home(settings, tmp_path, monkeypatch)


def run(*words: str):
    return CliRunner().invoke(verify_scores.command, list(words))


def test_an_untouched_chain_ends_with_0(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        give(4)
        give(5)
    answer = run()
    assert answer.exit_code == 0
    assert "2 scores are in order" in answer.stdout
    assert "Compared with: head (2)." in answer.stdout


def test_a_raised_score_ends_with_1_and_is_named():
    for _ in range(3):
        give(2)
    tamper("UPDATE followups_score SET points = 5 WHERE sequence = 2")
    answer = run()
    assert answer.exit_code == 1
    assert "Score 2 is not as it was written." in answer.stdout
    found = run("--json")
    assert found.exit_code == 1
    assert json.loads(found.stdout)["fault"]["sequence"] == 2


def test_every_kind_of_fault_has_its_sentence():
    kinds = {kind.value for kind in FaultKind} | {
        verifying.WORDS_CHANGED, verifying.WORDS_REMOVED, verifying.NOT_APPROVED,
        verifying.MARK_UNREADABLE, verifying.KEY_MISSING,
    }  # fmt: skip
    assert set(verify_scores.SENTENCES) == kinds
    fault = {"sequence": 3, "last": 4, "place": "head"}
    assert all(text.format(**fault) for text in verify_scores.SENTENCES.values())
